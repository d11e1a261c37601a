/* SPDX-License-Identifier: MIT */
#include "model-json.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * Reading, strictly, by tables. Each reader leaves the place at what it refused, so that the
 * caller's pointer names it; only success comes back up.
 */

struct reader {
	struct pl_model *model; /* what is being filled; its size bounds the ids */
	struct pl_json_place *place;
};

struct member {
	const char *name;
	/** @param to  the object's field at `offset` */
	int (*read)(struct reader *reader, struct json_object *value, const struct member *member,
		    void *to);
	size_t offset;
	double min, max; /* of a number */
};

/** Every member of an object by a table; a name that is not in it is refused. */
static int read_members(struct reader *reader, struct json_object *object,
			const struct member *members, void *to)
{
	if (!json_object_is_type(object, json_type_object))
		return -EINVAL;
	json_object_object_foreach (object, key, value) {
		const struct member *m = members;
		size_t mark = pl_json_enter(reader->place, key);
		int r;

		while (m->name && strcmp(m->name, key) != 0)
			m++;
		r = m->name ? m->read(reader, value, m, (char *)to + m->offset) : -EINVAL;
		if (r < 0)
			return r;
		pl_json_leave(reader->place, mark);
	}
	return 0;
}

/** Every member of an object whose keys are ids 1..n. */
static int read_by_id(struct reader *reader, struct json_object *object, uint32_t n,
		      int (*read)(struct reader *reader, struct json_object *value, void *to,
				  uint32_t id),
		      void *to)
{
	if (!json_object_is_type(object, json_type_object))
		return -EINVAL;
	json_object_object_foreach (object, key, value) {
		size_t mark = pl_json_enter(reader->place, key);
		uint32_t id;
		int r;

		r = pl_json_read_id(key, n, &id);
		if (r == 0)
			r = read(reader, value, to, id);
		if (r < 0)
			return r;
		pl_json_leave(reader->place, mark);
	}
	return 0;
}

/* --- single values -------------------------------------------------------------- */

static int read_version(struct reader *reader, struct json_object *value,
			const struct member *member, void *to)
{
	uint64_t version;

	return pl_json_read_uint(value, 1, 1, &version);
}

static int read_number(struct reader *reader, struct json_object *value,
		       const struct member *member, void *to)
{
	return pl_json_read_double(value, member->min, member->max, to);
}

static int read_switch(struct reader *reader, struct json_object *value,
		       const struct member *member, void *to)
{
	return pl_json_read_bool(value, to);
}

static int read_name(struct reader *reader, struct json_object *value, const struct member *member,
		     void *to)
{
	const char *name = json_object_get_string(value);

	if (!json_object_is_type(value, json_type_string) || !pl_name_is_valid(name))
		return -EINVAL;
	memset(to, 0, PL_NAME_MAX);
	memcpy(to, name, strlen(name));
	return 0;
}

static int read_mode(struct reader *reader, struct json_object *value, const struct member *member,
		     void *to)
{
	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	return pl_talk_mode_from_name(json_object_get_string(value), to);
}

static int read_device(struct reader *reader, struct json_object *value,
		       const struct member *member, void *to)
{
	if (!json_object_is_type(value, json_type_string))
		return -EINVAL;
	return pl_device_name_read(json_object_get_string(value), to, NULL);
}

static int read_port(struct reader *reader, struct json_object *value, const struct member *member,
		     void *to)
{
	uint64_t port;

	if (pl_json_read_uint(value, 0, PL_BINDING_PORT_MAX, &port) < 0)
		return -EINVAL;
	*(uint32_t *)to = (uint32_t)port;
	return 0;
}

/** {"device","port"}; without port all of them */
static int read_binding(struct reader *reader, struct json_object *value,
			const struct member *member, void *to)
{
	static const struct member members[] = {
		{"device", read_device, offsetof(struct pl_binding, device)},
		{"port", read_port, offsetof(struct pl_binding, port)},
		{NULL}};
	struct pl_binding binding = {0};
	int r;

	r = read_members(reader, value, members, &binding);
	if (r == 0 && !pl_binding_is_set(&binding))
		r = -EINVAL;
	if (r < 0)
		return r;
	*(struct pl_binding *)to = binding;
	return 0;
}

/* --- masks ------------------------------------------------------------------------ */

/** [ids] */
static int read_ids(struct reader *reader, struct json_object *value, uint32_t n,
		    uint64_t *ret_mask)
{
	uint64_t mask = 0;

	if (!json_object_is_type(value, json_type_array))
		return -EINVAL;
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		char index[24];
		uint64_t id;
		size_t mark;

		snprintf(index, sizeof(index), "%zu", i);
		mark = pl_json_enter(reader->place, index);
		if (pl_json_read_uint(json_object_array_get_idx(value, i), 1, n, &id) < 0)
			return -EINVAL;
		pl_json_leave(reader->place, mark);
		mask |= pl_mask_bit((uint32_t)id);
	}
	*ret_mask = mask;
	return 0;
}

static int read_tablet_ids(struct reader *reader, struct json_object *value,
			   const struct member *member, void *to)
{
	return read_ids(reader, value, reader->model->n_tablets, to);
}

/** @param to  the mask, and behind it the mask of what was ever given */
static int read_one_mute(struct reader *reader, struct json_object *value, void *to, uint32_t id)
{
	uint64_t *mask = to;
	bool mute;

	if (pl_json_read_bool(value, &mute) < 0)
		return -EINVAL;
	mask[1] |= pl_mask_bit(id);
	if (mute)
		mask[0] |= pl_mask_bit(id);
	return 0;
}

static int read_tablet_mute(struct reader *reader, struct json_object *value,
			    const struct member *member, void *to)
{
	uint64_t mute[2] = {0};
	int r = read_by_id(reader, value, reader->model->n_tablets, read_one_mute, mute);

	reader->model->tablet_mute = mute[0];
	reader->model->tablet_mute_set = mute[1];
	return r;
}

static int read_channel_mute(struct reader *reader, struct json_object *value,
			     const struct member *member, void *to)
{
	uint64_t mute[2] = {0};
	int r = read_by_id(reader, value, reader->model->n_channels, read_one_mute, mute);

	reader->model->channel_mute = mute[0];
	reader->model->channel_mute_set = mute[1];
	return r;
}

/* --- rows --------------------------------------------------------------------------- */

/** {"id": gain}: the whole row; crosspoints that are not in it are silent */
static int read_row(struct reader *reader, struct json_object *value, double *row, uint64_t *set,
		    uint32_t n)
{
	if (!json_object_is_type(value, json_type_object))
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++)
		row[i] = 0.0;
	*set = 0;
	json_object_object_foreach (value, key, gain) {
		size_t mark = pl_json_enter(reader->place, key);
		uint32_t id;

		if (pl_json_read_id(key, n, &id) < 0 ||
		    pl_json_read_double(gain, 0.0, PL_GAIN_MAX, &row[id - 1]) < 0)
			return -EINVAL;
		*set |= pl_mask_bit(id);
		pl_json_leave(reader->place, mark);
	}
	return 0;
}

static int read_uplink_row(struct reader *reader, struct json_object *value, void *to, uint32_t id)
{
	struct pl_channel *channel = (struct pl_channel *)to + id - 1;

	return read_row(reader, value, channel->uplink, &channel->uplink_set,
			reader->model->n_tablets);
}

static int read_downlink_row(struct reader *reader, struct json_object *value, void *to,
			     uint32_t id)
{
	struct pl_tablet *tablet = (struct pl_tablet *)to + id - 1;

	return read_row(reader, value, tablet->downlink, &tablet->downlink_set,
			reader->model->n_channels);
}

static int read_uplink(struct reader *reader, struct json_object *value,
		       const struct member *member, void *to)
{
	return read_by_id(reader, value, reader->model->n_channels, read_uplink_row, to);
}

static int read_downlink(struct reader *reader, struct json_object *value,
			 const struct member *member, void *to)
{
	return read_by_id(reader, value, reader->model->n_tablets, read_downlink_row, to);
}

/* --- tablets and channels -------------------------------------------------------------- */

static int read_tablet(struct reader *reader, struct json_object *value, void *to, uint32_t id)
{
	static const struct member members[] = {
		{"name", read_name, offsetof(struct pl_tablet, name)},
		{"mode", read_mode, offsetof(struct pl_tablet, mode)},
		{"sidetone", read_number, offsetof(struct pl_tablet, sidetone), 0.0,
		 PL_SIDETONE_MAX},
		{"capture", read_binding, offsetof(struct pl_tablet, binding[PL_CAPTURE])},
		{"playback", read_binding, offsetof(struct pl_tablet, binding[PL_PLAYBACK])},
		{NULL}};

	return read_members(reader, value, members, (struct pl_tablet *)to + id - 1);
}

static int read_channel(struct reader *reader, struct json_object *value, void *to, uint32_t id)
{
	static const struct member members[] = {
		{"name", read_name, offsetof(struct pl_channel, name)},
		{"capture", read_binding, offsetof(struct pl_channel, binding[PL_CAPTURE])},
		{"playback", read_binding, offsetof(struct pl_channel, binding[PL_PLAYBACK])},
		{NULL}};

	return read_members(reader, value, members, (struct pl_channel *)to + id - 1);
}

static int read_tablets(struct reader *reader, struct json_object *value,
			const struct member *member, void *to)
{
	return read_by_id(reader, value, reader->model->n_tablets, read_tablet, to);
}

static int read_channels(struct reader *reader, struct json_object *value,
			 const struct member *member, void *to)
{
	return read_by_id(reader, value, reader->model->n_channels, read_channel, to);
}

/* --- the whole ----------------------------------------------------------------------------- */

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

static int read_vox(struct reader *reader, struct json_object *value, const struct member *member,
		    void *to)
{
	static const struct member members[] = {
		{"threshold_db", read_number, offsetof(struct pl_model, vox_threshold_db),
		 PL_VOX_THRESHOLD_DB_MIN, PL_VOX_THRESHOLD_DB_MAX},
		{"hang_ms", read_number, offsetof(struct pl_model, vox_hang_ms), 0.0,
		 PL_VOX_HANG_MS_MAX},
		{NULL}};

	return read_members(reader, value, members, to);
}

int pl_model_from_json(struct json_object *tree, uint32_t n_tablets, uint32_t n_channels,
		       struct pl_model *ret_model, char *ret_pointer, size_t pointer_size)
{
	static const struct member members[] = {
		{"version", read_version},
		{"headroom_db", read_number, offsetof(struct pl_model, headroom_db), 0.0,
		 PL_HEADROOM_DB_MAX},
		{"party_line", read_switch, offsetof(struct pl_model, party_line)},
		{"ramp_ms", read_number, offsetof(struct pl_model, ramp_ms), PL_RAMP_MS_MIN,
		 PL_RAMP_MS_MAX},
		{"vox", read_vox},
		{"talk_timeout_s", read_number, offsetof(struct pl_model, talk_timeout_s), 0.0,
		 PL_TALK_TIMEOUT_S_MAX},
		{"busy_refusal", read_switch, offsetof(struct pl_model, busy_refusal)},
		{"tablet_mute", read_tablet_mute},
		{"channel_mute", read_channel_mute},
		{"talk_mute", read_tablet_ids, offsetof(struct pl_model, talk_mute)},
		{"listen_mute", read_tablet_ids, offsetof(struct pl_model, listen_mute)},
		{"uplink", read_uplink, offsetof(struct pl_model, channel)},
		{"downlink", read_downlink, offsetof(struct pl_model, tablet)},
		{"tablets", read_tablets, offsetof(struct pl_model, tablet)},
		{"channels", read_channels, offsetof(struct pl_model, channel)},
		{NULL}};
	struct pl_json_place place;
	struct pl_model model;
	struct reader reader = {&model, &place};
	int r;

	pl_json_place_init(&place, ret_pointer, pointer_size);
	r = check_version(tree, &place);
	if (r < 0)
		return r;
	pl_model_init(&model, n_tablets, n_channels);
	r = read_members(&reader, tree, members, &model);
	if (r < 0)
		return r;
	*ret_model = model;
	return 0;
}

static int read_channel_keys(struct reader *reader, struct json_object *value, void *to,
			     uint32_t id)
{
	struct pl_model *model = reader->model;
	uint64_t mask;

	if (read_ids(reader, value, model->n_tablets, &mask) < 0)
		return -EINVAL;
	for (uint32_t t = 1; t <= model->n_tablets; t++)
		if (mask & pl_mask_bit(t))
			model->tablet[t - 1].keys |= pl_mask_bit(id);
	return 0;
}

static int read_keys(struct reader *reader, struct json_object *value, const struct member *member,
		     void *to)
{
	return read_by_id(reader, value, reader->model->n_channels, read_channel_keys, to);
}

int pl_model_keys_from_json(struct json_object *tree, struct pl_model *model, char *ret_pointer,
			    size_t pointer_size)
{
	static const struct member members[] = {
		{"version", read_version}, {"keys", read_keys}, {NULL}};
	struct pl_json_place place;
	struct pl_model next = *model;
	struct reader reader = {&next, &place};
	int r;

	pl_json_place_init(&place, ret_pointer, pointer_size);
	r = check_version(tree, &place);
	if (r < 0)
		return r;
	for (uint32_t t = 0; t < next.n_tablets; t++)
		next.tablet[t].keys = 0;
	r = read_members(&reader, tree, members, &next);
	if (r < 0)
		return r;
	*model = next;
	return 0;
}
