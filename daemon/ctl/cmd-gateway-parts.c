/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "definition.h"

/** sap, export: what there is and how it is. */

/* --- sap ----------------------------------------------------------------------------------- */

int ctl_run_sap(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *sessions = NULL;
	int code = ctl_call_gateway(ctl, "GetSapSessions", NULL, &sessions);

	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(json_object_get(sessions));
		return CTL_OK;
	}
	if (json_object_array_length(sessions) == 0)
		puts("no session is announced in the network");
	for (size_t i = 0; i < json_object_array_length(sessions); i++) {
		struct json_object *session = json_object_array_get_idx(sessions, i);

		ctl_print_padded(ctl_json_string(session, "name"), 32);
		fputs("  ", stdout);
		ctl_print_padded(ctl_json_string(session, "host"), 24);
		printf("  %5d  %s\n", (int)ctl_json_double(session, "port"),
		       ctl_json_bool(session, "opus") ? "Opus" : "other");
	}
	return CTL_OK;
}

/* --- export --------------------------------------------------------------------------------- */

static void print_export(struct json_object *export, const char *member, const char *name)
{
	struct json_object *status = ctl_json_member(export, member);

	if (!status) {
		printf("%-6s not in use\n", name);
		return;
	}
	printf("%-6s %s, %d waiting, %d sent, %d dropped", name,
	       ctl_json_bool(status, "connected") ? "connected" : "not connected",
	       (int)ctl_json_double(status, "queued"), (int)ctl_json_double(status, "sent"),
	       (int)ctl_json_double(status, "dropped"));
	if (ctl_json_string(status, "trouble")[0]) {
		fputs("  ! ", stdout);
		ctl_print_text(ctl_json_string(status, "trouble"));
	}
	putchar('\n');
}

int ctl_run_export(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *gateway = NULL;
	struct json_object *export, *clips;
	int code = ctl_call_gateway(ctl, "GetGateway", NULL, &gateway);

	if (code != CTL_OK)
		return code;
	export = ctl_json_member(gateway, "export");
	if (ctl->json) {
		ctl_json_print(json_object_get(export));
		return CTL_OK;
	}
	print_export(export, "mqtt", "MQTT");
	print_export(export, "s3", "S3");
	clips = ctl_json_member(export, "clips");
	if (clips) {
		printf("clips  %d, %.1f MB, %d recording now", (int)ctl_json_double(clips, "clips"),
		       ctl_json_double(clips, "bytes") / 1e6,
		       (int)ctl_json_double(clips, "recording"));
		if (ctl_json_string(clips, "trouble")[0]) {
			fputs("  ! ", stdout);
			ctl_print_text(ctl_json_string(clips, "trouble"));
		}
		putchar('\n');
	}
	return CTL_OK;
}
