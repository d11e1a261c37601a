/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "static.h"

/* --- what the bodies hold --------------------------------------------------------- */

static const struct pl_body_field matrix_fields[] = {
	{"uplink", PL_BODY_ROWS, false},
	{"downlink", PL_BODY_ROWS, false},
	{"headroom_db", PL_BODY_NUMBER, false},
};
static const struct pl_body_field mute_fields[] = {{"mute", PL_BODY_BOOL, true}};
static const struct pl_body_field request_fields[] = {
	{"tablet_id", PL_BODY_ID, true},
	{"channel", PL_BODY_ID, true},
	{"priority", PL_BODY_ID, false},
};
static const struct pl_body_field release_fields[] = {
	{"tablet_id", PL_BODY_ID, true},
	{"channel", PL_BODY_ID, true},
};
static const struct pl_body_field gain_fields[] = {
	{"gain", PL_BODY_NUMBER, false},
	{"gain_db", PL_BODY_NUMBER, false},
};
static const struct pl_body_field gain_db_fields[] = {{"gain_db", PL_BODY_NUMBER, true}};
static const struct pl_body_field mode_fields[] = {{"mode", PL_BODY_STRING, true}};
static const struct pl_body_field name_fields[] = {{"name", PL_BODY_STRING, true}};
static const struct pl_body_field headroom_fields[] = {{"headroom_db", PL_BODY_NUMBER, true}};
static const struct pl_body_field party_line_fields[] = {{"party_line", PL_BODY_BOOL, true}};
static const struct pl_body_field ramp_fields[] = {{"ramp_ms", PL_BODY_NUMBER, true}};
static const struct pl_body_field vox_fields[] = {
	{"threshold_db", PL_BODY_NUMBER, true},
	{"hang_ms", PL_BODY_NUMBER, true},
};
static const struct pl_body_field timeout_fields[] = {{"timeout_s", PL_BODY_NUMBER, true}};
static const struct pl_body_field refuse_fields[] = {{"refuse", PL_BODY_BOOL, true}};
static const struct pl_body_field token_fields[] = {
	{"name", PL_BODY_STRING, true},
	{"role", PL_BODY_STRING, true},
	{"expires", PL_BODY_NUMBER, false},
};
static const struct pl_body_field session_fields[] = {{"token", PL_BODY_STRING, true}};

static const struct pl_body_field binding_fields[] = {
	{"device", PL_BODY_STRING, true},
	{"port", PL_BODY_ID, false},
};

static const struct pl_body_field tree_fields[] = {{"*", PL_BODY_TREE, true}};
static const struct pl_body_field sdp_fields[] = {{"*", PL_BODY_SDP, true}};
static const struct pl_body_field jitter_fields[] = {{"safety", PL_BODY_NUMBER, true}};
static const struct pl_body_field end_fields[] = {{"channel", PL_BODY_ID, true}};
static const struct pl_body_field record_fields[] = {
	{"message_id", PL_BODY_STRING, true},
	{"id", PL_BODY_STRING, true},
};

#define FIELDS(f) (f), sizeof(f) / sizeof((f)[0])
#define NO_FIELDS NULL, 0

/** Sorted by pattern; a test holds it against openapi.json, both ways. */
static const struct pl_http_route routes[] = {
	{"/api/busy-refusal", PL_HTTP_PUT, pl_api_put_busy_refusal, FIELDS(refuse_fields)},
	{"/api/certificate", PL_HTTP_GET, pl_api_certificate, NO_FIELDS},
	{"/api/channel/{channel}/capture", PL_HTTP_PUT, pl_api_put_binding, FIELDS(binding_fields)},
	{"/api/channel/{channel}/capture", PL_HTTP_DELETE, pl_api_delete_binding, NO_FIELDS},
	{"/api/channel/{channel}/mute", PL_HTTP_PUT, pl_api_put_channel_mute, FIELDS(mute_fields)},
	{"/api/channel/{channel}/name", PL_HTTP_PUT, pl_api_put_channel_name, FIELDS(name_fields)},
	{"/api/channel/{channel}/playback", PL_HTTP_PUT, pl_api_put_binding,
	 FIELDS(binding_fields)},
	{"/api/channel/{channel}/playback", PL_HTTP_DELETE, pl_api_delete_binding, NO_FIELDS},
	{"/api/claims", PL_HTTP_GET, pl_api_claims, NO_FIELDS},
	{"/api/claims/{tablet}", PL_HTTP_DELETE, pl_api_release_claim, NO_FIELDS},
	{"/api/clips", PL_HTTP_GET, pl_api_clips, NO_FIELDS},
	{"/api/clips/{name}", PL_HTTP_GET, pl_api_clip, NO_FIELDS},
	{"/api/clips/{name}", PL_HTTP_DELETE, pl_api_remove_clip, NO_FIELDS},
	{"/api/devices", PL_HTTP_GET, pl_api_devices, NO_FIELDS},
	{"/api/downlink/{tablet}/{channel}", PL_HTTP_PUT, pl_api_put_downlink, FIELDS(gain_fields)},
	{"/api/export", PL_HTTP_GET, pl_api_export, NO_FIELDS},
	{"/api/gateway", PL_HTTP_GET, pl_api_gateway, NO_FIELDS},
	{"/api/gpio", PL_HTTP_GET, pl_api_gpio, NO_FIELDS},
	{"/api/headroom", PL_HTTP_PUT, pl_api_put_headroom, FIELDS(headroom_fields)},
	{"/api/ice_servers", PL_HTTP_GET, pl_api_ice_servers, NO_FIELDS},
	{"/api/listeners", PL_HTTP_GET, pl_api_listeners, NO_FIELDS},
	{"/api/listeners/{id}/mix", PL_HTTP_PUT, pl_api_put_mix, FIELDS(tree_fields)},
	{"/api/log", PL_HTTP_GET, pl_api_log, NO_FIELDS},
	{"/api/meters", PL_HTTP_GET, pl_api_meters, NO_FIELDS},
	{"/api/pages", PL_HTTP_GET, pl_api_pages, NO_FIELDS},
	{"/api/pages", PL_HTTP_POST, pl_api_add_page, FIELDS(tree_fields)},
	{"/api/pages/end", PL_HTTP_POST, pl_api_end_page, FIELDS(end_fields)},
	{"/api/pages/from-record", PL_HTTP_POST, pl_api_page_from_record, FIELDS(record_fields)},
	{"/api/pages/history", PL_HTTP_GET, pl_api_page_history, NO_FIELDS},
	{"/api/pages/{id}", PL_HTTP_DELETE, pl_api_remove_page, NO_FIELDS},
	{"/api/party-line", PL_HTTP_PUT, pl_api_put_party_line, FIELDS(party_line_fields)},
	{"/api/ptt/history", PL_HTTP_GET, pl_api_key_history, NO_FIELDS},
	{"/api/ramp", PL_HTTP_PUT, pl_api_put_ramp, FIELDS(ramp_fields)},
	{"/api/release", PL_HTTP_POST, pl_api_release_all, NO_FIELDS},
	{"/api/reset", PL_HTTP_POST, pl_api_reset, NO_FIELDS},
	{"/api/sap", PL_HTTP_GET, pl_api_sap, NO_FIELDS},
	{"/api/session", PL_HTTP_GET, pl_api_get_session, NO_FIELDS},
	{"/api/session", PL_HTTP_POST, pl_api_open_session, FIELDS(session_fields)},
	{"/api/session/end", PL_HTTP_POST, pl_api_end_session, NO_FIELDS},
	{"/api/state", PL_HTTP_GET, pl_api_full_state, NO_FIELDS},
	{"/api/streams", PL_HTTP_GET, pl_api_streams, NO_FIELDS},
	{"/api/streams", PL_HTTP_POST, pl_api_add_stream, FIELDS(tree_fields)},
	{"/api/streams/{id}", PL_HTTP_GET, pl_api_stream, NO_FIELDS},
	{"/api/streams/{id}", PL_HTTP_DELETE, pl_api_remove_stream, NO_FIELDS},
	{"/api/streams/{id}.sdp", PL_HTTP_GET, pl_api_stream_sdp, NO_FIELDS},
	{"/api/streams/{id}/jitter", PL_HTTP_PUT, pl_api_put_jitter, FIELDS(jitter_fields)},
	{"/api/system", PL_HTTP_GET, pl_api_system, NO_FIELDS},
	{"/api/tablet/{tablet}/capture", PL_HTTP_PUT, pl_api_put_binding, FIELDS(binding_fields)},
	{"/api/tablet/{tablet}/capture", PL_HTTP_DELETE, pl_api_delete_binding, NO_FIELDS},
	{"/api/tablet/{tablet}/listen-mute", PL_HTTP_PUT, pl_api_put_listen_mute,
	 FIELDS(mute_fields)},
	{"/api/tablet/{tablet}/mode", PL_HTTP_PUT, pl_api_put_mode, FIELDS(mode_fields)},
	{"/api/tablet/{tablet}/mute", PL_HTTP_PUT, pl_api_put_tablet_mute, FIELDS(mute_fields)},
	{"/api/tablet/{tablet}/name", PL_HTTP_PUT, pl_api_put_tablet_name, FIELDS(name_fields)},
	{"/api/tablet/{tablet}/playback", PL_HTTP_PUT, pl_api_put_binding, FIELDS(binding_fields)},
	{"/api/tablet/{tablet}/playback", PL_HTTP_DELETE, pl_api_delete_binding, NO_FIELDS},
	{"/api/tablet/{tablet}/release", PL_HTTP_POST, pl_api_release_tablet, NO_FIELDS},
	{"/api/tablet/{tablet}/sidetone", PL_HTTP_PUT, pl_api_put_sidetone, FIELDS(gain_fields)},
	{"/api/tablet/{tablet}/talk-mute", PL_HTTP_PUT, pl_api_put_talk_mute, FIELDS(mute_fields)},
	{"/api/talk-timeout", PL_HTTP_PUT, pl_api_put_talk_timeout, FIELDS(timeout_fields)},
	{"/api/tokens", PL_HTTP_GET, pl_api_tokens, NO_FIELDS},
	{"/api/tokens", PL_HTTP_POST, pl_api_add_token, FIELDS(token_fields)},
	{"/api/tokens/remove", PL_HTTP_POST, pl_api_remove_token, FIELDS(name_fields)},
	{"/api/uniform", PL_HTTP_PUT, pl_api_put_uniform, FIELDS(gain_db_fields)},
	{"/api/uplink/{channel}/{tablet}", PL_HTTP_PUT, pl_api_put_uplink, FIELDS(gain_fields)},
	{"/api/vox", PL_HTTP_PUT, pl_api_put_vox, FIELDS(vox_fields)},
	{"/channel/{channel}/mute", PL_HTTP_POST, pl_api_channel_mute, FIELDS(mute_fields)},
	{"/config/reload", PL_HTTP_POST, pl_api_config_reload, NO_FIELDS},
	{"/health", PL_HTTP_GET, pl_api_health, NO_FIELDS},
	{"/matrix", PL_HTTP_POST, pl_api_matrix, FIELDS(matrix_fields)},
	{"/ptt/release", PL_HTTP_POST, pl_api_ptt_release, FIELDS(release_fields)},
	{"/ptt/request", PL_HTTP_POST, pl_api_ptt_request, FIELDS(request_fields)},
	{"/ptt/state", PL_HTTP_GET, pl_api_ptt_state, NO_FIELDS},
	{"/state", PL_HTTP_GET, pl_api_state, NO_FIELDS},
	{"/tablet/{tablet_id}/mute", PL_HTTP_POST, pl_api_tablet_mute, FIELDS(mute_fields)},
	{"/whep", PL_HTTP_POST, pl_api_whep, FIELDS(sdp_fields)},
	{"/whep/{id}", PL_HTTP_PATCH, pl_api_trickle, FIELDS(sdp_fields)},
	{"/whep/{id}", PL_HTTP_DELETE, pl_api_end_listening, NO_FIELDS},
	{"/whip", PL_HTTP_POST, pl_api_whip, FIELDS(sdp_fields)},
	{"/whip/{id}", PL_HTTP_PATCH, pl_api_trickle, FIELDS(sdp_fields)},
	{"/whip/{id}", PL_HTTP_DELETE, pl_api_end_listening, NO_FIELDS},
};
#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

static const char *const method_names[] = {
	[PL_HTTP_GET] = "GET",         [PL_HTTP_HEAD] = "HEAD",   [PL_HTTP_POST] = "POST",
	[PL_HTTP_PUT] = "PUT",         [PL_HTTP_PATCH] = "PATCH", [PL_HTTP_DELETE] = "DELETE",
	[PL_HTTP_OPTIONS] = "OPTIONS",
};

const struct pl_http_route *pl_http_routes(size_t *ret_n)
{
	*ret_n = N_ROUTES;
	return routes;
}

const char *pl_http_method_name(enum pl_http_method method)
{
	return method_names[method];
}

bool pl_http_path_is_websocket(const char *path)
{
	return strcmp(path, "/ws/vu") == 0 || strcmp(path, "/ws/events") == 0 ||
	       strcmp(path, "/ws/log") == 0 || strcmp(path, "/ws/panel") == 0;
}

/* --- matching ------------------------------------------------------------------------ */

#define ARG_MAX_CHARS 32u

/** Of {name}: a file's */
#define TEXT_MAX_CHARS 256u

struct match {
	char text[TEXT_MAX_CHARS]; /* of {id} or {name}; "" for a path without them */
	unsigned n_args;
	char arg[2][ARG_MAX_CHARS];
	char name[2][ARG_MAX_CHARS];
};

/** "{id}", "{id}.sdp": an id and an ending; "{name}": anything in one step. */
static bool match_text(const char *pattern, size_t n_pattern, const char *path, size_t n_path,
		       struct match *match)
{
	static const char id_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	bool is_id = strncmp(pattern, "{id}", 4) == 0;
	size_t n = n_path;

	if (is_id) {
		n = strspn(path, id_chars);
		if (n >= ARG_MAX_CHARS || n_path - n != n_pattern - 4 ||
		    memcmp(path + n, pattern + 4, n_pattern - 4) != 0)
			return false;
	}
	if (n == 0 || n >= TEXT_MAX_CHARS)
		return false;
	snprintf(match->text, sizeof(match->text), "%.*s", (int)n, path);
	return true;
}

/** One step of a path against one of a pattern, both up to the next '/'. */
static bool match_step(const char *pattern, size_t n_pattern, const char *path, size_t n_path,
		       struct match *match)
{
	if (pattern[0] != '{')
		return n_pattern == n_path && memcmp(pattern, path, n_path) == 0;
	if (strncmp(pattern, "{id}", 4) == 0 || strncmp(pattern, "{name}", 6) == 0)
		return match_text(pattern, n_pattern, path, n_path, match);
	if (n_path == 0 || n_path >= ARG_MAX_CHARS || match->n_args == 2)
		return false;
	snprintf(match->arg[match->n_args], ARG_MAX_CHARS, "%.*s", (int)n_path, path);
	snprintf(match->name[match->n_args], ARG_MAX_CHARS, "%.*s", (int)n_pattern - 2,
		 pattern + 1);
	match->n_args++;
	return true;
}

static bool match_path(const char *pattern, const char *path, struct match *ret_match)
{
	struct match match = {0};

	while (*pattern == '/' && *path == '/') {
		size_t n_pattern = strcspn(++pattern, "/");
		size_t n_path = strcspn(++path, "/");

		if (!match_step(pattern, n_pattern, path, n_path, &match))
			return false;
		pattern += n_pattern;
		path += n_path;
	}
	if (*pattern || *path)
		return false;
	*ret_match = match;
	return true;
}

unsigned pl_http_allowed(const char *path)
{
	unsigned methods = 0;
	struct match match;

	for (size_t i = 0; i < N_ROUTES; i++)
		if (match_path(routes[i].pattern, path, &match))
			methods |= 1u << routes[i].method;
	if (pl_http_path_is_websocket(path) || pl_static_find(path) || strcmp(path, "/ca.crt") == 0)
		methods |= 1u << PL_HTTP_GET;
	if (methods & (1u << PL_HTTP_GET))
		methods |= 1u << PL_HTTP_HEAD;
	if (methods)
		methods |= 1u << PL_HTTP_OPTIONS;
	return methods;
}

void pl_http_allow_text(unsigned methods, char *ret_text, size_t size)
{
	size_t n = 0;

	ret_text[0] = '\0';
	for (unsigned m = 0; m < PL_HTTP_METHOD_MAX_; m++) {
		if (!(methods & (1u << m)) || n >= size)
			continue;
		n += (size_t)snprintf(ret_text + n, size - n, "%s%s", n ? ", " : "",
				      method_names[m]);
	}
}

/* --- dispatch ----------------------------------------------------------------------------- */

struct json_object *pl_http_detail(const char *text)
{
	struct json_object *object = json_object_new_object();

	if (object)
		json_object_object_add(object, "detail", json_object_new_string(text));
	return object;
}

static int status_of(const struct pl_http_call *call, int r)
{
	switch (-r) {
	case EACCES:
		return 401;
	case EAGAIN:
		return call->retry_s > 0 ? 429 : 503;
	case EPERM:
		return 403;
	case EBUSY:
	case EEXIST:
	case EROFS:
		return 409;
	case EINVAL:
	case ENOENT:
	case ERANGE:
		return 422;
	case EKEYEXPIRED:
		return 412;
	case ENOKEY:
		return 428;
	case ENOSPC:
		return 507;
	default: /* no memory, the state could not be kept: not the caller's fault, may pass */
		return 503;
	}
}

/** A refusal of control as FastAPI would have put it; ids of the path are told from the body's. */
static void add_verb_error(struct pl_http_call *call, const struct pl_error *error, int r)
{
	const char *first = "body";
	const char *word = error->field[0] == '/' ? error->field + 1 : error->field;
	const char *names[3] = {call->arg_name[0], call->arg_name[1], NULL};

	for (size_t i = 0; names[i] && i < 2; i++)
		if (*word && strncmp(names[i], word, strcspn(word, "_/")) == 0)
			first = "path";
	pl_detail_add_pointer(call->details, first, error->field,
			      error->message[0] ? error->message : strerror(-r), "value_error");
}

static int read_args(struct pl_http_call *call, const struct match *match)
{
	int r = 0;

	for (unsigned i = 0; i < match->n_args; i++) {
		const char *const loc[] = {"path", match->name[i], NULL};

		call->arg_name[i] = match->name[i];
		if (pl_id_from_text(match->arg[i], &call->arg[i]) < 0) {
			pl_detail_add(call->details, loc, "Input should be an id", "int_parsing");
			r = -EINVAL;
		}
	}
	return r;
}

/** Fills call->result or call->details. */
static int run(const struct pl_http_route *route, const struct match *match,
	       struct pl_http_call *call, const char *text, size_t size)
{
	struct pl_error error = {0};
	struct pl_body body = {0};
	int r, bad_path;

	bad_path = read_args(call, match);
	r = pl_body_read(text, size, route->fields, route->n_fields, call->details, &body);
	if (r >= 0 && bad_path < 0)
		r = bad_path;
	if (r >= 0) {
		call->body = &body;
		call->text = match->text;
		call->route = route;
		r = route->handle(call, &error);
		if (r < 0 && json_object_array_length(call->details) == 0)
			add_verb_error(call, &error, r);
	}
	pl_body_done(&body);
	return r;
}

static const struct pl_http_route *find(enum pl_http_method method, const char *path,
					struct match *ret_match)
{
	if (method == PL_HTTP_HEAD)
		method = PL_HTTP_GET;
	for (size_t i = 0; i < N_ROUTES; i++)
		if (routes[i].method == method && match_path(routes[i].pattern, path, ret_match))
			return &routes[i];
	return NULL;
}

void pl_http_actor(const struct pl_http_visitor *visitor, struct pl_actor *ret_actor)
{
	*ret_actor = (struct pl_actor){
		.face = "http",
		.name = visitor->peer,
		.role = visitor->role,
		.token = visitor->has_identity ? visitor->identity.name : NULL,
	};
}

bool pl_http_takes_sdp(enum pl_http_method method, const char *path)
{
	struct match match;
	const struct pl_http_route *route = find(method, path, &match);

	return route && route->n_fields == 1 && route->fields[0].type == PL_BODY_SDP;
}

int pl_http_call_query(const struct pl_http_call *call, const char *name, char *ret_value,
		       size_t size)
{
	size_t n_name = strlen(name);

	for (const char *at = call->query; *at;) {
		size_t n = strcspn(at, "&");

		if (n > n_name && memcmp(at, name, n_name) == 0 && at[n_name] == '=') {
			int length = (int)(n - n_name - 1u);

			return (size_t)snprintf(ret_value, size, "%.*s", length, at + n_name + 1) <
					       size
				       ? 0
				       : -EINVAL;
		}
		at += n;
		at += *at == '&';
	}
	return -ENOENT;
}

void pl_http_dispatch(struct pl_control *control, const struct pl_http_visitor *visitor,
		      const struct pl_http_question *question, struct pl_http_reply *ret_reply)
{
	struct pl_http_call call = {
		.control = control,
		.visitor = visitor,
		.status = 200,
		.query = question->query,
		.if_match = question->if_match,
	};
	struct pl_http_reply reply = {0};
	const struct pl_http_route *route;
	struct pl_actor actor;
	struct match match;
	int r;

	route = find(question->method, question->path, &match);
	if (!route) {
		unsigned allowed = pl_http_allowed(question->path);

		reply.status = allowed ? 405 : 404;
		reply.tree = pl_http_detail(allowed ? "Method Not Allowed" : "Not Found");
		*ret_reply = reply;
		return;
	}
	pl_http_actor(visitor, &actor);
	call.actor = &actor;
	call.details = json_object_new_array();
	r = call.details ? run(route, &match, &call, question->body, question->size) : -ENOMEM;
	reply.status = r >= 0 ? call.status : status_of(&call, r);
	/* What the path names is not there. */
	if (r == -ENOENT && match.text[0])
		reply.status = 404;
	reply.retry_s = call.retry_s;
	if (r >= 0) {
		json_object_put(call.details);
		reply.tree = call.result;
		reply.plain = call.plain;
		reply.session = call.session;
	} else if (reply.status == 401 || reply.status == 429) {
		json_object_put(call.details);
		reply.tree = pl_http_detail(pl_http_stranger(reply.status));
	} else {
		reply.tree = json_object_new_object();
		json_object_object_add(reply.tree, "detail", call.details);
	}
	*ret_reply = reply;
}

const char *pl_http_stranger(int status)
{
	return status == 429 ? "Too Many Requests" : "Unauthorized";
}
