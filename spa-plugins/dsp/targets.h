/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_TARGETS_H
#define PARTYLINE_DSP_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include <partyline/keys.h>

/** All of the matrix's parameters but the keys, as the keys in keys.h describe them. */
struct pl_matrix_settings {
	uint32_t n_tablets;
	uint32_t n_channels;
	double headroom_db;
	double uplink[PL_CHANNELS_MAX][PL_TABLETS_MAX];
	double downlink[PL_TABLETS_MAX][PL_CHANNELS_MAX];
	enum pl_talk_mode modes[PL_TABLETS_MAX];
	uint64_t tablet_mute;
	uint64_t talk_mute;
	uint64_t listen_mute;
	uint64_t channel_mute;
	double sidetone[PL_TABLETS_MAX];
	bool party_line;
	double ramp_ms;
	double vox_threshold_db;
	double vox_hang_ms;
	uint64_t serial;
};

/** Defaults of keys.h for a matrix of this size. */
void pl_matrix_settings_init(struct pl_matrix_settings *settings, uint32_t n_tablets,
			     uint32_t n_channels);

/**
 * What settings mean for the coefficients, ready for the data thread: gains times the
 * headroom norm (seed facts 2.1: norm = sum <= 0 ? 1 : min(1, h / sum), sum over sources
 * that are not muted), 0 where a mute forbids the path. Made on the control thread,
 * handed over whole; only `shape` is refilled by the data thread when the rate changes.
 */
struct pl_matrix_targets {
	float up[PL_CHANNELS_MAX][PL_TABLETS_MAX]; /**< before the talk gate */
	float down[PL_TABLETS_MAX][PL_CHANNELS_MAX];
	float keep[PL_TABLETS_MAX]; /**< 1 - sidetone */
	float party_line;           /**< 0 or 1 */
	enum pl_talk_mode modes[PL_TABLETS_MAX];
	float vox_threshold; /**< linear */
	double vox_hang_ms;
	double ramp_ms;
	uint64_t serial;

	uint32_t shape_rate_hz; /**< rate that shape was filled for */
	uint32_t n_shape;       /**< samples of one ramp, at least 1 */
	float *shape;           /**< n_shape values, then ones for reading past the end */
};

/** highest rate that targets have room for; above it ramps get shorter */
#define PL_RATE_MAX_HZ 192000u

/** @param ret_targets owned by the caller; free with pl_matrix_targets_free(). Thread: control. */
int pl_matrix_targets_new(const struct pl_matrix_settings *settings, uint32_t rate_hz,
			  struct pl_matrix_targets **ret_targets);
void pl_matrix_targets_free(struct pl_matrix_targets *targets);

/**
 * Fill shape for a rate: shape[i] = 0.5 - 0.5 cos(pi (i + 1) / L), so that the sample on which
 * a change acts is the first that differs and the L-th has arrived.
 *
 * Thread: data, or control before the hand-over. RT-safe; L steps of a rotation.
 */
void pl_matrix_targets_set_rate(struct pl_matrix_targets *targets, uint32_t rate_hz);

#endif
