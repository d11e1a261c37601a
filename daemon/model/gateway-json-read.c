/* SPDX-License-Identifier: MIT */
#include "gateway-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway-fields.h"

typedef struct pl_field_reader reader_t;

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

static void reader_init(reader_t *reader, const struct pl_gateway_reading *reading)
{
	*reader = (reader_t){
		.reason = reading->reason,
		.reason_size = reading->reason_size,
		.read_file = reading->read_file,
		.userdata = reading->userdata,
	};
	pl_json_place_init(&reader->place, reading->pointer, reading->pointer_size);
	if (reading->reason_size > 0)
		reading->reason[0] = '\0';
}

static int refuse_at(reader_t *reader, const char *name, const char *reason)
{
	pl_json_enter(&reader->place, name);
	return pl_field_refuse(reader, "%s", reason);
}

/** @return the index of the word that a member has, 0 when it has none of them */
static unsigned word_of(struct json_object *object, const char *name, const char *const *words,
			unsigned n)
{
	struct json_object *value = member(object, name);

	for (unsigned i = 0; json_object_is_type(value, json_type_string) && i < n; i++)
		if (strcmp(json_object_get_string(value), words[i]) == 0)
			return i;
	return 0;
}

/* --- one definition ------------------------------------------------------------------ */

/** @param name  of a member that must be there */
static int need(reader_t *reader, struct json_object *object, const char *name)
{
	return member(object, name) ? 0 : refuse_at(reader, name, "is missing");
}

static int take_stream(reader_t *reader, struct json_object *value, struct pl_stream_def *stream)
{
	static const char *const of_rtp[] = {"remote",       "local", "srtp",
					     "payload_type", "ttl",   "announce"};
	bool is_rtp;
	int r;

	/* The defaults hang on it. */
	pl_stream_def_init(stream, word_of(value, "protocol", pl_stream_protocol_words, 2));
	r = pl_fields_read(reader, value, pl_stream_fields, stream);
	if (r == 0)
		r = need(reader, value, "id");
	if (r == 0)
		r = need(reader, value, "endpoint");
	if (r < 0)
		return r;
	is_rtp = stream->protocol == PL_STREAM_RTP;
	if (is_rtp && member(value, "echostream"))
		return refuse_at(
			reader, "echostream",
			"is only for the protocol \"echostream\"; this stream's is \"rtp\"");
	for (unsigned i = 0; !is_rtp && i < sizeof(of_rtp) / sizeof(of_rtp[0]); i++)
		if (member(value, of_rtp[i]))
			return refuse_at(reader, of_rtp[i], "is only for the protocol \"rtp\"");
	return 0;
}

static int take_page(reader_t *reader, struct json_object *value, struct pl_page_def *page)
{
	int r;

	pl_page_def_init(page);
	r = pl_fields_read(reader, value, pl_page_fields, page);
	if (r == 0)
		r = need(reader, value, "id");
	if (r == 0)
		r = need(reader, value, "source");
	return r;
}

/* --- arrays of them --------------------------------------------------------------------- */

static int read_stream(reader_t *reader, struct json_object *value, void *to)
{
	struct pl_stream_def stream;
	int r = take_stream(reader, value, &stream);

	if (r == 0)
		r = pl_gateway_add_stream(to, &stream);
	explicit_bzero(stream.secret, sizeof(stream.secret));
	return r;
}

static int read_page(reader_t *reader, struct json_object *value, void *to)
{
	struct pl_page_def page;
	int r = take_page(reader, value, &page);

	return r < 0 ? r : pl_gateway_add_page(to, &page);
}

static int read_gpio_line(reader_t *reader, struct json_object *value, void *to)
{
	struct pl_line_def line;
	int r;

	pl_line_def_init(&line, word_of(value, "function", pl_line_function_words, 5));
	r = pl_fields_read(reader, value, pl_line_fields, &line);
	if (r == 0)
		r = need(reader, value, "id");
	if (r == 0)
		r = need(reader, value, "line");
	if (r == 0)
		r = need(reader, value, "channel");
	if (r == 0 && line.function == PL_LINE_KEY)
		r = need(reader, value, "tablet");
	return r < 0 ? r : pl_gateway_add_line(to, &line);
}

static int read_tone_input(reader_t *reader, struct json_object *value, void *to)
{
	struct pl_tone_input input;
	int r;

	pl_tone_input_init(&input);
	r = pl_fields_read(reader, value, pl_tone_input_fields, &input);
	if (r == 0)
		r = need(reader, value, "endpoint");
	return r < 0 ? r : pl_gateway_add_tone_input(to, &input);
}

static int read_array(reader_t *reader, struct json_object *value,
		      int (*read)(reader_t *reader, struct json_object *value, void *to), void *to)
{
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return pl_field_refuse(reader, "must be of type array");
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++) {
		char index[24];
		size_t mark;
		int r;

		snprintf(index, sizeof(index), "%zu", i);
		mark = pl_json_enter(&reader->place, index);
		r = read(reader, json_object_array_get_idx(value, i), to);
		if (r == -ENOSPC)
			return pl_field_refuse(reader, "there may be no more of them");
		if (r < 0)
			return r;
		pl_json_leave(&reader->place, mark);
	}
	return 0;
}

/* --- the sections ---------------------------------------------------------------------------- */

/** EchoStream's four keys: header pins 38, 40, 16 and 18 of every Raspberry Pi. */
static int add_rpi_lines(struct pl_gateway *gateway)
{
	static const unsigned bcm[] = {20, 21, 23, 24};

	for (unsigned i = 0; i < 4; i++) {
		struct pl_line_def line;
		int r;

		pl_line_def_init(&line, PL_LINE_KEY);
		snprintf(line.id, sizeof(line.id), "key-%u", i + 1);
		/* By name: the number is another one on a Raspberry Pi 5, the name is not. */
		snprintf(line.line_name, sizeof(line.line_name), "GPIO%u", bcm[i]);
		line.tablet_id = line.channel_id = i + 1;
		r = pl_gateway_add_line(gateway, &line);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_profile(reader_t *reader, struct json_object *value, void *gateway)
{
	const char *word = json_object_get_string(value);

	if (json_object_is_type(value, json_type_string)) {
		if (word[0] == '\0')
			return 0;
		if (strcmp(word, "rpi-echostream") == 0)
			return add_rpi_lines(gateway);
	}
	return pl_field_refuse(reader, "must be one of \"\", \"rpi-echostream\"");
}

static int read_lines(reader_t *reader, struct json_object *value, void *gateway)
{
	return read_array(reader, value, read_gpio_line, gateway);
}

static int read_inputs(reader_t *reader, struct json_object *value, void *gateway)
{
	return read_array(reader, value, read_tone_input, gateway);
}

static int read_pages(reader_t *reader, struct json_object *value, void *gateway)
{
	return read_array(reader, value, read_page, gateway);
}

static int read_streams(reader_t *reader, struct json_object *value, void *gateway)
{
	return read_array(reader, value, read_stream, gateway);
}

/** Before anything else is read: files of what is not in use need not be there. */
static bool is_enabled(struct json_object *section)
{
	struct json_object *enabled = member(section, "enabled");

	return !json_object_is_type(enabled, json_type_boolean) || json_object_get_boolean(enabled);
}

static int read_mqtt(reader_t *reader, struct json_object *value, void *to)
{
	struct pl_mqtt_def *mqtt = &((struct pl_gateway *)to)->mqtt;
	int r;

	mqtt->enabled = is_enabled(value);
	r = pl_fields_read(reader, value, pl_mqtt_fields, mqtt);
	if (r < 0)
		return r;
	if (mqtt->enabled && !mqtt->host[0])
		return refuse_at(reader, "host", "is missing");
	if (!mqtt->tls && !member(value, "port"))
		mqtt->port = 1883;
	return 0;
}

static int read_s3(reader_t *reader, struct json_object *value, void *to)
{
	struct pl_s3_def *s3 = &((struct pl_gateway *)to)->s3;
	int r;

	s3->enabled = is_enabled(value);
	r = pl_fields_read(reader, value, pl_s3_fields, s3);
	if (r < 0)
		return r;
	if (s3->enabled && !s3->bucket[0])
		return refuse_at(reader, "bucket", "is missing");
	if (!member(value, "path_style"))
		s3->path_style = s3->endpoint[0] != '\0';
	return 0;
}

static int read_clips(reader_t *reader, struct json_object *value, void *to)
{
	return pl_fields_read(reader, value, pl_clips_fields, &((struct pl_gateway *)to)->clips);
}

static const struct pl_field gpio_fields[] = {
	PL_F_CUSTOM("profile", read_profile, NULL), PL_F_CUSTOM("lines", read_lines, NULL), {NULL}};
static const struct pl_field tones_fields[] = {
	PL_F_CUSTOM("inputs", read_inputs, NULL), PL_F_CUSTOM("pages", read_pages, NULL), {NULL}};
static const struct pl_field sap_fields[] = {PL_F_BOOL(pl_gateway, "listen", sap_listen), {NULL}};
static const struct pl_field gateway_fields[] = {PL_F_CUSTOM("streams", read_streams, NULL),
						 PL_F_OBJECT("gpio", gpio_fields),
						 PL_F_OBJECT("tones", tones_fields),
						 PL_F_CUSTOM("clips", read_clips, NULL),
						 PL_F_CUSTOM("mqtt", read_mqtt, NULL),
						 PL_F_CUSTOM("s3", read_s3, NULL),
						 PL_F_OBJECT("sap", sap_fields),
						 {NULL}};

int pl_gateway_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
			 struct pl_gateway *ret_gateway)
{
	struct pl_gateway gateway;
	reader_t reader;
	int r;

	reader_init(&reader, reading);
	pl_gateway_init(&gateway);
	r = pl_fields_read(&reader, tree, gateway_fields, &gateway);
	if (r < 0) {
		pl_gateway_done(&gateway);
		return r;
	}
	if (!member(member(tree, "sap"), "listen"))
		for (size_t i = 0; i < gateway.n_streams; i++)
			if (gateway.streams[i].protocol == PL_STREAM_RTP)
				gateway.sap_listen = true;
	*ret_gateway = gateway;
	return 0;
}

int pl_stream_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
			struct pl_stream_def *ret_stream)
{
	struct pl_stream_def stream;
	reader_t reader;
	int r;

	reader_init(&reader, reading);
	r = take_stream(&reader, tree, &stream);
	stream.origin = PL_ORIGIN_ADDED;
	if (r == 0)
		*ret_stream = stream;
	explicit_bzero(stream.secret, sizeof(stream.secret));
	return r;
}

int pl_page_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
		      struct pl_page_def *ret_page)
{
	struct pl_page_def page;
	reader_t reader;
	int r;

	reader_init(&reader, reading);
	r = take_page(&reader, tree, &page);
	if (r < 0)
		return r;
	page.origin = PL_ORIGIN_ADDED;
	*ret_page = page;
	return 0;
}
