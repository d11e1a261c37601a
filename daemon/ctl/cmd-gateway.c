/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definition.h"
#include "table.h"

/** gateway: everything of each endpoint in one table. */

static void add_element(struct json_object *row, const char *name, struct json_object *element,
			const char *const members[])
{
	struct json_object *status = ctl_json_member(element, "status");
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; members[i]; i++) {
		struct json_object *value = ctl_json_member(element, members[i]);

		if (!value)
			value = ctl_json_member(status, members[i]);
		json_object_object_add(object, members[i], json_object_get(value));
	}
	json_object_array_add(ctl_json_member(row, name), object);
}

/** {"endpoint", "name", "capture", "playback", "streams", "lines", "pages"} of one endpoint */
static struct json_object *make_row(struct json_object *gateway, struct json_object *object,
				    const char *kind)
{
	static const char *const of_stream[] = {"id", "protocol", "way", "state", NULL};
	static const char *const of_line[] = {"id", "function", "line", "state", NULL};
	static const char *const of_page[] = {"id", "name", "kind", NULL};
	struct json_object *streams = ctl_json_member(gateway, "streams");
	struct json_object *lines = ctl_json_member(ctl_json_member(gateway, "gpio"), "lines");
	struct json_object *pages = ctl_json_member(ctl_json_member(gateway, "tones"), "pages");
	struct json_object *row = json_object_new_object(), *element;
	int id = (int)ctl_json_double(object, "id");
	char endpoint[24];

	snprintf(endpoint, sizeof(endpoint), "%s.%d", kind, id);
	json_object_object_add(row, "endpoint", json_object_new_string(endpoint));
	json_object_object_add(row, "name", json_object_get(ctl_json_member(object, "name")));
	json_object_object_add(row, "capture", json_object_get(ctl_json_member(object, "capture")));
	json_object_object_add(row, "playback",
			       json_object_get(ctl_json_member(object, "playback")));
	json_object_object_add(row, "streams", json_object_new_array());
	json_object_object_add(row, "lines", json_object_new_array());
	json_object_object_add(row, "pages", json_object_new_array());
	for (size_t i = 0; i < json_object_array_length(streams); i++) {
		element = json_object_array_get_idx(streams, i);
		if (strcmp(ctl_json_string(element, "endpoint"), endpoint) == 0)
			add_element(row, "streams", element, of_stream);
	}
	/* Of a channel the lines that are about it, of a tablet its keys. */
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		element = json_object_array_get_idx(lines, i);
		if ((int)ctl_json_double(element, kind) == id)
			add_element(row, "lines", element, of_line);
	}
	for (size_t i = 0; i < json_object_array_length(pages); i++) {
		element = json_object_array_get_idx(pages, i);
		if (strcmp(ctl_json_string(element, "source"), endpoint) == 0)
			add_element(row, "pages", element, of_page);
	}
	return row;
}

/** "card:Desk,0 port 1" of a binding [device, port]; "" for none */
static void device_text(struct json_object *binding, const char *before, char *ret_text,
			size_t size)
{
	const char *device = json_object_get_string(json_object_array_get_idx(binding, 0));
	int port = json_object_get_int(json_object_array_get_idx(binding, 1));
	char which[24] = "";

	ret_text[0] = '\0';
	if (!device || !device[0])
		return;
	if (port > 0)
		snprintf(which, sizeof(which), " port %d", port);
	snprintf(ret_text, size, "%s%s%s", before, device, which);
}

/** One word for a card that is used both ways alike. */
static struct json_object *device_cell(struct json_object *row)
{
	struct json_object *capture = ctl_json_member(row, "capture");
	struct json_object *playback = ctl_json_member(row, "playback");
	struct json_object *cell = json_object_new_array();
	bool is_same = json_object_equal(capture, playback);
	char text[320];

	device_text(capture, is_same ? "" : "in ", text, sizeof(text));
	if (text[0])
		json_object_array_add(cell, json_object_new_string(text));
	device_text(playback, "out ", text, sizeof(text));
	if (text[0] && !is_same)
		json_object_array_add(cell, json_object_new_string(text));
	return cell;
}

/** "ID (STATE)" of each. */
static struct json_object *ids_cell(struct json_object *array)
{
	struct json_object *cell = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *element = json_object_array_get_idx(array, i);
		const char *state = ctl_json_string(element, "state");
		char word[80];

		snprintf(word, sizeof(word), state[0] ? "%s (%s)" : "%s%s",
			 ctl_json_string(element, "id"), state);
		json_object_array_add(cell, json_object_new_string(word));
	}
	return cell;
}

static void print_rows(struct json_object *rows)
{
	static const char *const headings[] = {"ENDPOINT", "DEVICE", "STREAM", "GPIO LINE",
					       "PAGES"};
	ctl_cleanup_json *table = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *cells = json_object_new_array();
		struct json_object *endpoint = json_object_new_array();

		json_object_array_add(endpoint, json_object_get(ctl_json_member(row, "endpoint")));
		json_object_array_add(cells, endpoint);
		json_object_array_add(cells, device_cell(row));
		json_object_array_add(cells, ids_cell(ctl_json_member(row, "streams")));
		json_object_array_add(cells, ids_cell(ctl_json_member(row, "lines")));
		json_object_array_add(cells, ids_cell(ctl_json_member(row, "pages")));
		json_object_array_add(table, cells);
	}
	ctl_print_table(headings, sizeof(headings) / sizeof(headings[0]), table,
			ctl_terminal_columns());
}

static bool has_something(struct json_object *row)
{
	ctl_cleanup_json *device = device_cell(row);

	return json_object_array_length(device) > 0 ||
	       json_object_array_length(ctl_json_member(row, "streams")) > 0 ||
	       json_object_array_length(ctl_json_member(row, "lines")) > 0 ||
	       json_object_array_length(ctl_json_member(row, "pages")) > 0;
}

/** Every channel, and the tablets that have something. */
static int make_rows(struct ctl *ctl, struct json_object *gateway, const char *kind,
		     struct json_object *rows)
{
	ctl_cleanup_json *objects = NULL;
	int code = ctl_get_objects(ctl, kind, &objects);

	if (code != CTL_OK)
		return code;
	for (size_t i = 0; i < json_object_array_length(objects); i++) {
		struct json_object *row =
			make_row(gateway, json_object_array_get_idx(objects, i), kind);

		if (strcmp(kind, "channel") == 0 || has_something(row))
			json_object_array_add(rows, row);
		else
			json_object_put(row);
	}
	return CTL_OK;
}

int ctl_run_gateway(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *gateway = NULL;
	ctl_cleanup_json *rows = json_object_new_array();
	int code = ctl_call_gateway(ctl, "GetGateway", NULL, &gateway);

	if (code == CTL_OK)
		code = make_rows(ctl, gateway, "channel", rows);
	if (code == CTL_OK)
		code = make_rows(ctl, gateway, "tablet", rows);
	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(json_object_get(rows));
		return CTL_OK;
	}
	print_rows(rows);
	if (ctl_json_string(gateway, "trouble")[0]) {
		fputs("! ", stdout);
		ctl_print_text(ctl_json_string(gateway, "trouble"));
		putchar('\n');
	}
	return CTL_OK;
}
