/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** matrix, crosspoint, uniform: who hears whom. */

static bool is_direction(const char *word)
{
	return strcmp(word, "uplink") == 0 || strcmp(word, "downlink") == 0;
}

static int fail_direction(struct ctl *ctl, const char *word)
{
	return ctl_fail(ctl, CTL_USAGE, "uplink or downlink is wanted, not \"%s\"", word);
}

/* --- matrix -------------------------------------------------------------------- */

static int get_cells(struct ctl *ctl, const char *direction, struct json_object **ret_cells)
{
	ctl_cleanup_message *reply = NULL;
	int code, r;

	code = ctl_call(ctl, CTL_PATH, CTL_MATRIX,
			strcmp(direction, "uplink") == 0 ? "GetUplink" : "GetDownlink", &reply,
			NULL);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, ret_cells);
	if (r < 0)
		return ctl_fail(ctl, CTL_REFUSED, "a matrix of an unknown shape: %s", strerror(-r));
	return CTL_OK;
}

static double cell_number(struct json_object *cells, size_t i, size_t part)
{
	return json_object_get_double(
		json_object_array_get_idx(json_object_array_get_idx(cells, i), part));
}

/** {"TABLET":{"CHANNEL":gain_db}} */
static struct json_object *describe_cells(struct json_object *cells)
{
	struct json_object *rows = json_object_new_object();

	for (size_t i = 0; i < json_object_array_length(cells); i++) {
		struct json_object *row;
		char tablet[16], channel[16];

		snprintf(tablet, sizeof(tablet), "%.0f", cell_number(cells, i, 0));
		snprintf(channel, sizeof(channel), "%.0f", cell_number(cells, i, 1));
		row = ctl_json_member(rows, tablet);
		if (!row) {
			row = json_object_new_object();
			json_object_object_add(rows, tablet, row);
		}
		json_object_object_add(row, channel, ctl_json_number(cell_number(cells, i, 2)));
	}
	return rows;
}

static void print_cell(double gain_db)
{
	if (gain_db <= CTL_DB_OFF)
		printf("%7s", "off");
	else
		printf("%7.1f", round(gain_db * 10.0) / 10.0 + 0.0);
}

/** Cells come ordered by tablet, then channel, and all of them. */
static void print_table(const char *direction, struct json_object *cells)
{
	size_t n_cells = json_object_array_length(cells), n_channels = 0;

	while (n_channels < n_cells && cell_number(cells, n_channels, 0) == 1.0)
		n_channels++;

	printf("%s [dB], %s\n%8s", direction,
	       strcmp(direction, "uplink") == 0 ? "what each tablet gives to each channel"
						: "what each tablet gets from each channel",
	       "");
	for (size_t i = 0; i < n_channels; i++)
		printf("  ch %2zu", i + 1);
	for (size_t i = 0; i < n_cells; i++) {
		if (cell_number(cells, i, 1) == 1.0)
			printf("\ntablet%2.0f", cell_number(cells, i, 0));
		print_cell(cell_number(cells, i, 2));
	}
	putchar('\n');
}

int ctl_run_matrix(struct ctl *ctl, int n, char *arguments[])
{
	static const char *const both[] = {"uplink", "downlink"};
	struct json_object *answer;

	if (n > 0 && !is_direction(arguments[0]))
		return fail_direction(ctl, arguments[0]);

	answer = json_object_new_object();
	for (size_t i = 0; i < 2; i++) {
		ctl_cleanup_json *cells = NULL;
		int code;

		if (n > 0 && strcmp(arguments[0], both[i]) != 0)
			continue;
		code = get_cells(ctl, both[i], &cells);
		if (code != CTL_OK) {
			json_object_put(answer);
			return code;
		}
		if (ctl->json)
			json_object_object_add(answer, both[i], describe_cells(cells));
		else
			print_table(both[i], cells);
	}
	if (ctl->json)
		ctl_json_print(answer);
	else
		json_object_put(answer);
	return CTL_OK;
}

/* --- crosspoint ------------------------------------------------------------------ */

static int print_crosspoint(struct ctl *ctl, const char *direction, uint32_t tablet_id,
			    uint32_t channel_id)
{
	ctl_cleanup_message *reply = NULL;
	struct json_object *answer;
	double gain_db;
	char text[32];
	int code;

	code = ctl_call(ctl, CTL_PATH, CTL_MATRIX, "GetCrosspoint", &reply, "suu", direction,
			tablet_id, channel_id);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "d", &gain_db) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "a gain of an unknown shape");

	if (!ctl->json) {
		printf("%s tablet %u channel %u: %s\n", direction, tablet_id, channel_id,
		       ctl_db_text(text, gain_db, "off"));
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "direction", json_object_new_string(direction));
	json_object_object_add(answer, "tablet", json_object_new_int64(tablet_id));
	json_object_object_add(answer, "channel", json_object_new_int64(channel_id));
	json_object_object_add(answer, "gain_db", ctl_json_number(gain_db));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_run_crosspoint(struct ctl *ctl, int n, char *arguments[])
{
	bool is_set = strcmp(arguments[0], "set") == 0;
	uint32_t tablet_id, channel_id;
	double gain_db = 0.0;
	int code;

	if (!is_set && strcmp(arguments[0], "get") != 0)
		return ctl_fail(ctl, CTL_USAGE, "get or set is wanted, not \"%s\"", arguments[0]);
	if (n != (is_set ? 5 : 4))
		return ctl_fail(ctl, CTL_USAGE,
				is_set ? "set wants DIRECTION TABLET CHANNEL GAIN_DB"
				       : "get wants DIRECTION TABLET CHANNEL");
	if (!is_direction(arguments[1]))
		return fail_direction(ctl, arguments[1]);
	code = ctl_parse_id(ctl, "TABLET", arguments[2], &tablet_id);
	if (code == CTL_OK)
		code = ctl_parse_id(ctl, "CHANNEL", arguments[3], &channel_id);
	if (code == CTL_OK && is_set)
		code = ctl_parse_gain(ctl, arguments[4], &gain_db);
	if (code == CTL_OK && is_set)
		code = ctl_call(ctl, CTL_PATH, CTL_MATRIX, "SetCrosspoint", NULL, "suud",
				arguments[1], tablet_id, channel_id, gain_db);
	if (code != CTL_OK)
		return code;
	return print_crosspoint(ctl, arguments[1], tablet_id, channel_id);
}

int ctl_run_uniform(struct ctl *ctl, int n, char *arguments[])
{
	struct json_object *answer;
	double gain_db;
	char text[32];
	int code;

	code = ctl_parse_gain(ctl, arguments[0], &gain_db);
	if (code == CTL_OK)
		code = ctl_call(ctl, CTL_PATH, CTL_MATRIX, "SetUniform", NULL, "d", gain_db);
	if (code != CTL_OK)
		return code;
	if (!ctl->json) {
		printf("everyone to everyone: %s\n", ctl_db_text(text, gain_db, "off"));
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "gain_db",
			       ctl_json_number(gain_db < CTL_DB_OFF ? CTL_DB_OFF : gain_db));
	ctl_json_print(answer);
	return CTL_OK;
}
