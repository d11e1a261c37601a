/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_SERVER_H
#define PARTYLINE_TEST_GRAPH_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include <spa/utils/cleanup.h>

/**
 * A private `pipewire` process in a temporary runtime folder of its own: the factories for
 * nodes and links, no driver, no session manager, no real-time rights. It dies with the test.
 *
 * Thread: the test's main thread.
 */

struct pl_server {
	pid_t pid;     /**< 0: not running */
	char *folder;  /**< temporary; holds the configuration and the socket */
	char *socket;  /**< path of the server's socket */
	int listen_fd; /**< bound before the server starts, so that nobody waits for it */
};

struct pl_server_options {
	uint32_t rate_hz;  /**< graph rate; 0: 48000 */
	const char *rates; /**< more allowed rates, separated by blanks; NULL: none */
	uint32_t quantum;  /**< samples a cycle */
};

/**
 * Start a server and point this process's environment (PIPEWIRE_RUNTIME_DIR,
 * PIPEWIRE_CONFIG_DIR) at it.
 *
 * @param ret_server owned by the caller; end it with pl_server_free()
 * @return 0 or negative errno
 */
int pl_server_new(const struct pl_server_options *options, struct pl_server **ret_server);

/** @return 1 while the process lives, 0 after its end */
int pl_server_alive(struct pl_server *server);

/** End the process, remove the folder. NULL is nothing. */
void pl_server_free(struct pl_server *server);

SPA_DEFINE_AUTOPTR_CLEANUP(pl_server, struct pl_server, { pl_server_free(*thing); })

#endif
