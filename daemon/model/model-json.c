/* SPDX-License-Identifier: MIT */
#include "model-json.h"

#include <stdio.h>

/*
 * Writing. Helpers return NULL without memory; a document is either whole or not there.
 */

static int add_id(struct json_object *object, uint32_t id, struct json_object *value)
{
	char key[12];

	snprintf(key, sizeof(key), "%u", id);
	return pl_json_add(object, key, value);
}

static struct json_object *row_to_json(const double *row, uint64_t set)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t id = 1; object && id <= 64; id++) {
		if (!(set & pl_mask_bit(id)))
			continue;
		if (add_id(object, id, pl_json_double(row[id - 1])) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

/** @param sparse  leave out rows that are everyone-to-everyone */
static struct json_object *uplink_to_json(const struct pl_model *model, bool sparse)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t c = 0; object && c < model->n_channels; c++) {
		const struct pl_channel *channel = &model->channel[c];

		if (sparse && pl_model_uplink_is_default(model, c))
			continue;
		if (add_id(object, c + 1, row_to_json(channel->uplink, channel->uplink_set)) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

static struct json_object *downlink_to_json(const struct pl_model *model, bool sparse)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t t = 0; object && t < model->n_tablets; t++) {
		const struct pl_tablet *tablet = &model->tablet[t];

		if (sparse && pl_model_downlink_is_default(model, t))
			continue;
		if (add_id(object, t + 1, row_to_json(tablet->downlink, tablet->downlink_set)) <
		    0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

/** {"id": is it in the mask} for every id that was ever set */
static struct json_object *mute_to_json(uint64_t mask, uint64_t set)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t id = 1; object && id <= 64; id++) {
		if (!(set & pl_mask_bit(id)))
			continue;
		if (add_id(object, id, json_object_new_boolean(!!(mask & pl_mask_bit(id)))) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

static struct json_object *ids_to_json(uint64_t mask)
{
	struct json_object *array = json_object_new_array();

	for (uint32_t id = 1; array && id <= 64; id++) {
		struct json_object *value;

		if (!(mask & pl_mask_bit(id)))
			continue;
		value = json_object_new_int((int32_t)id);
		if (!value || json_object_array_add(array, value) < 0) {
			json_object_put(value);
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}

static struct json_object *binding_to_json(const struct pl_binding *binding)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (pl_json_add(object, "device", json_object_new_string(binding->device)) < 0 ||
	    pl_json_add(object, "port", json_object_new_int64(binding->port)) < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

static bool is_bound(const struct pl_binding *bindings)
{
	return pl_binding_is_set(&bindings[PL_CAPTURE]) ||
	       pl_binding_is_set(&bindings[PL_PLAYBACK]);
}

static int add_bindings(struct json_object *object, const struct pl_binding *bindings)
{
	int r = 0;

	for (unsigned d = 0; r == 0 && d < PL_DIRECTION_MAX_; d++)
		if (pl_binding_is_set(&bindings[d]))
			r = pl_json_add(object, pl_direction_name(d),
					binding_to_json(&bindings[d]));
	return r;
}

static struct json_object *tablet_to_json(const struct pl_tablet *tablet)
{
	struct json_object *object = json_object_new_object();
	int r = 0;

	if (!object)
		return NULL;
	if (tablet->name[0])
		r = pl_json_add(object, "name", json_object_new_string(tablet->name));
	if (r == 0 && tablet->mode != PL_TALK_MODE_OPEN)
		r = pl_json_add(object, "mode",
				json_object_new_string(pl_talk_mode_name(tablet->mode)));
	if (r == 0 && tablet->sidetone != 0.0)
		r = pl_json_add(object, "sidetone", pl_json_double(tablet->sidetone));
	if (r == 0)
		r = add_bindings(object, tablet->binding);
	if (r < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

static struct json_object *tablets_to_json(const struct pl_model *model)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t t = 0; object && t < model->n_tablets; t++) {
		const struct pl_tablet *tablet = &model->tablet[t];

		if (!tablet->name[0] && tablet->mode == PL_TALK_MODE_OPEN &&
		    tablet->sidetone == 0.0 && !is_bound(tablet->binding))
			continue;
		if (add_id(object, t + 1, tablet_to_json(tablet)) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

static struct json_object *channel_to_json(const struct pl_channel *channel)
{
	struct json_object *object = json_object_new_object();
	int r = 0;

	if (!object)
		return NULL;
	if (channel->name[0])
		r = pl_json_add(object, "name", json_object_new_string(channel->name));
	if (r == 0)
		r = add_bindings(object, channel->binding);
	if (r < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

static struct json_object *channels_to_json(const struct pl_model *model)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t c = 0; object && c < model->n_channels; c++) {
		const struct pl_channel *channel = &model->channel[c];

		if (!channel->name[0] && !is_bound(channel->binding))
			continue;
		if (add_id(object, c + 1, channel_to_json(channel)) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

static struct json_object *vox_to_json(const struct pl_model *model)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (pl_json_add(object, "threshold_db", pl_json_double(model->vox_threshold_db)) < 0 ||
	    pl_json_add(object, "hang_ms", pl_json_double(model->vox_hang_ms)) < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

struct json_object *pl_model_to_json(const struct pl_model *m)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	if (pl_json_add(o, "version", json_object_new_int(1)) < 0 ||
	    pl_json_add(o, "headroom_db", pl_json_double(m->headroom_db)) < 0 ||
	    pl_json_add(o, "party_line", json_object_new_boolean(m->party_line)) < 0 ||
	    pl_json_add(o, "ramp_ms", pl_json_double(m->ramp_ms)) < 0 ||
	    pl_json_add(o, "vox", vox_to_json(m)) < 0 ||
	    pl_json_add(o, "talk_timeout_s", pl_json_double(m->talk_timeout_s)) < 0 ||
	    pl_json_add(o, "busy_refusal", json_object_new_boolean(m->busy_refusal)) < 0 ||
	    pl_json_add(o, "tablet_mute", mute_to_json(m->tablet_mute, m->tablet_mute_set)) < 0 ||
	    pl_json_add(o, "channel_mute", mute_to_json(m->channel_mute, m->channel_mute_set)) <
		    0 ||
	    pl_json_add(o, "talk_mute", ids_to_json(m->talk_mute)) < 0 ||
	    pl_json_add(o, "listen_mute", ids_to_json(m->listen_mute)) < 0 ||
	    pl_json_add(o, "uplink", uplink_to_json(m, true)) < 0 ||
	    pl_json_add(o, "downlink", downlink_to_json(m, true)) < 0 ||
	    pl_json_add(o, "tablets", tablets_to_json(m)) < 0 ||
	    pl_json_add(o, "channels", channels_to_json(m)) < 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

struct json_object *pl_model_describe_config(const struct pl_model *m)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	if (pl_json_add(o, "headroom_db", pl_json_double(m->headroom_db)) < 0 ||
	    pl_json_add(o, "tablet_mute", mute_to_json(m->tablet_mute, m->tablet_mute_set)) < 0 ||
	    pl_json_add(o, "channel_mute", mute_to_json(m->channel_mute, m->channel_mute_set)) <
		    0 ||
	    pl_json_add(o, "uplink", uplink_to_json(m, false)) < 0 ||
	    pl_json_add(o, "downlink", downlink_to_json(m, false)) < 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

/** Mask of the tablets that hold the channel's key. */
static uint64_t channel_keys(const struct pl_model *model, uint32_t channel_id)
{
	uint64_t mask = 0;

	for (uint32_t t = 0; t < model->n_tablets; t++)
		if (model->tablet[t].keys & pl_mask_bit(channel_id))
			mask |= pl_mask_bit(t + 1);
	return mask;
}

static struct json_object *keys_object(const struct pl_model *model, bool sparse)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t id = 1; object && id <= model->n_channels; id++) {
		uint64_t mask = channel_keys(model, id);

		if (sparse && mask == 0)
			continue;
		if (add_id(object, id, ids_to_json(mask)) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

struct json_object *pl_model_describe_keys(const struct pl_model *model)
{
	return keys_object(model, false);
}

struct json_object *pl_model_keys_to_json(const struct pl_model *model)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (pl_json_add(object, "version", json_object_new_int(1)) < 0 ||
	    pl_json_add(object, "keys", keys_object(model, true)) < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}
