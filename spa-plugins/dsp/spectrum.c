/* SPDX-License-Identifier: MIT */
#include "spectrum.h"

#include <math.h>

/*
 * Two neighbouring samples are one complex number, a Fourier transform of half the size follows
 * (Stockham's order: each pass reads one buffer and writes the other, so that nothing has to be
 * put in order, and the innermost loops run over neighbouring numbers), then the two halves of
 * the result are told apart (Cooley, Lewis, Welch 1970). Passes have radix 4, a last one of
 * radix 2 where the size needs it.
 */

void pl_spectrum_init(struct pl_spectrum *spectrum, uint32_t size)
{
	uint32_t half = size / 2u, at = 0;

	spectrum->size = size;
	for (uint32_t n = 0; n < size; n++)
		spectrum->window[n] = (float)(0.5 - 0.5 * cos(2.0 * M_PI * n / size));
	for (uint32_t left = half; left >= 4u; left /= 4u) {
		uint32_t m = left / 4u;

		for (uint32_t power = 1; power <= 3u; power++)
			for (uint32_t p = 0; p < m; p++, at++) {
				spectrum->turn_re[at] = (float)cos(2.0 * M_PI * power * p / left);
				spectrum->turn_im[at] = (float)-sin(2.0 * M_PI * power * p / left);
			}
	}
	for (uint32_t k = 0; k < half; k++) {
		spectrum->split_re[k] = (float)cos(2.0 * M_PI * k / size);
		spectrum->split_im[k] = (float)-sin(2.0 * M_PI * k / size);
	}
}

struct parts {
	const float *xr, *xi;
	float *yr, *yi;
};

#define BUTTERFLY(in_, out0_, out1_, out2_, out3_, step_, w_)                                      \
	do {                                                                                       \
		float ar = b.xr[in_], ai = b.xi[in_];                                              \
		float br = b.xr[(in_) + (step_)], bi = b.xi[(in_) + (step_)];                      \
		float cr = b.xr[(in_) + 2 * (step_)], ci = b.xi[(in_) + 2 * (step_)];              \
		float dr = b.xr[(in_) + 3 * (step_)], di = b.xi[(in_) + 3 * (step_)];              \
		float pr = ar + cr, pi = ai + ci, qr = ar - cr, qi = ai - ci;                      \
		float rr = br + dr, ri = bi + di, sr = bi - di, si = dr - br;                      \
		float er = qr + sr, ei = qi + si, fr = pr - rr, fi = pi - ri;                      \
		float gr = qr - sr, gi = qi - si;                                                  \
                                                                                                   \
		b.yr[out0_] = pr + rr;                                                             \
		b.yi[out0_] = pi + ri;                                                             \
		b.yr[out1_] = er * w1r[w_] - ei * w1i[w_];                                         \
		b.yi[out1_] = er * w1i[w_] + ei * w1r[w_];                                         \
		b.yr[out2_] = fr * w2r[w_] - fi * w2i[w_];                                         \
		b.yi[out2_] = fr * w2i[w_] + fi * w2r[w_];                                         \
		b.yr[out3_] = gr * w3r[w_] - gi * w3i[w_];                                         \
		b.yi[out3_] = gr * w3i[w_] + gi * w3r[w_];                                         \
	} while (0)

#define TURNS                                                                                      \
	const float *w1r = turn_re, *w1i = turn_im, *w2r = turn_re + m, *w2i = turn_im + m;        \
	const float *w3r = turn_re + 2 * m, *w3i = turn_im + 2 * m

/* The first pass: stretches of one number, so neighbours are taken over p. */
static void pass_first(struct parts parts, const float *turn_re, const float *turn_im, int32_t m)
{
	const struct {
		const float *restrict xr, *restrict xi;
		float *restrict yr, *restrict yi;
	} b = {parts.xr, parts.xi, parts.yr, parts.yi};
	TURNS;

	for (int32_t p = 0; p < m; p++)
		BUTTERFLY(p, 4 * p, 4 * p + 1, 4 * p + 2, 4 * p + 3, m, p);
}

static void pass(struct parts parts, const float *turn_re, const float *turn_im, int32_t m,
		 int32_t stride)
{
	TURNS;

	for (int32_t p = 0; p < m; p++) {
		const struct {
			const float *restrict xr, *restrict xi;
			float *restrict yr, *restrict yi;
		} b = {parts.xr + stride * p, parts.xi + stride * p, parts.yr + 4 * stride * p,
		       parts.yi + 4 * stride * p};

		for (int32_t q = 0; q < stride; q++)
			BUTTERFLY(q, q, q + stride, q + 2 * stride, q + 3 * stride, m * stride, p);
	}
}

static void pass_last2(struct parts b, int32_t half)
{
	for (int32_t q = 0; q < half / 2; q++) {
		float ar = b.xr[q], ai = b.xi[q], br = b.xr[q + half / 2], bi = b.xi[q + half / 2];

		b.yr[q] = ar + br;
		b.yi[q] = ai + bi;
		b.yr[q + half / 2] = ar - br;
		b.yi[q + half / 2] = ai - bi;
	}
}

void pl_spectrum_run(struct pl_spectrum *spectrum, const float *samples, float *ret_re,
		     float *ret_im, float *ret_power)
{
	int32_t half = (int32_t)spectrum->size / 2, left = half, stride = 1, at = 0;
	float *xr = spectrum->work[0], *xi = spectrum->work[1];
	float *yr = spectrum->work[2], *yi = spectrum->work[3], *swap;
	const float *window = spectrum->window;

	for (int32_t n = 0; n < half; n++) {
		xr[n] = samples[2 * n] * window[2 * n];
		xi[n] = samples[2 * n + 1] * window[2 * n + 1];
	}
	for (; left > 1; left /= 4) {
		struct parts parts = {xr, xi, yr, yi};
		const float *turn_re = spectrum->turn_re + at, *turn_im = spectrum->turn_im + at;

		if (left == 2)
			pass_last2(parts, half);
		else if (stride == 1)
			pass_first(parts, turn_re, turn_im, left / 4);
		else
			pass(parts, turn_re, turn_im, left / 4, stride);
		at += 3 * (left / 4);
		stride *= 4;
		swap = xr, xr = yr, yr = swap;
		swap = xi, xi = yi, yi = swap;
	}
	ret_re[0] = xr[0] + xi[0];
	ret_im[0] = 0.0f;
	for (int32_t k = 1; k < half; k++) {
		float er = 0.5f * (xr[k] + xr[half - k]), ei = 0.5f * (xi[k] - xi[half - k]);
		float or = 0.5f * (xi[k] + xi[half - k]), oi = 0.5f * (xr[half - k] - xr[k]);
		float wr = spectrum->split_re[k], wi = spectrum->split_im[k];

		ret_re[k] = er + or *wr - oi * wi;
		ret_im[k] = ei + or *wi + oi * wr;
	}
	for (int32_t k = 0; k < half; k++)
		ret_power[k] = ret_re[k] * ret_re[k] + ret_im[k] * ret_im[k];
}
