/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>
#include <string.h>

/* Mutes, modes, sidetone and names. */

static void put_bit(uint64_t *mask, uint32_t id, bool on)
{
	if (on)
		*mask |= pl_mask_bit(id);
	else
		*mask &= ~pl_mask_bit(id);
}

int pl_control_set_channel_mute(struct pl_control *control, const struct pl_actor *actor,
				uint32_t channel_id, bool mute, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r < 0)
		return r;
	put_bit(&control->next.channel_mute, channel_id, mute);
	put_bit(&control->next.channel_mute_set, channel_id, true);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_tablet_mute(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, bool mute, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r < 0)
		return r;
	put_bit(&control->next.tablet_mute, tablet_id, mute);
	put_bit(&control->next.tablet_mute_set, tablet_id, true);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_talk_mute(struct pl_control *control, const struct pl_actor *actor,
			     uint32_t tablet_id, bool mute, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r < 0)
		return r;
	put_bit(&control->next.talk_mute, tablet_id, mute);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_listen_mute(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, bool mute, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r < 0)
		return r;
	put_bit(&control->next.listen_mute, tablet_id, mute);
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_set_mode(struct pl_control *control, const struct pl_actor *actor,
			uint32_t tablet_id, enum pl_talk_mode mode, struct pl_error *ret_error)
{
	struct pl_tablet *tablet;
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
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

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0)
		r = check_range(gain, 0.0, PL_SIDETONE_MAX, "/sidetone", ret_error);
	if (r < 0)
		return r;
	control->next.tablet[tablet_id - 1].sidetone = gain + 0.0;
	return control_commit(control, actor, 1, ret_error);
}

static int put_name(char *ret_name, const char *name, struct pl_error *ret_error)
{
	if (!pl_name_is_valid(name))
		return error_set(ret_error, -EINVAL, "/name",
				 "a name is UTF-8 text of at most %u bytes without control "
				 "characters",
				 PL_NAME_MAX - 1);
	memset(ret_name, 0, PL_NAME_MAX);
	memcpy(ret_name, name, strlen(name));
	return 0;
}

int pl_control_set_tablet_name(struct pl_control *control, const struct pl_actor *actor,
			       uint32_t tablet_id, const char *name, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0)
		r = put_name(control->next.tablet[tablet_id - 1].name, name, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_set_channel_name(struct pl_control *control, const struct pl_actor *actor,
				uint32_t channel_id, const char *name, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_channel(control, channel_id, ret_error);
	if (r == 0)
		r = put_name(control->next.channel[channel_id - 1].name, name, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}
