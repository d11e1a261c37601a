/* SPDX-License-Identifier: MIT */
#include "gateway-fields.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"

/* Ranges and defaults: conf/partyline.schema.json; a test holds the two together. */

const char *const pl_stream_protocol_words[2] = {"rtp", "echostream"};
const char *const pl_stream_cipher_words[3] = {"aes_256_gcm", "aes_128_cm", "none"};
const char *const pl_line_function_words[5] = {"key", "ptt_out", "tally", "carrier", "page"};
static const char *const ways[] = {NULL, "send", "receive", "both"};
static const char *const transmits[] = {"always", "keyed"};
static const char *const pulls[] = {"as_is", "up", "down", "none"};
static const char *const line_modes[] = {"momentary", "latch"};
static const char *const filter_types[] = {"below", "above", "center"};
static const char *const page_kinds[] = {"two_tone", "long", "dtmf"};
static const char *const tolerance_units[] = {"percent", "hz"};

/* --- keys of streams ------------------------------------------------------------------ */

static int take_key(struct pl_field_reader *reader, const char *text, struct pl_stream_def *stream)
{
	int n = pl_base64_read(text, stream->secret, sizeof(stream->secret));

	stream->secret_size = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return 0;
	/* The text itself is never shown. */
	return pl_field_refuse(reader, "must be a key in base64, as \"partylinectl stream key\" "
				       "prints one");
}

static int read_key(struct pl_field_reader *reader, struct json_object *value, void *structure)
{
	struct pl_stream_def *stream = structure;

	if (!json_object_is_type(value, json_type_string))
		return pl_field_refuse(reader, "must be of type string");
	if (stream->secret_size > 0)
		return pl_field_refuse(reader, "a key is given twice: key or key_file");
	return take_key(reader, json_object_get_string(value), stream);
}

static int read_named_file(struct pl_field_reader *reader, struct json_object *value,
			   char *ret_text, size_t size)
{
	int r;

	if (!json_object_is_type(value, json_type_string))
		return pl_field_refuse(reader, "must be of type string");
	if (!reader->read_file)
		return pl_field_refuse(reader, "files can only be named in the configuration file");
	r = reader->read_file(reader->userdata, json_object_get_string(value), ret_text, size);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return pl_field_refuse(reader, "the file cannot be read: %s", strerror(-r));
	return 0;
}

static int read_key_file(struct pl_field_reader *reader, struct json_object *value, void *structure)
{
	struct pl_stream_def *stream = structure;
	char text[PL_BASE64_SIZE(PL_STREAM_SECRET_MAX) + 1];
	int r;

	if (stream->secret_size > 0)
		return pl_field_refuse(reader, "a key is given twice: key or key_file");
	r = read_named_file(reader, value, text, sizeof(text));
	if (r == 0)
		r = take_key(reader, text, stream);
	explicit_bzero(text, sizeof(text));
	return r;
}

static struct json_object *write_key(const void *structure, bool secrets, bool *ret_skip)
{
	const struct pl_stream_def *stream = structure;
	char text[PL_BASE64_SIZE(PL_STREAM_SECRET_MAX)];
	struct json_object *value;

	*ret_skip = !secrets || stream->secret_size == 0;
	if (*ret_skip)
		return NULL;
	pl_base64_write(stream->secret, stream->secret_size, text);
	value = json_object_new_string(text);
	explicit_bzero(text, sizeof(text));
	return value;
}

/** What was read from a file is written as itself, or not at all. */
static struct json_object *write_nothing(const void *structure, bool secrets, bool *ret_skip)
{
	*ret_skip = true;
	return NULL;
}

/* --- streams ------------------------------------------------------------------------------ */

#define S pl_stream_def
static const struct pl_field remote_fields[] = {
	PL_F_TEXT(S, "host", remote_host), PL_F_UINT(S, "port", remote_port, 1, 65535), {NULL}};
static const struct pl_field local_fields[] = {PL_F_TEXT(S, "address", local_address),
					       PL_F_UINT(S, "port", local_port, 0, 65535),
					       PL_F_TEXT(S, "interface", interface),
					       {NULL}};
static const struct pl_field srtp_fields[] = {
	PL_F_WORD(S, "cipher", cipher, pl_stream_cipher_words),
	PL_F_CUSTOM("key", read_key, write_key),
	PL_F_CUSTOM("key_file", read_key_file, write_nothing),
	{NULL}};
static const struct pl_field opus_fields[] = {
	PL_F_UINT(S, "channels", n_channels, 1, 2),
	PL_F_DOUBLE(S, "ptime_ms", ptime_ms, 2.5, 60),
	PL_F_UINT(S, "bitrate_bps", bitrate_bps, 6000, 510000),
	PL_F_UINT(S, "complexity", complexity, 0, 10),
	PL_F_BOOL(S, "fec", fec),
	PL_F_BOOL(S, "dtx", dtx),
	PL_F_UINT(S, "expected_loss_percent", expected_loss, 0, 100),
	{NULL}};
static const struct pl_field jitter_fields[] = {
	PL_F_DOUBLE(S, "safety", jitter_safety, 0, 1),
	PL_F_DOUBLE(S, "min_ms", jitter_min_ms, 0, PL_JITTER_MS_MAX),
	PL_F_DOUBLE(S, "max_ms", jitter_max_ms, 0, PL_JITTER_MS_MAX),
	{NULL}};
static const struct pl_field echostream_fields[] = {
	PL_F_TEXT(S, "url", url),
	PL_F_TEXT(S, "channel_id", echo_channel_id),
	PL_F_TEXT(S, "affiliation_id", affiliation_id),
	PL_F_TEXT(S, "user_name", user_name),
	PL_F_TEXT(S, "agency_name", agency_name),
	PL_F_CUSTOM("key", read_key, write_key),
	PL_F_CUSTOM("key_file", read_key_file, write_nothing),
	{NULL}};
const struct pl_field pl_stream_fields[] = {
	PL_F_ID(S, "id", id),
	PL_F_ENDPOINT(S, "endpoint", endpoint),
	PL_F_WORD(S, "protocol", protocol, pl_stream_protocol_words),
	PL_F_WORD(S, "way", way, ways),
	PL_F_WORD(S, "transmit", transmit, transmits),
	PL_F_TEXT(S, "name", name),
	PL_F_OBJECT("remote", remote_fields),
	PL_F_OBJECT("local", local_fields),
	PL_F_UINT(S, "payload_type", payload_type, 96, 127),
	PL_F_UINT(S, "dscp", dscp, 0, 63),
	PL_F_UINT(S, "ttl", ttl, 1, 255),
	PL_F_OBJECT("srtp", srtp_fields),
	PL_F_BOOL(S, "announce", announce),
	PL_F_OBJECT("opus", opus_fields),
	PL_F_OBJECT("jitter", jitter_fields),
	PL_F_OBJECT("echostream", echostream_fields),
	{NULL}};
#undef S

/* --- lines ------------------------------------------------------------------------------------ */

#define LINE_OFFSET_MAX 1023

/** A name, or a number. */
static int read_line(struct pl_field_reader *reader, struct json_object *value, void *structure)
{
	static const struct pl_field as_name = PL_F_TEXT(pl_line_def, "line", line_name);
	struct pl_line_def *line = structure;
	uint64_t number;

	line->offset = -1;
	line->line_name[0] = '\0';
	if (json_object_is_type(value, json_type_string)) {
		const char *name = json_object_get_string(value);

		if (!name[0] || strlen(name) >= as_name.size)
			return pl_field_refuse(reader, "must have 1 to %zu bytes",
					       as_name.size - 1);
		memcpy(line->line_name, name, strlen(name) + 1);
		return 0;
	}
	if (pl_json_read_uint(value, 0, LINE_OFFSET_MAX, &number) < 0)
		return pl_field_refuse(reader, "must be a line's name, or its number 0 to %d",
				       LINE_OFFSET_MAX);
	line->offset = (int32_t)number;
	return 0;
}

static struct json_object *write_line(const void *structure, bool secrets, bool *ret_skip)
{
	const struct pl_line_def *line = structure;

	if (line->offset >= 0)
		return json_object_new_int(line->offset);
	return json_object_new_string(line->line_name);
}

static int read_debounce(struct pl_field_reader *reader, struct json_object *value, void *structure)
{
	struct pl_line_def *line = structure;
	double ms;

	if (pl_json_read_double(value, 0.0, 1000.0, &ms) < 0)
		return pl_field_refuse(reader, "must be a number from 0 to 1000");
	line->debounce_us = (uint32_t)lround(ms * 1000.0);
	return 0;
}

static struct json_object *write_debounce(const void *structure, bool secrets, bool *ret_skip)
{
	const struct pl_line_def *line = structure;

	return pl_json_double(line->debounce_us / 1000.0);
}

#define L pl_line_def
const struct pl_field pl_line_fields[] = {
	PL_F_ID(L, "id", id),
	PL_F_TEXT(L, "chip", chip),
	PL_F_CUSTOM("line", read_line, write_line),
	PL_F_WORD(L, "function", function, pl_line_function_words),
	PL_F_UINT(L, "tablet", tablet_id, 1, 64),
	PL_F_UINT(L, "channel", channel_id, 1, 64),
	PL_F_BOOL(L, "active_low", active_low),
	PL_F_WORD(L, "pull", pull, pulls),
	PL_F_CUSTOM("debounce_ms", read_debounce, write_debounce),
	PL_F_UINT(L, "hold_off_ms", hold_off_ms, 0, 10000),
	PL_F_UINT(L, "timeout_s", timeout_s, 0, 86400),
	PL_F_WORD(L, "mode", mode, line_modes),
	PL_F_UINT(L, "poll_ms", poll_ms, 1, 1000),
	PL_F_DOUBLE(L, "threshold_db", threshold_db, -80, 0),
	PL_F_UINT(L, "hang_ms", hang_ms, 0, 10000),
	{NULL}};
#undef L

/* --- tones and pages ------------------------------------------------------------------------------ */

#define F pl_tone_filter
const struct pl_field pl_tone_filter_fields[] = {
	PL_F_ID(F, "id", id),
	PL_F_WORD(F, "type", type, filter_types),
	PL_F_DOUBLE(F, "frequency_hz", frequency_hz, 1, 24000),
	PL_F_DOUBLE(F, "range_hz", range_hz, 0, 24000),
	{NULL}};
#undef F

static int read_filters(struct pl_field_reader *reader, struct json_object *value, void *structure)
{
	struct pl_tone_input *input = structure;
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return pl_field_refuse(reader, "must be of type array");
	n = json_object_array_length(value);
	if (n > PL_TONE_INPUT_FILTERS_MAX)
		return pl_field_refuse(reader, "must have at most %u items",
				       PL_TONE_INPUT_FILTERS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct pl_tone_filter *filter = &input->filters[i];
		char index[24];
		size_t mark;
		int r;

		snprintf(index, sizeof(index), "%zu", i);
		mark = pl_json_enter(&reader->place, index);
		memset(filter, 0, sizeof(*filter));
		r = pl_fields_read(reader, json_object_array_get_idx(value, i),
				   pl_tone_filter_fields, filter);
		if (r < 0)
			return r;
		if (filter->frequency_hz <= 0.0)
			return pl_field_refuse(reader, "needs frequency_hz");
		if (!filter->id[0])
			snprintf(filter->id, sizeof(filter->id), "filter-%zu", i + 1);
		pl_json_leave(&reader->place, mark);
	}
	input->n_filters = (uint32_t)n;
	return 0;
}

static struct json_object *write_filters(const void *structure, bool secrets, bool *ret_skip)
{
	const struct pl_tone_input *input = structure;
	struct json_object *array = json_object_new_array();

	for (uint32_t i = 0; array && i < input->n_filters; i++) {
		struct json_object *filter =
			pl_fields_write(pl_tone_filter_fields, &input->filters[i], secrets);

		if (!filter || json_object_array_add(array, filter) < 0) {
			json_object_put(filter);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}

#define I pl_tone_input
const struct pl_field pl_tone_input_fields[] = {
	PL_F_ENDPOINT(I, "endpoint", endpoint),
	PL_F_BOOL(I, "dtmf", dtmf),
	PL_F_BOOL(I, "detect_new_tones", find_new),
	PL_F_DOUBLE(I, "new_length_s", new_length_s, 0.2, 20),
	PL_F_DOUBLE(I, "new_range_hz", new_range_hz, 0.1, 100),
	PL_F_CUSTOM("filters", read_filters, write_filters),
	{NULL}};
#undef I

static int read_clip(struct pl_field_reader *reader, struct json_object *value, void *structure)
{
	struct pl_page_def *page = structure;
	const char *word = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string) ||
	    (strcmp(word, "wav") != 0 && strcmp(word, "opus") != 0))
		return pl_field_refuse(reader, "must be one of \"wav\", \"opus\"");
	page->clip_opus = word[0] == 'o';
	return 0;
}

static struct json_object *write_clip(const void *structure, bool secrets, bool *ret_skip)
{
	const struct pl_page_def *page = structure;

	return json_object_new_string(page->clip_opus ? "opus" : "wav");
}

#define P pl_page_def
const struct pl_field pl_page_fields[] = {
	PL_F_ID(P, "id", id),
	PL_F_TEXT(P, "name", name),
	PL_F_ENDPOINT(P, "source", source),
	PL_F_WORD(P, "kind", kind, page_kinds),
	PL_F_DOUBLE(P, "a_hz", a_hz, 0, 3500),
	PL_F_DOUBLE(P, "b_hz", b_hz, 0, 3500),
	PL_F_DOUBLE(P, "a_length_s", a_length_s, 0, 20),
	PL_F_DOUBLE(P, "b_length_s", b_length_s, 0, 20),
	PL_F_DOUBLE(P, "a_tolerance", a_tolerance, 0, 200),
	PL_F_DOUBLE(P, "b_tolerance", b_tolerance, 0, 200),
	PL_F_WORD(P, "tolerance_unit", tolerance_unit, tolerance_units),
	PL_F_TEXT(P, "digits", digits),
	PL_F_DOUBLE(P, "record_length_s", record_length_s, 0, 3600),
	PL_F_DOUBLE(P, "pre_roll_s", pre_roll_s, 0, 30),
	PL_F_UINT(P, "passthrough_channel", passthrough_channel_id, 0, 64),
	PL_F_CUSTOM("clip", read_clip, write_clip),
	PL_F_TEXT(P, "alert", alert),
	{NULL}};
#undef P

/* --- telling others ---------------------------------------------------------------------------------- */

static int read_password_file(struct pl_field_reader *reader, struct json_object *value,
			      void *structure)
{
	struct pl_mqtt_def *mqtt = structure;

	/* Not in use: the file may come later. */
	if (!mqtt->enabled && json_object_is_type(value, json_type_string))
		return 0;
	return read_named_file(reader, value, mqtt->password, sizeof(mqtt->password));
}

static int read_secret_key_file(struct pl_field_reader *reader, struct json_object *value,
				void *structure)
{
	struct pl_s3_def *s3 = structure;

	if (!s3->enabled && json_object_is_type(value, json_type_string))
		return 0;
	return read_named_file(reader, value, s3->secret_key, sizeof(s3->secret_key));
}

#define M pl_mqtt_def
const struct pl_field pl_mqtt_fields[] = {
	PL_F_BOOL(M, "enabled", enabled),
	PL_F_TEXT(M, "host", host),
	PL_F_UINT(M, "port", port, 1, 65535),
	PL_F_BOOL(M, "tls", tls),
	PL_F_TEXT(M, "ca_file", ca_file),
	PL_F_TEXT(M, "certificate_file", certificate_file),
	PL_F_TEXT(M, "key_file", key_file),
	PL_F_TEXT(M, "user_name", user_name),
	PL_F_SECRET(M, "password", password),
	PL_F_CUSTOM("password_file", read_password_file, write_nothing),
	PL_F_TEXT(M, "client_id", client_id),
	PL_F_TEXT(M, "device_id", device_id),
	PL_F_TEXT(M, "topic", topic),
	PL_F_TEXT(M, "availability_topic", availability_topic),
	PL_F_UINT(M, "keepalive_s", keepalive_s, 5, 65535),
	PL_F_UINT(M, "queue_max", queue_max, 1, 1000000),
	{NULL}};
#undef M

#define S3 pl_s3_def
const struct pl_field pl_s3_fields[] = {
	PL_F_BOOL(S3, "enabled", enabled),
	PL_F_TEXT(S3, "endpoint", endpoint),
	PL_F_TEXT(S3, "region", region),
	PL_F_TEXT(S3, "bucket", bucket),
	PL_F_BOOL(S3, "path_style", path_style),
	PL_F_TEXT(S3, "prefix", prefix),
	PL_F_TEXT(S3, "access_key", access_key),
	PL_F_SECRET(S3, "secret_key", secret_key),
	PL_F_CUSTOM("secret_key_file", read_secret_key_file, write_nothing),
	PL_F_TEXT(S3, "ca_file", ca_file),
	PL_F_UINT(S3, "presign_s", presign_s, 0, 604800),
	PL_F_BOOL(S3, "delete_local", delete_local),
	PL_F_UINT(S3, "part_bytes", part_bytes, 5242880, 5368709120.0),
	{NULL}};
#undef S3

#define C pl_clips_def
const struct pl_field pl_clips_fields[] = {PL_F_TEXT(C, "directory", directory),
					   PL_F_UINT(C, "keep_bytes", keep_bytes, 0, 1e15),
					   {NULL}};
#undef C
