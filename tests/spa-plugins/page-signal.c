/* SPDX-License-Identifier: MIT */
#include "page-signal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "random.h"

#define NOISE_S 40.0

/** One section of a filter, transposed direct form 2. */
struct section {
	double b0, b1, b2, a1, a2, s1, s2;
};

/* R. Bristow-Johnson's cookbook. */
static struct section section_of(double rate_hz, double hz, double q, bool high)
{
	double w = 2.0 * M_PI * hz / rate_hz, alpha = sin(w) / (2.0 * q), a0 = 1.0 + alpha;
	double b1 = high ? -(1.0 + cos(w)) : 1.0 - cos(w);

	return (struct section){.b0 = fabs(b1) / 2.0 / a0,
				.b1 = b1 / a0,
				.b2 = fabs(b1) / 2.0 / a0,
				.a1 = -2.0 * cos(w) / a0,
				.a2 = (1.0 - alpha) / a0};
}

static double section_run(struct section *s, double x)
{
	double y = s->b0 * x + s->s1;

	s->s1 = s->b1 * x - s->a1 * y + s->s2;
	s->s2 = s->b2 * x - s->a2 * y;
	return y;
}

int page_noise_init(struct page_noise *noise, double rate_hz)
{
	/* Butterworth of order 6 at each end */
	static const double q[] = {0.5176, 0.7071, 1.9319};
	struct section sections[6];
	double sum = 0.0;

	noise->rate_hz = rate_hz;
	noise->n = (uint32_t)(NOISE_S * rate_hz);
	noise->samples = calloc(noise->n, sizeof(float));
	if (!noise->samples)
		return -ENOMEM;
	for (uint32_t i = 0; i < 3u; i++) {
		sections[2u * i] = section_of(rate_hz, 300.0, q[i], true);
		sections[2u * i + 1u] = section_of(rate_hz, 3000.0, q[i], false);
	}
	for (uint32_t n = 0; n < noise->n; n++) {
		double x = 0.0;

		for (uint32_t i = 0; i < 4u; i++)
			x += pl_random_uniform(-1.0, 1.0);
		for (uint32_t i = 0; i < 6u; i++)
			x = section_run(&sections[i], x);
		noise->samples[n] = (float)x;
		sum += x * x;
	}
	sum = sqrt(sum / noise->n);
	for (uint32_t n = 0; n < noise->n; n++)
		noise->samples[n] = (float)((double)noise->samples[n] / sum);
	return 0;
}

void page_noise_done(struct page_noise *noise)
{
	free(noise->samples);
	noise->samples = NULL;
}

static uint32_t whole(const struct page_signal *signal, double seconds)
{
	return (uint32_t)lround(seconds * signal->rate_hz);
}

uint32_t page_signal_length(const struct page_signal *signal)
{
	return whole(signal, signal->before_s) + whole(signal, signal->a_length_s) +
	       whole(signal, signal->gap_s) +
	       (signal->b_hz > 0.0 ? whole(signal, signal->b_length_s) : 0) +
	       whole(signal, signal->after_s);
}

static void add_tone(float *samples, uint32_t n, double rate_hz, double hz, double amplitude,
		     double phase)
{
	double step = 2.0 * M_PI * hz / rate_hz;
	double c = cos(step), s = sin(step), x = cos(phase), y = sin(phase), t;

	for (uint32_t i = 0; i < n; i++) {
		samples[i] += (float)(amplitude * y);
		t = x * c - y * s;
		y = x * s + y * c;
		x = t;
	}
}

static void add_tones(const struct page_signal *signal, float *samples)
{
	uint32_t at = whole(signal, signal->before_s), n = whole(signal, signal->a_length_s);
	double phase = signal->seed * 0.7;

	add_tone(samples + at, n, signal->rate_hz, signal->a_hz, signal->level, phase);
	if (!(signal->b_hz > 0.0))
		return;
	at += n + whole(signal, signal->gap_s);
	add_tone(samples + at, whole(signal, signal->b_length_s), signal->rate_hz, signal->b_hz,
		 signal->level * pow(10.0, signal->twist_db / 20.0), 2.0 * phase + 1.0);
}

static void add_hum(const struct page_signal *signal, float *samples, uint32_t n)
{
	double level = signal->level * pow(10.0, signal->hum_db / 20.0);

	for (uint32_t k = 1; k <= 6u; k++)
		add_tone(samples, n, signal->rate_hz, signal->hum_hz * k, level / (k * k), k);
}

static void disturb(const struct page_signal *signal, float *samples, uint32_t n)
{
	uint32_t every = whole(signal, signal->fade_every_s), fade = whole(signal, 0.01);
	double pole = exp(-2.0 * M_PI * 300.0 / signal->rate_hz), y = 0.0;
	double gain = (1.0 - pole) * sqrt(1.0 + (1000.0 / 300.0) * (1000.0 / 300.0));
	float clip = (float)signal->clip;

	for (uint32_t i = 0; i < n; i++) {
		if (clip > 0.0f)
			samples[i] = fminf(clip, fmaxf(-clip, samples[i]));
		if (every > 0 && i % every < fade)
			samples[i] = 0.0f;
		if (signal->de_emphasis) {
			y = pole * y + gain * (double)samples[i];
			samples[i] = (float)y;
		}
	}
}

void page_signal_make(const struct page_signal *signal, const struct page_noise *noise,
		      float *ret_samples)
{
	uint32_t n = page_signal_length(signal), at = signal->seed * 7919u % noise->n;
	float level = (float)(signal->level * M_SQRT1_2 * pow(10.0, -signal->snr_db / 20.0));

	if (signal->snr_db >= 200.0)
		level = 0.0f;
	for (uint32_t i = 0; i < n; i++) {
		ret_samples[i] = level * noise->samples[at];
		if (++at == noise->n)
			at = 0;
	}
	add_tones(signal, ret_samples);
	disturb(signal, ret_samples, n);
	if (signal->hum_hz > 0.0)
		add_hum(signal, ret_samples, n);
}
