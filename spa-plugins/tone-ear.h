/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TONE_EAR_H
#define PARTYLINE_TONE_EAR_H

#include <stdbool.h>
#include <stdint.h>

#include "decimate.h"
#include "dtmf.h"
#include "pages.h"
#include "tone-event.h"
#include "tone-params.h"

/**
 * What listens at one port of the tone node: the way down to the detectors' rate and the detectors.
 *
 * Thread: data, but for changes, which are made and freed on the main thread. RT-safe: on the data
 * thread no allocation, lock, log or system call.
 */

/** What all ears of one rate have in common. */
struct pl_tone_rate {
	uint32_t hz; /**< of the graph; 0: not known yet */
	struct pl_decimate_plan decimate;
	struct pl_dtmf_plan dtmf;
};

struct pl_tone_ear {
	struct pl_decimator decimator;
	struct pl_dtmf *dtmf;   /**< NULL: no digits wanted; owned */
	struct pl_pages *pages; /**< NULL: no pages wanted; owned */
	uint32_t stagger;       /**< number of the port: see pl_pages_start() */
	/** samples that each has heard since its start */
	uint64_t n_dtmf, n_pages;
};

/** Where a detector's samples lie in the graph's time. */
struct pl_tone_moment {
	uint64_t newest_sample;
	double newest_position; /**< samples of the graph's clock */
	double factor;
};

/** Detectors on their way to an ear, and then those on their way out. */
struct pl_tone_change {
	bool dtmf_changed, pages_changed;
	struct pl_dtmf *dtmf;
	struct pl_pages *pages;
};

/** Takes up to a millisecond on the first cycle and when the rate changes. */
void pl_tone_rate_init(struct pl_tone_rate *rate, uint32_t hz, uint32_t cpu_flags);
/** Samples of the graph that an ear takes at a time, at most. */
uint32_t pl_tone_rate_piece(const struct pl_tone_rate *rate);

/** Forget all that was heard. */
void pl_tone_ear_start(struct pl_tone_ear *ear, const struct pl_tone_rate *rate);
/** Exchange the detectors that differ for those of change. */
void pl_tone_ear_swap(struct pl_tone_ear *ear, const struct pl_tone_rate *rate,
		      struct pl_tone_change *change);
/**
 * @param src  n samples, anything in them; NULL is silence
 * @param n    up to pl_tone_rate_piece()
 * @param position  of the first sample, in the graph's clock
 * @param ret_hits, ret_moments  PL_TONE_HITS_MAX of both kinds
 * @return hits written
 */
uint32_t pl_tone_ear_run(struct pl_tone_ear *ear, const struct pl_tone_rate *rate, const float *src,
			 uint32_t n, uint64_t position, struct pl_tone_hit *ret_hits,
			 struct pl_tone_moment *ret_moments);
void pl_tone_ear_done(struct pl_tone_ear *ear);

/** What a port, from 1, needs when settings change. @return 0, -ENOMEM or -EINVAL; free in all cases */
int pl_tone_change_init(struct pl_tone_change *change, const struct pl_tone_settings *before,
			const struct pl_tone_settings *after, uint32_t port);
void pl_tone_change_done(struct pl_tone_change *change);

#endif
