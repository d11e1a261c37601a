/* SPDX-License-Identifier: MIT */
#ifndef PL_LEAD_H
#define PL_LEAD_H

#include <stdbool.h>
#include <stdint.h>

/**
 * How long before the cycle that plays it a block is made: as late as is safe, so that a packet has
 * all the time to come that there is. Half a quantum at first, within bounds; half as much more
 * after each starved cycle, and a fifth less after five calm seconds. Pure; thread: one. Zeroed: new.
 */
struct pl_lead {
	uint64_t lead_nsec; /**< 0: not known yet */
	uint64_t n_starved; /**< as last seen */
	uint64_t calm_nsec; /**< since when none was starved */
	bool played;        /**< a block was made before: what starves from then on is ours */
	uint64_t position;  /**< of the next block, unless cycles are missed */
};

/** What the graph says of a playback port. */
struct pl_lead_graph {
	uint32_t quantum, rate_hz; /**< neither 0 */
	uint64_t n_starved;        /**< frames that found the port empty, so far */
	uint64_t moved_nsec;       /**< CLOCK_MONOTONIC at which the graph last moved */
};

/**
 * Cycles were missed, or found nothing to play: what comes now is late by that.
 *
 * @param position  of the next block, as the port says
 * @return frames, for pl_receiver_skip(); 0: none
 */
uint64_t pl_lead_missed(struct pl_lead *lead, uint64_t position);
/** So many frames of a block were taken. */
void pl_lead_wrote(struct pl_lead *lead, uint64_t n_frames);
/** After pl_lead_missed(). @return false: the graph stands still, nothing is to be made */
bool pl_lead_follow(struct pl_lead *lead, const struct pl_lead_graph *graph, uint64_t now_nsec);

#endif
