/* SPDX-License-Identifier: MIT */
#include "engine-tones.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pipewire/pipewire.h>
#include <spa/utils/cleanup.h>

#include <partyline/tones.h>

#include "engine-tones-config.h"

/** Events that wait for the loop; more are lost and counted. */
#define RING_SIZE 256u
#define RETRY_USEC 1000000u

struct engine_tones {
	struct engine_audio *audio;
	struct pl_log *log;
	struct pw_core *core; /* NULL: no server */
	struct engine_tones_config config;
	pl_engine_tone_t on_tone;
	void *userdata;

	struct pw_proxy *node; /* NULL: not made */
	struct spa_hook node_listener;
	sd_event_source *retry_timer;
	bool trouble_was_said;

	int wake_fd;
	sd_event_source *wake_source;
	uint32_t n_lost_said;
	/* One producer, the data thread, and one consumer, the loop. */
	struct pl_tones_event ring[RING_SIZE];
	_Atomic uint32_t write_index, read_index, n_lost;
};

/* --- data thread ------------------------------------------------------------------ */

static void on_events(void *userdata, const struct engine_cycle *cycle, const void *data,
		      uint32_t size)
{
	struct engine_tones *tones = userdata;
	struct pl_tones_reader reader;
	struct pl_tones_event event;
	uint64_t one = 1;
	uint32_t write_index = atomic_load_explicit(&tones->write_index, memory_order_relaxed);
	uint32_t n = 0;

	if (!data || !pl_tones_open(&reader, data, size))
		return;
	for (; pl_tones_next(&reader, &event); n++) {
		uint32_t read_index =
			atomic_load_explicit(&tones->read_index, memory_order_acquire);

		if (write_index - read_index == RING_SIZE) {
			atomic_fetch_add_explicit(&tones->n_lost, 1, memory_order_relaxed);
			continue;
		}
		tones->ring[write_index % RING_SIZE] = event;
		atomic_store_explicit(&tones->write_index, ++write_index, memory_order_release);
	}
	/* Only in a cycle in which a tone was heard. It cannot wait: the descriptor is non-blocking. */
	if (n > 0 && write(tones->wake_fd, &one, sizeof(one)) < 0)
		atomic_fetch_add_explicit(&tones->n_lost, n, memory_order_relaxed);
}

/* --- what was heard --------------------------------------------------------------- */

static void drain(struct engine_tones *tones)
{
	uint32_t read_index = atomic_load_explicit(&tones->read_index, memory_order_relaxed);

	while (read_index != atomic_load_explicit(&tones->write_index, memory_order_acquire)) {
		struct pl_tones_event event = tones->ring[read_index % RING_SIZE];
		struct pl_tone_event tone;

		atomic_store_explicit(&tones->read_index, ++read_index, memory_order_release);
		if (tones->on_tone && engine_tones_config_event(&tones->config, &event, &tone))
			tones->on_tone(tones->userdata, &tone);
	}
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct engine_tones *tones = userdata;
	uint32_t n_lost = atomic_load_explicit(&tones->n_lost, memory_order_relaxed);
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		return -errno;
	drain(tones);
	if (n_lost != tones->n_lost_said)
		pl_log_event(tones->log, PL_LOG_WARNING, "engine.tones_lost", NULL,
			     "%u tones came faster than they could be taken", n_lost);
	tones->n_lost_said = n_lost;
	return 0;
}

/* --- the node --------------------------------------------------------------------- */

static void take_down(struct engine_tones *tones)
{
	sd_event_source_set_enabled(tones->retry_timer, SD_EVENT_OFF);
	if (!tones->node)
		return;
	spa_hook_remove(&tones->node_listener);
	pw_proxy_destroy(spa_steal_ptr(tones->node));
}

static void retry_later(struct engine_tones *tones)
{
	sd_event_source_set_time_relative(tones->retry_timer, RETRY_USEC);
	sd_event_source_set_enabled(tones->retry_timer, SD_EVENT_ONESHOT);
}

static void complain(struct engine_tones *tones, int r, const char *message)
{
	if (!tones->trouble_was_said)
		pl_log_error(tones->log, "engine.tones_error", r, message, NULL,
			     "The tone detector cannot be had from the server; trying again");
	tones->trouble_was_said = true;
	retry_later(tones);
}

static void on_node_bound(void *userdata, uint32_t global_id)
{
	struct engine_tones *tones = userdata;

	tones->trouble_was_said = false;
}

/* Its proxy must not end inside of its own callback: the timer ends it. */
static void on_node_removed(void *userdata)
{
	complain(userdata, 0, "somebody has removed it");
}

static void on_node_error(void *userdata, int seq, int res, const char *message)
{
	complain(userdata, res, message);
}

static const struct pw_proxy_events node_events = {
	PW_VERSION_PROXY_EVENTS,
	.bound = on_node_bound,
	.removed = on_node_removed,
	.error = on_node_error,
};

/* Neither in the group nor always processing: a node of the server that gets a driver before all its
 * ports are there loses it again (PipeWire 1.4, impl-node.c, pw_impl_node_register(), which its
 * factory calls at the first port) and is skipped in every cycle. As it is, its links give it one. */
static struct pw_properties *node_props(const struct engine_tones *tones)
{
	char *targets = engine_tones_config_targets(&tones->config);
	struct pw_properties *props;

	props = targets ? pw_properties_new("factory.name", PL_FACTORY_TONE, "library.name",
					    PL_SPA_LIBRARY, PW_KEY_NODE_NAME, PL_NODE_TONES,
					    PW_KEY_NODE_DESCRIPTION, "Partyline Tones",
					    PW_KEY_NODE_VIRTUAL, "true", PL_KEY_ROLE, PL_ROLE_TONES,
					    PL_KEY_TONE_TARGETS, targets, NULL)
			: NULL;
	if (props)
		pw_properties_setf(props, PL_KEY_TONE_PORTS, "%u", tones->config.n_inputs);
	free(targets);
	return props;
}

static void tell(struct engine_tones *tones)
{
	pw_node_set_param((struct pw_node *)tones->node, SPA_PARAM_Props, 0, tones->config.props);
}

static int bring_up(struct engine_tones *tones)
{
	struct pw_properties *props = node_props(tones);

	if (!props)
		return -ENOMEM;
	tones->node = pw_core_create_object(tones->core, "spa-node-factory", PW_TYPE_INTERFACE_Node,
					    PW_VERSION_NODE, &props->dict, 0);
	pw_properties_free(props);
	if (!tones->node)
		return -errno;
	pw_proxy_add_listener(tones->node, &tones->node_listener, &node_events, tones);
	tell(tones);
	return 0;
}

/** Have the node exactly while it is wanted. */
static void sync_node(struct engine_tones *tones)
{
	bool wanted = tones->core && tones->config.n_inputs > 0;
	int r = 0;

	engine_audio_set_events(tones->audio, tones->config.n_inputs > 0 ? on_events : NULL, tones);
	if (!wanted)
		take_down(tones);
	else if (!tones->node)
		r = bring_up(tones);
	if (r < 0)
		complain(tones, r, NULL);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct engine_tones *tones = userdata;

	take_down(tones);
	sync_node(tones);
	return 0;
}

void engine_tones_attach(struct engine_tones *tones, struct pw_core *core)
{
	tones->core = core;
	tones->trouble_was_said = false;
	sync_node(tones);
}

void engine_tones_detach(struct engine_tones *tones)
{
	if (!tones)
		return;
	take_down(tones);
	tones->core = NULL;
}

int engine_tones_apply(struct engine_tones *tones, const struct pl_gateway *gateway)
{
	struct engine_tones_config config;
	bool same;
	int r;

	r = engine_tones_config_init(&config, &tones->config, gateway);
	if (r < 0) {
		engine_tones_config_done(&config);
		return r;
	}
	/* What is in the ring belongs to the ports as they were. */
	drain(tones);
	same = engine_tones_config_same_inputs(&config, &tones->config);
	engine_tones_config_done(&tones->config);
	tones->config = config;
	if (!same)
		take_down(tones);
	else if (tones->node)
		tell(tones);
	sync_node(tones);
	return 0;
}

void engine_tones_set_listener(struct engine_tones *tones, pl_engine_tone_t on_tone, void *userdata)
{
	tones->on_tone = on_tone;
	tones->userdata = userdata;
}

/* --- life ------------------------------------------------------------------------- */

int engine_tones_new(sd_event *event, struct engine_audio *audio, struct pl_log *log,
		     struct engine_tones **ret_tones)
{
	struct engine_tones *tones = calloc(1, sizeof(*tones));
	int r;

	if (!tones)
		return -ENOMEM;
	tones->audio = audio;
	tones->log = log;
	tones->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = tones->wake_fd < 0 ? -errno : 0;
	if (r >= 0)
		r = sd_event_add_io(event, &tones->wake_source, tones->wake_fd, EPOLLIN, on_wake,
				    tones);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &tones->retry_timer, CLOCK_MONOTONIC,
					       RETRY_USEC, 0, on_retry, tones);
	if (r >= 0)
		r = sd_event_source_set_enabled(tones->retry_timer, SD_EVENT_OFF);
	if (r < 0) {
		engine_tones_free(tones);
		return r;
	}
	*ret_tones = tones;
	return 0;
}

struct engine_tones *engine_tones_free(struct engine_tones *tones)
{
	if (!tones)
		return NULL;
	take_down(tones);
	engine_audio_set_events(tones->audio, NULL, NULL);
	sd_event_source_disable_unref(tones->retry_timer);
	sd_event_source_disable_unref(tones->wake_source);
	if (tones->wake_fd >= 0)
		close(tones->wake_fd);
	engine_tones_config_done(&tones->config);
	free(tones);
	return NULL;
}
