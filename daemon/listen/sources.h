/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_SOURCES_H
#define PL_LISTEN_SOURCES_H

#include "audio.h"
#include "mixer.h"

/**
 * The places that somebody listens to, each with one capture port that all listeners share; and their
 * samples, block by block, all of a block at the same place in the graph's time.
 *
 * Thread: a source is put in and taken out while the thread that works stands still; the rest is
 * that thread's.
 */

#define LISTEN_BLOCK_MAX 1024u

struct listen_sources {
	const struct pl_audio_ops *audio;
	struct pl_audio_port *ports[LISTEN_PLACES]; /**< NULL: nobody listens there */

	/* of the last block */
	uint32_t rate_hz;                   /**< 0: the graph has not moved so far */
	const float *blocks[LISTEN_PLACES]; /**< NULL: silence */

	/* the thread's own */
	uint64_t position; /* of the next sample */
	bool running;
	float samples[LISTEN_PLACES][LISTEN_BLOCK_MAX];
};

/**
 * The next block of all sources, into `blocks`.
 *
 * @return its frames, up to LISTEN_BLOCK_MAX; 0: nothing new
 */
uint32_t listen_sources_next(struct listen_sources *sources);

/**
 * Name of a place's port, and of what it captures, see PL_KEY_PORT_TARGET.
 *
 * @param device  of PL_MIX_DEVICE; else NULL
 */
#define LISTEN_NAME_MAX PL_MIX_NAME_MAX
void listen_source_names(enum pl_mix_kind kind, uint32_t id, const struct pl_binding *device,
			 char ret_port[LISTEN_NAME_MAX], char ret_target[LISTEN_NAME_MAX]);

#endif
