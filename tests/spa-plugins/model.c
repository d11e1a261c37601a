/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <string.h>

static bool bit(uint64_t mask, uint32_t i)
{
	return (mask >> i) & 1u;
}

static double value(const struct model *m, const struct model_gain *g, uint64_t elapsed)
{
	double w = 0.5 - 0.5 * cos(M_PI * (double)elapsed / m->n_ramp);

	return g->moving ? g->from + (g->to - g->from) * w : g->to;
}

static void retarget(const struct model *m, struct model_gain *g, double to)
{
	double present = value(m, g, m->now - g->start);

	if (to == g->to)
		return;
	/* Nothing was heard before the first sample. */
	g->moving = m->now > 0 && present != to;
	g->from = present;
	g->to = to;
	g->start = m->now;
}

static bool talks(const struct model *m, uint32_t t)
{
	return !bit(m->tablet_mute | m->talk_mute, t);
}

static bool hears(const struct model *m, uint32_t t)
{
	return !bit(m->tablet_mute | m->listen_mute, t);
}

static bool open(const struct model *m, uint32_t t, uint32_t c)
{
	if (m->modes[t] == PL_TALK_MODE_OPEN)
		return true;
	if (m->modes[t] == PL_TALK_MODE_VOX)
		return m->vox_open[t];
	return bit(m->keys[t], c);
}

static double norm(const struct model *m, double sum)
{
	double h = pow(10.0, -m->headroom_db / 20.0);

	if (sum <= 0.0)
		return 1.0;
	return h / sum < 1.0 ? h / sum : 1.0;
}

static void retarget_all(struct model *m)
{
	for (uint32_t c = 0; c < m->n_channels; c++) {
		double sum = 0.0;

		for (uint32_t t = 0; t < m->n_tablets; t++)
			sum += talks(m, t) ? m->uplink[c][t] : 0.0;
		for (uint32_t t = 0; t < m->n_tablets; t++) {
			bool on = talks(m, t) && !bit(m->channel_mute, c) && open(m, t, c);

			retarget(m, &m->a[c][t], on ? m->uplink[c][t] * norm(m, sum) : 0.0);
		}
	}
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		double sum = 0.0;

		for (uint32_t c = 0; c < m->n_channels; c++)
			sum += bit(m->channel_mute, c) ? 0.0 : m->downlink[t][c];
		for (uint32_t c = 0; c < m->n_channels; c++) {
			bool on = hears(m, t) && !bit(m->channel_mute, c);

			retarget(m, &m->b[t][c], on ? m->downlink[t][c] * norm(m, sum) : 0.0);
		}
		retarget(m, &m->keep[t], 1.0 - m->sidetone[t]);
	}
	retarget(m, &m->party, m->party_line ? 1.0 : 0.0);
}

static void restart(struct model *m, struct model_gain *g)
{
	g->from = value(m, g, m->now - g->start);
	g->start = m->now;
}

static void set_ramp(struct model *m)
{
	uint32_t n_ramp = (uint32_t)round(m->ramp_ms * m->rate_hz / 1000.0);

	if (n_ramp == m->n_ramp)
		return;
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		for (uint32_t c = 0; c < m->n_channels; c++) {
			restart(m, &m->a[c][t]);
			restart(m, &m->b[t][c]);
		}
		restart(m, &m->keep[t]);
	}
	restart(m, &m->party);
	m->n_ramp = n_ramp;
}

void model_init(struct model *m, uint32_t n_tablets, uint32_t n_channels, uint32_t rate_hz)
{
	memset(m, 0, sizeof(*m));
	m->n_tablets = n_tablets;
	m->n_channels = n_channels;
	m->rate_hz = rate_hz;
	m->headroom_db = 12.0;
	m->party_line = true;
	m->ramp_ms = 5.0;
	m->vox_threshold_db = -40.0;
	m->vox_hang_ms = 300.0;
	for (uint32_t t = 0; t < n_tablets; t++) {
		for (uint32_t c = 0; c < n_channels; c++)
			m->uplink[c][t] = m->downlink[t][c] = (float)pow(10.0, -12.0 / 20.0);
	}
	m->n_ramp = 1;
	model_changed(m);
}

void model_changed(struct model *m)
{
	set_ramp(m);
	for (uint32_t t = 0; t < m->n_tablets; t++)
		m->vox_open[t] = m->vox_open[t] && m->modes[t] == PL_TALK_MODE_VOX;
	retarget_all(m);
}

static bool listen_to_voices(struct model *m, const float *talk)
{
	double threshold = (float)pow(10.0, m->vox_threshold_db / 20.0);
	uint64_t hang = (uint64_t)llround(m->vox_hang_ms * m->rate_hz / 1000.0);
	bool changed = false;

	for (uint32_t t = 0; t < m->n_tablets; t++) {
		if (m->modes[t] != PL_TALK_MODE_VOX)
			continue;
		if (fabs((double)talk[t]) >= threshold) {
			changed = changed || !m->vox_open[t];
			m->vox_open[t] = true;
			m->vox_until[t] = m->now + 1u + hang;
		} else if (m->vox_open[t] && m->now >= m->vox_until[t]) {
			m->vox_open[t] = false;
			changed = true;
		}
	}
	return changed;
}

/** The gain at this sample; a ramp that has arrived ends here. */
static double gain(const struct model *m, struct model_gain *g)
{
	uint64_t elapsed = m->now + 1u - g->start;

	if (g->moving && elapsed > m->n_ramp)
		g->moving = false;
	return g->moving ? value(m, g, elapsed) : g->to;
}

static double limit(double x)
{
	return 0.9 * tanh(x / 0.9);
}

void model_step(struct model *m, const float *talk, const float *channel_in, double *listen,
		double *channel_out)
{
	double a[PL_CHANNELS_MAX][PL_TABLETS_MAX], bus[PL_CHANNELS_MAX], party;

	if (listen_to_voices(m, talk))
		retarget_all(m);
	party = gain(m, &m->party);
	for (uint32_t c = 0; c < m->n_channels; c++) {
		bus[c] = 0.0;
		for (uint32_t t = 0; t < m->n_tablets; t++) {
			a[c][t] = gain(m, &m->a[c][t]);
			bus[c] += a[c][t] * talk[t];
		}
		channel_out[c] = limit(bus[c]);
	}
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		double acc = 0.0, keep = gain(m, &m->keep[t]);

		for (uint32_t c = 0; c < m->n_channels; c++) {
			double others = bus[c] - keep * a[c][t] * talk[t];

			acc += gain(m, &m->b[t][c]) * (channel_in[c] + party * others);
		}
		listen[t] = limit(acc);
	}
	m->now++;
}
