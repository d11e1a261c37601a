/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "definition.h"

/** page: what is listened for, and what was heard. */

static int get_pages(struct ctl *ctl, struct json_object **ret_document,
		     struct json_object **ret_pages)
{
	int code = ctl_call_gateway(ctl, "GetGateway", NULL, ret_document);

	if (code == CTL_OK)
		*ret_pages = ctl_json_member(ctl_json_member(*ret_document, "tones"), "pages");
	return code;
}

/** "1000 + 1500 Hz", "600 Hz", "911#" */
static void tones_text(struct json_object *page, char *ret_text, size_t size)
{
	const char *kind = ctl_json_string(page, "kind");

	if (strcmp(kind, "dtmf") == 0)
		snprintf(ret_text, size, "%s", ctl_json_string(page, "digits"));
	else if (strcmp(kind, "long") == 0)
		snprintf(ret_text, size, "%g Hz %g s", ctl_json_double(page, "a_hz"),
			 ctl_json_double(page, "a_length_s"));
	else
		snprintf(ret_text, size, "%g Hz %g s, %g Hz %g s", ctl_json_double(page, "a_hz"),
			 ctl_json_double(page, "a_length_s"), ctl_json_double(page, "b_hz"),
			 ctl_json_double(page, "b_length_s"));
}

static void print_page(struct json_object *page)
{
	int target = (int)ctl_json_double(page, "passthrough_channel");
	char tones[96], to[24] = "-";

	tones_text(page, tones, sizeof(tones));
	if (target > 0)
		snprintf(to, sizeof(to), "channel %d", target);
	ctl_print_padded(ctl_json_string(page, "id"), 16);
	printf("  %-10s  ", ctl_json_string(page, "source"));
	ctl_print_padded(tones, 28);
	printf("  %5g s  %-10s  ", ctl_json_double(page, "record_length_s"), to);
	ctl_print_text(ctl_json_string(page, "name"));
	putchar('\n');
}

static int list(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *document = NULL;
	struct json_object *pages;
	int code = get_pages(ctl, &document, &pages);

	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(json_object_get(pages));
		return CTL_OK;
	}
	for (size_t i = 0; ctl->ids && i < json_object_array_length(pages); i++)
		puts(ctl_json_string(json_object_array_get_idx(pages, i), "id"));
	if (ctl->ids)
		return CTL_OK;
	puts("ID                SOURCE      TONES                         RECORD   TO          NAME");
	for (size_t i = 0; i < json_object_array_length(pages); i++)
		print_page(json_object_array_get_idx(pages, i));
	return CTL_OK;
}

static int add(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *definition = NULL;
	int code = ctl_definition(ctl, n, arguments, "source", &definition);

	if (code == CTL_OK)
		code = ctl_call_gateway(
			ctl, "AddPage",
			json_object_to_json_string_ext(definition, JSON_C_TO_STRING_NOSLASHESCAPE),
			NULL);
	return code == CTL_OK ? ctl_done(ctl, "added", arguments[0]) : code;
}

static int remove_one(struct ctl *ctl, int n, char *arguments[])
{
	int code = ctl_call_gateway(ctl, "RemovePage", arguments[0], NULL);

	return code == CTL_OK ? ctl_done(ctl, "removed", arguments[0]) : code;
}

static int make(struct ctl *ctl, int n, char *arguments[])
{
	int code = ctl_call(ctl, CTL_PATH, CTL_GATEWAY, "PageFromRecord", NULL, "ss", arguments[0],
			    arguments[1]);

	return code == CTL_OK ? ctl_done(ctl, "added", arguments[1]) : code;
}

static int end(struct ctl *ctl, int n, char *arguments[])
{
	uint32_t channel;
	int code = ctl_parse_id(ctl, "a channel", arguments[0], &channel);

	if (code == CTL_OK)
		code = ctl_call(ctl, CTL_PATH, CTL_GATEWAY, "EndPage", NULL, "u", channel);
	return code == CTL_OK ? ctl_done(ctl, "ended", arguments[0]) : code;
}

static void print_record(struct json_object *record)
{
	struct json_object *tone = ctl_json_member(record, "tone");
	time_t at = (time_t)ctl_json_double(record, "ts");
	const char *id = ctl_json_string(record, "page_id");
	const char *clip = ctl_json_string(record, "clip");
	struct tm local;
	char when[32] = "?", what[64];

	if (localtime_r(&at, &local))
		strftime(when, sizeof(when), "%F %T", &local);
	if (id[0])
		snprintf(what, sizeof(what), "%s", id);
	else
		snprintf(what, sizeof(what), "? %.1f Hz, %.1f Hz", ctl_json_double(tone, "a_hz"),
			 ctl_json_double(tone, "b_hz"));
	printf("%s  %-10s  ", when, ctl_json_string(tone, "endpoint"));
	ctl_print_padded(what, 24);
	printf("  %s  ", ctl_json_string(record, "message_id"));
	ctl_print_text(clip);
	puts(ctl_json_bool(record, "clip_uploaded") ? " (uploaded)" : "");
}

static int history(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *records = NULL;
	const char *text;
	int code;

	code = ctl_call(ctl, CTL_PATH, CTL_GATEWAY, "GetPageHistory", &reply, "u",
			ctl->limit > 0 ? ctl->limit : 1000u);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "s", &text) < 0 || !(records = json_tokener_parse(text)))
		return ctl_fail(ctl, CTL_REFUSED, "an answer of an unknown shape");
	if (ctl->json) {
		ctl_json_print(json_object_get(records));
		return CTL_OK;
	}
	for (size_t i = 0; i < json_object_array_length(records); i++)
		print_record(json_object_array_get_idx(records, i));
	return CTL_OK;
}

static void print_clip(struct json_object *clip)
{
	struct json_object *pages = ctl_json_member(clip, "page_ids");
	time_t at = (time_t)ctl_json_double(clip, "ts");
	struct tm local;
	char when[32] = "?";

	if (localtime_r(&at, &local))
		strftime(when, sizeof(when), "%F %T", &local);
	printf("%s  %-10s  %6.1f s  %7.0f kB  ", when, ctl_json_string(clip, "endpoint"),
	       ctl_json_double(clip, "length_s"), ctl_json_double(clip, "bytes") / 1000.0);
	ctl_print_text(ctl_json_string(clip, "name"));
	for (size_t i = 0; i < json_object_array_length(pages); i++) {
		fputs(i == 0 ? "  " : ", ", stdout);
		ctl_print_text(json_object_get_string(json_object_array_get_idx(pages, i)));
	}
	puts(ctl_json_bool(clip, "uploaded") ? " (uploaded)" : "");
}

static int clips(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *list = NULL;
	int code = ctl_call_gateway(ctl, "GetClips", NULL, &list);

	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(json_object_get(list));
		return CTL_OK;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *clip = json_object_array_get_idx(list, i);

		if (ctl->ids)
			puts(ctl_json_string(clip, "name"));
		else
			print_clip(clip);
	}
	return CTL_OK;
}

static int remove_clip(struct ctl *ctl, int n, char *arguments[])
{
	int code = ctl_call_gateway(ctl, "RemoveClip", arguments[0], NULL);

	return code == CTL_OK ? ctl_done(ctl, "removed", arguments[0]) : code;
}

int ctl_run_page(struct ctl *ctl, int n, char *arguments[])
{
	static const struct ctl_verb verbs[] = {
		{"add", "ID channel.N|tablet.N [NAME=VALUE…]", 2, CTL_ASSIGNMENTS_MAX, add, false},
		{"clips", "", 0, 0, clips, false},
		{"end", "CHANNEL", 1, 1, end, false},
		{"history", "", 0, 0, history, false},
		{"list", "", 0, 0, list, false},
		{"make", "MESSAGE_ID ID", 2, 2, make, false},
		{"remove", "ID", 1, 1, remove_one, false},
		{"remove-clip", "NAME", 1, 1, remove_clip, false},
	};

	return ctl_run_verb(ctl, verbs, sizeof(verbs) / sizeof(verbs[0]), n, arguments);
}
