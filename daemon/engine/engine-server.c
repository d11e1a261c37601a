/* SPDX-License-Identifier: MIT */
#include "engine-server.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include <pipewire/pipewire.h>
#include <spa/utils/result.h>

#define BACKOFF_MIN_USEC 100000u
#define BACKOFF_MAX_USEC 2000000u
/** A server that does not answer in this time is not told that the daemon ends. */
#define FAREWELL_MSEC 500u

struct engine_server {
	struct engine_server_options options; /* without the remote */

	struct pw_loop *loop;
	sd_event_source *loop_source;
	struct pw_context *context;

	sd_event_source *connect_timer; /* also ends a connection outside of its callbacks */
	uint64_t backoff_usec;
	bool waiting_was_said;
	int connect_error; /* of the last try, negative errno */
	struct pw_core *core;
	struct spa_hook core_listener;
	char version[32];
	int farewell_seq; /* of the sync that is waited for at the end; -1: no more */
	struct pw_registry *registry;
};

static void connect_later(struct engine_server *server, uint64_t delay_usec)
{
	sd_event_source_set_time_relative(server->connect_timer, delay_usec);
	sd_event_source_set_enabled(server->connect_timer, SD_EVENT_ONESHOT);
}

/* --- the server speaks ------------------------------------------------------------ */

static void on_core_error(void *userdata, uint32_t id, int seq, int res, const char *message)
{
	struct engine_server *server = userdata;

	if (id != PW_ID_CORE || res != -EPIPE)
		return;
	server->farewell_seq = -1;
	/* The server is gone. The connection must not end inside of its own callback. */
	server->backoff_usec = BACKOFF_MIN_USEC;
	connect_later(server, 0);
}

static void on_core_done(void *userdata, uint32_t id, int seq)
{
	struct engine_server *server = userdata;

	if (id == PW_ID_CORE && seq == server->farewell_seq)
		server->farewell_seq = -1;
}

static void on_core_info(void *userdata, const struct pw_core_info *info)
{
	struct engine_server *server = userdata;

	if (info->version)
		snprintf(server->version, sizeof(server->version), "%s", info->version);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.info = on_core_info,
	.done = on_core_done,
	.error = on_core_error,
};

/* --- coming and going ----------------------------------------------------------------- */

static void disconnect(struct engine_server *server)
{
	server->options.on_detach(server->options.userdata);
	if (server->registry) {
		pw_proxy_destroy((struct pw_proxy *)server->registry);
		server->registry = NULL;
	}
	if (server->core) {
		spa_hook_remove(&server->core_listener);
		pw_core_disconnect(server->core);
		server->core = NULL;
	}
}

static int connect_now(struct engine_server *server)
{
	struct pw_properties *props;

	/* The manager's socket, where the server has one: only it may set gains there. */
	props = pw_properties_new(PW_KEY_REMOTE_INTENTION, "manager", PW_KEY_APP_NAME, "partyline",
				  PW_KEY_MEDIA_CATEGORY, "Manager", NULL);
	if (!props)
		return -errno;
	server->core = pw_context_connect(server->context, props, 0);
	if (!server->core)
		return -errno;
	pw_core_add_listener(server->core, &server->core_listener, &core_events, server);
	server->registry = pw_core_get_registry(server->core, PW_VERSION_REGISTRY, 0);
	if (!server->registry)
		return -errno;
	server->options.on_attach(server->options.userdata, server->core, server->registry);
	return 0;
}

static int on_connect(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct engine_server *server = userdata;
	bool had_server = server->core != NULL;
	int r;

	disconnect(server);
	/* One that has just gone gets the first pause before it is asked again. */
	r = had_server ? -EPIPE : connect_now(server);
	if (r >= 0) {
		server->waiting_was_said = false;
		server->backoff_usec = BACKOFF_MIN_USEC;
		return 0;
	}
	if (server->core)
		disconnect(server);
	if (!had_server)
		server->connect_error = r;
	if (!server->waiting_was_said)
		pl_log_event(server->options.log, PL_LOG_WARNING, "engine.waiting", NULL,
			     "No PipeWire server (%s); trying again until there is one",
			     spa_strerror(r));
	server->waiting_was_said = true;
	connect_later(server, server->backoff_usec);
	server->backoff_usec *= 2;
	if (server->backoff_usec > BACKOFF_MAX_USEC)
		server->backoff_usec = BACKOFF_MAX_USEC;
	return 0;
}

/**
 * The server reads nothing of a client that has hung up: what was said last, that a key is up for one,
 * is only heard when it has answered.
 */
static void say_farewell(struct engine_server *server)
{
	struct timespec ts;
	uint64_t now, end = 0;

	if (!server->core)
		return;
	server->farewell_seq = pw_core_sync(server->core, PW_ID_CORE, 0);
	while (server->farewell_seq >= 0) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		now = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
		end = end ? end : now + FAREWELL_MSEC;
		if (now >= end || pw_loop_iterate(server->loop, (int)(end - now)) < 0)
			break;
	}
}

void engine_server_hang_up(struct engine_server *server)
{
	if (!server)
		return;
	say_farewell(server);
	disconnect(server);
}

/* --- reading ------------------------------------------------------------------------------ */

bool engine_server_is_there(const struct engine_server *server)
{
	return server->core != NULL;
}

int engine_server_error(const struct engine_server *server)
{
	return server->connect_error;
}

const char *engine_server_version(const struct engine_server *server)
{
	return server->core ? server->version : "";
}

struct pw_loop *engine_server_loop(struct engine_server *server)
{
	return server->loop;
}

/* --- life --------------------------------------------------------------------------------- */

static int on_loop(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct engine_server *server = userdata;

	pw_loop_iterate(server->loop, 0);
	return 0;
}

static int make_context(struct engine_server *server)
{
	struct pw_properties *props;

	server->loop = pw_loop_new(NULL);
	if (!server->loop)
		return -ENOMEM;
	pw_loop_enter(server->loop);
	/* A client that only commands: no data thread, no real-time priority. */
	props = pw_properties_new("context.num-data-loops", "0", "module.rt", "false", NULL);
	server->context = props ? pw_context_new(server->loop, props, 0) : NULL;
	if (!server->context)
		return errno ? -errno : -ENOMEM;
	return 0;
}

int engine_server_new(sd_event *event, const struct engine_server_options *options,
		      struct engine_server **ret_server)
{
	struct engine_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	pw_init(NULL, NULL);
	server->options = *options;
	server->options.remote = NULL;
	server->backoff_usec = BACKOFF_MIN_USEC;
	/* The variable wins over the property in the library; the configuration over both. */
	if (options->remote[0])
		setenv("PIPEWIRE_REMOTE", options->remote, 1);
	r = make_context(server);
	if (r >= 0)
		r = sd_event_add_io(event, &server->loop_source, pw_loop_get_fd(server->loop),
				    EPOLLIN, on_loop, server);
	if (r >= 0)
		r = sd_event_add_time(event, &server->connect_timer, CLOCK_MONOTONIC, 0, 0,
				      on_connect, server);
	if (r < 0) {
		engine_server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

struct engine_server *engine_server_free(struct engine_server *server)
{
	if (!server)
		return NULL;
	sd_event_source_disable_unref(server->connect_timer);
	sd_event_source_disable_unref(server->loop_source);
	if (server->context)
		pw_context_destroy(server->context);
	if (server->loop) {
		pw_loop_leave(server->loop);
		pw_loop_destroy(server->loop);
	}
	pw_deinit();
	free(server);
	return NULL;
}
