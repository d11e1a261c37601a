/* SPDX-License-Identifier: MIT */
#include "listen.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "control-internal.h"

static const struct pl_actor actor_internal = {
	.face = "internal", .name = "", .role = PL_ROLE_ADMIN};

void pl_control_set_listen(struct pl_control *control, const struct pl_listen_ops *ops,
			   void *listen)
{
	control->listen_ops = ops;
	control->listen = listen;
}

static void emit(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id)
{
	const struct pl_event event = {
		.type = PL_EVENT_LISTEN,
		.ts_usec = control_now_usec(CLOCK_REALTIME),
		.actor = actor,
		.before = &control->model,
		.after = &control->model,
		.tablet_id = tablet_id,
	};

	control_emit(control, &event);
}

static bool is_talked_into(struct pl_control *control, uint32_t tablet_id)
{
	struct pl_listen_status status;

	for (size_t i = 0; pl_control_listen_status(control, i, &status) == 0; i++)
		if (status.tablet_id == tablet_id && status.state == PL_LISTEN_CONNECTED)
			return true;
	return false;
}

void pl_control_listen_changed(struct pl_control *control, uint32_t tablet_id)
{
	/* Nobody's voice can be behind the keys of a browser that is not heard any more. */
	if (tablet_id && !is_talked_into(control, tablet_id))
		control_claims_release_keys(control, &actor_internal, tablet_id);
	emit(control, &actor_internal, tablet_id);
}

/* --- reading ------------------------------------------------------------------------------ */

int pl_control_listen_status(struct pl_control *control, size_t index,
			     struct pl_listen_status *ret_status)
{
	if (!control->listen_ops)
		return -ENOENT;
	return control->listen_ops->status(control->listen, index, ret_status);
}

void pl_control_listen_overview(struct pl_control *control, struct pl_listen_overview *ret_overview)
{
	*ret_overview = (struct pl_listen_overview){0};
	if (control->listen_ops)
		control->listen_ops->overview(control->listen, ret_overview);
}

void pl_control_prepare_listening(struct pl_control *control)
{
	if (control->listen_ops && control->listen_ops->prepare)
		control->listen_ops->prepare(control->listen);
}

void pl_control_default_mix(const struct pl_control *control, struct pl_mix *ret_mix)
{
	ret_mix->n_sources = control->model.n_channels;
	ret_mix->n_devices = 0;
	for (uint32_t c = 0; c < control->model.n_channels; c++)
		ret_mix->sources[c] =
			(struct pl_mix_source){.kind = PL_MIX_CHANNEL_OUT, .id = c + 1u};
}

/* --- verbs -------------------------------------------------------------------------------- */

static int begin(struct pl_control *control, const struct pl_actor *actor, enum pl_role role,
		 const char *verb, struct pl_error *ret_error)
{
	int r = control_begin_verb(control, actor, role, verb, ret_error);

	if (r == 0 && !control->listen_ops)
		r = error_set(ret_error, -EOPNOTSUPP, "",
			      "this Partyline does not serve listeners in a browser");
	return r;
}

/** A verb's end: what was refused is the caller's, what was done everybody's. @return r */
static int finish(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		  int r, const struct pl_error *error, struct pl_error *ret_error)
{
	if (r < 0) {
		if (ret_error)
			*ret_error = *error;
		return r;
	}
	emit(control, actor, tablet_id);
	return 0;
}

static int check_offer(size_t size, struct pl_error *ret_error)
{
	if (size == 0)
		return error_set(ret_error, -EINVAL, "/offer",
				 "the body should be the offer, an SDP (application/sdp)");
	if (size > PL_LISTEN_OFFER_MAX)
		return error_set(ret_error, -EINVAL, "/offer", "an offer has at most %u bytes",
				 PL_LISTEN_OFFER_MAX);
	return 0;
}

/** Of verbs that come with one: who calls has checked what it knows. */
static int check_mix(const struct pl_control *control, const struct pl_mix *mix,
		     struct pl_error *ret_error)
{
	for (size_t i = 0; i < mix->n_sources; i++) {
		const struct pl_mix_source *source = &mix->sources[i];
		bool is_tablet =
			source->kind == PL_MIX_TABLET_TALK || source->kind == PL_MIX_TABLET_LISTEN;
		int r;

		/* A device need not be there. */
		if (source->kind == PL_MIX_DEVICE)
			continue;
		r = is_tablet ? check_tablet(control, source->id, ret_error)
			      : check_channel(control, source->id, ret_error);
		if (r < 0)
			return error_set(ret_error, -EINVAL, "/mix",
					 "there is no such tablet or channel as the mix names");
	}
	return 0;
}

int pl_control_open_listener(struct pl_control *control, const struct pl_actor *actor,
			     const struct pl_mix *mix, const char *offer, size_t size,
			     struct pl_listen_answer *ret_answer, struct pl_error *ret_error)
{
	struct pl_error error = {0};
	int r;

	r = begin(control, actor, PL_ROLE_VIEW, __func__, &error);
	if (r == 0)
		r = check_mix(control, mix, &error);
	if (r == 0)
		r = check_offer(size, &error);
	if (r == 0)
		r = control->listen_ops->open_listener(control->listen, actor, mix, offer, size,
						       ret_answer, &error);
	return finish(control, actor, 0, r, &error, ret_error);
}

int pl_control_set_mix(struct pl_control *control, const struct pl_actor *actor, const char *id,
		       const struct pl_mix *mix, struct pl_error *ret_error)
{
	struct pl_error error = {0};
	int r;

	r = begin(control, actor, PL_ROLE_VIEW, __func__, &error);
	if (r == 0)
		r = check_mix(control, mix, &error);
	if (r == 0)
		r = control->listen_ops->set_mix(control->listen, id, mix, &error);
	return finish(control, actor, 0, r, &error, ret_error);
}

/** Nobody's tablet may be talked into by anybody who operates; somebody's only by this one. */
static int check_claim(const struct pl_control *control, uint32_t tablet_id, const char *secret,
		       struct pl_error *ret_error)
{
	struct pl_claim_info claim;

	if (!pl_control_get_claim(control, tablet_id, &claim) ||
	    pl_control_claim_has_secret(control, tablet_id, secret))
		return 0;
	return error_set(ret_error, -EBUSY, "/secret",
			 "tablet %u is claimed by %s; who has it talks with its secret", tablet_id,
			 claim.label[0] ? claim.label : claim.peer);
}

int pl_control_open_talker(struct pl_control *control, const struct pl_actor *actor,
			   uint32_t tablet_id, const char *secret, const char *offer, size_t size,
			   struct pl_listen_answer *ret_answer, struct pl_error *ret_error)
{
	struct pl_error error = {0};
	int r;

	r = begin(control, actor, PL_ROLE_OPERATE, __func__, &error);
	if (r == 0)
		r = check_tablet(control, tablet_id, &error);
	if (r == 0)
		r = check_claim(control, tablet_id, secret, &error);
	if (r == 0)
		r = check_offer(size, &error);
	if (r == 0)
		r = control->listen_ops->open_talker(control->listen, actor, tablet_id, offer, size,
						     ret_answer, &error);
	return finish(control, actor, tablet_id, r, &error, ret_error);
}

int pl_control_trickle(struct pl_control *control, const struct pl_actor *actor, const char *id,
		       const char *tag, const char *fragment, size_t size,
		       struct pl_listen_fragment *ret_fragment, struct pl_error *ret_error)
{
	struct pl_error error = {0};
	int r;

	r = begin(control, actor, PL_ROLE_VIEW, __func__, &error);
	if (r == 0 && !tag)
		r = error_set(&error, -ENOKEY, "",
			      "If-Match should name the ICE session, as ETag told it, or be * to "
			      "begin another (ICE restart)");
	if (r == 0 && (size == 0 || size > PL_LISTEN_OFFER_MAX))
		r = error_set(&error, -EINVAL, "/fragment",
			      "the body should be a fragment of SDP, of 1 to %u bytes",
			      PL_LISTEN_OFFER_MAX);
	if (r == 0)
		r = control->listen_ops->trickle(control->listen, id, tag, fragment, size,
						 ret_fragment, &error);
	if (r < 0 && ret_error)
		*ret_error = error;
	return r;
}

int pl_control_close_session(struct pl_control *control, const struct pl_actor *actor,
			     const char *id, struct pl_error *ret_error)
{
	uint32_t tablet_id = 0;
	int r;

	r = begin(control, actor, PL_ROLE_VIEW, __func__, ret_error);
	if (r < 0)
		return r;
	r = control->listen_ops->close(control->listen, id, &tablet_id);
	if (r < 0)
		return error_set(ret_error, r, "/id",
				 "there is no such session; it may have ended");
	emit(control, actor, tablet_id);
	return 0;
}
