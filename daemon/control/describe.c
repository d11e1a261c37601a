/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "config.h"
#include "model-json.h"

/** Puts the object and returns NULL when one of the additions failed. */
static struct json_object *whole_or_nothing(struct json_object *object, int r)
{
	if (r == 0)
		return object;
	json_object_put(object);
	return NULL;
}

/** Seconds since 1970 with microseconds, as Mission Control's time.time() */
static struct json_object *timestamp(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return pl_json_double((double)ts.tv_sec + 1e-6 * floor((double)ts.tv_nsec / 1e3));
}

double pl_level_db(double linear)
{
	double x = linear * 1.0000001;

	/* Also for NaN. */
	if (!(x > 1e-12))
		return PL_METERS_DB_MIN;
	return 20.0 * log10(x);
}

struct json_object *pl_describe_config_file(struct pl_control *control)
{
	const struct pl_config *config = pl_control_config(control);
	struct json_object *o = json_object_new_object();
	int r;

	if (!o)
		return NULL;
	r = pl_json_add(o, "fs", json_object_new_int64(config->fs));
	if (r == 0)
		r = pl_json_add(o, "frame_size", json_object_new_int64(config->frame_size));
	if (r == 0)
		r = pl_json_add(o, "headroom_db", pl_json_double(config->headroom_db));
	return whole_or_nothing(o, r);
}

struct json_object *pl_describe_health(struct pl_control *control)
{
	const struct pl_config *config = pl_control_config(control);
	const struct pl_model *model = pl_control_model(control);
	struct json_object *o = json_object_new_object();
	struct pl_meters_data meters;
	bool running;
	int r;

	if (!o)
		return NULL;
	running = pl_control_read_meters(control, &meters) == 0 && meters.rate_hz && meters.quantum;
	r = pl_json_add(o, "status", json_object_new_string("ok"));
	if (r == 0)
		r = pl_json_add(o, "ts", timestamp());
	if (r == 0)
		r = pl_json_add(o, "num_channels", json_object_new_int64(model->n_channels));
	if (r == 0)
		r = pl_json_add(o, "num_tablets", json_object_new_int64(model->n_tablets));
	if (r == 0)
		r = pl_json_add(o, "fs",
				json_object_new_int64(running ? meters.rate_hz : config->fs));
	if (r == 0)
		r = pl_json_add(
			o, "frame_size",
			json_object_new_int64(running ? meters.quantum : config->frame_size));
	if (r == 0)
		r = pl_json_add(o, "config", pl_describe_config_file(control));
	return whole_or_nothing(o, r);
}

static struct json_object *levels(const struct pl_meters_point *points, uint32_t n)
{
	struct json_object *o = json_object_new_object();
	int r = 0;

	for (uint32_t i = 0; o && r == 0 && i < n; i++) {
		char key[12];

		snprintf(key, sizeof(key), "%u", i + 1);
		r = pl_json_add(o, key, pl_json_double(pl_level_db((double)points[i].vu)));
	}
	return whole_or_nothing(o, r);
}

static struct json_object *vu_db(struct pl_control *control)
{
	const struct pl_model *model = pl_control_model(control);
	struct json_object *o = json_object_new_object();
	struct pl_meters_data meters;
	int r;

	if (!o)
		return NULL;
	/* Without a graph: all zero, silence. */
	pl_control_read_meters(control, &meters);
	r = pl_json_add(o, "tablets", levels(meters.tablet_listen, model->n_tablets));
	if (r == 0)
		r = pl_json_add(o, "channels", levels(meters.channel_out, model->n_channels));
	return whole_or_nothing(o, r);
}

struct json_object *pl_describe_vu(struct pl_control *control)
{
	struct json_object *o = json_object_new_object();
	int r;

	if (!o)
		return NULL;
	r = pl_json_add(o, "ts", timestamp());
	if (r == 0)
		r = pl_json_add(o, "vu_db", vu_db(control));
	return whole_or_nothing(o, r);
}

struct json_object *pl_describe_ptt(struct pl_control *control)
{
	struct json_object *o = json_object_new_object();
	int r;

	if (!o)
		return NULL;
	r = pl_json_add(o, "timestamp", timestamp());
	if (r == 0)
		r = pl_json_add(o, "channels", pl_model_describe_keys(pl_control_model(control)));
	return whole_or_nothing(o, r);
}

struct json_object *pl_describe_state(struct pl_control *control)
{
	struct json_object *o = pl_describe_vu(control);
	int r;

	if (!o)
		return NULL;
	r = pl_json_add(o, "config", pl_model_describe_config(pl_control_model(control)));
	if (r == 0)
		r = pl_json_add(o, "ptt", pl_describe_ptt(control));
	return whole_or_nothing(o, r);
}

static struct json_object *ids_array(uint64_t mask)
{
	struct json_object *array = json_object_new_array();

	for (uint32_t id = 1; array && id <= 64; id++) {
		struct json_object *value;

		if (!(mask & pl_mask_bit(id)))
			continue;
		value = json_object_new_int64(id);
		if (!value || json_object_array_add(array, value) < 0) {
			json_object_put(value);
			return whole_or_nothing(array, -1);
		}
	}
	return array;
}

static const char *state_word(bool active)
{
	return active ? "ACTIVE" : "IDLE";
}

static struct json_object *channel_state(const struct pl_model *model, uint32_t channel_id)
{
	struct json_object *o = json_object_new_object();
	uint64_t holders = 0;
	int r;

	for (uint32_t t = 0; t < model->n_tablets; t++)
		if (model->tablet[t].keys & pl_mask_bit(channel_id))
			holders |= pl_mask_bit(t + 1);
	if (!o)
		return NULL;
	r = pl_json_add(o, "channel", json_object_new_int64(channel_id));
	if (r == 0)
		r = pl_json_add(o, "state", json_object_new_string(state_word(holders != 0)));
	if (r == 0)
		r = pl_json_add(o, "active_tablets", ids_array(holders));
	return whole_or_nothing(o, r);
}

struct json_object *pl_describe_key(struct pl_control *control, uint32_t tablet_id,
				    uint32_t channel_id)
{
	const struct pl_model *model = pl_control_model(control);
	struct json_object *o;
	uint64_t keys;
	int r;

	if (tablet_id < 1 || tablet_id > model->n_tablets || channel_id < 1 ||
	    channel_id > model->n_channels)
		return NULL;
	o = json_object_new_object();
	if (!o)
		return NULL;
	keys = model->tablet[tablet_id - 1].keys;
	r = pl_json_add(o, "tablet_id", json_object_new_int64(tablet_id));
	if (r == 0)
		r = pl_json_add(o, "channel", json_object_new_int64(channel_id));
	if (r == 0)
		r = pl_json_add(o, "ptt_state",
				json_object_new_string(state_word(keys & pl_mask_bit(channel_id))));
	if (r == 0)
		r = pl_json_add(o, "channel_state", channel_state(model, channel_id));
	if (r == 0)
		r = pl_json_add(o, "tablet_channels", ids_array(keys));
	return whole_or_nothing(o, r);
}
