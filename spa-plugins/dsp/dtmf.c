/* SPDX-License-Identifier: MIT */
#include "dtmf.h"

#include <math.h>
#include <string.h>

typedef float v4 __attribute__((vector_size(16), aligned(4)));

/** ITU-T Q.23 */
static const double frequencies_hz[8] = {697.0,  770.0,  852.0,  941.0,
					 1209.0, 1336.0, 1477.0, 1633.0};
static const char digits[] = "123A456B789C*0#D";

/* --- what is a digit ------------------------------------------------------ */

/** between Q.24's 23 and 40 ms */
#define LENGTH_MIN_S 0.0315
/** a tone that goes on is judged from here */
#define LENGTH_SURE_S 0.036
/** amplitude, full-scale sine 1: -43 dB; 0 dBm0 is 3.14 dB below full scale (ITU-T G.711) */
#define AMPLITUDE_MIN 0.007
/** power of all else but a dial tone */
#define DIAL_REST_MAX 0.1
/** around both groups; of all else white noise has a third of it there, speech most */
#define REST_IN_BAND_MAX 0.27
#define REST_IN_BAND_SHARE 0.38
/** what an almost clean signal may have there beyond that share */
#define REST_IN_BAND_FREE 0.05
/**
 * The more there is besides the tones, the more like a digit they must be: what Q.24 asks is asked
 * at 15 dB, where all else has 0.03 of the tones' power; 3 dB of white noise are 0.5.
 */
static const struct bar {
	double rest;        /**< up to this much else */
	double deviation;   /**< of each frequency; most is between +-1.5 and +-3.5 % */
	double both;        /**< root of the sum of both deviations' squares */
	double twist_db[2]; /**< lowest, highest */
	double slope; /**< of the amplitude, from begin to end: a press is steady, a vowel is not */
} bars[] = {
	{0.10, 0.022, 0.0245, {-9.2, 6.0}, 0.7},
	{0.25, 0.012, 0.0150, {-9.2, 6.0}, 0.7},
	{0.72, 0.005, 0.0070, {-5.0, 5.0}, 0.8},
};
#define N_BARS (sizeof(bars) / sizeof(bars[0]))
/** the widest */
#define DEVIATION_MAX 0.022

/* --- the plan ------------------------------------------------------------- */

/** Band-pass 600 to 1800 Hz, Hamming. */
static void design_band(struct pl_dtmf_plan *plan)
{
	double low = 600.0 / plan->rate_hz, high = 1800.0 / plan->rate_hz;

	for (uint32_t i = 0; i < PL_DTMF_TAPS; i++) {
		double t = i - (PL_DTMF_TAPS - 1.0) / 2.0;
		double w = 0.54 + 0.46 * cos(2.0 * M_PI * t / PL_DTMF_TAPS);

		plan->band[i] =
			(float)(w * (sin(2.0 * M_PI * high * t) - sin(2.0 * M_PI * low * t)) /
				(M_PI * t));
	}
}

void pl_dtmf_plan_init(struct pl_dtmf_plan *plan, double rate_hz)
{
	plan->rate_hz = rate_hz;
	plan->hop = (uint32_t)lround(rate_hz / 200.0);
	plan->hop = plan->hop < PL_DTMF_HOP_MAX ? plan->hop : PL_DTMF_HOP_MAX;
	for (uint32_t k = 0; k < 8; k++) {
		double omega = 2.0 * M_PI * frequencies_hz[k] / rate_hz;

		for (uint32_t n = 0; n < plan->hop; n++) {
			plan->cosine[n][k] = (float)cos(omega * n);
			plan->sine[n][k] = (float)-sin(omega * n);
		}
		plan->turn_re[k] = (float)cos(omega * plan->hop);
		plan->turn_im[k] = (float)-sin(omega * plan->hop);
	}
	design_band(plan);
}

void pl_dtmf_start(struct pl_dtmf *dtmf, const struct pl_dtmf_plan *plan)
{
	memset(dtmf, 0, sizeof(*dtmf));
	dtmf->plan = plan;
	dtmf->run_pair = -1;
}

/* --- the bank ------------------------------------------------------------- */

/** Correlate one hop with the eight frequencies. @return its energy */
static float bank(const struct pl_dtmf_plan *plan, const float *x, float *ret_re, float *ret_im)
{
	/* Vectors of four: plain SSE2 and NEON have these in every machine. */
	v4 re[2] = {{0}}, im[2] = {{0}};
	float energy = 0.0f;

	for (uint32_t n = 0; n < plan->hop; n++) {
		const v4 *cosine = (const v4 *)plan->cosine[n], *sine = (const v4 *)plan->sine[n];
		v4 sample = {x[n], x[n], x[n], x[n]};

		re[0] += sample * cosine[0];
		re[1] += sample * cosine[1];
		im[0] += sample * sine[0];
		im[1] += sample * sine[1];
		energy += x[n] * x[n];
	}
	memcpy(ret_re, re, sizeof(re));
	memcpy(ret_im, im, sizeof(im));
	return energy;
}

static int loudest(const float *level)
{
	int best = 0;

	for (int i = 1; i < 4; i++)
		best = level[i] > level[best] ? i : best;
	return best;
}

/** Which pair the last two hops may hold. @return low * 4 + high, or -1 */
static int candidate(const struct pl_dtmf *dtmf, float mean_square)
{
	int low = loudest(dtmf->level), high = loudest(dtmf->level + 4);
	float a = dtmf->level[low], b = dtmf->level[4 + high];

	/* Frequencies off by 2.5 % lose up to 2.5 dB in a window of 10 ms. */
	if (a < 0.6f * (float)AMPLITUDE_MIN || b < 0.6f * (float)AMPLITUDE_MIN)
		return -1;
	if (b > a * 3.2f || a > b * 5.6f)
		return -1;
	if (0.5f * (a * a + b * b) < 0.3f * mean_square)
		return -1;
	return low * 4 + high;
}

/** Take the hop that begins at x. @return the pair it may belong to, or -1 */
static int take_hop(struct pl_dtmf *dtmf, const float *x)
{
	const struct pl_dtmf_plan *plan = dtmf->plan;
	float *re = dtmf->re[dtmf->n_hops % PL_DTMF_HOPS];
	float *im = dtmf->im[dtmf->n_hops % PL_DTMF_HOPS];
	const float *old_re = dtmf->re[(dtmf->n_hops + PL_DTMF_HOPS - 1u) % PL_DTMF_HOPS];
	const float *old_im = dtmf->im[(dtmf->n_hops + PL_DTMF_HOPS - 1u) % PL_DTMF_HOPS];
	float energy = bank(plan, x, re, im);
	float mean = (energy + dtmf->energy) / (2.0f * (float)plan->hop);

	for (int k = 0; k < 8; k++) {
		float a = old_re[k] + re[k] * plan->turn_re[k] - im[k] * plan->turn_im[k];
		float b = old_im[k] + re[k] * plan->turn_im[k] + im[k] * plan->turn_re[k];

		dtmf->level[k] = sqrtf(a * a + b * b) / (float)plan->hop;
	}
	dtmf->energy = energy;
	dtmf->n_hops++;
	return candidate(dtmf, mean);
}

/* --- the close look ------------------------------------------------------- */

/** Frequency of correlator k over hops first..last, from the turn of its phase; radians a sample. */
static double coarse_omega(const struct pl_dtmf *dtmf, uint32_t k, uint64_t first, uint64_t last)
{
	const struct pl_dtmf_plan *plan = dtmf->plan;
	double omega = 2.0 * M_PI * frequencies_hz[k] / plan->rate_hz;
	double re = 0.0, im = 0.0;

	for (uint64_t h = first; h < last; h++) {
		double a = (double)dtmf->re[h % PL_DTMF_HOPS][k];
		double b = (double)dtmf->im[h % PL_DTMF_HOPS][k];
		double p = (double)dtmf->re[(h + 1u) % PL_DTMF_HOPS][k];
		double q = (double)dtmf->im[(h + 1u) % PL_DTMF_HOPS][k];
		double c = p * (double)plan->turn_re[k] - q * (double)plan->turn_im[k];
		double d = p * (double)plan->turn_im[k] + q * (double)plan->turn_re[k];

		re += c * a + d * b;
		im += d * a - c * b;
	}
	return omega + atan2(im, re) / plan->hop;
}

static const float *at(const struct pl_dtmf *dtmf, uint64_t position)
{
	return dtmf->x + (position - dtmf->base);
}

/**
 * How far the tones of fit, whose stretch is begin..end, reach beyond it: where the likelihood of
 * their going on, sum of 2 x m - m^2 with the model m, is largest.
 */
static void find_edges(const struct pl_dtmf *dtmf, const struct pl_two_tone_fit *fit,
		       uint64_t begin, uint64_t end, struct pl_dtmf_measure *measure)
{
	double middle = (double)begin + ((double)(end - begin) - 1.0) / 2.0;
	uint64_t first = begin - dtmf->base > 3u * dtmf->plan->hop ? begin - 3u * dtmf->plan->hop
								   : dtmf->base;
	uint64_t last = dtmf->base + dtmf->n_x;

	for (int way = -1; way <= 1; way += 2) {
		uint64_t from = way < 0 ? begin : end;
		uint64_t best = from;
		uint32_t n = (uint32_t)(way < 0 ? begin - first : last - end);
		double sum = 0.0, top = 0.0, re[2], im[2], c[2], s[2];

		for (int k = 0; k < 2; k++) {
			double t = (double)from - (way < 0 ? 1.0 : 0.0) - middle;

			re[k] = cos(fit->omega[k] * t + fit->phase[k]);
			im[k] = sin(fit->omega[k] * t + fit->phase[k]);
			c[k] = cos(fit->omega[k]);
			s[k] = way * sin(fit->omega[k]);
		}
		for (uint32_t i = 0; i < n; i++) {
			uint64_t p = way < 0 ? from - 1u - i : from + i;
			double m = fit->amplitude[0] * re[0] + fit->amplitude[1] * re[1];

			sum += m * (2.0 * (double)*at(dtmf, p) - m);
			if (sum > top) {
				top = sum;
				best = way < 0 ? p : p + 1u;
			}
			for (int k = 0; k < 2; k++) {
				double r = re[k] * c[k] - im[k] * s[k];

				im[k] = re[k] * s[k] + im[k] * c[k];
				re[k] = r;
			}
		}
		if (way < 0)
			measure->begin = best;
		else
			measure->end = best;
	}
}

/** Power of what is left, in the band of both groups. */
static double in_band(const struct pl_dtmf_plan *plan, const float *x, uint32_t n)
{
	double sum = 0.0;
	uint32_t n_out = n > PL_DTMF_TAPS ? n - PL_DTMF_TAPS : 0;

	for (uint32_t i = 0; i < n_out; i++) {
		v4 dot = {0};
		float y;

		for (uint32_t k = 0; k < PL_DTMF_TAPS; k += 4)
			dot += *(const v4 *)(plan->band + k) * *(const v4 *)(x + i + k);
		y = (dot[0] + dot[1]) + (dot[2] + dot[3]);
		sum += (double)y * (double)y;
	}
	return n_out ? sum / n_out : 0.0;
}

/**
 * Dial tone (350 with 440 or 450 Hz, or 425 Hz alone) below the digit is no sign of speech: take it
 * out of the rest when it is nothing else. @return whether it was
 */
static bool take_dial_tone(const struct pl_dtmf_plan *plan, float *rest, uint32_t n, double tones)
{
	/* beside 425 Hz a place where nothing is */
	static const double dial_hz[][2] = {{350.0, 440.0}, {350.0, 450.0}, {425.0, 3000.0}};

	for (uint32_t i = 0; i < 3; i++) {
		double to_omega = 2.0 * M_PI / plan->rate_hz;
		struct pl_two_tone_fit fit = {
			.omega = {dial_hz[i][0] * to_omega, dial_hz[i][1] * to_omega}};

		pl_two_tone_fit_step(&fit, rest, n);
		if (fit.rest > DIAL_REST_MAX * tones ||
		    fabs(fit.omega[0] / (dial_hz[i][0] * to_omega) - 1.0) > 0.01)
			continue;
		if (i < 2 && (fabs(fit.omega[1] / (dial_hz[i][1] * to_omega) - 1.0) > 0.01 ||
			      fit.amplitude[1] < 0.5 * fit.amplitude[0] ||
			      fit.amplitude[0] < 0.5 * fit.amplitude[1]))
			continue;
		pl_two_tone_fit_rest(&fit, rest, n, rest);
		return true;
	}
	return false;
}

static double mean_square(const float *x, uint32_t n)
{
	double sum = 0.0;

	for (uint32_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	return sum / n;
}

/** Measure the pair whose core is hops first..last. @return false: not two steady tones */
static bool measure_pair(const struct pl_dtmf *dtmf, int pair, uint64_t first, uint64_t last,
			 struct pl_dtmf_measure *ret)
{
	const struct pl_dtmf_plan *plan = dtmf->plan;
	const uint32_t k[2] = {(uint32_t)pair / 4u, 4u + (uint32_t)pair % 4u};
	uint64_t begin = first * plan->hop, end = last * plan->hop;
	uint32_t n = (uint32_t)(end - begin), shrink;
	struct pl_two_tone_fit *fit = &ret->fit;
	float rest[PL_TWO_TONE_FIT_MAX];
	double tones;

	if (begin < dtmf->base || n < 3u * plan->hop || n > PL_TWO_TONE_FIT_MAX)
		return false;
	for (int i = 0; i < 2; i++)
		fit->omega[i] = coarse_omega(dtmf, k[i], first, last - 1u);
	pl_two_tone_fit_step(fit, at(dtmf, begin + n / 2u - 3u * plan->hop / 2u), 3u * plan->hop);
	pl_two_tone_fit_step(fit, at(dtmf, begin), n);
	pl_two_tone_fit_step(fit, at(dtmf, begin), n);
	for (int i = 0; i < 2; i++) {
		double nominal = 2.0 * M_PI * frequencies_hz[k[i]] / plan->rate_hz;

		ret->deviation[i] = fit->omega[i] / nominal - 1.0;
		if (fabs(ret->deviation[i]) > DEVIATION_MAX + 0.01)
			return false;
	}
	find_edges(dtmf, fit, begin, end, ret);
	/* Once more over all of it but the edges themselves. */
	shrink = plan->hop / 5u;
	begin = ret->begin + shrink;
	n = (uint32_t)(ret->end - shrink - begin);
	if (n > PL_TWO_TONE_FIT_MAX)
		return false;
	pl_two_tone_fit_step(fit, at(dtmf, begin), n);
	for (int i = 0; i < 2; i++)
		ret->deviation[i] =
			fit->omega[i] * plan->rate_hz / (2.0 * M_PI * frequencies_hz[k[i]]) - 1.0;
	tones = 0.5 *
		(fit->amplitude[0] * fit->amplitude[0] + fit->amplitude[1] * fit->amplitude[1]);
	ret->level_db = 10.0 * log10(tones + 1e-20);
	ret->twist_db = 20.0 * log10((fit->amplitude[1] + 1e-20) / (fit->amplitude[0] + 1e-20));
	ret->length_s = (double)(ret->end - ret->begin) / plan->rate_hz;
	ret->rest = fit->rest / (tones + 1e-20);
	pl_two_tone_fit_rest(fit, at(dtmf, begin), n, rest);
	if (ret->rest > 2.0 * DIAL_REST_MAX && take_dial_tone(plan, rest, n, tones))
		ret->rest = mean_square(rest, n) / tones;
	/* White noise has more of it, the higher the rate; the limits are those of 8 kHz. */
	ret->rest *= PL_TONE_RATE_MIN_HZ / plan->rate_hz;
	ret->rest_in_band = in_band(plan, rest, n) / (tones + 1e-20);
	return true;
}

static bool is_digit(const struct pl_dtmf_measure *m, double length_min_s)
{
	const struct bar *bar = bars;

	while (bar < bars + N_BARS && m->rest > bar->rest)
		bar++;
	if (bar == bars + N_BARS || m->length_s < length_min_s || m->twist_db < bar->twist_db[0] ||
	    m->twist_db > bar->twist_db[1] || m->rest_in_band > REST_IN_BAND_MAX ||
	    m->rest_in_band > REST_IN_BAND_FREE + REST_IN_BAND_SHARE * m->rest)
		return false;
	for (int i = 0; i < 2; i++) {
		if (fabs(m->deviation[i]) > bar->deviation || fabs(m->fit.slope[i]) > bar->slope ||
		    m->fit.amplitude[i] < AMPLITUDE_MIN)
			return false;
	}
	return hypot(m->deviation[0], m->deviation[1]) < bar->both;
}

/* --- from hop to hop ------------------------------------------------------ */

static uint32_t report(const struct pl_dtmf *dtmf, enum pl_tone_kind kind, uint64_t end,
		       struct pl_tone_hit *ret_hits, uint32_t n, uint32_t max)
{
	const struct pl_dtmf_measure *m = &dtmf->on_measure;
	double to_hz = dtmf->plan->rate_hz / (2.0 * M_PI);

	if (n >= max)
		return n;
	ret_hits[n] = (struct pl_tone_hit){
		.kind = kind,
		.id = (uint32_t)digits[dtmf->on_pair],
		.a_hz = (float)(m->fit.omega[0] * to_hz),
		.b_hz = (float)(m->fit.omega[1] * to_hz),
		.a_length_s = end ? (float)((double)(end - dtmf->on_begin) / dtmf->plan->rate_hz)
				  : (float)m->length_s,
		.level_db = (float)m->level_db,
		.begin = dtmf->on_begin,
		.end = end,
	};
	return n + 1u;
}

/** Look closely at the run. @param over  it has ended */
static bool judge_run(struct pl_dtmf *dtmf, bool over)
{
	struct pl_dtmf_measure measure;

	if (!measure_pair(dtmf, dtmf->run_pair, dtmf->run_first, dtmf->run_last, &measure))
		return false;
	if (!is_digit(&measure, over ? LENGTH_MIN_S : LENGTH_SURE_S))
		return false;
	dtmf->on = true;
	dtmf->on_pair = dtmf->run_pair;
	dtmf->on_measure = measure;
	dtmf->on_begin = measure.begin;
	dtmf->on_last = dtmf->run_last;
	return true;
}

/** The run so far after a hop that may hold `pair`. @return whether a digit was found */
static bool follow_run(struct pl_dtmf *dtmf, int pair)
{
	uint64_t hop = dtmf->n_hops - 1u, length;
	bool found = false;

	if (dtmf->run_pair >= 0 && hop - dtmf->run_last >= 2u) {
		length = dtmf->run_last - dtmf->run_first;
		found = !dtmf->on && length >= 4u && length < 20u && judge_run(dtmf, true);
		dtmf->run_pair = -1;
	}
	if (pair >= 0 && dtmf->run_pair < 0) {
		dtmf->run_pair = pair;
		dtmf->run_first = hop;
	}
	if (pair < 0 || pair != dtmf->run_pair)
		return found;
	dtmf->run_last = hop;
	length = hop - dtmf->run_first;
	if (found || dtmf->on || length < 6u)
		return found;
	if (length > 9u) {
		/* It was refused: look again now and then, at its newest part only. */
		if (length < 14u)
			return found;
		dtmf->run_first = hop - 8u;
	}
	return judge_run(dtmf, false);
}

/** The digit's end after a hop, once it is sure. @return 0: it lasts */
static uint64_t follow_digit(struct pl_dtmf *dtmf)
{
	const struct pl_two_tone_fit *fit = &dtmf->on_measure.fit;
	uint64_t hop = dtmf->n_hops - 1u;
	float low = dtmf->level[dtmf->on_pair / 4], high = dtmf->level[4 + dtmf->on_pair % 4];
	struct pl_dtmf_measure end;

	if (low > 0.35f * (float)fit->amplitude[0] && high > 0.35f * (float)fit->amplitude[1])
		dtmf->on_last = hop;
	if (hop - dtmf->on_last < 4u)
		return 0;
	if (dtmf->on_last < 5u ||
	    !measure_pair(dtmf, dtmf->on_pair, dtmf->on_last - 5u, dtmf->on_last, &end))
		return (dtmf->on_last + 1u) * dtmf->plan->hop;
	return end.end;
}

uint32_t pl_dtmf_run(struct pl_dtmf *dtmf, const float *samples, uint32_t n,
		     struct pl_tone_hit *ret_hits, uint32_t max)
{
	uint32_t hop = dtmf->plan->hop, n_hits = 0;

	if (dtmf->n_x + n > 2u * PL_DTMF_KEEP) {
		uint32_t gone = dtmf->n_x - PL_DTMF_KEEP;

		memmove(dtmf->x, dtmf->x + gone, PL_DTMF_KEEP * sizeof(float));
		dtmf->base += gone;
		dtmf->n_x = PL_DTMF_KEEP;
	}
	for (uint32_t i = 0; i < n;) {
		uint64_t next = (dtmf->n_hops + 1u) * hop;
		uint32_t part = (uint32_t)(next - (dtmf->base + dtmf->n_x));
		int pair;

		part = part < n - i ? part : n - i;
		memcpy(dtmf->x + dtmf->n_x, samples + i, part * sizeof(float));
		dtmf->n_x += part;
		i += part;
		if (dtmf->base + dtmf->n_x < next)
			break;
		pair = take_hop(dtmf, dtmf->x + dtmf->n_x - hop);
		if (dtmf->on) {
			uint64_t end = follow_digit(dtmf);

			if (end) {
				n_hits = report(dtmf, PL_TONE_KIND_DIGIT_END, end, ret_hits, n_hits,
						max);
				dtmf->on = false;
				if (dtmf->run_pair == dtmf->on_pair)
					dtmf->run_pair = -1;
			}
		}
		if (follow_run(dtmf, pair))
			n_hits = report(dtmf, PL_TONE_KIND_DIGIT, 0, ret_hits, n_hits, max);
	}
	return n_hits;
}
