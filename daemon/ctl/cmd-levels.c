/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/** levels: every VU once, as HTTP's vu_db. */

static void print_levels(const char *kind, struct json_object *levels)
{
	json_object_object_foreach (levels, id, level) {
		char text[32];

		printf("%s %2s  %10s\n", kind, id,
		       ctl_db_text(text, json_object_get_double(level), "silent"));
	}
}

int ctl_run_levels(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *tablets = NULL;
	ctl_cleanup_json *channels = NULL;
	struct json_object *levels;
	int code, r;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "GetLevels", &reply, NULL);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, &tablets);
	if (r >= 0)
		r = ctl_json_from_message(reply, &channels);
	if (r < 0)
		return ctl_fail(ctl, CTL_REFUSED, "levels of an unknown shape: %s", strerror(-r));

	if (!ctl->json) {
		print_levels("tablet ", tablets);
		print_levels("channel", channels);
		return CTL_OK;
	}
	levels = json_object_new_object();
	json_object_object_add(levels, "tablets", json_object_get(tablets));
	json_object_object_add(levels, "channels", json_object_get(channels));
	ctl_json_print(levels);
	return CTL_OK;
}
