/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_GATEWAY_HOST_H
#define PARTYLINE_TEST_GRAPH_GATEWAY_HOST_H

#include <stdbool.h>

#include "audio.h"

/**
 * The daemon's engine with its audio ports, in this process, at the server of the environment: its
 * loop runs on the caller's thread while the test runs on another.
 */
struct gateway_host;

/** @param ret_host  owned by the caller; gateway_host_free() */
int gateway_host_new(struct gateway_host **ret_host);
void gateway_host_free(struct gateway_host *host);

const struct pl_audio_ops *gateway_host_ops(void);

/** Before the loop runs. */
int gateway_host_open(struct gateway_host *host, enum pl_audio_way way, const char *name,
		      const char *target, uint32_t capacity, int wake_fd,
		      struct pl_audio_port **ret_port);

/** Run test(userdata) on a thread of its own and the loop here. @return what it gave */
int gateway_host_run(struct gateway_host *host, int (*test)(void *userdata), void *userdata);

/** From the test's thread: pl_audio_ops.bridge() on the loop's. */
int gateway_host_bridge(struct gateway_host *host, struct pl_audio_port *capture,
			struct pl_audio_port *playback, bool open);

#endif
