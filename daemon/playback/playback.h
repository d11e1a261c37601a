/* SPDX-License-Identifier: MIT */
#ifndef PL_PLAYBACK_H
#define PL_PLAYBACK_H

#include "audio.h"
#include "lead.h"
#include "receiver.h"

/** Frames a port is opened with: as far ahead of the graph as blocks are ever made. */
#define PL_PLAYBACK_CAPACITY 16384u

/**
 * What a receiver has, into a playback port of the graph: each block is made as late as is safe
 * (lead.h), and what the graph played without us is skipped, so that nothing comes later for it.
 *
 * Thread: one, that of the receiver. Nothing is allocated.
 */
struct pl_playback {
	const struct pl_audio_ops *audio; /**< outlives it */
	struct pl_audio_port *port;       /**< the owner's; NULL: nothing is played */
	struct pl_lead lead;
	double ahead_ms; /**< from writing the newest block to the cycle that plays it */
};

/**
 * Write what is to be played by now.
 *
 * @param receiver    of one channel, at the graph's rate
 * @param time        of the port, just read; its rate and quantum are not 0
 * @param now_nsec    CLOCK_MONOTONIC
 * @param moved_nsec  CLOCK_MONOTONIC at which the graph last moved
 * @return CLOCK_MONOTONIC of when to call it again; UINT64_MAX: not before the graph has moved
 */
uint64_t pl_playback_run(struct pl_playback *playback, struct pl_receiver *receiver,
			 const struct pl_audio_time *time, uint64_t now_nsec, uint64_t moved_nsec);
/** The graph runs at another rate: how early a block must be is learned again. */
void pl_playback_restart(struct pl_playback *playback);

#endif
