/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_DECIMATE_H
#define PARTYLINE_DSP_DECIMATE_H

#include <stdint.h>

#include "tone-event.h"

/**
 * From the graph's rate down to the detectors' (PL_TONE_RATE_MIN_HZ and a little): a linear-phase
 * low-pass (Kaiser window, 80 dB) of which only the wanted samples are computed. Bad samples (NaN,
 * infinite) become silence and magnitudes are limited to PL_INPUT_MAX on the way in, so that
 * nothing behind it needs to look.
 *
 * Thread: data. RT-safe: no allocation, lock, log or system call.
 */

/** factor at 192 kHz */
#define PL_DECIMATE_FACTOR_MAX 24u
#define PL_DECIMATE_TAPS_MAX 1024u
/** taps are a multiple of this */
#define PL_DECIMATE_STEP 32u
/** samples between two moves of the history */
#define PL_DECIMATE_ROOM 1024u

/** What all ports of one rate have in common. */
struct pl_decimate_plan {
	float taps[PL_DECIMATE_TAPS_MAX];
	uint32_t n_taps;  /**< 0 at factor 1 */
	uint32_t factor;  /**< input samples for each output sample */
	uint32_t rate_hz; /**< of the input */
	double rate_out_hz;
	double delay; /**< of the filter, input samples */
	float (*dot)(const float *x, const float *taps, uint32_t n_taps);
};

struct pl_decimator {
	float history[PL_DECIMATE_TAPS_MAX + PL_DECIMATE_ROOM];
	uint32_t end;  /**< samples in the history */
	uint32_t wait; /**< input samples until the next output */
};

/**
 * @param rate_hz   8000..192000; a rate beyond is worked with as it is, without promises
 * @param cpu_flags PL_CPU_ bits of this machine; 0 gives plain C
 */
void pl_decimate_plan_init(struct pl_decimate_plan *plan, uint32_t rate_hz, uint32_t cpu_flags);

/** Forget the signal. */
void pl_decimator_start(struct pl_decimator *decimator, const struct pl_decimate_plan *plan);

/**
 * @param src  n samples, no alignment; NULL is silence
 * @param dst  room for n / factor + 1 samples; may not be src
 * @return samples written
 */
uint32_t pl_decimator_run(struct pl_decimator *decimator, const struct pl_decimate_plan *plan,
			  const float *src, uint32_t n, float *dst);

#endif
