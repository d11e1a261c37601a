/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_TWO_TONE_FIT_H
#define PARTYLINE_DSP_TWO_TONE_FIT_H

#include <stdint.h>

/**
 * Two sinusoids of unknown frequency, amplitude and phase fitted to a stretch of signal by least
 * squares (Gauss-Newton on the frequencies; Kay, Fundamentals of Statistical Signal Processing I,
 * 8.9): as exact as the noise allows (the Cramér-Rao bound) when the frequencies are known to
 * about half a cycle over the stretch.
 *
 * Thread: data. RT-safe.
 */

#define PL_TWO_TONE_FIT_MAX 1280u /**< samples */

struct pl_two_tone_fit {
	double omega[2];     /**< in and out: radians a sample */
	double amplitude[2]; /**< out: peak, in the middle */
	double slope[2];     /**< out: change of amplitude over the stretch, of the amplitude */
	double phase[2];     /**< out: of the cosine, in the middle */
	double power;        /**< out: mean square of the samples */
	double rest;         /**< out: mean square of what the two do not explain */
};

/**
 * One step from the frequencies that are in fit; two or three find them.
 * @param n  16..PL_TWO_TONE_FIT_MAX
 */
void pl_two_tone_fit_step(struct pl_two_tone_fit *fit, const float *x, uint32_t n);

/** What is left of x without the two tones of fit. @param ret_rest n samples */
void pl_two_tone_fit_rest(const struct pl_two_tone_fit *fit, const float *x, uint32_t n,
			  float *ret_rest);

#endif
