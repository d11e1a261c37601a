/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "claims.h"
#include "describe.h"
#include "documents.h"

double pl_now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double pl_gain_to_db(double gain)
{
	double db;

	if (!(gain > 0.0))
		return PL_METERS_DB_MIN;
	db = 20.0 * log10(gain);
	return db < PL_METERS_DB_MIN ? PL_METERS_DB_MIN : db;
}

double pl_db_to_gain(double gain_db)
{
	return gain_db <= PL_METERS_DB_MIN ? 0.0 : pow(10.0, gain_db / 20.0);
}

struct json_object *pl_json_decibel(double db)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", db);
	return json_object_new_double_s(db, text);
}

static void add_bool(struct json_object *object, const char *name, bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

static void add_double(struct json_object *object, const char *name, double value)
{
	json_object_object_add(object, name, json_object_new_double(value));
}

static void add_int(struct json_object *object, const char *name, int64_t value)
{
	json_object_object_add(object, name, json_object_new_int64(value));
}

static void add_string(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, json_object_new_string(value));
}

static bool bit(uint64_t mask, uint32_t id)
{
	return mask >> (id - 1u) & 1u;
}

/** The ids of a mask, sorted. */
static struct json_object *ids_of(uint64_t mask)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t id = 1; list && id <= 64; id++)
		if (bit(mask, id))
			json_object_array_add(list, json_object_new_int64(id));
	return list;
}

/** Tablets that hold the channel's key. */
static uint64_t holders(const struct pl_model *model, uint32_t channel_id)
{
	uint64_t mask = 0;

	for (uint32_t t = 0; t < model->n_tablets; t++)
		if (bit(model->tablet[t].keys, channel_id))
			mask |= UINT64_C(1) << t;
	return mask;
}

static void add_bindings(struct json_object *object, const struct pl_binding *bindings)
{
	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++)
		json_object_object_add(object, pl_direction_name(d),
				       pl_describe_binding(&bindings[d]));
}

struct json_object *pl_document_claim(const struct pl_control *control, uint32_t tablet_id)
{
	struct json_object *object;
	struct pl_claim_info claim;

	if (!pl_control_get_claim(control, tablet_id, &claim))
		return NULL;
	object = json_object_new_object();
	if (!object)
		return NULL;
	add_string(object, "label", claim.label);
	add_string(object, "peer", claim.peer);
	add_double(object, "since", (double)claim.since_usec * 1e-6);
	add_bool(object, "present", claim.present);
	json_object_object_add(object, "keys", ids_of(claim.keys));
	return object;
}

struct json_object *pl_document_tablet(const struct pl_control *control, uint32_t tablet_id)
{
	const struct pl_model *model = pl_control_model(control);
	const struct pl_tablet *tablet = &model->tablet[tablet_id - 1u];
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_int(object, "id", tablet_id);
	add_string(object, "name", tablet->name);
	add_string(object, "mode", pl_talk_mode_name(tablet->mode));
	add_double(object, "sidetone", tablet->sidetone);
	add_bool(object, "mute", bit(model->tablet_mute, tablet_id));
	add_bool(object, "talk_mute", bit(model->talk_mute, tablet_id));
	add_bool(object, "listen_mute", bit(model->listen_mute, tablet_id));
	json_object_object_add(object, "keys", ids_of(tablet->keys));
	add_bindings(object, tablet->binding);
	json_object_object_add(object, "claim", pl_document_claim(control, tablet_id));
	return object;
}

struct json_object *pl_document_channel(const struct pl_model *model, uint32_t channel_id)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_int(object, "id", channel_id);
	add_string(object, "name", model->channel[channel_id - 1u].name);
	add_bool(object, "mute", bit(model->channel_mute, channel_id));
	json_object_object_add(object, "active_tablets", ids_of(holders(model, channel_id)));
	add_bindings(object, model->channel[channel_id - 1u].binding);
	return object;
}

struct json_object *pl_document_options(const struct pl_model *model)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_double(object, "headroom_db", model->headroom_db);
	add_bool(object, "party_line", model->party_line);
	add_double(object, "ramp_ms", model->ramp_ms);
	add_double(object, "vox_threshold_db", model->vox_threshold_db);
	add_double(object, "vox_hang_ms", model->vox_hang_ms);
	add_double(object, "talk_timeout_s", model->talk_timeout_s);
	add_bool(object, "busy_refusal", model->busy_refusal);
	return object;
}

struct json_object *pl_document_cell(uint32_t channel_id, uint32_t tablet_id, double gain)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_int(object, "channel", channel_id);
	add_int(object, "tablet", tablet_id);
	add_double(object, "gain", gain);
	json_object_object_add(object, "gain_db", pl_json_decibel(pl_gain_to_db(gain)));
	return object;
}

static struct json_object *gains(const double *values, uint32_t n)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; list && i < n; i++)
		json_object_array_add(list, json_object_new_double(values[i]));
	return list;
}

struct json_object *pl_document_devices(struct pl_control *control)
{
	struct json_object *object = pl_describe_devices(control), *list = NULL;

	if (object && json_object_object_get_ex(object, "devices", &list))
		json_object_get(list);
	json_object_put(object);
	return list;
}

struct json_object *pl_document_state(struct pl_control *control)
{
	const struct pl_model *model = pl_control_model(control);
	struct json_object *object = json_object_new_object();
	struct json_object *tablets = json_object_new_array(), *channels = json_object_new_array();
	struct json_object *uplink = json_object_new_array(), *downlink = json_object_new_array();

	if (!object || !tablets || !channels || !uplink || !downlink) {
		json_object_put(object);
		json_object_put(tablets);
		json_object_put(channels);
		json_object_put(uplink);
		json_object_put(downlink);
		return NULL;
	}
	for (uint32_t id = 1; id <= model->n_tablets; id++) {
		json_object_array_add(tablets, pl_document_tablet(control, id));
		json_object_array_add(downlink,
				      gains(model->tablet[id - 1u].downlink, model->n_channels));
	}
	for (uint32_t id = 1; id <= model->n_channels; id++) {
		json_object_array_add(channels, pl_document_channel(model, id));
		json_object_array_add(uplink,
				      gains(model->channel[id - 1u].uplink, model->n_tablets));
	}
	add_double(object, "ts", pl_now_seconds());
	add_bool(object, "engine_connected", pl_control_engine_is_connected(control));
	json_object_object_add(object, "options", pl_document_options(model));
	json_object_object_add(object, "tablets", tablets);
	json_object_object_add(object, "channels", channels);
	json_object_object_add(object, "uplink", uplink);
	json_object_object_add(object, "downlink", downlink);
	json_object_object_add(object, "devices", pl_document_devices(control));
	return object;
}

/* --- meters ------------------------------------------------------------------- */

static void add_level(struct json_object *levels, uint32_t id, double linear)
{
	char key[12];

	snprintf(key, sizeof(key), "%u", id);
	json_object_object_add(levels, key, pl_json_decibel(pl_level_db(linear)));
}

static void add_parts(struct json_object *object, const char *name, struct json_object *tablets,
		      struct json_object *channels)
{
	struct json_object *parts = json_object_new_object();

	if (tablets)
		json_object_object_add(parts, "tablets", tablets);
	if (channels)
		json_object_object_add(parts, "channels", channels);
	json_object_object_add(object, name, parts);
}

struct json_object *pl_document_meters(struct pl_control *control)
{
	const struct pl_model *model = pl_control_model(control);
	struct json_object *object = json_object_new_object();
	struct json_object *part[7], *talking = json_object_new_object();
	struct pl_meters_data meters;
	char key[12];

	pl_control_read_meters(control, &meters);
	for (size_t i = 0; i < 7; i++)
		part[i] = json_object_new_object();
	for (uint32_t t = 0; t < model->n_tablets; t++) {
		add_level(part[0], t + 1u, meters.tablet_listen[t].vu);
		add_level(part[2], t + 1u, meters.tablet_talk[t].vu);
		add_level(part[4], t + 1u, meters.tablet_talk[t].peak_hold);
		if (!meters.talking[t])
			continue;
		snprintf(key, sizeof(key), "%u", t + 1u);
		json_object_object_add(talking, key, ids_of(meters.talking[t]));
	}
	for (uint32_t c = 0; c < model->n_channels; c++) {
		add_level(part[1], c + 1u, meters.channel_out[c].vu);
		add_level(part[3], c + 1u, meters.channel_in[c].vu);
		add_level(part[5], c + 1u, meters.channel_out[c].peak_hold);
		add_level(part[6], c + 1u, meters.channel_in[c].peak_hold);
	}
	add_double(object, "ts", pl_now_seconds());
	add_parts(object, "vu_db", part[0], part[1]);
	add_parts(object, "input_db", part[2], part[3]);
	add_parts(object, "hold_db", part[4], part[5]);
	add_parts(object, "input_hold_db", NULL, part[6]);
	json_object_object_add(object, "talking", talking);
	add_bool(object, "running", pl_control_engine_is_connected(control));
	return object;
}
