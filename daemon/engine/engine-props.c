/* SPDX-License-Identifier: MIT */
#include "engine-props.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/pod/dynamic.h>

/** Enough for both gain arrays of a 64x64 matrix; it grows if not. */
#define BUFFER_BYTES (64u * 1024u)

struct writer {
	struct spa_pod_builder *builder;
	const struct pl_model *before; /* NULL: everything */
	const struct pl_model *after;
	unsigned n_written;
};

static void put_double(struct writer *w, const char *key, double value)
{
	spa_pod_builder_string(w->builder, key);
	spa_pod_builder_double(w->builder, value);
	w->n_written++;
}

static void put_bool(struct writer *w, const char *key, bool value)
{
	spa_pod_builder_string(w->builder, key);
	spa_pod_builder_bool(w->builder, value);
	w->n_written++;
}

static void put_mask(struct writer *w, const char *key, uint64_t mask)
{
	spa_pod_builder_string(w->builder, key);
	spa_pod_builder_long(w->builder, (int64_t)mask);
	w->n_written++;
}

static void put_float(struct writer *w, const char *key, double value)
{
	spa_pod_builder_string(w->builder, key);
	spa_pod_builder_float(w->builder, (float)value);
	w->n_written++;
}

static void put_array(struct writer *w, const char *key, uint32_t type, uint32_t size, uint32_t n,
		      const void *values)
{
	spa_pod_builder_string(w->builder, key);
	spa_pod_builder_array(w->builder, size, type, n, values);
	w->n_written++;
}

#define DIFFERS(w, field) (!(w)->before || (w)->before->field != (w)->after->field)

static void put_options(struct writer *w)
{
	const struct pl_model *m = w->after;

	if (DIFFERS(w, headroom_db))
		put_double(w, PL_PARAM_HEADROOM_DB, m->headroom_db);
	if (DIFFERS(w, party_line))
		put_bool(w, PL_PARAM_PARTY_LINE, m->party_line);
	if (DIFFERS(w, ramp_ms))
		put_double(w, PL_PARAM_RAMP_MS, m->ramp_ms);
	if (DIFFERS(w, vox_threshold_db))
		put_double(w, PL_PARAM_VOX_THRESHOLD_DB, m->vox_threshold_db);
	if (DIFFERS(w, vox_hang_ms))
		put_double(w, PL_PARAM_VOX_HANG_MS, m->vox_hang_ms);
	if (DIFFERS(w, tablet_mute))
		put_mask(w, PL_PARAM_TABLET_MUTE, m->tablet_mute);
	if (DIFFERS(w, talk_mute))
		put_mask(w, PL_PARAM_TALK_MUTE, m->talk_mute);
	if (DIFFERS(w, listen_mute))
		put_mask(w, PL_PARAM_LISTEN_MUTE, m->listen_mute);
	if (DIFFERS(w, channel_mute))
		put_mask(w, PL_PARAM_CHANNEL_MUTE, m->channel_mute);
}

static void put_tablets(struct writer *w)
{
	bool modes = !w->before, sidetone = !w->before;
	uint32_t n = w->after->n_tablets;
	int32_t mode[PL_TABLETS_MAX];
	float gain[PL_TABLETS_MAX];

	for (uint32_t t = 0; t < n; t++) {
		mode[t] = (int32_t)w->after->tablet[t].mode;
		gain[t] = (float)w->after->tablet[t].sidetone;
		modes = modes || DIFFERS(w, tablet[t].mode);
		sidetone = sidetone || DIFFERS(w, tablet[t].sidetone);
	}
	if (modes)
		put_array(w, PL_PARAM_MODES, SPA_TYPE_Int, sizeof(mode[0]), n, mode);
	if (sidetone)
		put_array(w, PL_PARAM_SIDETONE, SPA_TYPE_Float, sizeof(gain[0]), n, gain);
}

/** @param is_uplink  rows are channels and columns tablets, else the other way round */
static double cell(const struct pl_model *m, bool is_uplink, uint32_t row, uint32_t column)
{
	return is_uplink ? m->channel[row].uplink[column] : m->tablet[row].downlink[column];
}

static void put_gains(struct writer *w, bool is_uplink)
{
	uint32_t n_rows = is_uplink ? w->after->n_channels : w->after->n_tablets;
	uint32_t n_columns = is_uplink ? w->after->n_tablets : w->after->n_channels;
	float gains[PL_TABLETS_MAX * PL_CHANNELS_MAX];
	uint32_t changed[PL_PROPS_CELLS_MAX], n_changed = 0;

	for (uint32_t i = 0; i < n_rows * n_columns; i++) {
		uint32_t row = i / n_columns, column = i % n_columns;
		double gain = cell(w->after, is_uplink, row, column);

		gains[i] = (float)gain;
		if (w->before && cell(w->before, is_uplink, row, column) == gain)
			continue;
		if (n_changed < PL_PROPS_CELLS_MAX)
			changed[n_changed] = i;
		n_changed++;
	}
	if (n_changed > PL_PROPS_CELLS_MAX || !w->before) {
		put_array(w, is_uplink ? PL_PARAM_UPLINK : PL_PARAM_DOWNLINK, SPA_TYPE_Float,
			  sizeof(gains[0]), n_rows * n_columns, gains);
		return;
	}
	for (uint32_t i = 0; i < n_changed; i++) {
		uint32_t row = changed[i] / n_columns + 1, column = changed[i] % n_columns + 1;
		char key[64];

		if (is_uplink)
			snprintf(key, sizeof(key), PL_PARAM_UPLINK_FMT, row, column);
		else
			snprintf(key, sizeof(key), PL_PARAM_DOWNLINK_FMT, row, column);
		put_float(w, key, gains[changed[i]]);
	}
}

static unsigned count_bits(uint64_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n++;
	return n;
}

static void put_keys(struct writer *w)
{
	uint32_t n = w->after->n_tablets;
	unsigned n_changed = 0;
	int64_t keys[PL_TABLETS_MAX];

	for (uint32_t t = 0; t < n; t++) {
		keys[t] = (int64_t)w->after->tablet[t].keys;
		if (w->before)
			n_changed +=
				count_bits(w->before->tablet[t].keys ^ w->after->tablet[t].keys);
	}
	if (!w->before || n_changed > PL_PROPS_CELLS_MAX) {
		put_array(w, PL_PARAM_KEYS, SPA_TYPE_Long, sizeof(keys[0]), n, keys);
		return;
	}
	for (uint32_t t = 0; n_changed > 0 && t < n; t++) {
		uint64_t edges = w->before->tablet[t].keys ^ w->after->tablet[t].keys;

		for (uint32_t id = 1; edges && id <= w->after->n_channels; id++) {
			char key[64];

			if (!(edges & pl_mask_bit(id)))
				continue;
			snprintf(key, sizeof(key), PL_PARAM_KEY_FMT, t + 1, id);
			put_bool(w, key, w->after->tablet[t].keys & pl_mask_bit(id));
		}
	}
}

int engine_props_build(const struct pl_model *before, const struct pl_model *after, int64_t serial,
		       uint64_t keys_nsec, struct spa_pod **ret_pod)
{
	struct spa_pod_dynamic_builder dynamic;
	struct spa_pod_frame object, params;
	struct writer w = {.builder = &dynamic.b, .before = before, .after = after};
	struct spa_pod *pod;

	spa_pod_dynamic_builder_init(&dynamic, NULL, 0, BUFFER_BYTES);
	spa_pod_builder_push_object(&dynamic.b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&dynamic.b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&dynamic.b, &params);
	put_options(&w);
	put_tablets(&w);
	put_gains(&w, true);
	put_gains(&w, false);
	put_keys(&w);
	if (keys_nsec) {
		spa_pod_builder_string(&dynamic.b, PL_PARAM_KEYS_NSEC);
		spa_pod_builder_long(&dynamic.b, (int64_t)keys_nsec);
	}
	spa_pod_builder_string(&dynamic.b, PL_PARAM_SERIAL);
	spa_pod_builder_long(&dynamic.b, serial);
	spa_pod_builder_pop(&dynamic.b, &params);
	pod = spa_pod_builder_pop(&dynamic.b, &object);

	pod = w.n_written > 0 && pod ? spa_pod_copy(pod) : NULL;
	spa_pod_dynamic_builder_clean(&dynamic);
	if (w.n_written == 0)
		return 0;
	if (!pod)
		return -ENOMEM;
	*ret_pod = pod;
	return 1;
}
