/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_RING_H
#define PL_PAGE_RING_H

#include <stdint.h>

/**
 * The newest samples of one endpoint, by position: what a clip takes its pre-roll from. Pure.
 * Thread: the caller keeps others away. A zeroed one holds nothing.
 */
struct pl_ring {
	int16_t *samples;  /**< of position p: at p modulo capacity */
	uint64_t capacity; /**< samples */
	uint64_t begin;    /**< position of the oldest */
	uint64_t end;      /**< of the one that comes next */
};

/** Room for that many samples; the newest that fit are kept. @return 0 or -ENOMEM (all as before) */
int pl_ring_resize(struct pl_ring *ring, uint64_t capacity);
void pl_ring_done(struct pl_ring *ring);
/** Forget all; the next sample lies at this position. */
void pl_ring_restart(struct pl_ring *ring, uint64_t position);
/** @param samples  NULL: silence */
void pl_ring_push(struct pl_ring *ring, const int16_t *samples, uint64_t n);
/**
 * Borrow samples from `position` on; begin <= position.
 *
 * @return how many lie there in a row, at most n_max; 0 at the end
 */
uint64_t pl_ring_peek(const struct pl_ring *ring, uint64_t position, uint64_t n_max,
		      const int16_t **ret_samples);

#endif
