/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server.h"
#include "static.h"

/** One request from its headers to its answer. */

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void pl_http_exchange_free(struct pl_session *session)
{
	if (!session || !session->exchange)
		return;
	free(session->exchange->body);
	free(session->exchange);
	session->exchange = NULL;
}

/**
 * The answer is out: back to listening for the next request. A request with a body that
 * has not been announced cannot be followed by another, libwebsockets would wait for it.
 */
static int finish(struct lws *wsi, int r)
{
	if (r < 0)
		return -1;
	pl_http_pipeline_mark(wsi);
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int respond_file(struct pl_face_http *face, struct lws *wsi,
			const struct pl_http_request *request, const struct pl_static_file *file)
{
	struct pl_http_response response = {
		.status = 200,
		.type = file->type,
		.etag = file->etag,
		.page = true,
		.body = file->data,
		.size = file->size,
	};

	if (request->accepts_gzip && file->gzip) {
		response.gzip = true;
		response.body = file->gzip;
		response.size = file->gzip_size;
	}
	if (strcmp(request->if_none_match, file->etag) == 0) {
		response.status = 304;
		response.gzip = false;
	}
	return pl_http_respond(face, wsi, request, &response);
}

static int respond_options(struct pl_face_http *face, struct lws *wsi,
			   const struct pl_http_request *request, unsigned allowed)
{
	struct pl_http_response response = {.status = 204};
	char allow[80];

	pl_http_allow_text(allowed, allow, sizeof(allow));
	response.allow = allow;
	return pl_http_respond(face, wsi, request, &response);
}

static int respond_call(struct pl_face_http *face, struct lws *wsi,
			const struct pl_http_request *request, const char *body, size_t size,
			bool close)
{
	const struct pl_actor actor = {
		.face = "http", .name = request->peer, .role = PL_ROLE_ADMIN};
	struct pl_http_response response = {.type = "application/json", .close = close};
	struct pl_http_reply reply;
	char allow[80];
	int r;

	pl_http_dispatch(face->control, &actor, request->method, request->path, body, size, &reply);
	if (!reply.tree)
		return pl_http_respond_detail(face, wsi, request, 503, "No memory", true);
	if (strcmp(request->path, "/health") == 0)
		pl_http_log(face, "health.check", "Health was asked for", NULL);
	response.status = reply.status;
	if (reply.status == 405) {
		pl_http_allow_text(pl_http_allowed(request->path), allow, sizeof(allow));
		response.allow = allow;
	}
	response.body = json_object_to_json_string_length(reply.tree, PL_HTTP_JSON, &response.size);
	r = response.body ? pl_http_respond(face, wsi, request, &response) : -1;
	json_object_put(reply.tree);
	return r;
}

/** Everything is there. */
static int respond(struct pl_face_http *face, struct lws *wsi,
		   const struct pl_http_request *request, const char *body, size_t size, bool close)
{
	bool reads = request->method == PL_HTTP_GET || request->method == PL_HTTP_HEAD;
	const struct pl_static_file *file = pl_static_find(request->path);
	unsigned allowed = pl_http_allowed(request->path);

	if (request->method == PL_HTTP_OPTIONS && allowed)
		return respond_options(face, wsi, request, allowed);
	if (reads && file)
		return respond_file(face, wsi, request, file);
	if (reads && pl_http_path_is_websocket(request->path))
		return pl_http_respond_detail(face, wsi, request, 426, "This path speaks WebSocket",
					      close);
	return respond_call(face, wsi, request, body, size, close);
}

static struct pl_http_exchange *exchange_new(const struct pl_http_request *request)
{
	struct pl_http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->request = *request;
	exchange->deadline_usec = now_usec() + PL_HTTP_REQUEST_SECONDS * UINT64_C(1000000);
	return exchange;
}

int pl_http_on_request(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		       const char *path)
{
	struct pl_http_request request;
	const char *reason = NULL;
	bool posts, takes_body;
	int status;

	pl_http_exchange_free(session);
	status = pl_http_request_read(wsi, path, &request, &reason);
	if (status == 0)
		status = pl_http_request_check(face, &request, false, &reason);
	if (status == 0 && request.length > PL_HTTP_BODY_MAX) {
		status = 413;
		reason = "The body is too large";
	}
	posts = request.method == PL_HTTP_POST || request.method == PL_HTTP_PUT ||
		request.method == PL_HTTP_PATCH;
	/* libwebsockets ends a POST with a length by "body end", even when that length is 0 */
	takes_body = request.has_length && (request.length > 0 || request.method == PL_HTTP_POST);

	if (!takes_body) {
		/* without a length it would wait for 100 MB: the connection ends */
		bool close = status != 0 || (posts && !request.has_length);

		if (status != 0)
			return pl_http_respond_detail(face, wsi, &request, status, reason, close);
		return finish(wsi, respond(face, wsi, &request, "", 0, close));
	}
	if (request.length > 0 && pl_http_is_pipelined(wsi))
		return pl_http_respond_detail(
			face, wsi, &request, 400,
			"A request with a body is not taken before the last one is answered", true);
	session->exchange = exchange_new(&request);
	if (!session->exchange)
		return -1;
	if (status == 0)
		return 0;
	session->exchange->early.status = status;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0 || status == 400)
		return pl_http_respond_detail(face, wsi, &request, status, reason, true);
	/* answer now, but read on: closing with unread bytes would tear the answer down */
	pl_http_respond_detail(face, wsi, &request, status, reason, true);
	return 0;
}

static int keep(struct pl_http_exchange *exchange, const char *data, size_t size)
{
	if (exchange->size + size > exchange->request.length)
		return -EINVAL;
	if (exchange->size + size > exchange->capacity) {
		size_t capacity = exchange->capacity ? exchange->capacity * 2 : 1024;
		char *body;

		while (capacity < exchange->size + size)
			capacity *= 2;
		body = realloc(exchange->body, capacity);
		if (!body)
			return -ENOMEM;
		exchange->body = body;
		exchange->capacity = capacity;
	}
	memcpy(exchange->body + exchange->size, data, size);
	exchange->size += size;
	return 0;
}

int pl_http_on_body(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		    const char *data, size_t size)
{
	struct pl_http_exchange *exchange = session->exchange;

	if (!exchange)
		return -1;
	if (size == 0)
		return 0;
	exchange->n_received += size;
	if (exchange->early.status)
		return exchange->n_received > PL_HTTP_DRAIN_MAX ||
				       now_usec() > exchange->deadline_usec
			       ? -1
			       : 0;
	if (now_usec() > exchange->deadline_usec)
		return pl_http_respond_detail(face, wsi, &exchange->request, 408,
					      "The body took too long", true);
	return keep(exchange, data, size) < 0 ? -1 : 0;
}

int pl_http_on_body_end(struct pl_face_http *face, struct lws *wsi, struct pl_session *session)
{
	struct pl_http_exchange *exchange = session->exchange;
	int r;

	if (!exchange || exchange->early.status) {
		pl_http_exchange_free(session);
		return -1;
	}
	r = respond(face, wsi, &exchange->request, exchange->body ? exchange->body : "",
		    exchange->size, false);
	pl_http_exchange_free(session);
	return finish(wsi, r);
}
