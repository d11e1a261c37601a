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
	double level_db; /**< of the louder tone, dB below a full-scale sine; 0: 20 */
	double gap_s;    /**< interruption in the middle of each digit */
	double dial_db;  /**< dial tone, each of 350 and 440 Hz, of the louder tone; 0: none */
	bool same;       /**< one digit all the time, else all in turn */
	double rate_hz;  /**< 0: 8000 */
};

struct dtmf_score {
	uint32_t n_sent, n_heard, n_extra;
	double decision_ms;                  /**< latest after a digit's begin */
	double end_ms;                       /**< latest report after a digit's end */
	double begin_error_ms, end_error_ms; /**< largest */
};

/** The cases of Q.24 and a little more. @return cases, *ret_n of them */
const struct dtmf_case *dtmf_cases(size_t *ret_n);

/** Send n_digits. The same numbers in every run. */
struct dtmf_score dtmf_score(const struct dtmf_case *test, uint32_t n_digits);

/** Digits heard in a recording. @param on_digit  NULL or called for each; at in seconds */
uint32_t dtmf_count(const float *samples, size_t n, double rate_hz,
		    void (*on_digit)(void *userdata, char digit, double at_s), void *userdata);

#endif
