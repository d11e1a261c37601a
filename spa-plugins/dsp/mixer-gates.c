/* SPDX-License-Identifier: MIT */
#include "mixer-priv.h"

#include <math.h>

static void set_up(struct pl_mixer *m, uint32_t channel, uint32_t tablet, float target)
{
	if (!pl_gains_set(&m->up, &m->clock, channel, tablet, target))
		return;
	m->stale_up |= UINT64_C(1) << channel;
	m->stale_down |= UINT64_C(1) << tablet;
}

static uint64_t open_channels(const struct pl_mixer *m, uint32_t tablet)
{
	switch (m->targets->modes[tablet]) {
	case PL_TALK_MODE_MOMENTARY:
	case PL_TALK_MODE_LATCH:
		return atomic_load_explicit(&m->keys[tablet], memory_order_relaxed);
	case PL_TALK_MODE_VOX:
		return (m->vox_open >> tablet) & 1u ? UINT64_MAX : 0;
	default:
		return UINT64_MAX;
	}
}

void pl_mixer_apply_gate(struct pl_mixer *m, uint32_t tablet)
{
	uint64_t open = open_channels(m, tablet);

	for (uint32_t c = 0; c < m->n_channels; c++)
		set_up(m, c, tablet, (open >> c) & 1u ? m->targets->up[c][tablet] : 0.0f);
}

void pl_mixer_apply_key(struct pl_mixer *m, const struct pl_mixer_event *event)
{
	uint64_t bit = UINT64_C(1) << event->channel;
	uint32_t t = event->tablet;
	uint64_t keys = atomic_load_explicit(&m->keys[t], memory_order_relaxed);

	keys = event->held ? keys | bit : keys & ~bit;
	atomic_store_explicit(&m->keys[t], keys, memory_order_relaxed);
	set_up(m, event->channel, t,
	       open_channels(m, t) & bit ? m->targets->up[event->channel][t] : 0.0f);
}

void pl_mixer_apply_targets(struct pl_mixer *m)
{
	const struct pl_matrix_targets *targets = m->targets;

	m->vox_hang_frames = (uint64_t)llround(targets->vox_hang_ms * m->rate_hz / 1000.0);
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		uint64_t bit = UINT64_C(1) << t;

		if (targets->modes[t] == PL_TALK_MODE_VOX) {
			m->vox_tablets |= bit;
		} else {
			m->vox_tablets &= ~bit;
			m->vox_open &= ~bit;
		}
		pl_mixer_apply_gate(m, t);
		for (uint32_t c = 0; c < m->n_channels; c++) {
			if (pl_gains_set(&m->down, &m->clock, t, c, targets->down[t][c]))
				m->stale_down |= bit;
		}
		if (pl_gains_set(&m->keep, &m->clock, 0, t, targets->keep[t]))
			m->stale_down |= bit;
	}
	if (pl_gains_set(&m->party, &m->clock, 0, 0, targets->party_line))
		m->stale_down = pl_mask(m->n_tablets);
}

void pl_mixer_arrive(struct pl_mixer *m)
{
	if (m->clock.now < m->clock.next_end)
		return;
	m->clock.next_end = UINT64_MAX;
	for (uint32_t c = 0; c < m->n_channels; c++) {
		uint64_t arrived = pl_gains_arrive(&m->up, &m->clock, c);

		if (arrived)
			m->stale_up |= UINT64_C(1) << c;
		m->stale_down |= arrived;
	}
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		if (pl_gains_arrive(&m->down, &m->clock, t))
			m->stale_down |= UINT64_C(1) << t;
	}
	m->stale_down |= pl_gains_arrive(&m->keep, &m->clock, 0);
	if (pl_gains_arrive(&m->party, &m->clock, 0))
		m->stale_down = pl_mask(m->n_tablets);
}

void pl_mixer_restart(struct pl_mixer *m)
{
	pl_gains_restart(&m->up, &m->clock, m->n_channels);
	pl_gains_restart(&m->down, &m->clock, m->n_tablets);
	pl_gains_restart(&m->keep, &m->clock, 1);
	pl_gains_restart(&m->party, &m->clock, 1);
}

void pl_mixer_set_shape(struct pl_mixer *m, const float *shape, uint32_t n_shape)
{
	/* As many samples mean the same shape: nothing needs to start again. */
	if (m->clock.shape && m->clock.n_shape != n_shape)
		pl_mixer_restart(m);
	m->clock.shape = shape;
	m->clock.n_shape = n_shape;
	/* Too early at worst: arriving looks at each and finds the next. */
	if (m->clock.next_end != UINT64_MAX)
		m->clock.next_end = m->clock.now;
}

/** Frames of the chunk until a voice starts or ends, at most n_frames. */
static uint32_t vox_change(const struct pl_mixer *m, uint32_t t, bool loud, uint32_t n_frames)
{
	const float *x = m->scratch + pl_mixer_src(PL_PLANE_TALK, t);
	float threshold = m->targets->vox_threshold;
	uint64_t until = m->vox_until[t], now = m->clock.now;

	if (!((m->vox_open >> t) & 1u)) {
		uint32_t n = loud ? 0 : n_frames;

		while (n < n_frames && fabsf(x[n]) < threshold)
			n++;
		return n;
	}
	if (!loud && until <= now)
		return 0;
	if (!loud)
		return until - now < n_frames ? (uint32_t)(until - now) : n_frames;
	for (uint32_t n = 0; n < n_frames; n++) {
		if (fabsf(x[n]) >= threshold)
			until = now + n + 1u + m->vox_hang_frames;
		else if (until <= now + n)
			return n;
	}
	return n_frames;
}

static bool vox_is_loud(const struct pl_mixer *m, uint32_t t, const struct pl_level *talk)
{
	return ((m->talk_live >> t) & 1u) && talk[t].peak >= m->targets->vox_threshold;
}

uint32_t pl_mixer_vox_scan(struct pl_mixer *m, const struct pl_level *talk, uint32_t n_frames)
{
	for (uint64_t left = m->vox_tablets; left; left &= left - 1u) {
		uint32_t t = (uint32_t)__builtin_ctzll(left), n;
		bool loud = vox_is_loud(m, t, talk);

		/* Twice at most: a voice that just started lasts a sample, as does silence. */
		while ((n = vox_change(m, t, loud, n_frames)) == 0) {
			m->vox_open ^= UINT64_C(1) << t;
			m->vox_until[t] = m->clock.now + 1u + m->vox_hang_frames;
			pl_mixer_apply_gate(m, t);
		}
		n_frames = n;
	}
	return n_frames;
}

void pl_mixer_vox_hold(struct pl_mixer *m, const struct pl_level *talk, uint32_t n_frames)
{
	for (uint64_t left = m->vox_tablets & m->vox_open; left; left &= left - 1u) {
		uint32_t t = (uint32_t)__builtin_ctzll(left), n = n_frames;
		const float *x = m->scratch + pl_mixer_src(PL_PLANE_TALK, t);

		if (!vox_is_loud(m, t, talk))
			continue;
		while (fabsf(x[n - 1u]) < m->targets->vox_threshold)
			n--;
		m->vox_until[t] = m->clock.now + n + m->vox_hang_frames;
	}
}
