/* SPDX-License-Identifier: MIT */
#include "gateway-def.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway-fields.h"

void pl_stream_def_init(struct pl_stream_def *stream, enum pl_stream_protocol protocol)
{
	bool is_rtp = protocol == PL_STREAM_RTP;

	memset(stream, 0, sizeof(*stream));
	stream->protocol = protocol;
	stream->way = PL_STREAM_BOTH;
	stream->transmit = is_rtp ? PL_TRANSMIT_ALWAYS : PL_TRANSMIT_KEYED;
	stream->payload_type = 96;
	stream->dscp = 46;
	stream->ttl = 1;
	stream->cipher = PL_CIPHER_AES_256_GCM;
	stream->n_channels = 1;
	stream->ptime_ms = is_rtp ? 5.0 : 40.0;
	stream->bitrate_bps = 64000;
	stream->complexity = 5;
	stream->fec = is_rtp;
	stream->expected_loss = 10;
	stream->jitter_safety = 0.5;
	stream->jitter_max_ms = 200.0;
}

void pl_line_def_init(struct pl_line_def *line, enum pl_line_function function)
{
	bool is_key = function == PL_LINE_KEY;

	memset(line, 0, sizeof(*line));
	line->function = function;
	line->offset = -1;
	line->active_low = is_key;
	line->pull = is_key ? PL_PULL_UP : PL_PULL_AS_IS;
	line->debounce_us = 5000;
	line->timeout_s = 300;
	line->poll_ms = 5;
	line->threshold_db = -40.0;
	line->hang_ms = 300;
}

void pl_tone_input_init(struct pl_tone_input *input)
{
	memset(input, 0, sizeof(*input));
	input->new_length_s = 1.0;
	input->new_range_hz = 3.0;
}

void pl_page_def_init(struct pl_page_def *page)
{
	memset(page, 0, sizeof(*page));
	page->a_tolerance = page->b_tolerance = 1.2;
	page->tolerance_unit = PL_TOLERANCE_PERCENT;
	page->pre_roll_s = 5.0;
}

static void init_mqtt(struct pl_mqtt_def *mqtt)
{
	memset(mqtt, 0, sizeof(*mqtt));
	mqtt->port = 8883;
	mqtt->tls = true;
	strcpy(mqtt->topic, "from/device/%s/tone_detection");
	strcpy(mqtt->availability_topic, "from/device/%s/availability");
	mqtt->keepalive_s = 60;
	mqtt->queue_max = 10000;
}

static void init_s3(struct pl_s3_def *s3)
{
	memset(s3, 0, sizeof(*s3));
	strcpy(s3->region, "us-east-1");
	strcpy(s3->prefix, "audio_recordings/");
	s3->presign_s = 86400;
	s3->part_bytes = UINT64_C(16) << 20;
}

void pl_gateway_init(struct pl_gateway *gateway)
{
	memset(gateway, 0, sizeof(*gateway));
	init_mqtt(&gateway->mqtt);
	init_s3(&gateway->s3);
	gateway->clips.keep_bytes = UINT64_C(1) << 30;
}

/** Freed memory may come back to somebody who shows it. */
static void forget(void *secret, size_t size)
{
	if (secret)
		explicit_bzero(secret, size);
}

void pl_gateway_done(struct pl_gateway *gateway)
{
	forget(gateway->streams, gateway->n_streams * sizeof(*gateway->streams));
	forget(&gateway->mqtt, sizeof(gateway->mqtt));
	forget(&gateway->s3, sizeof(gateway->s3));
	free(gateway->streams);
	free(gateway->lines);
	free(gateway->tone_inputs);
	free(gateway->pages);
	memset(gateway, 0, sizeof(*gateway));
}

static bool copy_array(const void *from, size_t n, size_t size, void *ret_to)
{
	void *to = NULL;

	if (n > 0) {
		to = calloc(n, size);
		if (!to)
			return false;
		memcpy(to, from, n * size);
	}
	memcpy(ret_to, &to, sizeof(to));
	return true;
}

int pl_gateway_copy(const struct pl_gateway *gateway, struct pl_gateway *ret_gateway)
{
	struct pl_gateway copy = *gateway;

	copy.streams = NULL;
	copy.lines = NULL;
	copy.tone_inputs = NULL;
	copy.pages = NULL;
	if (!copy_array(gateway->streams, gateway->n_streams, sizeof(*gateway->streams),
			&copy.streams) ||
	    !copy_array(gateway->lines, gateway->n_lines, sizeof(*gateway->lines), &copy.lines) ||
	    !copy_array(gateway->tone_inputs, gateway->n_tone_inputs, sizeof(*gateway->tone_inputs),
			&copy.tone_inputs) ||
	    !copy_array(gateway->pages, gateway->n_pages, sizeof(*gateway->pages), &copy.pages)) {
		pl_gateway_done(&copy);
		return -ENOMEM;
	}
	*ret_gateway = copy;
	return 0;
}

const struct pl_stream_def *pl_gateway_stream(const struct pl_gateway *gateway, const char *id)
{
	for (size_t i = 0; i < gateway->n_streams; i++)
		if (strcmp(gateway->streams[i].id, id) == 0)
			return &gateway->streams[i];
	return NULL;
}

const struct pl_line_def *pl_gateway_line(const struct pl_gateway *gateway, const char *id)
{
	for (size_t i = 0; i < gateway->n_lines; i++)
		if (strcmp(gateway->lines[i].id, id) == 0)
			return &gateway->lines[i];
	return NULL;
}

const struct pl_page_def *pl_gateway_page(const struct pl_gateway *gateway, const char *id)
{
	for (size_t i = 0; i < gateway->n_pages; i++)
		if (strcmp(gateway->pages[i].id, id) == 0)
			return &gateway->pages[i];
	return NULL;
}

/* --- arrays that grow ------------------------------------------------------------ */

/** @return the new last element, zeroed, or NULL */
static void *add_element(void *array, size_t *n, size_t size, size_t n_max)
{
	void *old, *grown;

	memcpy(&old, array, sizeof(old));
	if (*n >= n_max)
		return NULL;
	grown = calloc(*n + 1, size);
	if (!grown)
		return NULL;
	if (old)
		memcpy(grown, old, *n * size);
	forget(old, *n * size);
	free(old);
	memcpy(array, &grown, sizeof(grown));
	return (char *)grown + (*n)++ * size;
}

static int full(size_t n, size_t n_max)
{
	return n >= n_max ? -ENOSPC : -ENOMEM;
}

int pl_gateway_add_stream(struct pl_gateway *gateway, const struct pl_stream_def *stream)
{
	struct pl_stream_def *to =
		add_element(&gateway->streams, &gateway->n_streams, sizeof(*to), PL_STREAMS_MAX);

	if (!to)
		return full(gateway->n_streams, PL_STREAMS_MAX);
	*to = *stream;
	return 0;
}

int pl_gateway_add_line(struct pl_gateway *gateway, const struct pl_line_def *line)
{
	struct pl_line_def *to =
		add_element(&gateway->lines, &gateway->n_lines, sizeof(*to), PL_LINES_MAX);

	if (!to)
		return full(gateway->n_lines, PL_LINES_MAX);
	*to = *line;
	return 0;
}

int pl_gateway_add_tone_input(struct pl_gateway *gateway, const struct pl_tone_input *input)
{
	struct pl_tone_input *to = add_element(&gateway->tone_inputs, &gateway->n_tone_inputs,
					       sizeof(*to), PL_TONE_INPUTS_MAX);

	if (!to)
		return full(gateway->n_tone_inputs, PL_TONE_INPUTS_MAX);
	*to = *input;
	return 0;
}

int pl_gateway_add_page(struct pl_gateway *gateway, const struct pl_page_def *page)
{
	struct pl_page_def *to =
		add_element(&gateway->pages, &gateway->n_pages, sizeof(*to), PL_PAGES_MAX);

	if (!to)
		return full(gateway->n_pages, PL_PAGES_MAX);
	*to = *page;
	return 0;
}

void pl_gateway_remove_stream(struct pl_gateway *gateway, const char *id)
{
	for (size_t i = 0; i < gateway->n_streams; i++) {
		if (strcmp(gateway->streams[i].id, id) != 0)
			continue;
		gateway->n_streams--;
		memmove(&gateway->streams[i], &gateway->streams[i + 1],
			(gateway->n_streams - i) * sizeof(gateway->streams[0]));
		forget(&gateway->streams[gateway->n_streams], sizeof(gateway->streams[0]));
		return;
	}
}

void pl_gateway_remove_page(struct pl_gateway *gateway, const char *id)
{
	for (size_t i = 0; i < gateway->n_pages; i++) {
		if (strcmp(gateway->pages[i].id, id) != 0)
			continue;
		gateway->n_pages--;
		memmove(&gateway->pages[i], &gateway->pages[i + 1],
			(gateway->n_pages - i) * sizeof(gateway->pages[0]));
		return;
	}
}

/* --- equal --------------------------------------------------------------------------- */

bool pl_stream_def_equal(const struct pl_stream_def *a, const struct pl_stream_def *b)
{
	return a->origin == b->origin && pl_fields_equal(pl_stream_fields, a, b) &&
	       a->secret_size == b->secret_size &&
	       memcmp(a->secret, b->secret, a->secret_size) == 0;
}

bool pl_line_def_equal(const struct pl_line_def *a, const struct pl_line_def *b)
{
	return a->origin == b->origin && pl_fields_equal(pl_line_fields, a, b) &&
	       a->offset == b->offset && strcmp(a->line_name, b->line_name) == 0 &&
	       a->debounce_us == b->debounce_us;
}

bool pl_page_def_equal(const struct pl_page_def *a, const struct pl_page_def *b)
{
	return a->origin == b->origin && a->clip_opus == b->clip_opus &&
	       pl_fields_equal(pl_page_fields, a, b);
}

bool pl_tone_input_equal(const struct pl_tone_input *a, const struct pl_tone_input *b)
{
	if (!pl_fields_equal(pl_tone_input_fields, a, b) || a->n_filters != b->n_filters)
		return false;
	for (uint32_t i = 0; i < a->n_filters; i++)
		if (!pl_fields_equal(pl_tone_filter_fields, &a->filters[i], &b->filters[i]))
			return false;
	return true;
}

bool pl_gateway_equal(const struct pl_gateway *a, const struct pl_gateway *b)
{
	if (a->n_streams != b->n_streams || a->n_lines != b->n_lines ||
	    a->n_tone_inputs != b->n_tone_inputs || a->n_pages != b->n_pages ||
	    a->sap_listen != b->sap_listen ||
	    !pl_fields_equal(pl_mqtt_fields, &a->mqtt, &b->mqtt) ||
	    !pl_fields_equal(pl_s3_fields, &a->s3, &b->s3) ||
	    !pl_fields_equal(pl_clips_fields, &a->clips, &b->clips))
		return false;
	for (size_t i = 0; i < a->n_streams; i++)
		if (!pl_stream_def_equal(&a->streams[i], &b->streams[i]))
			return false;
	for (size_t i = 0; i < a->n_lines; i++)
		if (!pl_line_def_equal(&a->lines[i], &b->lines[i]))
			return false;
	for (size_t i = 0; i < a->n_tone_inputs; i++)
		if (!pl_tone_input_equal(&a->tone_inputs[i], &b->tone_inputs[i]))
			return false;
	for (size_t i = 0; i < a->n_pages; i++)
		if (!pl_page_def_equal(&a->pages[i], &b->pages[i]))
			return false;
	return true;
}
