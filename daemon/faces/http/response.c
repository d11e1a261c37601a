/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "credential.h"
#include "server.h"
#include "static.h"

/** With a Link of 0.9 KiB for each of the servers. */
#define HEAD_MAX 6144u

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 204:
		return "No Content";
	case 206:
		return "Partial Content";
	case 307:
		return "Temporary Redirect";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
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
	case 412:
		return "Precondition Failed";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 416:
		return "Range Not Satisfiable";
	case 415:
		return "Unsupported Media Type";
	case 421:
		return "Misdirected Request";
	case 422:
		return "Unprocessable Content";
	case 426:
		return "Upgrade Required";
	case 428:
		return "Precondition Required"; /* RFC 6585 3 */
	case 429:
		return "Too Many Requests";
	case 503:
		return "Service Unavailable";
	case 507: /* RFC 4918, 11.5 */
		return "Insufficient Storage";
	default:
		return "Status";
	}
}

/* A page may load what is here and speak to here, nothing else; an API answer is no page. */
#define CSP_PAGE                                                                                                              \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "                                     \
	"connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; " \
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
	if (pl_control_config(face->control)->n_cors_origins == 0)
		return;
	add(head, "Vary: Origin\r\n");
	if (!request->origin[0] || !pl_http_origin_is_configured(face, request->origin))
		return;
	add(head, "Access-Control-Allow-Origin: %s\r\n", request->origin);
	if (response->created)
		add(head, "Access-Control-Expose-Headers: Location, ETag%s\r\n",
		    response->ice_servers ? ", Link" : "");
	else if (response->tag)
		add(head, "Access-Control-Expose-Headers: ETag\r\n");
	else if (response->status == 503)
		add(head, "Access-Control-Expose-Headers: Retry-After\r\n");
	if (request->method == PL_HTTP_OPTIONS && response->allow)
		add(head,
		    "Access-Control-Allow-Methods: %s\r\n"
		    "Access-Control-Allow-Headers: authorization, content-type, if-match\r\n"
		    "Access-Control-Max-Age: 600\r\n",
		    response->allow);
}

/** Not for scripts (HttpOnly), not from other pages (SameSite), not in the clear (Secure). */
static void add_cookie(struct head *head, const struct pl_http_request *request,
		       const struct pl_http_session *session)
{
	const char *name = request->secure ? PL_HTTP_COOKIE_TLS : PL_HTTP_COOKIE_PLAIN;
	const char *secure = request->secure ? "; Secure" : "";
	uint64_t now_s = (uint64_t)time(NULL);

	if (!session || session->change == PL_HTTP_SESSION_KEEP)
		return;
	if (session->change == PL_HTTP_SESSION_SET && session->expires_s > now_s)
		add(head,
		    "Set-Cookie: %s=%s; Path=/; Max-Age=%llu; HttpOnly; SameSite=Strict%s\r\n",
		    name, session->text, (unsigned long long)(session->expires_s - now_s), secure);
	else
		add(head, "Set-Cookie: %s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict%s\r\n",
		    name, secure);
}

/** A quoted-string of RFC 9110 5.6.4. @param text  printable ASCII */
static void add_quoted(struct head *head, const char *name, const char *text)
{
	add(head, "; %s=\"", name);
	for (; *text; text++)
		add(head, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	add(head, "\"");
}

/** RFC 9725 4.6 */
static void add_ice_servers(struct head *head, const struct pl_face_http *face)
{
	const struct pl_config *config = pl_control_config(face->control);

	for (size_t i = 0; i < config->n_listen_ice_servers; i++) {
		const struct pl_ice_server *server = &config->listen_ice_servers[i];

		add(head, "Link: <%s>; rel=\"ice-server\"", server->url);
		if (server->scheme != PL_ICE_STUN) {
			add_quoted(head, "username", server->username);
			add_quoted(head, "credential", server->credential);
			add_quoted(head, "credential-type", "password");
		}
		add(head, "\r\n");
	}
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
	if (response->streamed)
		add(head, "Accept-Ranges: bytes\r\n");
	if (response->content_range)
		add(head, "Content-Range: %s\r\n", response->content_range);
	if (response->gzip)
		add(head, "Content-Encoding: gzip\r\n");
	if (response->etag)
		add(head, "ETag: %s\r\nVary: Accept-Encoding\r\nCache-Control: %s\r\n",
		    response->etag,
		    response->immutable ? "private, max-age=31536000, immutable" : "no-cache");
	else
		add(head, "Cache-Control: no-store\r\n");
	if (response->tag)
		add(head, "ETag: %s\r\n", response->tag);
	if (response->location)
		add(head, "Location: https://%s%s\r\n", request->host, response->location);
	if (response->created)
		add(head, "Location: %s\r\n", response->created);
	if (response->ice_servers)
		add_ice_servers(head, face);
	if (response->allow)
		add(head, "Allow: %s\r\n", response->allow);
	if (response->status == 426)
		add(head, "Upgrade: websocket\r\n");
	if (response->status == 401)
		add(head, "WWW-Authenticate: Bearer\r\n");
	if (response->status == 503 || response->retry_s > 0)
		add(head, "Retry-After: %u\r\n", response->retry_s > 0 ? response->retry_s : 1);
	add_cookie(head, request, response->session);
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
	size_t size = request->method == PL_HTTP_HEAD || response->status == 304 ||
				      response->status == 204 || response->streamed
			      ? 0
			      : response->size;
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

int pl_http_respond_stranger(struct pl_face_http *face, struct lws *wsi,
			     const struct pl_http_request *request,
			     const struct pl_http_visitor *visitor, bool close)
{
	static const struct pl_http_session clear = {.change = PL_HTTP_SESSION_CLEAR};
	const struct pl_static_file *form = pl_static_find("/login");
	bool reads = request->method == PL_HTTP_GET || request->method == PL_HTTP_HEAD;
	struct pl_http_response response = {
		.status = visitor->status,
		.type = "application/json",
		.retry_s = visitor->retry_s,
		.close = close,
		/* a cookie that is good for nothing need not come back */
		.session = visitor->by_session && visitor->status == 401 ? &clear : NULL,
	};
	struct json_object *tree = NULL;
	int r;

	if (reads && request->accepts_html && form) {
		response.type = form->type;
		response.page = true;
		response.body = form->data;
		response.size = form->size;
	} else {
		tree = pl_http_detail(pl_http_stranger(visitor->status));
		response.body =
			json_object_to_json_string_length(tree, PL_HTTP_JSON, &response.size);
	}
	r = pl_http_respond(face, wsi, request, &response);
	json_object_put(tree);
	return r;
}

/** Only printable ASCII without what a header or a URL would stumble over. */
static bool is_plain_path(const char *path)
{
	return path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				 "/-._~")] == '\0';
}

int pl_http_respond_plain(struct pl_face_http *face, struct lws *wsi,
			  const struct pl_http_request *request)
{
	struct pl_http_response response = {.status = 307, .close = true};
	bool reads = request->method == PL_HTTP_GET || request->method == PL_HTTP_HEAD;

	if (!reads || !request->accepts_html || !request->host[0] ||
	    !pl_http_is_our_host(face, request->host, false))
		return pl_http_respond_detail(face, wsi, request, 400, "This port speaks HTTPS",
					      true);
	response.location = is_plain_path(request->path) ? request->path : "/";
	return pl_http_respond(face, wsi, request, &response);
}
