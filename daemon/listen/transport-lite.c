/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demux.h"
#include "peer.h"
#include "socket.h"
#include "transport.h"

/** A browser asks for our consent every 2.5 s or so. */
#define SILENCE_NS UINT64_C(5000000000)

struct lite {
	struct listen_network base;
	struct listen_network_options options;
	struct listen_socket *socket;
	struct pl_demux *demux;       /* the thread's */
	struct pl_work_source source; /* likewise */
};

struct lite_transport {
	struct listen_transport base;
	struct lite *lite;
	struct pl_peer *peer;
};

static struct lite *lite_of(struct listen_network *network)
{
	return (struct lite *)network;
}

static struct pl_peer *peer_of(const struct listen_transport *transport)
{
	return ((const struct lite_transport *)transport)->peer;
}

/* --- datagrams -------------------------------------------------------------------------------- */

static void on_datagram(void *userdata, const struct pl_net_path *path, uint8_t *data, size_t size)
{
	struct lite *lite = userdata;
	struct pl_peer *peer = NULL;

	pl_demux_receive(lite->demux, path, data, size, pl_work_now_nsec(), &peer);
	/* What has come may have set its clock. */
	if (peer)
		lite->options.on_deadline(lite->options.userdata, pl_peer_deadline(peer));
}

static void on_readable(void *userdata, uint64_t now)
{
	struct lite *lite = userdata;

	/* One batch a round: a flood keeps nobody from being heard. */
	listen_socket_receive(lite->socket, on_datagram, lite);
	listen_socket_flush(lite->socket);
}

static void on_send(void *userdata, const struct pl_net_path *path, const uint8_t *data,
		    size_t size)
{
	const struct lite_transport *transport = userdata;

	listen_socket_send(transport->lite->socket, path, data, size);
}

static void lite_flush(struct listen_network *network)
{
	listen_socket_flush(lite_of(network)->socket);
}

static int lite_send_rtp(struct listen_transport *transport, uint8_t *packet, size_t size,
			 size_t capacity)
{
	return pl_peer_send_rtp(peer_of(transport), packet, size, capacity);
}

static int lite_send_rtcp(struct listen_transport *transport, uint8_t *packet, size_t size,
			  size_t capacity)
{
	return pl_peer_send_rtcp(peer_of(transport), packet, size, capacity);
}

static uint64_t lite_deadline(const struct listen_transport *transport)
{
	return pl_peer_deadline(peer_of(transport));
}

static void lite_tick(struct listen_transport *transport, uint64_t now)
{
	pl_peer_tick(peer_of(transport), now);
}

static void lite_close_transport(struct listen_transport *transport)
{
	pl_peer_close(peer_of(transport));
}

static void lite_status(const struct listen_transport *transport,
			struct listen_transport_status *ret_status)
{
	struct pl_peer_status peer;

	pl_peer_status(peer_of(transport), &peer);
	*ret_status = (struct listen_transport_status){
		.remote = peer.path.remote,
		.last_nsec = peer.last_nsec,
		.n_refused = peer.n_refused,
	};
}

/* --- both sides' names ------------------------------------------------------------------------ */

/** Where browsers shall look for us: what the configuration says, else what there is. */
static uint32_t find_addresses(const struct lite *lite,
			       struct pl_net_address ret_addresses[PL_WEBRTC_CANDIDATES_MAX])
{
	const struct listen_network_options *options = &lite->options;
	uint16_t port = listen_socket_port(lite->socket);
	uint32_t n = 0;

	for (size_t i = 0; i < options->n_candidates && n < PL_WEBRTC_CANDIDATES_MAX; i++) {
		struct pl_net_address address = {.port = port};

		if (inet_pton(AF_INET, options->candidates[i], address.byte) == 1)
			address.family = AF_INET;
		else if (inet_pton(AF_INET6, options->candidates[i], address.byte) == 1)
			address.family = AF_INET6;
		if (address.family)
			ret_addresses[n++] = address;
	}
	return n > 0 ? n
		     : listen_socket_candidates(lite->socket, ret_addresses,
						PL_WEBRTC_CANDIDATES_MAX);
}

static void lite_side(const struct listen_transport *transport, struct pl_webrtc_side *ret_side)
{
	const struct lite *lite = ((const struct lite_transport *)transport)->lite;
	struct pl_net_address addresses[PL_WEBRTC_CANDIDATES_MAX];
	uint32_t n = find_addresses(lite, addresses);
	struct pl_webrtc_side side = {
		.ufrag = pl_peer_ufrag(peer_of(transport)),
		.pwd = pl_peer_pwd(peer_of(transport)),
		.is_lite = true,
	};

	pl_webrtc_candidates_of_hosts(addresses, n, &side.candidates);
	*ret_side = side;
}

static const char *lite_remote_ufrag(const struct listen_transport *transport)
{
	return pl_peer_remote_ufrag(peer_of(transport));
}

static int lite_restart(struct listen_transport *transport,
			const struct pl_webrtc_fragment *fragment)
{
	return pl_peer_restart(peer_of(transport), fragment->ufrag, fragment->pwd);
}

/* --- transports ------------------------------------------------------------------------------- */

static struct listen_transport *lite_free(struct listen_transport *base)
{
	struct lite_transport *transport = (struct lite_transport *)base;

	if (!transport)
		return NULL;
	pl_demux_remove(transport->lite->demux, transport->peer);
	pl_peer_free(transport->peer);
	free(transport);
	return NULL;
}

static int lite_new(struct listen_network *network, const struct listen_transport_config *config,
		    uint64_t now, struct listen_transport **ret_transport)
{
	struct lite_transport *transport = calloc(1, sizeof(*transport));
	struct pl_peer_config peer = {
		.identity = config->identity,
		.remote_ufrag = config->offer->ufrag,
		.remote_pwd = config->offer->pwd,
		.role = config->offer->role,
		.handlers = {.on_send = on_send,
			     .on_state = listen_transport_on_state,
			     .on_rtp = listen_transport_on_rtp,
			     .on_rtcp = listen_transport_on_rtcp},
		.userdata = transport,
	};
	int r;

	if (!transport)
		return -ENOMEM;
	transport->base.ops = network->ops;
	transport->lite = lite_of(network);
	transport->base.handlers = config->handlers;
	transport->base.userdata = config->userdata;
	memcpy(peer.remote_fingerprint, config->offer->fingerprint, PL_FINGERPRINT_SIZE);
	r = pl_peer_new(&peer, now, &transport->peer);
	if (r >= 0)
		r = pl_demux_add(transport->lite->demux, transport->peer);
	if (r < 0) {
		lite_free(&transport->base);
		return r;
	}
	*ret_transport = &transport->base;
	return 0;
}

/* --- the network ------------------------------------------------------------------------------ */

static void say_why(const struct listen_network_options *options, int r, char *ret_trouble,
		    size_t size)
{
	if (r == -EADDRINUSE)
		snprintf(ret_trouble, size,
			 "UDP port %u is in use by another program; stop it, or give another with "
			 "listen.port",
			 options->port);
	else if (r == -EINVAL || r == -EADDRNOTAVAIL)
		snprintf(ret_trouble, size,
			 "\"%s\" is not an IP address of this machine; see listen.address",
			 options->address);
	else
		snprintf(ret_trouble, size, "UDP at %s port %u: %s", options->address,
			 options->port, strerror(-r));
}

static struct listen_network *lite_close(struct listen_network *network)
{
	struct lite *lite = lite_of(network);

	if (!lite)
		return NULL;
	pl_demux_free(lite->demux);
	listen_socket_close(lite->socket);
	free(lite);
	return NULL;
}

static int lite_start(struct listen_network *network, struct pl_work_thread *thread)
{
	struct lite *lite = lite_of(network);

	lite->source = (struct pl_work_source){on_readable, lite};
	return pl_work_thread_watch(thread, listen_socket_fd(lite->socket), &lite->source);
}

static uint16_t lite_port(const struct listen_network *network)
{
	return listen_socket_port(((const struct lite *)network)->socket);
}

int listen_lite_open(const struct listen_network_options *options,
		     struct listen_network **ret_network, char *ret_trouble, size_t trouble_size)
{
	static const struct listen_network_ops ops = {
		.silence_ns = SILENCE_NS,
		.close = lite_close,
		.start = lite_start,
		.port = lite_port,
		.flush = lite_flush,
		.new = lite_new,
		.free = lite_free,
		.side = lite_side,
		.remote_ufrag = lite_remote_ufrag,
		.restart = lite_restart,
		.send_rtp = lite_send_rtp,
		.send_rtcp = lite_send_rtcp,
		.deadline = lite_deadline,
		.tick = lite_tick,
		.close_transport = lite_close_transport,
		.status = lite_status,
	};
	struct lite *lite = calloc(1, sizeof(*lite));
	int r = lite ? 0 : -ENOMEM;

	if (r >= 0) {
		lite->base.ops = &ops;
		lite->options = *options;
		r = listen_socket_open(options->address, options->port, &lite->socket);
	}
	if (r >= 0)
		r = pl_demux_new(options->n_transports_max, &lite->demux);
	if (r < 0) {
		say_why(options, r, ret_trouble, trouble_size);
		lite_close(lite ? &lite->base : NULL);
		return r;
	}
	*ret_network = &lite->base;
	return 0;
}
