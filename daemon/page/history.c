/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "json-strict.h"

/** With those that wait for their upload; then these go too, the oldest first. */
#define RECORDS_MAX (2u * PL_PAGE_HISTORY_MAX)

struct pl_history {
	struct pl_page_record *records; /* room for RECORDS_MAX, oldest first */
	size_t n;
};

int pl_history_new(struct pl_history **ret_history)
{
	struct pl_history *history = calloc(1, sizeof(*history));

	if (!history)
		return -ENOMEM;
	history->records = calloc(RECORDS_MAX, sizeof(*history->records));
	if (!history->records) {
		free(history);
		return -ENOMEM;
	}
	*ret_history = history;
	return 0;
}

struct pl_history *pl_history_free(struct pl_history *history)
{
	if (!history)
		return NULL;
	free(history->records);
	free(history);
	return NULL;
}

struct pl_page_record *pl_history_get(struct pl_history *history, size_t n)
{
	return n < history->n ? &history->records[n] : NULL;
}

struct pl_page_record *pl_history_find(struct pl_history *history, const char *message_id)
{
	/* Mostly about the newest. */
	for (size_t i = history->n; i-- > 0;)
		if (strcmp(history->records[i].message_id, message_id) == 0)
			return &history->records[i];
	return NULL;
}

static void drop(struct pl_history *history, size_t i)
{
	memmove(&history->records[i], &history->records[i + 1],
		(history->n - i - 1) * sizeof(*history->records));
	history->n--;
}

static void make_room(struct pl_history *history, bool uploads)
{
	for (size_t i = 0; history->n >= PL_PAGE_HISTORY_MAX && i < history->n; i++) {
		const struct pl_page_record *r = &history->records[i];

		if (uploads && r->clip[0] && !r->clip_uploaded)
			continue;
		drop(history, i);
		return;
	}
	if (history->n == RECORDS_MAX)
		drop(history, 0);
}

struct pl_page_record *pl_history_add(struct pl_history *history,
				      const struct pl_page_record *record, bool uploads)
{
	make_room(history, uploads);
	history->records[history->n] = *record;
	return &history->records[history->n++];
}

/* --- writing --------------------------------------------------------------------------------- */

static const char *const tone_types[] = {"digit", "page", "new_pair"};
#define N_TONE_TYPES (sizeof(tone_types) / sizeof(tone_types[0]))

static int add_tone(struct json_object *line, const struct pl_tone_event *tone)
{
	const char digit[2] = {tone->digit, '\0'};
	int r;

	r = pl_json_add(line, "type", json_object_new_string(tone_types[tone->type]));
	if (r == 0)
		r = pl_json_add(line, tone->endpoint.is_tablet ? "tablet" : "channel",
				json_object_new_int64(tone->endpoint.id));
	if (r == 0 && tone->digit)
		r = pl_json_add(line, "digit", json_object_new_string(digit));
	if (r == 0)
		r = pl_json_add(line, "a_hz", pl_json_double(tone->a_hz));
	if (r == 0)
		r = pl_json_add(line, "b_hz", pl_json_double(tone->b_hz));
	if (r == 0)
		r = pl_json_add(line, "a_length_s", pl_json_double(tone->a_length_s));
	if (r == 0)
		r = pl_json_add(line, "b_length_s", pl_json_double(tone->b_length_s));
	if (r == 0)
		r = pl_json_add(line, "level_db", pl_json_double(tone->level_db));
	return r;
}

static int add_clip(struct json_object *line, const struct pl_page_record *record)
{
	int r;

	if (!record->clip[0])
		return 0;
	r = pl_json_add(line, "clip", json_object_new_string(record->clip));
	if (r == 0)
		r = pl_json_add(line, "clip_length_s", pl_json_double(record->clip_length_s));
	if (r == 0)
		r = pl_json_add(line, "clip_complete",
				json_object_new_boolean(record->clip_complete));
	if (r == 0)
		r = pl_json_add(line, "clip_uploaded",
				json_object_new_boolean(record->clip_uploaded));
	if (r == 0 && record->clip_url[0])
		r = pl_json_add(line, "clip_url", json_object_new_string(record->clip_url));
	return r;
}

char *pl_history_line(const struct pl_page_record *record)
{
	struct json_object *line = json_object_new_object();
	const char *text = NULL;
	char *copy = NULL;
	int r = line ? 0 : -ENOMEM;

	if (r == 0)
		r = pl_json_add(line, "message_id", json_object_new_string(record->message_id));
	if (r == 0)
		r = pl_json_add(line, "ts_usec", json_object_new_int64((int64_t)record->ts_usec));
	if (r == 0)
		r = pl_json_add(line, "page", json_object_new_string(record->page_id));
	if (r == 0)
		r = add_tone(line, &record->tone);
	if (r == 0)
		r = add_clip(line, record);
	if (r == 0)
		text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		copy = strdup(text);
	json_object_put(line);
	return copy;
}

char *pl_history_text(struct pl_history *history)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	bool good = stream != NULL;

	for (size_t i = 0; good && i < history->n; i++) {
		char *line = pl_history_line(&history->records[i]);

		good = line && fprintf(stream, "%s\n", line) > 0;
		free(line);
	}
	if (stream && fclose(stream) != 0)
		good = false;
	if (!good) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- reading --------------------------------------------------------------------------------- */

/** @return 0 also when it is not there, -EINVAL for another type or one that is too long */
static int read_text(struct json_object *line, const char *key, char *ret_text, size_t size)
{
	struct json_object *value;

	if (!json_object_object_get_ex(line, key, &value))
		return 0;
	if (!json_object_is_type(value, json_type_string) ||
	    (size_t)json_object_get_string_len(value) >= size)
		return -EINVAL;
	snprintf(ret_text, size, "%s", json_object_get_string(value));
	return 0;
}

static int read_double(struct json_object *line, const char *key, double *ret_value)
{
	struct json_object *value;

	return json_object_object_get_ex(line, key, &value)
		       ? pl_json_read_double(value, -1e9, 1e9, ret_value)
		       : 0;
}

static int read_bool(struct json_object *line, const char *key, bool *ret_value)
{
	struct json_object *value;

	return json_object_object_get_ex(line, key, &value) ? pl_json_read_bool(value, ret_value)
							    : 0;
}

static int read_tone(struct json_object *line, struct pl_tone_event *ret_tone)
{
	char type[16] = "", digit[2] = "";
	struct json_object *value;
	uint64_t id = 0;
	unsigned i;
	int r;

	r = read_text(line, "type", type, sizeof(type));
	for (i = 0; i < N_TONE_TYPES && strcmp(type, tone_types[i]) != 0; i++)
		;
	if (r < 0 || i == N_TONE_TYPES)
		return -EINVAL;
	ret_tone->type = (enum pl_tone_event_type)i;
	ret_tone->endpoint.is_tablet = json_object_object_get_ex(line, "tablet", &value);
	if (!ret_tone->endpoint.is_tablet && !json_object_object_get_ex(line, "channel", &value))
		return -EINVAL;
	r = pl_json_read_uint(value, 1,
			      ret_tone->endpoint.is_tablet ? PL_TABLETS_MAX : PL_CHANNELS_MAX, &id);
	ret_tone->endpoint.id = (uint32_t)id;
	if (r == 0)
		r = read_text(line, "digit", digit, sizeof(digit));
	ret_tone->digit = digit[0];
	if (r == 0)
		r = read_double(line, "a_hz", &ret_tone->a_hz);
	if (r == 0)
		r = read_double(line, "b_hz", &ret_tone->b_hz);
	if (r == 0)
		r = read_double(line, "a_length_s", &ret_tone->a_length_s);
	if (r == 0)
		r = read_double(line, "b_length_s", &ret_tone->b_length_s);
	return r == 0 ? read_double(line, "level_db", &ret_tone->level_db) : r;
}

static int read_record(struct json_object *line, struct pl_page_record *ret_record)
{
	struct json_object *value;
	int r;

	if (!json_object_is_type(line, json_type_object) ||
	    !json_object_object_get_ex(line, "ts_usec", &value))
		return -EINVAL;
	r = pl_json_read_uint(value, 0, INT64_MAX, &ret_record->ts_usec);
	if (r == 0)
		r = read_text(line, "message_id", ret_record->message_id,
			      sizeof(ret_record->message_id));
	if (r == 0)
		r = read_text(line, "page", ret_record->page_id, sizeof(ret_record->page_id));
	if (r == 0)
		r = read_tone(line, &ret_record->tone);
	if (r == 0)
		r = read_text(line, "clip", ret_record->clip, sizeof(ret_record->clip));
	if (r == 0)
		r = read_double(line, "clip_length_s", &ret_record->clip_length_s);
	if (r == 0)
		r = read_bool(line, "clip_complete", &ret_record->clip_complete);
	if (r == 0)
		r = read_bool(line, "clip_uploaded", &ret_record->clip_uploaded);
	if (r == 0)
		r = read_text(line, "clip_url", ret_record->clip_url, sizeof(ret_record->clip_url));
	/* A name is part of a path. */
	if (r == 0 && (!ret_record->message_id[0] || strchr(ret_record->clip, '/') ||
		       ret_record->clip[0] == '.'))
		r = -EINVAL;
	if (!ret_record->clip[0]) {
		ret_record->clip_length_s = 0.0;
		ret_record->clip_complete = ret_record->clip_uploaded = false;
		ret_record->clip_url[0] = '\0';
	}
	snprintf(ret_record->tone.page_id, sizeof(ret_record->tone.page_id), "%s",
		 ret_record->page_id);
	return r;
}

/** @return 1: read, 0: skipped, or -ENOMEM */
static int read_line(struct pl_history *history, const char *text, size_t size)
{
	struct pl_page_record record = {0}, *known;
	struct json_object *line = NULL;
	struct pl_json_fault fault;
	int r;

	r = pl_json_read(text, size, &line, &fault);
	if (r == 0)
		r = read_record(line, &record);
	json_object_put(line);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0;
	known = pl_history_find(history, record.message_id);
	if (known)
		*known = record;
	else
		pl_history_add(history, &record, true);
	return 1;
}

int pl_history_read(struct pl_history *history, const char *text, size_t size)
{
	int n_skipped = 0;

	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) : size;
		int r = read_line(history, text, n);

		if (r < 0)
			return r;
		n_skipped += r == 0;
		n += end != NULL;
		text += n;
		size -= n;
	}
	return n_skipped;
}
