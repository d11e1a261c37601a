/* SPDX-License-Identifier: MIT */
#include "props.h"

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

void pl_props_begin(struct pl_props *props)
{
	struct spa_pod_builder *b = &props->dynamic.b;

	spa_pod_dynamic_builder_init(&props->dynamic, NULL, 0, 4096);
	spa_pod_builder_push_object(b, &props->frames[0], SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &props->frames[1]);
}

const struct spa_pod *pl_props_end(struct pl_props *props)
{
	struct spa_pod_builder *b = &props->dynamic.b;

	spa_pod_builder_pop(b, &props->frames[1]);
	return spa_pod_builder_pop(b, &props->frames[0]);
}

void pl_props_done(struct pl_props *props)
{
	spa_pod_dynamic_builder_clean(&props->dynamic);
}

void pl_props_double(struct pl_props *props, const char *key, double value)
{
	spa_pod_builder_string(&props->dynamic.b, key);
	spa_pod_builder_double(&props->dynamic.b, value);
}

void pl_props_float(struct pl_props *props, const char *key, double value)
{
	spa_pod_builder_string(&props->dynamic.b, key);
	spa_pod_builder_float(&props->dynamic.b, (float)value);
}

void pl_props_bool(struct pl_props *props, const char *key, int value)
{
	spa_pod_builder_string(&props->dynamic.b, key);
	spa_pod_builder_bool(&props->dynamic.b, value != 0);
}

void pl_props_int(struct pl_props *props, const char *key, int value)
{
	spa_pod_builder_string(&props->dynamic.b, key);
	spa_pod_builder_int(&props->dynamic.b, value);
}

void pl_props_long(struct pl_props *props, const char *key, uint64_t value)
{
	spa_pod_builder_string(&props->dynamic.b, key);
	spa_pod_builder_long(&props->dynamic.b, (int64_t)value);
}

static void gains(struct pl_props *props, const char *key, const double *values, uint32_t n_rows,
		  uint32_t n_columns)
{
	double packed[64 * 64];
	uint32_t n = 0;

	for (uint32_t r = 0; r < n_rows; r++) {
		for (uint32_t c = 0; c < n_columns; c++)
			packed[n++] = values[r * 64 + c];
	}
	spa_pod_builder_string(&props->dynamic.b, key);
	spa_pod_builder_array(&props->dynamic.b, sizeof(double), SPA_TYPE_Double, n, packed);
}

void pl_props_settings(struct pl_props *props, const struct pl_model_settings *s,
		       const uint64_t *keys)
{
	struct spa_pod_builder *b = &props->dynamic.b;

	pl_props_double(props, PL_PARAM_HEADROOM_DB, s->headroom_db);
	gains(props, PL_PARAM_UPLINK, s->uplink[0], s->n_channels, s->n_tablets);
	gains(props, PL_PARAM_DOWNLINK, s->downlink[0], s->n_tablets, s->n_channels);
	gains(props, PL_PARAM_SIDETONE, s->sidetone, 1, s->n_tablets);
	spa_pod_builder_string(b, PL_PARAM_MODES);
	spa_pod_builder_array(b, sizeof(int32_t), SPA_TYPE_Int, s->n_tablets, s->modes);
	pl_props_long(props, PL_PARAM_TABLET_MUTE, s->tablet_mute);
	pl_props_long(props, PL_PARAM_TALK_MUTE, s->talk_mute);
	pl_props_long(props, PL_PARAM_LISTEN_MUTE, s->listen_mute);
	pl_props_long(props, PL_PARAM_CHANNEL_MUTE, s->channel_mute);
	pl_props_bool(props, PL_PARAM_PARTY_LINE, s->party_line);
	pl_props_double(props, PL_PARAM_RAMP_MS, s->ramp_ms);
	pl_props_double(props, PL_PARAM_VOX_THRESHOLD_DB, s->vox_threshold_db);
	pl_props_double(props, PL_PARAM_VOX_HANG_MS, s->vox_hang_ms);
	if (keys) {
		spa_pod_builder_string(b, PL_PARAM_KEYS);
		spa_pod_builder_array(b, sizeof(int64_t), SPA_TYPE_Long, s->n_tablets, keys);
	}
}
