/* SPDX-License-Identifier: MIT */
#include "control-gateway.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/** The gateway as it is: definitions, and what the parts tell of themselves. */

const struct pl_gateway *pl_control_gateway(const struct pl_control *control)
{
	return &control->gateway.active;
}

const char *pl_control_gateway_trouble(const struct pl_control *control)
{
	return control->gateway.trouble;
}

int pl_control_stream_status(struct pl_control *control, const char *id,
			     struct pl_stream_status *ret_status)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	if (!pl_gateway_stream(&control->gateway.active, id))
		return -ENOENT;
	if (p->stream_ops)
		return p->stream_ops->status(p->streams, id, ret_status);
	*ret_status = (struct pl_stream_status){
		.state = PL_STREAM_OFF,
		.round_trip_ms = NAN,
		.remote_loss_percent = NAN,
		.remote_jitter_ms = NAN,
	};
	return 0;
}

/** Without lines that begin with `prefix`. @return new length */
static int drop_lines(char *text, const char *prefix)
{
	char *to = text;
	const char *line = text;

	while (*line) {
		size_t n = strcspn(line, "\n");

		n += line[n] == '\n';
		if (strncmp(line, prefix, strlen(prefix)) != 0) {
			memmove(to, line, n);
			to += n;
		}
		line += n;
	}
	explicit_bzero(to, strlen(to));
	return (int)(to - text);
}

int pl_control_stream_sdp(struct pl_control *control, const struct pl_actor *actor, const char *id,
			  char *ret_text, size_t size)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	const struct pl_stream_def *stream = pl_gateway_stream(&control->gateway.active, id);
	int r;

	if (!stream || stream->protocol != PL_STREAM_RTP || !p->stream_ops)
		return -ENOENT;
	r = p->stream_ops->sdp(p->streams, id, ret_text, size);
	if (r < 0 || stream->cipher == PL_CIPHER_NONE)
		return r;
	if (actor->role < PL_ROLE_ADMIN)
		return drop_lines(ret_text, "a=crypto:");
	control_audit_verb(control, actor, __func__, 0, NULL);
	return r;
}

int pl_control_line_status(struct pl_control *control, const char *id,
			   struct pl_line_status *ret_status)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	if (!pl_gateway_line(&control->gateway.active, id))
		return -ENOENT;
	if (p->gpio_ops)
		return p->gpio_ops->status(p->gpio, id, ret_status);
	*ret_status = (struct pl_line_status){.state = PL_LINE_MISSING, .offset = -1};
	return 0;
}

size_t pl_control_page_history(struct pl_control *control, struct pl_page_record *ret_records,
			       size_t n_max)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	return p->page_ops ? p->page_ops->history(p->pages, ret_records, n_max) : 0;
}

int pl_control_clip_path(struct pl_control *control, const char *name, char *ret_path, size_t size)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	return p->page_ops ? p->page_ops->clip_path(p->pages, name, ret_path, size) : -ENOENT;
}

int pl_control_list_clips(struct pl_control *control, struct pl_clip_info **ret_clips)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	*ret_clips = NULL;
	return p->page_ops && p->page_ops->clips ? p->page_ops->clips(p->pages, ret_clips) : 0;
}

int pl_control_clips_status(struct pl_control *control, struct pl_clips_status *ret_status)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	if (!p->page_ops)
		return -ENODATA;
	p->page_ops->status(p->pages, ret_status);
	return 0;
}

int pl_control_mqtt_status(struct pl_control *control, struct pl_export_status *ret_status)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	if (!p->export_ops || !control->gateway.active.mqtt.enabled)
		return -ENODATA;
	p->export_ops->mqtt_status(p->export, ret_status);
	return 0;
}

int pl_control_s3_status(struct pl_control *control, struct pl_export_status *ret_status)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	if (!p->export_ops || !control->gateway.active.s3.enabled)
		return -ENODATA;
	p->export_ops->s3_status(p->export, ret_status);
	return 0;
}

size_t pl_control_sap_sessions(struct pl_control *control,
			       const struct pl_sap_session **ret_sessions)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	*ret_sessions = NULL;
	return p->stream_ops ? p->stream_ops->sap_sessions(p->streams, ret_sessions) : 0;
}
