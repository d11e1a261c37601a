/* SPDX-License-Identifier: MIT */
#include "dtmf-score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dtmf.h"
#include "random.h"

static const double low_hz[] = {697.0, 770.0, 852.0, 941.0};
static const double high_hz[] = {1209.0, 1336.0, 1477.0, 1633.0};
static const char names[] = "123A456B789C*0#D";

/* clang-format off */
static const struct dtmf_case cases[] = {
	{.name = "nominal, 50/50 ms"},
	{.name = "40/40 ms", .on_s = 0.04, .off_s = 0.04},
	{.name = "40/40 ms, one digit", .on_s = 0.04, .off_s = 0.04, .same = true},
	{.name = "+1.5 % +1.5 %", .low_percent = 1.5, .high_percent = 1.5},
	{.name = "-1.5 % -1.5 %", .low_percent = -1.5, .high_percent = -1.5},
	{.name = "+1.5 % -1.5 %", .low_percent = 1.5, .high_percent = -1.5},
	{.name = "-1.5 % +1.5 %", .low_percent = -1.5, .high_percent = 1.5},
	{.name = "+3.5 % +3.5 %", .low_percent = 3.5, .high_percent = 3.5, .refuse = true},
	{.name = "-3.5 % -3.5 %", .low_percent = -3.5, .high_percent = -3.5, .refuse = true},
	{.name = "low +3.5 %", .low_percent = 3.5, .refuse = true},
	{.name = "low -3.5 %", .low_percent = -3.5, .refuse = true},
	{.name = "high +3.5 %", .high_percent = 3.5, .refuse = true},
	{.name = "high -3.5 %", .high_percent = -3.5, .refuse = true},
	{.name = "twist +4 dB", .twist_db = 4.0},
	{.name = "twist -8 dB", .twist_db = -8.0},
	{.name = "23 ms", .on_s = 0.023, .refuse = true},
	{.name = "23 ms, SNR 15 dB", .on_s = 0.023, .snr_db = 15.0, .refuse = true},
	{.name = "interrupted for 10 ms, 100/50 ms", .on_s = 0.1, .gap_s = 0.01},
	{.name = "0 dBm0", .level_db = -3.14},
	{.name = "-25 dBm0", .level_db = -28.14},
	{.name = "-55 dBm0", .level_db = -58.14, .refuse = true},
	{.name = "SNR 15 dB", .snr_db = 15.0},
	{.name = "SNR 10 dB", .snr_db = 10.0},
	{.name = "SNR 6 dB", .snr_db = 6.0},
	{.name = "SNR 3 dB", .snr_db = 3.0},
	{.name = "over a dial tone as loud", .dial_db = -0.01},
	{.name = "over a dial tone as loud, 40/40 ms, +1.5 % -1.5 %", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = 1.5, .high_percent = -1.5, .dial_db = -0.01},
	{.name = "all at once, +1.5 % -1.5 %, +4 dB", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = 1.5, .high_percent = -1.5, .twist_db = 4.0, .snr_db = 15.0},
	{.name = "all at once, -1.5 % +1.5 %, +4 dB", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = -1.5, .high_percent = 1.5, .twist_db = 4.0, .snr_db = 15.0},
	{.name = "all at once, +1.5 % +1.5 %, +4 dB", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = 1.5, .high_percent = 1.5, .twist_db = 4.0, .snr_db = 15.0},
	{.name = "all at once, +1.5 % -1.5 %, -8 dB", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = 1.5, .high_percent = -1.5, .twist_db = -8.0, .snr_db = 15.0},
	{.name = "all at once, -1.5 % +1.5 %, -8 dB", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = -1.5, .high_percent = 1.5, .twist_db = -8.0, .snr_db = 15.0},
	{.name = "all at once, at 44100 / 5 Hz", .on_s = 0.04, .off_s = 0.04, .low_percent = -1.5,
	 .high_percent = 1.5, .twist_db = 4.0, .snr_db = 15.0, .rate_hz = 8820.0},
	{.name = "all at once, at 15999 Hz", .on_s = 0.04, .off_s = 0.04, .low_percent = 1.5,
	 .high_percent = -1.5, .twist_db = -8.0, .snr_db = 15.0, .rate_hz = 15999.0},
};
/* clang-format on */

const struct dtmf_case *dtmf_cases(size_t *ret_n)
{
	*ret_n = sizeof(cases) / sizeof(cases[0]);
	return cases;
}

/** Deviation 1, by Box and Muller. */
static double normal(void)
{
	double radius = sqrt(-2.0 * log(pl_random_uniform(1e-12, 1.0)));

	return radius * cos(pl_random_uniform(0.0, 2.0 * M_PI));
}

struct sent {
	char digit;
	double begin, end; /* samples */
	bool heard;
};

static double rate_of(const struct dtmf_case *test)
{
	return test->rate_hz > 0.0 ? test->rate_hz : 8000.0;
}

static void make_digit(const struct dtmf_case *test, char digit, float *x, uint32_t n)
{
	uint32_t k = (uint32_t)(strchr(names, digit) - names);
	double amplitude = pow(10.0, (test->level_db < 0.0 ? test->level_db : -20.0) / 20.0);
	double a = amplitude * pow(10.0, -fmax(test->twist_db, 0.0) / 20.0);
	double b = amplitude * pow(10.0, fmin(test->twist_db, 0.0) / 20.0);
	double low = low_hz[k / 4u] * (1.0 + test->low_percent / 100.0);
	double high = high_hz[k % 4u] * (1.0 + test->high_percent / 100.0);
	double p = pl_random_uniform(0.0, 2.0 * M_PI), q = pl_random_uniform(0.0, 2.0 * M_PI);
	double gap = test->gap_s * rate_of(test);

	for (uint32_t i = 0; i < n; i++) {
		double t = 2.0 * M_PI * i / rate_of(test);

		if (fabs(i - n / 2.0) >= gap / 2.0)
			x[i] += (float)(a * sin(low * t + p) + b * sin(high * t + q));
	}
}

/** Dial tone and noise over all. */
static void soil(const struct dtmf_case *test, float *x, size_t n)
{
	double loud = pow(10.0, (test->level_db < 0.0 ? test->level_db : -20.0) / 20.0);
	double other = loud * pow(10.0, -fabs(test->twist_db) / 20.0);
	double noise =
		test->snr_db > 0.0
			? sqrt((loud * loud + other * other) / 2.0 / pow(10.0, test->snr_db / 10.0))
			: 0.0;
	double dial = test->dial_db < 0.0 ? loud * pow(10.0, test->dial_db / 20.0) : 0.0;

	for (size_t i = 0; i < n; i++) {
		double t = 2.0 * M_PI * (double)i / rate_of(test);

		if (noise > 0.0)
			x[i] += (float)(noise * normal());
		x[i] += (float)(dial * (sin(350.0 * t) + sin(440.0 * t)));
	}
}

static void match(struct dtmf_score *score, struct sent *sent, uint32_t n_sent,
		  const struct pl_tone_hit *hit, double now, double rate_hz)
{
	double ms = 1000.0 / rate_hz;

	for (uint32_t i = 0; i < n_sent; i++) {
		struct sent *s = &sent[i];

		if (s->digit != (char)hit->id || fabs((double)hit->begin - s->begin) * ms > 15.0)
			continue;
		if (hit->kind == PL_TONE_KIND_DIGIT_END) {
			score->end_ms = fmax(score->end_ms, (now - s->end) * ms);
			score->end_error_ms =
				fmax(score->end_error_ms, fabs((double)hit->end - s->end) * ms);
			return;
		}
		if (s->heard)
			break;
		s->heard = true;
		score->n_heard++;
		score->decision_ms = fmax(score->decision_ms, (now - s->begin) * ms);
		score->begin_error_ms =
			fmax(score->begin_error_ms, fabs((double)hit->begin - s->begin) * ms);
		return;
	}
	if (hit->kind == PL_TONE_KIND_DIGIT)
		score->n_extra++;
}

struct dtmf_score dtmf_score(const struct dtmf_case *test, uint32_t n_digits)
{
	struct dtmf_score score = {.n_sent = n_digits};
	double rate_hz = rate_of(test);
	uint32_t on = (uint32_t)lround((test->on_s > 0.0 ? test->on_s : 0.05) * rate_hz);
	uint32_t off = (uint32_t)lround((test->off_s > 0.0 ? test->off_s : 0.05) * rate_hz);
	size_t n_max = (size_t)(n_digits + 2u) * (on + off + 80u) + (size_t)rate_hz, n;
	float *x = calloc(n_max, sizeof(*x));
	struct sent *sent = calloc(n_digits, sizeof(*sent));
	struct pl_dtmf *dtmf = calloc(1, sizeof(*dtmf));
	struct pl_dtmf_plan *plan = calloc(1, sizeof(*plan));

	if (!x || !sent || !dtmf || !plan)
		abort();
	pl_random_seed(7);
	n = (size_t)(0.2 * rate_hz);
	for (uint32_t i = 0; i < n_digits; i++) {
		sent[i] = (struct sent){.digit = names[test->same ? 5u : i % 16u],
					.begin = (double)n,
					.end = (double)(n + on)};
		make_digit(test, sent[i].digit, x + n, on);
		n += on + off + pl_random_below(40);
	}
	n += (size_t)(0.2 * rate_hz);
	soil(test, x, n);
	pl_dtmf_plan_init(plan, rate_hz);
	pl_dtmf_start(dtmf, plan);
	for (size_t i = 0; i < n; i += 8) {
		struct pl_tone_hit hits[PL_TONE_HITS_MAX];
		uint32_t n_hits = pl_dtmf_run(dtmf, x + i, n - i < 8u ? (uint32_t)(n - i) : 8u,
					      hits, PL_TONE_HITS_MAX);

		for (uint32_t h = 0; h < n_hits; h++)
			match(&score, sent, n_digits, &hits[h], (double)i + 8.0, rate_hz);
	}
	free(x);
	free(sent);
	free(dtmf);
	free(plan);
	return score;
}

uint32_t dtmf_count(const float *samples, size_t n, double rate_hz,
		    void (*on_digit)(void *userdata, char digit, double at_s), void *userdata)
{
	struct pl_dtmf *dtmf = calloc(1, sizeof(*dtmf));
	struct pl_dtmf_plan *plan = calloc(1, sizeof(*plan));
	uint32_t count = 0;

	if (!dtmf || !plan)
		abort();
	pl_dtmf_plan_init(plan, rate_hz);
	pl_dtmf_start(dtmf, plan);
	for (size_t i = 0; i < n; i += PL_TONE_BLOCK) {
		struct pl_tone_hit hits[PL_TONE_HITS_MAX];
		uint32_t part = n - i < PL_TONE_BLOCK ? (uint32_t)(n - i) : PL_TONE_BLOCK;
		uint32_t n_hits = pl_dtmf_run(dtmf, samples + i, part, hits, PL_TONE_HITS_MAX);

		for (uint32_t h = 0; h < n_hits; h++) {
			if (hits[h].kind != PL_TONE_KIND_DIGIT)
				continue;
			count++;
			if (on_digit)
				on_digit(userdata, (char)hits[h].id,
					 (double)hits[h].begin / rate_hz);
		}
	}
	free(dtmf);
	free(plan);
	return count;
}
