/* SPDX-License-Identifier: MIT */
#include "mixer.h"
#include "pltest.h"

#define RATE 48000u
#define RAMP 240u /* 5 ms */
#define BLOCK 64u

/** Sources as they are at a time, through the mixer in blocks of an odd size. */
static void run(struct listen_mixer *mixer, const float *const src[LISTEN_PLACES], float *left,
		float *right, uint32_t n)
{
	const float *at[LISTEN_PLACES];

	for (uint32_t i = 0; i < n; i += BLOCK - 1u) {
		uint32_t k = n - i < BLOCK - 1u ? n - i : BLOCK - 1u;

		for (uint32_t p = 0; p < LISTEN_PLACES; p++)
			at[p] = src[p] ? src[p] + i : NULL;
		listen_mixer_run(mixer, at, left + i, right + i, k);
	}
}

static struct pl_mix one(enum pl_mix_kind kind, uint32_t id, double gain_db, double pan)
{
	return (struct pl_mix){
		.n_sources = 1,
		.sources = {{.kind = kind, .id = id, .gain_db = gain_db, .pan = pan}},
	};
}

static void fill(float *x, uint32_t n, float value)
{
	for (uint32_t i = 0; i < n; i++)
		x[i] = value;
}

static float highest_step(const float *x, uint32_t n)
{
	float step = 0.0f;

	for (uint32_t i = 1; i < n; i++)
		step = fmaxf(step, fabsf(x[i] - x[i - 1]));
	return step;
}

/** Of the smooth curve of 240 frames, at its middle: 1.5 / 240. */
#define STEP_MAX (1.6f / (float)RAMP)

PL_TEST(gains_and_pan)
{
	float in[1000], left[1000], right[1000];
	const float *src[LISTEN_PLACES] = {0};
	struct listen_mixer mixer;
	struct pl_mix mix;

	fill(in, 1000, 0.5f);
	src[listen_place(PL_MIX_CHANNEL_OUT, 3)] = in;
	listen_mixer_init(&mixer, RATE);
	mix = one(PL_MIX_CHANNEL_OUT, 3, 0, 0);
	listen_mixer_set(&mixer, &mix);
	run(&mixer, src, left, right, 1000);
	/* bit by bit once the ramp is over */
	PL_CHECK(left[0] < 0.01f && left[RAMP] == 0.5f && right[999] == 0.5f);
	mix = one(PL_MIX_CHANNEL_OUT, 3, -6.0206, -1);
	listen_mixer_set(&mixer, &mix);
	run(&mixer, src, left, right, 1000);
	PL_CHECK(fabsf(left[999] - 0.25f) < 1e-5f && fabsf(right[999]) < 1e-6f);
	mix = one(PL_MIX_CHANNEL_OUT, 3, 0, 0.5);
	listen_mixer_set(&mixer, &mix);
	run(&mixer, src, left, right, 1000);
	PL_CHECK(fabsf(left[999] - 0.5f * sqrtf(0.5f)) < 1e-5f && right[999] == 0.5f);
}

PL_TEST(sources_are_added)
{
	float a[500], b[500], left[500], right[500];
	const float *src[LISTEN_PLACES] = {0};
	struct listen_mixer mixer;
	struct pl_mix mix = {
		.n_sources = 3,
		.sources = {{.kind = PL_MIX_TABLET_TALK, .id = 1},
			    {.kind = PL_MIX_TABLET_TALK, .id = 64, .gain_db = -20},
			    {.kind = PL_MIX_CHANNEL_IN, .id = 64}},
	};

	fill(a, 500, 0.25f);
	fill(b, 500, -0.5f);
	src[listen_place(PL_MIX_TABLET_TALK, 1)] = a;
	src[listen_place(PL_MIX_TABLET_TALK, 64)] = b;
	/* the third has nothing: it is silence, and so is what nobody asked for */
	src[listen_place(PL_MIX_TABLET_LISTEN, 1)] = b;
	listen_mixer_init(&mixer, RATE);
	listen_mixer_set(&mixer, &mix);
	run(&mixer, src, left, right, 500);
	PL_CHECK(fabsf(left[499] - (0.25f - 0.05f)) < 1e-6f);
	PL_CHECK(left[499] == right[499]);
}

/** Whatever is changed, and in the middle of another change, no sample is far from the one before. */
PL_TEST(no_change_clicks)
{
	static float in[20000], left[20000], right[20000];
	const float *src[LISTEN_PLACES] = {0};
	struct listen_mixer mixer;
	uint32_t at = 0;

	fill(in, 20000, 0.8f);
	for (uint32_t p = 0; p < 4; p++)
		src[listen_place((enum pl_mix_kind)p, 1)] = in;
	listen_mixer_init(&mixer, RATE);
	for (uint32_t i = 0; at + 200 <= 20000; i++) {
		struct pl_mix mix = {.n_sources = i % 5 == 4 ? 0 : 1};
		uint32_t n = 40 + i * 37u % 160u;

		mix.sources[0] = (struct pl_mix_source){
			.kind = (enum pl_mix_kind)(i % 4),
			.id = 1,
			.gain_db = i % 7 == 0 ? PL_MIX_GAIN_MIN_DB : -(double)(i % 3) * 6.0,
			.pan = (double)(i % 5) / 2.0 - 1.0,
		};
		listen_mixer_set(&mixer, &mix);
		run(&mixer, src, left + at, right + at, n);
		at += n;
	}
	/* at most two sources that go and two that come at the same time */
	PL_CHECK(highest_step(left, at) < 4.0f * 0.8f * STEP_MAX);
	PL_CHECK(highest_step(right, at) < 4.0f * 0.8f * STEP_MAX);
	PL_CHECK(highest_step(left, at) > 0.001f);
}

PL_TEST(what_has_faded_out_is_not_needed)
{
	float in[RAMP + 1], left[RAMP + 1], right[RAMP + 1];
	const float *src[LISTEN_PLACES] = {0};
	uint32_t place = listen_place(PL_MIX_TABLET_LISTEN, 2);
	struct pl_mix mix = one(PL_MIX_TABLET_LISTEN, 2, 0, 0), none = {0};
	struct listen_mixer mixer;

	fill(in, RAMP + 1, 0.5f);
	src[place] = in;
	listen_mixer_init(&mixer, RATE);
	listen_mixer_set(&mixer, &mix);
	PL_CHECK(listen_mixer_uses(&mixer, place));
	run(&mixer, src, left, right, RAMP);
	listen_mixer_set(&mixer, &none);
	run(&mixer, src, left, right, RAMP - 1);
	PL_CHECK(listen_mixer_uses(&mixer, place));
	run(&mixer, src, left, right, 1);
	PL_CHECK(!listen_mixer_uses(&mixer, place));
	run(&mixer, src, left, right, RAMP);
	PL_CHECK(left[0] == 0.0f && right[RAMP - 1] == 0.0f);
	/* every place at once, and again after they were forgotten */
	mix.n_sources = 0;
	for (uint32_t p = 0; p < PL_MIX_SOURCES_MAX; p++)
		mix.sources[mix.n_sources++] =
			(struct pl_mix_source){.kind = p / 64u, .id = p % 64u + 1u};
	listen_mixer_set(&mixer, &mix);
	PL_CHECK_INT(mixer.n_voices, PL_MIX_SOURCES_MAX);
	listen_mixer_set(&mixer, &mix);
	PL_CHECK_INT(mixer.n_voices, PL_MIX_SOURCES_MAX);
}

PL_TEST(loud_and_broken_input)
{
	float in[600], left[600], right[600];
	const float *src[LISTEN_PLACES] = {0};
	struct pl_mix mix = one(PL_MIX_CHANNEL_OUT, 1, 20, 0);
	struct listen_mixer mixer;

	for (uint32_t i = 0; i < 600; i++)
		in[i] = i % 100 == 50 ? NAN : i % 100 == 60 ? INFINITY : sinf((float)i * 0.1f);
	src[listen_place(PL_MIX_CHANNEL_OUT, 1)] = in;
	listen_mixer_init(&mixer, RATE);
	listen_mixer_set(&mixer, &mix);
	run(&mixer, src, left, right, 600);
	for (uint32_t i = 0; i < 600; i++)
		PL_CHECK(isfinite(left[i]) && fabsf(left[i]) <= 1.0f);
	/* below the knee it is what it was, above it the order is kept */
	fill(in, 600, 0.09f);
	run(&mixer, src, left, right, 600);
	PL_CHECK(fabsf(left[599] - 0.9f) < 1e-5f);
	fill(in, 600, 0.1f);
	run(&mixer, src, left, right, 600);
	PL_CHECK(left[599] > 0.91f && left[599] < 1.0f);
}

PL_TEST_MAIN()
