/* SPDX-License-Identifier: MIT */
#include "kernels-priv.h"
#include "limiter-poly.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <partyline/keys.h>

/* Plain C: what all other variants are compared with. */

static uint32_t padded(uint32_t n_frames)
{
	return (n_frames + PL_CHUNK_PAD - 1u) & ~(PL_CHUNK_PAD - 1u);
}

static void mix_c(float *restrict dst, const float *base, const struct pl_term *terms,
		  uint32_t n_terms, uint32_t n_frames)
{
	uint32_t n_padded = padded(n_frames);

	memset(dst, 0, n_padded * sizeof(*dst));
	for (uint32_t i = 0; i < n_terms; i++) {
		const float *restrict src = base + terms[i].src;
		float gain = terms[i].gain;

		for (uint32_t n = 0; n < n_padded; n++)
			dst[n] += gain * src[n];
	}
}

static void mix_ramp_c(float *restrict dst, const float *base, const struct pl_ramp_term *terms,
		       uint32_t n_terms, uint32_t n_frames)
{
	uint32_t n_padded = padded(n_frames);

	for (uint32_t i = 0; i < n_terms; i++) {
		const struct pl_ramp_term *t = &terms[i];
		const float *restrict src = base + t->src;

		for (uint32_t n = 0; n < n_padded; n++)
			dst[n] += (t->from + t->delta * t->shape[n]) * src[n];
	}
}

static void ramp_product_c(float *restrict dst, const struct pl_ramp_term *a,
			   const struct pl_ramp_term *b, uint32_t n_pairs, uint32_t n_frames)
{
	uint32_t n_padded = padded(n_frames);

	memset(dst, 0, n_padded * sizeof(*dst));
	for (uint32_t i = 0; i < n_pairs; i++) {
		for (uint32_t n = 0; n < n_padded; n++)
			dst[n] += (a[i].from + a[i].delta * a[i].shape[n]) *
				  (b[i].from + b[i].delta * b[i].shape[n]);
	}
}

static void ramp_subtract_c(float *restrict dst, const float *base, const struct pl_ramp_term *a,
			    const struct pl_ramp_term *b, const float *restrict factor,
			    uint32_t n_frames)
{
	const float *restrict src = base + a->src;
	uint32_t n_padded = padded(n_frames);

	for (uint32_t n = 0; n < n_padded; n++) {
		float gain =
			(a->from + a->delta * a->shape[n]) * (b->from + b->delta * b->shape[n]);

		dst[n] -= gain * factor[n] * src[n];
	}
}

uint32_t pl_sanitise_careful(float *dst, const float *src, uint32_t n_frames,
			     struct pl_level *ret_level)
{
	struct pl_level level = {0};
	uint32_t n_bad = 0;

	for (uint32_t n = 0; n < n_frames; n++) {
		float x, a;

		/* Foreign memory may change between two looks: one read. */
		memcpy(&x, &src[n], sizeof(x));
		a = fabsf(x);
		if (!(a <= PL_INPUT_MAX)) {
			x = isfinite(x) ? copysignf(PL_INPUT_MAX, x) : 0.0f;
			n_bad++;
		} else if (a < FLT_MIN) {
			x = 0.0f;
		}
		dst[n] = x;
		level.peak = fmaxf(level.peak, fabsf(x));
		level.sum_sq += x * x;
	}
	memset(dst + n_frames, 0, (padded(n_frames) - n_frames) * sizeof(*dst));
	*ret_level = level;
	return n_bad;
}

static float limit_one(float x)
{
	float a = fabsf(x), t, k, f, e;
	int32_t bits, shift;

	if (a <= PL_LIMIT_SMALL) {
		float v = x * x;

		return x + x * v *
				   (PL_LIMIT_P0 +
				    v * (PL_LIMIT_P1 + v * (PL_LIMIT_P2 + v * PL_LIMIT_P3)));
	}
	t = fminf(a, PL_LIMIT_CLAMP) * PL_LIMIT_LOG2E;
	k = t + PL_LIMIT_ROUND;
	memcpy(&shift, &k, sizeof(shift));
	f = t - (k - PL_LIMIT_ROUND);
	e = 1.0f +
	    f * (PL_LIMIT_Q0 +
		 f * (PL_LIMIT_Q1 + f * (PL_LIMIT_Q2 + f * (PL_LIMIT_Q3 + f * PL_LIMIT_Q4))));
	memcpy(&bits, &e, sizeof(bits));
	bits += (int32_t)((uint32_t)shift << 23);
	memcpy(&e, &bits, sizeof(e));
	return copysignf(PL_LIMITER - 2.0f * PL_LIMITER / (e + 1.0f), x);
}

static void limit_c(float *dst, const float *src, uint32_t n_frames, struct pl_level *ret_level)
{
	struct pl_level level = {0};

	for (uint32_t n = 0; n < n_frames; n++) {
		level.peak = fmaxf(level.peak, fabsf(src[n]));
		level.sum_sq += src[n] * src[n];
		if (dst)
			dst[n] = limit_one(src[n]);
	}
	*ret_level = level;
}

const struct pl_kernels pl_kernels_c = {
	.name = "c",
	.mix = mix_c,
	.mix_ramp = mix_ramp_c,
	.ramp_product = ramp_product_c,
	.ramp_subtract = ramp_subtract_c,
	.sanitise = pl_sanitise_careful,
	.limit = limit_c,
};
