/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definition.h"

/** gateway, gpio, sap, export: what there is and how it is. */

/* --- one table of everything ------------------------------------------------------------- */

/** Appends "A, B". */
static void join(char *text, size_t size, const char *word)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s%s", n ? ", " : "", word);
}

/** "card:Desk,0 1" of a binding [device, port]; "" for none */
static void device_text(struct json_object *binding, char *ret_text, size_t size)
{
	const char *device = json_object_get_string(json_object_array_get_idx(binding, 0));
	int port = json_object_get_int(json_object_array_get_idx(binding, 1));

	ret_text[0] = '\0';
	if (!device || !device[0])
		return;
	if (port > 0)
		snprintf(ret_text, size, "%s port %d", device, port);
	else
		snprintf(ret_text, size, "%s", device);
}

struct row {
	char endpoint[24], device[300], streams[256], lines[256], pages[512];
};

static void row_device(struct row *row, struct json_object *object)
{
	char capture[280], playback[280];

	device_text(ctl_json_member(object, "capture"), capture, sizeof(capture));
	device_text(ctl_json_member(object, "playback"), playback, sizeof(playback));
	if (strcmp(capture, playback) == 0) {
		snprintf(row->device, sizeof(row->device), "%s", capture);
		return;
	}
	if (capture[0])
		join(row->device, sizeof(row->device), capture);
	if (playback[0])
		join(row->device, sizeof(row->device), playback);
}

/** Ids of the elements whose `member` names the endpoint. */
static void row_ids(struct json_object *array, const char *member, const char *endpoint,
		    bool with_state, char *ret_text, size_t size)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *element = json_object_array_get_idx(array, i);
		char word[80];

		if (strcmp(ctl_json_string(element, member), endpoint) != 0)
			continue;
		snprintf(word, sizeof(word), with_state ? "%s (%s)" : "%s%.0s",
			 ctl_json_string(element, "id"),
			 ctl_json_string(ctl_json_member(element, "status"), "state"));
		join(ret_text, size, word);
	}
}

/** Of a channel: the lines that are about it. Of a tablet: those that are its keys. */
static void row_lines(struct json_object *lines, bool is_tablet, int id, char *ret_text,
		      size_t size)
{
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);
		char word[80];

		if ((int)ctl_json_double(line, is_tablet ? "tablet" : "channel") != id)
			continue;
		snprintf(word, sizeof(word), "%s (%s)", ctl_json_string(line, "id"),
			 ctl_json_string(ctl_json_member(line, "status"), "state"));
		join(ret_text, size, word);
	}
}

static void fill_row(struct row *row, struct json_object *gateway, struct json_object *object,
		     bool is_tablet)
{
	struct json_object *tones = ctl_json_member(gateway, "tones");
	struct json_object *lines = ctl_json_member(ctl_json_member(gateway, "gpio"), "lines");
	int id = (int)ctl_json_double(object, "id");

	*row = (struct row){0};
	snprintf(row->endpoint, sizeof(row->endpoint), "%s.%d", is_tablet ? "tablet" : "channel",
		 id);
	row_device(row, object);
	row_ids(ctl_json_member(gateway, "streams"), "endpoint", row->endpoint, true, row->streams,
		sizeof(row->streams));
	row_lines(lines, is_tablet, id, row->lines, sizeof(row->lines));
	row_ids(ctl_json_member(tones, "pages"), "source", row->endpoint, false, row->pages,
		sizeof(row->pages));
}

static void print_cell(const char *text, int width)
{
	ctl_print_padded(text[0] ? text : "-", width);
	fputs("  ", stdout);
}

static void print_row(const struct row *row)
{
	print_cell(row->endpoint, 10);
	print_cell(row->device, 24);
	print_cell(row->streams, 24);
	print_cell(row->lines, 20);
	ctl_print_text(row->pages[0] ? row->pages : "-");
	putchar('\n');
}

static struct json_object *row_to_json(const struct row *row)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "endpoint", json_object_new_string(row->endpoint));
	json_object_object_add(object, "device", json_object_new_string(row->device));
	json_object_object_add(object, "streams", json_object_new_string(row->streams));
	json_object_object_add(object, "lines", json_object_new_string(row->lines));
	json_object_object_add(object, "pages", json_object_new_string(row->pages));
	return object;
}

/** Every channel, and the tablets that have something. */
static void add_rows(struct ctl *ctl, struct json_object *gateway, struct json_object *objects,
		     bool is_tablet, struct json_object *answer)
{
	struct row row;

	for (size_t i = 0; i < json_object_array_length(objects); i++) {
		fill_row(&row, gateway, json_object_array_get_idx(objects, i), is_tablet);
		if (is_tablet && !row.device[0] && !row.streams[0] && !row.lines[0] &&
		    !row.pages[0])
			continue;
		if (ctl->json)
			json_object_array_add(answer, row_to_json(&row));
		else
			print_row(&row);
	}
}

int ctl_run_gateway(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *gateway = NULL;
	ctl_cleanup_json *channels = NULL;
	ctl_cleanup_json *tablets = NULL;
	struct json_object *answer = NULL;
	int code;

	code = ctl_call_gateway(ctl, "GetGateway", NULL, &gateway);
	if (code == CTL_OK)
		code = ctl_get_objects(ctl, "channel", &channels);
	if (code == CTL_OK)
		code = ctl_get_objects(ctl, "tablet", &tablets);
	if (code != CTL_OK)
		return code;
	if (ctl->json)
		answer = json_object_new_array();
	else
		puts("ENDPOINT    DEVICE                    STREAM                    GPIO LINE     "
		     "        PAGES");
	add_rows(ctl, gateway, channels, false, answer);
	add_rows(ctl, gateway, tablets, true, answer);
	if (ctl->json) {
		ctl_json_print(answer);
	} else if (ctl_json_string(gateway, "trouble")[0]) {
		fputs("! ", stdout);
		ctl_print_text(ctl_json_string(gateway, "trouble"));
		putchar('\n');
	}
	return CTL_OK;
}

/* --- gpio -------------------------------------------------------------------------------- */

static void print_line(struct json_object *line)
{
	struct json_object *status = ctl_json_member(line, "status");
	int tablet = (int)ctl_json_double(line, "tablet");
	char about[48], name[80];

	if (tablet > 0)
		snprintf(about, sizeof(about), "tablet %d on channel %d", tablet,
			 (int)ctl_json_double(line, "channel"));
	else
		snprintf(about, sizeof(about), "channel %d", (int)ctl_json_double(line, "channel"));
	snprintf(name, sizeof(name), "%s", ctl_json_string(line, "line"));
	ctl_print_padded(ctl_json_string(line, "id"), 16);
	printf("  %-8s  ", ctl_json_string(line, "function"));
	ctl_print_padded(about, 24);
	fputs("  ", stdout);
	ctl_print_padded(name, 10);
	printf("  %-8s  ", ctl_json_string(status, "state"));
	ctl_print_text(ctl_json_string(status, "trouble")[0] ? ctl_json_string(status, "trouble")
							     : ctl_json_string(status, "chip"));
	putchar('\n');
}

int ctl_run_gpio(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *gateway = NULL;
	struct json_object *lines;
	int code = ctl_call_gateway(ctl, "GetGateway", NULL, &gateway);

	if (code != CTL_OK)
		return code;
	lines = ctl_json_member(ctl_json_member(gateway, "gpio"), "lines");
	if (ctl->json) {
		ctl_json_print(json_object_get(lines));
		return CTL_OK;
	}
	puts("ID                FUNCTION  ABOUT                     LINE        STATE     CHIP");
	for (size_t i = 0; i < json_object_array_length(lines); i++)
		print_line(json_object_array_get_idx(lines, i));
	return CTL_OK;
}

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

/* --- a command's verbs ------------------------------------------------------------------------ */

int ctl_run_verb(struct ctl *ctl, const struct ctl_verb *verbs, size_t n_verbs, int n,
		 char *arguments[])
{
	char all[160] = "";

	for (size_t i = 0; i < n_verbs; i++) {
		const struct ctl_verb *verb = &verbs[i];
		int code;

		join(all, sizeof(all), verb->name);
		if (strcmp(verb->name, arguments[0]) != 0)
			continue;
		if (n - 1 < verb->n_min || n - 1 > verb->n_max)
			return ctl_fail(ctl, CTL_USAGE, "usage: partylinectl %s %s%s%s",
					ctl->command->name, verb->name,
					verb->arguments[0] ? " " : "", verb->arguments);
		code = verb->is_busless ? CTL_OK : ctl_connect(ctl);
		return code == CTL_OK ? verb->run(ctl, n - 1, arguments + 1) : code;
	}
	return ctl_fail(ctl, CTL_USAGE, "%s can %s, not \"%s\"", ctl->command->name, all,
			arguments[0]);
}
