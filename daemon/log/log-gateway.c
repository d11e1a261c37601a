/* SPDX-License-Identifier: MIT */
#include "log-gateway.h"

#include "describe-gateway.h"
#include "gateway.h"

static void add_text(struct json_object *data, const char *key, const char *text)
{
	json_object_object_add(data, key, json_object_new_string(text));
}

static void log_stream(struct pl_log *log, struct pl_control *control, const char *id,
		       struct json_object *data)
{
	struct pl_stream_status status;

	if (pl_control_stream_status(control, id, &status) < 0) {
		json_object_put(data);
		return;
	}
	add_text(data, "stream", id);
	add_text(data, "state", pl_stream_state_name(status.state));
	pl_log_event(log, status.state == PL_STREAM_FAILED ? PL_LOG_WARNING : PL_LOG_INFO, "stream",
		     data, "Stream %s: %s%s%s", id, pl_stream_state_name(status.state),
		     status.trouble[0] ? ", " : "", status.trouble);
}

static void log_line(struct pl_log *log, struct pl_control *control, const char *id,
		     struct json_object *data)
{
	struct pl_line_status status;
	bool bad;

	if (pl_control_line_status(control, id, &status) < 0) {
		json_object_put(data);
		return;
	}
	bad = status.state == PL_LINE_MISSING || status.state == PL_LINE_BUSY ||
	      status.state == PL_LINE_STUCK;
	add_text(data, "line", id);
	add_text(data, "state", pl_line_state_name(status.state));
	pl_log_event(log, bad ? PL_LOG_WARNING : PL_LOG_INFO, "gpio.line", data, "Line %s: %s%s%s",
		     id, pl_line_state_name(status.state), status.trouble[0] ? ", " : "",
		     status.trouble);
}

static void log_tone(struct pl_log *log, const struct pl_tone_event *tone, struct json_object *data)
{
	char where[PL_ENDPOINT_NAME_MAX];

	pl_endpoint_name(tone->endpoint, where);
	json_object_object_add(data, "tone", pl_describe_tone(tone));
	if (tone->type == PL_TONE_DIGIT)
		pl_log_event(log, PL_LOG_DEBUG, "tone", data, "%s: digit %c", where, tone->digit);
	else if (tone->type == PL_TONE_PAGE)
		pl_log_event(log, PL_LOG_INFO, "tone", data, "%s: page %s", where, tone->page_id);
	else
		pl_log_event(log, PL_LOG_INFO, "tone", data, "%s: unknown pair %.1f Hz, %.1f Hz",
			     where, tone->a_hz, tone->b_hz);
}

static void log_page(struct pl_log *log, const struct pl_page_record *page,
		     struct json_object *data)
{
	const char *what = "heard";

	if (page->clip_uploaded)
		what = "clip uploaded";
	else if (page->clip_complete)
		what = "clip complete";
	json_object_object_add(data, "page", pl_describe_page_record(page));
	pl_log_event(log, PL_LOG_INFO, "page", data, "Page %s: %s",
		     page->page_id[0] ? page->page_id : "(unknown pair)", what);
}

static void log_one_export(struct pl_log *log, const char *what,
			   const struct pl_export_status *status)
{
	if (status->trouble[0])
		pl_log_event(log, PL_LOG_WARNING, "export.trouble", NULL, "%s: %s", what,
			     status->trouble);
	else
		pl_log_event(log, PL_LOG_INFO, "export", NULL, "%s: %s", what,
			     status->connected ? "connected" : "not connected");
}

static void log_export(struct pl_log *log, struct pl_control *control)
{
	struct pl_export_status status;
	struct pl_clips_status clips;

	if (pl_control_mqtt_status(control, &status) == 0)
		log_one_export(log, "MQTT", &status);
	if (pl_control_s3_status(control, &status) == 0)
		log_one_export(log, "S3", &status);
	if (pl_control_clips_status(control, &clips) == 0 && clips.trouble[0])
		pl_log_event(log, PL_LOG_WARNING, "clips.trouble", NULL, "%s", clips.trouble);
}

void log_gateway_event(struct pl_log *log, struct pl_control *control, const struct pl_event *event,
		       struct json_object *data)
{
	const struct pl_gateway *gateway = pl_control_gateway(control);

	switch (event->type) {
	case PL_EVENT_GATEWAY:
		pl_log_event(log, PL_LOG_INFO, "gateway.updated", data,
			     "Gateway: %zu streams, %zu lines, %zu pages", gateway->n_streams,
			     gateway->n_lines, gateway->n_pages);
		return;
	case PL_EVENT_STREAM:
		log_stream(log, control, event->gateway_id, data);
		return;
	case PL_EVENT_LINE:
		log_line(log, control, event->gateway_id, data);
		return;
	case PL_EVENT_TONE:
		log_tone(log, event->tone, data);
		return;
	case PL_EVENT_PAGE:
		log_page(log, event->page, data);
		return;
	case PL_EVENT_EXPORT:
		log_export(log, control);
		break;
	default:
		break;
	}
	json_object_put(data);
}
