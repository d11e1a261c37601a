/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_SPECTRUM_H
#define PARTYLINE_DSP_SPECTRUM_H

#include <stdint.h>

/**
 * Spectrum of a short stretch of a real signal under a Hann window.
 *
 * Thread: any; all state is the caller's. RT-safe: no allocation, lock, log, system call.
 */

#define PL_SPECTRUM_SIZE_MIN 64u
#define PL_SPECTRUM_SIZE_MAX 1024u
/** bins of the largest: 0 .. half the rate, rounded up to whole vectors */
#define PL_SPECTRUM_BINS (PL_SPECTRUM_SIZE_MAX / 2u + 16u)

struct pl_spectrum {
	uint32_t size; /**< samples of the stretch */
	float window[PL_SPECTRUM_SIZE_MAX];
	/** factors of the passes, one pass after the other; cosine and sine apart */
	float turn_re[PL_SPECTRUM_SIZE_MAX], turn_im[PL_SPECTRUM_SIZE_MAX];
	/** factors that make one real spectrum of the complex one of half the size */
	float split_re[PL_SPECTRUM_SIZE_MAX / 2u], split_im[PL_SPECTRUM_SIZE_MAX / 2u];
	float work[4][PL_SPECTRUM_SIZE_MAX / 2u];
};

/** @param size  a power of two, PL_SPECTRUM_SIZE_MIN..MAX */
void pl_spectrum_init(struct pl_spectrum *spectrum, uint32_t size);

/**
 * sum over n of window[n] * samples[n] * exp(-2 pi i k n / size) for k = 0 .. size / 2 - 1.
 *
 * A sine of amplitude a amid bin k has magnitude a * size / 4 there, and phase that of the sine at
 * the window's middle plus pi * k; its power over all bins of its lobe is 3/32 (a * size)^2.
 *
 * @param samples    size finite samples
 * @param ret_re     size / 2 values; the part of half the rate in bin 0 is left out
 * @param ret_im     likewise
 * @param ret_power  likewise, re^2 + im^2
 */
void pl_spectrum_run(struct pl_spectrum *spectrum, const float *samples, float *ret_re,
		     float *ret_im, float *ret_power);

#endif
