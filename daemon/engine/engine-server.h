/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_SERVER_H
#define PL_ENGINE_SERVER_H

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "log.h"

struct pw_core;
struct pw_loop;
struct pw_registry;

/**
 * The connection to PipeWire, and its loop inside of the daemon's: made again by itself whenever
 * there is none, first after 100 ms, then doubling to 2 s. Whose parts are in the graph is told when
 * it begins and when it ends.
 *
 * Logs: engine.waiting, once for each time without a server.
 *
 * Thread: the daemon's loop.
 */
struct engine_server;

struct engine_server_options {
	const char *remote; /**< name or path of PipeWire's socket; "": the usual one */
	struct pl_log *log; /**< may be NULL; borrowed */
	/** A server is there. Both are borrowed until on_detach */
	void (*on_attach)(void *userdata, struct pw_core *core, struct pw_registry *registry);
	/** It is gone, or about to be; also when there was none: what was attached is let go. */
	void (*on_detach)(void *userdata);
	void *userdata;
};

/**
 * Calls nothing before the loop runs.
 *
 * @param options  copied, except what is borrowed
 * @return 0 also without a server; -ENOMEM or what PipeWire's library says
 */
int engine_server_new(sd_event *event, const struct engine_server_options *options,
		      struct engine_server **ret_server);
/**
 * The end of the connection, for good, while who is told of it is still there: the server first hears
 * what was said last, for half a second at most.
 */
void engine_server_hang_up(struct engine_server *server);
/** After engine_server_hang_up(), and after all that uses its loop. @return NULL */
struct engine_server *engine_server_free(struct engine_server *server);

bool engine_server_is_there(const struct engine_server *server);
/** Why the last try to connect has failed: negative errno; 0: none has. */
int engine_server_error(const struct engine_server *server);
/** As PipeWire says: "1.4.2"; "" without a server. Borrowed until the loop runs on. */
const char *engine_server_version(const struct engine_server *server);
/** Borrowed until engine_server_free(). */
struct pw_loop *engine_server_loop(struct engine_server *server);

#endif
