/* SPDX-License-Identifier: MIT */
#include "engine-audio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pipewire/impl.h>
#include <pipewire/pipewire.h>

#include <partyline/keys.h>

#define RETRY_MIN_USEC 100000u
#define RETRY_MAX_USEC 2000000u
/** How often a bridge that is to go is asked whether its ramp has ended. */
#define FADE_LOOK_USEC 5000u
/** A ramp that has not ended by then will not: its graph stands still. */
#define FADE_LOOKS_MAX 40u

#define N_NODES 3u
/** A sound card by its name, PL_TARGET_DEVICE, is the longest. */
#define NAME_MAX_ 288u

struct pl_audio_port {
	struct spa_list link;
	struct engine_ring ring;
	struct engine_audio_slot slot;
	enum engine_audio_node_kind kind;
	bool added; /* to the node */
	char name[NAME_MAX_], target[NAME_MAX_];
};

struct bridge {
	struct spa_list link;
	struct engine_audio_slot slot;
	bool added;
	struct pl_audio_port *capture, *playback; /* NULL: it ends when its ramp has */
	uint32_t n_looks;
	char name[NAME_MAX_], input_target[NAME_MAX_], output_target[NAME_MAX_];
};

struct audio_node {
	struct engine_audio_node *node;
	struct pw_impl_node *impl;
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener;
	struct engine_audio *audio;
};

struct engine_audio {
	struct pw_loop *loop;
	struct pl_log *log;
	bool attached;
	bool trouble_was_said;

	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct audio_node nodes[N_NODES];

	sd_event_source *retry_timer;
	uint64_t retry_usec;
	sd_event_source *fade_timer;

	struct spa_list ports, bridges;
	uint32_t n_ports[2]; /* by enum pl_audio_way */
	engine_audio_events_t events;
	void *events_userdata;
};

static const char *const node_names[N_NODES] = {
	[ENGINE_NODE_CAPTURE] = PL_NODE_GATEWAY,
	[ENGINE_NODE_PLAYBACK] = PL_NODE_GATEWAY_PLAYBACK,
	[ENGINE_NODE_BRIDGE] = PL_NODE_GATEWAY_BRIDGE,
};
static const char *const node_descriptions[N_NODES] = {
	[ENGINE_NODE_CAPTURE] = "Partyline Gateway",
	[ENGINE_NODE_PLAYBACK] = "Partyline Gateway (playback)",
	[ENGINE_NODE_BRIDGE] = "Partyline Gateway (passthrough)",
};

static void sync_graph(struct engine_audio *audio);

static void retry_later(struct engine_audio *audio, uint64_t usec)
{
	sd_event_source_set_time_relative(audio->retry_timer, usec);
	sd_event_source_set_enabled(audio->retry_timer, SD_EVENT_ONESHOT);
}

/* --- nodes ---------------------------------------------------------------------------------- */

static void node_down(struct audio_node *n)
{
	struct engine_audio *audio = n->audio;
	struct pl_audio_port *port;
	struct bridge *bridge;

	if (!n->node)
		return;
	if (n->impl)
		pw_impl_node_set_active(n->impl, false);
	if (n->proxy) {
		spa_hook_remove(&n->proxy_listener);
		pw_proxy_destroy(n->proxy);
		n->proxy = NULL;
	}
	if (n->impl)
		pw_impl_node_destroy(n->impl);
	n->impl = NULL;
	spa_list_for_each (port, &audio->ports, link) {
		if (&audio->nodes[port->kind] == n)
			port->added = false;
	}
	spa_list_for_each (bridge, &audio->bridges, link) {
		if (&audio->nodes[ENGINE_NODE_BRIDGE] == n)
			bridge->added = false;
	}
	n->node = engine_audio_node_free(n->node);
}

static void on_proxy_gone(void *userdata)
{
	struct audio_node *n = userdata;

	/* Somebody has removed the node. Its proxy must not end inside of its own callback. */
	retry_later(n->audio, 0);
}

static void on_proxy_error(void *userdata, int seq, int res, const char *message)
{
	struct audio_node *n = userdata;

	pl_log_error(n->audio->log, "engine.audio_error", res, message, NULL,
		     "The graph has refused a port of the gateway");
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.removed = on_proxy_gone,
	.error = on_proxy_error,
};

static struct pw_properties *node_props(uint32_t kind)
{
	return pw_properties_new(PW_KEY_NODE_NAME, node_names[kind], PW_KEY_NODE_DESCRIPTION,
				 node_descriptions[kind], PW_KEY_MEDIA_TYPE, "Audio",
				 PW_KEY_NODE_VIRTUAL, "true", PW_KEY_NODE_GROUP, PL_NODE_GROUP,
				 PL_KEY_ROLE, PL_ROLE_GATEWAY,
				 /* The time goes on for streams whose links are not there yet. */
				 PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL);
}

static int node_up(struct engine_audio *audio, uint32_t kind)
{
	struct audio_node *n = &audio->nodes[kind];
	uint32_t n_support;
	const struct spa_support *support = pw_context_get_support(audio->context, &n_support);
	int r;

	r = engine_audio_node_new((enum engine_audio_node_kind)kind, support, n_support,
				  audio->events, audio->events_userdata, &n->node);
	if (r < 0)
		return r;
	n->impl = pw_context_create_node(audio->context, node_props(kind), 0);
	if (!n->impl)
		return -errno;
	r = pw_impl_node_set_implementation(n->impl, engine_audio_node_spa(n->node));
	if (r < 0)
		return r;
	n->proxy = pw_core_export(audio->core, PW_TYPE_INTERFACE_Node, NULL, n->impl, 0);
	if (!n->proxy)
		return -errno;
	pw_proxy_add_listener(n->proxy, &n->proxy_listener, &proxy_events, n);
	pw_impl_node_set_active(n->impl, true);
	return 0;
}

static bool node_wanted(const struct engine_audio *audio, uint32_t kind)
{
	switch (kind) {
	case ENGINE_NODE_CAPTURE:
		return audio->n_ports[PL_AUDIO_CAPTURE] > 0 || audio->events;
	case ENGINE_NODE_PLAYBACK:
		return audio->n_ports[PL_AUDIO_PLAYBACK] > 0;
	default:
		return !spa_list_is_empty(&audio->bridges);
	}
}

/* --- the server ----------------------------------------------------------------------------- */

static void on_core_error(void *userdata, uint32_t id, int seq, int res, const char *message)
{
	struct engine_audio *audio = userdata;

	if (id == PW_ID_CORE && res == -EPIPE)
		retry_later(audio, 0);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = on_core_error,
};

static void tear_down(struct engine_audio *audio)
{
	for (uint32_t i = 0; i < N_NODES; i++)
		node_down(&audio->nodes[i]);
	if (audio->core) {
		spa_hook_remove(&audio->core_listener);
		pw_core_disconnect(audio->core);
		audio->core = NULL;
	}
	if (audio->context)
		pw_context_destroy(audio->context);
	audio->context = NULL;
}

static int connect_core(struct engine_audio *audio)
{
	struct pw_properties *props;

	props = pw_properties_new("context.num-data-loops", "1", PW_KEY_APP_NAME, "partyline",
				  NULL);
	audio->context = props ? pw_context_new(audio->loop, props, 0) : NULL;
	if (!audio->context)
		return -errno;
	props = pw_properties_new(PW_KEY_REMOTE_INTENTION, "manager", PW_KEY_APP_NAME, "partyline",
				  NULL);
	audio->core = props ? pw_context_connect(audio->context, props, 0) : NULL;
	if (!audio->core)
		return -errno;
	pw_core_add_listener(audio->core, &audio->core_listener, &core_events, audio);
	return 0;
}

static int put_in(struct engine_audio *audio)
{
	struct engine_audio_node *node;
	struct pl_audio_port *port;
	struct bridge *bridge;
	int r;

	spa_list_for_each (port, &audio->ports, link) {
		bool capture = port->kind == ENGINE_NODE_CAPTURE;

		if (port->added)
			continue;
		node = audio->nodes[port->kind].node;
		r = engine_audio_node_add(node, &port->slot, port->name,
					  capture ? port->target : NULL,
					  capture ? NULL : port->target);
		if (r < 0)
			return r;
		port->added = true;
	}
	spa_list_for_each (bridge, &audio->bridges, link) {
		if (bridge->added)
			continue;
		node = audio->nodes[ENGINE_NODE_BRIDGE].node;
		r = engine_audio_node_add(node, &bridge->slot, bridge->name, bridge->input_target,
					  bridge->output_target);
		if (r < 0)
			return r;
		bridge->added = true;
	}
	return 0;
}

static int bring_up(struct engine_audio *audio)
{
	int r = 0;

	if (!audio->context)
		r = connect_core(audio);
	for (uint32_t i = 0; r >= 0 && i < N_NODES; i++) {
		if (node_wanted(audio, i) && !audio->nodes[i].node)
			r = node_up(audio, i);
		else if (!node_wanted(audio, i))
			node_down(&audio->nodes[i]);
	}
	return r < 0 ? r : put_in(audio);
}

/** Make the graph have what is open, and nothing else. */
static void sync_graph(struct engine_audio *audio)
{
	bool wanted = false;
	int r;

	for (uint32_t i = 0; i < N_NODES; i++)
		wanted = wanted || node_wanted(audio, i);
	if (!audio->attached || !wanted) {
		sd_event_source_set_enabled(audio->retry_timer, SD_EVENT_OFF);
		tear_down(audio);
		return;
	}
	r = bring_up(audio);
	if (r >= 0) {
		audio->retry_usec = RETRY_MIN_USEC;
		audio->trouble_was_said = false;
		return;
	}
	tear_down(audio);
	if (!audio->trouble_was_said)
		pl_log_error(audio->log, "engine.audio_error", r, NULL, NULL,
			     "The gateway's ports cannot be put into the graph; trying again");
	audio->trouble_was_said = true;
	retry_later(audio, audio->retry_usec);
	audio->retry_usec = SPA_MIN(audio->retry_usec * 2u, (uint64_t)RETRY_MAX_USEC);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct engine_audio *audio = userdata;

	tear_down(audio);
	sync_graph(audio);
	return 0;
}

void engine_audio_attach(struct engine_audio *audio)
{
	audio->attached = true;
	audio->retry_usec = RETRY_MIN_USEC;
	sync_graph(audio);
}

void engine_audio_detach(struct engine_audio *audio)
{
	if (!audio)
		return;
	audio->attached = false;
	sync_graph(audio);
}

void engine_audio_set_events(struct engine_audio *audio, engine_audio_events_t events,
			     void *userdata)
{
	userdata = events ? userdata : NULL;
	if (audio->events == events && audio->events_userdata == userdata)
		return;
	audio->events = events;
	audio->events_userdata = userdata;
	node_down(&audio->nodes[ENGINE_NODE_CAPTURE]);
	sync_graph(audio);
}

/* --- bridges -------------------------------------------------------------------------------- */

static void bridge_free(struct engine_audio *audio, struct bridge *bridge)
{
	if (bridge->added)
		engine_audio_node_remove(audio->nodes[ENGINE_NODE_BRIDGE].node, &bridge->slot);
	spa_list_remove(&bridge->link);
	free(bridge);
}

static int on_fade(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct engine_audio *audio = userdata;
	struct bridge *bridge, *next;
	bool more = false;

	spa_list_for_each_safe (bridge, next, &audio->bridges, link) {
		if (bridge->capture)
			continue;
		if (bridge->added && atomic_load(&bridge->slot.bridge_heard) &&
		    bridge->n_looks++ < FADE_LOOKS_MAX)
			more = true;
		else
			bridge_free(audio, bridge);
	}
	if (more) {
		sd_event_source_set_time_relative(source, FADE_LOOK_USEC);
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	}
	sync_graph(audio);
	return 0;
}

/** Bridges of a port that closes: they end by their ramp. */
static void orphan_bridges(struct engine_audio *audio, const struct pl_audio_port *port)
{
	struct bridge *bridge;

	spa_list_for_each (bridge, &audio->bridges, link) {
		if (bridge->capture != port && bridge->playback != port)
			continue;
		bridge->capture = bridge->playback = NULL;
		atomic_store(&bridge->slot.bridge_open, false);
		sd_event_source_set_time_relative(audio->fade_timer, FADE_LOOK_USEC);
		sd_event_source_set_enabled(audio->fade_timer, SD_EVENT_ONESHOT);
	}
}

int engine_audio_bridge(struct engine_audio *audio, struct pl_audio_port *capture,
			struct pl_audio_port *playback, bool open)
{
	struct bridge *bridge;

	if (!capture || !playback || capture->kind != ENGINE_NODE_CAPTURE ||
	    playback->kind != ENGINE_NODE_PLAYBACK)
		return -EINVAL;
	spa_list_for_each (bridge, &audio->bridges, link) {
		if (bridge->capture == capture && bridge->playback == playback) {
			atomic_store(&bridge->slot.bridge_open, open);
			return 0;
		}
	}
	bridge = calloc(1, sizeof(*bridge));
	if (!bridge)
		return -ENOMEM;
	bridge->capture = capture;
	bridge->playback = playback;
	bridge->slot.wake_fd = -1;
	atomic_init(&bridge->slot.bridge_open, open);
	snprintf(bridge->name, sizeof(bridge->name), "%s", playback->name);
	snprintf(bridge->input_target, sizeof(bridge->input_target), "%s", capture->target);
	snprintf(bridge->output_target, sizeof(bridge->output_target), "%s", playback->target);
	spa_list_append(&audio->bridges, &bridge->link);
	sync_graph(audio);
	return 0;
}

/* --- ports ---------------------------------------------------------------------------------- */

int engine_audio_open(struct engine_audio *audio, const struct pl_audio_port_info *info,
		      int wake_fd, struct pl_audio_port **ret_port)
{
	struct pl_audio_port *port;
	int r;

	if (audio->n_ports[info->way] >= ENGINE_AUDIO_PORTS_MAX)
		return -ENOSPC;
	port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	r = engine_ring_init(&port->ring, info->way, info->capacity);
	if (r < 0) {
		free(port);
		return r;
	}
	port->kind = info->way == PL_AUDIO_CAPTURE ? ENGINE_NODE_CAPTURE : ENGINE_NODE_PLAYBACK;
	port->slot.ring = &port->ring;
	port->slot.wake_fd = wake_fd;
	snprintf(port->name, sizeof(port->name), "%s", info->name);
	snprintf(port->target, sizeof(port->target), "%s", info->target);
	audio->n_ports[info->way]++;
	spa_list_append(&audio->ports, &port->link);
	sync_graph(audio);
	*ret_port = port;
	return 0;
}

void engine_audio_close(struct engine_audio *audio, struct pl_audio_port *port)
{
	if (!port)
		return;
	orphan_bridges(audio, port);
	if (port->added)
		engine_audio_node_remove(audio->nodes[port->kind].node, &port->slot);
	spa_list_remove(&port->link);
	audio->n_ports[port->ring.way]--;
	engine_ring_done(&port->ring);
	free(port);
	sync_graph(audio);
}

struct engine_ring *engine_audio_ring(struct pl_audio_port *port)
{
	return &port->ring;
}

/* --- life ----------------------------------------------------------------------------------- */

int engine_audio_new(sd_event *event, struct pw_loop *loop, struct pl_log *log,
		     struct engine_audio **ret_audio)
{
	struct engine_audio *audio = calloc(1, sizeof(*audio));
	int r;

	if (!audio)
		return -ENOMEM;
	audio->loop = loop;
	audio->log = log;
	audio->retry_usec = RETRY_MIN_USEC;
	spa_list_init(&audio->ports);
	spa_list_init(&audio->bridges);
	for (uint32_t i = 0; i < N_NODES; i++)
		audio->nodes[i].audio = audio;
	r = sd_event_add_time(event, &audio->retry_timer, CLOCK_MONOTONIC, 0, 0, on_retry, audio);
	if (r >= 0)
		r = sd_event_source_set_enabled(audio->retry_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(event, &audio->fade_timer, CLOCK_MONOTONIC, 0, 0, on_fade,
				      audio);
	if (r >= 0)
		r = sd_event_source_set_enabled(audio->fade_timer, SD_EVENT_OFF);
	if (r < 0) {
		engine_audio_free(audio);
		return r;
	}
	*ret_audio = audio;
	return 0;
}

struct engine_audio *engine_audio_free(struct engine_audio *audio)
{
	struct pl_audio_port *port;
	struct bridge *bridge;

	if (!audio)
		return NULL;
	engine_audio_detach(audio);
	spa_list_consume(port, &audio->ports, link) engine_audio_close(audio, port);
	spa_list_consume(bridge, &audio->bridges, link) bridge_free(audio, bridge);
	sd_event_source_disable_unref(audio->retry_timer);
	sd_event_source_disable_unref(audio->fade_timer);
	free(audio);
	return NULL;
}
