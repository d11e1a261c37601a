/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "glib-loop.h"
#include "nice-agent.h"
#include "peer-ice.h"
#include "secure.h"
#include "transport.h"

/**
 * An agent asks the STUN and TURN servers where it can be reached, which takes a while, and an answer
 * has to say all of it: RFC 9725 has no way to send more later. So agents are made when somebody is
 * about to come, or has come and is told to try again; those that nobody takes are thrown away before
 * the NAT forgets them.
 */
#define SPARES_MAX 2u
/** A server that says nothing for so long is none. */
#define GATHERING_NSEC UINT64_C(2000000000)
/** RFC 4787 4.3: a NAT keeps a mapping for 2 minutes, many for 30 s. */
#define FRESH_NSEC UINT64_C(20000000000)
/** How often we look for agents that are of no use any more. */
#define SWEEP_S 5u
/**
 * libnice answers a browser's checks without a word to us. What tells of its life are its reports: of
 * a listener every 5 s, less or more by half.
 */
#define SILENCE_NS UINT64_C(15000000000)
/** In which TURN servers can say that they have heard us go, when the daemon ends. */
#define FAREWELL_MS 500u

struct nice_transport {
	struct listen_transport base;
	struct nice_network *network;
	struct listen_agent *agent;
	uint64_t made_nsec;

	/* once it was taken */
	struct pl_secure *secure;
	char remote_ufrag[PL_ICE_UFRAG_SIZE];
	uint64_t n_refused;
};

struct nice_network {
	struct listen_network base;
	struct listen_network_options options;
	/* the thread's */
	struct listen_glib_loop *loop;
	GSource *sweep;
	struct nice_transport *spares[SPARES_MAX];
	uint32_t n_closing; /* agents that give back what they hold at servers */
};

static struct nice_network *network_of(struct listen_network *network)
{
	return (struct nice_network *)network;
}

static struct nice_transport *of(struct listen_transport *transport)
{
	return (struct nice_transport *)transport;
}

static const struct nice_transport *of_const(const struct listen_transport *transport)
{
	return (const struct nice_transport *)transport;
}

/* --- what the agent tells --------------------------------------------------------------------- */

static void tell_deadline(const struct nice_transport *transport)
{
	const struct listen_network_options *options = &transport->network->options;

	options->on_deadline(options->userdata, pl_secure_deadline(transport->secure));
}

static void on_path(void *userdata)
{
	const struct nice_transport *transport = userdata;

	pl_secure_start(transport->secure, pl_work_now_nsec());
	tell_deadline(transport);
}

static void on_path_lost(void *userdata)
{
	const struct nice_transport *transport = userdata;

	pl_secure_lose(transport->secure, -EHOSTUNREACH);
}

static void on_datagram(void *userdata, const uint8_t *data, size_t size)
{
	_Alignas(8) uint8_t datagram[PL_PEER_DATAGRAM_MAX];
	struct nice_transport *transport = userdata;
	uint64_t now = pl_work_now_nsec();

	if (size > sizeof(datagram)) {
		transport->n_refused++;
		return;
	}
	memcpy(datagram, data, size);
	/* Of its path we may hear a little later. */
	pl_secure_start(transport->secure, now);
	if (pl_secure_receive(transport->secure, datagram, size, now) < 0)
		transport->n_refused++;
	tell_deadline(transport);
}

/* --- what goes through it --------------------------------------------------------------------- */

static void on_send(void *userdata, const uint8_t *data, size_t size)
{
	const struct nice_transport *transport = userdata;

	listen_agent_send(transport->agent, data, size);
}

static int nice_send_rtp(struct listen_transport *transport, uint8_t *packet, size_t size,
			 size_t capacity)
{
	return pl_secure_send_rtp(of(transport)->secure, packet, size, capacity);
}

static int nice_send_rtcp(struct listen_transport *transport, uint8_t *packet, size_t size,
			  size_t capacity)
{
	return pl_secure_send_rtcp(of(transport)->secure, packet, size, capacity);
}

static uint64_t nice_deadline(const struct listen_transport *transport)
{
	return pl_secure_deadline(of_const(transport)->secure);
}

static void nice_tick(struct listen_transport *transport, uint64_t now)
{
	pl_secure_tick(of(transport)->secure, now);
}

static void nice_close_transport(struct listen_transport *transport)
{
	pl_secure_close(of(transport)->secure);
}

static void nice_status(const struct listen_transport *base,
			struct listen_transport_status *ret_status)
{
	const struct nice_transport *transport = of_const(base);
	struct pl_secure_status secure;

	pl_secure_status(transport->secure, &secure);
	*ret_status = (struct listen_transport_status){
		.remote = *listen_agent_remote(transport->agent),
		.last_nsec = secure.last_nsec,
		.n_refused = transport->n_refused,
	};
}

/* --- spares ----------------------------------------------------------------------------------- */

static struct nice_transport *free_transport(struct nice_transport *transport)
{
	if (!transport)
		return NULL;
	listen_agent_close(transport->agent);
	pl_secure_free(transport->secure);
	free(transport);
	return NULL;
}

static int make_spare(struct nice_network *network, uint64_t now,
		      struct nice_transport **ret_transport)
{
	const struct listen_agent_config config = {
		.context = listen_glib_loop_context(network->loop),
		.address = network->options.address,
		.servers = network->options.ice_servers,
		.n_servers = network->options.n_ice_servers,
		.n_closing = &network->n_closing,
	};
	struct nice_transport *transport = calloc(1, sizeof(*transport));
	int r;

	if (!transport)
		return -ENOMEM;
	transport->base.ops = network->base.ops;
	transport->network = network;
	transport->made_nsec = now;
	r = listen_agent_open(&config, &transport->agent);
	if (r < 0) {
		free_transport(transport);
		return r;
	}
	*ret_transport = transport;
	return 0;
}

static bool is_ready(const struct nice_transport *transport, uint64_t now)
{
	return listen_agent_is_gathered(transport->agent) ||
	       now >= transport->made_nsec + GATHERING_NSEC;
}

static void throw_stale_away(struct nice_network *network, uint64_t now)
{
	for (unsigned i = 0; i < SPARES_MAX; i++)
		if (network->spares[i] && now >= network->spares[i]->made_nsec + FRESH_NSEC)
			network->spares[i] = free_transport(network->spares[i]);
}

static gboolean on_sweep(gpointer userdata)
{
	throw_stale_away(userdata, pl_work_now_nsec());
	return G_SOURCE_CONTINUE;
}

/** @return 0, or the last error of one that could not be made */
static int make_spares(struct nice_network *network, uint64_t now)
{
	int r = 0;

	throw_stale_away(network, now);
	for (unsigned i = 0; i < SPARES_MAX && r >= 0; i++)
		if (!network->spares[i])
			r = make_spare(network, now, &network->spares[i]);
	listen_glib_loop_turn(network->loop);
	return r;
}

static void nice_prepare(struct listen_network *network)
{
	make_spares(network_of(network), pl_work_now_nsec());
}

/** @return NULL: none is ready */
static struct nice_transport *take_spare(struct nice_network *network, uint64_t now)
{
	for (unsigned i = 0; i < SPARES_MAX; i++) {
		struct nice_transport *spare = network->spares[i];

		if (!spare || !is_ready(spare, now))
			continue;
		network->spares[i] = NULL;
		return spare;
	}
	return NULL;
}

/* --- transports ------------------------------------------------------------------------------- */

static int make_secure(struct nice_transport *transport,
		       const struct listen_transport_config *config, uint64_t now)
{
	struct pl_secure_config secure = {
		.identity = config->identity,
		.role = config->offer->role,
		.handlers = {.on_send = on_send,
			     .on_state = listen_transport_on_state,
			     .on_rtp = listen_transport_on_rtp,
			     .on_rtcp = listen_transport_on_rtcp},
		.userdata = transport,
	};

	memcpy(secure.remote_fingerprint, config->offer->fingerprint, PL_FINGERPRINT_SIZE);
	transport->base.handlers = config->handlers;
	transport->base.userdata = config->userdata;
	return pl_secure_new(&secure, now, &transport->secure);
}

static int take_names(struct nice_transport *transport, const char *ufrag, const char *pwd)
{
	int r = listen_agent_take_names(transport->agent, ufrag, pwd);

	if (r >= 0)
		snprintf(transport->remote_ufrag, sizeof(transport->remote_ufrag), "%s", ufrag);
	return r;
}

static int nice_new(struct listen_network *base, const struct listen_transport_config *config,
		    uint64_t now, struct listen_transport **ret_transport)
{
	static const struct listen_agent_handlers handlers = {
		.on_path = on_path, .on_path_lost = on_path_lost, .on_datagram = on_datagram};
	const struct pl_webrtc_offer *offer = config->offer;
	struct nice_network *network = network_of(base);
	struct nice_transport *transport;
	int r;

	if (!pl_ice_are_names(offer->ufrag, offer->pwd))
		return -EINVAL;
	throw_stale_away(network, now);
	transport = take_spare(network, now);
	if (!transport) {
		r = make_spares(network, now);
		return r < 0 ? r : -EAGAIN;
	}
	r = make_secure(transport, config, now);
	if (r >= 0) {
		listen_agent_set_handlers(transport->agent, &handlers, transport);
		r = take_names(transport, offer->ufrag, offer->pwd);
	}
	if (r < 0) {
		free_transport(transport);
	} else {
		listen_agent_take_candidates(transport->agent, &offer->candidates);
		*ret_transport = &transport->base;
	}
	listen_glib_loop_turn(network->loop);
	return r;
}

static struct listen_transport *nice_free(struct listen_transport *transport)
{
	struct listen_glib_loop *loop = of(transport)->network->loop;

	free_transport(of(transport));
	listen_glib_loop_turn(loop);
	return NULL;
}

static void nice_side(const struct listen_transport *transport, struct pl_webrtc_side *ret_side)
{
	listen_agent_side(of_const(transport)->agent, ret_side);
}

static const char *nice_remote_ufrag(const struct listen_transport *transport)
{
	return of_const(transport)->remote_ufrag;
}

static int nice_restart(struct listen_transport *base, const struct pl_webrtc_fragment *fragment)
{
	struct nice_transport *transport = of(base);
	int r;

	if (!pl_ice_are_names(fragment->ufrag, fragment->pwd))
		return -EINVAL;
	if (pl_secure_state(transport->secure) == PL_PEER_LOST)
		return -ENOTCONN;
	r = listen_agent_restart(transport->agent);
	if (r >= 0)
		r = take_names(transport, fragment->ufrag, fragment->pwd);
	if (r >= 0)
		listen_agent_take_candidates(transport->agent, &fragment->candidates);
	listen_glib_loop_turn(transport->network->loop);
	return r;
}

static void nice_add_candidates(struct listen_transport *base,
				const struct pl_webrtc_fragment *fragment)
{
	struct nice_transport *transport = of(base);

	listen_agent_take_candidates(transport->agent, &fragment->candidates);
	if (fragment->is_last)
		listen_agent_take_last(transport->agent);
	listen_glib_loop_turn(transport->network->loop);
}

/* --- the network ------------------------------------------------------------------------------ */

static struct listen_network *nice_close(struct listen_network *network)
{
	free(network);
	return NULL;
}

static int nice_start(struct listen_network *base, struct pl_work_thread *thread)
{
	struct nice_network *network = network_of(base);
	int r = listen_glib_loop_new(thread, &network->loop);

	if (r < 0)
		return r;
	network->sweep = g_timeout_source_new_seconds(SWEEP_S);
	g_source_set_callback(network->sweep, on_sweep, network, NULL);
	g_source_attach(network->sweep, listen_glib_loop_context(network->loop));
	listen_glib_loop_turn(network->loop);
	return 0;
}

static gboolean on_patience_over(gpointer userdata)
{
	*(bool *)userdata = true;
	return G_SOURCE_REMOVE;
}

/** Servers that do not answer find out by themselves, after minutes. */
static void wait_for_servers(struct nice_network *network)
{
	GMainContext *context = listen_glib_loop_context(network->loop);
	GSource *patience = g_timeout_source_new(FAREWELL_MS);
	bool is_over = false;

	g_source_set_callback(patience, on_patience_over, &is_over, NULL);
	g_source_attach(patience, context);
	while (network->n_closing > 0 && !is_over)
		g_main_context_iteration(context, TRUE);
	g_source_destroy(patience);
	g_source_unref(patience);
}

static void nice_stop(struct listen_network *base)
{
	struct nice_network *network = network_of(base);

	if (!network->loop)
		return;
	for (unsigned i = 0; i < SPARES_MAX; i++)
		network->spares[i] = free_transport(network->spares[i]);
	wait_for_servers(network);
	g_source_destroy(network->sweep);
	g_source_unref(network->sweep);
	network->loop = listen_glib_loop_free(network->loop);
}

static uint16_t nice_port(const struct listen_network *network)
{
	return 0;
}

int listen_nice_open(const struct listen_network_options *options,
		     struct listen_network **ret_network, char *ret_trouble, size_t trouble_size)
{
	static const struct listen_network_ops ops = {
		.silence_ns = SILENCE_NS,
		.close = nice_close,
		.start = nice_start,
		.stop = nice_stop,
		.port = nice_port,
		.prepare = nice_prepare,
		.new = nice_new,
		.free = nice_free,
		.side = nice_side,
		.remote_ufrag = nice_remote_ufrag,
		.restart = nice_restart,
		.add_candidates = nice_add_candidates,
		.send_rtp = nice_send_rtp,
		.send_rtcp = nice_send_rtcp,
		.deadline = nice_deadline,
		.tick = nice_tick,
		.close_transport = nice_close_transport,
		.status = nice_status,
	};
	struct nice_network *network = calloc(1, sizeof(*network));

	if (!network) {
		snprintf(ret_trouble, trouble_size, "there is no memory left");
		return -ENOMEM;
	}
	network->base.ops = &ops;
	network->options = *options;
	*ret_network = &network->base;
	return 0;
}
