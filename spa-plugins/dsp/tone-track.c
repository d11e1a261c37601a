/* SPDX-License-Identifier: MIT */
#include "tone-track.h"

#include <math.h>
#include <string.h>

/** samples from here on are looked at in a longer window */
#define LONG_FROM_HZ 10000.0
/** band in which tones are looked for and against which they are weighed: speech radio's, with
 * mains hum and subaudible tones (CTCSS, to 254.1 Hz) outside */
#define LOW_HZ 255.0
#define HIGH_HZ 3550.0
/** RMS of a full-scale sine is -3 dBFS; below -65 dBFS nothing is heard */
#define FLOOR_DBFS -65.0
/** least share of the tone in the band's power of a hop: a tone 4 dB below the noise */
#define HOP_PURITY 0.28f
/** a hop belongs to a run when its frequency is that near: noise of the tone's power moves it by
 * 0.6 Hz (one sigma); neighbours of Quick Call II are 8 Hz apart at least */
#define GATE_HZ 3.5f
#define GATE_RELATIVE 0.003f
/** hops in agreement that make a run */
#define CONFIRM 4u
/** hops at a run's edges in which the tone may not fill the window */
#define EDGE 3u
/** a tone may vanish that long */
#define DROP_S 0.25
/** tones nearer than this (bins) are in each other's lobe: their border is told by frequency */
#define LOBE 4.0f
/** a run shorter than this is no tone A, and does not stand between one and its tone B */
#define RUN_LEAST 7u

/** multiples of the golden section's fraction lie evenly between 0 and 1 */
#define GOLDEN 0.6180339887

#define QUARTER_TURN ((float)M_PI_2) /* phase of a tone of 1 bin in a hop of a quarter window */

static float wrap(float phase)
{
	return phase - 2.0f * (float)M_PI * rintf(phase * (float)(0.5 * M_1_PI));
}

static bool taken_out(const struct pl_tone_track *track, float hz)
{
	for (uint32_t i = 0; i < track->n_bands; i++) {
		const struct pl_tone_band *band = &track->bands[i];

		if ((band->type == PL_TONE_BAND_BELOW && hz < band->frequency_hz) ||
		    (band->type == PL_TONE_BAND_ABOVE && hz >= band->frequency_hz) ||
		    (band->type == PL_TONE_BAND_CENTER &&
		     fabsf(hz - band->frequency_hz) <= band->range_hz))
			return true;
	}
	return false;
}

void pl_tone_track_start(struct pl_tone_track *track, double rate_hz,
			 const struct pl_tone_band *bands, uint32_t n_bands, uint32_t stagger)
{
	uint32_t size = rate_hz < LONG_FROM_HZ ? PL_SPECTRUM_SIZE_MAX / 2u : PL_SPECTRUM_SIZE_MAX;
	double rms = pow(10.0, FLOOR_DBFS / 20.0) * size;

	memset(track, 0, sizeof(*track));
	pl_spectrum_init(&track->spectrum, size);
	track->rate_hz = rate_hz;
	track->bin_hz = (float)(rate_hz / size);
	track->hop = size / 4u;
	track->lead = (uint32_t)(fmod(stagger * GOLDEN, 1.0) * track->hop);
	track->n_input = track->lead;
	track->low = (uint32_t)ceil(LOW_HZ / (double)track->bin_hz);
	track->high = (uint32_t)(HIGH_HZ / (double)track->bin_hz);
	track->drop_hops = (uint32_t)(DROP_S * rate_hz / track->hop);
	track->floor = (float)(rms * rms * 3.0 / 16.0);
	track->bands = bands;
	track->n_bands = n_bands;
	for (uint32_t k = 0; k < size / 2u; k++)
		track->mask[k] = taken_out(track, (float)k * track->bin_hz) ? 0.0f : 1.0f;
	track->before = &track->runs[0];
	track->current = &track->runs[1];
	track->next = &track->runs[2];
}

/* --- A hop ---------------------------------------------------------------------------------- */

struct hop {
	bool tonal;
	uint32_t peak; /* bin */
	float bin;     /* frequency, bins */
	float phase;   /* at the window's middle */
	float tone;    /* power of its lobe */
};

#define LANES 8u

static float sum_of(const float *x, uint32_t n)
{
	float lane[LANES] = {0}, sum = 0.0f;
	uint32_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (uint32_t j = 0; j < LANES; j++)
			lane[j] += x[i + j];
	for (; i < n; i++)
		sum += x[i];
	for (uint32_t j = 0; j < LANES; j++)
		sum += lane[j];
	return sum;
}

static uint32_t highest(const float *x, uint32_t n)
{
	float lane[LANES] = {0}, top = 0.0f;
	uint32_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (uint32_t j = 0; j < LANES; j++)
			lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
	for (; i < n; i++)
		top = x[i] > top ? x[i] : top;
	for (uint32_t j = 0; j < LANES; j++)
		top = lane[j] > top ? lane[j] : top;
	for (i = 0; i < n - 1u && x[i] < top; i++)
		;
	return i;
}

/* Frequency from the three highest bins: under a Hann window, a tone d bins above bin k gives
 * X[k-1] / X[k] = -(1 - d) / (2 + d) and X[k+1] / X[k] = -(1 + d) / (2 - d). */
static float offset_of(const struct pl_tone_track *track, const float *power, uint32_t k)
{
	const float *re = track->re, *im = track->im;
	float d =
		((re[k - 1u] - re[k + 1u]) * re[k] + (im[k - 1u] - im[k + 1u]) * im[k]) / power[k];

	d = 4.0f * d / (3.0f + sqrtf(9.0f + 4.0f * d * d));
	return d > 1.0f ? 1.0f : d < -1.0f ? -1.0f : d;
}

/* Pre-filters: bins of what is taken out count nothing, nor does the lobe of a peak that lies in
 * it, however strong. Bounded: a handful of such peaks. */
static void take_out(struct pl_tone_track *track, float *power)
{
	uint32_t n_bins = track->spectrum.size / 2u;

	for (uint32_t n = 0; n < 6u; n++) {
		uint32_t k =
			track->low + highest(power + track->low, track->high + 1u - track->low);

		if (!(power[k] > 0.0f) ||
		    !taken_out(track, ((float)k + offset_of(track, power, k)) * track->bin_hz))
			break;
		for (uint32_t j = k > 2u ? k - 2u : 0; j <= k + 2u && j < n_bins; j++)
			power[j] = 0.0f;
	}
	for (uint32_t k = 0; k < n_bins; k++)
		power[k] *= track->mask[k];
}

static struct hop analyse(struct pl_tone_track *track)
{
	uint32_t kept = track->n_hops % PL_TRACK_KEPT, n = track->high + 1u - track->low, k;
	float *power = track->power[kept];
	struct hop hop = {0};

	pl_spectrum_run(&track->spectrum, track->input, track->re, track->im, power);
	if (track->n_bands > 0)
		take_out(track, power);
	track->ours[kept] = false;
	track->total[kept] = sum_of(power + track->low, n);
	if (!(track->total[kept] > track->floor))
		return hop;
	k = track->low + highest(power + track->low, n);
	hop.peak = k;
	hop.tone = power[k - 2u] + power[k - 1u] + power[k] + power[k + 1u] + power[k + 2u];
	hop.tonal = hop.tone > HOP_PURITY * track->total[kept];
	if (!hop.tonal)
		return hop;
	hop.bin = (float)k + offset_of(track, power, k);
	hop.phase = atan2f(track->im[k], track->re[k]) + (k & 1u ? (float)M_PI : 0.0f);
	return hop;
}

/* --- Runs ----------------------------------------------------------------------------------- */

static double middle(const struct pl_tone_track *track, uint64_t hop)
{
	return (double)hop * track->hop + track->spectrum.size / 2.0 - track->lead;
}

static float amplitude_at(const struct pl_tone_track *track, float bin, uint64_t hop)
{
	const float *power = track->power[hop % PL_TRACK_KEPT];
	uint32_t k = (uint32_t)lrintf(bin);

	return sqrtf(power[k - 1u] + power[k] + power[k + 1u]);
}

static void end_block(struct pl_tone_run *run)
{
	double n = run->block.n;
	double dt = run->block.tt - run->block.t * run->block.t / n;
	double dv = run->block.vv - run->block.v * run->block.v / n;
	double c = run->block.tv - run->block.t * run->block.v / n;

	if (run->n_blocks < PL_TRACK_BLOCKS_MAX) {
		uint32_t i = run->n_blocks++;

		run->block_bin[i] = run->bin_first + (float)(c / dt) / QUARTER_TURN;
		run->block_stray[i] = (float)sqrt(fmax(0.0, (dv - c * c / dt) / n));
		run->block_power[i] = run->block.power / (float)n;
	}
	memset(&run->block, 0, sizeof(run->block));
}

static void add_to_block(struct pl_tone_run *run, uint64_t hop, float tone)
{
	double t;

	if (run->block.n > 0 && hop - run->block.first >= 2u * PL_TRACK_BLOCK)
		memset(&run->block, 0, sizeof(run->block));
	if (run->block.n == 0)
		run->block.first = hop;
	t = (double)(hop - run->block.first);
	run->block.n++;
	run->block.t += t;
	run->block.tt += t * t;
	run->block.v += run->phase;
	run->block.tv += t * run->phase;
	run->block.vv += run->phase * run->phase;
	run->block.power += tone;
	if (run->block.n == PL_TRACK_BLOCK)
		end_block(run);
}

/* The spectrum of some hops ago, which can no longer be one of the run's edge. */
static void add_spectrum(struct pl_tone_track *track, struct pl_tone_run *run, uint64_t hop)
{
	uint64_t within = hop - EDGE;
	uint32_t kept = within % PL_TRACK_KEPT, k = (uint32_t)lrintf(run->bin);
	const float *power = track->power[kept];

	if (hop < run->first + 2u * EDGE || !track->ours[kept])
		return;
	for (uint32_t i = 0; i < track->spectrum.size / 2u; i++)
		run->sum[i] += power[i];
	run->sum_total += track->total[kept];
	run->sum_tone += power[k - 2u] + power[k - 1u] + power[k] + power[k + 1u] + power[k + 2u];
	run->n_sum++;
}

static void begin_run(struct pl_tone_track *track, struct pl_tone_run *run, const struct hop *hop)
{
	memset(run, 0, sizeof(*run));
	run->serial = ++track->n_runs;
	run->first = run->last = track->n_hops;
	run->n = 1;
	run->bin = run->bin_first = hop->bin;
	run->last_phase = hop->phase;
	run->begin = run->end = middle(track, track->n_hops);
}

static bool belongs(const struct pl_tone_track *track, const struct pl_tone_run *run,
		    const struct hop *hop)
{
	float gate = fmaxf(GATE_HZ / track->bin_hz, GATE_RELATIVE * run->bin);

	return run->serial && fabsf(hop->bin - run->bin) <= gate;
}

static void extend(struct pl_tone_track *track, struct pl_tone_run *run, const struct hop *hop)
{
	uint64_t now = track->n_hops, step = now - run->last;
	float turn = QUARTER_TURN * (float)step;
	float stray = wrap(hop->phase - run->last_phase - wrap(turn * run->bin));

	run->phase += (double)(turn * (run->bin - run->bin_first) + stray);
	run->last_phase = hop->phase;
	run->last = now;
	run->n++;
	if (run->n > 2u && !run->below)
		add_to_block(run, now, hop->tone);
	if (run->n_blocks == 0) {
		run->bin += (hop->bin - run->bin) / (float)(run->n < 8u ? run->n : 8u);
	} else if (run->block.n == 0) {
		uint32_t n = run->n_blocks, from = n > 8u ? n - 8u : 0;

		run->bin = sum_of(run->block_bin + from, n - from) / (float)(n - from);
	}
}

/* The tone began where half a window was filled with it: where its amplitude, looked at backwards,
 * falls below half. */
static void find_begin(struct pl_tone_track *track, struct pl_tone_run *run)
{
	uint64_t now = track->n_hops, back = now > PL_TRACK_KEPT - 2u ? PL_TRACK_KEPT - 2u : now;
	float last;

	run->amplitude = last = amplitude_at(track, run->bin, now);
	for (uint64_t i = 1; i <= back; i++) {
		float here = amplitude_at(track, run->bin, now - i);

		if (here < 0.5f * run->amplitude) {
			float part = (last - 0.5f * run->amplitude) / (last - here);

			run->begin = middle(track, now - i + 1u) - (double)part * track->hop;
			return;
		}
		last = here;
	}
	run->begin = middle(track, now - back);
	/* heard since the very start */
	if (now == back)
		run->begin = 0.0;
}

/* Has its level fallen to half, which is where the tone leaves the window? */
static void watch_end(struct pl_tone_track *track, struct pl_tone_run *run, bool heard)
{
	uint64_t now = track->n_hops;
	float here = amplitude_at(track, run->bin, now);
	float was = amplitude_at(track, run->bin, now - 1u);
	float half = 0.5f * run->amplitude;

	if (here >= half) {
		run->below = run->below && !heard;
		if (heard)
			run->end = middle(track, now);
	} else if (!run->below) {
		float part = was > half ? (was - half) / (was - here) : 0.0f;

		run->end = middle(track, now - 1u) + (double)part * track->hop;
		run->below = true;
	}
	/* A level that has changed for good is the tone's level. */
	if (heard && run->n >= 2u * EDGE)
		run->amplitude += 0.1f * (here - run->amplitude);
}

static void close_run(struct pl_tone_track *track, struct pl_tone_run *run,
		      struct pl_tone_run *follower)
{
	if (follower && fabsf(follower->bin - run->bin) < LOBE &&
	    follower->first < run->last + 2u * CONFIRM) {
		run->end = (middle(track, run->last) + middle(track, follower->first)) / 2.0;
		follower->begin = run->end;
	} else if (!run->below) {
		run->end = middle(track, run->last) + track->hop / 2.0;
	}
	run->closed = true;
}

/* Sort the hop into the runs. */
static void follow(struct pl_tone_track *track, const struct hop *hop)
{
	struct pl_tone_run *current = track->current, *next = track->next;
	uint64_t now = track->n_hops;

	if (hop->tonal && belongs(track, current, hop)) {
		watch_end(track, current, true);
		extend(track, current, hop);
		track->ours[now % PL_TRACK_KEPT] = !current->below;
		if (!current->below)
			add_spectrum(track, current, now);
		next->serial = 0;
		return;
	}
	if (current->serial)
		watch_end(track, current, false);
	if (hop->tonal && belongs(track, next, hop) && now - next->last <= 2u)
		extend(track, next, hop);
	else if (hop->tonal)
		begin_run(track, next, hop);
	if (next->serial && next->n >= CONFIRM) {
		find_begin(track, next);
		if (current->serial)
			close_run(track, current, next);
	} else if (current->serial && now - current->last > track->drop_hops) {
		close_run(track, current, NULL);
	}
}

bool pl_tone_track_push(struct pl_tone_track *track, const float *samples, uint32_t n,
			uint32_t *ret_used)
{
	uint32_t size = track->spectrum.size, room = size - track->n_input;
	struct hop hop;

	*ret_used = n < room ? n : room;
	memcpy(track->input + track->n_input, samples, *ret_used * sizeof(float));
	track->n_input += *ret_used;
	if (track->n_input < size)
		return false;
	hop = analyse(track);
	follow(track, &hop);
	track->n_input = size - track->hop;
	memmove(track->input, track->input + track->hop, track->n_input * sizeof(float));
	return true;
}

void pl_tone_track_settle(struct pl_tone_track *track)
{
	struct pl_tone_run *ended = track->current;

	if (ended->serial && ended->closed) {
		if (ended->n >= RUN_LEAST) {
			track->current = track->before;
			track->before = ended;
		}
		track->current->serial = 0;
	}
	if (!track->current->serial && track->next->serial && track->next->n >= CONFIRM) {
		struct pl_tone_run *run = track->next;

		track->next = track->current;
		track->next->serial = 0;
		track->current = run;
		for (uint64_t hop = run->first; hop <= run->last; hop++)
			track->ours[hop % PL_TRACK_KEPT] = true;
	}
	track->n_hops++;
}
