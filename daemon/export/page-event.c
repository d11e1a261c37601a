/* SPDX-License-Identifier: MIT */
#include "page-event.h"

#include <stdio.h>
#include <string.h>

#include "json-strict.h"

static int add_text(struct json_object *tree, const char *name, const char *value)
{
	return value[0] ? pl_json_add(tree, name, json_object_new_string(value)) : 0;
}

/** @param ms  since 1970 */
static int add_head(struct json_object *tree, const char *message_id, uint64_t ms,
		    const char *device_id, const char *event_type)
{
	int r;

	r = pl_json_add(tree, "message_id", json_object_new_string(message_id));
	if (r == 0)
		r = pl_json_add(tree, "timestamp", json_object_new_int64((int64_t)ms));
	if (r == 0)
		r = pl_json_add(tree, "device_id", json_object_new_string(device_id));
	if (r == 0)
		r = pl_json_add(tree, "event_type", json_object_new_string(event_type));
	return r;
}

static int add_tones(struct json_object *tree, const struct pl_page_record *record,
		     const struct pl_page_def *page)
{
	struct json_object *details = json_object_new_object();
	double a_hz = page ? page->a_hz : record->tone.a_hz;
	double b_hz = page ? page->b_hz : record->tone.b_hz;
	int r = details ? 0 : -1;

	if (page && page->kind != PL_PAGE_TWO_TONE)
		b_hz = 0.0;
	if (page && page->kind == PL_PAGE_DTMF)
		a_hz = 0.0;
	if (r == 0)
		r = pl_json_add(details, "tone_a", pl_json_double(a_hz));
	if (r == 0)
		r = pl_json_add(details, "tone_b", pl_json_double(b_hz));
	if (r == 0 && page)
		r = add_text(details, "digits", page->digits);
	if (r < 0) {
		json_object_put(details);
		return r;
	}
	return pl_json_add(tree, "tone_details", details);
}

static int add_place(struct json_object *tree, const struct pl_endpoint *endpoint)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "%s.%u", endpoint->is_tablet ? "tablet" : "channel",
		 endpoint->id);
	r = pl_json_add(tree, "endpoint", json_object_new_string(text));
	if (r == 0 && !endpoint->is_tablet)
		r = pl_json_add(tree, "channel", json_object_new_int((int)endpoint->id));
	return r;
}

static char *to_text(struct json_object *tree, int r)
{
	char *text = NULL;

	if (r == 0)
		text = strdup(json_object_to_json_string_ext(
			tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(tree);
	return text;
}

char *pl_page_event_text(const struct pl_page_record *record, const struct pl_page_def *page,
			 const char *device_id, const char *clip_url)
{
	struct json_object *tree = json_object_new_object();
	int r;

	if (!tree)
		return NULL;
	r = add_head(tree, record->message_id, record->ts_usec / 1000, device_id,
		     record->page_id[0] ? "defined_tones_detected" : "new_tone_detected");
	if (r == 0)
		r = add_tones(tree, record, page);
	if (r == 0)
		r = add_place(tree, &record->tone.endpoint);
	if (r == 0)
		r = add_text(tree, "tone_id", record->page_id);
	if (r == 0 && page)
		r = add_text(tree, "name", page->name);
	if (r == 0 && page)
		r = add_text(tree, "alert", page->alert);
	if (r == 0)
		r = add_text(tree, "clip", record->clip);
	if (r == 0)
		r = add_text(tree, "clip_url", clip_url);
	return to_text(tree, r);
}

char *pl_clip_event_text(const char *message_id, const char *device_id, const char *url,
			 const char *key, uint64_t now_usec)
{
	struct json_object *tree = json_object_new_object();
	int r;

	if (!tree)
		return NULL;
	r = add_head(tree, message_id, now_usec / 1000, device_id, "clip_uploaded");
	if (r == 0)
		r = add_text(tree, "clip_url", url);
	if (r == 0)
		r = add_text(tree, "key", key);
	return to_text(tree, r);
}
