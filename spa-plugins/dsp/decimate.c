/* SPDX-License-Identifier: MIT */
#include "decimate.h"

#include <math.h>
#include <string.h>

#include <partyline/keys.h>

#include "cpu-flags.h"

#define STOP_DB 80.0

typedef float v8 __attribute__((vector_size(32), aligned(4)));

/** The compiler makes of it what the instruction set has. Four sums: an addition need not wait for
 * the one before. */
#define DOT_BODY                                                                                   \
	v8 sum[4] = {{0}};                                                                         \
	for (uint32_t i = 0; i < n_taps; i += PL_DECIMATE_STEP) {                                  \
		sum[0] += *(const v8 *)(x + i) * *(const v8 *)(taps + i);                          \
		sum[1] += *(const v8 *)(x + i + 8) * *(const v8 *)(taps + i + 8);                  \
		sum[2] += *(const v8 *)(x + i + 16) * *(const v8 *)(taps + i + 16);                \
		sum[3] += *(const v8 *)(x + i + 24) * *(const v8 *)(taps + i + 24);                \
	}                                                                                          \
	sum[0] = (sum[0] + sum[2]) + (sum[1] + sum[3]);                                            \
	return ((sum[0][0] + sum[0][4]) + (sum[0][1] + sum[0][5])) +                               \
	       ((sum[0][2] + sum[0][6]) + (sum[0][3] + sum[0][7]))

static float dot_c(const float *x, const float *taps, uint32_t n_taps)
{
	DOT_BODY;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static float dot_avx2(const float *x, const float *taps,
							  uint32_t n_taps)
{
	DOT_BODY;
}
#endif

/** Modified Bessel function of the first kind, order 0. */
static double bessel_i0(double x)
{
	double sum = 1.0, term = 1.0;

	for (int k = 1; k < 40; k++) {
		term *= (x / (2.0 * k)) * (x / (2.0 * k));
		sum += term;
	}
	return sum;
}

static void design(struct pl_decimate_plan *plan)
{
	/* What lies above would be folded to below PL_TONE_PASS_HZ. */
	double stop_hz = plan->rate_out_hz - PL_TONE_PASS_HZ;
	double width = 2.0 * M_PI * (stop_hz - PL_TONE_PASS_HZ) / plan->rate_hz;
	double cut = (stop_hz + PL_TONE_PASS_HZ) / plan->rate_hz; /* of Nyquist */
	/* Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3 */
	double beta = 0.1102 * (STOP_DB - 8.7);
	uint32_t n = (uint32_t)ceil((STOP_DB - 8.0) / (2.285 * width)) | 1u;
	double middle, sum = 0.0;

	n = n < PL_DECIMATE_TAPS_MAX - PL_DECIMATE_STEP + 1u
		    ? n
		    : PL_DECIMATE_TAPS_MAX - PL_DECIMATE_STEP + 1u;
	middle = (n - 1u) / 2.0;
	memset(plan->taps, 0, sizeof(plan->taps));
	for (uint32_t i = 0; i < n; i++) {
		double t = i - middle;
		double sinc = t == 0.0 ? cut : sin(M_PI * cut * t) / (M_PI * t);
		double w = t / (middle + 1.0);

		plan->taps[i] = (float)(sinc * bessel_i0(beta * sqrt(1.0 - w * w)));
		sum += (double)plan->taps[i];
	}
	for (uint32_t i = 0; i < n; i++)
		plan->taps[i] = (float)(plan->taps[i] / sum);
	plan->n_taps = (n + PL_DECIMATE_STEP - 1u) & ~(PL_DECIMATE_STEP - 1u);
	/* The newest sample is the last: zeroes behind the filter look at nothing new. */
	memmove(plan->taps + plan->n_taps - n, plan->taps, n * sizeof(float));
	memset(plan->taps, 0, (plan->n_taps - n) * sizeof(float));
	plan->delay = middle;
}

void pl_decimate_plan_init(struct pl_decimate_plan *plan, uint32_t rate_hz, uint32_t cpu_flags)
{
	uint32_t factor = rate_hz / (uint32_t)PL_TONE_RATE_MIN_HZ;

	factor = factor < 1u ? 1u : factor;
	plan->factor = factor < PL_DECIMATE_FACTOR_MAX ? factor : PL_DECIMATE_FACTOR_MAX;
	plan->rate_hz = rate_hz;
	plan->rate_out_hz = (double)rate_hz / plan->factor;
	plan->n_taps = 0;
	plan->delay = 0.0;
	plan->dot = dot_c;
#if defined(__x86_64__)
	if ((cpu_flags & (PL_CPU_X86_AVX2 | PL_CPU_X86_FMA3)) ==
	    (PL_CPU_X86_AVX2 | PL_CPU_X86_FMA3))
		plan->dot = dot_avx2;
#endif
	if (plan->factor > 1u)
		design(plan);
}

void pl_decimator_start(struct pl_decimator *decimator, const struct pl_decimate_plan *plan)
{
	memset(decimator, 0, sizeof(*decimator));
	decimator->end = plan->n_taps ? plan->n_taps - 1u : 0u;
	decimator->wait = plan->factor;
}

/** A minimum that takes the second of two when the first is not a number. */
static void take(float *dst, const float *src, uint32_t n)
{
	if (!src) {
		memset(dst, 0, n * sizeof(float));
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		float x = fabsf(src[i]) < INFINITY ? src[i] : 0.0f;

		x = x > PL_INPUT_MAX ? PL_INPUT_MAX : x;
		dst[i] = x < -PL_INPUT_MAX ? -PL_INPUT_MAX : x;
	}
}

uint32_t pl_decimator_run(struct pl_decimator *decimator, const struct pl_decimate_plan *plan,
			  const float *src, uint32_t n, float *dst)
{
	uint32_t n_taps = plan->n_taps, n_out = 0;

	if (plan->factor == 1u) {
		take(dst, src, n);
		return n;
	}
	while (n > 0) {
		uint32_t room = PL_DECIMATE_TAPS_MAX + PL_DECIMATE_ROOM - decimator->end;
		uint32_t part = n < room ? n : room;
		uint32_t left = part;

		take(decimator->history + decimator->end, src, part);
		src = src ? src + part : NULL;
		n -= part;
		while (left >= decimator->wait) {
			decimator->end += decimator->wait;
			left -= decimator->wait;
			decimator->wait = plan->factor;
			dst[n_out++] = plan->dot(decimator->history + decimator->end - n_taps,
						 plan->taps, n_taps);
		}
		decimator->end += left;
		decimator->wait -= left;
		if (decimator->end < PL_DECIMATE_TAPS_MAX + PL_DECIMATE_ROOM)
			continue;
		memmove(decimator->history, decimator->history + decimator->end - (n_taps - 1u),
			(n_taps - 1u) * sizeof(float));
		decimator->end = n_taps - 1u;
	}
	return n_out;
}
