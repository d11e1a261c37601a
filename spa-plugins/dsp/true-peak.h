/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_TRUE_PEAK_H
#define PARTYLINE_DSP_TRUE_PEAK_H

#include <stdint.h>

/**
 * True peak by four-fold oversampling, ITU-R BS.1770-4 annex 2: the 48 coefficients printed
 * there, in 4 phases of 12.
 *
 * Thread: any. RT-safe.
 */
#define PL_TRUE_PEAK_PHASES 4u
#define PL_TRUE_PEAK_TAPS 12u
/** most samples of one call */
#define PL_TRUE_PEAK_CHUNK 128u

/** All zeros: silence so far. */
struct pl_true_peak {
	float history[PL_TRUE_PEAK_TAPS - 1u]; /**< oldest first */
};

/**
 * @param src n_frames finite samples
 * @param n_frames 0..PL_TRUE_PEAK_CHUNK
 * @return largest magnitude among the oversampled and the given samples; linear
 */
float pl_true_peak_process(struct pl_true_peak *state, const float *src, uint32_t n_frames);

#endif
