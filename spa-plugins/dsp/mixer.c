/* SPDX-License-Identifier: MIT */
#include "mixer-priv.h"
#include "fpenv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/** Tablets and channels of which PL_CHUNK frames fit 32 KiB of cache, half of them at a time. */
#define SMALL_MATRIX 48u

int pl_mixer_new(uint32_t n_tablets, uint32_t n_channels, const struct pl_kernels *kernels,
		 struct pl_matrix_targets *targets, struct pl_mixer **ret_mixer)
{
	size_t n_scratch = pl_mixer_src(PL_PLANE_MAX_, PL_MIXER_WORK) * sizeof(float);
	struct pl_mixer *m;

	if (n_tablets < 1 || n_tablets > PL_TABLETS_MAX || n_channels < 1 ||
	    n_channels > PL_CHANNELS_MAX)
		return -EINVAL;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->scratch = aligned_alloc(PL_KERNEL_ALIGN, n_scratch);
	if (!m->scratch) {
		pl_mixer_free(m);
		return -ENOMEM;
	}
	memset(m->scratch, 0, n_scratch);
	m->n_tablets = n_tablets;
	m->n_channels = n_channels;
	m->n_chunk = n_tablets + n_channels <= SMALL_MATRIX ? PL_CHUNK : PL_CHUNK / 2u;
	m->kernels = kernels;
	m->clock.snap = true;
	m->clock.next_end = UINT64_MAX;
	pl_mixer_set_targets(m, targets);

	*ret_mixer = m;
	return 0;
}

void pl_mixer_free(struct pl_mixer *m)
{
	if (!m)
		return;
	free(m->scratch);
	free(m);
}

void pl_mixer_set_targets(struct pl_mixer *m, struct pl_matrix_targets *targets)
{
	if (m->rate_hz && targets->shape_rate_hz != m->rate_hz)
		pl_matrix_targets_set_rate(targets, m->rate_hz);
	/* The old shape is still there: what moves is valued by it a last time. */
	pl_mixer_set_shape(m, targets->shape, targets->n_shape);
	m->targets = targets;
	m->targets_changed = true;
}

void pl_mixer_set_keys(struct pl_mixer *m, uint32_t tablet, uint64_t mask, uint64_t keys)
{
	uint64_t old = atomic_load_explicit(&m->keys[tablet], memory_order_relaxed);

	atomic_store_explicit(&m->keys[tablet], (old & ~mask) | (keys & mask),
			      memory_order_relaxed);
	m->targets_changed = true;
}

uint64_t pl_mixer_keys(const struct pl_mixer *m, uint32_t tablet)
{
	return atomic_load_explicit(&m->keys[tablet], memory_order_relaxed);
}

uint32_t pl_mixer_rate(const struct pl_mixer *m)
{
	return m->rate_hz;
}

static void set_rate(struct pl_mixer *m, uint32_t rate_hz)
{
	m->rate_hz = rate_hz;
	if (m->targets->shape_rate_hz != rate_hz) {
		/* Value what moves by the old shape before it is overwritten in place. */
		pl_mixer_restart(m);
		pl_matrix_targets_set_rate(m->targets, rate_hz);
		pl_mixer_set_shape(m, m->targets->shape, m->targets->n_shape);
	}
	pl_meter_frame_init(&m->frame, rate_hz);
	m->frame_left = m->frame.n_frames;
	memset(m->meters, 0, sizeof(m->meters));
	m->targets_changed = true;
}

static uint64_t live_inputs(const float *const inputs[], uint32_t n_inputs)
{
	uint64_t live = 0;

	for (uint32_t i = 0; i < n_inputs; i++)
		live |= (uint64_t)(inputs[i] != NULL) << i;
	return live;
}

static void set_live(struct pl_mixer *m, const struct pl_mixer_block *block)
{
	uint64_t talk = live_inputs(block->talk, m->n_tablets);
	uint64_t channel = live_inputs(block->channel_in, m->n_channels);

	if (talk != m->talk_live) {
		m->stale_up = pl_mask(m->n_channels);
		m->stale_down = pl_mask(m->n_tablets);
	}
	if (channel != m->channel_live)
		m->stale_down = pl_mask(m->n_tablets);
	m->talk_live = talk;
	m->channel_live = channel;
}

/** @return samples replaced */
static uint64_t take_inputs(struct pl_mixer *m, enum pl_mixer_plane plane,
			    const float *const inputs[], uint64_t live, uint32_t offset,
			    uint32_t n_frames, struct pl_level *levels)
{
	uint64_t n_bad = 0;

	for (; live; live &= live - 1u) {
		uint32_t i = (uint32_t)__builtin_ctzll(live);

		n_bad += m->kernels->sanitise(m->scratch + pl_mixer_src(plane, i),
					      inputs[i] + offset, n_frames, &levels[i]);
	}
	return n_bad;
}

static void add_levels(struct pl_meter *meters, const struct pl_level *levels, uint64_t live)
{
	for (; live; live &= live - 1u) {
		uint32_t i = (uint32_t)__builtin_ctzll(live);

		pl_meter_add(&meters[i], &levels[i]);
	}
}

static void advance_meters(struct pl_mixer *m, uint32_t n_frames)
{
	m->frame_left -= n_frames;
	if (m->frame_left > 0)
		return;
	for (uint32_t p = 0; p < PL_POINT_MAX_; p++) {
		bool tablets = p == PL_POINT_TALK || p == PL_POINT_LISTEN;
		uint32_t n = tablets ? m->n_tablets : m->n_channels;

		for (uint32_t i = 0; i < n; i++)
			pl_meter_finish(&m->meters[p][i], &m->frame);
	}
	m->frame_left = m->frame.n_frames;
	m->n_meter_frames++;
}

static uint32_t min_u64(uint32_t a, uint64_t b)
{
	return b < a ? (uint32_t)b : a;
}

/**
 * One stretch in which every coefficient either stands or moves throughout.
 * @return its frames, at most limit
 */
static uint32_t process_chunk(struct pl_mixer *m, struct pl_mixer_block *block, uint32_t offset,
			      uint32_t limit)
{
	struct pl_level talk[PL_TABLETS_MAX], channel[PL_CHANNELS_MAX];
	uint32_t n, wanted;
	uint64_t n_bad;

	pl_mixer_arrive(m);
	n = min_u64(limit, m->clock.next_end - m->clock.now);
	n = min_u64(n, m->frame_left);
	n = min_u64(n, m->n_chunk);

	n_bad = take_inputs(m, PL_PLANE_TALK, block->talk, m->talk_live, offset, n, talk);
	wanted = pl_mixer_vox_scan(m, talk, n);
	/* A voice that starts or ends has started a ramp. */
	wanted = min_u64(wanted, m->clock.next_end - m->clock.now);
	if (wanted < n) {
		n = wanted;
		n_bad = take_inputs(m, PL_PLANE_TALK, block->talk, m->talk_live, offset, n, talk);
	}
	pl_mixer_vox_hold(m, talk, n);
	n_bad += take_inputs(m, PL_PLANE_CHANNEL_IN, block->channel_in, m->channel_live, offset, n,
			     channel);

	pl_mixer_build_rows(m);
	pl_mixer_mix_channels(m, block, offset, n);
	pl_mixer_mix_tablets(m, block, offset, n);

	m->n_bad_samples += n_bad;
	add_levels(m->meters[PL_POINT_TALK], talk, m->talk_live);
	add_levels(m->meters[PL_POINT_CHANNEL_IN], channel, m->channel_live);
	m->clock.now += n;
	advance_meters(m, n);
	return n;
}

void pl_mixer_process(struct pl_mixer *m, struct pl_mixer_block *block)
{
	uint64_t saved = pl_fpenv_enter();
	uint32_t offset = 0, event = 0;

	if (block->rate_hz != m->rate_hz)
		set_rate(m, block->rate_hz);
	if (m->targets_changed) {
		pl_mixer_apply_targets(m);
		m->targets_changed = false;
	}
	set_live(m, block);
	m->quantum = block->n_frames;
	block->listen_silent = pl_mask(m->n_tablets);
	block->channel_out_silent = pl_mask(m->n_channels);
	while (offset < block->n_frames) {
		uint32_t limit = block->n_frames - offset;

		for (; event < block->n_events && block->events[event].offset <= offset; event++)
			pl_mixer_apply_key(m, &block->events[event]);
		if (event < block->n_events)
			limit = min_u64(limit, block->events[event].offset - offset);
		offset += process_chunk(m, block, offset, limit);
		m->clock.snap = false;
	}
	pl_fpenv_leave(saved);
}

static void read_points(const struct pl_meter *meters, uint32_t n, struct pl_meters_point *points)
{
	for (uint32_t i = 0; i < n; i++)
		points[i] = meters[i].point;
}

void pl_mixer_read_meters(const struct pl_mixer *m, struct pl_meters_data *data)
{
	data->n_frames = m->n_meter_frames;
	data->serial = m->targets->serial;
	data->n_bad_samples = m->n_bad_samples;
	data->rate_hz = m->rate_hz;
	data->quantum = m->quantum;
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		uint64_t talking = 0;

		for (uint64_t left = m->up.active_col[t]; left; left &= left - 1u) {
			uint32_t c = (uint32_t)__builtin_ctzll(left);

			talking |= (uint64_t)(m->up.to[c][t] != 0.0f) << c;
		}
		data->talking[t] = talking;
		data->keys[t] = pl_mixer_keys(m, t);
	}
	read_points(m->meters[PL_POINT_TALK], m->n_tablets, data->tablet_talk);
	read_points(m->meters[PL_POINT_LISTEN], m->n_tablets, data->tablet_listen);
	read_points(m->meters[PL_POINT_CHANNEL_IN], m->n_channels, data->channel_in);
	read_points(m->meters[PL_POINT_CHANNEL_OUT], m->n_channels, data->channel_out);
}
