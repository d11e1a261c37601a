/* SPDX-License-Identifier: MIT */
#include "engine-audio-node.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <spa/param/param.h>
#include <spa/utils/result.h>
#include <spa/utils/type.h>

#include <partyline/keys.h>

#include "node.h"

/** Both ends of a bridge: design.md, "every gain change ramps (5 ms default)" */
#define BRIDGE_RAMP_SECONDS 0.005

/** The audio ports', and the control input's. */
#define N_PLACES (ENGINE_AUDIO_PORTS_MAX + 1u)

struct engine_audio_node {
	struct pl_node base; /* first: the handle is in it */

	enum engine_audio_node_kind kind;
	engine_audio_events_t events;
	void *events_userdata;
	struct pl_port *events_port; /* NULL: none */

	struct {
		struct engine_audio_slot *slots[N_PLACES]; /* by port id; NULL: free */
		uint32_t n_slots;                          /* up to the last one */
		int wakes[ENGINE_AUDIO_WAKES_MAX];
		uint32_t n_wakes;
	} rt; /* data thread; the main thread writes through the data loop */
};

static struct engine_audio_node *node_from(struct pl_node *base)
{
	return SPA_CONTAINER_OF(base, struct engine_audio_node, base);
}

/* --- data thread -------------------------------------------------------------------------- */

static void process_capture(struct engine_audio_node *node, const struct engine_cycle *cycle,
			    uint32_t parity)
{
	for (uint32_t i = 0; i < node->rt.n_slots; i++) {
		struct engine_audio_slot *slot = node->rt.slots[i];

		if (slot)
			engine_ring_push(
				slot->ring, cycle,
				pl_port_take_input(&node->base.ports[SPA_DIRECTION_INPUT][i],
						   parity, cycle->n_frames));
	}
	if (node->events_port) {
		uint32_t size = 0;
		const void *data = pl_port_take_control(node->events_port, parity, &size);

		node->events(node->events_userdata, cycle, data, size);
	}
}

static void process_playback(struct engine_audio_node *node, const struct engine_cycle *cycle,
			     uint32_t parity)
{
	for (uint32_t i = 0; i < node->rt.n_slots; i++) {
		struct engine_audio_slot *slot = node->rt.slots[i];
		struct pl_port *port = &node->base.ports[SPA_DIRECTION_OUTPUT][i];
		struct pl_port_output output;
		bool sounds;

		if (!slot)
			continue;
		if (!pl_port_begin_output(port, parity, cycle->n_frames, &output)) {
			engine_ring_pull(slot->ring, cycle, NULL);
			continue;
		}
		sounds = engine_ring_pull(slot->ring, cycle, output.samples);
		pl_port_end_output(&output, cycle->n_frames, !sounds);
	}
}

/** @return whether any sample may not be zero */
static bool bridge(struct engine_audio_slot *slot, const struct engine_cycle *cycle,
		   const float *source, float *samples)
{
	bool open = atomic_load_explicit(&slot->bridge_open, memory_order_relaxed);
	double step = (open ? 1.0 : -1.0) / (BRIDGE_RAMP_SECONDS * cycle->rate_hz);
	double phase = slot->rt.phase;

	if (!source || (!open && phase <= 0.0)) {
		slot->rt.phase = !source && open ? phase : 0.0;
		memset(samples, 0, cycle->n_frames * sizeof(float));
		return false;
	}
	if (open && phase >= 1.0) {
		memcpy(samples, source, cycle->n_frames * sizeof(float));
		return true;
	}
	for (uint32_t i = 0; i < cycle->n_frames; i++) {
		phase = SPA_CLAMPD(phase + step, 0.0, 1.0);
		samples[i] = source[i] * (float)(0.5 - 0.5 * cos(phase * M_PI));
	}
	slot->rt.phase = phase;
	return true;
}

static void process_bridges(struct engine_audio_node *node, const struct engine_cycle *cycle,
			    uint32_t parity)
{
	for (uint32_t i = 0; i < node->rt.n_slots; i++) {
		struct engine_audio_slot *slot = node->rt.slots[i];
		struct pl_port_output output;
		const float *source;
		bool sounds = false;

		if (!slot)
			continue;
		source = pl_port_take_input(&node->base.ports[SPA_DIRECTION_INPUT][i], parity,
					    cycle->n_frames);
		if (pl_port_begin_output(&node->base.ports[SPA_DIRECTION_OUTPUT][i], parity,
					 cycle->n_frames, &output)) {
			sounds = bridge(slot, cycle, source, output.samples);
			pl_port_end_output(&output, cycle->n_frames, !sounds);
		} else {
			/* Nobody hears it: it begins anew. */
			slot->rt.phase = 0.0;
		}
		atomic_store_explicit(&slot->bridge_heard, slot->rt.phase > 0.0,
				      memory_order_relaxed);
	}
}

static void wake_owners(const struct engine_audio_node *node)
{
	static const uint64_t one = 1;

	for (uint32_t i = 0; i < node->rt.n_wakes; i++) {
		/* It is non-blocking; one that is full wakes its reader all the same. */
		if (write(node->rt.wakes[i], &one, sizeof(one)) < 0)
			continue;
	}
}

static int node_process(struct pl_node *base, uint32_t n_frames, uint32_t rate_hz)
{
	struct engine_audio_node *node = node_from(base);
	const struct spa_io_clock *clock = &base->rt.position->clock;
	const struct engine_cycle cycle = {
		.position = clock->position,
		.nsec = clock->nsec,
		.n_frames = n_frames,
		.rate_hz = rate_hz,
		.rate_diff = clock->rate_diff,
	};
	uint32_t parity = (uint32_t)clock->cycle;

	switch (node->kind) {
	case ENGINE_NODE_CAPTURE:
		process_capture(node, &cycle, parity);
		break;
	case ENGINE_NODE_PLAYBACK:
		process_playback(node, &cycle, parity);
		break;
	case ENGINE_NODE_BRIDGE:
		process_bridges(node, &cycle, parity);
		break;
	}
	wake_owners(node);
	return SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA;
}

/* --- main thread -------------------------------------------------------------------------- */

static int node_build_param(struct pl_node *base, uint32_t id, uint32_t index,
			    struct spa_pod_builder *builder, struct spa_pod **ret_param)
{
	return 0;
}

static int node_set_props(struct pl_node *base, const struct spa_pod *props)
{
	return -ENOENT;
}

static const struct pl_node_ops node_ops = {
	.process = node_process,
	.build_param = node_build_param,
	.set_props = node_set_props,
};

static bool has_port(const struct engine_audio_node *node, unsigned direction, uint32_t id)
{
	return id < node->base.n_ports[direction] && node->base.ports[direction][id].present;
}

static bool has_wake(const struct engine_audio_node *node, int fd)
{
	for (uint32_t i = 0; i < node->rt.n_wakes; i++) {
		if (node->rt.wakes[i] == fd)
			return true;
	}
	return fd < 0;
}

struct slot_args {
	struct engine_audio_node *node;
	uint32_t id;
	struct engine_audio_slot *slot;
};

static void add_wake(struct engine_audio_node *node, int fd)
{
	if (!has_wake(node, fd) && node->rt.n_wakes < ENGINE_AUDIO_WAKES_MAX)
		node->rt.wakes[node->rt.n_wakes++] = fd;
}

static int do_set_slot(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
		       size_t size, void *userdata)
{
	const struct slot_args *args = userdata;
	struct engine_audio_node *node = args->node;

	node->rt.slots[args->id] = args->slot;
	node->rt.n_slots = node->rt.n_wakes = 0;
	for (uint32_t i = 0; i < N_PLACES; i++) {
		if (!node->rt.slots[i])
			continue;
		node->rt.n_slots = i + 1u;
		add_wake(node, node->rt.slots[i]->wake_fd);
	}
	return 0;
}

static void set_slot(struct engine_audio_node *node, uint32_t id, struct engine_audio_slot *slot)
{
	struct slot_args args = {.node = node, .id = id, .slot = slot};

	pl_node_invoke(&node->base, do_set_slot, &args);
}

static void add_port(struct engine_audio_node *node, enum spa_direction direction, uint32_t id,
		     const char *name, const char *target)
{
	struct pl_port *port = &node->base.ports[direction][id];

	pl_port_init(port, direction, id, PL_PORT_KIND_AUDIO, name);
	pl_port_set_property(port, PL_KEY_PORT_TARGET, target);
	pl_node_add_port(&node->base, port);
}

int engine_audio_node_add(struct engine_audio_node *node, struct engine_audio_slot *slot,
			  const char *name, const char *input_target, const char *output_target)
{
	uint32_t id = 0;

	while (id < N_PLACES && (has_port(node, 0, id) || has_port(node, 1, id)))
		id++;
	if (id == N_PLACES)
		return -ENOSPC;
	/* Nobody but this thread changes them. */
	if (node->rt.n_wakes == ENGINE_AUDIO_WAKES_MAX && !has_wake(node, slot->wake_fd))
		return -ENOSPC;
	slot->id = id;
	slot->rt.phase = 0.0;
	if (input_target)
		add_port(node, SPA_DIRECTION_INPUT, id, name, input_target);
	if (output_target)
		add_port(node, SPA_DIRECTION_OUTPUT, id, name, output_target);
	set_slot(node, id, slot);
	return 0;
}

void engine_audio_node_remove(struct engine_audio_node *node, struct engine_audio_slot *slot)
{
	set_slot(node, slot->id, NULL);
	for (unsigned d = 0; d < 2; d++) {
		if (has_port(node, d, slot->id))
			pl_node_remove_port(&node->base, &node->base.ports[d][slot->id]);
	}
}

int engine_audio_node_new(enum engine_audio_node_kind kind, const struct spa_support *support,
			  uint32_t n_support, engine_audio_events_t events, void *events_userdata,
			  struct engine_audio_node **ret_node)
{
	struct engine_audio_node *node = calloc(1, sizeof(*node));
	uint32_t n_inputs = kind == ENGINE_NODE_PLAYBACK ? 0 : N_PLACES;
	uint32_t n_outputs = kind == ENGINE_NODE_CAPTURE ? 0 : N_PLACES;
	int r;

	if (!node)
		return -ENOMEM;
	node->kind = kind;
	r = pl_node_init(&node->base, &node_ops, NULL, support, n_support, n_inputs, n_outputs);
	if (r < 0) {
		engine_audio_node_free(node);
		return r;
	}
	/* It has none; WirePlumber takes a node whose parameters cannot be read for broken. */
	node->base.params[PL_NODE_PARAM_PROP_INFO] = SPA_PARAM_INFO(SPA_PARAM_PropInfo, 0);
	node->base.params[PL_NODE_PARAM_PROPS] = SPA_PARAM_INFO(SPA_PARAM_Props, 0);
	if (events && kind == ENGINE_NODE_CAPTURE) {
		node->events = events;
		node->events_userdata = events_userdata;
		/* The first place: PipeWire takes no id that lies beyond those it has. */
		node->events_port = &node->base.ports[SPA_DIRECTION_INPUT][0];
		pl_port_init(node->events_port, SPA_DIRECTION_INPUT, 0, PL_PORT_KIND_CONTROL,
			     PL_PORT_TONE_EVENTS);
		pl_port_set_property(node->events_port, PL_KEY_PORT_TARGET, PL_NODE_TONES);
	}
	*ret_node = node;
	return 0;
}

struct engine_audio_node *engine_audio_node_free(struct engine_audio_node *node)
{
	if (!node)
		return NULL;
	pl_node_done(&node->base);
	free(node);
	return NULL;
}

struct spa_node *engine_audio_node_spa(struct engine_audio_node *node)
{
	return &node->base.node;
}
