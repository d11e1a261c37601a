/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_PAGE_SIGNAL_H
#define PARTYLINE_TEST_PAGE_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Tone pages as radios deliver them, made sample by sample: the same in every run.
 */

struct page_signal {
	double rate_hz;
	double a_hz, b_hz;             /**< b 0: one tone */
	double a_length_s, b_length_s; /**< whole samples */
	double gap_s;
	double before_s, after_s; /**< noise alone */
	double level;             /**< amplitude of tone A, full scale 1 */
	double twist_db;          /**< tone B against tone A */
	double snr_db;            /**< tone A : noise, both 300..3000 Hz; 200 and more: no noise */
	double hum_hz,
		hum_db;   /**< mains hum with its harmonics, fundamental against tone A; 0: none; it
				  comes last: from the line, not from the air */
	double clip;      /**< amplitude at which all is cut off; 0: none */
	bool de_emphasis; /**< 6 dB an octave above 300 Hz, flat at 1 kHz; on all */
	double fade_every_s; /**< 10 ms of silence that often; 0: none */
	uint32_t seed;       /**< where in the noise it begins */
};

/** Quick Call II at -20 dBFS, 0.3 s before, 0.7 s after, no noise, 8 kHz. */
static inline struct page_signal page_signal(double a_hz, double b_hz)
{
	return (struct page_signal){.rate_hz = 8000.0,
				    .a_hz = a_hz,
				    .b_hz = b_hz,
				    .a_length_s = 1.0,
				    .b_length_s = 3.0,
				    .before_s = 0.3,
				    .after_s = 0.7,
				    .level = 0.1,
				    .snr_db = 200.0};
}

/** Noise of RMS 1 between 300 and 3000 Hz, in a ring. */
struct page_noise {
	double rate_hz;
	uint32_t n;
	float *samples;
};

/** @return 0 or -ENOMEM */
int page_noise_init(struct page_noise *noise, double rate_hz);
void page_noise_done(struct page_noise *noise);

/** Samples of a page. */
uint32_t page_signal_length(const struct page_signal *signal);

/** @param ret_samples page_signal_length() samples */
void page_signal_make(const struct page_signal *signal, const struct page_noise *noise,
		      float *ret_samples);

#endif
