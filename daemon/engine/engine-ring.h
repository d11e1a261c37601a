/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_RING_H
#define PL_ENGINE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio.h"

/**
 * What lies between the data thread and the owner of an audio port: samples, and where in time they
 * lie. One thread on each side; neither waits, locks or allocates.
 */

/** Jumps of the position that a capture ring holds; while so many are unread it takes no more. */
#define ENGINE_RING_JUMPS 32u

struct engine_ring_jump {
	uint64_t index;    /* of the first sample after it */
	uint64_t position; /* of that sample */
};

/** What the data thread knew at the end of its last cycle. */
struct engine_ring_clock {
	uint64_t index;    /* capture: write index, playback: read index */
	uint64_t position; /* of the sample at `index`: the beginning of the next cycle */
	uint64_t nsec;     /* CLOCK_MONOTONIC of the beginning of the cycle */
	uint32_t rate_hz, quantum;
	double rate_diff;
};

struct engine_ring {
	enum pl_audio_way way;
	uint32_t capacity; /* power of two */
	float *samples;    /* owned */

	_Atomic uint64_t write_index, read_index;
	_Atomic uint64_t n_dropped, n_starved;

	/* A sequence lock: even, and the same before and after, when the words belong together. */
	_Atomic uint32_t sequence;
	_Atomic uint64_t words[6];

	/* capture: data thread to owner */
	struct engine_ring_jump jumps[ENGINE_RING_JUMPS];
	_Atomic uint32_t jump_write, jump_read;

	struct {
		uint64_t next_position;
		bool running; /* next_position is known */
	} rt;                 /* data thread */
	struct {
		struct engine_ring_jump base; /* the last jump before the next sample */
		bool known;
	} owner; /* the owner's thread */
};

/** @param capacity  frames, rounded up to a power of two. @return 0 or -ENOMEM */
int engine_ring_init(struct engine_ring *ring, enum pl_audio_way way, uint32_t capacity);
void engine_ring_done(struct engine_ring *ring);

/** The cycle that the data thread is in. */
struct engine_cycle {
	uint64_t position, nsec;
	uint32_t n_frames, rate_hz;
	double rate_diff;
};

/** Capture. @param samples  NULL: silence. Thread: data. RT-safe. */
void engine_ring_push(struct engine_ring *ring, const struct engine_cycle *cycle,
		      const float *samples);
/**
 * Playback. Fills with silence what is not there.
 *
 * @param samples  NULL: nobody hears them; what was written is for its time, not for later
 * @return whether any sample was there. Thread: data. RT-safe.
 */
bool engine_ring_pull(struct engine_ring *ring, const struct engine_cycle *cycle, float *samples);

/* The owner's side: as the members of struct pl_audio_ops of the same names. */
size_t engine_ring_read(struct engine_ring *ring, float *samples, size_t n_frames);
size_t engine_ring_write(struct engine_ring *ring, const float *samples, size_t n_frames);
size_t engine_ring_available(const struct engine_ring *ring);
void engine_ring_time(struct engine_ring *ring, struct pl_audio_time *ret_time);

#endif
