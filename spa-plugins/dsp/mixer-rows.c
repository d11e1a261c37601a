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
	row->sources = m->up.active[c] & ~m->up.moving[c] & m->talk_live;
	FOREACH_BIT (t, row->sources) {
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
	row->own = false;
	row->sources = m->down.active[t] & ~m->down.moving[t] & m->feed_live;
	FOREACH_BIT (c, row->sources) {
		row->terms[row->n_terms++] = (struct pl_term){
			.gain = m->down.to[t][c],
			.src = m->feed_src[c],
		};
	}
	if (!paths || own_moving(m, t, paths))
		return;
	row->own = true;
	FOREACH_BIT (c, paths)
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
	FOREACH_BIT (c, live ^ m->feed_live)
		m->stale_down |= m->down.active_col[c];
	m->feed_live = live;
}

/** @return the gain of a source in a row, 0 when it is none of the row's */
static float gain_of(const struct pl_mixer_row *row, uint32_t source)
{
	if (!((row->sources >> source) & 1u))
		return 0.0f;
	/* Terms are in the order of their sources. */
	return row->terms[__builtin_popcountll(row->sources & pl_mask(source))].gain;
}

static void build_group(const struct pl_mixer *m, const struct pl_mixer_row *rows,
			struct pl_mixer_group *group)
{
	uint32_t n_rows = m->kernels->n_rows, n_terms = 0, n_own = 0, n_src;
	uint64_t sources = 0;

	for (uint32_t r = 0; r < n_rows; r++) {
		sources |= rows[r].sources;
		n_terms += rows[r].n_terms;
		n_own += rows[r].own;
	}
	n_src = (uint32_t)__builtin_popcountll(sources) + n_own;
	group->n_src = 0;
	if ((float)n_terms < m->kernels->rows_density * (float)(n_src * n_rows))
		return;
	FOREACH_BIT (source, sources) {
		for (uint32_t r = 0; r < n_rows; r++) {
			float gain = gain_of(&rows[r], source);

			group->gains[group->n_src * n_rows + r] = gain;
			if ((rows[r].sources >> source) & 1u) {
				uint64_t before = rows[r].sources & pl_mask(source);

				group->src[group->n_src] =
					rows[r].terms[__builtin_popcountll(before)].src;
			}
		}
		group->n_src++;
	}
	for (uint32_t own = 0; own < n_rows; own++) {
		const struct pl_term *term = &rows[own].terms[rows[own].n_terms - 1u];

		if (!rows[own].own)
			continue;
		for (uint32_t r = 0; r < n_rows; r++)
			group->gains[group->n_src * n_rows + r] = r == own ? term->gain : 0.0f;
		group->src[group->n_src++] = term->src;
	}
}

/** @param stale  bits of rows; only whole groups are made */
static void build_groups(const struct pl_mixer *m, const struct pl_mixer_row *rows, uint32_t n,
			 uint64_t stale, struct pl_mixer_group *groups)
{
	uint32_t n_rows = m->kernels->n_rows;

	if (n_rows < 2)
		return;
	for (uint32_t first = 0; first + n_rows <= n; first += n_rows) {
		if ((stale >> first) & pl_mask(n_rows))
			build_group(m, rows + first, &groups[first / n_rows]);
	}
}

void pl_mixer_build_rows(struct pl_mixer *m)
{
	if (!(m->stale_up | m->stale_down))
		return;
	FOREACH_BIT (c, m->stale_up)
		build_up(m, c);
	build_groups(m, m->up_rows, m->n_channels, m->stale_up, m->up_groups);
	m->stale_up = 0;
	find_feeds(m);
	FOREACH_BIT (t, m->stale_down & pl_mask(m->n_tablets))
		build_down(m, t);
	build_groups(m, m->down_rows, m->n_tablets, m->stale_down, m->down_groups);
	m->stale_down = 0;
}

/**
 * What stands of n_rows rows, at most a group, into vectors one after the other.
 * @param needed  bits of rows; others may be left as they are
 */
static void mix_steady(const struct pl_mixer *m, const struct pl_mixer_row *rows, uint32_t n_rows,
		       const struct pl_mixer_group *group, uint64_t needed, float *dst,
		       uint32_t n_frames)
{
	needed &= pl_mask(n_rows);
	if (needed && n_rows > 1 && n_rows == m->kernels->n_rows && group->n_src > 0) {
		m->kernels->mix_rows(dst, m->scratch, group->gains, group->src, group->n_src,
				     n_frames);
		return;
	}
	FOREACH_BIT (r, needed) {
		m->kernels->mix(dst + r * PL_CHUNK_STRIDE, m->scratch, rows[r].terms,
				rows[r].n_terms, n_frames);
	}
}

static uint32_t group_size(const struct pl_mixer *m, uint32_t first, uint32_t n)
{
	return n - first < m->kernels->n_rows ? n - first : m->kernels->n_rows;
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

static void finish_channel(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t c,
			   uint32_t offset, uint32_t n_frames)
{
	float *bus = m->scratch + pl_mixer_src(PL_PLANE_BUS, c);
	float *dst = block->channel_out[c] ? block->channel_out[c] + offset : NULL;
	uint64_t moving = m->up.moving[c] & m->talk_live;
	struct pl_ramp_term ramps[PL_GAINS_MAX];
	uint32_t n_ramps = 0;

	if (!(m->up.active[c] & m->talk_live)) {
		if (dst)
			memset(dst, 0, n_frames * sizeof(*dst));
		return;
	}
	FOREACH_BIT (t, moving) {
		ramps[n_ramps++] =
			pl_gains_term(&m->up, &m->clock, c, t, pl_mixer_src(PL_PLANE_TALK, t));
	}
	if (n_ramps > 0)
		m->kernels->mix_ramp(bus, m->scratch, ramps, n_ramps, n_frames);
	block->channel_out_silent &= ~(UINT64_C(1) << c);
	finish(m, PL_POINT_CHANNEL_OUT, c, dst, bus, n_frames);
}

void pl_mixer_mix_channels(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			   uint32_t n_frames)
{
	const struct pl_mixer_group *group = m->up_groups;

	for (uint32_t first = 0, n; first < m->n_channels; first += n, group++) {
		uint64_t needed = 0;

		n = group_size(m, first, m->n_channels);
		for (uint32_t i = 0; i < n; i++)
			needed |= (uint64_t)((m->up.active[first + i] & m->talk_live) != 0) << i;
		mix_steady(m, &m->up_rows[first], n, group, needed,
			   m->scratch + pl_mixer_src(PL_PLANE_BUS, first), n_frames);
		for (uint32_t c = first; c < first + n; c++) {
			finish_channel(m, block, c, offset, n_frames);
			mix_feed(m, c, n_frames);
		}
	}
}

/** Take the own voice out while one of its coefficients moves. */
static void subtract_own(struct pl_mixer *m, uint32_t t, float *acc, uint64_t paths,
			 uint32_t n_frames)
{
	struct pl_ramp_term a[PL_GAINS_MAX], b[PL_GAINS_MAX];
	struct pl_ramp_term party, keep;
	float *own = pl_mixer_work(m, 0);
	uint32_t n = 0;

	FOREACH_BIT (c, paths) {
		a[n] = pl_gains_term(&m->up, &m->clock, c, t, 0);
		b[n++] = pl_gains_term(&m->down, &m->clock, t, c, 0);
	}
	party = pl_gains_term(&m->party, &m->clock, 0, 0, pl_mixer_src(PL_PLANE_TALK, t));
	keep = pl_gains_term(&m->keep, &m->clock, 0, t, 0);
	m->kernels->ramp_product(own, a, b, n, n_frames);
	m->kernels->ramp_subtract(acc, m->scratch, &party, &keep, own, n_frames);
}

static void finish_tablet(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t t, float *acc,
			  uint32_t offset, uint32_t n_frames)
{
	float *dst = block->listen[t] ? block->listen[t] + offset : NULL;
	uint64_t moving = m->down.moving[t] & m->feed_live, paths = own_paths(m, t);
	struct pl_ramp_term ramps[PL_GAINS_MAX];
	uint32_t n_ramps = 0;

	FOREACH_BIT (c, moving)
		ramps[n_ramps++] = pl_gains_term(&m->down, &m->clock, t, c, m->feed_src[c]);
	if (n_ramps > 0)
		m->kernels->mix_ramp(acc, m->scratch, ramps, n_ramps, n_frames);
	if (own_moving(m, t, paths))
		subtract_own(m, t, acc, paths, n_frames);
	block->listen_silent &= ~(UINT64_C(1) << t);
	finish(m, PL_POINT_LISTEN, t, dst, acc, n_frames);
}

/** @return whether anything is to be mixed for a tablet; if not, its output is made silent */
static bool tablet_is_needed(const struct pl_mixer *m, const struct pl_mixer_block *block,
			     uint32_t t, uint32_t offset, uint32_t n_frames)
{
	float *dst = block->listen[t];

	if (m->down.active[t] & m->feed_live)
		return dst || block->meter_all;
	if (dst)
		memset(dst + offset, 0, n_frames * sizeof(*dst));
	return false;
}

void pl_mixer_mix_tablets(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			  uint32_t n_frames)
{
	const struct pl_mixer_group *group = m->down_groups;

	for (uint32_t first = 0, n; first < m->n_tablets; first += n, group++) {
		uint64_t needed = 0;

		n = group_size(m, first, m->n_tablets);
		for (uint32_t i = 0; i < n; i++) {
			needed |= (uint64_t)tablet_is_needed(m, block, first + i, offset, n_frames)
				  << i;
		}
		mix_steady(m, &m->down_rows[first], n, group, needed, pl_mixer_work(m, 1),
			   n_frames);
		FOREACH_BIT (i, needed) {
			finish_tablet(m, block, first + i, pl_mixer_work(m, 1u + i), offset,
				      n_frames);
		}
	}
}
