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
	if (r == PL_HTTP_GOES_ON)
		return 0;
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
		.immutable = file->immutable,
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

/** Takes what is in it. */
static int respond_plain(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
			 const struct pl_http_request *request, struct pl_http_plain *plain)
{
	struct pl_http_response response = {
		.status = plain->location[0] ? 201 : 200,
		.type = plain->type,
		.created = plain->location[0] ? plain->location : NULL,
		.tag = plain->tag[0] ? plain->tag : NULL,
		.ice_servers = plain->ice_servers,
	};
	int r;

	if (plain->file) {
		r = pl_http_send_file(face, wsi, session, request, plain->file, plain->type);
	} else {
		response.body = plain->text;
		response.size = strlen(plain->text);
		r = pl_http_respond(face, wsi, request, &response);
		explicit_bzero(plain->text, response.size);
	}
	free(plain->text);
	free(plain->file);
	return r;
}

static int respond_call(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
			const struct pl_http_request *request,
			const struct pl_http_visitor *visitor, const char *body, size_t size,
			bool close)
{
	struct pl_http_response response = {.type = "application/json", .close = close};
	const struct pl_http_question question = {
		.method = request->method,
		.path = request->path,
		.query = request->query,
		.if_match = request->if_match,
		.body = body,
		.size = size,
	};
	struct pl_http_reply reply;
	char allow[80];
	int r;

	pl_http_dispatch(face->control, visitor, &question, &reply);
	if (reply.plain.type)
		return respond_plain(face, wsi, session, request, &reply.plain);
	/* What was asked for is done, but there is no memory to say so: no answer is true, a refusal
	 * would not be. */
	if (!reply.tree && reply.status == 200 && request->method != PL_HTTP_GET &&
	    request->method != PL_HTTP_HEAD)
		return -1;
	if (!reply.tree)
		return pl_http_respond_detail(face, wsi, request, 503, "No memory", true);
	if (strcmp(request->path, "/health") == 0)
		pl_http_log(face, "health.check", "Health was asked for", NULL);
	response.status = reply.status;
	response.retry_s = reply.retry_s;
	response.session = &reply.session;
	if (reply.status == 401 || reply.status == 429)
		pl_http_audit(face, request, visitor, reply.status, "a wrong token at the login");
	if (reply.status == 405) {
		pl_http_allow_text(pl_http_allowed(request->path), allow, sizeof(allow));
		response.allow = allow;
	}
	response.body = json_object_to_json_string_length(reply.tree, PL_HTTP_JSON, &response.size);
	r = response.body ? pl_http_respond(face, wsi, request, &response) : -1;
	json_object_put(reply.tree);
	return r;
}

/** The local CA's certificate: for whoever wants to trust this server. */
static int respond_ca(struct pl_face_http *face, struct lws *wsi,
		      const struct pl_http_request *request)
{
	struct pl_http_response response = {.status = 200, .type = "application/x-x509-ca-cert"};
	struct pl_certificate certificate;

	if (!pl_control_get_certificate(face->control, &certificate) || !certificate.ca_pem[0])
		return pl_http_respond_detail(face, wsi, request, 404, "Not Found", false);
	response.body = certificate.ca_pem;
	response.size = strlen(certificate.ca_pem);
	return pl_http_respond(face, wsi, request, &response);
}

/** Everything is there. */
static int respond(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		   const struct pl_http_request *request, const struct pl_http_visitor *visitor,
		   const char *body, size_t size, bool close)
{
	bool reads = request->method == PL_HTTP_GET || request->method == PL_HTTP_HEAD;
	const struct pl_static_file *file = pl_static_find(request->path);
	unsigned allowed = pl_http_allowed(request->path);

	if (request->method == PL_HTTP_OPTIONS && allowed)
		return respond_options(face, wsi, request, allowed);
	if (reads && file)
		return respond_file(face, wsi, request, file);
	if (reads && strcmp(request->path, "/ca.crt") == 0)
		return respond_ca(face, wsi, request);
	if (reads && pl_http_path_is_websocket(request->path))
		return pl_http_respond_detail(face, wsi, request, 426, "This path speaks WebSocket",
					      close);
	return respond_call(face, wsi, session, request, visitor, body, size, close);
}

/** What everyone may have, so that people can come in: the form, and what a browser should trust. */
static bool is_open(const struct pl_http_request *request)
{
	static const char *const files[] = {"/ca.crt", "/favicon.svg", "/login", "/login.css",
					    "/login.js"};

	if (request->method == PL_HTTP_POST)
		return strcmp(request->path, "/api/session") == 0;
	if (request->method != PL_HTTP_GET && request->method != PL_HTTP_HEAD)
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(request->path, files[i]) == 0)
			return true;
	return false;
}

static struct pl_http_exchange *exchange_new(const struct pl_http_request *request,
					     const struct pl_http_visitor *visitor)
{
	struct pl_http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->request = *request;
	exchange->visitor = *visitor;
	exchange->deadline_usec = now_usec() + PL_HTTP_REQUEST_SECONDS * UINT64_C(1000000);
	return exchange;
}

/** A page of a configured origin asks before it shows its token: all paths answer alike. */
static int respond_preflight(struct pl_face_http *face, struct lws *wsi,
			     const struct pl_http_request *request)
{
	struct pl_http_response response = {.status = 204,
					    .allow = "GET, HEAD, POST, PUT, PATCH, DELETE"};

	return pl_http_respond(face, wsi, request, &response);
}

struct verdict {
	int status;         /**< 0: go on */
	const char *reason; /**< with a status that is not a stranger's */
	bool stranger;      /**< who it is is not known, or not yet: nothing is told */
};

/** May this request go on? What is refused for who asks is written down. */
static struct verdict judge(struct pl_face_http *face, struct lws *wsi,
			    const struct pl_http_request *request, int status, const char *reason,
			    struct pl_http_visitor *ret_visitor)
{
	struct verdict verdict = {.status = status, .reason = reason};

	pl_http_gate(face, wsi, request, ret_visitor);
	if (ret_visitor->status != 0 && (status != 0 || !is_open(request))) {
		verdict = (struct verdict){.status = ret_visitor->status, .stranger = true};
		pl_http_audit(face, request, ret_visitor, verdict.status, ret_visitor->detail);
		return verdict;
	}
	if (status == 0)
		verdict.status =
			pl_http_request_check(face, request, ret_visitor, false, &verdict.reason);
	if (verdict.status == 403 || verdict.status == 421)
		pl_http_audit(face, request, ret_visitor, verdict.status, verdict.reason);
	if (verdict.status == 0 &&
	    request->length >
		    (ret_visitor->status ? PL_HTTP_STRANGER_BODY_MAX : PL_HTTP_BODY_MAX)) {
		verdict.status = 413;
		verdict.reason = "The body is too large";
	}
	return verdict;
}

static int refuse(struct pl_face_http *face, struct lws *wsi, const struct pl_http_request *request,
		  const struct pl_http_visitor *visitor, const struct verdict *verdict, bool close)
{
	if (verdict->stranger)
		return pl_http_respond_stranger(face, wsi, request, visitor, close);
	return pl_http_respond_detail(face, wsi, request, verdict->status, verdict->reason, close);
}

int pl_http_on_request(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		       const char *path)
{
	struct pl_http_request request;
	struct pl_http_visitor visitor;
	struct verdict verdict;
	const char *reason = NULL;
	bool posts, takes_body;
	int status;

	pl_http_exchange_free(session);
	status = pl_http_request_read(wsi, path, &request, &reason);
	if (!request.secure && !pl_http_may_be_plain(face, wsi))
		return pl_http_respond_plain(face, wsi, &request);
	if (status == 0 && request.method == PL_HTTP_OPTIONS && !request.has_length &&
	    pl_http_origin_is_configured(face, request.origin))
		return finish(wsi, respond_preflight(face, wsi, &request));
	verdict = judge(face, wsi, &request, status, reason, &visitor);
	posts = request.method == PL_HTTP_POST || request.method == PL_HTTP_PUT ||
		request.method == PL_HTTP_PATCH;
	/* libwebsockets ends a POST with a length by "body end", even when that length is 0 */
	takes_body = request.has_length && (request.length > 0 || request.method == PL_HTTP_POST);

	if (!takes_body) {
		/* without a length it would wait for 100 MB: the connection ends */
		bool close = verdict.status != 0 || (posts && !request.has_length);

		if (verdict.status != 0)
			return refuse(face, wsi, &request, &visitor, &verdict, close);
		return finish(wsi, respond(face, wsi, session, &request, &visitor, "", 0, close));
	}
	if (request.length > 0 && pl_http_is_pipelined(wsi)) {
		if (verdict.stranger)
			return refuse(face, wsi, &request, &visitor, &verdict, true);
		return pl_http_respond_detail(
			face, wsi, &request, 400,
			"A request with a body is not taken before the last one is answered", true);
	}
	session->exchange = exchange_new(&request, &visitor);
	if (!session->exchange)
		return -1;
	if (verdict.status == 0)
		return 0;
	session->exchange->early.status = verdict.status;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0 || status == 400)
		return refuse(face, wsi, &request, &visitor, &verdict, true);
	/* answer now, but read on: closing with unread bytes would tear the answer down */
	refuse(face, wsi, &request, &visitor, &verdict, true);
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
	r = respond(face, wsi, session, &exchange->request, &exchange->visitor,
		    exchange->body ? exchange->body : "", exchange->size, false);
	pl_http_exchange_free(session);
	return finish(wsi, r);
}
