/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define HEAD_MAX 2048u

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 204:
		return "No Content";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 415:
		return "Unsupported Media Type";
	case 421:
		return "Misdirected Request";
	case 422:
		return "Unprocessable Content";
	case 426:
		return "Upgrade Required";
	case 503:
		return "Service Unavailable";
	default:
		return "Status";
	}
}

/* A page may load what is here and speak to here, nothing else; an API answer is no page. */
#define CSP_PAGE                                                                                   \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "           \
	"frame-ancestors 'none'"
#define CSP_API "default-src 'none'; frame-ancestors 'none'"

struct head {
	char text[HEAD_MAX];
	size_t size;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void add(struct head *head, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
	n = vsnprintf(head->text + head->size, sizeof(head->text) - head->size, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(head->text) - head->size)
		head->full = true;
	else
		head->size += (size_t)n;
}

static void add_cors(struct head *head, const struct pl_face_http *face,
		     const struct pl_http_request *request, const struct pl_http_response *response)
{
	if (face->config->n_cors_origins == 0)
		return;
	add(head, "Vary: Origin\r\n");
	if (!request->origin[0] || !pl_http_origin_is_configured(face, request->origin))
		return;
	add(head, "Access-Control-Allow-Origin: %s\r\n", request->origin);
	if (request->method == PL_HTTP_OPTIONS && response->allow)
		add(head,
		    "Access-Control-Allow-Methods: %s\r\n"
		    "Access-Control-Allow-Headers: content-type\r\n"
		    "Access-Control-Max-Age: 600\r\n",
		    response->allow);
}

static void write_head(struct head *head, const struct pl_face_http *face,
		       const struct pl_http_request *request,
		       const struct pl_http_response *response)
{
	add(head, "HTTP/1.1 %d %s\r\n", response->status, reason_of(response->status));
	if (response->type)
		add(head, "Content-Type: %s\r\n", response->type);
	if (response->status != 304 && response->status != 204)
		add(head, "Content-Length: %zu\r\n", response->size);
	if (response->gzip)
		add(head, "Content-Encoding: gzip\r\n");
	if (response->etag)
		add(head, "ETag: %s\r\nVary: Accept-Encoding\r\nCache-Control: no-cache\r\n",
		    response->etag);
	else
		add(head, "Cache-Control: no-store\r\n");
	if (response->allow)
		add(head, "Allow: %s\r\n", response->allow);
	if (response->status == 426)
		add(head, "Upgrade: websocket\r\n");
	if (response->status == 503)
		add(head, "Retry-After: 1\r\n");
	add_cors(head, face, request, response);
	add(head,
	    "Content-Security-Policy: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n",
	    response->page ? CSP_PAGE : CSP_API);
	if (response->close)
		add(head, "Connection: close\r\n");
	else if (request->keep_alive_1_0)
		add(head, "Connection: keep-alive\r\n");
	add(head, "\r\n");
}

int pl_http_respond(struct pl_face_http *face, struct lws *wsi,
		    const struct pl_http_request *request, const struct pl_http_response *response)
{
	struct head head = {.size = 0};
	size_t size =
		request->method == PL_HTTP_HEAD || response->status == 304 ? 0 : response->size;
	unsigned char *buffer;
	int r;

	write_head(&head, face, request, response);
	buffer = head.full ? NULL : malloc(LWS_PRE + head.size + size);
	if (!buffer)
		return -1;
	memcpy(buffer + LWS_PRE, head.text, head.size);
	if (size > 0)
		memcpy(buffer + LWS_PRE + head.size, response->body, size);
	/* libwebsockets copies what the socket does not take now */
	r = lws_write(wsi, buffer + LWS_PRE, head.size + size, LWS_WRITE_HTTP);
	free(buffer);
	return r < 0 || response->close ? -1 : 0;
}

int pl_http_respond_detail(struct pl_face_http *face, struct lws *wsi,
			   const struct pl_http_request *request, int status, const char *text,
			   bool close)
{
	struct json_object *tree = pl_http_detail(text);
	struct pl_http_response response = {
		.status = status, .type = "application/json", .close = close};
	int r;

	response.body = json_object_to_json_string_length(tree, PL_HTTP_JSON, &response.size);
	r = pl_http_respond(face, wsi, request, &response);
	json_object_put(tree);
	return r;
}
