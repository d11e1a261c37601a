/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_MIXER_PRIV_H
#define PARTYLINE_DSP_MIXER_PRIV_H

#include <stdatomic.h>

#include "gains.h"
#include "meter.h"
#include "mixer.h"

/** Sources of one destination that stand; rebuilt only when one of them changes. */
struct pl_mixer_row {
	uint64_t sources; /**< bit source, of the terms before the own voice */
	bool own;         /**< the last term is the own voice */
	uint32_t n_terms;
	struct pl_term terms[PL_GAINS_MAX + 1u]; /**< one more for the own voice */
};

/** Neighbouring destinations that have most of their sources in common. */
struct pl_mixer_group {
	uint32_t n_src; /**< 0: mixed one by one */
	float gains[(PL_GAINS_MAX + PL_ROWS_MAX) * PL_ROWS_MAX];
	uint32_t src[PL_GAINS_MAX + PL_ROWS_MAX];
};

/** Where the signals of a chunk lie in the scratch memory. */
enum pl_mixer_plane {
	PL_PLANE_TALK,
	PL_PLANE_CHANNEL_IN,
	PL_PLANE_BUS,
	PL_PLANE_FEED, /**< outside input + party line: what listeners of a channel get */
	PL_PLANE_MAX_,
};

enum pl_mixer_point {
	PL_POINT_TALK,
	PL_POINT_LISTEN,
	PL_POINT_CHANNEL_IN,
	PL_POINT_CHANNEL_OUT,
	PL_POINT_MAX_,
};

struct pl_mixer {
	uint32_t n_tablets;
	uint32_t n_channels;
	uint32_t n_chunk; /**< most frames at a time: all sources of a mix stay in level-1 cache */
	const struct pl_kernels *kernels;
	struct pl_matrix_targets *targets;
	bool targets_changed;
	_Atomic uint64_t keys[PL_TABLETS_MAX]; /**< written by the data thread, read by any */
	uint64_t n_bad_samples;
	uint32_t quantum;
	uint32_t rate_hz;

	struct pl_gains_clock clock;
	struct pl_gains up;    /**< [channel][tablet] */
	struct pl_gains down;  /**< [tablet][channel] */
	struct pl_gains keep;  /**< row 0, column tablet */
	struct pl_gains party; /**< one value */

	/* Voice-operated tablets */
	uint64_t vox_tablets;               /**< bit tablet: in this mode */
	uint64_t vox_open;                  /**< bit tablet */
	uint64_t vox_until[PL_TABLETS_MAX]; /**< clock.now at which an open one closes */
	uint64_t vox_hang_frames;

	/* What the cached rows were built for */
	uint64_t stale_up;   /**< bit channel: row must be built again */
	uint64_t stale_down; /**< bit tablet */
	uint64_t talk_live;  /**< bit tablet: has a talk input */
	uint64_t channel_live;
	uint64_t feed_live;                 /**< bit channel: feed is not silent */
	uint32_t feed_src[PL_CHANNELS_MAX]; /**< offset of the feed in scratch */
	struct pl_mixer_row up_rows[PL_CHANNELS_MAX];
	struct pl_mixer_row down_rows[PL_TABLETS_MAX];
	struct pl_mixer_group up_groups[PL_CHANNELS_MAX]; /**< n_rows destinations each */
	struct pl_mixer_group down_groups[PL_TABLETS_MAX];

	struct pl_meter_frame frame;
	uint32_t frame_left; /**< samples to the end of the meter frame */
	uint64_t n_meter_frames;
	struct pl_meter meters[PL_POINT_MAX_][PL_GAINS_MAX];

	float *scratch; /**< PL_PLANE_MAX_ x 64 vectors, then PL_MIXER_WORK for work */
};

/** Work vectors: one for the own voice, then one for each row of a group. */
#define PL_MIXER_WORK (1u + PL_ROWS_MAX)

static inline uint32_t pl_mixer_src(enum pl_mixer_plane plane, uint32_t index)
{
	return (plane * PL_GAINS_MAX + index) * PL_CHUNK_STRIDE;
}

static inline float *pl_mixer_work(struct pl_mixer *m, uint32_t index)
{
	return m->scratch + pl_mixer_src(PL_PLANE_MAX_, index);
}

static inline uint64_t pl_mask(uint32_t n_bits)
{
	return n_bits >= 64u ? UINT64_MAX : (UINT64_C(1) << n_bits) - 1u;
}

/* mixer-gates.c: from targets, keys and voices to coefficients */

/** Compare all coefficients with the targets and start what must move. */
void pl_mixer_apply_targets(struct pl_mixer *m);
/** The same for all paths of one tablet's talk gate. */
void pl_mixer_apply_gate(struct pl_mixer *m, uint32_t tablet);
void pl_mixer_apply_key(struct pl_mixer *m, const struct pl_mixer_event *event);
/** End the ramps that have arrived by clock.now. */
void pl_mixer_arrive(struct pl_mixer *m);
/** What moves starts again from where it is. */
void pl_mixer_restart(struct pl_mixer *m);
/** A new ramp length: what moves starts again from where it is. */
void pl_mixer_set_shape(struct pl_mixer *m, const float *shape, uint32_t n_shape);
/**
 * Look at n_frames of fresh talk inputs: voices that start or end at once do so.
 * @return frames until the next voice starts or ends, at most n_frames, at least 1
 */
uint32_t pl_mixer_vox_scan(struct pl_mixer *m, const struct pl_level *talk, uint32_t n_frames);
/** Note how long open voices stay open, after the chunk's length is settled. */
void pl_mixer_vox_hold(struct pl_mixer *m, const struct pl_level *talk, uint32_t n_frames);

/* mixer-rows.c: one chunk in which no coefficient starts or ends a ramp */

/** Build the stale rows again. */
void pl_mixer_build_rows(struct pl_mixer *m);
void pl_mixer_mix_channels(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			   uint32_t n_frames);
void pl_mixer_mix_tablets(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			  uint32_t n_frames);

#endif
