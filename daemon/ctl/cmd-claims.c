/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/** claims: who sits at which tablet in a browser. */

#define LABEL_COLUMNS 24
#define PEER_COLUMNS 24

/** Tablet.Claim's elements */
enum { CLAIM_LABEL, CLAIM_PEER, CLAIM_PRESENT, CLAIM_SINCE };

static struct json_object *element(struct json_object *claim, size_t index)
{
	return json_object_array_get_idx(claim, index);
}

/** Seconds since 1970; 0: nobody has the tablet. */
static double since(struct json_object *tablet)
{
	return json_object_get_double(element(ctl_json_member(tablet, "claim"), CLAIM_SINCE)) *
	       1e-6;
}

static struct json_object *describe(struct json_object *tablet)
{
	struct json_object *claim = ctl_json_member(tablet, "claim");
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "tablet",
			       json_object_new_int((int)ctl_json_double(tablet, "id")));
	json_object_object_add(answer, "label", json_object_get(element(claim, CLAIM_LABEL)));
	json_object_object_add(answer, "peer", json_object_get(element(claim, CLAIM_PEER)));
	json_object_object_add(answer, "present", json_object_get(element(claim, CLAIM_PRESENT)));
	json_object_object_add(answer, "since", json_object_new_double(since(tablet)));
	return answer;
}

static void print_claim(struct json_object *tablet)
{
	struct json_object *claim = ctl_json_member(tablet, "claim");
	time_t at = (time_t)since(tablet);
	struct tm local;
	char text[32] = "?";

	if (localtime_r(&at, &local))
		strftime(text, sizeof(text), "%F %T", &local);
	printf("%6d  ", (int)ctl_json_double(tablet, "id"));
	ctl_print_padded(json_object_get_string(element(claim, CLAIM_LABEL)), LABEL_COLUMNS);
	printf("  ");
	ctl_print_padded(json_object_get_string(element(claim, CLAIM_PEER)), PEER_COLUMNS);
	printf("  %-5s  %s\n",
	       json_object_get_boolean(element(claim, CLAIM_PRESENT)) ? "here" : "away", text);
}

static int list(struct ctl *ctl)
{
	ctl_cleanup_json *tablets = NULL;
	struct json_object *answer;
	int code;

	code = ctl_get_objects(ctl, "tablet", &tablets);
	if (code != CTL_OK)
		return code;
	answer = json_object_new_array();
	if (!ctl->json)
		puts("TABLET  WHO                       FROM                      IS     SINCE");
	for (size_t i = 0; i < json_object_array_length(tablets); i++) {
		struct json_object *tablet = json_object_array_get_idx(tablets, i);

		if (since(tablet) <= 0.0)
			continue;
		if (ctl->json)
			json_object_array_add(answer, describe(tablet));
		else
			print_claim(tablet);
	}
	if (ctl->json)
		ctl_json_print(answer);
	else
		json_object_put(answer);
	return CTL_OK;
}

int ctl_run_claims(struct ctl *ctl, int n, char *arguments[])
{
	struct json_object *answer;
	char path[64];
	uint32_t id;
	int code;

	if (n == 0)
		return list(ctl);
	if (n != 2 || strcmp(arguments[0], "release") != 0)
		return ctl_fail(ctl, CTL_USAGE, "usage: partylinectl claims [release TABLET]");
	code = ctl_find(ctl, "tablet", arguments[1], &id, path);
	if (code == CTL_OK)
		code = ctl_call(ctl, path, CTL_TABLET, "ReleaseClaim", NULL, NULL);
	if (code != CTL_OK)
		return code;
	if (!ctl->json) {
		printf("tablet %u is free\n", id);
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "tablet", json_object_new_int64(id));
	json_object_object_add(answer, "released", json_object_new_boolean(true));
	ctl_json_print(answer);
	return CTL_OK;
}
