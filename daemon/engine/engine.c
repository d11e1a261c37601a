/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <pipewire/pipewire.h>
#include <spa/utils/result.h>

#include "engine-audio.h"
#include "engine-bindings.h"
#include "engine-devices.h"
#include "engine-meters.h"
#include "engine-private.h"
#include "engine-props.h"
#include "engine-tones.h"

#define BACKOFF_MIN_USEC 100000u
#define BACKOFF_MAX_USEC 2000000u
/** A server that does not answer in this time is not told that the daemon ends. */
#define FAREWELL_MSEC 500u
/** How often the page is looked at until it shows our serial: about a quantum. */
#define POLL_USEC 5000u
/** The meters' socket may come a moment after the node. */
#define METERS_RETRY_USEC 100000u

struct pl_engine {
	sd_event *event;
	struct pl_log *log;
	uint32_t n_tablets, n_channels;
	void (*on_changed)(void *userdata);
	void (*on_devices_changed)(void *userdata);
	void *userdata;

	struct pw_loop *loop;
	sd_event_source *loop_source;
	struct pw_context *context;

	sd_event_source *connect_timer; /* also ends a connection outside of its callbacks */
	uint64_t backoff_usec;
	bool waiting_was_said;
	int connect_error; /* of the last try, negative errno */
	struct pw_core *core;
	struct spa_hook core_listener;
	char server_version[32];
	int farewell_seq; /* of the sync that is waited for at the end; -1: no more */
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct engine_devices *devices;
	struct engine_bindings *bindings;
	struct engine_audio *audio;
	struct engine_tones *tones;

	struct pw_proxy *node; /* NULL: no matrix */
	struct spa_hook node_proxy_listener, node_listener;
	uint32_t node_id;
	bool node_known; /* its properties are here */
	bool node_fits;  /* its size is ours: it gets the state */
	bool may_set;    /* PipeWire lets us */
	uint32_t node_n_tablets, node_n_channels;
	char meters_path[108];
	struct engine_meters *meters;

	struct pl_model model; /* where the matrix shall be */
	bool has_model;
	int64_t serial;        /* newest sent */
	int64_t synced_serial; /* of the message with everything, 0: not sent */
	sd_event_source *poll_timer;
	bool connected;
	char trouble[256];
};

static void connect_later(struct pl_engine *engine, uint64_t delay_usec);

/* --- connected or not --------------------------------------------------------- */

/** The page shows the whole state, or something newer of ours. */
static bool state_has_arrived(const struct pl_engine *engine)
{
	int64_t serial = (int64_t)engine_meters_serial(engine->meters);

	return engine->synced_serial != 0 && serial >= engine->synced_serial &&
	       serial <= engine->serial;
}

static void set_connected(struct pl_engine *engine, bool connected)
{
	if (engine->connected == connected)
		return;
	engine->connected = connected;
	if (engine->on_changed)
		engine->on_changed(engine->userdata);
}

static void poll_later(struct pl_engine *engine)
{
	sd_event_source_set_time_relative(engine->poll_timer, POLL_USEC);
	sd_event_source_set_enabled(engine->poll_timer, SD_EVENT_ONESHOT);
}

static void fetch_meters(struct pl_engine *engine);

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pl_engine *engine = userdata;

	if (!engine->node_fits)
		return 0;
	if (!engine->meters) {
		fetch_meters(engine);
		return 0;
	}
	if (state_has_arrived(engine))
		set_connected(engine, true);
	else
		poll_later(engine);
	return 0;
}

static void on_meters_page(void *userdata, int r)
{
	struct pl_engine *engine = userdata;

	if (r < 0) {
		engine->meters = engine_meters_free(engine->meters);
		pl_log_error(engine->log, "engine.meters_error", r, NULL, NULL,
			     "The meter page at %s cannot be had", engine->meters_path);
		sd_event_source_set_time_relative(engine->poll_timer, METERS_RETRY_USEC * 10);
		sd_event_source_set_enabled(engine->poll_timer, SD_EVENT_ONESHOT);
		return;
	}
	poll_later(engine);
}

static void fetch_meters(struct pl_engine *engine)
{
	int r;

	if (!engine->meters_path[0])
		return;
	r = engine_meters_new(engine->event, engine->meters_path, on_meters_page, engine,
			      &engine->meters);
	if (r < 0) {
		sd_event_source_set_time_relative(engine->poll_timer, METERS_RETRY_USEC);
		sd_event_source_set_enabled(engine->poll_timer, SD_EVENT_ONESHOT);
	}
}

/* --- the matrix node -------------------------------------------------------------- */

/** @param before  NULL: everything. @param keys_nsec  0: at the next block */
static int send(struct pl_engine *engine, const struct pl_model *before,
		const struct pl_model *after, uint64_t keys_nsec)
{
	struct spa_pod *pod;
	int r;

	r = engine_props_build(before, after, engine->serial + 1, keys_nsec, &pod);
	if (r <= 0)
		return r;
	r = pw_node_set_param((struct pw_node *)engine->node, SPA_PARAM_Props, 0, pod);
	free(pod);
	if (r < 0)
		return r;
	engine->serial++;
	return 0;
}

static void send_everything(struct pl_engine *engine)
{
	int r;

	if (!engine->node_fits || !engine->has_model)
		return;
	r = send(engine, NULL, &engine->model, 0);
	if (r < 0) {
		pl_log_error(engine->log, "engine.refused", r, NULL, NULL,
			     "The state could not be sent to the matrix");
		return;
	}
	engine->synced_serial = engine->serial;
	poll_later(engine);
}

static void forget_node(struct pl_engine *engine)
{
	if (engine->node) {
		spa_hook_remove(&engine->node_listener);
		spa_hook_remove(&engine->node_proxy_listener);
		pw_proxy_destroy(engine->node);
		engine->node = NULL;
	}
	engine->node_known = engine->node_fits = false;
	engine->meters_path[0] = '\0';
	engine->meters = engine_meters_free(engine->meters);
	engine->synced_serial = 0;
	sd_event_source_set_enabled(engine->poll_timer, SD_EVENT_OFF);
	set_connected(engine, false);
}

static uint32_t get_number(const struct spa_dict *props, const char *key)
{
	const char *text = spa_dict_lookup(props, key);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static void on_node_info(void *userdata, const struct pw_node_info *info)
{
	struct pl_engine *engine = userdata;
	uint32_t n_tablets, n_channels;
	const char *path;

	if (engine->node_known || !info->props)
		return;
	engine->node_known = true;
	n_tablets = get_number(info->props, PL_KEY_TABLETS);
	n_channels = get_number(info->props, PL_KEY_CHANNELS);
	engine->node_n_tablets = n_tablets;
	engine->node_n_channels = n_channels;
	if (n_tablets != engine->n_tablets || n_channels != engine->n_channels) {
		pl_log_error(engine->log, "engine.size_differs", 0,
			     "give both the same size: tablets and channels in the daemon's "
			     "configuration, partyline.tablets and partyline.channels for the "
			     "module",
			     NULL,
			     "The matrix has %u tablets and %u channels, the configuration %u "
			     "and %u: it is left alone",
			     n_tablets, n_channels, engine->n_tablets, engine->n_channels);
		return;
	}
	path = spa_dict_lookup(info->props, PL_KEY_METERS_SOCKET);
	snprintf(engine->meters_path, sizeof(engine->meters_path), "%s", path ? path : "");
	if (!path)
		pl_log_error(engine->log, "engine.meters_error", 0,
			     "the node has no " PL_KEY_METERS_SOCKET, NULL,
			     "The matrix gets its state, but there are no meters");
	engine->node_fits = true;
	fetch_meters(engine);
	send_everything(engine);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_node_info,
};

static void on_node_error(void *userdata, int seq, int res, const char *message)
{
	struct pl_engine *engine = userdata;

	pl_log_error(engine->log, "engine.refused", res, message, NULL,
		     "The matrix has refused a change");
}

static const struct pw_proxy_events node_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.error = on_node_error,
};

/* --- the server ------------------------------------------------------------------- */

static bool is_matrix(const struct spa_dict *props)
{
	const char *role = props ? spa_dict_lookup(props, PL_KEY_ROLE) : NULL;
	const char *name = props ? spa_dict_lookup(props, PW_KEY_NODE_NAME) : NULL;

	return (role && strcmp(role, PL_ROLE_MATRIX) == 0) ||
	       (name && strcmp(name, PL_NODE_MATRIX) == 0);
}

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct pl_engine *engine = userdata;

	if (engine->node || strcmp(type, PW_TYPE_INTERFACE_Node) != 0 || !is_matrix(props))
		return;
	engine->node = pw_registry_bind(engine->registry, id, type, PW_VERSION_NODE, 0);
	if (!engine->node) {
		pl_log_error(engine->log, "engine.refused", -errno, NULL, NULL,
			     "The matrix cannot be bound");
		return;
	}
	engine->node_id = id;
	engine->may_set = PW_PERM_IS_W(permissions) && PW_PERM_IS_X(permissions);
	pw_proxy_add_listener(engine->node, &engine->node_proxy_listener, &node_proxy_events,
			      engine);
	pw_proxy_add_object_listener(engine->node, &engine->node_listener, &node_events, engine);
}

static void on_global_remove(void *userdata, uint32_t id)
{
	struct pl_engine *engine = userdata;

	if (engine->node && engine->node_id == id)
		forget_node(engine);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static void disconnect(struct pl_engine *engine)
{
	forget_node(engine);
	engine_devices_detach(engine->devices);
	engine_bindings_detach(engine->bindings);
	engine_tones_detach(engine->tones);
	engine_audio_detach(engine->audio);
	if (engine->registry) {
		spa_hook_remove(&engine->registry_listener);
		pw_proxy_destroy((struct pw_proxy *)engine->registry);
		engine->registry = NULL;
	}
	if (engine->core) {
		spa_hook_remove(&engine->core_listener);
		pw_core_disconnect(engine->core);
		engine->core = NULL;
	}
}

static void on_core_error(void *userdata, uint32_t id, int seq, int res, const char *message)
{
	struct pl_engine *engine = userdata;

	if (id != PW_ID_CORE || res != -EPIPE)
		return;
	engine->farewell_seq = -1;
	/* The server is gone. The connection must not end inside of its own callback. */
	engine->backoff_usec = BACKOFF_MIN_USEC;
	connect_later(engine, 0);
}

static void on_core_done(void *userdata, uint32_t id, int seq)
{
	struct pl_engine *engine = userdata;

	if (id == PW_ID_CORE && seq == engine->farewell_seq)
		engine->farewell_seq = -1;
}

static void on_core_info(void *userdata, const struct pw_core_info *info)
{
	struct pl_engine *engine = userdata;

	if (info->version)
		snprintf(engine->server_version, sizeof(engine->server_version), "%s",
			 info->version);
}

static const char *engine_server_version(void *userdata)
{
	const struct pl_engine *engine = userdata;

	return engine->core ? engine->server_version : "";
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_core_info,
	.done = on_core_done,
	.error = on_core_error,
};

static int connect_now(struct pl_engine *engine)
{
	struct pw_properties *props;

	/* The manager's socket, where the server has one: only it may set gains there. */
	props = pw_properties_new(PW_KEY_REMOTE_INTENTION, "manager", PW_KEY_APP_NAME, "partyline",
				  PW_KEY_MEDIA_CATEGORY, "Manager", NULL);
	if (!props)
		return -errno;
	engine->core = pw_context_connect(engine->context, props, 0);
	if (!engine->core)
		return -errno;
	pw_core_add_listener(engine->core, &engine->core_listener, &core_events, engine);
	engine->registry = pw_core_get_registry(engine->core, PW_VERSION_REGISTRY, 0);
	if (!engine->registry)
		return -errno;
	pw_registry_add_listener(engine->registry, &engine->registry_listener, &registry_events,
				 engine);
	engine_devices_attach(engine->devices, engine->registry);
	engine_bindings_attach(engine->bindings, engine->core, engine->registry);
	engine_audio_attach(engine->audio);
	engine_tones_attach(engine->tones, engine->core);
	return 0;
}

static int on_connect(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pl_engine *engine = userdata;
	bool had_server = engine->core != NULL;
	int r;

	disconnect(engine);
	/* One that has just gone gets the first pause before it is asked again. */
	r = had_server ? -EPIPE : connect_now(engine);
	if (r >= 0) {
		engine->waiting_was_said = false;
		engine->backoff_usec = BACKOFF_MIN_USEC;
		return 0;
	}
	if (engine->core)
		disconnect(engine);
	if (!had_server)
		engine->connect_error = r;
	if (!engine->waiting_was_said)
		pl_log_event(engine->log, PL_LOG_WARNING, "engine.waiting", NULL,
			     "No PipeWire server (%s); trying again until there is one",
			     spa_strerror(r));
	engine->waiting_was_said = true;
	connect_later(engine, engine->backoff_usec);
	engine->backoff_usec *= 2;
	if (engine->backoff_usec > BACKOFF_MAX_USEC)
		engine->backoff_usec = BACKOFF_MAX_USEC;
	return 0;
}

static void connect_later(struct pl_engine *engine, uint64_t delay_usec)
{
	sd_event_source_set_time_relative(engine->connect_timer, delay_usec);
	sd_event_source_set_enabled(engine->connect_timer, SD_EVENT_ONESHOT);
}

/* --- for control -------------------------------------------------------------------- */

static int engine_apply_keys(void *object, const struct pl_model *before,
			     const struct pl_model *after, uint64_t nsec)
{
	struct pl_engine *engine = object;
	int r;

	if (engine->synced_serial != 0) {
		r = send(engine, before, after, nsec);
		if (r < 0)
			return r;
	}
	engine->model = *after;
	return 0;
}

static int engine_apply(void *object, const struct pl_model *before, const struct pl_model *after)
{
	struct pl_engine *engine = object;
	int r;

	if (!before || !pl_model_bindings_equal(before, after)) {
		r = engine_bindings_set(engine->bindings, after);
		if (r < 0)
			return r;
	}
	/* Without the whole state a difference is worth nothing; it comes with the matrix. */
	if (before && engine->synced_serial != 0) {
		r = send(engine, before, after, 0);
		if (r < 0)
			return r;
	}
	engine->model = *after;
	engine->has_model = true;
	if (!before)
		send_everything(engine);
	return 0;
}

static int engine_read_meters(void *object, struct pl_meters_data *ret_data)
{
	struct pl_engine *engine = object;
	uint64_t now_usec;

	sd_event_now(engine->event, CLOCK_MONOTONIC, &now_usec);
	return engine_meters_read(engine->meters, now_usec, ret_data);
}

static bool engine_is_connected(void *object)
{
	const struct pl_engine *engine = object;

	return engine->connected;
}

static const char *engine_trouble(void *object)
{
	struct pl_engine *engine = object;

	if (!engine->core && engine->connect_error == -EACCES)
		return "PipeWire's manager socket does not let the daemon in; put its user into the "
		       "socket's group (of an appliance: partyline-pipewire) and restart it";
	if (!engine->core)
		return "there is no PipeWire server; start it, or give its socket as "
		       "pipewire.remote in the configuration";
	if (!engine->node_known)
		return "PipeWire runs, but the matrix is not in it; is the Partyline module "
		       "loaded (50-partyline.conf in pipewire.conf.d)?";
	if (!engine->may_set)
		return "PipeWire lets the daemon look and not set: it could not open the manager's "
		       "socket beside the ordinary one; put its user into that socket's group (of an "
		       "appliance: partyline-pipewire) and restart it";
	if (engine->node_fits)
		return "the matrix has not taken the settings yet";
	snprintf(
		engine->trouble, sizeof(engine->trouble),
		"the matrix has %u tablets and %u channels, the configuration %u and %u; give both "
		"the same size",
		engine->node_n_tablets, engine->node_n_channels, engine->n_tablets,
		engine->n_channels);
	return engine->trouble;
}

static size_t engine_list_devices(void *object, const struct pl_device **ret_devices)
{
	struct pl_engine *engine = object;

	return engine_devices_get(engine->devices, ret_devices);
}

const struct pl_engine_ops *pl_engine_get_ops(void)
{
	static const struct pl_engine_ops ops = {
		.apply = engine_apply,
		.apply_keys = engine_apply_keys,
		.read_meters = engine_read_meters,
		.is_connected = engine_is_connected,
		.trouble = engine_trouble,
		.devices = engine_list_devices,
		.server_version = engine_server_version,
	};

	return &ops;
}

struct engine_audio *pl_engine_audio(struct pl_engine *engine)
{
	return engine->audio;
}

static int ops_apply_tones(void *object, const struct pl_gateway *before,
			   const struct pl_gateway *after)
{
	struct pl_engine *engine = object;

	return engine_tones_apply(engine->tones, after);
}

const struct pl_tone_ops *pl_engine_get_tone_ops(void)
{
	static const struct pl_tone_ops ops = {.apply = ops_apply_tones};

	return &ops;
}

void pl_engine_set_tone_listener(struct pl_engine *engine, pl_engine_tone_t on_tone, void *userdata)
{
	engine_tones_set_listener(engine->tones, on_tone, userdata);
}

/* --- life --------------------------------------------------------------------------- */

static int on_loop(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pl_engine *engine = userdata;

	pw_loop_iterate(engine->loop, 0);
	return 0;
}

static void on_devices(void *userdata)
{
	struct pl_engine *engine = userdata;

	if (engine->on_devices_changed)
		engine->on_devices_changed(engine->userdata);
}

static int add_sources(struct pl_engine *engine)
{
	int r;

	r = sd_event_add_io(engine->event, &engine->loop_source, pw_loop_get_fd(engine->loop),
			    EPOLLIN, on_loop, engine);
	if (r >= 0)
		r = sd_event_add_time(engine->event, &engine->connect_timer, CLOCK_MONOTONIC, 0, 0,
				      on_connect, engine);
	if (r >= 0)
		r = sd_event_add_time(engine->event, &engine->poll_timer, CLOCK_MONOTONIC, 0, 0,
				      on_poll, engine);
	if (r >= 0)
		r = sd_event_source_set_enabled(engine->poll_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = engine_devices_new(engine->event, on_devices, engine, &engine->devices);
	if (r >= 0)
		r = engine_bindings_new(&engine->bindings);
	if (r >= 0)
		r = engine_audio_new(engine->event, engine->loop, engine->log, &engine->audio);
	if (r >= 0)
		r = engine_tones_new(engine->event, engine->audio, engine->log, &engine->tones);
	return r;
}

int pl_engine_new(sd_event *event, const struct pl_engine_options *options,
		  struct pl_engine **ret_engine)
{
	struct pl_engine *engine;
	struct pw_properties *props;
	struct timespec ts;
	int r = -ENOMEM;

	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	pw_init(NULL, NULL);
	engine->event = sd_event_ref(event);
	engine->log = options->log;
	engine->n_tablets = options->n_tablets;
	engine->n_channels = options->n_channels;
	engine->on_changed = options->on_changed;
	engine->on_devices_changed = options->on_devices_changed;
	engine->userdata = options->userdata;
	engine->backoff_usec = BACKOFF_MIN_USEC;
	/* Larger than any of an earlier daemon, so that its page is not taken for ours. */
	clock_gettime(CLOCK_REALTIME, &ts);
	engine->serial = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	/* The variable wins over the property in the library; the configuration over both. */
	if (options->remote[0])
		setenv("PIPEWIRE_REMOTE", options->remote, 1);

	engine->loop = pw_loop_new(NULL);
	if (!engine->loop)
		goto error;
	pw_loop_enter(engine->loop);
	/* A client that only commands: no data thread, no real-time priority. */
	props = pw_properties_new("context.num-data-loops", "0", "module.rt", "false", NULL);
	engine->context = props ? pw_context_new(engine->loop, props, 0) : NULL;
	if (!engine->context) {
		r = errno ? -errno : -ENOMEM;
		goto error;
	}
	r = add_sources(engine);
	if (r < 0)
		goto error;
	*ret_engine = engine;
	return 0;
error:
	pl_engine_free(engine);
	return r;
}

/**
 * The server reads nothing of a client that has hung up: what was said last, that a key is up for one,
 * is only heard when it has answered.
 */
static void say_farewell(struct pl_engine *engine)
{
	struct timespec ts;
	uint64_t now, end = 0;

	if (!engine->core)
		return;
	engine->farewell_seq = pw_core_sync(engine->core, PW_ID_CORE, 0);
	while (engine->farewell_seq >= 0) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
		end = end ? end : now + FAREWELL_MSEC;
		if (now >= end || pw_loop_iterate(engine->loop, (int)(end - now)) < 0)
			break;
	}
}

struct pl_engine *pl_engine_free(struct pl_engine *engine)
{
	if (!engine)
		return NULL;
	engine->on_changed = NULL;
	engine->on_devices_changed = NULL;
	say_farewell(engine);
	if (engine->context)
		disconnect(engine);
	engine_devices_free(engine->devices);
	engine_bindings_free(engine->bindings);
	engine_tones_free(engine->tones);
	engine_audio_free(engine->audio);
	sd_event_source_disable_unref(engine->poll_timer);
	sd_event_source_disable_unref(engine->connect_timer);
	sd_event_source_disable_unref(engine->loop_source);
	if (engine->context)
		pw_context_destroy(engine->context);
	if (engine->loop) {
		pw_loop_leave(engine->loop);
		pw_loop_destroy(engine->loop);
	}
	sd_event_unref(engine->event);
	pw_deinit();
	free(engine);
	return NULL;
}
