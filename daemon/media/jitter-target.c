/* SPDX-License-Identifier: MIT */
#include "jitter-target.h"

#include <math.h>
#include <string.h>

#define RATE 48000.0
#define LOW_QUANTILE 0.02
/** Of a packet that waited behind a late one, against one that was late by itself. */
#define FOLLOWER_WEIGHT 0.125
/** The weight of the newest is brought back to 1 here, well within a float. */
#define WEIGHT_MAX 1e12
/** The quantiles are looked up again after so many packets, the first ones each. */
#define LOOK_EVERY 4u
#define LOOK_EACH 64u

void pl_jitter_target_init(struct pl_jitter_target *t)
{
	memset(t, 0, sizeof(*t));
	t->weight = 1;
	pl_jitter_target_set(t, 0.5, 0, 200);
}

void pl_jitter_target_forget(struct pl_jitter_target *t)
{
	t->started = false;
	t->stalled = false;
	t->n_noted = 0;
	t->weight = 1;
	t->total = 0;
	memset(t->bins, 0, sizeof(t->bins));
}

void pl_jitter_target_set(struct pl_jitter_target *t, double safety, double min_ms, double max_ms)
{
	t->safety = safety >= 0 ? fmin(safety, 1) : 0;
	t->min_frames = (min_ms >= 0 ? fmin(min_ms, 500) : 0) * RATE / 1000;
	t->max_frames = fmax(max_ms >= 0 ? fmin(max_ms, 500) : 0, 1) * RATE / 1000;
	t->max_frames = fmax(t->max_frames, t->min_frames);
}

/** 2 %, 0.1 % and 0.002 % may come too late. */
static double quantile_of(double safety)
{
	double late =
		safety < 0.5 ? 0.02 * pow(0.05, 2 * safety) : 0.001 * pow(0.02, 2 * safety - 1);

	return 1 - late;
}

/** Seconds: 1, 10 and 60. */
static double memory_of(double safety)
{
	return safety < 0.5 ? pow(10, 2 * safety) : 10 * pow(6, 2 * safety - 1);
}

static void shift(struct pl_jitter_target *t, int64_t by)
{
	uint64_t n = (uint64_t)(by < 0 ? -by : by);

	t->base += (double)by * PL_TARGET_BIN;
	if (n >= PL_TARGET_BINS) {
		memset(t->bins, 0, sizeof(t->bins));
		t->total = 0;
		return;
	}
	if (by > 0) { /* what was lowest is forgotten */
		for (uint64_t i = 0; i < n; i++)
			t->total -= t->bins[i];
		memmove(t->bins, t->bins + n, (PL_TARGET_BINS - n) * sizeof(t->bins[0]));
		memset(t->bins + PL_TARGET_BINS - n, 0, n * sizeof(t->bins[0]));
	} else {
		for (uint64_t i = PL_TARGET_BINS - n; i < PL_TARGET_BINS; i++)
			t->total -= t->bins[i];
		memmove(t->bins + n, t->bins, (PL_TARGET_BINS - n) * sizeof(t->bins[0]));
		memset(t->bins, 0, n * sizeof(t->bins[0]));
	}
}

static void renormalise(struct pl_jitter_target *t)
{
	t->total = 0;
	for (uint32_t i = 0; i < PL_TARGET_BINS; i++) {
		t->bins[i] = (float)(t->bins[i] / t->weight);
		if (t->bins[i] < 1e-6f)
			t->bins[i] = 0;
		t->total += t->bins[i];
	}
	t->weight = 1;
}

static void look(struct pl_jitter_target *t, uint32_t frames)
{
	double want = quantile_of(t->safety) * t->total, sum = 0;
	double lower = LOW_QUANTILE * t->total;
	uint32_t low = 0, high = 0;
	bool has_low = false;

	for (uint32_t i = 0; i < PL_TARGET_BINS; i++) {
		sum += t->bins[i];
		if (!has_low && sum > lower) {
			low = i;
			has_low = true;
		}
		if (t->bins[i] > 0)
			high = i;
		if (sum >= want)
			break;
	}
	t->low = t->base + low * PL_TARGET_BIN;
	/* the far edge of its bin, and a bin for what the resampler reads ahead */
	t->wanted = t->base + (high + 2) * PL_TARGET_BIN;
	if (t->safety > 0.5)
		t->wanted += (2 * t->safety - 1) * frames;
	t->wanted = fmin(fmax(t->wanted, t->low + t->min_frames), t->low + t->max_frames);
}

/**
 * A stall holds up many packets and lets them go at once, each needing a packet less than the one
 * before. That is one event: counted as many, a single one would fill the share that may be late, and
 * hold the lag up until all of them are forgotten.
 */
static double weigh(struct pl_jitter_target *t, double lag, double frames)
{
	bool follows = t->n_noted > 0 && lag < t->last_lag - 0.5 * frames;

	t->last_lag = lag;
	if (!follows)
		t->stalled = t->n_noted > 0 && lag > t->wanted;
	return follows && t->stalled ? FOLLOWER_WEIGHT : 1;
}

void pl_jitter_target_note(struct pl_jitter_target *t, double lag, uint32_t frames)
{
	double memory = memory_of(t->safety) * RATE / (frames ? frames : 960);
	double weight = weigh(t, lag, frames) * t->weight;
	int64_t bin;

	if (!t->started) {
		t->started = true;
		t->base = (floor(lag / PL_TARGET_BIN) - 64) * PL_TARGET_BIN;
	}
	bin = (int64_t)floor(fmin(fmax((lag - t->base) / PL_TARGET_BIN, -1e9), 1e9));
	if (bin < 0) {
		shift(t, bin - 64);
		bin = 64;
	} else if (bin >= PL_TARGET_BINS) {
		int64_t by = bin - (PL_TARGET_BINS - 256);

		shift(t, by);
		bin -= by;
	}
	t->bins[bin] += (float)weight;
	t->total += weight;
	/* what is there loses a share of 1/memory against the next */
	t->weight *= 1 + 1 / memory;
	if (t->weight > WEIGHT_MAX)
		renormalise(t);
	if (t->n_noted < LOOK_EACH || t->n_noted % LOOK_EVERY == 0)
		look(t, frames);
	t->n_noted++;
}

double pl_jitter_target_wanted(const struct pl_jitter_target *t)
{
	return t->wanted;
}

double pl_jitter_target_low(const struct pl_jitter_target *t)
{
	return t->low;
}
