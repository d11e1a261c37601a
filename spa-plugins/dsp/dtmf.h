/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_DTMF_H
#define PARTYLINE_DSP_DTMF_H

#include <stdbool.h>
#include <stdint.h>

#include "tone-event.h"
#include "two-tone-fit.h"

/**
 * DTMF after ITU-T Q.23, received as Q.24 Annex A asks: each frequency +-1.5 % accepted and
 * +-3.5 % refused, the high group up to 4 dB above and 8 dB below the low one, 40 ms accepted and
 * 23 ms refused, pauses of 40 ms, interruptions of 10 ms bridged.
 *
 * Every 5 ms a bank of eight correlators says whether a pair of tones may be there. Only what
 * lasts is looked at closely: both frequencies, levels and edges are estimated by least squares
 * and maximum likelihood, and what the two tones leave unexplained decides whether it is speech.
 *
 * Thread: data. RT-safe: no allocation, lock, log or system call.
 */

/** hops of 5 ms that are remembered */
#define PL_DTMF_HOPS 32u
#define PL_DTMF_HOP_MAX 80u /**< samples, at PL_TONE_RATE_MAX_HZ */
#define PL_DTMF_KEEP 2560u  /**< samples that stay at least */
#define PL_DTMF_TAPS 64u

/** What all ports of one rate have in common. */
struct pl_dtmf_plan {
	double rate_hz;
	uint32_t hop;                     /**< samples */
	float cosine[PL_DTMF_HOP_MAX][8]; /**< of the eight frequencies */
	float sine[PL_DTMF_HOP_MAX][8];
	float turn_re[8], turn_im[8]; /**< by one hop */
	float band[PL_DTMF_TAPS];     /**< band-pass around both groups */
};

/** What was measured of a pair of tones. */
struct pl_dtmf_measure {
	struct pl_two_tone_fit fit;
	double deviation[2]; /**< of the frequencies, of the nominal ones */
	double level_db;     /**< dBFS RMS of both */
	double twist_db;     /**< high over low */
	double length_s;
	double rest;         /**< power of all else below 4 kHz if it is white, of the tones' */
	double rest_in_band; /**< power of all else around both groups, of the tones' */
	uint64_t begin, end; /**< samples */
};

struct pl_dtmf {
	const struct pl_dtmf_plan *plan;
	float x[2u * PL_DTMF_KEEP];
	uint32_t n_x;
	uint64_t base; /**< stream position of x[0] */

	uint64_t n_hops;
	float re[PL_DTMF_HOPS][8], im[PL_DTMF_HOPS][8];
	float energy;   /**< of the last hop */
	float level[8]; /**< amplitudes in the last two hops */

	int run_pair; /**< low * 4 + high, -1: none */
	uint64_t run_first, run_last;

	bool on;
	int on_pair;
	uint64_t on_begin, on_last;
	struct pl_dtmf_measure on_measure;
};

/** @param rate_hz  PL_TONE_RATE_MIN_HZ up to PL_TONE_RATE_MAX_HZ */
void pl_dtmf_plan_init(struct pl_dtmf_plan *plan, double rate_hz);

/** Forget all, count samples from 0. @param plan  borrowed */
void pl_dtmf_start(struct pl_dtmf *dtmf, const struct pl_dtmf_plan *plan);

/**
 * @param n    up to PL_TONE_BLOCK
 * @return hits written: PL_TONE_KIND_DIGIT about 40 ms after a digit's begin, _DIGIT_END within
 *         40 ms of its end
 */
uint32_t pl_dtmf_run(struct pl_dtmf *dtmf, const float *samples, uint32_t n,
		     struct pl_tone_hit *ret_hits, uint32_t max);

#endif
