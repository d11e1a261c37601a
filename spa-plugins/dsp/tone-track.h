/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_TONE_TRACK_H
#define PARTYLINE_DSP_TONE_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "spectrum.h"
#include "tone-event.h"

/**
 * Follows the strongest tone of a signal: finds where a steady tone begins and ends, how long it
 * is, its frequency, its level, and whether it is a tone of a machine or a note, a vowel, a whistle.
 *
 * The signal is looked at through a Hann window of 64 ms, every 16 ms (a hop; both at 8 kHz). In
 * each hop the highest peak of the spectrum gives a frequency (three bins) and a phase. Hops whose
 * frequencies agree make a run; within it the slope of the phase over blocks of 128 ms gives the
 * frequency to about 0.1 Hz even under noise as strong as the tone.
 *
 * Positions are samples since the start, counted at the detector rate.
 *
 * Thread: data. RT-safe: no allocation, lock, log, system call. A hop costs the same whatever is
 * heard.
 */

/** hops whose spectra are kept: to find where a run began, and to leave its edges out of account */
#define PL_TRACK_KEPT 16u
/** hops of a block */
#define PL_TRACK_BLOCK 8u
/** blocks of a run that are kept apart; 20 s and more */
#define PL_TRACK_BLOCKS_MAX 192u

/** Hops of one frequency. */
struct pl_tone_run {
	uint64_t serial;      /**< tells runs apart; 0: there is none */
	uint64_t first, last; /**< hops */
	uint32_t n;           /**< hops that belong to it; between them some may be missing */
	double begin, end;    /**< samples; end: so far, or where it ended */
	bool closed;          /**< it has ended */
	bool below;           /**< its level has fallen to half at `end`, and has not come back */
	float bin;            /**< frequency as estimated so far, bins */
	float bin_first;      /**< what phases are counted against */
	float amplitude;      /**< of a hop well within it */
	float last_amplitude;
	float last_phase;
	double phase; /**< unwrapped, relative to bin_first, radians */

	struct {
		uint32_t n;
		double t, tt, v, tv, vv; /**< sums over hops: time in hops, phase */
		float power;
		uint64_t first;
	} block;
	uint32_t n_blocks;
	float block_bin[PL_TRACK_BLOCKS_MAX];   /**< frequency of each block */
	float block_power[PL_TRACK_BLOCKS_MAX]; /**< mean over its hops */
	float block_stray[PL_TRACK_BLOCKS_MAX]; /**< how far phases lie off a line, rms radians */

	uint32_t n_sum;
	float sum_tone, sum_total;   /**< power of the tone and of all within the band */
	float sum[PL_SPECTRUM_BINS]; /**< power spectra of the hops within, added up */

	/* for those who match runs with definitions */
	bool taken;           /**< it was the last tone of a pair */
	bool group;           /**< it was a long tone */
	float taken_length_s; /**< as that page defines it */
};

/** What a run is. Of a longer one, one block that is spoilt (a fade, a packet lost) is left out. */
struct pl_tone_verdict {
	float hz;
	float spread_hz; /**< largest distance of a block's frequency from it */
	float level;     /**< RMS, linear */
	float length_s;
	float purity;    /**< power of the tone : all within the band */
	float partial;   /**< highest other partial : tone, power */
	float even, odd; /**< highest even and odd harmonic : tone, power */
	float stray;     /**< phases off straight lines, rms radians */
	float waver;     /**< loudest : softest block, power */
	float cover;     /**< share of its hops that belong to it */
	bool machine;    /**< steady and pure enough to be a signalling tone */
};

struct pl_tone_track {
	struct pl_spectrum spectrum;
	double rate_hz;
	float bin_hz;
	uint32_t hop;       /**< samples */
	uint32_t lead;      /**< samples of silence before the first */
	uint32_t low, high; /**< bins of the band, inclusive */
	uint32_t drop_hops; /**< a run bears that many missing hops */
	float floor;        /**< power of a band that counts as silence */

	uint32_t n_bands;
	const struct pl_tone_band *bands;
	float mask[PL_SPECTRUM_BINS]; /**< 0 where a pre-filter takes out, else 1 */

	uint32_t n_input; /**< samples in `input` */
	float input[PL_SPECTRUM_SIZE_MAX];
	uint64_t n_hops;
	uint64_t n_runs;
	float re[PL_SPECTRUM_BINS], im[PL_SPECTRUM_BINS];
	float power[PL_TRACK_KEPT][PL_SPECTRUM_BINS];
	float total[PL_TRACK_KEPT];
	bool ours[PL_TRACK_KEPT]; /**< the hop belonged to `current` */

	struct pl_tone_run runs[3];
	struct pl_tone_run *before;  /**< ended; what may be tone A */
	struct pl_tone_run *current; /**< what is heard now, or has just ended */
	struct pl_tone_run *next;    /**< what may follow it: not confirmed */
};

/**
 * Forget all; count samples from 0.
 * @param rate_hz  PL_TONE_RATE_MIN_HZ .. PL_TONE_RATE_MAX_HZ
 * @param bands    n_bands pre-filters; borrowed as long as the track is used
 * @param stagger  tracks of the same start whose numbers differ complete their hops at different
 *                 samples: spread evenly over a hop, however many there are
 */
void pl_tone_track_start(struct pl_tone_track *track, double rate_hz,
			 const struct pl_tone_band *bands, uint32_t n_bands, uint32_t stagger);

/**
 * Take in samples until a hop is complete.
 * @param ret_used  samples taken, at most n
 * @return true when a hop was complete: look at `current` and `before`, then call
 *         pl_tone_track_settle()
 */
bool pl_tone_track_push(struct pl_tone_track *track, const float *samples, uint32_t n,
			uint32_t *ret_used);

/** A run that has ended becomes `before`; what followed becomes `current`. */
void pl_tone_track_settle(struct pl_tone_track *track);

/** Measure a run so far. */
void pl_tone_track_judge(const struct pl_tone_track *track, const struct pl_tone_run *run,
			 struct pl_tone_verdict *ret_verdict);

/** Length of a run so far. */
static inline float pl_tone_run_length_s(const struct pl_tone_track *track,
					 const struct pl_tone_run *run)
{
	return (float)((run->end - run->begin) / track->rate_hz);
}

#endif
