/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_MIXER_H
#define PARTYLINE_DSP_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include <partyline/keys.h>
#include <partyline/meters.h>

#include "kernels.h"
#include "targets.h"

/**
 * The party-line matrix without its node: gates, ramps, mix, mix-minus, limiter, meters.
 *
 *   bus_c = sum_t A[c][t] x_t                          channel out = limit(bus_c)
 *   acc_t = sum_c B[t][c] (y_c + P bus_c) - P k_t x_t   tablet out  = limit(acc_t)
 *   k_t   = (1 - sidetone_t) sum_c B[t][c] A[c][t]
 *
 * x: talk inputs, y: outside inputs, A and B: gains after norm, mutes and talk gates,
 * P: party line. Each coefficient has its own ramp; while one moves, k_t follows sample by
 * sample, so that a tablet never hears itself. No latency.
 *
 * The same input and the same events on the same samples give the same output bits however
 * the signal is cut into blocks.
 */
struct pl_mixer;

/** A talk key that moves within a block. Ids count from 0 here. */
struct pl_mixer_event {
	uint32_t offset; /**< frames from the block's start; events are in order of it */
	uint8_t tablet;
	uint8_t channel;
	bool held;
};

/** One block. NULL inputs are silence, NULL outputs are not wanted. */
struct pl_mixer_block {
	uint32_t n_frames;
	uint32_t rate_hz;
	const float *talk[PL_TABLETS_MAX]; /**< not trusted: any float, read once */
	const float *channel_in[PL_CHANNELS_MAX];
	float *listen[PL_TABLETS_MAX];
	float *channel_out[PL_CHANNELS_MAX];
	const struct pl_mixer_event *events;
	uint32_t n_events;
	bool meter_all; /**< meter listen mixes that nobody takes as well */

	/* Set by pl_mixer_process(): bits of outputs that hold only zeros. */
	uint64_t listen_silent;
	uint64_t channel_out_silent;
};

/**
 * @param kernels borrowed, outlives the mixer
 * @param targets borrowed until the next pl_mixer_set_targets()
 * @param ret_mixer owned by the caller; free with pl_mixer_free()
 * @return 0, -EINVAL for a size outside 1..64, -ENOMEM. Thread: control.
 */
int pl_mixer_new(uint32_t n_tablets, uint32_t n_channels, const struct pl_kernels *kernels,
		 struct pl_matrix_targets *targets, struct pl_mixer **ret_mixer);
void pl_mixer_free(struct pl_mixer *mixer);

/**
 * Swap the targets; the next block starts the ramps. Before the first block ever there is
 * nothing to ramp from and they hold at once. The old ones are not used any more.
 *
 * Thread: data. RT-safe.
 */
void pl_mixer_set_targets(struct pl_mixer *mixer, struct pl_matrix_targets *targets);

/** Set the keys of one tablet where mask has a bit, at the next block. Thread: data. RT-safe. */
void pl_mixer_set_keys(struct pl_mixer *mixer, uint32_t tablet, uint64_t mask, uint64_t keys);

/** bit (channel): key held. Thread: any. */
uint64_t pl_mixer_keys(const struct pl_mixer *mixer, uint32_t tablet);

/** Hz of the last block, 0 before the first. Thread: data. */
uint32_t pl_mixer_rate(const struct pl_mixer *mixer);

/** Thread: data. RT-safe. */
void pl_mixer_process(struct pl_mixer *mixer, struct pl_mixer_block *block);

/**
 * Fill the meter fields that the mixer knows: points, keys, talking, n_frames, serial,
 * n_bad_samples, rate_hz, quantum. Thread: data. RT-safe.
 */
void pl_mixer_read_meters(const struct pl_mixer *mixer, struct pl_meters_data *data);

#endif
