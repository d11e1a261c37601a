/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** reload, reset, history. */

static int done(struct ctl *ctl, const char *key, const char *text)
{
	struct json_object *answer;

	if (!ctl->json) {
		puts(text);
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, key, json_object_new_boolean(true));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_run_reload(struct ctl *ctl, int n, char *arguments[])
{
	int code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "ReloadConfig", NULL, NULL);

	return code == CTL_OK ? done(ctl, "reloaded", "the configuration was read again") : code;
}

/** Ask on the terminal. @return true for a plain yes */
static bool ask(void)
{
	char answer[16];

	printf("Forget every gain, mute, name, mode, key and sound card of Partyline? Type yes: ");
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

int ctl_run_reset(struct ctl *ctl, int n, char *arguments[])
{
	int code;

	if (!ctl->yes && !isatty(STDIN_FILENO))
		return ctl_fail(
			ctl, CTL_USAGE,
			"reset forgets every setting; without a terminal to ask on it wants --yes");
	if (!ctl->yes && !ask())
		return ctl_fail(ctl, CTL_REFUSED, "nothing was changed");
	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "Reset", NULL, NULL);
	return code == CTL_OK ? done(ctl, "reset", "everything is as at first") : code;
}

/* --- history ------------------------------------------------------------------------ */

static struct json_object *part(struct json_object *record, size_t i)
{
	return json_object_get(json_object_array_get_idx(record, i));
}

/** (ts_usec, tablet, channel, down, priority) */
static struct json_object *describe_record(struct json_object *record)
{
	struct json_object *described = json_object_new_object();
	double ts = (double)json_object_get_uint64(json_object_array_get_idx(record, 0)) / 1e6;

	json_object_object_add(described, "ts", json_object_new_double(ts));
	json_object_object_add(described, "tablet", part(record, 1));
	json_object_object_add(described, "channel", part(record, 2));
	json_object_object_add(described, "down", part(record, 3));
	json_object_object_add(described, "priority", part(record, 4));
	return described;
}

static void print_record(struct json_object *record)
{
	double ts = ctl_json_double(record, "ts");
	time_t seconds = (time_t)ts;
	struct tm local;
	char text[32];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%F %T", &local);
	printf("%s.%03d  tablet %2d  channel %2d  %-4s  priority %d\n", text,
	       (int)((ts - (double)seconds) * 1000.0), (int)ctl_json_double(record, "tablet"),
	       (int)ctl_json_double(record, "channel"),
	       ctl_json_bool(record, "down") ? "down" : "up",
	       (int)ctl_json_double(record, "priority"));
}

int ctl_run_history(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *records = NULL;
	struct json_object *answer;
	int code, r;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "GetKeyHistory", &reply, "u", ctl->limit);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, &records);
	if (r < 0)
		return ctl_fail(ctl, CTL_REFUSED, "a history of an unknown shape: %s",
				strerror(-r));

	answer = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(records); i++)
		json_object_array_add(answer,
				      describe_record(json_object_array_get_idx(records, i)));
	if (ctl->json) {
		ctl_json_print(answer);
		return CTL_OK;
	}
	for (size_t i = 0; i < json_object_array_length(answer); i++)
		print_record(json_object_array_get_idx(answer, i));
	json_object_put(answer);
	return CTL_OK;
}
