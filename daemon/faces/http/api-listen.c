/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "listen.h"

/** Browsers that listen (WHEP, draft-ietf-wish-whep-04) and talk (WHIP, RFC 9725). */

#define MIX_TEXT_MAX 4096u

static int refuse(struct pl_http_call *call, const char *first, const char *field, const char *why)
{
	const char *const loc[] = {first, field, NULL};
	int r = pl_detail_add(call->details, loc, why, "value_error");

	return r < 0 ? r : -EINVAL;
}

static struct pl_mix_reading reading_of(const struct pl_http_call *call, char *reason, size_t size)
{
	const struct pl_model *model = pl_control_model(call->control);

	return (struct pl_mix_reading){
		.n_tablets = model->n_tablets,
		.n_channels = model->n_channels,
		.reason = reason,
		.reason_size = size,
	};
}

/** 201 with the answer and where the session is. */
static int answer(struct pl_http_call *call, const char *path,
		  const struct pl_listen_answer *session)
{
	call->plain.type = "application/sdp";
	call->plain.text = strdup(session->sdp);
	if (!call->plain.text)
		return -ENOMEM;
	snprintf(call->plain.location, sizeof(call->plain.location), "%s/%s", path, session->id);
	snprintf(call->plain.tag, sizeof(call->plain.tag), "%s", session->tag);
	call->plain.ice_servers = true;
	return 0;
}

static int read_mix(struct pl_http_call *call, struct pl_mix *ret_mix)
{
	char text[MIX_TEXT_MAX], reason[160];
	const struct pl_mix_reading reading = reading_of(call, reason, sizeof(reason));
	int r = pl_http_call_query(call, "mix", text, sizeof(text));

	if (r == -ENOENT) {
		pl_control_default_mix(call->control, ret_mix);
		return 0;
	}
	if (r == 0)
		r = pl_mix_from_text(&reading, text, ret_mix);
	else
		snprintf(reason, sizeof(reason), "The mix is too long");
	return r == -EINVAL ? refuse(call, "query", "mix", reason) : r;
}

int pl_api_whep(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_listen_answer session;
	struct pl_mix mix;
	int r;

	r = read_mix(call, &mix);
	if (r == 0)
		r = pl_control_open_listener(call->control, call->actor, &mix, call->body->text,
					     call->body->size, &session, error);
	return r < 0 ? r : answer(call, "/whep", &session);
}

int pl_api_whip(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_listen_answer session;
	char text[16], secret[128] = "";
	uint32_t tablet_id;
	int r;

	r = pl_http_call_query(call, "tablet", text, sizeof(text));
	if (r < 0 || pl_id_from_text(text, &tablet_id) < 0)
		return refuse(call, "query", "tablet",
			      "The tablet to talk into should be given: /whip?tablet=1");
	r = pl_http_call_query(call, "secret", secret, sizeof(secret));
	if (r == -EINVAL)
		return refuse(call, "query", "secret", "This is not a claim's secret");
	r = pl_control_open_talker(call->control, call->actor, tablet_id, secret, call->body->text,
				   call->body->size, &session, error);
	explicit_bzero(secret, sizeof(secret));
	return r < 0 ? r : answer(call, "/whip", &session);
}

static int done(struct pl_http_call *call, int r)
{
	if (r < 0)
		return r;
	call->result = json_object_new_object();
	return call->result ? 0 : -ENOMEM;
}

int pl_api_end_listening(struct pl_http_call *call, struct pl_error *error)
{
	return done(call, pl_control_close_session(call->control, call->actor, call->text, error));
}

/** RFC 9725 4.3.2 writes "*" with quotes in its example, RFC 9110 13.1.1 has none. */
static const char *wanted_tag(const struct pl_http_call *call)
{
	if (!call->if_match[0])
		return NULL;
	return strcmp(call->if_match, "\"*\"") == 0 ? "*" : call->if_match;
}

int pl_api_trickle(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_listen_fragment fragment;
	int r;

	r = pl_control_trickle(call->control, call->actor, call->text, wanted_tag(call),
			       call->body->text, call->body->size, &fragment, error);
	if (r < 0)
		return r;
	if (!fragment.restarted) {
		call->status = 204;
		return done(call, 0);
	}
	call->plain.type = "application/trickle-ice-sdpfrag";
	call->plain.text = strdup(fragment.sdp);
	snprintf(call->plain.tag, sizeof(call->plain.tag), "%s", fragment.tag);
	return call->plain.text ? 0 : -ENOMEM;
}

int pl_api_listeners(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_listeners(call->control, call->actor);
	return call->result ? 0 : -ENOMEM;
}

int pl_api_ice_servers(struct pl_http_call *call, struct pl_error *error)
{
	pl_control_prepare_listening(call->control);
	call->result = pl_describe_ice_servers(call->control);
	return call->result ? 0 : -ENOMEM;
}

int pl_api_put_mix(struct pl_http_call *call, struct pl_error *error)
{
	struct json_object *sources = NULL;
	char reason[160];
	const struct pl_mix_reading reading = reading_of(call, reason, sizeof(reason));
	struct pl_mix mix;
	int r;

	json_object_object_foreach (call->body->tree, name, value) {
		if (strcmp(name, "sources") != 0)
			return refuse(call, "body", name, "There is no such field");
		sources = value;
	}
	if (!sources)
		return refuse(call, "body", "sources", "Field required");
	r = pl_mix_from_json(&reading, sources, &mix);
	if (r == -EINVAL)
		return refuse(call, "body", "sources", reason);
	if (r == 0)
		r = pl_control_set_mix(call->control, call->actor, call->text, &mix, error);
	if (r < 0)
		return r;
	call->result = json_object_new_object();
	if (!call->result)
		return -ENOMEM;
	json_object_object_add(call->result, "sources", pl_mix_to_json(&mix));
	return 0;
}
