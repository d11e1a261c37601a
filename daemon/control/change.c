/* SPDX-License-Identifier: MIT */
#include "control-gateway.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* From what a verb wants to what is so: its class, kept, handed to the engine, told. */

enum pl_change pl_change_class(const struct pl_model *before, const struct pl_model *after)
{
	if (before->n_tablets != after->n_tablets || before->n_channels != after->n_channels ||
	    !pl_model_bindings_equal(before, after))
		return PL_CHANGE_DEVICE;
	if (before->headroom_db != after->headroom_db || before->party_line != after->party_line ||
	    before->ramp_ms != after->ramp_ms ||
	    before->vox_threshold_db != after->vox_threshold_db ||
	    before->vox_hang_ms != after->vox_hang_ms ||
	    before->tablet_mute != after->tablet_mute || before->talk_mute != after->talk_mute ||
	    before->listen_mute != after->listen_mute ||
	    before->channel_mute != after->channel_mute || !pl_model_uplink_equal(before, after) ||
	    !pl_model_downlink_equal(before, after) || !pl_model_keys_equal(before, after))
		return PL_CHANGE_VALUE;
	for (uint32_t t = 0; t < before->n_tablets; t++)
		if (before->tablet[t].mode != after->tablet[t].mode ||
		    before->tablet[t].sidetone != after->tablet[t].sidetone)
			return PL_CHANGE_VALUE;
	return PL_CHANGE_NONE;
}

int control_begin_verb(struct pl_control *control, const struct pl_actor *actor, enum pl_role role,
		       const char *verb, struct pl_error *ret_error)
{
	if (actor->role < role) {
		error_set(ret_error, -EPERM, "", "this needs the role \"%s\"", pl_role_name(role));
		control_audit_verb(control, actor, verb, -EPERM, ret_error);
		return -EPERM;
	}
	control->next = control->model;
	return 0;
}

static bool only_keys_differ(struct pl_control *control)
{
	struct pl_model *m = &control->next;
	uint64_t keys[PL_TABLETS_MAX];
	bool equal;

	for (uint32_t t = 0; t < m->n_tablets; t++) {
		keys[t] = m->tablet[t].keys;
		m->tablet[t].keys = control->model.tablet[t].keys;
	}
	equal = pl_model_equal(&control->model, m);
	for (uint32_t t = 0; t < m->n_tablets; t++)
		m->tablet[t].keys = keys[t];
	return equal;
}

static int keep(struct pl_control *control, const struct pl_model *model, bool keys_only)
{
	if (!control->keeper_ops)
		return 0;
	control->kept = *model;
	control_claims_keep_out(control, &control->kept);
	return control->keeper_ops->keep(control->keeper, &control->kept, keys_only);
}

/** Names the folder: whoever reads this can make room there. */
int control_fail_kept(const struct pl_control *control, int r, bool keys_only,
		      struct pl_error *ret_error)
{
	const char *folder =
		keys_only ? control->config->runtime_directory : control->config->state_directory;

	if (r == -ENOSPC || r == -EDQUOT)
		return error_set(
			ret_error, -ENOSPC, "",
			"the state could not be kept and nothing has changed: no space left "
			"in \"%.300s\"; make room there and try again",
			folder);
	if (r == -ENOMEM)
		return error_set(
			ret_error, -ENOMEM, "",
			"the state could not be kept and nothing has changed: this machine "
			"is out of memory");
	return error_set(ret_error, -EIO, "",
			 "the state could not be kept in \"%.300s\" and nothing has changed: %s",
			 folder, strerror(-r));
}

int control_keep_keys(struct pl_control *control, struct pl_error *ret_error)
{
	int r = keep(control, &control->model, true);

	return r < 0 ? control_fail_kept(control, r, true, ret_error) : 0;
}

/** @param keys_nsec  0: something else than keys has changed, or nobody knows when */
static int hand_to_engine(struct pl_control *control, uint64_t keys_nsec)
{
	const struct pl_engine_ops *ops = control->engine_ops;

	if (keys_nsec && ops->apply_keys)
		return ops->apply_keys(control->engine, &control->model, &control->next, keys_nsec);
	return ops->apply(control->engine, &control->model, &control->next);
}

int control_commit(struct pl_control *control, const struct pl_actor *actor, uint32_t priority,
		   struct pl_error *ret_error)
{
	struct pl_model before;
	struct pl_event event;
	bool keys_only, must_keep;
	int r;

	if (pl_model_equal(&control->model, &control->next))
		return 0;

	keys_only = only_keys_differ(control);
	must_keep = !keys_only || !control_claims_have_all_changes(control);
	r = must_keep ? keep(control, &control->next, keys_only) : 0;
	if (r < 0) {
		/* The keeper may have come half way: take the old state back as well as it goes. */
		keep(control, &control->model, keys_only);
		return control_fail_kept(control, r, keys_only, ret_error);
	}

	event = (struct pl_event){
		.change = pl_change_class(&control->model, &control->next),
		.ts_usec = control_now_usec(CLOCK_REALTIME),
		.actor = actor,
		.priority = priority,
		.uplink_changed = !pl_model_uplink_equal(&control->model, &control->next),
		.downlink_changed = !pl_model_downlink_equal(&control->model, &control->next),
		.headroom_changed = control->model.headroom_db != control->next.headroom_db,
	};
	if (event.change != PL_CHANGE_NONE && control->engine_ops) {
		r = hand_to_engine(control, keys_only ? actor->key_nsec : 0);
		if (r < 0) {
			if (must_keep)
				keep(control, &control->model, keys_only);
			return error_set(ret_error, -EIO, "", "the engine refused the change: %s",
					 strerror(-r));
		}
	}

	before = control->model;
	control->model = control->next;
	event.before = &before;
	event.after = &control->model;
	/* A key is heard on the air before anybody is told of it. */
	if (!pl_model_keys_equal(&before, &control->model)) {
		control_gateway_keys_changed(control);
		control_claims_keys_changed(control);
	}
	control_emit_difference(control, &event);
	return 0;
}
