/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_DTMF_SCORE_H
#define PARTYLINE_TEST_DTMF_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One row of the Q.24 scorecard: made digits, of which the detector should hear all or none. */
struct dtmf_case {
	const char *name;
	bool refuse;                      /**< none shall be heard */
	double on_s, off_s;               /**< 0: 50 ms */
	double low_percent, high_percent; /**< off the nominal frequencies */
	double twist_db;                  /**< high over low */
	double snr_db;                    /**< white noise below half the rate; 0: none */
	double level_db;  /**< of the louder tone, dB below a full-scale sine; 0: 20 */
	double gap_s;     /**< interruption in the middle of each digit */
	double dial_db;   /**< dial tone, each of 350 and 440 Hz, of the louder tone; 0: none */
	bool same;        /**< one digit all the time, else all in turn */
	uint32_t rate_hz; /**< 0: 8000 */
};

/** The cases of Q.24 and a little more. @return cases, *ret_n of them */
const struct dtmf_case *dtmf_cases(size_t *ret_n);

/**
 * Case i of all combinations: both frequencies nominal or at a bar of Q.24, twist and noise.
 * @return false: there are no more. The case has no name.
 */
bool dtmf_grid(size_t i, struct dtmf_case *ret_case);

struct dtmf_sent {
	char digit;
	double begin, end; /**< samples */
	bool heard;
};

/** The digits of a case, made. */
struct dtmf_signal {
	double rate_hz;
	float *samples;
	size_t n;
	struct dtmf_sent *sent;
	uint32_t n_sent;
};

/** The same numbers in every run. */
void dtmf_signal_init(struct dtmf_signal *signal, const struct dtmf_case *test, uint32_t n_digits,
		      uint32_t rate_hz);
void dtmf_signal_done(struct dtmf_signal *signal);

/** A digit's begin or end, in samples as they went in. */
struct dtmf_heard {
	bool ended; /**< else it has begun, and end means nothing */
	double begin, end;
	double now; /**< samples in when it was told */
};

/** The decimator and the detector behind it. */
struct dtmf_listener;

/** @return to be freed with free() */
struct dtmf_listener *dtmf_listener_new(uint32_t rate_hz);

/** @param piece  samples at a time, of which the decimator makes PL_TONE_BLOCK at most */
void dtmf_listener_run(struct dtmf_listener *listener, const float *samples, size_t n, size_t piece,
		       void (*on_digit)(void *userdata, char digit, const struct dtmf_heard *heard),
		       void *userdata);

struct dtmf_score {
	uint32_t n_sent, n_heard, n_extra;
	double decision_ms;                  /**< latest after a digit's begin */
	double end_ms;                       /**< latest report after a digit's end */
	double begin_error_ms, end_error_ms; /**< largest */
};

/** Make n_digits and listen to them, a millisecond at a time. */
struct dtmf_score dtmf_score(const struct dtmf_case *test, uint32_t n_digits);

/** Digits that are heard. */
uint32_t dtmf_count(const float *samples, size_t n, uint32_t rate_hz);

#endif
