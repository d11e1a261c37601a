/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

static const struct {
	enum lws_token_indexes token;
	enum pl_http_method method;
} method_tokens[] = {
	{WSI_TOKEN_GET_URI, PL_HTTP_GET},         {WSI_TOKEN_HEAD_URI, PL_HTTP_HEAD},
	{WSI_TOKEN_POST_URI, PL_HTTP_POST},       {WSI_TOKEN_PUT_URI, PL_HTTP_PUT},
	{WSI_TOKEN_PATCH_URI, PL_HTTP_PATCH},     {WSI_TOKEN_DELETE_URI, PL_HTTP_DELETE},
	{WSI_TOKEN_OPTIONS_URI, PL_HTTP_OPTIONS},
};

/** @return length, 0 when there is none, -ENOSPC when it does not fit */
static int header(struct lws *wsi, enum lws_token_indexes token, char *ret_text, size_t size)
{
	int n = lws_hdr_total_length(wsi, token);

	ret_text[0] = '\0';
	if (n <= 0)
		return 0;
	if ((size_t)n >= size)
		return -ENOSPC;
	return lws_hdr_copy(wsi, ret_text, (int)size, token) < 0 ? -ENOSPC : n;
}

static int read_length(struct lws *wsi, struct pl_http_request *request, const char **ret_reason)
{
	char text[32];
	int n = header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof(text));

	if (n == 0)
		return 0;
	if (n < 0 || n > 18 || strspn(text, "0123456789") != (size_t)n) {
		*ret_reason = "Content-Length should be a number";
		return 400;
	}
	request->has_length = true;
	request->length = strtoull(text, NULL, 10);
	return 0;
}

static int read_type(struct lws *wsi, const struct pl_http_request *request,
		     const char **ret_reason)
{
	char text[128];
	int n = header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, text, sizeof(text));
	size_t word;

	if (n == 0 || request->length == 0)
		return 0;
	word = n < 0 ? 0 : strcspn(text, "; \t");
	if (pl_http_takes_sdp(request->method, request->path)) {
		/* RFC 9725 4.2 and, for PATCH, 4.3.2 */
		if ((word == 15 && strncasecmp(text, "application/sdp", word) == 0) ||
		    (word == 31 && strncasecmp(text, "application/trickle-ice-sdpfrag", word) == 0))
			return 0;
		*ret_reason = "The body should be application/sdp";
		return 415;
	}
	if ((word == 16 && strncasecmp(text, "application/json", word) == 0) ||
	    (word > 17 && strncasecmp(text, "application/", 12) == 0 &&
	     strncasecmp(text + word - 5, "+json", 5) == 0))
		return 0;
	*ret_reason = "The body should be application/json";
	return 415;
}

/** @return 0, or the status of a refusal */
static int read_query(struct lws *wsi, struct pl_http_request *request, const char **ret_reason)
{
	size_t n_all = 0;

	for (int i = 0;; i++) {
		size_t left = sizeof(request->query) - n_all;
		int n;

		if (left > 1 && i > 0) {
			request->query[n_all] = '&';
			left--;
		}
		n = lws_hdr_copy_fragment(wsi, request->query + n_all + (i > 0), (int)left,
					  WSI_TOKEN_HTTP_URI_ARGS, i);
		if (n == -1) {
			request->query[n_all] = '\0';
			return 0;
		}
		if (n < 0) {
			request->query[0] = '\0';
			*ret_reason = "The query is too long";
			return 414;
		}
		n_all += (size_t)n + (i > 0);
	}
}

int pl_http_request_read(struct lws *wsi, const char *path, struct pl_http_request *ret_request,
			 const char **ret_reason)
{
	struct pl_http_request request = {.method = PL_HTTP_METHOD_MAX_};
	char text[256];
	int r;

	for (size_t i = 0; i < LWS_ARRAY_SIZE(method_tokens); i++)
		if (lws_hdr_total_length(wsi, method_tokens[i].token) > 0)
			request.method = method_tokens[i].method;
	lws_get_peer_simple(wsi, request.peer, sizeof(request.peer));
	request.secure = lws_get_ssl(wsi) != NULL;
	snprintf(request.path, sizeof(request.path), "%s", path);
	if (header(wsi, WSI_TOKEN_HOST, request.host, sizeof(request.host)) < 0 ||
	    header(wsi, WSI_TOKEN_ORIGIN, request.origin, sizeof(request.origin)) < 0) {
		*ret_request = request;
		*ret_reason = "Host or Origin is too long";
		return 400;
	}
	header(wsi, WSI_TOKEN_HTTP_RANGE, request.range, sizeof(request.range));
	header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, request.if_none_match,
	       sizeof(request.if_none_match));
	/* One that is too long is nobody's. */
	if (header(wsi, WSI_TOKEN_HTTP_IF_MATCH, request.if_match, sizeof(request.if_match)) < 0)
		snprintf(request.if_match, sizeof(request.if_match), "-");
	if (header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, text, sizeof(text)) > 0)
		request.accepts_gzip = strstr(text, "gzip") && !strstr(text, "gzip;q=0");
	if (header(wsi, WSI_TOKEN_HTTP_ACCEPT, text, sizeof(text)) > 0)
		request.accepts_html = strstr(text, "text/html") != NULL;
	if (header(wsi, WSI_TOKEN_HTTP, text, sizeof(text)) > 0 && strcmp(text, "HTTP/1.0") == 0 &&
	    header(wsi, WSI_TOKEN_CONNECTION, text, sizeof(text)) > 0)
		request.keep_alive_1_0 = strcasecmp(text, "keep-alive") == 0;

	r = read_length(wsi, &request, ret_reason);
	if (r == 0)
		r = read_type(wsi, &request, ret_reason);
	if (r == 0 && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
		*ret_reason = "Content-Length is required, chunks are not taken";
		r = 411;
	}
	if (r == 0)
		r = read_query(wsi, &request, ret_reason);
	if (r == 0 && strlen(path) >= sizeof(request.path)) {
		*ret_reason = "The path is too long";
		r = 414;
	}
	if (r == 0 && request.method == PL_HTTP_METHOD_MAX_) {
		*ret_reason = "Method Not Allowed";
		r = 405;
	}
	*ret_request = request;
	return r;
}

/* --- who may ask ------------------------------------------------------------------------- */

/** The name in "name:port", "[v6]:port" or "name". */
static void host_name(const char *host, char *ret_name, size_t size)
{
	size_t n;

	if (host[0] == '[')
		n = strcspn(++host, "]");
	else
		n = strcspn(host, ":");
	snprintf(ret_name, size, "%.*s", (int)n, host);
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcasecmp(name + n - m, end) == 0;
}

bool pl_http_origin_is_configured(const struct pl_face_http *face, const char *origin)
{
	for (size_t i = 0; i < pl_control_config(face->control)->n_cors_origins; i++)
		if (strcmp(pl_control_config(face->control)->cors_origins[i], origin) == 0)
			return true;
	return false;
}

/** Whether a configured origin names this host, whatever the port. */
static bool is_configured_host(const struct pl_face_http *face, const char *name)
{
	char configured[256];

	for (size_t i = 0; i < pl_control_config(face->control)->n_cors_origins; i++) {
		const char *host = strstr(pl_control_config(face->control)->cors_origins[i], "://");

		if (!host)
			continue;
		host_name(host + 3, configured, sizeof(configured));
		if (strcasecmp(configured, name) == 0)
			return true;
	}
	return false;
}

/** The host name as it is, and without its domain, alone and below .local. */
static bool is_hostname(const struct pl_face_http *face, const char *name)
{
	size_t n = strcspn(face->hostname, ".");

	return strcasecmp(name, face->hostname) == 0 ||
	       (strncasecmp(name, face->hostname, n) == 0 &&
		(name[n] == '\0' || strcasecmp(name + n, ".local") == 0));
}

static bool is_configured_name(const struct pl_face_http *face, const char *name)
{
	const struct pl_config *config = pl_control_config(face->control);

	for (size_t i = 0; i < config->n_http_names; i++)
		if (strcasecmp(config->http_names[i], name) == 0)
			return true;
	return false;
}

/**
 * DNS rebinding: a foreign page's name is made to resolve to us, and its requests look like
 * our own page's. They still carry that name in Host. An address cannot be rebound; a name
 * must be our own. A name without a dot or below .local cannot be bought, but a neighbour in the
 * network may answer to it: it will do for who has shown a credential (a browser sends none to a
 * foreign name), not for who comes in by the place that he calls from.
 */
bool pl_http_is_our_host(const struct pl_face_http *face, const char *host, bool strict)
{
	unsigned char address[16];
	char name[256];

	host_name(host, name, sizeof(name));
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return true;
	if (!strict && (!strchr(name, '.') || ends_with(name, ".local")))
		return true;
	return strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost") ||
	       is_hostname(face, name) || is_configured_name(face, name) ||
	       is_configured_host(face, name);
}

static bool is_same_origin(const struct pl_http_request *request)
{
	const char *host = strstr(request->origin, "://");

	return host && strcasecmp(host + 3, request->host) == 0;
}

int pl_http_request_check(const struct pl_face_http *face, const struct pl_http_request *request,
			  const struct pl_http_visitor *visitor, bool websocket,
			  const char **ret_reason)
{
	bool reads = request->method == PL_HTTP_GET || request->method == PL_HTTP_HEAD ||
		     request->method == PL_HTTP_OPTIONS;

	if (request->host[0] &&
	    !pl_http_is_our_host(face, request->host,
				 visitor->status == 0 && !visitor->has_identity)) {
		*ret_reason = "Host is not a name of this machine, nor one of http.names";
		return 421;
	}
	if ((!reads || websocket) && request->origin[0] && !is_same_origin(request) &&
	    !pl_http_origin_is_configured(face, request->origin)) {
		*ret_reason = "Pages of this origin may not do that";
		return 403;
	}
	return 0;
}

int pl_http_query(struct lws *wsi, const char *name, char *ret_value, size_t size)
{
	size_t n_name = strlen(name);
	char pair[512];

	for (int i = 0;; i++) {
		int n = lws_hdr_copy_fragment(wsi, pair, sizeof(pair), WSI_TOKEN_HTTP_URI_ARGS, i);

		if (n == -1)
			return -ENOENT;
		if (n < 0)
			continue; /* longer than anything we know */
		if ((size_t)n < n_name || memcmp(pair, name, n_name) != 0 ||
		    (pair[n_name] != '=' && pair[n_name] != '\0'))
			continue;
		if ((size_t)snprintf(ret_value, size, "%s",
				     pair[n_name] ? pair + n_name + 1 : "") >= size)
			return -EINVAL;
		return 0;
	}
}
