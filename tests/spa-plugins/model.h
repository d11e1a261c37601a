/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_MODEL_H
#define PARTYLINE_TEST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <partyline/keys.h>

/**
 * The matrix once more, straight from the equations, in double precision and one sample at a
 * time: what the node is compared with. It shares no code with the node.
 */

struct model_gain {
	double from, to;
	uint64_t start;
	bool moving;
};

struct model {
	uint32_t n_tablets, n_channels, rate_hz;

	/* Parameters; after a change call model_changed(). */
	double headroom_db;
	float uplink[PL_CHANNELS_MAX][PL_TABLETS_MAX];
	float downlink[PL_TABLETS_MAX][PL_CHANNELS_MAX];
	int32_t modes[PL_TABLETS_MAX];
	uint64_t keys[PL_TABLETS_MAX];
	uint64_t tablet_mute, talk_mute, listen_mute, channel_mute;
	float sidetone[PL_TABLETS_MAX];
	bool party_line;
	double ramp_ms, vox_threshold_db, vox_hang_ms;

	/* State */
	uint64_t now;
	uint32_t n_ramp;
	bool vox_open[PL_TABLETS_MAX];
	uint64_t vox_until[PL_TABLETS_MAX];
	struct model_gain a[PL_CHANNELS_MAX][PL_TABLETS_MAX];
	struct model_gain b[PL_TABLETS_MAX][PL_CHANNELS_MAX];
	struct model_gain keep[PL_TABLETS_MAX];
	struct model_gain party;
};

void model_init(struct model *model, uint32_t n_tablets, uint32_t n_channels, uint32_t rate_hz);

/** Parameters or keys are others from this sample on. */
void model_changed(struct model *model);

/** One sample: talk and outside inputs in, listen and channel outputs out. */
void model_step(struct model *model, const float *talk, const float *channel_in, double *listen,
		double *channel_out);

#endif
