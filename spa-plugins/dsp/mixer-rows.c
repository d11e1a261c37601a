/* SPDX-License-Identifier: MIT */
#include "mixer-priv.h"

#include <string.h>

#define FOREACH_BIT(bit_, mask_)                                                                   \
	for (uint64_t left_ = (mask_); left_; left_ &= left_ - 1u)                                 \
		for (uint32_t bit_ = (uint32_t)__builtin_ctzll(left_), once_ = 1; once_; once_ = 0)

static bool party_moving(const struct pl_mixer *m)
{
	return m->party.moving[0] != 0;
}

/** Channels over which a tablet hears its own voice. */
static uint64_t own_paths(const struct pl_mixer *m, uint32_t t)
{
	if (!m->party.active[0] || !((m->talk_live >> t) & 1u) || !((m->keep.active[0] >> t) & 1u))
		return 0;
	return m->up.active_col[t] & m->down.active[t];
}

static bool own_moving(const struct pl_mixer *m, uint32_t t, uint64_t paths)
{
	return paths && (party_moving(m) || ((m->keep.moving[0] >> t) & 1u) ||
			 (paths & (m->up.moving_col[t] | m->down.moving[t])));
}

static void build_up(struct pl_mixer *m, uint32_t c)
{
	struct pl_mixer_row *row = &m->up_rows[c];

	row->n_terms = 0;
	FOREACH_BIT(t, m->up.active[c] & ~m->up.moving[c] & m->talk_live)
	{
		row->terms[row->n_terms++] = (struct pl_term){
			.gain = m->up.to[c][t],
			.src = pl_mixer_src(PL_PLANE_TALK, t),
		};
	}
}

static void build_down(struct pl_mixer *m, uint32_t t)
{
	struct pl_mixer_row *row = &m->down_rows[t];
	uint64_t paths = own_paths(m, t);
	double own = 0.0;

	row->n_terms = 0;
	FOREACH_BIT(c, m->down.active[t] & ~m->down.moving[t] & m->feed_live)
	{
		row->terms[row->n_terms++] = (struct pl_term){
			.gain = m->down.to[t][c],
			.src = m->feed_src[c],
		};
	}
	if (!paths || own_moving(m, t, paths))
		return;
	FOREACH_BIT(c, paths)
	own += (double)m->down.to[t][c] * m->up.to[c][t];
	row->terms[row->n_terms++] = (struct pl_term){
		.gain = (float)(-own * m->party.to[0][0] * m->keep.to[0][t]),
		.src = pl_mixer_src(PL_PLANE_TALK, t),
	};
}

/** Where a channel's feed comes from; copies are spared where it is one signal at gain 1. */
static void find_feeds(struct pl_mixer *m)
{
	bool whole = !party_moving(m) && m->party.to[0][0] == 1.0f;
	uint64_t live = m->channel_live;

	for (uint32_t c = 0; c < m->n_channels; c++) {
		bool bus = m->party.active[0] && (m->up.active[c] & m->talk_live);
		bool outside = (m->channel_live >> c) & 1u;
		uint32_t src = pl_mixer_src(PL_PLANE_FEED, c);

		if (bus)
			live |= UINT64_C(1) << c;
		if (!bus)
			src = pl_mixer_src(PL_PLANE_CHANNEL_IN, c);
		else if (!outside && whole)
			src = pl_mixer_src(PL_PLANE_BUS, c);
		if (m->feed_src[c] != src) {
			m->feed_src[c] = src;
			m->stale_down |= m->down.active_col[c];
		}
	}
	FOREACH_BIT(c, live ^ m->feed_live)
	m->stale_down |= m->down.active_col[c];
	m->feed_live = live;
}

void pl_mixer_build_rows(struct pl_mixer *m)
{
	if (!(m->stale_up | m->stale_down))
		return;
	FOREACH_BIT(c, m->stale_up)
	build_up(m, c);
	m->stale_up = 0;
	find_feeds(m);
	FOREACH_BIT(t, m->stale_down & pl_mask(m->n_tablets))
	build_down(m, t);
	m->stale_down = 0;
}

/** @param dst where the block wants it, or NULL */
static void finish(struct pl_mixer *m, enum pl_mixer_point point, uint32_t index, float *dst,
		   const float *acc, uint32_t n_frames)
{
	struct pl_level level;

	m->kernels->limit(dst, acc, n_frames, &level);
	pl_meter_add(&m->meters[point][index], &level);
}

static void mix_feed(struct pl_mixer *m, uint32_t c, uint32_t n_frames)
{
	uint32_t src = pl_mixer_src(PL_PLANE_FEED, c);
	struct pl_term terms[2];
	uint32_t n_terms = 0;

	if (!((m->feed_live >> c) & 1u) || m->feed_src[c] != src)
		return;
	if ((m->channel_live >> c) & 1u)
		terms[n_terms++] = (struct pl_term){1.0f, pl_mixer_src(PL_PLANE_CHANNEL_IN, c)};
	if (!party_moving(m)) {
		terms[n_terms++] =
			(struct pl_term){m->party.to[0][0], pl_mixer_src(PL_PLANE_BUS, c)};
	}
	m->kernels->mix(m->scratch + src, m->scratch, terms, n_terms, n_frames);
	if (party_moving(m)) {
		struct pl_ramp_term term =
			pl_gains_term(&m->party, &m->clock, 0, 0, pl_mixer_src(PL_PLANE_BUS, c));

		m->kernels->mix_ramp(m->scratch + src, m->scratch, &term, 1, n_frames);
	}
}

void pl_mixer_mix_channels(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			   uint32_t n_frames)
{
	for (uint32_t c = 0; c < m->n_channels; c++) {
		float *bus = m->scratch + pl_mixer_src(PL_PLANE_BUS, c);
		float *dst = block->channel_out[c] ? block->channel_out[c] + offset : NULL;
		uint64_t moving = m->up.moving[c] & m->talk_live;

		if (!(m->up.active[c] & m->talk_live)) {
			if (dst)
				memset(dst, 0, n_frames * sizeof(*dst));
		} else {
			struct pl_mixer_row *row = &m->up_rows[c];

			m->kernels->mix(bus, m->scratch, row->terms, row->n_terms, n_frames);
			if (moving) {
				struct pl_ramp_term ramps[PL_GAINS_MAX];
				uint32_t n_ramps = 0;

				FOREACH_BIT(t, moving)
				{
					ramps[n_ramps++] =
						pl_gains_term(&m->up, &m->clock, c, t,
							      pl_mixer_src(PL_PLANE_TALK, t));
				}
				m->kernels->mix_ramp(bus, m->scratch, ramps, n_ramps, n_frames);
			}
			block->channel_out_silent &= ~(UINT64_C(1) << c);
			finish(m, PL_POINT_CHANNEL_OUT, c, dst, bus, n_frames);
		}
		mix_feed(m, c, n_frames);
	}
}

/** Take the own voice out while one of its coefficients moves. */
static void subtract_own(struct pl_mixer *m, uint32_t t, float *acc, uint64_t paths,
			 uint32_t n_frames)
{
	struct pl_ramp_term a[PL_GAINS_MAX], b[PL_GAINS_MAX];
	struct pl_ramp_term party, keep;
	float *own = pl_mixer_work(m, 1);
	uint32_t n = 0;

	FOREACH_BIT(c, paths)
	{
		a[n] = pl_gains_term(&m->up, &m->clock, c, t, 0);
		b[n++] = pl_gains_term(&m->down, &m->clock, t, c, 0);
	}
	party = pl_gains_term(&m->party, &m->clock, 0, 0, pl_mixer_src(PL_PLANE_TALK, t));
	keep = pl_gains_term(&m->keep, &m->clock, 0, t, 0);
	m->kernels->ramp_product(own, a, b, n, n_frames);
	m->kernels->ramp_subtract(acc, m->scratch, &party, &keep, own, n_frames);
}

static void mix_tablet(struct pl_mixer *m, uint32_t t, float *acc, uint32_t n_frames)
{
	struct pl_mixer_row *row = &m->down_rows[t];
	uint64_t moving = m->down.moving[t] & m->feed_live, paths = own_paths(m, t);

	m->kernels->mix(acc, m->scratch, row->terms, row->n_terms, n_frames);
	if (moving) {
		struct pl_ramp_term ramps[PL_GAINS_MAX];
		uint32_t n_ramps = 0;

		FOREACH_BIT(c, moving)
		ramps[n_ramps++] = pl_gains_term(&m->down, &m->clock, t, c, m->feed_src[c]);
		m->kernels->mix_ramp(acc, m->scratch, ramps, n_ramps, n_frames);
	}
	if (own_moving(m, t, paths))
		subtract_own(m, t, acc, paths, n_frames);
}

void pl_mixer_mix_tablets(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			  uint32_t n_frames)
{
	float *acc = pl_mixer_work(m, 0);

	for (uint32_t t = 0; t < m->n_tablets; t++) {
		float *dst = block->listen[t] ? block->listen[t] + offset : NULL;

		if (!dst && !block->meter_all)
			continue;
		if (!(m->down.active[t] & m->feed_live)) {
			if (dst)
				memset(dst, 0, n_frames * sizeof(*dst));
			continue;
		}
		mix_tablet(m, t, acc, n_frames);
		block->listen_silent &= ~(UINT64_C(1) << t);
		finish(m, PL_POINT_LISTEN, t, dst, acc, n_frames);
	}
}
