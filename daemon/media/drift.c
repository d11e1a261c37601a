/* SPDX-License-Identifier: MIT */
#include "drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_FIRST_S 0.25
#define WINDOW_MAX_S 4.0
#define SAMPLES_MIN 24u   /**< of a window: one of long packets lasts longer */
#define WINDOWS_FIRST 16u /**< an answer after so many: 4 s */
/** Between two windows, beyond what PL_DRIFT_PPM_MAX explains: another route, or a stall. */
#define JUMP_S 0.004
#define JUMP_SPREADS 6.0

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, uint32_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n & 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void pl_drift_init(struct pl_drift *drift)
{
	memset(drift, 0, sizeof(*drift));
	drift->window_s = WINDOW_FIRST_S;
}

void pl_drift_restart(struct pl_drift *drift)
{
	double ppm = drift->ppm;
	bool settled = drift->settled;
	double spread_s = drift->spread_s;

	pl_drift_init(drift);
	drift->ppm = ppm;
	drift->settled = settled;
	drift->spread_s = spread_s;
}

/** Mean of the middle half: not moved by what is late, and finer than a median where quanta beat. */
static double middle_of(double *values, uint32_t n)
{
	uint32_t from = n / 4, until = n - n / 4;
	double sum = 0;

	qsort(values, n, sizeof(*values), compare);
	for (uint32_t i = from; i < until; i++)
		sum += values[i];
	return sum / (until - from);
}

/** Neighbours become one, of twice the length. */
static void halve(struct pl_drift *drift)
{
	for (uint32_t i = 0; i < drift->n_windows / 2; i++) {
		drift->windows[i].at =
			(drift->windows[2 * i].at + drift->windows[2 * i + 1].at) / 2;
		drift->windows[i].transit =
			(drift->windows[2 * i].transit + drift->windows[2 * i + 1].transit) / 2;
	}
	drift->n_windows /= 2;
	drift->window_s *= 2;
}

static void estimate(struct pl_drift *drift)
{
	static const uint32_t n_max = PL_DRIFT_WINDOWS;
	double slopes[PL_DRIFT_WINDOWS * 8];
	uint32_t n = 0, n_windows = drift->n_windows;
	double ppm;

	/* Slopes over at least a third of what is known; all of these are enough and few. */
	for (uint32_t i = 0; i < n_windows; i++)
		for (uint32_t k = 0; k < 8; k++) {
			uint32_t j = i + n_windows / 3 + 1 + k * n_max / 12;
			double dt;

			if (j >= n_windows)
				break;
			dt = drift->windows[j].at - drift->windows[i].at;
			if (dt > 0)
				slopes[n++] =
					(drift->windows[j].transit - drift->windows[i].transit) /
					dt;
		}
	if (n == 0)
		return;
	/* our time grows less than the sender's: it is faster */
	ppm = -1e6 * median(slopes, n);
	drift->ppm = fmin(fmax(ppm, -PL_DRIFT_PPM_MAX), PL_DRIFT_PPM_MAX);
	drift->settled = true;
}

/** Whether this window goes on where the others were. */
static bool is_jump(const struct pl_drift *drift, double at, double transit, double spread)
{
	uint32_t last = drift->n_windows - 1;
	double expected;

	if (drift->n_windows == 0)
		return false;
	expected =
		drift->windows[last].transit - 1e-6 * drift->ppm * (at - drift->windows[last].at);
	return fabs(transit - expected) >
	       JUMP_S + JUMP_SPREADS * spread +
		       1e-6 * PL_DRIFT_PPM_MAX * (at - drift->windows[last].at);
}

static bool end_window(struct pl_drift *drift, double local_s)
{
	double middle, spread, at = (drift->window_begin + local_s) / 2;
	bool jumped;

	middle = middle_of(drift->samples, drift->n_samples);
	/* half of the samples lie within this */
	spread = drift->samples[drift->n_samples * 3 / 4] - drift->samples[drift->n_samples / 4];
	drift->spread_s = fmax(spread, drift->spread_s * 0.98);
	jumped = is_jump(drift, at, middle, spread);
	if (jumped)
		pl_drift_restart(drift);
	if (drift->n_windows == PL_DRIFT_WINDOWS) {
		if (drift->window_s < WINDOW_MAX_S) {
			halve(drift);
		} else {
			memmove(drift->windows, drift->windows + 1,
				(PL_DRIFT_WINDOWS - 1) * sizeof(drift->windows[0]));
			drift->n_windows--;
		}
	}
	drift->windows[drift->n_windows].at = at;
	drift->windows[drift->n_windows++].transit = middle;
	if (drift->n_windows < WINDOWS_FIRST)
		return false;
	estimate(drift);
	return true;
}

bool pl_drift_note(struct pl_drift *drift, double local_s, double remote_s)
{
	double transit = local_s - remote_s;
	bool is_new = false;

	if (!drift->has_origin) {
		drift->has_origin = true;
		drift->origin = transit;
	}
	transit -= drift->origin;
	if (drift->window_end == 0) {
		drift->window_begin = local_s;
		drift->window_end = local_s + drift->window_s;
	}
	if (local_s >= drift->window_end && drift->n_seen >= SAMPLES_MIN) {
		double origin = drift->origin;

		is_new = end_window(drift, local_s);
		drift->has_origin = true;
		drift->origin = origin;
		drift->n_samples = drift->n_seen = 0;
		drift->window_begin = local_s;
		drift->window_end = local_s + drift->window_s;
	}
	/* More than fit: every further one takes the place of an older, evenly. */
	if (drift->n_samples < PL_DRIFT_SAMPLES)
		drift->samples[drift->n_samples++] = transit;
	else
		drift->samples[drift->n_seen * 29u % PL_DRIFT_SAMPLES] = transit;
	drift->n_seen++;
	return is_new;
}

double pl_drift_ppm(const struct pl_drift *drift)
{
	return drift->ppm;
}

double pl_drift_error_ppm(const struct pl_drift *drift)
{
	double span_s = drift->n_windows < 2
				? 0
				: drift->windows[drift->n_windows - 1].at - drift->windows[0].at;
	double noise_us = fmax(300, 0.15e6 * drift->spread_s);

	return span_s > 1 ? fmax(noise_us / span_s, 3) : noise_us;
}
