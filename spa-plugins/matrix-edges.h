/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_MATRIX_EDGES_H
#define PARTYLINE_MATRIX_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer.h"

/**
 * Talk key edges that wait for their sample (PL_PARAM_KEYS_NSEC).
 *
 * An edge that happened at time t acts on the sample that the graph's clock gives t, one quantum
 * later: every edge waits equally long, and what lies between two of them is kept to the sample.
 * That is the shortest such wait: an edge is heard of during one cycle, so the next can have all of
 * them. One that comes too late for its sample acts on the first that is left.
 *
 * Thread: data. RT-safe.
 */
struct pl_matrix_edges {
	uint32_t n;
	struct pl_matrix_edge {
		uint64_t nsec; /**< CLOCK_MONOTONIC; never before that of the one in front */
		uint8_t tablet, channel; /**< from 0 */
		bool held;
	} list[256];
};

/** One more, after all others. @return false: no room */
bool pl_matrix_edges_add(struct pl_matrix_edges *edges, uint64_t nsec, uint32_t tablet,
			 uint32_t channel, bool held);

/** Forget those of some keys. @param channels  bit channel */
void pl_matrix_edges_drop(struct pl_matrix_edges *edges, uint32_t tablet, uint64_t channels);

/**
 * Put those whose sample lies in this cycle (or has passed) among the cycle's other events.
 *
 * @param cycle_nsec  CLOCK_MONOTONIC at which the driver began this cycle
 * @param events      n_events in order of their offset; room for n_max
 * @return events there are then, in order; what finds no room waits for the next cycle
 */
uint32_t pl_matrix_edges_take(struct pl_matrix_edges *edges, uint64_t cycle_nsec, uint32_t n_frames,
			      uint32_t rate_hz, struct pl_mixer_event *events, uint32_t n_events,
			      uint32_t n_max);

#endif
