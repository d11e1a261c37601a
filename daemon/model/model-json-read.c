/* SPDX-License-Identifier: MIT */
#include "model-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Reading, strictly. Each reader leaves the place at what it refused, so that the
 * caller's pointer names it; only success comes back up.
 */

typedef int (*member_h)(struct json_object *value, struct pl_model *model, uint32_t id,
			struct pl_json_place *place);

struct member {
	const char *name;
	member_h read;
};

/** Every member of an object by a table; a name that is not in it is refused. */
static int read_members(struct json_object *object, const struct member *members,
			struct pl_model *model, uint32_t id, struct pl_json_place *place)
{
	if (!json_object_is_type(object, json_type_object))
		return -EINVAL;
	json_object_object_foreach (object, key, value) {
		const struct member *m = members;
		size_t mark = pl_json_enter(place, key);
		int r;

		while (m->name && strcmp(m->name, key) != 0)
			m++;
		r = m->name ? m->read(value, model, id, place) : -EINVAL;
		if (r < 0)
			return r;
		pl_json_leave(place, mark);
	}
	return 0;
}

/** Every member of an object whose keys are ids. */
static int read_by_id(struct json_object *object, uint32_t max, struct pl_model *model,
		      member_h read, struct pl_json_place *place)
{
	if (!json_object_is_type(object, json_type_object))
		return -EINVAL;
	json_object_object_foreach (object, key, value) {
		size_t mark = pl_json_enter(place, key);
		uint32_t id;
		int r;

		r = pl_json_read_id(key, max, &id);
		if (r == 0)
			r = read(value, model, id, place);
		if (r < 0)
			return r;
		pl_json_leave(place, mark);
	}
	return 0;
}

static int read_version(struct json_object *value, struct pl_model *model, uint32_t id,
			struct pl_json_place *place)
{
	uint64_t version;

	return pl_json_read_uint(value, 1, 1, &version);
}

static int read_headroom(struct json_object *value, struct pl_model *model, uint32_t id,
			 struct pl_json_place *place)
{
	return pl_json_read_double(value, 0.0, PL_HEADROOM_DB_MAX, &model->headroom_db);
}

static int read_party_line(struct json_object *value, struct pl_model *model, uint32_t id,
			   struct pl_json_place *place)
{
	return pl_json_read_bool(value, &model->party_line);
}

static int read_ramp(struct json_object *value, struct pl_model *model, uint32_t id,
		     struct pl_json_place *place)
{
	return pl_json_read_double(value, PL_RAMP_MS_MIN, PL_RAMP_MS_MAX, &model->ramp_ms);
}

static int read_vox_threshold(struct json_object *value, struct pl_model *model, uint32_t id,
			      struct pl_json_place *place)
{
	return pl_json_read_double(value, PL_VOX_THRESHOLD_DB_MIN, PL_VOX_THRESHOLD_DB_MAX,
				   &model->vox_threshold_db);
}

static int read_vox_hang(struct json_object *value, struct pl_model *model, uint32_t id,
			 struct pl_json_place *place)
{
	return pl_json_read_double(value, 0.0, PL_VOX_HANG_MS_MAX, &model->vox_hang_ms);
}

static int read_vox(struct json_object *value, struct pl_model *model, uint32_t id,
		    struct pl_json_place *place)
{
	static const struct member members[] = {
		{"threshold_db", read_vox_threshold}, {"hang_ms", read_vox_hang}, {NULL, NULL}};

	return read_members(value, members, model, 0, place);
}

static int read_talk_timeout(struct json_object *value, struct pl_model *model, uint32_t id,
			     struct pl_json_place *place)
{
	return pl_json_read_double(value, 0.0, PL_TALK_TIMEOUT_S_MAX, &model->talk_timeout_s);
}

static int read_busy_refusal(struct json_object *value, struct pl_model *model, uint32_t id,
			     struct pl_json_place *place)
{
	return pl_json_read_bool(value, &model->busy_refusal);
}

static int read_one_tablet_mute(struct json_object *value, struct pl_model *model, uint32_t id,
				struct pl_json_place *place)
{
	bool mute;

	if (pl_json_read_bool(value, &mute) < 0)
		return -EINVAL;
	model->tablet_mute_set |= pl_mask_bit(id);
	if (mute)
		model->tablet_mute |= pl_mask_bit(id);
	return 0;
}

static int read_one_channel_mute(struct json_object *value, struct pl_model *model, uint32_t id,
				 struct pl_json_place *place)
{
	bool mute;

	if (pl_json_read_bool(value, &mute) < 0)
		return -EINVAL;
	model->channel_mute_set |= pl_mask_bit(id);
	if (mute)
		model->channel_mute |= pl_mask_bit(id);
	return 0;
}

static int read_tablet_mute(struct json_object *value, struct pl_model *model, uint32_t id,
			    struct pl_json_place *place)
{
	return read_by_id(value, model->n_tablets, model, read_one_tablet_mute, place);
}

static int read_channel_mute(struct json_object *value, struct pl_model *model, uint32_t id,
			     struct pl_json_place *place)
{
	return read_by_id(value, model->n_channels, model, read_one_channel_mute, place);
}

/** [ids] */
static int read_ids(struct json_object *value, uint32_t max, uint64_t *ret_mask,
		    struct pl_json_place *place)
{
	uint64_t mask = 0;
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return -EINVAL;
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++) {
		char index[24];
		uint64_t id;
		size_t mark;

		snprintf(index, sizeof(index), "%zu", i);
		mark = pl_json_enter(place, index);
		if (pl_json_read_uint(json_object_array_get_idx(value, i), 1, max, &id) < 0)
			return -EINVAL;
		pl_json_leave(place, mark);
		mask |= pl_mask_bit((uint32_t)id);
	}
	*ret_mask = mask;
	return 0;
}

static int read_talk_mute(struct json_object *value, struct pl_model *model, uint32_t id,
			  struct pl_json_place *place)
{
	return read_ids(value, model->n_tablets, &model->talk_mute, place);
}

static int read_listen_mute(struct json_object *value, struct pl_model *model, uint32_t id,
			    struct pl_json_place *place)
{
	return read_ids(value, model->n_tablets, &model->listen_mute, place);
}

/** {"id": gain}: the whole row; crosspoints that are not in it are silent */
static int read_row(struct json_object *value, double *row, uint64_t *set, uint32_t n,
		    struct pl_json_place *place)
{
	if (!json_object_is_type(value, json_type_object))
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++)
		row[i] = 0.0;
	*set = 0;
	json_object_object_foreach (value, key, gain) {
		size_t mark = pl_json_enter(place, key);
		uint32_t id;

		if (pl_json_read_id(key, n, &id) < 0 ||
		    pl_json_read_double(gain, 0.0, PL_GAIN_MAX, &row[id - 1]) < 0)
			return -EINVAL;
		*set |= pl_mask_bit(id);
		pl_json_leave(place, mark);
	}
	return 0;
}

static int read_uplink_row(struct json_object *value, struct pl_model *model, uint32_t id,
			   struct pl_json_place *place)
{
	struct pl_channel *channel = &model->channel[id - 1];

	return read_row(value, channel->uplink, &channel->uplink_set, model->n_tablets, place);
}

static int read_downlink_row(struct json_object *value, struct pl_model *model, uint32_t id,
			     struct pl_json_place *place)
{
	struct pl_tablet *tablet = &model->tablet[id - 1];

	return read_row(value, tablet->downlink, &tablet->downlink_set, model->n_channels, place);
}

static int read_uplink(struct json_object *value, struct pl_model *model, uint32_t id,
		       struct pl_json_place *place)
{
	return read_by_id(value, model->n_channels, model, read_uplink_row, place);
}

static int read_downlink(struct json_object *value, struct pl_model *model, uint32_t id,
			 struct pl_json_place *place)
{
	return read_by_id(value, model->n_tablets, model, read_downlink_row, place);
}

static int read_name(struct json_object *value, char *ret_name)
{
	const char *name;

	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	name = json_object_get_string(value);
	if (!pl_name_is_valid(name))
		return -EINVAL;
	memset(ret_name, 0, PL_NAME_MAX);
	memcpy(ret_name, name, strlen(name));
	return 0;
}

static int read_device(struct json_object *value, char ret_device[PL_DEVICE_NAME_MAX])
{
	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	return pl_device_name_read(json_object_get_string(value), ret_device, NULL);
}

/** {"device","port"}; without port all of them */
static int read_binding(struct json_object *value, struct pl_binding *ret_binding,
			struct pl_json_place *place)
{
	struct pl_binding binding = {0};
	uint64_t port = 0;

	if (!json_object_is_type(value, json_type_object))
		return -EINVAL;
	json_object_object_foreach (value, key, member) {
		size_t mark = pl_json_enter(place, key);
		int r = -EINVAL;

		if (strcmp(key, "device") == 0)
			r = read_device(member, binding.device);
		else if (strcmp(key, "port") == 0)
			r = pl_json_read_uint(member, 0, PL_BINDING_PORT_MAX, &port);
		if (r < 0)
			return r;
		pl_json_leave(place, mark);
	}
	if (!pl_binding_is_set(&binding))
		return -EINVAL;
	binding.port = (uint32_t)port;
	*ret_binding = binding;
	return 0;
}

static int read_tablet_capture(struct json_object *value, struct pl_model *model, uint32_t id,
			       struct pl_json_place *place)
{
	return read_binding(value, &model->tablet[id - 1].binding[PL_CAPTURE], place);
}

static int read_tablet_playback(struct json_object *value, struct pl_model *model, uint32_t id,
				struct pl_json_place *place)
{
	return read_binding(value, &model->tablet[id - 1].binding[PL_PLAYBACK], place);
}

static int read_channel_capture(struct json_object *value, struct pl_model *model, uint32_t id,
				struct pl_json_place *place)
{
	return read_binding(value, &model->channel[id - 1].binding[PL_CAPTURE], place);
}

static int read_channel_playback(struct json_object *value, struct pl_model *model, uint32_t id,
				 struct pl_json_place *place)
{
	return read_binding(value, &model->channel[id - 1].binding[PL_PLAYBACK], place);
}

static int read_tablet_name(struct json_object *value, struct pl_model *model, uint32_t id,
			    struct pl_json_place *place)
{
	return read_name(value, model->tablet[id - 1].name);
}

static int read_tablet_mode(struct json_object *value, struct pl_model *model, uint32_t id,
			    struct pl_json_place *place)
{
	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	return pl_talk_mode_from_name(json_object_get_string(value), &model->tablet[id - 1].mode);
}

static int read_tablet_sidetone(struct json_object *value, struct pl_model *model, uint32_t id,
				struct pl_json_place *place)
{
	return pl_json_read_double(value, 0.0, PL_SIDETONE_MAX, &model->tablet[id - 1].sidetone);
}

static int read_tablet(struct json_object *value, struct pl_model *model, uint32_t id,
		       struct pl_json_place *place)
{
	static const struct member members[] = {
		{"name", read_tablet_name},         {"mode", read_tablet_mode},
		{"sidetone", read_tablet_sidetone}, {"capture", read_tablet_capture},
		{"playback", read_tablet_playback}, {NULL, NULL}};

	return read_members(value, members, model, id, place);
}

static int read_tablets(struct json_object *value, struct pl_model *model, uint32_t id,
			struct pl_json_place *place)
{
	return read_by_id(value, model->n_tablets, model, read_tablet, place);
}

static int read_channel_name(struct json_object *value, struct pl_model *model, uint32_t id,
			     struct pl_json_place *place)
{
	return read_name(value, model->channel[id - 1].name);
}

static int read_channel(struct json_object *value, struct pl_model *model, uint32_t id,
			struct pl_json_place *place)
{
	static const struct member members[] = {{"name", read_channel_name},
						{"capture", read_channel_capture},
						{"playback", read_channel_playback},
						{NULL, NULL}};

	return read_members(value, members, model, id, place);
}

static int read_channels(struct json_object *value, struct pl_model *model, uint32_t id,
			 struct pl_json_place *place)
{
	return read_by_id(value, model->n_channels, model, read_channel, place);
}

/** "version" must be there: a file of another program is not a state file. */
static int check_version(struct json_object *tree, struct pl_json_place *place)
{
	struct json_object *version;
	uint64_t v;

	if (!json_object_is_type(tree, json_type_object))
		return -EINVAL;
	if (!json_object_object_get_ex(tree, "version", &version) ||
	    pl_json_read_uint(version, 1, 1, &v) < 0) {
		pl_json_enter(place, "version");
		return -EINVAL;
	}
	return 0;
}

int pl_model_from_json(struct json_object *tree, uint32_t n_tablets, uint32_t n_channels,
		       struct pl_model *ret_model, char *ret_pointer, size_t pointer_size)
{
	static const struct member members[] = {{"version", read_version},
						{"headroom_db", read_headroom},
						{"party_line", read_party_line},
						{"ramp_ms", read_ramp},
						{"vox", read_vox},
						{"talk_timeout_s", read_talk_timeout},
						{"busy_refusal", read_busy_refusal},
						{"tablet_mute", read_tablet_mute},
						{"channel_mute", read_channel_mute},
						{"talk_mute", read_talk_mute},
						{"listen_mute", read_listen_mute},
						{"uplink", read_uplink},
						{"downlink", read_downlink},
						{"tablets", read_tablets},
						{"channels", read_channels},
						{NULL, NULL}};
	struct pl_json_place place;
	struct pl_model model;
	int r;

	pl_json_place_init(&place, ret_pointer, pointer_size);
	r = check_version(tree, &place);
	if (r < 0)
		return r;
	pl_model_init(&model, n_tablets, n_channels);
	r = read_members(tree, members, &model, 0, &place);
	if (r < 0)
		return r;
	*ret_model = model;
	return 0;
}

static int read_channel_keys(struct json_object *value, struct pl_model *model, uint32_t id,
			     struct pl_json_place *place)
{
	uint64_t mask;

	if (read_ids(value, model->n_tablets, &mask, place) < 0)
		return -EINVAL;
	for (uint32_t t = 1; t <= model->n_tablets; t++)
		if (mask & pl_mask_bit(t))
			model->tablet[t - 1].keys |= pl_mask_bit(id);
	return 0;
}

static int read_keys(struct json_object *value, struct pl_model *model, uint32_t id,
		     struct pl_json_place *place)
{
	return read_by_id(value, model->n_channels, model, read_channel_keys, place);
}

int pl_model_keys_from_json(struct json_object *tree, struct pl_model *model, char *ret_pointer,
			    size_t pointer_size)
{
	static const struct member members[] = {
		{"version", read_version}, {"keys", read_keys}, {NULL, NULL}};
	struct pl_json_place place;
	struct pl_model next = *model;
	int r;

	pl_json_place_init(&place, ret_pointer, pointer_size);
	r = check_version(tree, &place);
	if (r < 0)
		return r;
	for (uint32_t t = 0; t < next.n_tablets; t++)
		next.tablet[t].keys = 0;
	r = read_members(tree, members, &next, 0, &place);
	if (r < 0)
		return r;
	*model = next;
	return 0;
}
