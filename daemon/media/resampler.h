/* SPDX-License-Identifier: MIT */
#ifndef PL_RESAMPLER_H
#define PL_RESAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Asynchronous resampler: any ratio, that may change with every block and is met without a step:
 * polyphase windowed sinc of 32 taps (more when it goes down), PL_RESAMPLER_PHASES phases, linear
 * between them. Pass band to 20 kHz (or 0.83 of half the lower rate), images at least 80 dB down;
 * delay PL_RESAMPLER_DELAY input frames when both rates are about equal.
 *
 * Thread: one. Nothing is allocated after _new.
 */

#define PL_RESAMPLER_PHASES 256u
#define PL_RESAMPLER_DELAY 16u
#define PL_RESAMPLER_CHANNELS_MAX 2u
/** Ratio against the nominal one: a per cent and a bit more on either side. */
#define PL_RESAMPLER_ADJUST_MAX 0.03

struct pl_resampler;

/**
 * @param from_hz, to_hz  8000..192000
 * @param n_channels      1 or 2
 * @param frames_max      that one call of _push gives
 * @return 0; -EINVAL; -ENOMEM
 */
int pl_resampler_new(uint32_t from_hz, uint32_t to_hz, uint8_t n_channels, uint32_t frames_max,
		     struct pl_resampler **ret_resampler);
/** @return NULL */
struct pl_resampler *pl_resampler_free(struct pl_resampler *resampler);
/** Silence everywhere. */
void pl_resampler_reset(struct pl_resampler *resampler);
/** By how many input frames the output is late. */
double pl_resampler_delay(const struct pl_resampler *resampler);
/**
 * @param adjust  speed against nominal, 1.0 ± PL_RESAMPLER_ADJUST_MAX; more than 1 takes more
 *                input. Reached linearly over the frames of the next _pull
 */
void pl_resampler_set_adjust(struct pl_resampler *resampler, double adjust);
/** Input frames that are needed now for n_frames of output. */
uint32_t pl_resampler_needed(const struct pl_resampler *resampler, uint32_t n_frames);
/** Input not yet consumed, frames, with its fraction. */
double pl_resampler_held(const struct pl_resampler *resampler);
/** Room for input. */
uint32_t pl_resampler_room(const struct pl_resampler *resampler);
/** @param samples interleaved. @return frames taken: all, or what there was room for */
uint32_t pl_resampler_push(struct pl_resampler *resampler, const float *samples, uint32_t n_frames);
/**
 * @param dst  one plane for each channel, at least n_frames
 * @return frames made: all, or what the input was enough for
 */
uint32_t pl_resampler_pull(struct pl_resampler *resampler, float *const dst[], uint32_t n_frames);

#endif
