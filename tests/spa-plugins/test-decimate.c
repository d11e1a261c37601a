/* SPDX-License-Identifier: MIT */
/* The detectors' way down from the graph's rate: flat in the pass-band, nothing folded into it. */
#include <math.h>
#include <stdlib.h>

#include "cpu-host.h"
#include "decimate.h"
#include "random.h"

#include "pltest.h"

static const uint32_t rates[] = {8000,  11025, 16000, 22050,  32000, 44100,
				 48000, 88200, 96000, 176400, 192000};
#define N_RATES (sizeof(rates) / sizeof(rates[0]))

/** dB that a sine of full scale has behind the filter, in its steady part. */
static double gain_db(const struct pl_decimate_plan *plan, double hz)
{
	struct pl_decimator *decimator = calloc(1, sizeof(*decimator));
	uint32_t n = plan->rate_hz / 10u, n_out = 0;
	float *x = calloc(n, sizeof(float)), *y = calloc(n + 1u, sizeof(float));
	double sum = 0.0;
	uint32_t skip;

	if (decimator && x && y) {
		for (uint32_t i = 0; i < n; i++)
			x[i] = (float)sin(2.0 * M_PI * hz * i / plan->rate_hz + 0.3);
		pl_decimator_start(decimator, plan);
		n_out = pl_decimator_run(decimator, plan, x, n, y);
	}
	skip = n_out / 5u;
	for (uint32_t i = skip; i < n_out; i++)
		sum += (double)y[i] * (double)y[i];
	free(decimator);
	free(x);
	free(y);
	return 10.0 * log10(2.0 * sum / fmax(1.0, n_out - skip) + 1e-12);
}

PL_TEST(flat_to_the_edge)
{
	for (uint32_t r = 0; r < N_RATES; r++) {
		struct pl_decimate_plan plan;

		pl_decimate_plan_init(&plan, rates[r], pl_host_cpu_flags());
		PL_CHECK(plan.rate_out_hz >= PL_TONE_RATE_MIN_HZ);
		PL_CHECK(plan.rate_out_hz < PL_TONE_RATE_MAX_HZ || plan.factor == 1u);
		for (uint32_t hz = 200; hz <= (uint32_t)PL_TONE_PASS_HZ; hz += 220)
			PL_CHECK(fabs(gain_db(&plan, hz)) < 0.1);
	}
}

PL_TEST(nothing_is_folded_in)
{
	for (uint32_t r = 0; r < N_RATES; r++) {
		struct pl_decimate_plan plan;
		double worst = -200.0;

		pl_decimate_plan_init(&plan, rates[r], pl_host_cpu_flags());
		for (uint32_t hz = (uint32_t)(plan.rate_out_hz - PL_TONE_PASS_HZ) + 1u;
		     plan.factor > 1u && hz < rates[r] / 2u; hz += 707)
			worst = fmax(worst, gain_db(&plan, hz));
		PL_CHECK(worst < -75.0);
	}
}

/** Samples of a stream cut into pieces of any size. */
static uint32_t run_cut(const struct pl_decimate_plan *plan, const float *x, uint32_t n, float *y,
			uint32_t cut)
{
	struct pl_decimator *decimator = calloc(1, sizeof(*decimator));
	uint32_t n_out = 0;

	if (!decimator)
		return 0;
	pl_decimator_start(decimator, plan);
	for (uint32_t i = 0; i < n;) {
		uint32_t part = cut ? cut : 1u + pl_random_below(3000);

		part = part < n - i ? part : n - i;
		n_out += pl_decimator_run(decimator, plan, x + i, part, y + n_out);
		i += part;
	}
	free(decimator);
	return n_out;
}

PL_TEST(the_cut_does_not_matter_and_the_variants_agree)
{
	uint32_t n = 20000;
	float *x = calloc(n, sizeof(float)), *a = calloc(n, sizeof(float)),
	      *b = calloc(n, sizeof(float));
	struct pl_decimate_plan plan, plain;
	double worst = 0.0;
	uint32_t n_a = 0, n_b = 0;

	for (uint32_t i = 0; x && i < n; i++)
		x[i] = (float)pl_random_uniform(-1.0, 1.0);
	for (uint32_t r = 0; x && a && b && r < N_RATES; r++) {
		pl_decimate_plan_init(&plan, rates[r], pl_host_cpu_flags());
		pl_decimate_plan_init(&plain, rates[r], 0);
		n_a = run_cut(&plan, x, n, a, n);
		PL_EXPECT(n_a == n / plan.factor);
		for (uint32_t cut = 0; cut < 70; cut += 23) {
			n_b = run_cut(&plan, x, n, b, cut);
			PL_EXPECT(n_a == n_b && memcmp(a, b, n_a * sizeof(float)) == 0);
		}
		n_b = run_cut(&plain, x, n, b, n);
		for (uint32_t i = 0; i < n_a && i < n_b; i++)
			worst = fmax(worst, fabs((double)(a[i] - b[i])));
	}
	free(x);
	free(a);
	free(b);
	PL_CHECK(n_a > 0 && worst < 2e-6);
}

PL_TEST(rubbish_becomes_silence)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f};
	struct pl_decimate_plan plan;
	struct pl_decimator *decimator = calloc(1, sizeof(*decimator));
	float x[4800], y[801];

	for (uint32_t i = 0; i < 4800; i++)
		x[i] = i < 1000 ? bad[i % 5u] : 0.0f;
	pl_decimate_plan_init(&plan, 48000, pl_host_cpu_flags());
	if (decimator) {
		pl_decimator_start(decimator, &plan);
		PL_EXPECT(pl_decimator_run(decimator, &plan, x, 4800, y) == 800u);
		for (uint32_t i = 0; i < 800; i++)
			PL_EXPECT(fabsf(y[i]) < 64.0f);
		PL_EXPECT(y[700] == 0.0f);
		PL_EXPECT(pl_decimator_run(decimator, &plan, NULL, 600, y) == 100u);
	}
	free(decimator);
}

PL_TEST_MAIN()
