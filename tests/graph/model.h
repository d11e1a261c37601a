/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_MODEL_H
#define PARTYLINE_TEST_GRAPH_MODEL_H

#include <stdint.h>

#include <partyline/keys.h>

/**
 * What the matrix has to compute, written down once more from the design (section 4 and
 * keys.h) in double precision, sample by sample, knowing nothing of the plugin's code:
 *
 *   norm  = sum of unmuted gains <= 0 ? 1 : min(1, h / sum),  h = 10^(-headroom/20)
 *   bus   = sum over tablets  of  talk * (uplink * norm * gate)
 *   mix   = sum over channels of  (downlink * norm) * (outside + party_line * bus without own)
 *   out   = 0.9 tanh(in / 0.9)
 *
 * A coefficient that changes at sample n0 moves from its present value v to its target w as
 * v + (w - v) (1 - cos(pi (n - n0 + 1) / L)) / 2 for L samples. Gates are part of the uplink
 * coefficient. Ids count from 0 here.
 */
struct pl_model_settings {
	uint32_t n_tablets;
	uint32_t n_channels;
	double headroom_db;
	double uplink[PL_CHANNELS_MAX][PL_TABLETS_MAX];
	double downlink[PL_TABLETS_MAX][PL_CHANNELS_MAX];
	uint32_t modes[PL_TABLETS_MAX]; /**< enum pl_talk_mode */
	uint64_t tablet_mute;
	uint64_t talk_mute;
	uint64_t listen_mute;
	uint64_t channel_mute;
	double sidetone[PL_TABLETS_MAX];
	int party_line;
	double ramp_ms;
	double vox_threshold_db;
	double vox_hang_ms;
};

/** The defaults of keys.h. */
void pl_model_settings_init(struct pl_model_settings *settings, uint32_t n_tablets,
			    uint32_t n_channels);

struct pl_model;

/** At rest with these settings, keys up. @return owned by the caller; NULL without memory */
struct pl_model *pl_model_new(const struct pl_model_settings *settings, uint32_t rate_hz);
void pl_model_free(struct pl_model *model);

/** New settings, and keys where the mask has a bit, from the next sample on. */
void pl_model_set(struct pl_model *model, const struct pl_model_settings *settings,
		  const uint64_t *key_mask, const uint64_t *keys);

/** Every ramp starts again from where it is, as it does when the ramp time changes. */
void pl_model_restart(struct pl_model *model);

/** A key moves at the next sample. */
void pl_model_key(struct pl_model *model, uint32_t tablet, uint32_t channel, int held);

/** One sample: n_tablets talk and n_channels outside inputs, and likewise outputs. */
void pl_model_step(struct pl_model *model, const float *talk, const float *channel_in,
		   double *listen, double *channel_out);

#endif
