/* SPDX-License-Identifier: MIT */
#include "mixer.h"

#include <math.h>
#include <string.h>

#define QUARTER_TURN 1.57079632679489661923

void listen_mixer_set_rate(struct listen_mixer *mixer, uint32_t rate_hz)
{
	mixer->n_ramp = (uint32_t)lround(rate_hz * LISTEN_RAMP_SECONDS);
}

void listen_mixer_init(struct listen_mixer *mixer, uint32_t rate_hz)
{
	mixer->n_voices = 0;
	listen_mixer_set_rate(mixer, rate_hz);
}

/* --- changes ---------------------------------------------------------------------------------- */

static struct listen_gain gain_of(const struct pl_mix_source *source)
{
	struct listen_gain gain = {0};
	float linear;

	if (source->gain_db <= PL_MIX_GAIN_MIN_DB)
		return gain;
	linear = (float)pow(10.0, source->gain_db / 20.0);
	/* The near side stays as it is, the far one goes down along a quarter of a cosine. */
	gain.left = linear * (source->pan > 0.0 ? (float)cos(source->pan * QUARTER_TURN) : 1.0f);
	gain.right = linear * (source->pan < 0.0 ? (float)cos(-source->pan * QUARTER_TURN) : 1.0f);
	return gain;
}

static struct listen_voice *voice_at(struct listen_mixer *mixer, uint32_t place)
{
	for (uint32_t i = 0; i < mixer->n_voices; i++)
		if (mixer->voices[i].place == place)
			return &mixer->voices[i];
	return NULL;
}

static void go_to(const struct listen_mixer *mixer, struct listen_voice *voice,
		  struct listen_gain to)
{
	if (to.left == voice->to.left && to.right == voice->to.right)
		return;
	voice->from = voice->now;
	voice->to = to;
	voice->n_left = mixer->n_ramp;
}

void listen_mixer_set(struct listen_mixer *mixer, const struct pl_mix *mix)
{
	bool wanted[LISTEN_PLACES] = {false};

	for (size_t i = 0; i < mix->n_sources; i++) {
		uint32_t place = listen_place(mix->sources[i].kind, mix->sources[i].id);
		struct listen_voice *voice = voice_at(mixer, place);

		wanted[place] = true;
		if (!voice) {
			voice = &mixer->voices[mixer->n_voices++];
			*voice = (struct listen_voice){.place = (uint16_t)place};
		}
		go_to(mixer, voice, gain_of(&mix->sources[i]));
	}
	for (uint32_t i = 0; i < mixer->n_voices; i++)
		if (!wanted[mixer->voices[i].place])
			go_to(mixer, &mixer->voices[i], (struct listen_gain){0});
}

bool listen_mixer_uses(const struct listen_mixer *mixer, uint32_t place)
{
	for (uint32_t i = 0; i < mixer->n_voices; i++)
		if (mixer->voices[i].place == place)
			return true;
	return false;
}

/** What has faded out is forgotten; a source at silence that is wanted may be too. */
static void forget_silent(struct listen_mixer *mixer)
{
	for (uint32_t i = 0; i < mixer->n_voices;) {
		const struct listen_voice *voice = &mixer->voices[i];

		if (voice->n_left == 0 && voice->to.left == 0.0f && voice->to.right == 0.0f)
			mixer->voices[i] = mixer->voices[--mixer->n_voices];
		else
			i++;
	}
}

/* --- sound ------------------------------------------------------------------------------------ */

/** 0..1 to 0..1 without a corner at either end. */
static float ease(float x)
{
	return x * x * (3.0f - 2.0f * x);
}

/** The frames of a ramp. @return their number */
static uint32_t add_ramp(struct listen_voice *voice, uint32_t n_ramp, const float *src, float *left,
			 float *right, uint32_t n_frames)
{
	uint32_t n = voice->n_left < n_frames ? voice->n_left : n_frames;

	for (uint32_t i = 0; i < n; i++) {
		float x = ease(1.0f - (float)(voice->n_left - 1u - i) / (float)n_ramp);

		voice->now.left = voice->from.left + x * (voice->to.left - voice->from.left);
		voice->now.right = voice->from.right + x * (voice->to.right - voice->from.right);
		if (src) {
			left[i] += src[i] * voice->now.left;
			right[i] += src[i] * voice->now.right;
		}
	}
	voice->n_left -= n;
	if (voice->n_left == 0)
		voice->now = voice->to;
	return n;
}

static void add_voice(struct listen_voice *voice, uint32_t n_ramp, const float *src, float *left,
		      float *right, uint32_t n_frames)
{
	uint32_t i = 0;

	if (voice->n_left > 0)
		i = add_ramp(voice, n_ramp, src, left, right, n_frames);
	if (!src)
		return;
	for (; i < n_frames; i++) {
		left[i] += src[i] * voice->now.left;
		right[i] += src[i] * voice->now.right;
	}
}

static float bend(float x)
{
	float size = fabsf(x);

	if (size <= LISTEN_KNEE)
		return x;
	if (!isfinite(x))
		return 0.0f;
	size = LISTEN_KNEE +
	       (1.0f - LISTEN_KNEE) * tanhf((size - LISTEN_KNEE) / (1.0f - LISTEN_KNEE));
	return copysignf(size, x);
}

void listen_mixer_run(struct listen_mixer *mixer, const float *const src[LISTEN_PLACES],
		      float *left, float *right, uint32_t n_frames)
{
	memset(left, 0, n_frames * sizeof(*left));
	memset(right, 0, n_frames * sizeof(*right));
	for (uint32_t i = 0; i < mixer->n_voices; i++)
		add_voice(&mixer->voices[i], mixer->n_ramp, src[mixer->voices[i].place], left,
			  right, n_frames);
	for (uint32_t i = 0; i < n_frames; i++) {
		left[i] = bend(left[i]);
		right[i] = bend(right[i]);
	}
	forget_silent(mixer);
}
