/* SPDX-License-Identifier: MIT */
#include "targets.h"
#include "kernels.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

void pl_matrix_settings_init(struct pl_matrix_settings *settings, uint32_t n_tablets,
			     uint32_t n_channels)
{
	*settings = (struct pl_matrix_settings){
		.n_tablets = n_tablets,
		.n_channels = n_channels,
		.headroom_db = PL_HEADROOM_DB_DEFAULT,
		.party_line = true,
		.ramp_ms = PL_RAMP_MS_DEFAULT,
		.vox_threshold_db = PL_VOX_THRESHOLD_DB_DEFAULT,
		.vox_hang_ms = PL_VOX_HANG_MS_DEFAULT,
	};
	for (uint32_t t = 0; t < n_tablets; t++) {
		for (uint32_t c = 0; c < n_channels; c++) {
			settings->uplink[c][t] = PL_GAIN_DEFAULT;
			settings->downlink[t][c] = PL_GAIN_DEFAULT;
		}
	}
}

static bool bit(uint64_t mask, uint32_t index)
{
	return (mask >> index) & 1u;
}

static double headroom_norm(const double *gains, uint32_t n_gains, uint64_t muted, double h)
{
	double sum = 0.0;

	for (uint32_t i = 0; i < n_gains; i++) {
		if (!bit(muted, i))
			sum += gains[i];
	}
	return sum <= 0.0 ? 1.0 : fmin(1.0, h / sum);
}

static uint32_t ramp_frames(double ramp_ms, uint32_t rate_hz)
{
	double frames = round(ramp_ms * rate_hz / 1000.0);

	return frames < 1.0 ? 1u : (uint32_t)frames;
}

static void fill_gains(struct pl_matrix_targets *targets, const struct pl_matrix_settings *s)
{
	uint64_t no_talk = s->tablet_mute | s->talk_mute,
		 no_listen = s->tablet_mute | s->listen_mute;
	double h = pow(10.0, -s->headroom_db / 20.0);

	for (uint32_t c = 0; c < s->n_channels; c++) {
		double norm = headroom_norm(s->uplink[c], s->n_tablets, no_talk, h);

		for (uint32_t t = 0; t < s->n_tablets; t++) {
			if (!bit(s->channel_mute, c) && !bit(no_talk, t))
				targets->up[c][t] = (float)(s->uplink[c][t] * norm);
		}
	}
	for (uint32_t t = 0; t < s->n_tablets; t++) {
		double norm = headroom_norm(s->downlink[t], s->n_channels, s->channel_mute, h);

		for (uint32_t c = 0; c < s->n_channels; c++) {
			if (!bit(s->channel_mute, c) && !bit(no_listen, t))
				targets->down[t][c] = (float)(s->downlink[t][c] * norm);
		}
		targets->keep[t] = (float)(1.0 - s->sidetone[t]);
		targets->modes[t] = s->modes[t];
	}
}

int pl_matrix_targets_new(const struct pl_matrix_settings *settings, uint32_t rate_hz,
			  struct pl_matrix_targets **ret_targets)
{
	struct pl_matrix_targets *targets;

	targets = calloc(1, sizeof(*targets));
	if (!targets)
		return -ENOMEM;
	targets->shape = calloc(ramp_frames(settings->ramp_ms, PL_RATE_MAX_HZ) + PL_CHUNK_PAD,
				sizeof(*targets->shape));
	if (!targets->shape) {
		pl_matrix_targets_free(targets);
		return -ENOMEM;
	}

	fill_gains(targets, settings);
	targets->party_line = settings->party_line ? 1.0f : 0.0f;
	targets->vox_threshold = (float)pow(10.0, settings->vox_threshold_db / 20.0);
	targets->vox_hang_ms = settings->vox_hang_ms;
	targets->ramp_ms = settings->ramp_ms;
	targets->serial = settings->serial;
	pl_matrix_targets_set_rate(targets, rate_hz);

	*ret_targets = targets;
	return 0;
}

void pl_matrix_targets_free(struct pl_matrix_targets *targets)
{
	if (!targets)
		return;
	free(targets->shape);
	free(targets);
}

void pl_matrix_targets_set_rate(struct pl_matrix_targets *targets, uint32_t rate_hz)
{
	uint32_t capped_hz = rate_hz < PL_RATE_MAX_HZ ? rate_hz : PL_RATE_MAX_HZ, n, i;
	double step_re, step_im, re = 1.0, im = 0.0;

	n = ramp_frames(targets->ramp_ms, capped_hz);
	step_re = cos(M_PI / n);
	step_im = sin(M_PI / n);
	for (i = 0; i < n - 1u; i++) {
		double next_re = re * step_re - im * step_im;

		im = re * step_im + im * step_re;
		re = next_re;
		targets->shape[i] = (float)(0.5 - 0.5 * re);
	}
	for (; i < n + PL_CHUNK_PAD; i++)
		targets->shape[i] = 1.0f;
	targets->n_shape = n;
	targets->shape_rate_hz = rate_hz;
}
