/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/** headroom, ramp, vox, talk-timeout, party-line, busy-refusal: options of the whole matrix. */

/** Print one property of the matrix. */
static int print_options(struct ctl *ctl, const char *const properties[], const char *const units[])
{
	struct json_object *answer = json_object_new_object();

	for (size_t i = 0; properties[i]; i++) {
		ctl_cleanup_json *value = NULL;
		char name[64];
		int code;

		code = ctl_get(ctl, CTL_PATH, CTL_MATRIX, properties[i], &value);
		if (code != CTL_OK) {
			json_object_put(answer);
			return code;
		}
		ctl_snake_case(properties[i], name, sizeof(name));
		json_object_object_add(answer, name, json_object_get(value));
		if (ctl->json)
			continue;
		if (json_object_is_type(value, json_type_boolean))
			printf("%s: %s\n", units[i], json_object_get_boolean(value) ? "on" : "off");
		else
			printf(units[i], json_object_get_double(value));
	}
	if (ctl->json)
		ctl_json_print(answer);
	else
		json_object_put(answer);
	return CTL_OK;
}

static int run_number(struct ctl *ctl, int n, char *arguments[], const char *what,
		      const char *property, const char *format)
{
	double value;
	int code = CTL_OK;

	if (n > 0) {
		code = ctl_parse_number(ctl, what, arguments[0], &value);
		if (code == CTL_OK)
			code = ctl_set_double(ctl, CTL_PATH, CTL_MATRIX, property, value);
	}
	if (code != CTL_OK)
		return code;
	return print_options(ctl, (const char *const[]){property, NULL},
			     (const char *const[]){format, NULL});
}

static int run_switch(struct ctl *ctl, int n, char *arguments[], const char *property,
		      const char *label)
{
	bool on;
	int code = CTL_OK;

	if (n > 0) {
		code = ctl_parse_switch(ctl, arguments[0], &on);
		if (code == CTL_OK)
			code = ctl_set_bool(ctl, CTL_PATH, CTL_MATRIX, property, on);
	}
	if (code != CTL_OK)
		return code;
	return print_options(ctl, (const char *const[]){property, NULL},
			     (const char *const[]){label, NULL});
}

int ctl_run_headroom(struct ctl *ctl, int n, char *arguments[])
{
	return run_number(ctl, n, arguments, "a headroom (dB)", "HeadroomDb", "headroom: %g dB\n");
}

int ctl_run_ramp(struct ctl *ctl, int n, char *arguments[])
{
	return run_number(ctl, n, arguments, "a ramp (ms)", "RampMs", "ramp: %g ms\n");
}

int ctl_run_talk_timeout(struct ctl *ctl, int n, char *arguments[])
{
	static char off[] = "0";
	char *zero[] = {off};

	if (n > 0 && strcmp(arguments[0], "off") == 0)
		arguments = zero;
	return run_number(ctl, n, arguments, "a time-out (seconds, or off)", "TalkTimeoutSeconds",
			  "talk time-out: %g s (0 is off)\n");
}

int ctl_run_vox(struct ctl *ctl, int n, char *arguments[])
{
	double threshold_db, hang_ms = 0.0;
	int code = CTL_OK;

	/* Both words are read before the first is set: a typing mistake changes nothing. */
	if (n > 0)
		code = ctl_parse_number(ctl, "a threshold (dBFS)", arguments[0], &threshold_db);
	if (code == CTL_OK && n > 1)
		code = ctl_parse_number(ctl, "a hang time (ms)", arguments[1], &hang_ms);
	if (code == CTL_OK && n > 1)
		code = ctl_call(ctl, CTL_PATH, CTL_MATRIX, "SetVox", NULL, "dd", threshold_db,
				hang_ms);
	else if (code == CTL_OK && n > 0)
		code = ctl_set_double(ctl, CTL_PATH, CTL_MATRIX, "VoxThresholdDb", threshold_db);
	if (code != CTL_OK)
		return code;
	return print_options(
		ctl, (const char *const[]){"VoxThresholdDb", "VoxHangMs", NULL},
		(const char *const[]){"vox opens at: %g dBFS\n", "vox hangs for: %g ms\n", NULL});
}

int ctl_run_party_line(struct ctl *ctl, int n, char *arguments[])
{
	return run_switch(ctl, n, arguments, "PartyLine", "party line");
}

int ctl_run_busy_refusal(struct ctl *ctl, int n, char *arguments[])
{
	return run_switch(ctl, n, arguments, "BusyRefusal", "busy refusal");
}
