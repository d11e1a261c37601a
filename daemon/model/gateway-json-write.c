/* SPDX-License-Identifier: MIT */
#include "gateway-json.h"

#include "gateway-fields.h"

/** Members that say nothing about this one. */
static void drop(struct json_object *object, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_object_object_del(object, names[i]);
}

struct json_object *pl_stream_to_json(const struct pl_stream_def *stream, bool secrets)
{
	static const char *const of_rtp[] = {"remote",       "local", "srtp",
					     "payload_type", "ttl",   "announce"};
	static const char *const of_echostream[] = {"echostream"};
	struct json_object *object = pl_fields_write(pl_stream_fields, stream, secrets);
	struct json_object *remote;

	if (!object)
		return NULL;
	if (stream->protocol == PL_STREAM_RTP) {
		drop(object, of_echostream, 1);
		/* Nobody to send to is no port 0. */
		if (stream->remote_port == 0 &&
		    json_object_object_get_ex(object, "remote", &remote))
			json_object_object_del(remote, "port");
	} else {
		drop(object, of_rtp, sizeof(of_rtp) / sizeof(of_rtp[0]));
	}
	return object;
}

struct json_object *pl_line_to_json(const struct pl_line_def *line)
{
	static const char *const of_key[] = {"tablet",    "mode",        "hold_off_ms",
					     "timeout_s", "debounce_ms", "poll_ms"};
	static const char *const of_meter[] = {"threshold_db", "hang_ms"};
	struct json_object *object = pl_fields_write(pl_line_fields, line, false);

	if (!object)
		return NULL;
	if (line->function != PL_LINE_KEY)
		drop(object, of_key, sizeof(of_key) / sizeof(of_key[0]));
	if (line->function != PL_LINE_TALLY && line->function != PL_LINE_CARRIER)
		drop(object, of_meter, 2);
	return object;
}

struct json_object *pl_tone_input_to_json(const struct pl_tone_input *input)
{
	return pl_fields_write(pl_tone_input_fields, input, false);
}

struct json_object *pl_page_to_json(const struct pl_page_def *page)
{
	static const char *const of_tones[] = {"a_hz",          "b_hz",        "a_length_s",
					       "b_length_s",    "a_tolerance", "b_tolerance",
					       "tolerance_unit"};
	static const char *const of_b[] = {"b_hz", "b_length_s", "b_tolerance"};
	static const char *const of_dtmf[] = {"digits"};
	struct json_object *object = pl_fields_write(pl_page_fields, page, false);

	if (!object)
		return NULL;
	if (page->kind == PL_PAGE_DTMF)
		drop(object, of_tones, sizeof(of_tones) / sizeof(of_tones[0]));
	else
		drop(object, of_dtmf, 1);
	if (page->kind == PL_PAGE_LONG)
		drop(object, of_b, 3);
	return object;
}

/* --- all of it -------------------------------------------------------------------------- */

/** Appends and takes the value. @return false without memory: the array is put then */
static bool append(struct json_object **array, struct json_object *value)
{
	if (*array && value && json_object_array_add(*array, value) == 0)
		return true;
	json_object_put(value);
	json_object_put(*array);
	*array = NULL;
	return false;
}

static struct json_object *streams_to_json(const struct pl_gateway *gateway)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < gateway->n_streams; i++)
		if (!append(&array, pl_stream_to_json(&gateway->streams[i], false)))
			break;
	return array;
}

static struct json_object *lines_to_json(const struct pl_gateway *gateway)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < gateway->n_lines; i++)
		if (!append(&array, pl_line_to_json(&gateway->lines[i])))
			break;
	return array;
}

static struct json_object *inputs_to_json(const struct pl_gateway *gateway)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < gateway->n_tone_inputs; i++)
		if (!append(&array, pl_tone_input_to_json(&gateway->tone_inputs[i])))
			break;
	return array;
}

static struct json_object *pages_to_json(const struct pl_gateway *gateway)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < gateway->n_pages; i++)
		if (!append(&array, pl_page_to_json(&gateway->pages[i])))
			break;
	return array;
}

/** {"name": value}, takes the value. */
static struct json_object *wrap(const char *name, struct json_object *value)
{
	struct json_object *object = json_object_new_object();

	if (!object) {
		json_object_put(value);
		return NULL;
	}
	if (pl_json_add(object, name, value) < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

static struct json_object *tones_to_json(const struct pl_gateway *gateway)
{
	struct json_object *object = wrap("inputs", inputs_to_json(gateway));

	if (object && pl_json_add(object, "pages", pages_to_json(gateway)) < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

struct json_object *pl_gateway_to_json(const struct pl_gateway *gateway)
{
	struct json_object *object = wrap("streams", streams_to_json(gateway));
	int r = object ? 0 : -1;

	if (r == 0)
		r = pl_json_add(object, "gpio", wrap("lines", lines_to_json(gateway)));
	if (r == 0)
		r = pl_json_add(object, "tones", tones_to_json(gateway));
	if (r == 0)
		r = pl_json_add(object, "clips",
				pl_fields_write(pl_clips_fields, &gateway->clips, false));
	if (r == 0 && gateway->mqtt.host[0])
		r = pl_json_add(object, "mqtt",
				pl_fields_write(pl_mqtt_fields, &gateway->mqtt, false));
	if (r == 0 && gateway->s3.bucket[0])
		r = pl_json_add(object, "s3", pl_fields_write(pl_s3_fields, &gateway->s3, false));
	if (r == 0)
		r = pl_json_add(object, "sap",
				wrap("listen", json_object_new_boolean(gateway->sap_listen)));
	if (r < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}
