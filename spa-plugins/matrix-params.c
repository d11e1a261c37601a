/* SPDX-License-Identifier: MIT */
#include "matrix-params.h"
#include "control.h"

#include <string.h>

#include <spa/param/props.h>
#include <spa/utils/type.h>

#include "props.h"

/** What all our parameters start with. */

#define PREFIX_UPLINK PL_PARAM_UPLINK
#define PREFIX_DOWNLINK PL_PARAM_DOWNLINK
#define PREFIX_KEY "partyline.key"

void pl_matrix_update_init(struct pl_matrix_update *update,
			   const struct pl_matrix_settings *settings)
{
	memset(update, 0, sizeof(*update));
	update->settings = *settings;
}

static bool get_range(const struct pl_pod *pod, double min, double max, double *ret_value)
{
	double value;

	if (!pl_pod_get_number(pod, &value) || value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

static bool get_mask(const struct pl_pod *pod, uint32_t n_bits, uint64_t *ret_mask)
{
	uint64_t mask;

	if (!pl_pod_get_bits(pod, &mask) || (n_bits < 64u && mask >> n_bits))
		return false;
	*ret_mask = mask;
	return true;
}

static bool parse_headroom(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_range(pod, 0.0, PL_HEADROOM_DB_MAX, &u->settings.headroom_db);
}

static bool parse_ramp(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_range(pod, PL_RAMP_MS_MIN, PL_RAMP_MS_MAX, &u->settings.ramp_ms);
}

static bool parse_vox_threshold(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_range(pod, PL_VOX_THRESHOLD_DB_MIN, PL_VOX_THRESHOLD_DB_MAX,
			 &u->settings.vox_threshold_db);
}

static bool parse_vox_hang(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_range(pod, PL_VOX_HANG_MS_MIN, PL_VOX_HANG_MS_MAX, &u->settings.vox_hang_ms);
}

static bool parse_party_line(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	double value;

	if (!pl_pod_get_number(pod, &value) || (value != 0.0 && value != 1.0))
		return false;
	u->settings.party_line = value != 0.0;
	return true;
}

static bool parse_serial(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return pl_pod_get_bits(pod, &u->settings.serial);
}

static bool parse_keys_nsec(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return pl_pod_get_bits(pod, &u->keys_nsec);
}

static bool parse_tablet_mute(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_mask(pod, u->settings.n_tablets, &u->settings.tablet_mute);
}

static bool parse_talk_mute(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_mask(pod, u->settings.n_tablets, &u->settings.talk_mute);
}

static bool parse_listen_mute(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_mask(pod, u->settings.n_tablets, &u->settings.listen_mute);
}

static bool parse_channel_mute(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return get_mask(pod, u->settings.n_channels, &u->settings.channel_mute);
}

/** n_rows x n_cols numbers, rows 64 apart. */
static bool parse_table(const struct pl_pod *pod, uint32_t n_rows, uint32_t n_cols, double max,
			double *table)
{
	struct pl_pod_list list;
	struct pl_pod value;

	if (!pl_pod_list_init(&list, pod))
		return false;
	for (uint32_t row = 0; row < n_rows; row++) {
		for (uint32_t col = 0; col < n_cols; col++) {
			if (!pl_pod_list_next(&list, &value) ||
			    !get_range(&value, 0.0, max, &table[row * 64u + col]))
				return false;
		}
	}
	return !pl_pod_list_next(&list, &value) && list.reader.size == 0;
}

SPA_STATIC_ASSERT(PL_TABLETS_MAX == 64 && PL_CHANNELS_MAX == 64);

static bool parse_uplink(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return parse_table(pod, u->settings.n_channels, u->settings.n_tablets, PL_GAIN_MAX,
			   &u->settings.uplink[0][0]);
}

static bool parse_downlink(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return parse_table(pod, u->settings.n_tablets, u->settings.n_channels, PL_GAIN_MAX,
			   &u->settings.downlink[0][0]);
}

static bool parse_sidetone(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	return parse_table(pod, 1, u->settings.n_tablets, PL_SIDETONE_MAX, u->settings.sidetone);
}

static bool parse_modes(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	double modes[PL_TABLETS_MAX];

	if (!parse_table(pod, 1, u->settings.n_tablets, PL_TALK_MODE_MAX_ - 1, modes))
		return false;
	for (uint32_t t = 0; t < u->settings.n_tablets; t++) {
		if (modes[t] != (int)modes[t])
			return false;
		u->settings.modes[t] = (enum pl_talk_mode)modes[t];
	}
	return true;
}

static bool parse_keys(struct pl_matrix_update *u, const struct pl_pod *pod)
{
	struct pl_pod_list list;
	struct pl_pod value;

	if (!pl_pod_list_init(&list, pod))
		return false;
	for (uint32_t t = 0; t < u->settings.n_tablets; t++) {
		if (!pl_pod_list_next(&list, &value) ||
		    !get_mask(&value, u->settings.n_channels, &u->keys[t]))
			return false;
		u->key_mask[t] = UINT64_MAX;
		u->timed_mask[t] = 0;
	}
	return !pl_pod_list_next(&list, &value) && list.reader.size == 0;
}

/** A whole parameter: how it is read and how it is described. */
struct param {
	const char *name;
	bool (*parse)(struct pl_matrix_update *update, const struct pl_pod *pod);
	const char *description;
	uint32_t type; /**< SPA_TYPE_ of a value */
	bool array;
	double def, min, max; /**< where the type is Double or Float */
};

static const struct param params[] = {
	{PL_PARAM_HEADROOM_DB, parse_headroom, "Headroom in dB", SPA_TYPE_Double, false,
	 PL_HEADROOM_DB_DEFAULT, 0.0, PL_HEADROOM_DB_MAX},
	{PL_PARAM_UPLINK, parse_uplink, "Linear gains, channels x tablets", SPA_TYPE_Float, true,
	 PL_GAIN_DEFAULT, 0.0, PL_GAIN_MAX},
	{PL_PARAM_DOWNLINK, parse_downlink, "Linear gains, tablets x channels", SPA_TYPE_Float,
	 true, PL_GAIN_DEFAULT, 0.0, PL_GAIN_MAX},
	{PL_PARAM_KEYS, parse_keys, "Talk keys, one word a tablet, bit (channel - 1)",
	 SPA_TYPE_Long, true, 0, 0, 0},
	{PL_PARAM_MODES, parse_modes, "Talk modes: 0 open, 1 momentary, 2 latch, 3 vox",
	 SPA_TYPE_Int, true, 0, 0, PL_TALK_MODE_MAX_ - 1},
	{PL_PARAM_TABLET_MUTE, parse_tablet_mute, "Muted tablets, bit (tablet - 1)", SPA_TYPE_Long,
	 false, 0, 0, 0},
	{PL_PARAM_TALK_MUTE, parse_talk_mute, "Tablets that do not talk, bit (tablet - 1)",
	 SPA_TYPE_Long, false, 0, 0, 0},
	{PL_PARAM_LISTEN_MUTE, parse_listen_mute, "Tablets that do not hear, bit (tablet - 1)",
	 SPA_TYPE_Long, false, 0, 0, 0},
	{PL_PARAM_CHANNEL_MUTE, parse_channel_mute, "Muted channels, bit (channel - 1)",
	 SPA_TYPE_Long, false, 0, 0, 0},
	{PL_PARAM_SIDETONE, parse_sidetone, "Own voice in the own listen mix, linear",
	 SPA_TYPE_Float, true, 0.0, 0.0, PL_SIDETONE_MAX},
	{PL_PARAM_PARTY_LINE, parse_party_line, "Listeners hear other tablets", SPA_TYPE_Bool,
	 false, 1, 0, 1},
	{PL_PARAM_RAMP_MS, parse_ramp, "Length of every ramp in ms", SPA_TYPE_Double, false,
	 PL_RAMP_MS_DEFAULT, PL_RAMP_MS_MIN, PL_RAMP_MS_MAX},
	{PL_PARAM_VOX_THRESHOLD_DB, parse_vox_threshold, "Peak that opens a tablet, dBFS",
	 SPA_TYPE_Double, false, PL_VOX_THRESHOLD_DB_DEFAULT, PL_VOX_THRESHOLD_DB_MIN,
	 PL_VOX_THRESHOLD_DB_MAX},
	{PL_PARAM_VOX_HANG_MS, parse_vox_hang, "How long vox stays open, ms", SPA_TYPE_Double,
	 false, PL_VOX_HANG_MS_DEFAULT, PL_VOX_HANG_MS_MIN, PL_VOX_HANG_MS_MAX},
	{PL_PARAM_SERIAL, parse_serial, "Shown in the meter page once it has taken effect",
	 SPA_TYPE_Long, false, 0, 0, 0},
	{PL_PARAM_KEYS_NSEC, parse_keys_nsec, "When the keys of this message moved, ns",
	 SPA_TYPE_Long, false, 0, 0, 0},
};

#define N_PARAMS SPA_N_ELEMENTS(params)

static bool parse_element(struct pl_matrix_update *u, const char *name, const struct pl_pod *value)
{
	uint32_t n_tablets = u->settings.n_tablets, n_channels = u->settings.n_channels, a, b;
	double number;

	if (pl_pod_parse_ids(name, PREFIX_UPLINK, n_channels, n_tablets, &a, &b))
		return get_range(value, 0.0, PL_GAIN_MAX, &u->settings.uplink[a - 1u][b - 1u]);
	if (pl_pod_parse_ids(name, PREFIX_DOWNLINK, n_tablets, n_channels, &a, &b))
		return get_range(value, 0.0, PL_GAIN_MAX, &u->settings.downlink[a - 1u][b - 1u]);
	if (pl_pod_parse_ids(name, PREFIX_KEY, n_tablets, n_channels, &a, &b)) {
		uint64_t bit = UINT64_C(1) << (b - 1u);

		if (!get_range(value, 0.0, 1.0, &number) || number != (int)number)
			return false;
		u->key_mask[a - 1u] |= bit;
		u->timed_mask[a - 1u] |= bit;
		u->keys[a - 1u] = number != 0.0 ? u->keys[a - 1u] | bit : u->keys[a - 1u] & ~bit;
		return true;
	}
	return false;
}

static bool parse_param(void *userdata, const char *name, const struct pl_pod *value)
{
	struct pl_matrix_update *u = userdata;

	for (uint32_t i = 0; i < N_PARAMS; i++) {
		if (strcmp(params[i].name, name) == 0)
			return params[i].parse(u, value);
	}
	if (pl_props_is_foreign(name))
		return true;
	return parse_element(u, name, value);
}

int pl_matrix_params_parse(struct pl_matrix_update *update, const void *data, size_t size,
			   char ret_name[PL_POD_NAME_MAX])
{
	return pl_props_read(data, size, parse_param, update, ret_name);
}

static void build_table(struct spa_pod_builder *b, const char *name, const double *table,
			uint32_t n_rows, uint32_t n_cols)
{
	struct spa_pod_frame frame;

	spa_pod_builder_string(b, name);
	spa_pod_builder_push_array(b, &frame);
	for (uint32_t row = 0; row < n_rows; row++) {
		for (uint32_t col = 0; col < n_cols; col++)
			spa_pod_builder_float(b, (float)table[row * 64u + col]);
	}
	spa_pod_builder_pop(b, &frame);
}

static void build_double(struct spa_pod_builder *b, const char *name, double value)
{
	spa_pod_builder_string(b, name);
	spa_pod_builder_double(b, value);
}

static void build_bits(struct spa_pod_builder *b, const char *name, uint64_t value)
{
	spa_pod_builder_string(b, name);
	spa_pod_builder_long(b, (int64_t)value);
}

static void build_keys_and_modes(struct spa_pod_builder *b, const struct pl_matrix_settings *s,
				 const uint64_t *keys)
{
	struct spa_pod_frame frame;

	spa_pod_builder_string(b, PL_PARAM_KEYS);
	spa_pod_builder_push_array(b, &frame);
	for (uint32_t t = 0; t < s->n_tablets; t++)
		spa_pod_builder_long(b, (int64_t)keys[t]);
	spa_pod_builder_pop(b, &frame);
	spa_pod_builder_string(b, PL_PARAM_MODES);
	spa_pod_builder_push_array(b, &frame);
	for (uint32_t t = 0; t < s->n_tablets; t++)
		spa_pod_builder_int(b, (int32_t)s->modes[t]);
	spa_pod_builder_pop(b, &frame);
}

struct spa_pod *pl_matrix_params_build(const struct pl_matrix_settings *s, const uint64_t *keys,
				       struct spa_pod_builder *b)
{
	struct spa_pod_frame object, list;

	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &list);
	build_double(b, PL_PARAM_HEADROOM_DB, s->headroom_db);
	build_table(b, PL_PARAM_UPLINK, &s->uplink[0][0], s->n_channels, s->n_tablets);
	build_table(b, PL_PARAM_DOWNLINK, &s->downlink[0][0], s->n_tablets, s->n_channels);
	build_keys_and_modes(b, s, keys);
	build_bits(b, PL_PARAM_TABLET_MUTE, s->tablet_mute);
	build_bits(b, PL_PARAM_TALK_MUTE, s->talk_mute);
	build_bits(b, PL_PARAM_LISTEN_MUTE, s->listen_mute);
	build_bits(b, PL_PARAM_CHANNEL_MUTE, s->channel_mute);
	build_table(b, PL_PARAM_SIDETONE, s->sidetone, 1, s->n_tablets);
	spa_pod_builder_string(b, PL_PARAM_PARTY_LINE);
	spa_pod_builder_bool(b, s->party_line);
	build_double(b, PL_PARAM_RAMP_MS, s->ramp_ms);
	build_double(b, PL_PARAM_VOX_THRESHOLD_DB, s->vox_threshold_db);
	build_double(b, PL_PARAM_VOX_HANG_MS, s->vox_hang_ms);
	build_bits(b, PL_PARAM_SERIAL, s->serial);
	spa_pod_builder_pop(b, &list);
	return spa_pod_builder_pop(b, &object);
}

static void build_info_type(struct spa_pod_builder *b, const struct param *p)
{
	struct spa_pod_frame choice;
	double values[] = {p->def, p->min, p->max};

	if (p->type == SPA_TYPE_Long) {
		spa_pod_builder_long(b, 0);
		return;
	}
	if (p->type == SPA_TYPE_Bool) {
		spa_pod_builder_push_choice(b, &choice, SPA_CHOICE_Enum, 0);
		spa_pod_builder_bool(b, p->def != 0.0);
		spa_pod_builder_bool(b, true);
		spa_pod_builder_bool(b, false);
		spa_pod_builder_pop(b, &choice);
		return;
	}
	spa_pod_builder_push_choice(b, &choice, SPA_CHOICE_Range, 0);
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(values); i++) {
		if (p->type == SPA_TYPE_Int)
			spa_pod_builder_int(b, (int32_t)values[i]);
		else if (p->type == SPA_TYPE_Float)
			spa_pod_builder_float(b, (float)values[i]);
		else
			spa_pod_builder_double(b, values[i]);
	}
	spa_pod_builder_pop(b, &choice);
}

int pl_matrix_params_build_info(uint32_t index, struct spa_pod_builder *b,
				struct spa_pod **ret_param)
{
	const struct param *p;
	struct spa_pod_frame object;

	if (index >= N_PARAMS)
		return 0;
	p = &params[index];
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_PropInfo, SPA_PARAM_PropInfo);
	spa_pod_builder_prop(b, SPA_PROP_INFO_name, 0);
	spa_pod_builder_string(b, p->name);
	spa_pod_builder_prop(b, SPA_PROP_INFO_description, 0);
	spa_pod_builder_string(b, p->description);
	spa_pod_builder_prop(b, SPA_PROP_INFO_type, 0);
	build_info_type(b, p);
	if (p->array) {
		spa_pod_builder_prop(b, SPA_PROP_INFO_container, 0);
		spa_pod_builder_id(b, SPA_TYPE_Array);
	}
	spa_pod_builder_prop(b, SPA_PROP_INFO_params, 0);
	spa_pod_builder_bool(b, true);
	*ret_param = spa_pod_builder_pop(b, &object);
	return 1;
}

uint32_t pl_matrix_params_parse_control(const void *data, size_t size, uint32_t n_frames,
					uint32_t n_tablets, uint32_t n_channels,
					struct pl_mixer_event *events, uint32_t n_max,
					uint32_t *ret_n_bad)
{
	struct pl_control control;
	struct pl_control_property property;
	uint32_t n_events = 0, n_bad = 0;

	pl_control_init(&control, data, size, n_frames);
	while (pl_control_next(&control, &property)) {
		uint32_t tablet, channel;
		double held;

		if (n_events == n_max ||
		    !pl_pod_parse_ids(property.name, PREFIX_KEY, n_tablets, n_channels, &tablet,
				      &channel) ||
		    !get_range(&property.value, 0.0, 1.0, &held) || held != (int)held) {
			n_bad++;
			continue;
		}
		events[n_events++] = (struct pl_mixer_event){
			.offset = property.offset,
			.tablet = (uint8_t)(tablet - 1u),
			.channel = (uint8_t)(channel - 1u),
			.held = held != 0.0,
		};
	}
	*ret_n_bad = n_bad + control.n_bad;
	return n_events;
}
