/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/** One coefficient and its ramp. */
struct coefficient {
	double value;
	double from;
	double to;
	uint32_t n_done;
	int moving;
};

struct pl_model {
	struct pl_model_settings settings;
	uint32_t rate_hz;
	uint32_t n_ramp;
	double up_target[PL_CHANNELS_MAX][PL_TABLETS_MAX]; /* gate open */
	struct coefficient up[PL_CHANNELS_MAX][PL_TABLETS_MAX];
	struct coefficient down[PL_TABLETS_MAX][PL_CHANNELS_MAX];
	struct coefficient own[PL_TABLETS_MAX]; /* 1 - sidetone */
	struct coefficient party;
	uint64_t keys[PL_TABLETS_MAX];
	int vox_open[PL_TABLETS_MAX];
	uint64_t vox_until[PL_TABLETS_MAX];
	uint64_t now;
};

static int bit(uint64_t mask, uint32_t index)
{
	return (int)((mask >> index) & 1u);
}

void pl_model_settings_init(struct pl_model_settings *settings, uint32_t n_tablets,
			    uint32_t n_channels)
{
	memset(settings, 0, sizeof(*settings));
	settings->n_tablets = n_tablets;
	settings->n_channels = n_channels;
	settings->headroom_db = PL_HEADROOM_DB_DEFAULT;
	settings->party_line = 1;
	settings->ramp_ms = PL_RAMP_MS_DEFAULT;
	settings->vox_threshold_db = PL_VOX_THRESHOLD_DB_DEFAULT;
	settings->vox_hang_ms = PL_VOX_HANG_MS_DEFAULT;
	for (uint32_t c = 0; c < n_channels; c++) {
		for (uint32_t t = 0; t < n_tablets; t++) {
			settings->uplink[c][t] = PL_GAIN_DEFAULT;
			settings->downlink[t][c] = PL_GAIN_DEFAULT;
		}
	}
}

static void coefficient_set(struct coefficient *k, double target)
{
	if (k->to == target)
		return;
	k->from = k->value;
	k->to = target;
	k->n_done = 0;
	k->moving = k->value != target;
}

static double coefficient_next(struct coefficient *k, uint32_t n_ramp)
{
	if (!k->moving)
		return k->value;
	k->n_done++;
	if (k->n_done >= n_ramp) {
		k->value = k->to;
		k->moving = 0;
	} else {
		k->value =
			k->from + (k->to - k->from) * 0.5 * (1.0 - cos(M_PI * k->n_done / n_ramp));
	}
	return k->value;
}

static void coefficient_rest(struct coefficient *k)
{
	k->value = k->to;
	k->moving = 0;
}

static int is_open(const struct pl_model *m, uint32_t t, uint32_t c)
{
	switch (m->settings.modes[t]) {
	case PL_TALK_MODE_MOMENTARY:
	case PL_TALK_MODE_LATCH:
		return bit(m->keys[t], c);
	case PL_TALK_MODE_VOX:
		return m->vox_open[t];
	default:
		return 1;
	}
}

static void apply_gate(struct pl_model *m, uint32_t t, uint32_t c)
{
	coefficient_set(&m->up[c][t], is_open(m, t, c) ? m->up_target[c][t] : 0.0);
}

static double norm(const double *gains, uint32_t n, uint64_t muted, double headroom_db)
{
	double h = pow(10.0, -headroom_db / 20.0), sum = 0.0;

	for (uint32_t i = 0; i < n; i++)
		sum += bit(muted, i) ? 0.0 : gains[i];
	if (sum <= 0.0)
		return 1.0;
	return h / sum < 1.0 ? h / sum : 1.0;
}

static void apply_settings(struct pl_model *m)
{
	const struct pl_model_settings *s = &m->settings;
	uint64_t no_talk = s->tablet_mute | s->talk_mute;
	uint64_t no_listen = s->tablet_mute | s->listen_mute;

	m->n_ramp = (uint32_t)fmax(1.0, round(s->ramp_ms * m->rate_hz / 1000.0));
	for (uint32_t c = 0; c < s->n_channels; c++) {
		double f = norm(s->uplink[c], s->n_tablets, no_talk, s->headroom_db);

		for (uint32_t t = 0; t < s->n_tablets; t++) {
			int silent = bit(s->channel_mute, c) || bit(no_talk, t);

			if (s->modes[t] != PL_TALK_MODE_VOX)
				m->vox_open[t] = 0;
			m->up_target[c][t] = silent ? 0.0 : s->uplink[c][t] * f;
			apply_gate(m, t, c);
		}
	}
	for (uint32_t t = 0; t < s->n_tablets; t++) {
		double f = norm(s->downlink[t], s->n_channels, s->channel_mute, s->headroom_db);

		for (uint32_t c = 0; c < s->n_channels; c++) {
			int silent = bit(s->channel_mute, c) || bit(no_listen, t);

			coefficient_set(&m->down[t][c], silent ? 0.0 : s->downlink[t][c] * f);
		}
		coefficient_set(&m->own[t], 1.0 - s->sidetone[t]);
	}
	coefficient_set(&m->party, s->party_line ? 1.0 : 0.0);
}

struct pl_model *pl_model_new(const struct pl_model_settings *settings, uint32_t rate_hz)
{
	struct pl_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->settings = *settings;
	m->rate_hz = rate_hz;
	apply_settings(m);
	for (uint32_t c = 0; c < settings->n_channels; c++) {
		for (uint32_t t = 0; t < settings->n_tablets; t++) {
			coefficient_rest(&m->up[c][t]);
			coefficient_rest(&m->down[t][c]);
		}
	}
	for (uint32_t t = 0; t < settings->n_tablets; t++)
		coefficient_rest(&m->own[t]);
	coefficient_rest(&m->party);
	return m;
}

void pl_model_free(struct pl_model *model)
{
	free(model);
}

/* A ramp whose length changes under way starts again from where it is. */
static void restart(struct coefficient *k)
{
	k->from = k->value;
	k->n_done = 0;
}

void pl_model_restart(struct pl_model *m)
{
	for (uint32_t t = 0; t < m->settings.n_tablets; t++) {
		for (uint32_t c = 0; c < m->settings.n_channels; c++) {
			restart(&m->up[c][t]);
			restart(&m->down[t][c]);
		}
		restart(&m->own[t]);
	}
	restart(&m->party);
}

void pl_model_set(struct pl_model *m, const struct pl_model_settings *settings,
		  const uint64_t *key_mask, const uint64_t *keys)
{
	if (settings->ramp_ms != m->settings.ramp_ms)
		pl_model_restart(m);
	m->settings = *settings;
	for (uint32_t t = 0; key_mask && t < settings->n_tablets; t++)
		m->keys[t] = (m->keys[t] & ~key_mask[t]) | (keys[t] & key_mask[t]);
	apply_settings(m);
}

void pl_model_key(struct pl_model *m, uint32_t tablet, uint32_t channel, int held)
{
	uint64_t mask = UINT64_C(1) << channel;

	m->keys[tablet] = held ? m->keys[tablet] | mask : m->keys[tablet] & ~mask;
	apply_gate(m, tablet, channel);
}

static double sanitise(float x)
{
	if (!isnormal(x))
		return 0.0;
	return fmax(-(double)PL_INPUT_MAX, fmin((double)PL_INPUT_MAX, (double)x));
}

static void vox_set(struct pl_model *m, uint32_t t, int open)
{
	m->vox_open[t] = open;
	for (uint32_t c = 0; c < m->settings.n_channels; c++)
		apply_gate(m, t, c);
}

static void vox_step(struct pl_model *m, uint32_t t, double x)
{
	double threshold = pow(10.0, m->settings.vox_threshold_db / 20.0);

	if (m->settings.modes[t] != PL_TALK_MODE_VOX)
		return;
	if (m->vox_open[t] && m->vox_until[t] <= m->now)
		vox_set(m, t, 0);
	if (fabs(x) < threshold)
		return;
	if (!m->vox_open[t])
		vox_set(m, t, 1);
	m->vox_until[t] =
		m->now + 1 + (uint64_t)llround(m->settings.vox_hang_ms * m->rate_hz / 1000.0);
}

static double limit(double x)
{
	return 0.9 * tanh(x / 0.9);
}

void pl_model_step(struct pl_model *m, const float *talk, const float *channel_in, double *listen,
		   double *channel_out)
{
	uint32_t n_tablets = m->settings.n_tablets, n_channels = m->settings.n_channels;
	double x[PL_TABLETS_MAX], y[PL_CHANNELS_MAX], bus[PL_CHANNELS_MAX], party;

	for (uint32_t t = 0; t < n_tablets; t++) {
		x[t] = sanitise(talk[t]);
		vox_step(m, t, x[t]);
	}
	for (uint32_t c = 0; c < n_channels; c++) {
		y[c] = sanitise(channel_in[c]);
		bus[c] = 0.0;
		for (uint32_t t = 0; t < n_tablets; t++)
			bus[c] += coefficient_next(&m->up[c][t], m->n_ramp) * x[t];
		channel_out[c] = limit(bus[c]);
	}
	party = coefficient_next(&m->party, m->n_ramp);
	for (uint32_t t = 0; t < n_tablets; t++) {
		double own = coefficient_next(&m->own[t], m->n_ramp), mix = 0.0;

		for (uint32_t c = 0; c < n_channels; c++) {
			double others = bus[c] - own * m->up[c][t].value * x[t];

			mix += coefficient_next(&m->down[t][c], m->n_ramp) *
			       (y[c] + party * others);
		}
		listen[t] = limit(mix);
	}
	m->now++;
}
