/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "describe-gateway.h"
#include "gateway-json.h"

/** The gateway: streams, lines, pages, their clips, whom they are told to. */

/** {"name": value}, takes the value. */
static int answer(struct pl_http_call *call, const char *name, struct json_object *value)
{
	struct json_object *object = json_object_new_object();

	if (!object) {
		json_object_put(value);
		return -ENOMEM;
	}
	if (pl_json_add(object, name, value) < 0) {
		json_object_put(object);
		return -ENOMEM;
	}
	call->result = object;
	return 0;
}

static int done(struct pl_http_call *call, int r)
{
	if (r < 0)
		return r;
	call->result = json_object_new_object();
	return call->result ? 0 : -ENOMEM;
}

int pl_api_gateway(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_gateway(call->control);
	return call->result ? 0 : -ENOMEM;
}

int pl_api_gpio(struct pl_http_call *call, struct pl_error *error)
{
	return answer(call, "lines", pl_describe_lines(call->control));
}

int pl_api_sap(struct pl_http_call *call, struct pl_error *error)
{
	return answer(call, "sessions", pl_describe_sap(call->control));
}

int pl_api_export(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_export(call->control);
	return call->result ? 0 : -ENOMEM;
}

/* --- definitions from outside ---------------------------------------------------------- */

/** What a strict reader refused, as FastAPI would have put it. */
struct refusal {
	char pointer[128], reason[256];
	struct pl_gateway_reading reading;
};

static void refusal_init(struct refusal *refusal)
{
	*refusal = (struct refusal){.reading = {
					    .pointer = refusal->pointer,
					    .pointer_size = sizeof(refusal->pointer),
					    .reason = refusal->reason,
					    .reason_size = sizeof(refusal->reason),
				    }};
}

static int refused(struct pl_http_call *call, const struct refusal *refusal, int r)
{
	if (r == -EINVAL)
		pl_detail_add_pointer(call->details, "body", refusal->pointer, refusal->reason,
				      "value_error");
	return r;
}

/* --- streams --------------------------------------------------------------------------- */

int pl_api_streams(struct pl_http_call *call, struct pl_error *error)
{
	return answer(call, "streams", pl_describe_streams(call->control));
}

static int answer_stream(struct pl_http_call *call, const char *id)
{
	const struct pl_stream_def *stream =
		pl_gateway_stream(pl_control_gateway(call->control), id);

	if (!stream)
		return -ENOENT;
	call->result = pl_describe_stream(call->control, stream);
	return call->result ? 0 : -ENOMEM;
}

int pl_api_add_stream(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_stream_def stream;
	struct refusal refusal;
	int r;

	refusal_init(&refusal);
	r = pl_stream_from_json(&refusal.reading, call->body->tree, &stream);
	if (r < 0)
		return refused(call, &refusal, r);
	r = pl_control_add_stream(call->control, call->actor, &stream, error);
	explicit_bzero(stream.secret, sizeof(stream.secret));
	return r < 0 ? r : answer_stream(call, stream.id);
}

int pl_api_stream(struct pl_http_call *call, struct pl_error *error)
{
	return answer_stream(call, call->text);
}

int pl_api_remove_stream(struct pl_http_call *call, struct pl_error *error)
{
	return done(call, pl_control_remove_stream(call->control, call->actor, call->text, error));
}

int pl_api_put_jitter(struct pl_http_call *call, struct pl_error *error)
{
	int r = pl_control_set_jitter(call->control, call->actor, call->text,
				      call->body->value[0].number, error);

	return r < 0 ? r : answer_stream(call, call->text);
}

int pl_api_stream_sdp(struct pl_http_call *call, struct pl_error *error)
{
	char sdp[PL_SDP_MAX];
	int r = pl_control_stream_sdp(call->control, call->actor, call->text, sdp, sizeof(sdp));

	if (r < 0)
		return r;
	call->plain.type = "application/sdp";
	call->plain.text = strdup(sdp);
	explicit_bzero(sdp, sizeof(sdp));
	return call->plain.text ? 0 : -ENOMEM;
}

/* --- pages ------------------------------------------------------------------------------- */

int pl_api_pages(struct pl_http_call *call, struct pl_error *error)
{
	return answer(call, "pages", pl_describe_pages(call->control));
}

static int answer_page(struct pl_http_call *call, const char *id)
{
	const struct pl_page_def *page = pl_gateway_page(pl_control_gateway(call->control), id);

	if (!page)
		return -ENOENT;
	call->result = pl_describe_page(page);
	return call->result ? 0 : -ENOMEM;
}

int pl_api_add_page(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_page_def page;
	struct refusal refusal;
	int r;

	refusal_init(&refusal);
	r = pl_page_from_json(&refusal.reading, call->body->tree, &page);
	if (r < 0)
		return refused(call, &refusal, r);
	r = pl_control_add_page(call->control, call->actor, &page, error);
	return r < 0 ? r : answer_page(call, page.id);
}

int pl_api_remove_page(struct pl_http_call *call, struct pl_error *error)
{
	return done(call, pl_control_remove_page(call->control, call->actor, call->text, error));
}

int pl_api_page_from_record(struct pl_http_call *call, struct pl_error *error)
{
	const struct pl_body_value *value = call->body->value;
	int r = pl_control_page_from_record(call->control, call->actor, value[0].string,
					    value[1].string, error);

	return r < 0 ? r : answer_page(call, value[1].string);
}

int pl_api_end_page(struct pl_http_call *call, struct pl_error *error)
{
	return done(call, pl_control_end_page(call->control, call->actor, call->body->value[0].id,
					      error));
}

int pl_api_page_history(struct pl_http_call *call, struct pl_error *error)
{
	return answer(call, "history",
		      pl_describe_page_history(call->control, PL_PAGE_HISTORY_MAX));
}

int pl_api_clips(struct pl_http_call *call, struct pl_error *error)
{
	return answer(call, "clips", pl_describe_clips(call->control));
}

int pl_api_remove_clip(struct pl_http_call *call, struct pl_error *error)
{
	return done(call, pl_control_remove_clip(call->control, call->actor, call->text, error));
}

int pl_api_clip(struct pl_http_call *call, struct pl_error *error)
{
	char path[PL_PATH_MAX];
	const char *end = strrchr(call->text, '.');
	int r = pl_control_clip_path(call->control, call->text, path, sizeof(path));

	if (r < 0)
		return r;
	call->plain.type = end && strcmp(end, ".wav") == 0 ? "audio/wav" : "audio/ogg";
	call->plain.file = strdup(path);
	return call->plain.file ? 0 : -ENOMEM;
}
