/* SPDX-License-Identifier: MIT */
#include "nice-agent.h"

#include <errno.h>
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPONENT 1u
/** DSCP "expedited forwarding" for audio, RFC 8837 5; the upper six bits. */
#define TRAFFIC_CLASS (46 << 2)

/** As long as consent lasts, RFC 7675 5.1: so long a restart may take to find another path. */
#define IDLE_MS 30000u

struct listen_agent {
	NiceAgent *nice;
	guint stream;
	bool is_gathered, has_path;
	char ufrag[PL_ICE_UFRAG_SIZE], pwd[PL_ICE_PWD_SIZE];
	struct pl_net_address remote;
	const struct listen_agent_handlers *handlers;
	void *userdata;
	uint32_t *n_closing;
};

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

void listen_agent_take_candidates(struct listen_agent *agent,
				  const struct pl_webrtc_candidates *candidates)
{
	GSList *list = NULL;

	for (uint32_t i = 0; i < candidates->n; i++)
		list = g_slist_append(list, make_candidate(agent->stream, &candidates->list[i]));
	if (list)
		nice_agent_set_remote_candidates(agent->nice, agent->stream, COMPONENT, list);
	g_slist_free_full(list, free_candidate);
}

void listen_agent_take_last(struct listen_agent *agent)
{
	nice_agent_peer_candidate_gathering_done(agent->nice, agent->stream);
}

static gint compare_priorities(gconstpointer a, gconstpointer b)
{
	uint32_t pa = ((const NiceCandidate *)a)->priority,
		 pb = ((const NiceCandidate *)b)->priority;

	return pa < pb ? 1 : pa > pb ? -1 : 0;
}

void listen_agent_side(const struct listen_agent *agent, struct pl_webrtc_side *ret_side)
{
	struct pl_webrtc_side side = {.ufrag = agent->ufrag, .pwd = agent->pwd};
	GSList *list = nice_agent_get_local_candidates(agent->nice, agent->stream, COMPONENT);

	list = g_slist_sort(list, compare_priorities);
	for (const GSList *item = list; item; item = item->next) {
		struct pl_webrtc_candidate candidate;

		if (read_candidate(item->data, &candidate))
			pl_webrtc_candidates_add(&side.candidates, &candidate);
	}
	g_slist_free_full(list, free_candidate);
	*ret_side = side;
}

/* --- what it tells ---------------------------------------------------------------------------- */

static void on_gathered(NiceAgent *nice, guint stream, gpointer userdata)
{
	((struct listen_agent *)userdata)->is_gathered = true;
}

static void on_pair(NiceAgent *nice, guint stream, guint component, NiceCandidate *local,
		    NiceCandidate *remote, gpointer userdata)
{
	read_address(&remote->addr, &((struct listen_agent *)userdata)->remote);
}

static void on_component_state(NiceAgent *nice, guint stream, guint component, guint state,
			       gpointer userdata)
{
	struct listen_agent *agent = userdata;

	if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY) {
		agent->has_path = true;
		if (agent->handlers)
			agent->handlers->on_path(agent->userdata);
	} else if (state == NICE_COMPONENT_STATE_FAILED && agent->has_path) {
		/* Before there was one, another candidate may still come. */
		agent->has_path = false;
		if (agent->handlers)
			agent->handlers->on_path_lost(agent->userdata);
	}
}

static void on_received(NiceAgent *nice, guint stream, guint component, guint size, gchar *data,
			gpointer userdata)
{
	const struct listen_agent *agent = userdata;

	if (agent->handlers)
		agent->handlers->on_datagram(agent->userdata, (const uint8_t *)data, size);
}

void listen_agent_set_handlers(struct listen_agent *agent,
			       const struct listen_agent_handlers *handlers, void *userdata)
{
	agent->handlers = handlers;
	agent->userdata = userdata;
}

bool listen_agent_is_gathered(const struct listen_agent *agent)
{
	return agent->is_gathered;
}

const struct pl_net_address *listen_agent_remote(const struct listen_agent *agent)
{
	return &agent->remote;
}

void listen_agent_send(struct listen_agent *agent, const uint8_t *data, size_t size)
{
	nice_agent_send(agent->nice, agent->stream, COMPONENT, (guint)size, (const gchar *)data);
}

/* --- names ------------------------------------------------------------------------------------ */

static int read_names(struct listen_agent *agent)
{
	gchar *ufrag = NULL, *pwd = NULL;
	int r = -ENOMEM;

	if (nice_agent_get_local_credentials(agent->nice, agent->stream, &ufrag, &pwd)) {
		snprintf(agent->ufrag, sizeof(agent->ufrag), "%s", ufrag);
		snprintf(agent->pwd, sizeof(agent->pwd), "%s", pwd);
		r = 0;
	}
	g_free(ufrag);
	g_free(pwd);
	return r;
}

int listen_agent_take_names(struct listen_agent *agent, const char *ufrag, const char *pwd)
{
	return nice_agent_set_remote_credentials(agent->nice, agent->stream, ufrag, pwd) ? 0
											 : -ENOMEM;
}

int listen_agent_restart(struct listen_agent *agent)
{
	return nice_agent_restart_stream(agent->nice, agent->stream) ? read_names(agent) : -ENOMEM;
}

/* --- life ------------------------------------------------------------------------------------- */

/** Its "turns:" is no TLS but a disguise of another time: those servers are the browsers' alone. */
static void add_servers(const struct listen_agent *agent, const struct listen_agent_config *config)
{
	bool has_stun = false;

	for (size_t i = 0; i < config->n_servers; i++) {
		const struct pl_ice_server *server = &config->servers[i];

		if (server->scheme == PL_ICE_TURN)
			nice_agent_set_relay_info(
				agent->nice, agent->stream, COMPONENT, server->host, server->port,
				server->username, server->credential,
				server->tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP);
		else if (server->scheme == PL_ICE_STUN && !has_stun)
			g_object_set(agent->nice, "stun-server", server->host, "stun-server-port",
				     (guint)server->port, NULL);
		has_stun = has_stun || server->scheme == PL_ICE_STUN;
	}
}

/** An address that was asked for and no other; of "any" all that there are. */
static void add_address(const struct listen_agent *agent, const char *text)
{
	NiceAddress address;

	nice_address_init(&address);
	if (strcmp(text, "0.0.0.0") == 0 || strcmp(text, "::") == 0)
		return;
	if (nice_address_set_from_string(&address,
					 strcmp(text, "localhost") == 0 ? "127.0.0.1" : text))
		nice_agent_add_local_address(agent->nice, &address);
}

static int start(struct listen_agent *agent, const struct listen_agent_config *config)
{
	agent->nice = nice_agent_new_full(config->context, NICE_COMPATIBILITY_RFC5245,
					  NICE_AGENT_OPTION_REGULAR_NOMINATION |
						  NICE_AGENT_OPTION_ICE_TRICKLE |
						  NICE_AGENT_OPTION_CONSENT_FRESHNESS);
	if (!agent->nice)
		return -ENOMEM;
	/* The browser made the offer: it controls, RFC 8445 6.1.1. */
	g_object_set(agent->nice, "controlling-mode", FALSE, "ice-tcp", FALSE, "upnp", FALSE, NULL);
	agent->stream = nice_agent_add_stream(agent->nice, 1);
	if (agent->stream == 0)
		return -ENOMEM;
	nice_agent_set_stream_tos(agent->nice, agent->stream, TRAFFIC_CLASS);
	add_address(agent, config->address);
	add_servers(agent, config);
	g_signal_connect(agent->nice, "candidate-gathering-done", G_CALLBACK(on_gathered), agent);
	g_signal_connect(agent->nice, "component-state-changed", G_CALLBACK(on_component_state),
			 agent);
	g_signal_connect(agent->nice, "new-selected-pair-full", G_CALLBACK(on_pair), agent);
	if (!nice_agent_attach_recv(agent->nice, agent->stream, COMPONENT, config->context,
				    on_received, agent) ||
	    !nice_agent_gather_candidates(agent->nice, agent->stream))
		return -EADDRNOTAVAIL;
	return read_names(agent);
}

int listen_agent_open(const struct listen_agent_config *config, struct listen_agent **ret_agent)
{
	struct listen_agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return -ENOMEM;
	agent->n_closing = config->n_closing;
	r = start(agent, config);
	if (r < 0) {
		listen_agent_close(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

static void on_closed(GObject *nice, GAsyncResult *result, gpointer userdata)
{
	--*(uint32_t *)userdata;
	g_object_unref(nice);
}

struct listen_agent *listen_agent_close(struct listen_agent *agent)
{
	if (!agent)
		return NULL;
	if (agent->nice) {
		g_signal_handlers_disconnect_by_data(agent->nice, agent);
		if (agent->stream > 0)
			nice_agent_attach_recv(agent->nice, agent->stream, COMPONENT, NULL, NULL,
					       NULL);
		++*agent->n_closing;
		nice_agent_close_async(agent->nice, on_closed, agent->n_closing);
	}
	explicit_bzero(agent->pwd, sizeof(agent->pwd));
	free(agent);
	return NULL;
}
