/* SPDX-License-Identifier: MIT */

/*
 * The kernels in terms of a vector type. An instruction set's file defines
 *
 *   VN                frames in a vector
 *   vf, vm            vector of floats, mask of lanes
 *   vf_load/_loadu/_store/_storeu, vf_set1, vf_add/_sub/_mul/_div/_min/_abs
 *   vf_fma(a, b, c)   a * b + c, fused where the set has it
 *   vf_le(a, b), vf_ge(a, b)       lanes where it holds; false for NaN
 *   vf_keep(m, a)     a, and 0 outside m
 *   vf_pick(m, a, b)  a in m, b outside
 *   vm_all(m)         all lanes
 *   vf_sign(a, s)     magnitude a >= 0 with the sign of s
 *   vf_scale2(a, k)   a times 2 to the integer in the low bits of k
 *   vf_most(a, b)     larger of two magnitudes >= 0; a NaN is larger than all and stays
 *   VF_REGISTER       assembler constraint of a vector register
 *   vf_sum, vf_top    sum and maximum of the lanes
 *   ROWS              destinations of mix_rows: ROWS * 4 + ROWS + 1 registers
 *   ROWS_DENSITY      see pl_kernels.rows_density; bench-kernels: mix_rows / ROWS / mix
 *   KERNELS, KERNELS_NAME, KERNELS_FLAGS
 *
 * and includes this file once. Scratch vectors are read and written in whole vectors.
 */

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include <partyline/keys.h>

#include "kernels-priv.h"
#include "limiter-poly.h"

#define INLINE static inline __attribute__((always_inline))

_Static_assert(PL_CHUNK_PAD % VN == 0, "scratch is padded to whole vectors");

/** Vectors that are summed side by side in registers. */
#define TILE 8

/* Keeps the compiler from folding each vector's offset into an index of its own. */
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

INLINE void mix_tile(float *dst, const float *base, const struct pl_term *terms, uint32_t n_terms,
		     const int n_vectors)
{
	vf acc[TILE];

#pragma GCC unroll 8
	for (int i = 0; i < n_vectors; i++)
		acc[i] = vf_set1(0.0f);
	for (uint32_t k = 0; k < n_terms; k++) {
		const float *src = base + terms[k].src;
		vf gain = vf_set1(terms[k].gain);

		OPAQUE(src);
#pragma GCC unroll 8
		for (int i = 0; i < n_vectors; i++)
			acc[i] = vf_fma(gain, vf_load(src + i * VN), acc[i]);
	}
#pragma GCC unroll 8
	for (int i = 0; i < n_vectors; i++)
		vf_store(dst + i * VN, acc[i]);
}

INLINE void mix_ramp_tile(float *dst, const float *base, const struct pl_ramp_term *terms,
			  uint32_t n_terms, uint32_t offset, const int n_vectors)
{
	vf acc[TILE];

#pragma GCC unroll 8
	for (int i = 0; i < n_vectors; i++)
		acc[i] = vf_load(dst + i * VN);
	for (uint32_t k = 0; k < n_terms; k++) {
		const float *src = base + terms[k].src + offset, *shape = terms[k].shape + offset;
		vf from = vf_set1(terms[k].from), delta = vf_set1(terms[k].delta);

		OPAQUE(src);
		OPAQUE(shape);
#pragma GCC unroll 8
		for (int i = 0; i < n_vectors; i++) {
			vf gain = vf_fma(delta, vf_loadu(shape + i * VN), from);

			acc[i] = vf_fma(gain, vf_load(src + i * VN), acc[i]);
		}
	}
#pragma GCC unroll 8
	for (int i = 0; i < n_vectors; i++)
		vf_store(dst + i * VN, acc[i]);
}

static void mix_v(float *dst, const float *base, const struct pl_term *terms, uint32_t n_terms,
		  uint32_t n_frames)
{
	uint32_t n = 0;

	for (; n + 7u * VN < n_frames; n += 8u * VN)
		mix_tile(dst + n, base + n, terms, n_terms, 8);
	if (n + 3u * VN < n_frames) {
		mix_tile(dst + n, base + n, terms, n_terms, 4);
		n += 4u * VN;
	}
	if (n + VN < n_frames) {
		mix_tile(dst + n, base + n, terms, n_terms, 2);
		n += 2u * VN;
	}
	for (; n < n_frames; n += VN)
		mix_tile(dst + n, base + n, terms, n_terms, 1);
}

/** Vectors of each of ROWS destinations that are summed side by side. */
#define ROWS_TILE 4

INLINE void mix_rows_tile(float *dst, const float *base, const float *gains, const uint32_t *src,
			  uint32_t n_src, const int n_vectors)
{
	vf acc[ROWS][ROWS_TILE];

#pragma GCC unroll 4
	for (int r = 0; r < (int)ROWS; r++) {
#pragma GCC unroll 4
		for (int i = 0; i < n_vectors; i++)
			acc[r][i] = vf_set1(0.0f);
	}
	for (uint32_t k = 0; k < n_src; k++) {
		const float *x = base + src[k];
		vf gain[ROWS];

		OPAQUE(x);
#pragma GCC unroll 4
		for (int r = 0; r < (int)ROWS; r++)
			gain[r] = vf_set1(gains[k * ROWS + r]);
#pragma GCC unroll 4
		for (int i = 0; i < n_vectors; i++) {
			vf sample = vf_load(x + i * VN);

#pragma GCC unroll 4
			for (int r = 0; r < (int)ROWS; r++)
				acc[r][i] = vf_fma(gain[r], sample, acc[r][i]);
		}
	}
#pragma GCC unroll 4
	for (int r = 0; r < (int)ROWS; r++) {
#pragma GCC unroll 4
		for (int i = 0; i < n_vectors; i++)
			vf_store(dst + r * PL_CHUNK_STRIDE + i * VN, acc[r][i]);
	}
}

static void mix_rows_v(float *dst, const float *base, const float *gains, const uint32_t *src,
		       uint32_t n_src, uint32_t n_frames)
{
	uint32_t n = 0;

	for (; n + 3u * VN < n_frames; n += 4u * VN)
		mix_rows_tile(dst + n, base + n, gains, src, n_src, 4);
	if (n + VN < n_frames) {
		mix_rows_tile(dst + n, base + n, gains, src, n_src, 2);
		n += 2u * VN;
	}
	for (; n < n_frames; n += VN)
		mix_rows_tile(dst + n, base + n, gains, src, n_src, 1);
}

static void mix_ramp_v(float *dst, const float *base, const struct pl_ramp_term *terms,
		       uint32_t n_terms, uint32_t n_frames)
{
	uint32_t n = 0;

	for (; n + 7u * VN < n_frames; n += 8u * VN)
		mix_ramp_tile(dst + n, base, terms, n_terms, n, 8);
	if (n + 3u * VN < n_frames) {
		mix_ramp_tile(dst + n, base, terms, n_terms, n, 4);
		n += 4u * VN;
	}
	for (; n < n_frames; n += VN)
		mix_ramp_tile(dst + n, base, terms, n_terms, n, 1);
}

INLINE vf ramp_at(const struct pl_ramp_term *term, uint32_t n)
{
	return vf_fma(vf_set1(term->delta), vf_loadu(term->shape + n), vf_set1(term->from));
}

static void ramp_product_v(float *dst, const struct pl_ramp_term *a, const struct pl_ramp_term *b,
			   uint32_t n_pairs, uint32_t n_frames)
{
	for (uint32_t n = 0; n < n_frames; n += VN) {
		vf acc = vf_set1(0.0f);

		for (uint32_t i = 0; i < n_pairs; i++)
			acc = vf_fma(ramp_at(&a[i], n), ramp_at(&b[i], n), acc);
		vf_store(dst + n, acc);
	}
}

static void ramp_subtract_v(float *dst, const float *base, const struct pl_ramp_term *a,
			    const struct pl_ramp_term *b, const float *factor, uint32_t n_frames)
{
	const float *src = base + a->src;

	for (uint32_t n = 0; n < n_frames; n += VN) {
		vf gain = vf_mul(ramp_at(a, n), ramp_at(b, n));
		vf own = vf_mul(vf_mul(gain, vf_load(factor + n)), vf_load(src + n));

		vf_store(dst + n, vf_sub(vf_load(dst + n), own));
	}
}

/** Vectors that go through a loop together, so that their sums do not wait for each other. */
#define GROUP 4

struct group_level {
	vf top[GROUP];
	vf sum[GROUP];
};

INLINE void level_init(struct group_level *level)
{
#pragma GCC unroll 4
	for (int i = 0; i < GROUP; i++) {
		level->top[i] = vf_set1(0.0f);
		level->sum[i] = vf_set1(0.0f);
	}
}

INLINE vf level_top(const struct group_level *level)
{
	return vf_most(vf_most(level->top[0], level->top[1]),
		       vf_most(level->top[2], level->top[3]));
}

INLINE float level_sum(const struct group_level *level)
{
	return vf_sum(
		vf_add(vf_add(level->sum[0], level->sum[1]), vf_add(level->sum[2], level->sum[3])));
}

INLINE vf sanitise_vector(vf x, int i, struct group_level *level)
{
	vf a;

	/* Foreign memory may change between two looks: the compiler must not look twice. */
	__asm__("" : "+" VF_REGISTER(x));
	a = vf_abs(x);
	level->top[i] = vf_most(level->top[i], a);
	x = vf_keep(vf_ge(a, vf_set1(FLT_MIN)), x);
	level->sum[i] = vf_fma(x, x, level->sum[i]);
	return x;
}

static uint32_t sanitise_v(float *dst, const float *src, uint32_t n_frames,
			   struct pl_level *ret_level)
{
	struct group_level level;
	uint32_t n = 0;
	vf top;

	level_init(&level);
	for (; n + GROUP * VN <= n_frames; n += GROUP * VN) {
#pragma GCC unroll 4
		for (int i = 0; i < GROUP; i++) {
			vf_store(dst + n + i * VN,
				 sanitise_vector(vf_loadu(src + n + i * VN), i, &level));
		}
	}
	for (; n + VN <= n_frames; n += VN)
		vf_store(dst + n, sanitise_vector(vf_loadu(src + n), 0, &level));
	if (n < n_frames) {
		float tail[VN] = {0};

		memcpy(tail, src + n, (n_frames - n) * sizeof(*tail));
		vf_store(dst + n, sanitise_vector(vf_loadu(tail), 0, &level));
	}
	top = level_top(&level);
	if (!vm_all(vf_le(top, vf_set1(PL_INPUT_MAX))))
		return pl_sanitise_careful(dst, src, n_frames, ret_level);
	ret_level->peak = vf_top(top);
	/* A denormal's magnitude is not seen outside. */
	if (ret_level->peak < FLT_MIN)
		ret_level->peak = 0.0f;
	ret_level->sum_sq = level_sum(&level);
	return 0;
}

INLINE vf limit_small(vf x)
{
	vf v = vf_mul(x, x), p = vf_set1(PL_LIMIT_P3);

	p = vf_fma(p, v, vf_set1(PL_LIMIT_P2));
	p = vf_fma(p, v, vf_set1(PL_LIMIT_P1));
	p = vf_fma(p, v, vf_set1(PL_LIMIT_P0));
	return vf_fma(vf_mul(x, v), p, x);
}

INLINE vf limit_any(vf x)
{
	const vf one = vf_set1(1.0f), round = vf_set1(PL_LIMIT_ROUND);
	vf a = vf_abs(x), t, k, f, e, large;

	t = vf_mul(vf_min(a, vf_set1(PL_LIMIT_CLAMP)), vf_set1(PL_LIMIT_LOG2E));
	k = vf_add(t, round);
	f = vf_sub(t, vf_sub(k, round));
	e = vf_set1(PL_LIMIT_Q4);
	e = vf_fma(e, f, vf_set1(PL_LIMIT_Q3));
	e = vf_fma(e, f, vf_set1(PL_LIMIT_Q2));
	e = vf_fma(e, f, vf_set1(PL_LIMIT_Q1));
	e = vf_fma(e, f, vf_set1(PL_LIMIT_Q0));
	e = vf_scale2(vf_fma(e, f, one), k);
	large = vf_sub(vf_set1(PL_LIMITER), vf_div(vf_set1(2.0f * PL_LIMITER), vf_add(e, one)));
	return vf_pick(vf_le(a, vf_set1(PL_LIMIT_SMALL)), limit_small(x), vf_sign(large, x));
}

/** A group's level, and with dst its limited samples as long as all of them are small. */
INLINE vm limit_group(float *dst, const float *src, const bool wanted, struct group_level *level)
{
	vf x[GROUP], top;

#pragma GCC unroll 4
	for (int i = 0; i < GROUP; i++) {
		x[i] = vf_load(src + i * VN);
		level->sum[i] = vf_fma(x[i], x[i], level->sum[i]);
	}
	top = vf_most(vf_most(vf_abs(x[0]), vf_abs(x[1])), vf_most(vf_abs(x[2]), vf_abs(x[3])));
	level->top[0] = vf_most(level->top[0], top);
	if (wanted) {
#pragma GCC unroll 4
		for (int i = 0; i < GROUP; i++)
			vf_storeu(dst + i * VN, limit_small(x[i]));
	}
	return vf_le(top, vf_set1(PL_LIMIT_SMALL));
}

/** The groups whose bits are set, once more in full range. */
static void limit_loud(float *dst, const float *src, uint64_t loud)
{
	for (; loud; loud &= loud - 1u) {
		uint32_t n = (uint32_t)__builtin_ctzll(loud) * GROUP * VN;

#pragma GCC unroll 4
		for (int i = 0; i < GROUP; i++)
			vf_storeu(dst + n + i * VN, limit_any(vf_load(src + n + i * VN)));
	}
}

_Static_assert(PL_CHUNK / (GROUP * VN) <= 64, "a bit for each group");

static void limit_v(float *dst, const float *src, uint32_t n_frames, struct pl_level *ret_level)
{
	struct group_level level;
	uint64_t loud = 0;
	uint32_t n = 0;

	level_init(&level);
	if (dst) {
		for (uint32_t group = 0; n + GROUP * VN <= n_frames; n += GROUP * VN, group++) {
			vm small = limit_group(dst + n, src + n, true, &level);

			loud |= (uint64_t)!vm_all(small) << group;
		}
		limit_loud(dst, src, loud);
	} else {
		for (; n + GROUP * VN <= n_frames; n += GROUP * VN)
			limit_group(NULL, src + n, false, &level);
	}
	for (; n < n_frames; n += VN) {
		vf x = vf_load(src + n);
		float tail[VN];

		level.top[1] = vf_most(level.top[1], vf_abs(x));
		level.sum[1] = vf_fma(x, x, level.sum[1]);
		vf_storeu(tail, limit_any(x));
		if (dst)
			memcpy(dst + n, tail,
			       (n_frames - n < VN ? n_frames - n : VN) * sizeof(*dst));
	}
	ret_level->peak = vf_top(level_top(&level));
	ret_level->sum_sq = level_sum(&level);
}

const struct pl_kernels KERNELS = {
	.name = KERNELS_NAME,
	.cpu_flags = KERNELS_FLAGS,
	.mix = mix_v,
	.mix_rows = mix_rows_v,
	.n_rows = ROWS,
	.rows_density = ROWS_DENSITY,
	.mix_ramp = mix_ramp_v,
	.ramp_product = ramp_product_v,
	.ramp_subtract = ramp_subtract_v,
	.sanitise = sanitise_v,
	.limit = limit_v,
};
