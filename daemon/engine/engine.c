/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>

#include "engine-audio.h"
#include "engine-bindings.h"
#include "engine-devices.h"
#include "engine-matrix.h"
#include "engine-private.h"
#include "engine-server.h"
#include "engine-tones.h"

/* Puts the parts together: a server, and what there is of ours in its graph. */

struct pl_engine {
	struct pl_engine_options options; /* without the remote */
	struct engine_server *server;
	struct engine_matrix *matrix;
	struct engine_devices *devices;
	struct engine_bindings *bindings;
	struct engine_audio *audio;
	struct engine_tones *tones;
};

/* --- what the parts tell -------------------------------------------------------- */

static void on_attach(void *userdata, struct pw_core *core, struct pw_registry *registry)
{
	struct pl_engine *engine = userdata;

	engine_matrix_attach(engine->matrix, registry);
	engine_devices_attach(engine->devices, registry);
	engine_bindings_attach(engine->bindings, core, registry);
	engine_audio_attach(engine->audio);
	engine_tones_attach(engine->tones, core);
}

static void on_detach(void *userdata)
{
	struct pl_engine *engine = userdata;

	engine_matrix_detach(engine->matrix);
	engine_devices_detach(engine->devices);
	engine_bindings_detach(engine->bindings);
	engine_tones_detach(engine->tones);
	engine_audio_detach(engine->audio);
}

static void on_matrix(void *userdata)
{
	struct pl_engine *engine = userdata;

	if (engine->options.on_changed)
		engine->options.on_changed(engine->options.userdata);
}

static void on_devices(void *userdata)
{
	struct pl_engine *engine = userdata;

	if (engine->options.on_devices_changed)
		engine->options.on_devices_changed(engine->options.userdata);
}

/* --- for control -------------------------------------------------------------------- */

static int engine_apply_keys(void *object, const struct pl_model *before,
			     const struct pl_model *after, uint64_t nsec)
{
	struct pl_engine *engine = object;

	return engine_matrix_apply_keys(engine->matrix, before, after, nsec);
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
	return engine_matrix_apply(engine->matrix, before, after);
}

static int engine_read_meters(void *object, struct pl_meters_data *ret_data)
{
	struct pl_engine *engine = object;

	return engine_matrix_read_meters(engine->matrix, ret_data);
}

static bool engine_is_connected(void *object)
{
	const struct pl_engine *engine = object;

	return engine_matrix_is_connected(engine->matrix);
}

static const char *engine_trouble(void *object)
{
	struct pl_engine *engine = object;

	if (engine_server_is_there(engine->server))
		return engine_matrix_trouble(engine->matrix);
	if (engine_server_error(engine->server) == -EACCES)
		return "PipeWire's manager socket does not let the daemon in; put its user into the "
		       "socket's group (of an appliance: partyline-pipewire) and restart it";
	return "there is no PipeWire server; start it, or give its socket as "
	       "pipewire.remote in the configuration";
}

static size_t engine_list_devices(void *object, const struct pl_device **ret_devices)
{
	struct pl_engine *engine = object;

	return engine_devices_get(engine->devices, ret_devices);
}

static const char *engine_version(void *object)
{
	const struct pl_engine *engine = object;

	return engine_server_version(engine->server);
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
		.server_version = engine_version,
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

static int make_server(struct pl_engine *engine, sd_event *event, const char *remote)
{
	const struct engine_server_options options = {
		.remote = remote,
		.log = engine->options.log,
		.on_attach = on_attach,
		.on_detach = on_detach,
		.userdata = engine,
	};

	return engine_server_new(event, &options, &engine->server);
}

static int make_matrix(struct pl_engine *engine, sd_event *event)
{
	const struct engine_matrix_options options = {
		.n_tablets = engine->options.n_tablets,
		.n_channels = engine->options.n_channels,
		.log = engine->options.log,
		.on_changed = on_matrix,
		.userdata = engine,
	};

	return engine_matrix_new(event, &options, &engine->matrix);
}

int pl_engine_new(sd_event *event, const struct pl_engine_options *options,
		  struct pl_engine **ret_engine)
{
	struct pl_engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	engine->options = *options;
	engine->options.remote = NULL;
	r = make_server(engine, event, options->remote);
	if (r >= 0)
		r = make_matrix(engine, event);
	if (r >= 0)
		r = engine_devices_new(event, on_devices, engine, &engine->devices);
	if (r >= 0)
		r = engine_bindings_new(&engine->bindings);
	if (r >= 0)
		r = engine_audio_new(event, engine_server_loop(engine->server), options->log,
				     &engine->audio);
	if (r >= 0)
		r = engine_tones_new(event, engine->audio, options->log, &engine->tones);
	if (r < 0) {
		pl_engine_free(engine);
		return r;
	}
	*ret_engine = engine;
	return 0;
}

struct pl_engine *pl_engine_free(struct pl_engine *engine)
{
	if (!engine)
		return NULL;
	engine->options.on_changed = NULL;
	engine->options.on_devices_changed = NULL;
	engine_server_hang_up(engine->server);
	engine_matrix_free(engine->matrix);
	engine_devices_free(engine->devices);
	engine_bindings_free(engine->bindings);
	engine_tones_free(engine->tones);
	engine_audio_free(engine->audio);
	engine_server_free(engine->server);
	free(engine);
	return NULL;
}
