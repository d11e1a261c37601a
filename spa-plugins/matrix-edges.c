/* SPDX-License-Identifier: MIT */
#include "matrix-edges.h"

#include <string.h>

#define NSEC_PER_SEC UINT64_C(1000000000)
/** No edge is further ahead of its cycle than the clock's own jitter; such a time means nothing. */
#define AHEAD_MAX_NSEC NSEC_PER_SEC
#define EDGES_MAX (sizeof(((struct pl_matrix_edges *)NULL)->list) / sizeof(struct pl_matrix_edge))

bool pl_matrix_edges_add(struct pl_matrix_edges *edges, uint64_t nsec, uint32_t tablet,
			 uint32_t channel, bool held)
{
	if (edges->n == EDGES_MAX)
		return false;
	/* Whatever two callers say, the later word is the later edge. */
	if (edges->n > 0 && nsec < edges->list[edges->n - 1u].nsec)
		nsec = edges->list[edges->n - 1u].nsec;
	edges->list[edges->n++] = (struct pl_matrix_edge){
		.nsec = nsec,
		.tablet = (uint8_t)tablet,
		.channel = (uint8_t)channel,
		.held = held,
	};
	return true;
}

void pl_matrix_edges_drop(struct pl_matrix_edges *edges, uint32_t tablet, uint64_t channels)
{
	uint32_t n_kept = 0;

	for (uint32_t i = 0; i < edges->n; i++) {
		const struct pl_matrix_edge *edge = &edges->list[i];

		if (edge->tablet == tablet && ((channels >> edge->channel) & 1u))
			continue;
		edges->list[n_kept++] = *edge;
	}
	edges->n = n_kept;
}

/** @return frames from the cycle's start, 0 for what has passed; n_frames and more: not yet */
static uint64_t offset_of(uint64_t nsec, uint64_t cycle_nsec, uint32_t n_frames, uint32_t rate_hz)
{
	uint64_t before;

	if (nsec >= cycle_nsec) {
		if (nsec - cycle_nsec > AHEAD_MAX_NSEC)
			return 0;
		return n_frames + (nsec - cycle_nsec) * rate_hz / NSEC_PER_SEC;
	}
	if (cycle_nsec - nsec > AHEAD_MAX_NSEC)
		return 0;
	/* Rounded up, as times after the cycle's start are rounded down: both to the earlier sample. */
	before = ((cycle_nsec - nsec) * rate_hz + NSEC_PER_SEC - 1u) / NSEC_PER_SEC;
	return before >= n_frames ? 0 : n_frames - before;
}

static void insert(struct pl_mixer_event *events, uint32_t n_events,
		   const struct pl_mixer_event *event)
{
	uint32_t at = n_events;

	for (; at > 0 && events[at - 1u].offset > event->offset; at--)
		events[at] = events[at - 1u];
	events[at] = *event;
}

uint32_t pl_matrix_edges_take(struct pl_matrix_edges *edges, uint64_t cycle_nsec, uint32_t n_frames,
			      uint32_t rate_hz, struct pl_mixer_event *events, uint32_t n_events,
			      uint32_t n_max)
{
	uint32_t n_taken = 0;

	for (; n_taken < edges->n && n_events < n_max; n_taken++) {
		const struct pl_matrix_edge *edge = &edges->list[n_taken];
		uint64_t offset = offset_of(edge->nsec, cycle_nsec, n_frames, rate_hz);
		struct pl_mixer_event event = {
			.offset = (uint32_t)offset,
			.tablet = edge->tablet,
			.channel = edge->channel,
			.held = edge->held,
		};

		if (offset >= n_frames)
			break;
		insert(events, n_events++, &event);
	}
	edges->n -= n_taken;
	memmove(edges->list, edges->list + n_taken, edges->n * sizeof(edges->list[0]));
	return n_events;
}
