/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

/** One write carries a whole answer or frame; see tx_packet_size in libwebsockets. */
#define TX_BYTES (4u * 1024u * 1024u)
#define TIMEOUT_SECONDS 15
#define KEEPALIVE_SECONDS 30

/* --- what libwebsockets tells ------------------------------------------------------------ */

/**
 * libwebsockets 4.1 and 4.3 would go on with an upgrade to HTTP/2, and with an unknown one
 * after it has refused it and freed its headers (CVE-2025-11677: `in` dangles then, it is
 * not looked at here). Only a WebSocket passes.
 */
static int on_confirm_upgrade(struct pl_face_http *face, struct lws *wsi)
{
	struct pl_http_request request;
	const char *reason = NULL;
	char upgrade[16];

	if (lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) <= 0)
		return -1;
	if (lws_hdr_copy(wsi, upgrade, sizeof(upgrade), WSI_TOKEN_UPGRADE) > 0 &&
	    strcasecmp(upgrade, "websocket") == 0)
		return 0;
	pl_http_request_read(wsi, "", &request, &reason);
	pl_http_respond_detail(face, wsi, &request, 400, "Only WebSocket upgrades are served",
			       true);
	return -1;
}

/** Bytes that are no HTTP at all, or a method that libwebsockets does not know. */
static int on_raw(struct pl_face_http *face, struct lws *wsi)
{
	const struct pl_http_request request = {.method = PL_HTTP_METHOD_MAX_};

	pl_http_respond_detail(face, wsi, &request, 400, "This is not a request that is understood",
			       true);
	return -1;
}

static int on_http(struct pl_face_http *face, struct lws *wsi, enum lws_callback_reasons reason,
		   struct pl_session *session, void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return session ? pl_http_on_request(face, wsi, session, in) : -1;
	case LWS_CALLBACK_HTTP_BODY:
		return session ? pl_http_on_body(face, wsi, session, in, len) : -1;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return session ? pl_http_on_body_end(face, wsi, session) : -1;
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		pl_http_exchange_free(session);
		pl_http_sending_free(session);
		return 0;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return pl_http_on_writable(wsi, session);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_confirm_upgrade(face, wsi);
	case LWS_CALLBACK_RAW_ADOPT:
		return 0;
	case LWS_CALLBACK_RAW_RX:
		return on_raw(face, wsi);
	default:
		return 0;
	}
}

static int on_ws(struct pl_face_http *face, struct lws *wsi, enum lws_callback_reasons reason,
		 struct pl_session *session, const char *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return pl_ws_on_upgrade(face, wsi, session);
	case LWS_CALLBACK_ESTABLISHED:
		return pl_ws_on_open(face, wsi, session);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return pl_ws_on_writable(face, session);
	case LWS_CALLBACK_RECEIVE:
		return pl_ws_on_receive(face, session, in, len);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		pl_ws_on_closing(face, session);
		return 0;
	case LWS_CALLBACK_CLOSED:
		pl_ws_on_closed(face, session);
		return 0;
	default:
		return 0;
	}
}

/** The network may use up its share, and then still not keep this machine's own callers out. */
static bool has_room(const struct pl_face_http *face, int fd)
{
	return face->n_connections < PL_HTTP_CONNECTIONS_MAX - PL_HTTP_CONNECTIONS_LOCAL ||
	       (face->n_connections < PL_HTTP_CONNECTIONS_MAX && pl_http_is_local_peer(fd));
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t len)
{
	struct pl_face_http *face = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;

	if (!face)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
		return face->tls && pl_http_tls_set_up(face->tls, user) < 0;
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return !has_room(face, (int)(intptr_t)in);
	case LWS_CALLBACK_WSI_CREATE:
		face->n_connections++;
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		face->n_connections--;
		return 0;
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_RECEIVE:
		return user ? on_ws(face, wsi, reason, user, in, len) : -1;
	default:
		return on_http(face, wsi, reason, user, in, len);
	}
}

static const struct lws_protocols protocols[] = {
	{
		.name = "partyline",
		.callback = callback,
		.per_session_data_size = sizeof(struct pl_session),
		.rx_buffer_size = 4096,
		.tx_packet_size = TX_BYTES,
	},
	{0},
};

/** Clients that are silent are asked whether they live, after a while without an answer dropped. */
static const lws_retry_bo_t validity = {
	.secs_since_valid_ping = 30,
	.secs_since_valid_hangup = 60,
};

/* --- life ---------------------------------------------------------------------------------- */

/** libwebsockets does not tell why it cannot listen: try it ourselves first. */
static int try_to_listen(const char *address, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
	int fd, one = 1, r = 0;

	if (!is_v6 && inet_pton(AF_INET, address, &v4.sin_addr) != 1)
		return -EINVAL;
	fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
		 is_v6 ? sizeof(v6) : sizeof(v4)) < 0 ||
	    listen(fd, 1) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int start(struct pl_face_http *face)
{
	struct lws_context_creation_info info = {0};
	void *loops[1] = {&face->loop.uv};
	bool is_v6 = strchr(face->address, ':') != NULL;
	struct lws_vhost *vhost;
	int port;

	/* HTTP/1.1 alone: HTTP/2 is libwebsockets' business, not seen by what guards requests here */
	static const char alpn[] = "http/1.1";

	lws_set_log_level(LLL_ERR, NULL);
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
		       LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
		       LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG |
		       (is_v6 ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6);
	if (face->tls) {
		/* who speaks HTTP in the clear here is told so: exchange.c */
		info.options |= LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
				LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT |
				LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER;
		info.alpn = alpn;
	}
	info.foreign_loops = loops;
	info.pcontext = &face->lws; /* becomes NULL when the context is really gone */
	info.user = face;
	info.gid = (gid_t)-1;
	info.uid = (uid_t)-1;
	info.pt_serv_buf_size = 16384;
	info.max_http_header_data2 = PL_HTTP_HEADERS_MAX;
	info.max_http_header_pool2 = PL_HTTP_CONNECTIONS_MAX;
	info.timeout_secs = TIMEOUT_SECONDS;
	face->lws = lws_create_context(&info);
	if (!face->lws)
		return -ELIBACC; /* its libuv plugin is a package of its own */

	info.vhost_name = "partyline";
	info.port = face->port ? face->port : 0;
	info.iface = face->address;
	info.protocols = protocols;
	info.keepalive_timeout = KEEPALIVE_SECONDS;
	info.timeout_secs_ah_idle = TIMEOUT_SECONDS;
	info.retry_and_idle_policy = &validity;
	vhost = lws_create_vhost(face->lws, &info);
	if (!vhost)
		return -EADDRINUSE;
	port = lws_get_vhost_listen_port(vhost);
	if (port <= 0)
		return -EADDRNOTAVAIL;
	face->port = (uint16_t)port;
	lws_set_log_level(0, NULL); /* what clients do wrong from here on is answered, not logged */
	return 0;
}

int pl_face_http_new(sd_event *event, struct pl_control *control,
		     const struct pl_face_http_options *options, struct pl_face_http **ret_face)
{
	static const struct pl_face_http_options defaults = {0};
	const struct pl_config *config = pl_control_config(control);
	struct pl_face_http *face;
	int r;

	face = calloc(1, sizeof(*face));
	if (!face)
		return -ENOMEM;
	face->event = sd_event_ref(event);
	face->control = control;
	face->options = options ? *options : defaults;
	snprintf(face->address, sizeof(face->address), "%s", config->http_address);
	if (strcmp(face->address, "localhost") == 0)
		strcpy(face->address, "127.0.0.1");
	face->port = config->http_port;
	gethostname(face->hostname, sizeof(face->hostname) - 1);

	r = try_to_listen(face->address, face->port);
	if (r >= 0 && pl_config_has_tls(config))
		r = pl_http_tls_new(control, &face->tls);
	if (r >= 0)
		r = pl_uv_loop_init(&face->loop, event);
	if (r >= 0) {
		face->has_loop = true;
		r = start(face);
	}
	if (r < 0) {
		pl_face_http_free(face);
		return r;
	}
	face->listener = (struct pl_listener){.on_event = pl_ws_on_event, .userdata = face};
	pl_control_add_listener(control, &face->listener);
	face->listening = true;
	*ret_face = face;
	return 0;
}

struct pl_face_http *pl_face_http_free(struct pl_face_http *face)
{
	if (!face)
		return NULL;
	if (face->listening)
		pl_control_remove_listener(face->control, &face->listener);
	/* with a foreign loop the first call closes handles, the loop's last turns end them, and a
	 * second call frees what is left */
	if (face->lws)
		lws_context_destroy(face->lws);
	if (face->has_loop)
		pl_uv_loop_drain(&face->loop);
	if (face->lws)
		lws_context_destroy(face->lws);
	if (face->has_loop)
		pl_uv_loop_done(&face->loop);
	pl_http_tls_free(face->tls);
	sd_event_unref(face->event);
	free(face);
	return NULL;
}

bool pl_face_http_has_tls(const struct pl_face_http *face)
{
	return face->tls != NULL;
}

uint16_t pl_face_http_port(const struct pl_face_http *face)
{
	return face->port;
}
