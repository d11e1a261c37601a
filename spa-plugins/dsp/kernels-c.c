/* SPDX-License-Identifier: MIT */
#include "kernels-priv.h"
#include "limiter-poly.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <partyline/keys.h>

/* Plain C: what all other variants are compared with. */

/* Tiles are meant for the straight-line vectoriser; GCC's loop vectoriser takes the outer loop
 * and is eight times slower. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-vectorize")
#endif

static uint32_t padded(uint32_t n_frames)
{
	return (n_frames + PL_CHUNK_PAD - 1u) & ~(PL_CHUNK_PAD - 1u);
}

/** Frames that are summed side by side, few enough for registers. */
#define TILE PL_CHUNK_PAD

static void mix_c(float *restrict dst, const float *base, const struct pl_term *terms,
		  uint32_t n_terms, uint32_t n_frames)
{
	for (uint32_t n = 0; n < n_frames; n += TILE) {
		float acc[TILE] = {0};

		for (uint32_t k = 0; k < n_terms; k++) {
			const float *src = base + terms[k].src + n;
			float gain = terms[k].gain;

			for (uint32_t i = 0; i < TILE; i++)
				acc[i] += gain * src[i];
		}
		memcpy(dst + n, acc, sizeof(acc));
	}
}

static void mix_ramp_c(float *restrict dst, const float *base, const struct pl_ramp_term *terms,
		       uint32_t n_terms, uint32_t n_frames)
{
	for (uint32_t n = 0; n < n_frames; n += TILE) {
		float acc[TILE];

		memcpy(acc, dst + n, sizeof(acc));
		for (uint32_t k = 0; k < n_terms; k++) {
			const float *src = base + terms[k].src + n, *shape = terms[k].shape + n;
			float from = terms[k].from, delta = terms[k].delta;

			for (uint32_t i = 0; i < TILE; i++)
				acc[i] += (from + delta * shape[i]) * src[i];
		}
		memcpy(dst + n, acc, sizeof(acc));
	}
}

static void ramp_product_c(float *restrict dst, const struct pl_ramp_term *a,
			   const struct pl_ramp_term *b, uint32_t n_pairs, uint32_t n_frames)
{
	for (uint32_t n = 0; n < n_frames; n += TILE) {
		float acc[TILE] = {0};

		for (uint32_t k = 0; k < n_pairs; k++) {
			const float *a_shape = a[k].shape + n, *b_shape = b[k].shape + n;

			for (uint32_t i = 0; i < TILE; i++) {
				acc[i] += (a[k].from + a[k].delta * a_shape[i]) *
					  (b[k].from + b[k].delta * b_shape[i]);
			}
		}
		memcpy(dst + n, acc, sizeof(acc));
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

		memcpy(&x, &src[n], sizeof(x));
		/* Foreign memory may change between two looks: the compiler must not look twice. */
		__asm__("" : "+m"(x));
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

/** As pl_kernels.sanitise for PL_CHUNK_PAD samples that are all good. @return whether they are */
static bool sanitise_tile(float *restrict dst, const float *restrict src, struct pl_level *level)
{
	float x[TILE], top = level->peak;

	memcpy(x, src, sizeof(x));
	/* Foreign memory may change between two looks: the compiler must not look twice. */
	__asm__("" : "+m"(x));
	for (uint32_t i = 0; i < TILE; i++) {
		float a = fabsf(x[i]);

		/* False for NaN as well: top becomes too large. */
		top = a <= PL_INPUT_MAX ? (a > top ? a : top) : FLT_MAX;
		x[i] = a < FLT_MIN ? 0.0f : x[i];
	}
	for (uint32_t i = 0; i < TILE; i++)
		level->sum_sq += x[i] * x[i];
	level->peak = top;
	memcpy(dst, x, sizeof(x));
	return top <= PL_INPUT_MAX;
}

static uint32_t sanitise_c(float *dst, const float *src, uint32_t n_frames,
			   struct pl_level *ret_level)
{
	struct pl_level level = {0};

	for (uint32_t n = 0; n < n_frames; n += TILE) {
		float tail[TILE] = {0};
		bool whole = n + TILE <= n_frames;

		if (!whole)
			memcpy(tail, src + n, (n_frames - n) * sizeof(*tail));
		if (!sanitise_tile(dst + n, whole ? src + n : tail, &level))
			return pl_sanitise_careful(dst, src, n_frames, ret_level);
	}
	if (level.peak < FLT_MIN)
		level.peak = 0.0f;
	*ret_level = level;
	return 0;
}

static float limit_small(float x)
{
	float v = x * x;
	float p = PL_LIMIT_P0 + v * (PL_LIMIT_P1 + v * (PL_LIMIT_P2 + v * PL_LIMIT_P3));

	return x + x * v * p;
}

static float limit_large(float x)
{
	float t = fminf(fabsf(x), PL_LIMIT_CLAMP) * PL_LIMIT_LOG2E, k = t + PL_LIMIT_ROUND, f, e;
	uint32_t bits, shift;

	memcpy(&shift, &k, sizeof(shift));
	f = t - (k - PL_LIMIT_ROUND);
	e = PL_LIMIT_Q2 + f * (PL_LIMIT_Q3 + f * PL_LIMIT_Q4);
	e = 1.0f + f * (PL_LIMIT_Q0 + f * (PL_LIMIT_Q1 + f * e));
	memcpy(&bits, &e, sizeof(bits));
	bits += shift << 23;
	memcpy(&e, &bits, sizeof(e));
	return copysignf(PL_LIMITER - 2.0f * PL_LIMITER / (e + 1.0f), x);
}

static float peak_of(const float *src)
{
	float top = 0.0f;

	for (uint32_t i = 0; i < TILE; i++) {
		float a = fabsf(src[i]);

		top = a > top ? a : top;
	}
	return top;
}

static void limit_tile(float *restrict dst, const float *restrict src, float top)
{
	for (uint32_t i = 0; i < TILE; i++)
		dst[i] = limit_small(src[i]);
	for (uint32_t i = 0; i < TILE && top > PL_LIMIT_SMALL; i++) {
		if (fabsf(src[i]) > PL_LIMIT_SMALL)
			dst[i] = limit_large(src[i]);
	}
}

static void limit_c(float *dst, const float *src, uint32_t n_frames, struct pl_level *ret_level)
{
	struct pl_level level = {0};

	for (uint32_t n = 0; n < n_frames; n += TILE) {
		uint32_t n_left = n_frames - n < TILE ? n_frames - n : TILE;
		float top = peak_of(src + n), out[TILE];

		level.peak = top > level.peak ? top : level.peak;
		for (uint32_t i = 0; i < TILE; i++)
			level.sum_sq += src[n + i] * src[n + i];
		if (!dst)
			continue;
		limit_tile(out, src + n, top);
		memcpy(dst + n, out, n_left * sizeof(*dst));
	}
	*ret_level = level;
}

const struct pl_kernels pl_kernels_c = {
	.name = "c",
	.mix = mix_c,
	.n_rows = 1,
	.mix_ramp = mix_ramp_c,
	.ramp_product = ramp_product_c,
	.ramp_subtract = ramp_subtract_c,
	.sanitise = sanitise_c,
	.limit = limit_c,
};
