/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <string.h>

#include "utf8.h"

static const char *const talk_mode_names[PL_TALK_MODE_MAX_] = {
	[PL_TALK_MODE_OPEN] = "open",
	[PL_TALK_MODE_MOMENTARY] = "momentary",
	[PL_TALK_MODE_LATCH] = "latch",
	[PL_TALK_MODE_VOX] = "vox",
};

void pl_model_init_uplink(struct pl_model *model, uint32_t channel)
{
	for (uint32_t t = 0; t < PL_TABLETS_MAX; t++)
		model->channel[channel].uplink[t] = t < model->n_tablets ? PL_GAIN_DEFAULT : 0.0;
	model->channel[channel].uplink_set = pl_mask_of(model->n_tablets);
}

void pl_model_init_downlink(struct pl_model *model, uint32_t tablet)
{
	for (uint32_t c = 0; c < PL_CHANNELS_MAX; c++)
		model->tablet[tablet].downlink[c] = c < model->n_channels ? PL_GAIN_DEFAULT : 0.0;
	model->tablet[tablet].downlink_set = pl_mask_of(model->n_channels);
}

void pl_model_init(struct pl_model *model, uint32_t n_tablets, uint32_t n_channels)
{
	memset(model, 0, sizeof(*model));
	model->n_tablets = n_tablets;
	model->n_channels = n_channels;
	model->headroom_db = PL_HEADROOM_DB_DEFAULT;
	model->party_line = true;
	model->ramp_ms = PL_RAMP_MS_DEFAULT;
	model->vox_threshold_db = PL_VOX_THRESHOLD_DB_DEFAULT;
	model->vox_hang_ms = PL_VOX_HANG_MS_DEFAULT;
	for (uint32_t c = 0; c < n_channels; c++)
		pl_model_init_uplink(model, c);
	for (uint32_t t = 0; t < n_tablets; t++)
		pl_model_init_downlink(model, t);
}

void pl_model_resize(struct pl_model *model, uint32_t n_tablets, uint32_t n_channels)
{
	struct pl_model fresh;

	pl_model_init(&fresh, n_tablets, n_channels);
	for (uint32_t c = 0; c < n_channels && c < model->n_channels; c++) {
		bool is_default = pl_model_uplink_is_default(model, c);

		memcpy(fresh.channel[c].name, model->channel[c].name, PL_NAME_MAX);
		memcpy(fresh.channel[c].binding, model->channel[c].binding,
		       sizeof(fresh.channel[c].binding));
		/* Everyone to everyone goes on to mean everyone. */
		if (is_default)
			continue;
		for (uint32_t t = 0; t < PL_TABLETS_MAX; t++)
			fresh.channel[c].uplink[t] =
				t < n_tablets ? model->channel[c].uplink[t] : 0.0;
		fresh.channel[c].uplink_set = model->channel[c].uplink_set & pl_mask_of(n_tablets);
	}
	for (uint32_t t = 0; t < n_tablets && t < model->n_tablets; t++) {
		bool is_default = pl_model_downlink_is_default(model, t);
		struct pl_tablet *to = &fresh.tablet[t];
		const struct pl_tablet *from = &model->tablet[t];

		memcpy(to->name, from->name, PL_NAME_MAX);
		memcpy(to->binding, from->binding, sizeof(to->binding));
		to->mode = from->mode;
		to->sidetone = from->sidetone;
		to->keys = from->keys & pl_mask_of(n_channels);
		if (is_default)
			continue;
		for (uint32_t c = 0; c < PL_CHANNELS_MAX; c++)
			to->downlink[c] = c < n_channels ? from->downlink[c] : 0.0;
		to->downlink_set = from->downlink_set & pl_mask_of(n_channels);
	}
	fresh.headroom_db = model->headroom_db;
	fresh.party_line = model->party_line;
	fresh.ramp_ms = model->ramp_ms;
	fresh.vox_threshold_db = model->vox_threshold_db;
	fresh.vox_hang_ms = model->vox_hang_ms;
	fresh.talk_timeout_s = model->talk_timeout_s;
	fresh.busy_refusal = model->busy_refusal;
	fresh.tablet_mute = model->tablet_mute & pl_mask_of(n_tablets);
	fresh.tablet_mute_set = model->tablet_mute_set & pl_mask_of(n_tablets);
	fresh.talk_mute = model->talk_mute & pl_mask_of(n_tablets);
	fresh.listen_mute = model->listen_mute & pl_mask_of(n_tablets);
	fresh.channel_mute = model->channel_mute & pl_mask_of(n_channels);
	fresh.channel_mute_set = model->channel_mute_set & pl_mask_of(n_channels);
	*model = fresh;
}

static bool row_is_default(const double *row, uint64_t set, uint32_t n)
{
	if (set != pl_mask_of(n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (row[i] != PL_GAIN_DEFAULT)
			return false;
	return true;
}

bool pl_model_uplink_is_default(const struct pl_model *model, uint32_t channel)
{
	const struct pl_channel *c = &model->channel[channel];

	return row_is_default(c->uplink, c->uplink_set, model->n_tablets);
}

bool pl_model_downlink_is_default(const struct pl_model *model, uint32_t tablet)
{
	const struct pl_tablet *t = &model->tablet[tablet];

	return row_is_default(t->downlink, t->downlink_set, model->n_channels);
}

static bool rows_equal(const double *a, const double *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

bool pl_model_uplink_equal(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t c = 0; c < a->n_channels; c++) {
		if (a->channel[c].uplink_set != b->channel[c].uplink_set)
			return false;
		if (!rows_equal(a->channel[c].uplink, b->channel[c].uplink, a->n_tablets))
			return false;
	}
	return true;
}

bool pl_model_downlink_equal(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t t = 0; t < a->n_tablets; t++) {
		if (a->tablet[t].downlink_set != b->tablet[t].downlink_set)
			return false;
		if (!rows_equal(a->tablet[t].downlink, b->tablet[t].downlink, a->n_channels))
			return false;
	}
	return true;
}

bool pl_model_options_equal(const struct pl_model *a, const struct pl_model *b)
{
	return a->party_line == b->party_line && a->ramp_ms == b->ramp_ms &&
	       a->vox_threshold_db == b->vox_threshold_db && a->vox_hang_ms == b->vox_hang_ms &&
	       a->talk_timeout_s == b->talk_timeout_s && a->busy_refusal == b->busy_refusal;
}

bool pl_model_keys_equal(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t t = 0; t < a->n_tablets; t++)
		if (a->tablet[t].keys != b->tablet[t].keys)
			return false;
	return true;
}

static bool tablets_equal(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t t = 0; t < a->n_tablets; t++) {
		const struct pl_tablet *x = &a->tablet[t], *y = &b->tablet[t];

		if (x->mode != y->mode || x->sidetone != y->sidetone ||
		    strcmp(x->name, y->name) != 0)
			return false;
	}
	return true;
}

static bool channels_equal(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t c = 0; c < a->n_channels; c++)
		if (strcmp(a->channel[c].name, b->channel[c].name) != 0)
			return false;
	return true;
}

static bool binding_pairs_equal(const struct pl_binding *a, const struct pl_binding *b)
{
	return pl_binding_equal(&a[PL_CAPTURE], &b[PL_CAPTURE]) &&
	       pl_binding_equal(&a[PL_PLAYBACK], &b[PL_PLAYBACK]);
}

bool pl_model_bindings_equal(const struct pl_model *a, const struct pl_model *b)
{
	for (uint32_t t = 0; t < a->n_tablets; t++)
		if (!binding_pairs_equal(a->tablet[t].binding, b->tablet[t].binding))
			return false;
	for (uint32_t c = 0; c < a->n_channels; c++)
		if (!binding_pairs_equal(a->channel[c].binding, b->channel[c].binding))
			return false;
	return true;
}

const struct pl_binding *pl_model_binding(const struct pl_model *model, struct pl_endpoint endpoint,
					  enum pl_direction direction)
{
	return endpoint.is_tablet ? &model->tablet[endpoint.id - 1].binding[direction]
				  : &model->channel[endpoint.id - 1].binding[direction];
}

bool pl_model_equal(const struct pl_model *a, const struct pl_model *b)
{
	return a->n_tablets == b->n_tablets && a->n_channels == b->n_channels &&
	       a->headroom_db == b->headroom_db && pl_model_options_equal(a, b) &&
	       a->tablet_mute == b->tablet_mute && a->tablet_mute_set == b->tablet_mute_set &&
	       a->talk_mute == b->talk_mute && a->listen_mute == b->listen_mute &&
	       a->channel_mute == b->channel_mute && a->channel_mute_set == b->channel_mute_set &&
	       pl_model_uplink_equal(a, b) && pl_model_downlink_equal(a, b) &&
	       tablets_equal(a, b) && channels_equal(a, b) && pl_model_keys_equal(a, b) &&
	       pl_model_bindings_equal(a, b);
}

const char *pl_talk_mode_name(enum pl_talk_mode mode)
{
	return (unsigned)mode < PL_TALK_MODE_MAX_ ? talk_mode_names[mode] : NULL;
}

int pl_talk_mode_from_name(const char *name, enum pl_talk_mode *ret_mode)
{
	for (unsigned i = 0; i < PL_TALK_MODE_MAX_; i++) {
		if (strcmp(name, talk_mode_names[i]) == 0) {
			*ret_mode = i;
			return 0;
		}
	}
	return -EINVAL;
}

bool pl_name_is_valid(const char *name)
{
	return strnlen(name, PL_NAME_MAX) < PL_NAME_MAX && pl_utf8_is_plain(name);
}
