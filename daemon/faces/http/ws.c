/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "server.h"

/*
 * How much of the past a slow client may have in the kernel: then the socket takes no
 * more, and the client is skipped until it does.
 */
#define SEND_BUFFER_BYTES (128 * 1024)
#define NOT_SENT_BYTES (32 * 1024)

#define HZ_DEFAULT 10u
#define HZ_MAX 60u
#define LOG_LINES_DEFAULT 100u

static const struct {
	const char *path; /**< NULL: no stream */
	int (*open)(struct pl_face_http *face, struct pl_session *session);
	int (*writable)(struct pl_face_http *face, struct pl_session *session);
	void (*closed)(struct pl_face_http *face, struct pl_session *session);
} kinds[] = {
	[PL_SESSION_VU] = {"/ws/vu", pl_ws_vu_open, pl_ws_vu_writable, pl_ws_vu_closed},
	[PL_SESSION_EVENTS] = {"/ws/events", pl_ws_events_open, pl_ws_events_writable,
			       pl_ws_events_closed},
	[PL_SESSION_LOG] = {"/ws/log", pl_ws_log_open, pl_ws_log_writable, pl_ws_log_closed},
	[PL_SESSION_PANEL] = {"/ws/panel", pl_ws_panel_open, pl_ws_panel_writable,
			      pl_ws_panel_closed},
};

void pl_http_log(struct pl_face_http *face, const char *event, const char *message,
		 struct json_object *data)
{
	if (face->options.on_log)
		face->options.on_log(face->options.log_userdata, event, message,
				     data ? json_object_to_json_string_ext(data, PL_HTTP_JSON)
					  : "{}");
	json_object_put(data);
}

static void log_session(struct pl_face_http *face, const struct pl_session *session,
			const char *what)
{
	struct json_object *data;
	char event[32];

	if (!face->options.on_log)
		return;
	data = json_object_new_object();
	json_object_object_add(data, "client", json_object_new_string(session->peer));
	snprintf(event, sizeof(event), "ws.%s.%s", kinds[session->kind].path + 4, what);
	pl_http_log(face, event, "WebSocket client", data);
}

/* --- upgrade -------------------------------------------------------------------------- */

static int refuse(struct pl_face_http *face, struct lws *wsi, const struct pl_http_request *request,
		  const char *name, const char *msg, const char *type)
{
	const char *const loc[] = {"query", name, NULL};
	struct json_object *tree = json_object_new_object(), *details = json_object_new_array();
	struct pl_http_response response = {
		.status = 422, .type = "application/json", .close = true};

	pl_detail_add(details, loc, msg, type);
	json_object_object_add(tree, "detail", details);
	response.body = json_object_to_json_string_length(tree, PL_HTTP_JSON, &response.size);
	pl_http_respond(face, wsi, request, &response);
	json_object_put(tree);
	return -1;
}

static int read_vu_query(struct pl_face_http *face, struct lws *wsi,
			 const struct pl_http_request *request, struct pl_session *session)
{
	char text[16];
	int r;

	session->hz = HZ_DEFAULT;
	r = pl_http_query(wsi, "hz", text, sizeof(text));
	if (r != -ENOENT && (r < 0 || pl_id_from_text(text, &session->hz) < 0 || session->hz < 1 ||
			     session->hz > HZ_MAX))
		return refuse(face, wsi, request, "hz", "Input should be an integer from 1 to 60",
			      "value_error");
	r = pl_http_query(wsi, "detail", text, sizeof(text));
	if (r != -ENOENT && (r < 0 || (strcmp(text, "full") != 0 && strcmp(text, "vu") != 0)))
		return refuse(face, wsi, request, "detail", "Input should be 'vu' or 'full'",
			      "enum");
	session->form = r == 0 && strcmp(text, "full") == 0 ? PL_VU_FULL : PL_VU_PLAIN;
	r = pl_http_query(wsi, "format", text, sizeof(text));
	if (r != -ENOENT && (r < 0 || (strcmp(text, "json") != 0 && strcmp(text, "binary") != 0)))
		return refuse(face, wsi, request, "format", "Input should be 'json' or 'binary'",
			      "enum");
	if (r == 0 && strcmp(text, "binary") == 0)
		session->form = PL_VU_BINARY;
	return 0;
}

static int read_log_query(struct pl_face_http *face, struct lws *wsi,
			  const struct pl_http_request *request, struct pl_session *session)
{
	session->log_query = (struct pl_log_query){.n_lines = LOG_LINES_DEFAULT};
	for (size_t i = 0; i < PL_LOG_ARGUMENTS; i++) {
		const char *name = pl_log_arguments[i];
		char text[PL_LOG_EVENT_SIZE + 1];
		struct pl_error error = {0};
		int r = pl_http_query(wsi, name, text, sizeof(text));

		if (r == -ENOENT)
			continue;
		/* What is too long for here is too long for it as well. */
		if (pl_log_query_set(&session->log_query, name, r < 0 ? "" : text, &error) < 0)
			return refuse(face, wsi, request, name, error.message, "value_error");
	}
	return 0;
}

/** The one stream that not everybody may open who may come in. */
static int begin_log(struct pl_face_http *face, struct lws *wsi,
		     const struct pl_http_request *request, const struct pl_http_visitor *visitor,
		     struct pl_session *session)
{
	struct pl_error error = {0};
	struct pl_actor actor;

	if (read_log_query(face, wsi, request, session) < 0)
		return -1;
	pl_http_actor(visitor, &actor);
	if (pl_control_read_log(face->control, &actor, &error) == 0)
		return 0;
	pl_http_respond_detail(face, wsi, request, 403, error.message, true);
	return -1;
}

int pl_ws_on_upgrade(struct pl_face_http *face, struct lws *wsi, struct pl_session *session)
{
	struct pl_http_request request;
	struct pl_http_visitor visitor;
	const char *reason = NULL;
	char path[256] = "";
	int status;

	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) < 0)
		path[0] = '\0';
	status = pl_http_request_read(wsi, path, &request, &reason);
	if (!request.secure && !pl_http_may_be_plain(face, wsi)) {
		request.accepts_html = false;
		pl_http_respond_plain(face, wsi, &request);
		return -1;
	}
	pl_http_gate(face, wsi, &request, &visitor);
	if (visitor.status != 0) {
		request.accepts_html = false; /* no page opens a stream by hand */
		pl_http_audit(face, &request, &visitor, visitor.status, visitor.detail);
		pl_http_respond_stranger(face, wsi, &request, &visitor, true);
		return -1;
	}
	if (status == 0)
		status = pl_http_request_check(face, &request, &visitor, true, &reason);
	if (status == 403 || status == 421)
		pl_http_audit(face, &request, &visitor, status, reason);
	if (status == 0 && !pl_http_path_is_websocket(path)) {
		status = pl_http_allowed(path) ? 400 : 404;
		reason = status == 404 ? "Not Found" : "This path does not speak WebSocket";
	}
	if (status == 0 && lws_hdr_total_length(wsi, WSI_TOKEN_KEY) != 24) {
		status = 400;
		reason = "Sec-WebSocket-Key should be 16 bytes in base64";
	}
	if (status != 0) {
		pl_http_respond_detail(face, wsi, &request, status, reason, true);
		return -1;
	}
	while (!kinds[session->kind].path || strcmp(path, kinds[session->kind].path) != 0)
		session->kind++;
	session->role = visitor.role;
	snprintf(session->peer, sizeof(session->peer), "%s", request.peer);
	session->has_identity = visitor.has_identity;
	session->identity = visitor.identity;
	if (session->kind == PL_SESSION_LOG)
		return begin_log(face, wsi, &request, &visitor, session);
	return session->kind == PL_SESSION_VU ? read_vu_query(face, wsi, &request, session) : 0;
}

/* --- sending ----------------------------------------------------------------------------- */

bool pl_ws_is_clear(const struct pl_session *session)
{
	return !session->closing && !lws_partial_buffered(session->wsi);
}

/**
 * Straight to the socket, without a turn through the loop for each client: that turn costs
 * three more system calls and up to a tick of delay. Thread: the loop's, where libwebsockets
 * runs as well; nothing of ours is called back from here.
 */
static void send_frame(struct pl_session *session, char *payload, size_t size,
		       enum lws_write_protocol kind)
{
	const struct pl_face_http *face = lws_context_user(lws_get_context(session->wsi));

	if (session->has_identity &&
	    !pl_control_identity_is_valid(face->control, &session->identity)) {
		session->closing = session->over = true;
		lws_callback_on_writable(session->wsi); /* where it can be ended */
		return;
	}
	if (lws_write(session->wsi, (unsigned char *)payload, size, kind) < 0) {
		session->closing = true;
		lws_set_timeout(session->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
	}
}

void pl_ws_send(struct pl_session *session, char *payload, size_t size)
{
	send_frame(session, payload, size, LWS_WRITE_TEXT);
}

void pl_ws_send_binary(struct pl_session *session, char *payload, size_t size)
{
	send_frame(session, payload, size, LWS_WRITE_BINARY);
}

/* --- life ---------------------------------------------------------------------------------- */

int pl_ws_on_open(struct pl_face_http *face, struct lws *wsi, struct pl_session *session)
{
	int fd = lws_get_socket_fd(wsi), one = 1;
	int send_buffer = SEND_BUFFER_BYTES, not_sent = NOT_SENT_BYTES;

	session->wsi = wsi;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof(not_sent));
	log_session(face, session, "connected");
	return kinds[session->kind].open(face, session);
}

int pl_ws_on_receive(struct pl_face_http *face, struct pl_session *session, const char *data,
		     size_t size)
{
	/* what clients of the others say is read and forgotten */
	return session->kind == PL_SESSION_PANEL ? pl_ws_panel_receive(face, session, data, size)
						 : 0;
}

int pl_ws_on_writable(struct pl_face_http *face, struct pl_session *session)
{
	if (session->over) {
		pl_ws_on_closing(face, session);
		return -1;
	}
	if (!pl_ws_is_clear(session))
		return 0;
	return kinds[session->kind].writable(face, session);
}

void pl_ws_on_closing(struct pl_face_http *face, struct pl_session *session)
{
	session->closing = true;
	if (session->kind == PL_SESSION_PANEL)
		pl_ws_panel_closing(face, session);
}

void pl_ws_on_closed(struct pl_face_http *face, struct pl_session *session)
{
	session->closing = true;
	if (session->kind == PL_SESSION_HTTP)
		return; /* its upgrade was refused */
	kinds[session->kind].closed(face, session);
	log_session(face, session, "disconnected");
}

void pl_ws_on_event(void *userdata, const struct pl_event *event)
{
	pl_ws_events_on_event(userdata, event);
	pl_ws_panel_on_event(userdata, event);
}
