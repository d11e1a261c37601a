/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_TONE_EVENT_H
#define PARTYLINE_DSP_TONE_EVENT_H

#include <stdint.h>

/**
 * What the tone detectors have in common: what they are told to listen for and what they report.
 *
 * A detector of one port hears mono samples at the detector rate: the graph's rate divided by a
 * whole number (decimate.h), PL_TONE_RATE_MIN_HZ up to PL_TONE_RATE_MAX_HZ, flat up to
 * PL_TONE_PASS_HZ. It counts its samples from its start: positions in hits are in these counts,
 * and the node turns them into samples of the graph's clock.
 *
 * Shape of every detector `pl_x`:
 *
 *	int pl_x_new(definitions …, struct pl_x **ret_x);          main thread: allocates all
 *	void pl_x_start(struct pl_x *x, double rate_hz);           data: forget all, count from 0
 *	uint32_t pl_x_run(struct pl_x *x, const float *samples, uint32_t n,
 *			  struct pl_tone_hit *ret_hits, uint32_t max);  data: @return hits written
 *	void pl_x_free(struct pl_x *x);                            main; NULL is fine
 *
 * start and run neither allocate, lock, log nor call the kernel. run takes any n, its result does
 * not depend on where a stream is cut, and it neither reads nor keeps a NaN or an infinity: the
 * decimator has replaced them by silence. A detector of a fixed size may have _init instead of
 * _new and _free.
 */

/** Hz, inclusive */
#define PL_TONE_RATE_MIN_HZ 8000.0
/** Hz, exclusive */
#define PL_TONE_RATE_MAX_HZ 16000.0
/** Hz; at the detector rate the spectrum is flat within 0.1 dB up to here, and nothing from above
 * half the rate is folded to below it */
#define PL_TONE_PASS_HZ 3500.0

/** samples at the detector rate that the node hands over at a time, at most */
#define PL_TONE_BLOCK 256u
/** hits of one call that a detector of pages may write: more are lost */
#define PL_TONE_HITS_MAX 16u

/** The numbers are sent over the wire: partyline/tones.h. */
enum pl_tone_kind {
	PL_TONE_KIND_DIGIT,     /**< a DTMF digit began: end is 0 */
	PL_TONE_KIND_DIGIT_END, /**< it ended */
	PL_TONE_KIND_TWO_TONE,  /**< a defined pair */
	PL_TONE_KIND_LONG,      /**< a defined single tone */
	PL_TONE_KIND_NEW_PAIR,  /**< a pair that no definition knows */
	PL_TONE_KIND_MAX_,
};

struct pl_tone_hit {
	enum pl_tone_kind kind;
	/** two-tone, long: id of the definition; digit: its character, 0-9 A-D * #; else 0 */
	uint32_t id;
	float a_hz, b_hz;             /**< as heard; digit: low and high group; long: b is 0 */
	float a_length_s, b_length_s; /**< as heard so far; digit: a is its length, at its end */
	float level_db;               /**< dBFS RMS of the tones (full-scale sine -3.01) */
	uint64_t begin;               /**< samples: of the digit, of tone A */
	uint64_t end; /**< samples: of the digit, of the last tone; 0 while it lasts */
};

/** A page to listen for. */
struct pl_tone_def {
	uint32_t id;
	enum pl_tone_kind kind;               /**< TWO_TONE or LONG */
	float a_hz, b_hz;                     /**< 200..PL_TONE_PASS_HZ; long: only a */
	float a_length_s, b_length_s;         /**< 0.2..20: that long a tone is accepted */
	float a_tolerance_hz, b_tolerance_hz; /**< accept within +- this */
};

enum pl_tone_band_type { PL_TONE_BAND_BELOW, PL_TONE_BAND_ABOVE, PL_TONE_BAND_CENTER };

/** A pre-filter: what is taken out before pages are listened for. */
struct pl_tone_band {
	enum pl_tone_band_type type;
	float frequency_hz; /**< BELOW: all below it is taken out, ABOVE: all from it up */
	float range_hz;     /**< CENTER: all within frequency +- range is taken out */
};

/** The finder of pairs that no definition knows. */
struct pl_tone_finder {
	uint32_t enabled;
	float length_s; /**< of each of the two tones, at least; 0.2..20 */
	float range_hz; /**< a pair this near to a defined one, or a tone that moves further, is none */
};

#endif
