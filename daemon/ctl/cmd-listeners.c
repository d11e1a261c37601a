/* SPDX-License-Identifier: MIT */
#include "definition.h"

#include <stdio.h>
#include <string.h>

/** listeners: browsers that listen and talk. */

#define ADDRESS_COLUMNS 22

static int get_document(struct ctl *ctl, struct json_object **ret_document)
{
	ctl_cleanup_message *reply = NULL;
	const char *text = "";
	int code, r;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "GetListeners", &reply, NULL);
	if (code != CTL_OK)
		return code;
	r = sd_bus_message_read(reply, "s", &text);
	*ret_document = r < 0 ? NULL : json_tokener_parse(text);
	if (!*ret_document)
		return ctl_fail(ctl, CTL_REFUSED, "GetListeners gave no JSON");
	return CTL_OK;
}

/** "tablet.1.listen,channel.2.out:-6", as the URL has it. */
static void print_mix(struct json_object *mix)
{
	for (size_t i = 0; i < json_object_array_length(mix); i++) {
		struct json_object *source = json_object_array_get_idx(mix, i);
		double gain_db = ctl_json_double(source, "gain_db");
		double pan = ctl_json_double(source, "pan");

		printf("%s%s", i > 0 ? "," : "", ctl_json_string(source, "source"));
		if (gain_db != 0.0 || pan != 0.0)
			printf(":%g", gain_db);
		if (pan != 0.0)
			printf(":%g", pan);
	}
}

static void print_session(struct json_object *session)
{
	struct json_object *mix = ctl_json_member(session, "mix");

	printf("%-24s  %-10s  ", ctl_json_string(session, "id"), ctl_json_string(session, "state"));
	ctl_print_padded(ctl_json_string(session, "address"), ADDRESS_COLUMNS);
	printf("  %5.1f %%  ", ctl_json_double(session, "loss_percent"));
	if (mix)
		print_mix(mix);
	else
		printf("talks into tablet %d", (int)ctl_json_double(session, "tablet"));
	putchar('\n');
}

static void print_all(struct ctl *ctl, struct json_object *sessions)
{
	for (size_t i = 0; i < json_object_array_length(sessions); i++) {
		struct json_object *session = json_object_array_get_idx(sessions, i);

		if (!ctl->ids)
			print_session(session);
		else if (ctl_json_string(session, "id")[0])
			puts(ctl_json_string(session, "id"));
	}
}

static int list(struct ctl *ctl)
{
	ctl_cleanup_json *document = NULL;
	const char *trouble;
	int code = get_document(ctl, &document);

	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(json_object_get(document));
		return CTL_OK;
	}
	trouble = ctl_json_string(document, "trouble");
	if (trouble[0] && !ctl->ids)
		printf("! %s\n", trouble);
	if (!ctl->ids)
		puts("ID                        STATE       FROM                    LOSS     HEARS");
	print_all(ctl, ctl_json_member(document, "listeners"));
	print_all(ctl, ctl_json_member(document, "talkers"));
	return CTL_OK;
}

int ctl_run_listeners(struct ctl *ctl, int n, char *arguments[])
{
	int code;

	if (n == 0)
		return list(ctl);
	if (n != 2 || strcmp(arguments[0], "end") != 0)
		return ctl_fail(ctl, CTL_USAGE, "usage: partylinectl listeners [end ID]");
	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "EndListener", NULL, "s", arguments[1]);
	return code == CTL_OK ? ctl_done(ctl, "ended", arguments[1]) : code;
}
