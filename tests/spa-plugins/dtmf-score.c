/* SPDX-License-Identifier: MIT */
#include "dtmf-score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-host.h"
#include "decimate.h"
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
	{.name = "all at once, -1.5 % -1.5 %, -8 dB", .on_s = 0.04, .off_s = 0.04,
	 .low_percent = -1.5, .high_percent = -1.5, .twist_db = -8.0, .snr_db = 15.0},
	{.name = "all at once, 44100 Hz", .on_s = 0.04, .off_s = 0.04, .low_percent = -1.5,
	 .high_percent = 1.5, .twist_db = 4.0, .snr_db = 15.0, .rate_hz = 44100},
	{.name = "all at once, 48000 Hz", .on_s = 0.04, .off_s = 0.04, .low_percent = 1.5,
	 .high_percent = -1.5, .twist_db = -8.0, .snr_db = 15.0, .rate_hz = 48000},
	{.name = "all at once, 15999 Hz", .on_s = 0.04, .off_s = 0.04, .low_percent = 1.5,
	 .high_percent = -1.5, .twist_db = -8.0, .snr_db = 15.0, .rate_hz = 15999},
};
/* clang-format on */

const struct dtmf_case *dtmf_cases(size_t *ret_n)
{
	*ret_n = sizeof(cases) / sizeof(cases[0]);
	return cases;
}

bool dtmf_grid(size_t i, struct dtmf_case *ret_case)
{
	static const double twist_db[] = {-8.0, -4.0, 0.0, 4.0}, snr_db[] = {0.0, 15.0};
	/* The one that is wrong in nothing, 0, is the last. */
	static const double signs[][2] = {{-1.0, -1.0}, {-1.0, 0.0}, {-1.0, 1.0},
					  {0.0, -1.0},  {0.0, 1.0},  {1.0, -1.0},
					  {1.0, 0.0},   {1.0, 1.0},  {0.0, 0.0}};
	static const struct {
		double percent, on_s, off_s;
		size_t n_signs;
		bool refuse;
	} kinds[] = {
		{1.5, 0.04, 0.04, 9, false},
		{3.5, 0.05, 0.05, 8, true},
		{1.5, 0.023, 0.05, 9, true},
	};
	size_t kind = 0;

	for (; kind < 3 && i >= kinds[kind].n_signs * 8u; kind++)
		i -= kinds[kind].n_signs * 8u;
	if (kind == 3)
		return false;
	*ret_case = (struct dtmf_case){
		.refuse = kinds[kind].refuse,
		.on_s = kinds[kind].on_s,
		.off_s = kinds[kind].off_s,
		.low_percent = kinds[kind].percent * signs[i / 8u][0],
		.high_percent = kinds[kind].percent * signs[i / 8u][1],
		.twist_db = twist_db[i % 8u / 2u],
		.snr_db = snr_db[i % 2u],
	};
	return true;
}

/** Deviation 1, by Box and Muller. */
static double normal(void)
{
	double radius = sqrt(-2.0 * log(pl_random_uniform(1e-12, 1.0)));

	return radius * cos(pl_random_uniform(0.0, 2.0 * M_PI));
}

static void make_digit(const struct dtmf_case *test, struct dtmf_signal *signal, char digit,
		       uint32_t n)
{
	uint32_t k = (uint32_t)(strchr(names, digit) - names);
	double amplitude = pow(10.0, (test->level_db < 0.0 ? test->level_db : -20.0) / 20.0);
	double a = amplitude * pow(10.0, -fmax(test->twist_db, 0.0) / 20.0);
	double b = amplitude * pow(10.0, fmin(test->twist_db, 0.0) / 20.0);
	double low = low_hz[k / 4u] * (1.0 + test->low_percent / 100.0);
	double high = high_hz[k % 4u] * (1.0 + test->high_percent / 100.0);
	double p = pl_random_uniform(0.0, 2.0 * M_PI), q = pl_random_uniform(0.0, 2.0 * M_PI);
	double gap = test->gap_s * signal->rate_hz;
	float *x = signal->samples + signal->n;

	for (uint32_t i = 0; i < n; i++) {
		double t = 2.0 * M_PI * i / signal->rate_hz;

		if (fabs(i - n / 2.0) >= gap / 2.0)
			x[i] += (float)(a * sin(low * t + p) + b * sin(high * t + q));
	}
}

/** Dial tone and noise over all; of the noise as much below 4 kHz at every rate. */
static void soil(const struct dtmf_case *test, struct dtmf_signal *signal)
{
	double loud = pow(10.0, (test->level_db < 0.0 ? test->level_db : -20.0) / 20.0);
	double other = loud * pow(10.0, -fabs(test->twist_db) / 20.0);
	double tones = (loud * loud + other * other) / 2.0;
	double noise =
		test->snr_db > 0.0
			? sqrt(tones * signal->rate_hz / 8000.0 / pow(10.0, test->snr_db / 10.0))
			: 0.0;
	double dial = test->dial_db < 0.0 ? loud * pow(10.0, test->dial_db / 20.0) : 0.0;

	for (size_t i = 0; i < signal->n; i++) {
		double t = 2.0 * M_PI * (double)i / signal->rate_hz;

		if (noise > 0.0)
			signal->samples[i] += (float)(noise * normal());
		if (dial > 0.0)
			signal->samples[i] += (float)(dial * (sin(350.0 * t) + sin(440.0 * t)));
	}
}

void dtmf_signal_init(struct dtmf_signal *signal, const struct dtmf_case *test, uint32_t n_digits,
		      uint32_t rate_hz)
{
	uint32_t on = (uint32_t)lround((test->on_s > 0.0 ? test->on_s : 0.05) * rate_hz);
	uint32_t off = (uint32_t)lround((test->off_s > 0.0 ? test->off_s : 0.05) * rate_hz);
	uint32_t more = rate_hz / 200u, silence = rate_hz / 5u;

	*signal = (struct dtmf_signal){.rate_hz = rate_hz, .n_sent = n_digits, .n = silence};
	signal->samples = calloc((size_t)n_digits * (on + off + more) + 2u * silence,
				 sizeof(*signal->samples));
	signal->sent = calloc(n_digits, sizeof(*signal->sent));
	if (!signal->samples || !signal->sent)
		abort();
	pl_random_seed(7);
	for (uint32_t i = 0; i < n_digits; i++) {
		struct dtmf_sent *sent = &signal->sent[i];

		sent->digit = names[test->same ? 5u : i % 16u];
		sent->begin = (double)signal->n;
		sent->end = (double)(signal->n + on);
		make_digit(test, signal, sent->digit, on);
		signal->n += on + off + pl_random_below(more);
	}
	signal->n += silence;
	soil(test, signal);
}

void dtmf_signal_done(struct dtmf_signal *signal)
{
	free(signal->samples);
	free(signal->sent);
}

/* --- what was heard of it --------------------------------------------------- */

static void match(struct dtmf_score *score, struct dtmf_signal *signal, char digit,
		  const struct dtmf_heard *heard)
{
	double ms = 1000.0 / signal->rate_hz;

	for (uint32_t i = 0; i < signal->n_sent; i++) {
		struct dtmf_sent *s = &signal->sent[i];

		if (s->digit != digit || fabs(heard->begin - s->begin) * ms > 15.0)
			continue;
		if (heard->ended) {
			score->end_ms = fmax(score->end_ms, (heard->now - s->end) * ms);
			score->end_error_ms =
				fmax(score->end_error_ms, fabs(heard->end - s->end) * ms);
			return;
		}
		if (s->heard)
			break;
		s->heard = true;
		score->n_heard++;
		score->decision_ms = fmax(score->decision_ms, (heard->now - s->begin) * ms);
		score->begin_error_ms =
			fmax(score->begin_error_ms, fabs(heard->begin - s->begin) * ms);
		return;
	}
	score->n_extra += !heard->ended;
}

/** What turns a graph's samples into digits: of a fixed size, but too much for the stack. */
struct dtmf_listener {
	struct pl_decimate_plan plan;
	struct pl_decimator decimator;
	struct pl_dtmf_plan dtmf_plan;
	struct pl_dtmf dtmf;
	uint64_t position; /* of the next sample */
};

struct dtmf_listener *dtmf_listener_new(uint32_t rate_hz)
{
	struct dtmf_listener *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	pl_decimate_plan_init(&l->plan, rate_hz, pl_host_cpu_flags());
	pl_decimator_start(&l->decimator, &l->plan);
	pl_dtmf_plan_init(&l->dtmf_plan, l->plan.rate_out_hz);
	pl_dtmf_start(&l->dtmf, &l->dtmf_plan);
	return l;
}

/** Where in the input an output of the decimator is: behind its last input, less the delay. */
static double position_of(const struct dtmf_listener *l, uint64_t sample)
{
	return ((double)sample + 1.0) * l->plan.factor - 1.0 - l->plan.delay;
}

void dtmf_listener_run(struct dtmf_listener *l, const float *samples, size_t n, size_t piece,
		       void (*on_digit)(void *userdata, char digit, const struct dtmf_heard *heard),
		       void *userdata)
{
	struct pl_tone_hit hits[PL_TONE_HITS_MAX];
	float slow[PL_TONE_BLOCK];

	for (size_t i = 0; i < n; i += piece) {
		uint32_t part = (uint32_t)(n - i < piece ? n - i : piece);
		uint32_t n_slow =
			pl_decimator_run(&l->decimator, &l->plan, samples + i, part, slow);
		uint32_t n_hits = pl_dtmf_run(&l->dtmf, slow, n_slow, hits, PL_TONE_HITS_MAX);

		l->position += part;
		for (uint32_t h = 0; h < n_hits; h++) {
			struct dtmf_heard heard = {
				.ended = hits[h].kind == PL_TONE_KIND_DIGIT_END,
				.begin = position_of(l, hits[h].begin),
				.end = position_of(l, hits[h].end),
				.now = (double)l->position,
			};

			on_digit(userdata, (char)hits[h].id, &heard);
		}
	}
}

struct scored {
	struct dtmf_score score;
	struct dtmf_signal signal;
};

static void on_scored(void *userdata, char digit, const struct dtmf_heard *heard)
{
	struct scored *scored = userdata;

	match(&scored->score, &scored->signal, digit, heard);
}

struct dtmf_score dtmf_score(const struct dtmf_case *test, uint32_t n_digits)
{
	uint32_t rate_hz = test->rate_hz ? test->rate_hz : 8000u;
	struct dtmf_listener *listener = dtmf_listener_new(rate_hz);
	struct scored scored = {.score.n_sent = n_digits};

	dtmf_signal_init(&scored.signal, test, n_digits, rate_hz);
	dtmf_listener_run(listener, scored.signal.samples, scored.signal.n, rate_hz / 1000u,
			  on_scored, &scored);
	dtmf_signal_done(&scored.signal);
	free(listener);
	return scored.score;
}

static void on_counted(void *userdata, char digit, const struct dtmf_heard *heard)
{
	(void)digit;
	*(uint32_t *)userdata += !heard->ended;
}

uint32_t dtmf_count(const float *samples, size_t n, uint32_t rate_hz)
{
	struct dtmf_listener *listener = dtmf_listener_new(rate_hz);
	uint32_t count = 0;

	dtmf_listener_run(listener, samples, n, PL_TONE_BLOCK / 2u, on_counted, &count);
	free(listener);
	return count;
}
