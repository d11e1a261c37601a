/* SPDX-License-Identifier: MIT */
/* True peak after EBU Tech 3341 (tests 15 to 23), levels of the frame meter. */
#include <math.h>
#include <stdlib.h>

#include "kernels.h"
#include "meter.h"
#include "true-peak.h"

#include "pltest.h"

#define RATE_HZ 48000u

static double to_db(double linear)
{
	return 20.0 * log10(fmax(linear, 1e-12));
}

static float run(const float *x, uint32_t n_frames, uint32_t chunk)
{
	struct pl_true_peak state = {0};
	float peak = 0.0f;

	for (uint32_t n = 0; n < n_frames; n += chunk) {
		uint32_t left = n_frames - n;

		peak = fmaxf(peak,
			     pl_true_peak_process(&state, x + n, left < chunk ? left : chunk));
	}
	return peak;
}

/** A steady sine, faded in and out so that the edges add no peak of their own. */
static double sine_peak(double fraction, double phase_degrees, double amplitude)
{
	uint32_t n_frames = RATE_HZ / 2;
	float *x = calloc(n_frames, sizeof(float));
	float peak;

	for (uint32_t n = 0; x && n < n_frames; n++) {
		double edge = fmin(1.0, fmin(n, n_frames - 1 - n) / 2000.0);

		x[n] = (float)(amplitude * 0.5 * (1.0 - cos(M_PI * edge)) *
			       sin(2.0 * M_PI * n * fraction + phase_degrees * M_PI / 180.0));
	}
	peak = x ? run(x, n_frames, PL_TRUE_PEAK_CHUNK) : 0.0f;
	free(x);
	return to_db((double)peak);
}

#define PL_CHECK_DBTP(is, wanted)                                                                  \
	do {                                                                                       \
		double dbtp = (is);                                                                \
		printf("# %s: %.2f dBTP\n", #is, dbtp);                                            \
		PL_CHECK(dbtp <= (wanted) + 0.2 && dbtp >= (wanted)-0.4);                          \
	} while (0)

PL_TEST(tech_3341_tests_15_to_18)
{
	PL_CHECK_DBTP(sine_peak(1.0 / 4.0, 0.0, 0.5), -6.0);
	PL_CHECK_DBTP(sine_peak(1.0 / 4.0, 45.0, 0.5), -6.0);
	PL_CHECK_DBTP(sine_peak(1.0 / 6.0, 60.0, 0.5), -6.0);
	PL_CHECK_DBTP(sine_peak(1.0 / 8.0, 67.5, 0.5), -6.0);
}

PL_TEST(tech_3341_test_19)
{
	PL_CHECK_DBTP(sine_peak(1.0 / 4.0, 45.0, 1.41), 3.0);
}

/* Tests 20 to 23 hold a peak of full scale at 0, 1/4, 1/2, 3/4 of a sample between two samples of
 * a quieter tone. Made anew from band-limited parts: a tone at fs/6, and in it a burst at fs/4
 * under a Gaussian of 12 samples, whose top is the peak. */
static double between_samples(double offset)
{
	float x[2000];
	double t0 = 1000.0 + offset;

	for (uint32_t n = 0; n < 2000; n++) {
		double w = exp(-0.5 * pow((n - t0) / 12.0, 2.0));
		double edge = 0.5 - 0.5 * cos(M_PI * fmin(1.0, fmin(n, 1999 - n) / 500.0));

		x[n] = (float)(edge * ((1.0 - w) * 0.5 * sin(2.0 * M_PI * n / 6.0) +
				       w * cos(2.0 * M_PI * (n - t0) / 4.0)));
	}
	return to_db((double)run(x, 2000, 100));
}

PL_TEST(tech_3341_tests_20_to_23)
{
	PL_CHECK_DBTP(between_samples(0.0), 0.0);
	PL_CHECK_DBTP(between_samples(0.25), 0.0);
	PL_CHECK_DBTP(between_samples(0.5), 0.0);
	PL_CHECK_DBTP(between_samples(0.75), 0.0);
}

PL_TEST(true_peak_does_not_depend_on_the_cut)
{
	float x[1000];
	float whole;

	for (uint32_t n = 0; n < 1000; n++)
		x[n] = (float)(sin(n * 1.7) * cos(n * 0.011));
	whole = run(x, 1000, PL_TRUE_PEAK_CHUNK);
	PL_CHECK(run(x, 1000, 1) == whole);
	PL_CHECK(run(x, 1000, 7) == whole);
	PL_CHECK(run(x, 1000, 100) == whole);
}

/** RMS of whole frames of a signal. */
static struct pl_meters_point frame_of(double (*signal)(uint32_t n))
{
	struct pl_meter_frame frame;
	struct pl_meter meter = {0};

	pl_meter_frame_init(&frame, RATE_HZ);
	for (uint32_t f = 0, n = 0; f < 20; f++) {
		for (uint32_t i = 0; i < frame.n_frames; i++, n++) {
			float x = (float)signal(n);
			struct pl_level level = {.peak = fabsf(x), .sum_sq = x * x};

			pl_meter_add(&meter, &level);
		}
		pl_meter_finish(&meter, &frame);
	}
	return meter.point;
}

static double full_scale_sine(uint32_t n)
{
	return sin(2.0 * M_PI * 997.0 * n / RATE_HZ);
}

static double silence(uint32_t n)
{
	return 0.0;
}

/* One sample of full scale in the second frame. */
static double pulse(uint32_t n)
{
	return n == 1500 ? 1.0 : 0.0;
}

PL_TEST(frame_meter)
{
	struct pl_meters_point sine = frame_of(full_scale_sine);
	struct pl_meters_point hit = frame_of(pulse);

	/* A frame is not a whole number of periods: hence the tolerance. */
	PL_CHECK_NEAR(to_db((double)sine.rms), -3.01, 0.1);
	PL_CHECK_NEAR(to_db((double)sine.peak), 0.0, 0.01);
	PL_CHECK(frame_of(silence).rms == 0.0f);
	/* IEC 60268-18: one sample shows, and stays for its second (20 frames are half of one). */
	PL_CHECK(hit.peak == 0.0f);
	PL_CHECK(hit.peak_hold == 1.0f);
}

PL_TEST_MAIN()
