/* SPDX-License-Identifier: MIT */
#include "describe-gateway.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway-json.h"

const char *pl_stream_state_name(enum pl_stream_state state)
{
	static const char *const names[] = {"off", "connecting", "running", "silent", "failed"};

	return names[state];
}

const char *pl_line_state_name(enum pl_line_state state)
{
	static const char *const names[] = {"missing", "busy", "inactive", "active", "stuck"};

	return names[state];
}

/* --- building ------------------------------------------------------------------------ */

/** A document that is either whole or not there. */
struct maker {
	struct json_object *object;
	bool failed;
};

static struct maker make(struct json_object *object)
{
	return (struct maker){.object = object, .failed = !object};
}

static struct json_object *done(struct maker *m)
{
	if (!m->failed)
		return m->object;
	json_object_put(m->object);
	return NULL;
}

static void add(struct maker *m, const char *key, struct json_object *value)
{
	if (m->failed)
		json_object_put(value);
	else if (pl_json_add(m->object, key, value) < 0)
		m->failed = true;
}

static void add_null(struct maker *m, const char *key)
{
	if (!m->failed && json_object_object_add(m->object, key, NULL) < 0)
		m->failed = true;
}

static void add_text(struct maker *m, const char *key, const char *text)
{
	add(m, key, json_object_new_string(text));
}

static void add_uint(struct maker *m, const char *key, uint64_t value)
{
	add(m, key, json_object_new_uint64(value));
}

static void add_bool(struct maker *m, const char *key, bool value)
{
	add(m, key, json_object_new_boolean(value));
}

/** null for what is not known */
static void add_double(struct maker *m, const char *key, double value)
{
	if (isfinite(value))
		add(m, key, pl_json_double(value));
	else
		add_null(m, key);
}

/** [describe(0), …, describe(n - 1)] */
static struct json_object *array_of(struct pl_control *control, size_t n,
				    struct json_object *(*describe)(struct pl_control *control,
								    size_t i))
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < n; i++) {
		struct json_object *value = describe(control, i);

		if (!value || json_object_array_add(array, value) < 0) {
			json_object_put(value);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}

static const char *origin_name(enum pl_origin origin)
{
	return origin == PL_ORIGIN_CONFIG ? "config" : "added";
}

/* --- streams ----------------------------------------------------------------------------- */

static struct json_object *describe_latency(const struct pl_stream_latency *latency)
{
	struct maker m = make(json_object_new_object());

	add_double(&m, "capture_ms", latency->capture);
	add_double(&m, "encode_ms", latency->encode);
	add_double(&m, "packet_ms", latency->packet);
	add_double(&m, "network_ms", latency->network);
	add_double(&m, "jitter_ms", latency->jitter);
	add_double(&m, "decode_ms", latency->decode);
	add_double(&m, "playback_ms", latency->playback);
	add_double(&m, "total_ms", latency->total);
	return done(&m);
}

static struct json_object *describe_stream_status(const struct pl_stream_status *s)
{
	struct maker m = make(json_object_new_object());

	add_text(&m, "state", pl_stream_state_name(s->state));
	add_text(&m, "trouble", s->trouble);
	add_bool(&m, "transmitting", s->transmitting);
	add_uint(&m, "packets_sent", s->n_packets_sent);
	add_uint(&m, "bytes_sent", s->n_bytes_sent);
	add_uint(&m, "packets_received", s->n_packets_received);
	add_uint(&m, "bytes_received", s->n_bytes_received);
	add_uint(&m, "lost", s->n_lost);
	add_uint(&m, "late", s->n_late);
	add_uint(&m, "duplicate", s->n_duplicate);
	add_uint(&m, "reordered", s->n_reordered);
	add_uint(&m, "recovered", s->n_recovered);
	add_uint(&m, "concealed", s->n_concealed);
	add_uint(&m, "refused", s->n_refused);
	add_double(&m, "loss_percent", s->loss_percent);
	add_double(&m, "jitter_ms", s->jitter_ms);
	add_double(&m, "depth_ms", s->depth_ms);
	add_double(&m, "target_ms", s->target_ms);
	add_double(&m, "drift_ppm", s->drift_ppm);
	add_double(&m, "round_trip_ms", s->round_trip_ms);
	add_double(&m, "remote_loss_percent", s->remote_loss_percent);
	add_double(&m, "remote_jitter_ms", s->remote_jitter_ms);
	add(&m, "latency", describe_latency(&s->latency));
	return done(&m);
}

struct json_object *pl_describe_stream(struct pl_control *control,
				       const struct pl_stream_def *stream)
{
	struct maker m = make(pl_stream_to_json(stream, false));
	struct pl_stream_status status = {0};

	add_text(&m, "origin", origin_name(stream->origin));
	pl_control_stream_status(control, stream->id, &status);
	add(&m, "status", describe_stream_status(&status));
	return done(&m);
}

static struct json_object *describe_stream_at(struct pl_control *control, size_t i)
{
	return pl_describe_stream(control, &pl_control_gateway(control)->streams[i]);
}

struct json_object *pl_describe_streams(struct pl_control *control)
{
	return array_of(control, pl_control_gateway(control)->n_streams, describe_stream_at);
}

/* --- lines ----------------------------------------------------------------------------------- */

struct json_object *pl_describe_line(struct pl_control *control, const struct pl_line_def *line)
{
	struct maker m = make(pl_line_to_json(line)), s = make(json_object_new_object());
	struct pl_line_status status = {.offset = -1};

	add_text(&m, "origin", origin_name(line->origin));
	pl_control_line_status(control, line->id, &status);
	add_text(&s, "state", pl_line_state_name(status.state));
	add_text(&s, "trouble", status.trouble);
	add_text(&s, "chip", status.chip);
	if (status.offset >= 0)
		add_uint(&s, "offset", (uint64_t)status.offset);
	else
		add_null(&s, "offset");
	add_bool(&s, "polled", status.polled);
	add_uint(&s, "edges", status.n_edges);
	add_uint(&s, "bounces", status.n_bounces);
	add(&m, "status", done(&s));
	return done(&m);
}

static struct json_object *describe_line_at(struct pl_control *control, size_t i)
{
	return pl_describe_line(control, &pl_control_gateway(control)->lines[i]);
}

struct json_object *pl_describe_lines(struct pl_control *control)
{
	return array_of(control, pl_control_gateway(control)->n_lines, describe_line_at);
}

/* --- tones and pages ---------------------------------------------------------------------------- */

struct json_object *pl_describe_page(const struct pl_page_def *page)
{
	struct maker m = make(pl_page_to_json(page));

	add_text(&m, "origin", origin_name(page->origin));
	return done(&m);
}

static struct json_object *describe_page_at(struct pl_control *control, size_t i)
{
	return pl_describe_page(&pl_control_gateway(control)->pages[i]);
}

struct json_object *pl_describe_pages(struct pl_control *control)
{
	return array_of(control, pl_control_gateway(control)->n_pages, describe_page_at);
}

static struct json_object *describe_input_at(struct pl_control *control, size_t i)
{
	return pl_tone_input_to_json(&pl_control_gateway(control)->tone_inputs[i]);
}

struct json_object *pl_describe_tone(const struct pl_tone_event *tone)
{
	static const char *const types[] = {"digit", "page", "new_pair"};
	struct maker m = make(json_object_new_object());
	char endpoint[PL_ENDPOINT_NAME_MAX], digit[2] = {tone->digit, '\0'};

	pl_endpoint_name(tone->endpoint, endpoint);
	add_text(&m, "endpoint", endpoint);
	add_text(&m, "type", types[tone->type]);
	if (tone->type == PL_TONE_DIGIT)
		add_text(&m, "digit", digit);
	if (tone->type == PL_TONE_PAGE)
		add_text(&m, "page_id", tone->page_id);
	if (tone->type != PL_TONE_DIGIT) {
		add_double(&m, "a_hz", tone->a_hz);
		add_double(&m, "b_hz", tone->b_hz);
		add_double(&m, "a_length_s", tone->a_length_s);
		add_double(&m, "b_length_s", tone->b_length_s);
	}
	add_double(&m, "level_db", tone->level_db);
	add_uint(&m, "begin_position", tone->begin_position);
	add_uint(&m, "end_position", tone->end_position);
	return done(&m);
}

struct json_object *pl_describe_page_record(const struct pl_page_record *record)
{
	struct maker m = make(json_object_new_object());

	add_text(&m, "message_id", record->message_id);
	add_double(&m, "ts", (double)record->ts_usec / 1e6);
	add_text(&m, "page_id", record->page_id);
	add(&m, "tone", pl_describe_tone(&record->tone));
	add_bool(&m, "passthrough", record->passthrough_until_usec > 0);
	add_text(&m, "clip", record->clip);
	add_double(&m, "clip_length_s", record->clip_length_s);
	add_bool(&m, "clip_complete", record->clip_complete);
	add_bool(&m, "clip_uploaded", record->clip_uploaded);
	add_text(&m, "clip_url", record->clip_url);
	return done(&m);
}

struct json_object *pl_describe_page_history(struct pl_control *control, size_t n_max)
{
	struct pl_page_record *records = NULL;
	struct json_object *array = json_object_new_array();
	size_t n;

	if (n_max > PL_PAGE_HISTORY_MAX)
		n_max = PL_PAGE_HISTORY_MAX;
	if (n_max > 0)
		records = calloc(n_max, sizeof(*records));
	n = records ? pl_control_page_history(control, records, n_max) : 0;
	for (size_t i = 0; array && i < n; i++) {
		struct json_object *value = pl_describe_page_record(&records[i]);

		if (!value || json_object_array_add(array, value) < 0) {
			json_object_put(value);
			json_object_put(array);
			array = NULL;
		}
	}
	free(records);
	return array;
}

/** A clip and what its records say: several pages may share it. */
struct clip {
	struct pl_clip_info info; /* first: it is looked for by its name */
	const struct pl_page_record *first;
	bool waits; /* for an upload, as far as a record tells */
	struct json_object *page_ids;
};

static int compare_clips(const void *a, const void *b)
{
	const struct clip *x = a, *y = b;

	return strcmp(x->info.name, y->info.name);
}

static struct clip *find_clip(struct clip *clips, size_t n, const struct pl_page_record *record)
{
	struct clip key = {0};

	if (n == 0 || !record->clip_complete)
		return NULL;
	memcpy(key.info.name, record->clip, sizeof(key.info.name));
	return bsearch(&key, clips, n, sizeof(*clips), compare_clips);
}

/** @param records  newest first. @return 0 or -ENOMEM */
static int read_records(struct clip *clips, size_t n_clips, const struct pl_page_record *records,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct clip *clip = find_clip(clips, n_clips, &records[i]);
		struct json_object *id;

		if (!clip)
			continue;
		clip->first = &records[i];
		clip->waits = clip->waits || !records[i].clip_uploaded;
		if (!clip->page_ids)
			clip->page_ids = json_object_new_array();
		id = clip->page_ids ? json_object_new_string(records[i].page_id) : NULL;
		if (!id || json_object_array_add(clip->page_ids, id) < 0) {
			json_object_put(id);
			return -ENOMEM;
		}
	}
	return 0;
}

static struct json_object *describe_clip(const struct clip *clip)
{
	struct maker m = make(json_object_new_object());
	char endpoint[PL_ENDPOINT_NAME_MAX];

	pl_endpoint_name(clip->first->tone.endpoint, endpoint);
	add_text(&m, "name", clip->info.name);
	add_double(&m, "ts", (double)clip->first->ts_usec / 1e6);
	add_double(&m, "length_s", clip->first->clip_length_s);
	add_uint(&m, "bytes", clip->info.n_bytes);
	add_text(&m, "endpoint", endpoint);
	add(&m, "page_ids", json_object_get(clip->page_ids));
	add_bool(&m, "uploaded", !clip->waits);
	return done(&m);
}

/** Those that a record tells of: nobody could ask for the others. */
static struct json_object *describe_clips(struct clip *clips, size_t n_clips,
					  const struct pl_page_record *records, size_t n)
{
	struct json_object *array = json_object_new_array();

	if (read_records(clips, n_clips, records, n) < 0) {
		json_object_put(array);
		return NULL;
	}
	for (size_t i = 0; array && i < n; i++) {
		const struct clip *clip = find_clip(clips, n_clips, &records[i]);
		struct json_object *value;

		if (!clip || clip->first != &records[i])
			continue;
		value = describe_clip(clip);
		if (!value || json_object_array_add(array, value) < 0) {
			json_object_put(value);
			json_object_put(array);
			array = NULL;
		}
	}
	return array;
}

struct json_object *pl_describe_clips(struct pl_control *control)
{
	struct pl_page_record *records = calloc(PL_PAGE_HISTORY_MAX, sizeof(*records));
	struct pl_clip_info *infos = NULL;
	struct json_object *array = NULL;
	struct clip *clips = NULL;
	int n = records ? pl_control_list_clips(control, &infos) : -ENOMEM;

	if (n > 0)
		clips = calloc((size_t)n, sizeof(*clips));
	if (n == 0) {
		array = json_object_new_array();
	} else if (clips) {
		for (int i = 0; i < n; i++)
			clips[i].info = infos[i];
		qsort(clips, (size_t)n, sizeof(*clips), compare_clips);
		array = describe_clips(
			clips, (size_t)n, records,
			pl_control_page_history(control, records, PL_PAGE_HISTORY_MAX));
	}
	for (int i = 0; clips && i < n; i++)
		json_object_put(clips[i].page_ids);
	free(clips);
	free(infos);
	free(records);
	return array;
}

/* --- telling others ---------------------------------------------------------------------------------- */

static struct json_object *describe_export_status(const struct pl_export_status *status)
{
	struct maker m = make(json_object_new_object());

	add_bool(&m, "connected", status->connected);
	add_uint(&m, "queued", status->n_queued);
	add_uint(&m, "sent", status->n_sent);
	add_uint(&m, "dropped", status->n_dropped);
	add_text(&m, "trouble", status->trouble);
	return done(&m);
}

static struct json_object *describe_clips_status(const struct pl_clips_status *status)
{
	struct maker m = make(json_object_new_object());

	add_uint(&m, "recording", status->n_recording);
	add_uint(&m, "clips", status->n_clips);
	add_uint(&m, "bytes", status->n_bytes);
	add_uint(&m, "memory_bytes", status->n_memory_bytes);
	add_uint(&m, "lost_frames", status->n_lost_frames);
	add_text(&m, "trouble", status->trouble);
	return done(&m);
}

struct json_object *pl_describe_export(struct pl_control *control)
{
	struct maker m = make(json_object_new_object());
	struct pl_export_status status = {0};
	struct pl_clips_status clips = {0};

	if (pl_control_mqtt_status(control, &status) == 0)
		add(&m, "mqtt", describe_export_status(&status));
	else
		add_null(&m, "mqtt");
	if (pl_control_s3_status(control, &status) == 0)
		add(&m, "s3", describe_export_status(&status));
	else
		add_null(&m, "s3");
	if (pl_control_clips_status(control, &clips) == 0)
		add(&m, "clips", describe_clips_status(&clips));
	else
		add_null(&m, "clips");
	return done(&m);
}

static struct json_object *describe_session_at(struct pl_control *control, size_t i)
{
	const struct pl_sap_session *sessions;
	struct maker m = make(json_object_new_object());

	pl_control_sap_sessions(control, &sessions);
	add_text(&m, "name", sessions[i].name);
	add_text(&m, "host", sessions[i].host);
	add_uint(&m, "port", sessions[i].port);
	add_uint(&m, "payload_type", sessions[i].payload_type);
	add_uint(&m, "channels", sessions[i].n_channels);
	add_double(&m, "ptime_ms", sessions[i].ptime_ms);
	add_bool(&m, "opus", sessions[i].is_opus);
	add_text(&m, "sdp", sessions[i].sdp);
	return done(&m);
}

struct json_object *pl_describe_sap(struct pl_control *control)
{
	const struct pl_sap_session *sessions;
	size_t n = pl_control_sap_sessions(control, &sessions);

	return array_of(control, n, describe_session_at);
}

/* --- all of it -------------------------------------------------------------------------------- */

struct json_object *pl_describe_gateway(struct pl_control *control)
{
	struct maker m = make(json_object_new_object()), gpio = make(json_object_new_object()),
		     tones = make(json_object_new_object()), sap = make(json_object_new_object());
	const struct pl_gateway *gateway = pl_control_gateway(control);

	add_text(&m, "trouble", pl_control_gateway_trouble(control));
	add(&m, "streams", pl_describe_streams(control));
	add(&gpio, "lines", pl_describe_lines(control));
	add(&m, "gpio", done(&gpio));
	add(&tones, "inputs", array_of(control, gateway->n_tone_inputs, describe_input_at));
	add(&tones, "pages", pl_describe_pages(control));
	add(&m, "tones", done(&tones));
	add(&m, "export", pl_describe_export(control));
	add_bool(&sap, "listen", gateway->sap_listen);
	add(&m, "sap", done(&sap));
	return done(&m);
}
