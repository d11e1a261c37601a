/* SPDX-License-Identifier: MIT */
#include "resampler.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Positions are 32.32 fixed point: exact for an hour or a year, so that what is held and what is
 * needed never disagree by a rounding.
 */

#define ONE 4294967296.0
#define TAPS_BASE (2 * PL_RESAMPLER_DELAY)
#define ATTENUATION_DB 84.0
#define RATE_MIN 8000u
#define RATE_MAX 192000u

typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));
#define LANES 4u

struct pl_resampler {
	double ratio; /**< input frames for one output frame, nominal */
	uint32_t taps;
	uint8_t n_channels;
	float *table; /**< PL_RESAMPLER_PHASES + 1 rows of taps */
	float *plane[PL_RESAMPLER_CHANNELS_MAX];
	uint32_t capacity; /**< of a plane, frames */
	uint32_t n_input;  /**< in the planes; the first taps - 1 are history at least */
	uint64_t position; /**< of the next output in the planes, its first tap; 32.32 */
	uint64_t step;     /**< now */
	uint64_t step_wanted;
};

/** Modified Bessel function of the first kind, order 0: the series, Abramowitz & Stegun 9.6.12. */
static double bessel_i0(double x)
{
	double sum = 1, term = 1;

	for (int k = 1; k < 64; k++) {
		term *= x / (2 * k) * (x / (2 * k));
		sum += term;
		if (term < sum * 1e-17)
			break;
	}
	return sum;
}

/** Kaiser's window, his formula for beta. */
static void make_table(struct pl_resampler *r, double cutoff)
{
	double beta = 0.1102 * (ATTENUATION_DB - 8.7), half = r->taps / 2.0;

	for (uint32_t phase = 0; phase <= PL_RESAMPLER_PHASES; phase++) {
		float *row = r->table + (size_t)phase * r->taps;
		double sum = 0;

		for (uint32_t t = 0; t < r->taps; t++) {
			double x = t + 1 - half - (double)phase / PL_RESAMPLER_PHASES;
			double u = x / half;
			double w = fabs(u) >= 1
					   ? 0
					   : bessel_i0(beta * sqrt(1 - u * u)) / bessel_i0(beta);
			double s = fabs(x) < 1e-12 ? cutoff : sin(M_PI * cutoff * x) / (M_PI * x);

			row[t] = (float)(s * w);
			sum += s * w;
		}
		/* each phase passes a constant exactly: no tone at the rate of the phases */
		for (uint32_t t = 0; t < r->taps; t++)
			row[t] = (float)(row[t] / sum);
	}
}

int pl_resampler_new(uint32_t from_hz, uint32_t to_hz, uint8_t n_channels, uint32_t frames_max,
		     struct pl_resampler **ret_resampler)
{
	double down = fmax(1.0, (double)from_hz / to_hz);
	struct pl_resampler *r;

	if (from_hz < RATE_MIN || from_hz > RATE_MAX || to_hz < RATE_MIN || to_hz > RATE_MAX ||
	    n_channels < 1 || n_channels > PL_RESAMPLER_CHANNELS_MAX || frames_max > 1u << 20)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->ratio = (double)from_hz / to_hz;
	r->taps = ((uint32_t)ceil(TAPS_BASE * down) + 7u) & ~7u;
	r->n_channels = n_channels;
	r->capacity = 2 * r->taps + 2 * frames_max + 4096;
	r->table = malloc((size_t)(PL_RESAMPLER_PHASES + 1) * r->taps * sizeof(float));
	for (uint8_t c = 0; c < n_channels; c++)
		r->plane[c] = malloc(r->capacity * sizeof(float));
	if (!r->table || !r->plane[0] || (n_channels > 1 && !r->plane[1])) {
		pl_resampler_free(r);
		return -ENOMEM;
	}
	/* At equal rates the middle of the transition is half the rate: images of what is below
	 * 20 kHz lie above 28 kHz. Going down, it lies so that 0.83 of the new half passes. */
	make_table(r, down > 1.01 ? 0.915 / down : 1.0);
	r->step = r->step_wanted = (uint64_t)llround(r->ratio * ONE);
	pl_resampler_reset(r);
	*ret_resampler = r;
	return 0;
}

struct pl_resampler *pl_resampler_free(struct pl_resampler *resampler)
{
	if (resampler) {
		free(resampler->table);
		for (uint8_t c = 0; c < PL_RESAMPLER_CHANNELS_MAX; c++)
			free(resampler->plane[c]);
	}
	free(resampler);
	return NULL;
}

void pl_resampler_reset(struct pl_resampler *r)
{
	r->n_input = r->taps - 1;
	r->position = 0;
	for (uint8_t c = 0; c < PL_RESAMPLER_CHANNELS_MAX; c++)
		if (r->plane[c])
			memset(r->plane[c], 0, r->n_input * sizeof(float));
}

double pl_resampler_delay(const struct pl_resampler *r)
{
	return r->taps / 2.0;
}

void pl_resampler_set_adjust(struct pl_resampler *r, double adjust)
{
	if (!(adjust > 1.0 - PL_RESAMPLER_ADJUST_MAX))
		adjust = 1.0 - PL_RESAMPLER_ADJUST_MAX;
	if (adjust > 1.0 + PL_RESAMPLER_ADJUST_MAX)
		adjust = 1.0 + PL_RESAMPLER_ADJUST_MAX;
	r->step_wanted = (uint64_t)llround(r->ratio * adjust * ONE);
}

/** How the step moves over n outputs: linearly, to within a rounding. */
static int64_t step_slope(const struct pl_resampler *r, uint32_t n)
{
	return ((int64_t)r->step_wanted - (int64_t)r->step) / (int64_t)n;
}

uint32_t pl_resampler_needed(const struct pl_resampler *r, uint32_t n_frames)
{
	uint64_t last, n = n_frames;
	int64_t slope;

	if (n == 0)
		return 0;
	slope = step_slope(r, n_frames);
	/* the last output lies at position + the sum of n - 1 steps, each moved before it is added */
	last = r->position + (n - 1) * r->step + (uint64_t)(slope * (int64_t)((n - 1) * n / 2));
	last = (last >> 32) + r->taps;
	return last > r->n_input ? (uint32_t)(last - r->n_input) : 0;
}

double pl_resampler_held(const struct pl_resampler *r)
{
	return (double)r->n_input - (r->taps - 1) - (double)r->position / ONE;
}

uint32_t pl_resampler_room(const struct pl_resampler *r)
{
	return r->capacity - (r->n_input - (uint32_t)(r->position >> 32));
}

static void compact(struct pl_resampler *r)
{
	uint32_t used = (uint32_t)(r->position >> 32);

	if (used > r->n_input)
		used = r->n_input;
	for (uint8_t c = 0; c < r->n_channels; c++)
		memmove(r->plane[c], r->plane[c] + used, (r->n_input - used) * sizeof(float));
	r->n_input -= used;
	r->position -= (uint64_t)used << 32;
}

uint32_t pl_resampler_push(struct pl_resampler *r, const float *samples, uint32_t n_frames)
{
	uint32_t n;

	if (r->capacity - r->n_input < n_frames)
		compact(r);
	n = r->capacity - r->n_input;
	n = n < n_frames ? n : n_frames;
	if (r->n_channels == 1) {
		memcpy(r->plane[0] + r->n_input, samples, n * sizeof(float));
	} else {
		for (uint32_t i = 0; i < n; i++) {
			r->plane[0][r->n_input + i] = samples[2 * i];
			r->plane[1][r->n_input + i] = samples[2 * i + 1];
		}
	}
	r->n_input += n;
	return n;
}

/** Both rows at once: the two phases that the output lies between. */
static float convolve(const float *x, const float *row, uint32_t taps, float fraction)
{
	const float *next = row + taps;
	lanes a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0};

	for (uint32_t t = 0; t < taps; t += 2 * LANES) {
		lanes x0 = *(const lanes *)(x + t), x1 = *(const lanes *)(x + t + LANES);

		a0 += x0 * *(const lanes *)(row + t);
		a1 += x1 * *(const lanes *)(row + t + LANES);
		b0 += x0 * *(const lanes *)(next + t);
		b1 += x1 * *(const lanes *)(next + t + LANES);
	}
	a0 += a1;
	b0 += b1;
	a0 += (b0 - a0) * fraction;
	return (a0[0] + a0[2]) + (a0[1] + a0[3]);
}

uint32_t pl_resampler_pull(struct pl_resampler *r, float *const dst[], uint32_t n_frames)
{
	int64_t slope = n_frames ? step_slope(r, n_frames) : 0;
	uint32_t made = 0;

	for (; made < n_frames; made++) {
		uint32_t at = (uint32_t)(r->position >> 32);
		double phase = (double)(uint32_t)r->position * (PL_RESAMPLER_PHASES / ONE);
		uint32_t row = (uint32_t)phase;

		if (at + r->taps > r->n_input)
			break;
		for (uint8_t c = 0; c < r->n_channels; c++)
			dst[c][made] = convolve(r->plane[c] + at, r->table + (size_t)row * r->taps,
						r->taps, (float)(phase - row));
		r->step = (uint64_t)((int64_t)r->step + slope);
		r->position += r->step;
	}
	if (made == n_frames)
		r->step = r->step_wanted;
	return made;
}
