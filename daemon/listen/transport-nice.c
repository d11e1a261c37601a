/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "glib-loop.h"
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
/** DSCP "expedited forwarding" for audio, RFC 8837 5; the upper six bits. */
#define TRAFFIC_CLASS (46 << 2)
#define COMPONENT 1u
/** In which TURN servers can say that they have heard us go, when the daemon ends. */
#define FAREWELL_MS 500u

struct nice_transport {
	struct listen_transport base;
	struct nice_network *network;
	NiceAgent *agent;
	guint stream;
	uint64_t made_nsec;
	bool is_gathered;
	char ufrag[PL_ICE_UFRAG_SIZE], pwd[PL_ICE_PWD_SIZE];

	/* once it was taken */
	struct pl_secure *secure;
	struct listen_transport_handlers handlers;
	void *userdata;
	char remote_ufrag[PL_ICE_UFRAG_SIZE];
	struct pl_net_address remote;
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

/* --- addresses and candidates ----------------------------------------------------------------- */

static void read_address(const NiceAddress *from, struct pl_net_address *ret_address)
{
	struct sockaddr_storage storage = {0};

	nice_address_copy_to_sockaddr(from, (struct sockaddr *)&storage);
	if (!pl_net_address_read((const struct sockaddr *)&storage, ret_address))
		*ret_address = (struct pl_net_address){0};
}

static void write_address(const struct pl_net_address *from, NiceAddress *to)
{
	struct sockaddr_storage storage;

	nice_address_init(to);
	if (pl_net_address_write(from, from->family, &storage) > 0)
		nice_address_set_from_sockaddr(to, (const struct sockaddr *)&storage);
}

static const NiceCandidateType nice_types[] = {
	[PL_WEBRTC_HOST] = NICE_CANDIDATE_TYPE_HOST,
	[PL_WEBRTC_SERVER_REFLEXIVE] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
	[PL_WEBRTC_PEER_REFLEXIVE] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
	[PL_WEBRTC_RELAYED] = NICE_CANDIDATE_TYPE_RELAYED,
};

static bool read_candidate(const NiceCandidate *from, struct pl_webrtc_candidate *ret_candidate)
{
	struct pl_webrtc_candidate candidate = {.priority = from->priority};

	if (from->transport != NICE_CANDIDATE_TRANSPORT_UDP)
		return false;
	while (nice_types[candidate.type] != from->type)
		candidate.type++;
	snprintf(candidate.foundation, sizeof(candidate.foundation), "%s", from->foundation);
	read_address(&from->addr, &candidate.address);
	if (candidate.type != PL_WEBRTC_HOST)
		read_address(&from->base_addr, &candidate.related);
	if (candidate.address.family == 0 || pl_net_address_is_link_local(&candidate.address))
		return false;
	*ret_candidate = candidate;
	return true;
}

static NiceCandidate *make_candidate(guint stream, const struct pl_webrtc_candidate *from)
{
	NiceCandidate *candidate = nice_candidate_new(nice_types[from->type]);

	candidate->stream_id = stream;
	candidate->component_id = COMPONENT;
	candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
	candidate->priority = from->priority;
	snprintf(candidate->foundation, sizeof(candidate->foundation), "%s", from->foundation);
	write_address(&from->address, &candidate->addr);
	if (from->related.family)
		write_address(&from->related, &candidate->base_addr);
	return candidate;
}

static void free_candidate(gpointer candidate)
{
	nice_candidate_free(candidate);
}

static void take_candidates(struct nice_transport *transport,
			    const struct pl_webrtc_candidates *candidates)
{
	GSList *list = NULL;

	for (uint32_t i = 0; i < candidates->n; i++)
		list = g_slist_append(list,
				      make_candidate(transport->stream, &candidates->list[i]));
	if (list)
		nice_agent_set_remote_candidates(transport->agent, transport->stream, COMPONENT,
						 list);
	g_slist_free_full(list, free_candidate);
}

static gint compare_priorities(gconstpointer a, gconstpointer b)
{
	uint32_t pa = ((const NiceCandidate *)a)->priority,
		 pb = ((const NiceCandidate *)b)->priority;

	return pa < pb ? 1 : pa > pb ? -1 : 0;
}

static void nice_side(const struct listen_transport *base, struct pl_webrtc_side *ret_side)
{
	const struct nice_transport *transport = of_const(base);
	struct pl_webrtc_side side = {.ufrag = transport->ufrag, .pwd = transport->pwd};
	GSList *list =
		nice_agent_get_local_candidates(transport->agent, transport->stream, COMPONENT);

	list = g_slist_sort(list, compare_priorities);
	for (const GSList *item = list; item; item = item->next) {
		struct pl_webrtc_candidate candidate;

		if (read_candidate(item->data, &candidate))
			pl_webrtc_candidates_add(&side.candidates, &candidate);
	}
	g_slist_free_full(list, free_candidate);
	*ret_side = side;
}

static const char *nice_remote_ufrag(const struct listen_transport *transport)
{
	return of_const(transport)->remote_ufrag;
}

/* --- what the agent tells --------------------------------------------------------------------- */

static void tell_deadline(const struct nice_transport *transport)
{
	const struct listen_network_options *options = &transport->network->options;

	options->on_deadline(options->userdata, pl_secure_deadline(transport->secure));
}

static void on_gathered(NiceAgent *agent, guint stream, gpointer userdata)
{
	((struct nice_transport *)userdata)->is_gathered = true;
}

static void on_pair(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
		    NiceCandidate *remote, gpointer userdata)
{
	read_address(&remote->addr, &((struct nice_transport *)userdata)->remote);
}

static void on_component_state(NiceAgent *agent, guint stream, guint component, guint state,
			       gpointer userdata)
{
	struct nice_transport *transport = userdata;

	if (!transport->secure)
		return;
	if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
		pl_secure_start(transport->secure, pl_work_now_nsec());
	/* Before there was a path, another candidate may still come. */
	else if (state == NICE_COMPONENT_STATE_FAILED &&
		 pl_secure_state(transport->secure) == PL_PEER_CONNECTED)
		pl_secure_lose(transport->secure, -EHOSTUNREACH);
	tell_deadline(transport);
}

static void on_received(NiceAgent *agent, guint stream, guint component, guint size, gchar *data,
			gpointer userdata)
{
	_Alignas(8) uint8_t datagram[PL_PEER_DATAGRAM_MAX];
	struct nice_transport *transport = userdata;
	uint64_t now = pl_work_now_nsec();

	if (!transport->secure)
		return;
	if (size > sizeof(datagram)) {
		transport->n_refused++;
		return;
	}
	memcpy(datagram, data, size);
	/* It came by a path that was checked, of which we may hear a little later. */
	pl_secure_start(transport->secure, now);
	if (pl_secure_receive(transport->secure, datagram, size, now) < 0)
		transport->n_refused++;
	tell_deadline(transport);
}

/* --- what goes through it --------------------------------------------------------------------- */

static void on_send(void *userdata, const uint8_t *data, size_t size)
{
	const struct nice_transport *transport = userdata;

	nice_agent_send(transport->agent, transport->stream, COMPONENT, (guint)size,
			(const gchar *)data);
}

static void on_state(void *userdata, enum pl_peer_state state)
{
	const struct nice_transport *transport = userdata;

	transport->handlers.on_state(transport->userdata, state);
}

static void on_rtp(void *userdata, uint8_t *packet, size_t size, uint64_t now)
{
	const struct nice_transport *transport = userdata;

	transport->handlers.on_rtp(transport->userdata, packet, size, now);
}

static void on_rtcp(void *userdata, uint8_t *packet, size_t size, uint64_t now)
{
	const struct nice_transport *transport = userdata;

	transport->handlers.on_rtcp(transport->userdata, packet, size, now);
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
		.remote = transport->remote,
		.last_nsec = secure.last_nsec,
		.n_refused = transport->n_refused,
	};
}

/* --- agents ----------------------------------------------------------------------------------- */

static void on_closed(GObject *agent, GAsyncResult *result, gpointer userdata)
{
	((struct nice_network *)userdata)->n_closing--;
	g_object_unref(agent);
}

/** What is held at TURN servers is given back, if they are quick enough. */
static void close_agent(struct nice_transport *transport)
{
	if (!transport->agent)
		return;
	g_signal_handlers_disconnect_by_data(transport->agent, transport);
	if (transport->stream > 0)
		nice_agent_attach_recv(transport->agent, transport->stream, COMPONENT, NULL, NULL,
				       NULL);
	transport->network->n_closing++;
	nice_agent_close_async(transport->agent, on_closed, transport->network);
	transport->agent = NULL;
}

static struct nice_transport *free_transport(struct nice_transport *transport)
{
	if (!transport)
		return NULL;
	close_agent(transport);
	pl_secure_free(transport->secure);
	explicit_bzero(transport->pwd, sizeof(transport->pwd));
	free(transport);
	return NULL;
}

/** Its "turns:" is no TLS but a disguise of another time: those servers are the browsers' alone. */
static void add_servers(const struct nice_transport *transport)
{
	const struct listen_network_options *options = &transport->network->options;
	bool has_stun = false;

	for (size_t i = 0; i < options->n_ice_servers; i++) {
		const struct pl_ice_server *server = &options->ice_servers[i];

		if (server->scheme == PL_ICE_TURN)
			nice_agent_set_relay_info(
				transport->agent, transport->stream, COMPONENT, server->host,
				server->port, server->username, server->credential,
				server->tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP);
		else if (server->scheme == PL_ICE_STUN && !has_stun)
			g_object_set(transport->agent, "stun-server", server->host,
				     "stun-server-port", (guint)server->port, NULL);
		has_stun = has_stun || server->scheme == PL_ICE_STUN;
	}
}

static int read_names(struct nice_transport *transport)
{
	gchar *ufrag = NULL, *pwd = NULL;
	int r = -ENOMEM;

	if (nice_agent_get_local_credentials(transport->agent, transport->stream, &ufrag, &pwd)) {
		snprintf(transport->ufrag, sizeof(transport->ufrag), "%s", ufrag);
		snprintf(transport->pwd, sizeof(transport->pwd), "%s", pwd);
		r = 0;
	}
	g_free(ufrag);
	g_free(pwd);
	return r;
}

/** An address that was asked for and no other; of "any" all that there are. */
static void add_address(const struct nice_transport *transport)
{
	const char *text = transport->network->options.address;
	NiceAddress address;

	nice_address_init(&address);
	if (strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0)
		return;
	if (nice_address_set_from_string(&address,
					 strcmp(text, "localhost") == 0 ? "127.0.0.1" : text))
		nice_agent_add_local_address(transport->agent, &address);
}

static int open_agent(struct nice_transport *transport)
{
	GMainContext *context = listen_glib_loop_context(transport->network->loop);
	NiceAgent *agent = nice_agent_new_full(context, NICE_COMPATIBILITY_RFC5245,
					       NICE_AGENT_OPTION_REGULAR_NOMINATION |
						       NICE_AGENT_OPTION_ICE_TRICKLE |
						       NICE_AGENT_OPTION_CONSENT_FRESHNESS);

	if (!agent)
		return -ENOMEM;
	transport->agent = agent;
	/* The browser made the offer: it controls, RFC 8445 6.1.1. */
	g_object_set(agent, "controlling-mode", FALSE, "ice-tcp", FALSE, "upnp", FALSE, NULL);
	transport->stream = nice_agent_add_stream(agent, 1);
	if (transport->stream == 0)
		return -ENOMEM;
	nice_agent_set_stream_tos(agent, transport->stream, TRAFFIC_CLASS);
	add_address(transport);
	add_servers(transport);
	g_signal_connect(agent, "candidate-gathering-done", G_CALLBACK(on_gathered), transport);
	g_signal_connect(agent, "component-state-changed", G_CALLBACK(on_component_state),
			 transport);
	g_signal_connect(agent, "new-selected-pair-full", G_CALLBACK(on_pair), transport);
	if (!nice_agent_attach_recv(agent, transport->stream, COMPONENT, context, on_received,
				    transport) ||
	    !nice_agent_gather_candidates(agent, transport->stream))
		return -EADDRNOTAVAIL;
	return read_names(transport);
}

static int make_spare(struct nice_network *network, uint64_t now,
		      struct nice_transport **ret_transport)
{
	struct nice_transport *transport = calloc(1, sizeof(*transport));
	int r;

	if (!transport)
		return -ENOMEM;
	transport->base.ops = network->base.ops;
	transport->network = network;
	transport->made_nsec = now;
	r = open_agent(transport);
	if (r < 0) {
		free_transport(transport);
		return r;
	}
	*ret_transport = transport;
	return 0;
}

static bool is_ready(const struct nice_transport *transport, uint64_t now)
{
	return transport->is_gathered || now >= transport->made_nsec + GATHERING_NSEC;
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
			     .on_state = on_state,
			     .on_rtp = on_rtp,
			     .on_rtcp = on_rtcp},
		.userdata = transport,
	};

	memcpy(secure.remote_fingerprint, config->offer->fingerprint, PL_FINGERPRINT_SIZE);
	transport->handlers = config->handlers;
	transport->userdata = config->userdata;
	return pl_secure_new(&secure, now, &transport->secure);
}

static int take_names(struct nice_transport *transport, const char *ufrag, const char *pwd)
{
	if (!nice_agent_set_remote_credentials(transport->agent, transport->stream, ufrag, pwd))
		return -ENOMEM;
	snprintf(transport->remote_ufrag, sizeof(transport->remote_ufrag), "%s", ufrag);
	return 0;
}

static int nice_new(struct listen_network *base, const struct listen_transport_config *config,
		    uint64_t now, struct listen_transport **ret_transport)
{
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
	if (r >= 0)
		r = take_names(transport, offer->ufrag, offer->pwd);
	if (r >= 0)
		take_candidates(transport, &offer->candidates);
	if (r < 0)
		free_transport(transport);
	else
		*ret_transport = &transport->base;
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

static int nice_restart(struct listen_transport *base, const struct pl_webrtc_fragment *fragment)
{
	struct nice_transport *transport = of(base);
	int r;

	if (!pl_ice_are_names(fragment->ufrag, fragment->pwd))
		return -EINVAL;
	if (pl_secure_state(transport->secure) == PL_PEER_LOST)
		return -ENOTCONN;
	if (!nice_agent_restart_stream(transport->agent, transport->stream))
		return -ENOMEM;
	r = read_names(transport);
	if (r >= 0)
		r = take_names(transport, fragment->ufrag, fragment->pwd);
	if (r >= 0)
		take_candidates(transport, &fragment->candidates);
	listen_glib_loop_turn(transport->network->loop);
	return r;
}

static void nice_add_candidates(struct listen_transport *base,
				const struct pl_webrtc_fragment *fragment)
{
	struct nice_transport *transport = of(base);

	take_candidates(transport, &fragment->candidates);
	if (fragment->is_last)
		nice_agent_peer_candidate_gathering_done(transport->agent, transport->stream);
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
