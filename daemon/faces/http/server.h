/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_SERVER_H
#define PL_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libwebsockets.h>
#include <systemd/sd-event.h>

#include "call.h"
#include "config.h"
#include "control.h"
#include "face-http.h"
#include "log-tail.h"
#include "tls.h"
#include "uv-loop.h"

/** What the parts of the face share. Thread: the daemon's one loop. */

/** Largest request body, bytes: a full 64 x 64 matrix both ways with long numbers. */
#define PL_HTTP_BODY_MAX (1024u * 1024u)
/** Who is not known may send a token, and nothing larger. */
#define PL_HTTP_STRANGER_BODY_MAX 4096u
/** A larger body is read and thrown away up to here, so that its sender sees the answer. */
#define PL_HTTP_DRAIN_MAX (8u * 1024u * 1024u)
/** A request has this long from its first header to its last byte, seconds. */
#define PL_HTTP_REQUEST_SECONDS 30
#define PL_HTTP_CONNECTIONS_MAX 1000u
/** Of these only for callers on this machine. */
#define PL_HTTP_CONNECTIONS_LOCAL 100u
#define PL_HTTP_HEADERS_MAX 16384u
/** Of the query of a request, bytes: a mix of all tablets and channels at once. */
#define PL_HTTP_QUERY_MAX 4096u
/** How JSON is written. */
#define PL_HTTP_JSON (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

struct pl_http_request {
	enum pl_http_method method;
	char path[256];
	char query[PL_HTTP_QUERY_MAX]; /**< "a=1&b=2", percent-decoded; "" */
	char peer[64];
	char host[256];   /**< "" when there is none */
	char origin[256]; /**< "" when there is none */
	char if_none_match[64];
	char if_match[64]; /**< "" when there is none */
	char range[80];    /**< "" when there is none */
	bool secure;       /**< over TLS */
	bool accepts_gzip;
	bool accepts_html;   /**< a browser that wants a page */
	bool keep_alive_1_0; /**< HTTP/1.0 that asks for keep-alive: say so */
	bool has_length;
	uint64_t length; /**< Content-Length */
};

struct pl_http_response {
	int status;
	const char *type;     /**< Content-Type; NULL: no body */
	const char *etag;     /**< NULL: not to be kept */
	const char *tag;      /**< ETag of what is never kept, but may change; NULL: none */
	const char *allow;    /**< NULL: none */
	const char *location; /**< path at https://, with status 307; NULL: none */
	const char *created;  /**< path of what was made, with status 201; NULL: none */
	bool ice_servers;     /**< with a Link for each of the configuration */
	bool gzip;
	bool immutable;   /**< with an etag: this address never shows anything else */
	bool page;        /**< HTML of ours: scripts and styles of this origin */
	bool close;       /**< the connection ends after it */
	uint32_t retry_s; /**< 0: says nothing of it */
	const struct pl_http_session *session; /**< NULL: the cookie stays as it is */
	bool secure;                           /**< over TLS */
	const char *content_range;             /**< NULL: ranges are not served here */
	bool streamed; /**< of the body only the size is known, it follows */
	const void *body;
	size_t size;
};

/** Of what answers: the body is still being sent. */
#define PL_HTTP_GOES_ON 1

/** The body that is still arriving. */
struct pl_http_exchange {
	struct pl_http_request request;
	struct pl_http_visitor visitor;
	struct pl_http_response early; /**< status != 0: answered already, only draining */
	uint64_t deadline_usec;
	uint64_t n_received;
	size_t size, capacity;
	char *body;
};

struct pl_ws_stream; /* ws-vu.c */
struct pl_ws_panel;  /* ws-panel.c */

enum pl_session_kind {
	PL_SESSION_HTTP,
	PL_SESSION_VU,
	PL_SESSION_EVENTS,
	PL_SESSION_LOG,
	PL_SESSION_PANEL
};

/** What /ws/vu sends. */
enum pl_vu_form { PL_VU_PLAIN, PL_VU_FULL, PL_VU_BINARY };

/** libwebsockets' per-connection storage; it zeroes it. */
struct pl_session {
	enum pl_session_kind kind;
	struct lws *wsi;
	bool closing; /**< the peer has begun to close: nothing more is sent */
	char peer[64];
	bool has_identity; /**< a stream that ends with its token */
	bool over;         /**< it has ended */
	struct pl_identity identity;
	enum pl_role role;                 /**< kind PANEL */
	struct pl_http_exchange *exchange; /**< kind HTTP */
	struct pl_http_sending *sending;   /**< kind HTTP: a file that is on its way */

	/* kinds VU, EVENTS, LOG and PANEL */
	struct pl_session *next;
	uint32_t hz;
	enum pl_vu_form form;
	struct pl_ws_group *group;
	uint64_t n_sent_serial;
	struct pl_ws_queue *queue;
	struct pl_log_cursor log;
	struct pl_log_query log_query;
	struct pl_ws_panel *panel;
};

struct pl_face_http {
	sd_event *event;
	struct pl_control *control;
	struct pl_face_http_options options;
	char address[64];
	uint16_t port;
	char hostname[64];

	struct pl_http_tls *tls; /**< NULL: no TLS */
	struct pl_uv_loop loop;
	bool has_loop;
	struct lws_context *lws;
	unsigned n_connections;

	struct pl_ws_group *groups;     /**< ws-vu.c: one for each rate and form */
	struct pl_session *listeners;   /**< ws-events.c */
	struct pl_session *log_readers; /**< ws-log.c */
	struct pl_session *panels;      /**< ws-panel.c */
	struct pl_log_follower log_follower;
	struct pl_listener listener;
	bool listening;
};

/* request.c */
/** @return 0, or the HTTP status of the refusal with its reason */
int pl_http_request_read(struct lws *wsi, const char *path, struct pl_http_request *ret_request,
			 const char **ret_reason);
/** Whether Host names this machine. @param strict  a name that only cannot be bought will not do */
bool pl_http_is_our_host(const struct pl_face_http *face, const char *host, bool strict);
/** Who may ask: DNS rebinding and foreign pages. @return 0, or the status of the refusal */
int pl_http_request_check(const struct pl_face_http *face, const struct pl_http_request *request,
			  const struct pl_http_visitor *visitor, bool websocket,
			  const char **ret_reason);
/** Whether a page of this origin may read our answers. */
bool pl_http_origin_is_configured(const struct pl_face_http *face, const char *origin);
/** The value of a query argument. @return 0, -ENOENT when it is not given, -EINVAL when too long */
int pl_http_query(struct lws *wsi, const char *name, char *ret_value, size_t size);

/* gate.c */
/** Look at who asks. Says nothing to anyone. */
void pl_http_gate(struct pl_face_http *face, struct lws *wsi, const struct pl_http_request *request,
		  struct pl_http_visitor *ret_visitor);
/** Whether the other end of a socket is on the loopback. */
bool pl_http_is_local_peer(int fd);
/** Whether this caller may speak in the clear, on a port of TLS: it is on this machine. */
bool pl_http_may_be_plain(const struct pl_face_http *face, struct lws *wsi);
/** Write down what this face refuses itself. */
void pl_http_audit(struct pl_face_http *face, const struct pl_http_request *request,
		   const struct pl_http_visitor *visitor, int status, const char *detail);

/* response.c */
/** Write headers and body at once. @return 0, or -1: close the connection */
int pl_http_respond(struct pl_face_http *face, struct lws *wsi,
		    const struct pl_http_request *request, const struct pl_http_response *response);
/** The same with {"detail": text}; ends the connection when asked to. */
int pl_http_respond_detail(struct pl_face_http *face, struct lws *wsi,
			   const struct pl_http_request *request, int status, const char *text,
			   bool close);

/** HTTP on a port of TLS: a browser is sent to the right place, others are told. */
int pl_http_respond_plain(struct pl_face_http *face, struct lws *wsi,
			  const struct pl_http_request *request);
/** Who may not come in is told so, the same for every path; a browser gets the form to log in. */
int pl_http_respond_stranger(struct pl_face_http *face, struct lws *wsi,
			     const struct pl_http_request *request,
			     const struct pl_http_visitor *visitor, bool close);

/* exchange.c */
int pl_http_on_request(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		       const char *path);
int pl_http_on_body(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		    const char *data, size_t size);
int pl_http_on_body_end(struct pl_face_http *face, struct lws *wsi, struct pl_session *session);
void pl_http_exchange_free(struct pl_session *session);

/* file-send.c */
/**
 * Answer with a file, or the part of it that is asked for.
 *
 * @return as pl_http_respond(), or PL_HTTP_GOES_ON
 */
int pl_http_send_file(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		      const struct pl_http_request *request, const char *path, const char *type);
/** The socket takes more. */
int pl_http_on_writable(struct lws *wsi, struct pl_session *session);
void pl_http_sending_free(struct pl_session *session);

/* pipeline.c */
/** An answer is out: what has been read until now may hold the next request already. */
void pl_http_pipeline_mark(struct lws *wsi);
/** Whether the request's headers were read together with an earlier request. */
bool pl_http_is_pipelined(struct lws *wsi);

/* ws.c: what all streams share */
/** The upgrade: 0 to go on, -1 after an answer of 4xx. */
int pl_ws_on_upgrade(struct pl_face_http *face, struct lws *wsi, struct pl_session *session);
int pl_ws_on_open(struct pl_face_http *face, struct lws *wsi, struct pl_session *session);
int pl_ws_on_writable(struct pl_face_http *face, struct pl_session *session);
/** The peer has begun to close. */
void pl_ws_on_closing(struct pl_face_http *face, struct pl_session *session);
void pl_ws_on_closed(struct pl_face_http *face, struct pl_session *session);
/** A part of a message. @return 0, or -1: close the connection */
int pl_ws_on_receive(struct pl_face_http *face, struct pl_session *session, const char *data,
		     size_t size);
/** A listener of control: tells all kinds of streams. */
void pl_ws_on_event(void *userdata, const struct pl_event *event);
/**
 * A text frame, now. The payload has LWS_PRE bytes of room before it; what the socket does
 * not take at once libwebsockets keeps, so only call this when pl_ws_is_clear().
 */
void pl_ws_send(struct pl_session *session, char *payload, size_t size);
/** The same with a binary frame. */
void pl_ws_send_binary(struct pl_session *session, char *payload, size_t size);
bool pl_ws_is_clear(const struct pl_session *session);
void pl_http_log(struct pl_face_http *face, const char *event, const char *message,
		 struct json_object *data);

/* ws-vu.c */
int pl_ws_vu_open(struct pl_face_http *face, struct pl_session *session);
int pl_ws_vu_writable(struct pl_face_http *face, struct pl_session *session);
void pl_ws_vu_closed(struct pl_face_http *face, struct pl_session *session);

/* ws-events.c */
int pl_ws_events_open(struct pl_face_http *face, struct pl_session *session);
int pl_ws_events_writable(struct pl_face_http *face, struct pl_session *session);
void pl_ws_events_closed(struct pl_face_http *face, struct pl_session *session);
void pl_ws_events_on_event(struct pl_face_http *face, const struct pl_event *event);

/* ws-panel.c */
int pl_ws_panel_open(struct pl_face_http *face, struct pl_session *session);
int pl_ws_panel_receive(struct pl_face_http *face, struct pl_session *session, const char *data,
			size_t size);
int pl_ws_panel_writable(struct pl_face_http *face, struct pl_session *session);
void pl_ws_panel_closed(struct pl_face_http *face, struct pl_session *session);
/** The connection is about to end, which may take as long as its peer likes: the keys do not wait. */
void pl_ws_panel_closing(struct pl_face_http *face, struct pl_session *session);
void pl_ws_panel_on_event(struct pl_face_http *face, const struct pl_event *event);

/* ws-log.c */
int pl_ws_log_open(struct pl_face_http *face, struct pl_session *session);
int pl_ws_log_writable(struct pl_face_http *face, struct pl_session *session);
void pl_ws_log_closed(struct pl_face_http *face, struct pl_session *session);

#endif
