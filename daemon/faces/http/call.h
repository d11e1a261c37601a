/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_CALL_H
#define PL_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "access.h"
#include "body.h"
#include "control.h"

/**
 * One request after transport and before transport: no sockets here, so that the
 * table, the handlers and the decoders can be tested and fuzzed alone.
 *
 * Thread: the daemon's one loop.
 */

enum pl_http_method {
	PL_HTTP_GET,
	PL_HTTP_HEAD,
	PL_HTTP_POST,
	PL_HTTP_PUT,
	PL_HTTP_PATCH,
	PL_HTTP_DELETE,
	PL_HTTP_OPTIONS,
	PL_HTTP_METHOD_MAX_,
};

struct pl_http_route;

/** Who asks, see gate.c. */
struct pl_http_visitor {
	int status;         /**< 0: may come in; else 401 or 429 */
	const char *detail; /**< why not, for the audit log only */
	uint32_t retry_s;   /**< with 429 */
	enum pl_role role;
	bool has_identity; /**< came in by a credential */
	bool by_session;   /**< that was a cookie */
	struct pl_identity identity;
	uint8_t address[16]; /**< IPv6, or IPv4 mapped into it */
	char peer[64];
};

/** What becomes of the visitor's cookie. */
struct pl_http_session {
	enum { PL_HTTP_SESSION_KEEP, PL_HTTP_SESSION_SET, PL_HTTP_SESSION_CLEAR } change;
	char text[PL_SECRET_SIZE];
	uint64_t expires_s; /**< seconds since 1970 */
};

/** An answer that is no JSON. */
struct pl_http_plain {
	const char *type;  /**< Content-Type; NULL: it is JSON */
	char *text;        /**< ours, or NULL */
	char *file;        /**< path of the file that is sent, ours, or NULL */
	char location[64]; /**< path of what was made; "": nothing was */
	char tag[32];      /**< ETag of it; "": none */
	bool ice_servers;  /**< a browser's session: it is told of the servers, RFC 9725 4.6 */
};

struct pl_http_call {
	struct pl_control *control;
	const struct pl_http_visitor *visitor;
	const struct pl_actor *actor;
	const struct pl_http_route *route;
	uint32_t arg[2];            /**< ids in the path, in the pattern's order */
	const char *arg_name[2];    /**< their names in the pattern */
	const char *text;           /**< the {id} or {name} in the path, "" */
	const char *query;          /**< "a=1&b=2", percent-decoded; "" */
	const char *if_match;       /**< an entity-tag or "*"; "": it was not there */
	const struct pl_body *body; /**< fields in the route's order */

	/* what the handler leaves behind */
	int status;                  /**< 200 unless the handler says otherwise */
	struct json_object *result;  /**< NULL: no memory */
	struct json_object *details; /**< array of what is wrong; empty while all is well */
	struct pl_http_plain plain;
	struct pl_http_session session;
	uint32_t retry_s; /**< with -EAGAIN: 429 for so long; 0: 503, not ready yet */
};

/**
 * Calls one verb and describes the outcome. @return 0, or negative errno: then
 * call->details or `error` (see pl_http_call_refuse()) say what is wrong
 */
typedef int (*pl_http_handler_h)(struct pl_http_call *call, struct pl_error *error);

struct pl_http_route {
	const char *pattern; /**< "/tablet/{tablet_id}/mute" */
	enum pl_http_method method;
	pl_http_handler_h handle;
	const struct pl_body_field *fields;
	size_t n_fields;
};

/** Sorted by pattern, then method. @param ret_n  number of routes */
const struct pl_http_route *pl_http_routes(size_t *ret_n);

/** Paths that are no JSON calls: WebSockets and files; they answer GET and HEAD. */
bool pl_http_path_is_websocket(const char *path);

/** Bits 1 << enum pl_http_method of what a path answers; 0: there is no such path. */
unsigned pl_http_allowed(const char *path);
/** Text for Allow, "GET, HEAD, OPTIONS". */
void pl_http_allow_text(unsigned methods, char *ret_text, size_t size);
const char *pl_http_method_name(enum pl_http_method method);

/** What is asked. */
struct pl_http_question {
	enum pl_http_method method;
	const char *path;     /**< without query, percent-decoded */
	const char *query;    /**< "a=1&b=2", likewise */
	const char *if_match; /**< "": it was not there */
	const char *body;
	size_t size; /**< of the body */
};

struct pl_http_reply {
	int status;
	struct json_object *tree;   /**< the caller puts it; NULL: no memory, or plain */
	struct pl_http_plain plain; /**< the caller frees what is in it */
	struct pl_http_session session;
	uint32_t retry_s; /**< with 429 */
};

/**
 * The route for a path and method: decode, call, describe. Never fails: what goes
 * wrong is a reply with {"detail"}.
 */
void pl_http_dispatch(struct pl_control *control, const struct pl_http_visitor *visitor,
		      const struct pl_http_question *question, struct pl_http_reply *ret_reply);
/** Whether the body of such a request is SDP. */
bool pl_http_takes_sdp(enum pl_http_method method, const char *path);
/** A value of the query. @return 0, -ENOENT when it is not there, -EINVAL when it is too long */
int pl_http_call_query(const struct pl_http_call *call, const char *name, char *ret_value,
		       size_t size);

/** The actor that a visitor is. Borrows from the visitor. */
void pl_http_actor(const struct pl_http_visitor *visitor, struct pl_actor *ret_actor);

/** What a stranger is told, and no more: the detail of 401 and 429. */
const char *pl_http_stranger(int status);
/** {"detail":"…"} */
struct json_object *pl_http_detail(const char *text);

/* Handlers, see routes.c for what they serve. */
int pl_api_health(struct pl_http_call *call, struct pl_error *error);
int pl_api_state(struct pl_http_call *call, struct pl_error *error);
int pl_api_matrix(struct pl_http_call *call, struct pl_error *error);
int pl_api_channel_mute(struct pl_http_call *call, struct pl_error *error);
int pl_api_tablet_mute(struct pl_http_call *call, struct pl_error *error);
int pl_api_ptt_request(struct pl_http_call *call, struct pl_error *error);
int pl_api_ptt_release(struct pl_http_call *call, struct pl_error *error);
int pl_api_ptt_state(struct pl_http_call *call, struct pl_error *error);
int pl_api_config_reload(struct pl_http_call *call, struct pl_error *error);

int pl_api_full_state(struct pl_http_call *call, struct pl_error *error);
int pl_api_meters(struct pl_http_call *call, struct pl_error *error);
int pl_api_key_history(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_uplink(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_downlink(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_uniform(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_channel_mute(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_channel_name(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_tablet_mute(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_talk_mute(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_listen_mute(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_mode(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_sidetone(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_tablet_name(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_headroom(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_party_line(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_ramp(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_vox(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_talk_timeout(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_busy_refusal(struct pl_http_call *call, struct pl_error *error);
int pl_api_release_tablet(struct pl_http_call *call, struct pl_error *error);
int pl_api_release_all(struct pl_http_call *call, struct pl_error *error);
int pl_api_devices(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_binding(struct pl_http_call *call, struct pl_error *error);
int pl_api_delete_binding(struct pl_http_call *call, struct pl_error *error);
int pl_api_reset(struct pl_http_call *call, struct pl_error *error);

int pl_api_gateway(struct pl_http_call *call, struct pl_error *error);
int pl_api_gpio(struct pl_http_call *call, struct pl_error *error);
int pl_api_sap(struct pl_http_call *call, struct pl_error *error);
int pl_api_export(struct pl_http_call *call, struct pl_error *error);
int pl_api_streams(struct pl_http_call *call, struct pl_error *error);
int pl_api_add_stream(struct pl_http_call *call, struct pl_error *error);
int pl_api_stream(struct pl_http_call *call, struct pl_error *error);
int pl_api_remove_stream(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_jitter(struct pl_http_call *call, struct pl_error *error);
int pl_api_stream_sdp(struct pl_http_call *call, struct pl_error *error);
int pl_api_pages(struct pl_http_call *call, struct pl_error *error);
int pl_api_add_page(struct pl_http_call *call, struct pl_error *error);
int pl_api_remove_page(struct pl_http_call *call, struct pl_error *error);
int pl_api_page_from_record(struct pl_http_call *call, struct pl_error *error);
int pl_api_end_page(struct pl_http_call *call, struct pl_error *error);
int pl_api_page_history(struct pl_http_call *call, struct pl_error *error);
int pl_api_clips(struct pl_http_call *call, struct pl_error *error);
int pl_api_remove_clip(struct pl_http_call *call, struct pl_error *error);
int pl_api_clip(struct pl_http_call *call, struct pl_error *error);

int pl_api_system(struct pl_http_call *call, struct pl_error *error);
int pl_api_log(struct pl_http_call *call, struct pl_error *error);

int pl_api_claims(struct pl_http_call *call, struct pl_error *error);
int pl_api_release_claim(struct pl_http_call *call, struct pl_error *error);
int pl_api_whep(struct pl_http_call *call, struct pl_error *error);
int pl_api_whip(struct pl_http_call *call, struct pl_error *error);
int pl_api_end_listening(struct pl_http_call *call, struct pl_error *error);
int pl_api_trickle(struct pl_http_call *call, struct pl_error *error);
int pl_api_ice_servers(struct pl_http_call *call, struct pl_error *error);
int pl_api_listeners(struct pl_http_call *call, struct pl_error *error);
int pl_api_put_mix(struct pl_http_call *call, struct pl_error *error);

int pl_api_tokens(struct pl_http_call *call, struct pl_error *error);
int pl_api_add_token(struct pl_http_call *call, struct pl_error *error);
int pl_api_remove_token(struct pl_http_call *call, struct pl_error *error);
int pl_api_get_session(struct pl_http_call *call, struct pl_error *error);
int pl_api_open_session(struct pl_http_call *call, struct pl_error *error);
int pl_api_end_session(struct pl_http_call *call, struct pl_error *error);
int pl_api_certificate(struct pl_http_call *call, struct pl_error *error);

#endif
