/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <float.h>
#include <stdlib.h>

#include <partyline/keys.h>

#include "cpu-flags.h"
#include "cpu-host.h"
#include "kernels.h"
#include "random.h"

/* Every variant that this machine runs against plain C, and plain C against libm. */

#define N_SRC 66u

struct data {
	float *base;
	float *dst[2];
	float shape[PL_CHUNK + PL_CHUNK_PAD];
	struct pl_term terms[N_SRC];
	struct pl_ramp_term ramps[N_SRC], others[N_SRC];
};

static const uint32_t lengths[] = {1,  2,  3,  4,  5,   7,   8,   9,   15,  16,  17, 31,
				   33, 63, 64, 65, 100, 127, 128, 129, 200, 255, 256};

#define FOREACH_VARIANT(k_)                                                                        \
	for (uint32_t i_ = 0; pl_kernels_at(i_); i_++)                                             \
		for (const struct pl_kernels *k_ = pl_kernels_at(i_);                              \
		     k_ && (k_->cpu_flags & ~pl_host_cpu_flags()) == 0; k_ = NULL)

#define FOREACH_LENGTH(n_)                                                                         \
	for (const uint32_t *p_ = lengths; p_ < lengths + sizeof(lengths) / sizeof(*lengths);      \
	     p_++)                                                                                 \
		for (uint32_t n_ = *p_, once_ = 1; once_; once_ = 0)

static void fill_sources(struct data *d, uint32_t n_frames)
{
	for (uint32_t i = 0; i < N_SRC; i++) {
		for (uint32_t n = 0; n < PL_CHUNK_STRIDE; n++) {
			d->base[i * PL_CHUNK_STRIDE + n] =
				n < n_frames ? (float)pl_random_uniform(-1.0, 1.0) : 0.0f;
		}
	}
}

static void data_init(struct data *d)
{
	size_t size = PL_CHUNK_STRIDE * sizeof(float);

	pl_random_seed(7);
	d->base = aligned_alloc(PL_KERNEL_ALIGN, N_SRC * size);
	d->dst[0] = aligned_alloc(PL_KERNEL_ALIGN, size);
	d->dst[1] = aligned_alloc(PL_KERNEL_ALIGN, size);
	for (uint32_t n = 0; n < PL_CHUNK + PL_CHUNK_PAD; n++)
		d->shape[n] = (float)pl_random_uniform(0.0, 1.0);
	for (uint32_t i = 0; i < N_SRC; i++) {
		float a = (float)pl_random_uniform(0.0, 1.0),
		      b = (float)pl_random_uniform(-1.0, 1.0);

		d->terms[i] = (struct pl_term){a, i * PL_CHUNK_STRIDE};
		d->ramps[i] = (struct pl_ramp_term){a, b, d->shape, i * PL_CHUNK_STRIDE};
		d->others[i] = (struct pl_ramp_term){b, a, d->shape, i * PL_CHUNK_STRIDE};
	}
}

static void data_done(struct data *d)
{
	free(d->base);
	free(d->dst[0]);
	free(d->dst[1]);
}

static float largest_difference(const struct data *d, uint32_t n_frames)
{
	float largest = 0.0f;

	for (uint32_t n = 0; n < n_frames; n++)
		largest = fmaxf(largest, fabsf(d->dst[0][n] - d->dst[1][n]));
	return largest;
}

/** Samples between n_frames and the variant's last whole vector must be zero. */
static bool padded_with_zeros(const float *dst, uint32_t n_frames, const struct pl_kernels *k)
{
	uint32_t n_lanes = strcmp(k->name, "avx2") == 0   ? 8
			   : strcmp(k->name, "sse") == 0  ? 4
			   : strcmp(k->name, "neon") == 0 ? 4
							  : 16;

	for (uint32_t n = n_frames; n % n_lanes; n++) {
		if (dst[n] != 0.0f)
			return false;
	}
	return true;
}

static const struct pl_kernels *plain(void)
{
	return pl_kernels_find(0);
}

PL_TEST(table)
{
	PL_CHECK_STR(plain()->name, "c");
	PL_CHECK(pl_kernels_find(UINT32_MAX) == pl_kernels_at(0));
#if defined(__x86_64__)
	PL_CHECK_INT(PL_CPU_X86_SSE41, SPA_CPU_FLAG_SSE41);
	PL_CHECK_INT(PL_CPU_X86_AVX2, SPA_CPU_FLAG_AVX2);
	PL_CHECK_INT(PL_CPU_X86_FMA3, SPA_CPU_FLAG_FMA3);
	PL_CHECK_INT(PL_CPU_X86_AVX512, SPA_CPU_FLAG_AVX512);
	PL_CHECK_STR(pl_kernels_find(SPA_CPU_FLAG_SSE41)->name, "sse");
	PL_CHECK_STR(pl_kernels_find(SPA_CPU_FLAG_SSE41 | SPA_CPU_FLAG_AVX2)->name, "sse");
	PL_CHECK_STR(
		pl_kernels_find(SPA_CPU_FLAG_SSE41 | SPA_CPU_FLAG_AVX2 | SPA_CPU_FLAG_FMA3)->name,
		"avx2");
#endif
	PL_CHECK_INT(PL_CPU_ARM_NEON, SPA_CPU_FLAG_NEON);
	PL_CHECK_INT(PL_CPU_ARM_V8, SPA_CPU_FLAG_ARMV8);
}

/** 66 terms of magnitude 1 and rounding of each: 66 x 66 / 2 x 2^-24 at the very worst. */
#define MIX_TOLERANCE 4e-6f

PL_TEST(mix_plain)
{
	struct data d;

	data_init(&d);
	FOREACH_LENGTH (n_frames) {
		fill_sources(&d, n_frames);
		plain()->mix(d.dst[0], d.base, d.terms, N_SRC, n_frames);
		for (uint32_t n = 0; n < n_frames; n++) {
			double sum = 0.0;

			for (uint32_t i = 0; i < N_SRC; i++)
				sum += (double)d.terms[i].gain * d.base[i * PL_CHUNK_STRIDE + n];
			PL_CHECK_NEAR(d.dst[0][n], sum, MIX_TOLERANCE);
		}
	}
	data_done(&d);
}

PL_TEST(mix)
{
	struct data d;

	data_init(&d);
	FOREACH_VARIANT (k) {
		FOREACH_LENGTH (n_frames) {
			fill_sources(&d, n_frames);
			for (uint32_t n_terms = 0; n_terms <= N_SRC; n_terms += 11) {
				plain()->mix(d.dst[0], d.base, d.terms, n_terms, n_frames);
				k->mix(d.dst[1], d.base, d.terms, n_terms, n_frames);
				PL_CHECK(largest_difference(&d, n_frames) < MIX_TOLERANCE);
				PL_CHECK(padded_with_zeros(d.dst[1], n_frames, k));
			}
		}
	}
	data_done(&d);
}

/* Rows at once give the bits of rows one by one. */
PL_TEST(mix_rows)
{
	float *rows = aligned_alloc(PL_KERNEL_ALIGN, PL_ROWS_MAX * PL_CHUNK_STRIDE * sizeof(float));
	float gains[N_SRC * PL_ROWS_MAX];
	uint32_t src[N_SRC];
	struct data d;

	data_init(&d);
	FOREACH_VARIANT (k) {
		PL_CHECK(k->n_rows >= 1 && k->n_rows <= PL_ROWS_MAX);
		if (k->n_rows == 1)
			continue;
		FOREACH_LENGTH (n_frames) {
			fill_sources(&d, n_frames);
			for (uint32_t i = 0; i < N_SRC * k->n_rows; i++)
				gains[i] = i % 5 ? (float)pl_random_uniform(0.0, 1.0) : 0.0f;
			for (uint32_t i = 0; i < N_SRC; i++)
				src[i] = i * PL_CHUNK_STRIDE;
			k->mix_rows(rows, d.base, gains, src, N_SRC, n_frames);
			for (uint32_t r = 0; r < k->n_rows; r++) {
				float *row = rows + r * PL_CHUNK_STRIDE;
				uint32_t n = 0;

				for (uint32_t i = 0; i < N_SRC; i++) {
					float gain = gains[i * k->n_rows + r];

					if (gain != 0.0f)
						d.terms[n++] = (struct pl_term){gain, src[i]};
				}
				k->mix(d.dst[0], d.base, d.terms, n, n_frames);
				PL_CHECK(memcmp(row, d.dst[0], n_frames * sizeof(*row)) == 0);
				PL_CHECK(padded_with_zeros(row, n_frames, k));
			}
		}
	}
	data_done(&d);
	free(rows);
}

PL_TEST(mix_ramp)
{
	struct data d;

	data_init(&d);
	FOREACH_VARIANT (k) {
		FOREACH_LENGTH (n_frames) {
			fill_sources(&d, n_frames);
			plain()->mix(d.dst[0], d.base, d.terms, 3, n_frames);
			k->mix(d.dst[1], d.base, d.terms, 3, n_frames);
			plain()->mix_ramp(d.dst[0], d.base, d.ramps, N_SRC, n_frames);
			k->mix_ramp(d.dst[1], d.base, d.ramps, N_SRC, n_frames);
			PL_CHECK(largest_difference(&d, n_frames) < 2.0f * MIX_TOLERANCE);
			PL_CHECK(padded_with_zeros(d.dst[1], n_frames, k));
		}
	}
	data_done(&d);
}

PL_TEST(own_voice)
{
	struct data d;
	float *factor[2];

	data_init(&d);
	factor[0] = aligned_alloc(PL_KERNEL_ALIGN, PL_CHUNK_STRIDE * sizeof(float));
	factor[1] = aligned_alloc(PL_KERNEL_ALIGN, PL_CHUNK_STRIDE * sizeof(float));
	FOREACH_VARIANT (k) {
		FOREACH_LENGTH (n_frames) {
			const struct pl_kernels *both[] = {plain(), k};

			fill_sources(&d, n_frames);
			for (uint32_t i = 0; i < 2; i++) {
				both[i]->mix(d.dst[i], d.base, d.terms, 2, n_frames);
				both[i]->ramp_product(factor[i], d.ramps, d.others, 64, n_frames);
				both[i]->ramp_subtract(d.dst[i], d.base, &d.ramps[3], &d.others[5],
						       factor[i], n_frames);
			}
			PL_CHECK(largest_difference(&d, n_frames) < 2e-5f);
			PL_CHECK(padded_with_zeros(d.dst[1], n_frames, k));
		}
	}
	free(factor[0]);
	free(factor[1]);
	data_done(&d);
}

/* A sample's result must not depend on where in a vector or block it stands. */
PL_TEST(place_does_not_matter)
{
	struct data d;

	data_init(&d);
	FOREACH_VARIANT (k) {
		struct pl_level level;
		float out[2][PL_CHUNK];

		fill_sources(&d, PL_CHUNK);
		k->mix(d.dst[0], d.base, d.terms, N_SRC, PL_CHUNK);
		k->limit(out[0], d.dst[0], PL_CHUNK, &level);
		for (uint32_t cut = 1; cut < PL_CHUNK; cut += 13) {
			/* The same samples at the start of another vector. */
			for (uint32_t i = 0; i < N_SRC; i++) {
				float *x = d.base + i * PL_CHUNK_STRIDE;

				memmove(x, x + (cut == 1 ? 1 : 13),
					(PL_CHUNK_STRIDE - (cut == 1 ? 1 : 13)) * sizeof(*x));
			}
			k->mix(d.dst[1], d.base, d.terms, N_SRC, PL_CHUNK - cut);
			k->limit(out[1], d.dst[1], PL_CHUNK - cut, &level);
			PL_CHECK(memcmp(d.dst[1], d.dst[0] + cut,
					(PL_CHUNK - cut) * sizeof(float)) == 0);
			PL_CHECK(memcmp(out[1], out[0] + cut, (PL_CHUNK - cut) * sizeof(float)) ==
				 0);
		}
	}
	data_done(&d);
}

static double limiter_error(const struct pl_kernels *k, float from, float factor)
{
	_Alignas(PL_KERNEL_ALIGN) float x[PL_CHUNK_STRIDE] = {0};
	float y[PL_CHUNK];
	struct pl_level level;
	double worst = 0.0;

	float v = from;

	while (v < 800.0f) {
		uint32_t n = 0;

		while (n < PL_CHUNK && v < 800.0f) {
			x[n] = n & 1u ? -v : v;
			v *= factor;
			n++;
		}
		k->limit(y, x, n, &level);
		for (uint32_t i = 0; i < n; i++) {
			double right = 0.9 * tanh(x[i] / 0.9);

			worst = fmax(worst, fabs(y[i] - right));
		}
	}
	return worst;
}

PL_TEST(limiter_is_tanh)
{
	FOREACH_VARIANT (k) {
		PL_CHECK(limiter_error(k, 1e-12f, 1.001f) < 2e-7);
		PL_CHECK(limiter_error(k, 0.3f, 1.00001f) < 2e-7);
	}
}

PL_TEST(limiter_levels_and_tails)
{
	_Alignas(PL_KERNEL_ALIGN) float x[PL_CHUNK_STRIDE];

	FOREACH_VARIANT (k) {
		FOREACH_LENGTH (n_frames) {
			float y[PL_CHUNK + 2], peak = 0.0f;
			double sum = 0.0;
			struct pl_level level, silent;

			memset(x, 0, sizeof(x));
			for (uint32_t n = 0; n < n_frames; n++) {
				x[n] = (float)pl_random_uniform(-2.0, 2.0);
				peak = fmaxf(peak, fabsf(x[n]));
				sum += (double)x[n] * x[n];
			}
			y[0] = y[n_frames + 1u] = 123.0f;
			k->limit(y + 1, x, n_frames, &level);
			k->limit(NULL, x, n_frames, &silent);
			PL_CHECK(y[0] == 123.0f && y[n_frames + 1u] == 123.0f);
			PL_CHECK(level.peak == peak);
			PL_CHECK_NEAR(level.sum_sq, sum, 1e-5 * sum);
			PL_CHECK(level.peak == silent.peak && level.sum_sq == silent.sum_sq);
			for (uint32_t n = 0; n < n_frames; n++)
				PL_CHECK_NEAR(y[n + 1u], 0.9 * tanh(x[n] / 0.9), 2e-7);
		}
	}
}

PL_TEST(sanitise_good)
{
	_Alignas(PL_KERNEL_ALIGN) float dst[PL_CHUNK_STRIDE];
	float src[PL_CHUNK + 1];

	FOREACH_VARIANT (k) {
		FOREACH_LENGTH (n_frames) {
			struct pl_level level;
			float peak = 0.0f;
			double sum = 0.0;

			for (uint32_t n = 0; n < n_frames; n++) {
				src[n + 1u] = (float)pl_random_uniform(-16.0, 16.0);
				peak = fmaxf(peak, fabsf(src[n + 1u]));
				sum += (double)src[n + 1u] * src[n + 1u];
			}
			memset(dst, 0xff, sizeof(dst));
			PL_CHECK_INT(k->sanitise(dst, src + 1, n_frames, &level), 0);
			PL_CHECK(memcmp(dst, src + 1, n_frames * sizeof(*src)) == 0);
			PL_CHECK(padded_with_zeros(dst, n_frames, k));
			PL_CHECK(level.peak == peak);
			PL_CHECK_NEAR(level.sum_sq, sum, 1e-5 * sum);
		}
	}
}

PL_TEST(sanitise_bad)
{
	static const struct {
		float is, becomes;
		uint32_t n_bad;
	} cases[] = {
		{NAN, 0.0f, 1},          {-NAN, 0.0f, 1},       {INFINITY, 0.0f, 1},
		{-INFINITY, 0.0f, 1},    {1e30f, 16.0f, 1},     {-1e30f, -16.0f, 1},
		{FLT_MAX, 16.0f, 1},     {16.0f, 16.0f, 0},     {-16.0f, -16.0f, 0},
		{1e-40f, 0.0f, 0},       {-1e-45f, 0.0f, 0},    {FLT_MIN, FLT_MIN, 0},
		{-FLT_MIN, -FLT_MIN, 0}, {16.00001f, 16.0f, 1},
	};
	_Alignas(PL_KERNEL_ALIGN) float dst[PL_CHUNK_STRIDE];

	FOREACH_VARIANT (k) {
		for (uint32_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
			FOREACH_LENGTH (n_frames) {
				float src[PL_CHUNK];
				uint32_t at = pl_random_below(n_frames);
				struct pl_level level;

				for (uint32_t n = 0; n < n_frames; n++)
					src[n] = 0.25f;
				src[at] = cases[c].is;
				PL_CHECK_INT(k->sanitise(dst, src, n_frames, &level),
					     cases[c].n_bad);
				for (uint32_t n = 0; n < n_frames; n++)
					PL_CHECK(dst[n] == (n == at ? cases[c].becomes : 0.25f));
				PL_CHECK(padded_with_zeros(dst, n_frames, k));
				PL_CHECK(level.peak >= fabsf(cases[c].becomes) &&
					 level.peak <= 16.0f);
				PL_CHECK(isfinite(level.sum_sq));
			}
		}
	}
}

PL_TEST_MAIN()
