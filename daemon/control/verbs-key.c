/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>

/** @return id of a tablet other than this one that holds the channel's key, 0 for none */
static uint32_t other_holder(const struct pl_model *model, uint32_t tablet_id, uint32_t channel_id)
{
	for (uint32_t id = 1; id <= model->n_tablets; id++)
		if (id != tablet_id && (model->tablet[id - 1].keys & pl_mask_bit(channel_id)))
			return id;
	return 0;
}

/** Marks whose the key is, and presses it; on an error nothing has changed. */
static int press(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		 uint32_t channel_id, uint32_t priority, bool by_claim, struct pl_error *ret_error)
{
	uint64_t *claimed = &control->claims.claim[tablet_id - 1].keys;
	uint64_t bit = pl_mask_bit(channel_id), before = *claimed;
	bool is_down = control->model.tablet[tablet_id - 1].keys & bit;
	int r;

	if (is_down && !by_claim && (*claimed & bit)) {
		*claimed &= ~bit;
		r = control_keep_keys(control, ret_error);
	} else {
		if (!is_down && by_claim)
			*claimed |= bit;
		control->next.tablet[tablet_id - 1].keys |= bit;
		r = control_commit(control, actor, priority, ret_error);
	}
	if (r < 0)
		*claimed = before;
	return r;
}

int control_press_key(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		      uint32_t channel_id, uint32_t priority, bool by_claim,
		      struct pl_error *ret_error)
{
	uint32_t holder;
	int r;

	r = control_begin_verb(control, actor, PL_ROLE_OPERATE, "pl_control_press_key", ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r < 0)
		return r;
	holder = other_holder(&control->model, tablet_id, channel_id);
	if (control->model.busy_refusal && holder &&
	    !(control->model.tablet[tablet_id - 1].keys & pl_mask_bit(channel_id)))
		return error_set(ret_error, -EBUSY, "/channel",
				 "channel %u is busy: tablet %u holds its key", channel_id, holder);
	return press(control, actor, tablet_id, channel_id, priority, by_claim, ret_error);
}

int pl_control_press_key(struct pl_control *control, const struct pl_actor *actor,
			 uint32_t tablet_id, uint32_t channel_id, uint32_t priority,
			 struct pl_error *ret_error)
{
	return control_press_key(control, actor, tablet_id, channel_id, priority, false, ret_error);
}

int pl_control_release_key(struct pl_control *control, const struct pl_actor *actor,
			   uint32_t tablet_id, uint32_t channel_id, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r < 0)
		return r;
	control->next.tablet[tablet_id - 1].keys &= ~pl_mask_bit(channel_id);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_release_all(struct pl_control *control, const struct pl_actor *actor,
			   uint32_t tablet_id, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0 && tablet_id != 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r < 0)
		return r;
	for (uint32_t t = 0; t < control->next.n_tablets; t++)
		if (tablet_id == 0 || tablet_id == t + 1)
			control->next.tablet[t].keys = 0;
	return control_commit(control, actor, 1, ret_error);
}
