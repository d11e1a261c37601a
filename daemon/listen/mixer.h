/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_MIXER_H
#define PL_LISTEN_MIXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mix.h"

/**
 * What one listener hears: blocks of sources in, stereo out. Every change of a gain, a new source and
 * one that goes included, takes LISTEN_RAMP_SECONDS along a smooth curve, also in the middle of
 * another change, so that none is heard as a click. Up to LISTEN_KNEE the sum passes as it is, above it is
 * bent to stay below full scale.
 *
 * A source is known by its place, see listen_place(). Pure; thread: one. Nothing is allocated.
 */

#define LISTEN_RAMP_SECONDS 0.005
#define LISTEN_KNEE 0.9f
/** Of all listeners together. */
#define LISTEN_DEVICES 32u
/** Places: four kinds of 64 ids each, and devices. */
#define LISTEN_PLACES (256u + LISTEN_DEVICES)

/** @param id  1..64; of a device: 1..LISTEN_DEVICES, which its owner knows by name */
static inline uint32_t listen_place(enum pl_mix_kind kind, uint32_t id)
{
	return (uint32_t)kind * 64u + id - 1u;
}

struct listen_gain {
	float left, right; /* linear */
};

struct listen_voice {
	uint16_t place;
	uint32_t n_left; /* frames of its ramp that are still to come; 0: at `to` */
	struct listen_gain now, from, to;
};

struct listen_mixer {
	uint32_t n_ramp; /* frames of a ramp */
	uint32_t n_voices;
	struct listen_voice voices[LISTEN_PLACES];
};

/** Silence. @param rate_hz  of the graph, 8000..192000 */
void listen_mixer_init(struct listen_mixer *mixer, uint32_t rate_hz);
/** The graph's rate has changed: ramps that are under way keep their frames. */
void listen_mixer_set_rate(struct listen_mixer *mixer, uint32_t rate_hz);
/** From the next frame on it goes to this mix. @param mix  ids as of listen_place() */
void listen_mixer_set(struct listen_mixer *mixer, const struct pl_mix *mix);
/** Whether a place is heard, or still fading out. */
bool listen_mixer_uses(const struct listen_mixer *mixer, uint32_t place);
/**
 * The next frames.
 *
 * @param src   by place: n_frames samples of it, or NULL: silence
 * @param left, right  n_frames samples each; within -1..1, finite
 */
void listen_mixer_run(struct listen_mixer *mixer, const float *const src[LISTEN_PLACES],
		      float *left, float *right, uint32_t n_frames);

#endif
