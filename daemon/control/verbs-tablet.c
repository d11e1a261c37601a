/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>
#include <string.h>

/* Mutes, modes, sidetone and names. */

/** Begin, and check that there is such a tablet or channel. @param verb  __func__, for the audit log */
static int begin(struct pl_control *control, const struct pl_actor *actor, const char *verb,
		 enum pl_role role, struct pl_endpoint endpoint, struct pl_error *ret_error)
{
	int r;

	r = control_begin_verb(control, actor, role, verb, ret_error);
	return r < 0 ? r : check_endpoint(control, endpoint, ret_error);
}

/** @param mask, set  of control->next; set: that it was ever given, may be NULL */
static int set_mute(struct pl_control *control, const struct pl_actor *actor, const char *verb,
		    struct pl_endpoint endpoint, uint64_t *mask, uint64_t *set, bool mute,
		    struct pl_error *ret_error)
{
	int r;

	r = begin(control, actor, verb, PL_ROLE_OPERATE, endpoint, ret_error);
	if (r < 0)
		return r;
	if (mute)
		*mask |= pl_mask_bit(endpoint.id);
	else
		*mask &= ~pl_mask_bit(endpoint.id);
	if (set)
		*set |= pl_mask_bit(endpoint.id);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_channel_mute(struct pl_control *control, const struct pl_actor *actor,
				uint32_t channel_id, bool mute, struct pl_error *ret_error)
{
	return set_mute(control, actor, __func__, (struct pl_endpoint){false, channel_id},
			&control->next.channel_mute, &control->next.channel_mute_set, mute,
			ret_error);
}

int pl_control_set_tablet_mute(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, bool mute, struct pl_error *ret_error)
{
	return set_mute(control, actor, __func__, (struct pl_endpoint){true, tablet_id},
			&control->next.tablet_mute, &control->next.tablet_mute_set, mute,
			ret_error);
}

int pl_control_set_talk_mute(struct pl_control *control, const struct pl_actor *actor,
			     uint32_t tablet_id, bool mute, struct pl_error *ret_error)
{
	return set_mute(control, actor, __func__, (struct pl_endpoint){true, tablet_id},
			&control->next.talk_mute, NULL, mute, ret_error);
}

int pl_control_set_listen_mute(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, bool mute, struct pl_error *ret_error)
{
	return set_mute(control, actor, __func__, (struct pl_endpoint){true, tablet_id},
			&control->next.listen_mute, NULL, mute, ret_error);
}

int pl_control_set_mode(struct pl_control *control, const struct pl_actor *actor,
			uint32_t tablet_id, enum pl_talk_mode mode, struct pl_error *ret_error)
{
	struct pl_tablet *tablet;
	int r;

	r = begin(control, actor, __func__, PL_ROLE_OPERATE, (struct pl_endpoint){true, tablet_id},
		  ret_error);
	if (r < 0)
		return r;
	if (!pl_talk_mode_name(mode))
		return error_set(ret_error, -EINVAL, "/mode",
				 "no such mode; it must be open, momentary, latch or vox");
	tablet = &control->next.tablet[tablet_id - 1];
	if (tablet->mode == PL_TALK_MODE_LATCH && mode != PL_TALK_MODE_LATCH)
		tablet->keys = 0;
	tablet->mode = mode;
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_sidetone(struct pl_control *control, const struct pl_actor *actor,
			    uint32_t tablet_id, double gain, struct pl_error *ret_error)
{
	int r;

	r = begin(control, actor, __func__, PL_ROLE_OPERATE, (struct pl_endpoint){true, tablet_id},
		  ret_error);
	if (r == 0)
		r = check_range(gain, 0.0, PL_SIDETONE_MAX, "/sidetone", ret_error);
	if (r < 0)
		return r;
	control->next.tablet[tablet_id - 1].sidetone = gain + 0.0;
	return control_commit(control, actor, 1, ret_error);
}

static int set_name(struct pl_control *control, const struct pl_actor *actor, const char *verb,
		    struct pl_endpoint endpoint, const char *name, struct pl_error *ret_error)
{
	struct pl_model *m = &control->next;
	char *to;
	int r;

	r = begin(control, actor, verb, PL_ROLE_ADMIN, endpoint, ret_error);
	if (r < 0)
		return r;
	if (!pl_name_is_valid(name))
		return error_set(ret_error, -EINVAL, "/name",
				 "a name is UTF-8 text of at most %u bytes without control "
				 "characters",
				 PL_NAME_MAX - 1);
	to = endpoint.is_tablet ? m->tablet[endpoint.id - 1].name
				: m->channel[endpoint.id - 1].name;
	memset(to, 0, PL_NAME_MAX);
	memcpy(to, name, strlen(name));
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_tablet_name(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, const char *name, struct pl_error *ret_error)
{
	int r = set_name(control, actor, __func__, (struct pl_endpoint){true, tablet_id}, name,
			 ret_error);

	return control_audited(control, actor, r, ret_error);
}

int pl_control_set_channel_name(struct pl_control *control, const struct pl_actor *actor,
				uint32_t channel_id, const char *name, struct pl_error *ret_error)
{
	int r = set_name(control, actor, __func__, (struct pl_endpoint){false, channel_id}, name,
			 ret_error);

	return control_audited(control, actor, r, ret_error);
}
