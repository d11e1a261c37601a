/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char *const step_names[] = {
	[PL_CLAIM_TAKEN] = "taken",     [PL_CLAIM_TAKEN_OVER] = "taken_over",
	[PL_CLAIM_AWAY] = "away",       [PL_CLAIM_SILENT] = "silent",
	[PL_CLAIM_BACK] = "back",       [PL_CLAIM_LEFT] = "left",
	[PL_CLAIM_EXPIRED] = "expired", [PL_CLAIM_RELEASED] = "released",
};

static const struct pl_actor actor_claims = {
	.face = "internal", .name = "claims", .role = PL_ROLE_ADMIN};

const char *pl_claim_step_name(enum pl_claim_step step)
{
	return step_names[step];
}

/* --- keys that live with a claim --------------------------------------------------------- */

void control_claims_keep_out(const struct pl_control *control, struct pl_model *model)
{
	for (uint32_t t = 0; t < model->n_tablets; t++)
		model->tablet[t].keys &= ~control->claims.claim[t].keys;
}

bool control_claims_have_all_changes(const struct pl_control *control)
{
	const struct pl_model *a = &control->model, *b = &control->next;

	for (uint32_t t = 0; t < a->n_tablets; t++)
		if ((a->tablet[t].keys ^ b->tablet[t].keys) & ~control->claims.claim[t].keys)
			return false;
	return true;
}

void control_claims_keys_changed(struct pl_control *control)
{
	for (uint32_t t = 0; t < control->model.n_tablets; t++)
		control->claims.claim[t].keys &= control->model.tablet[t].keys;
}

/* --- one claim ---------------------------------------------------------------------------- */

static void emit(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		 enum pl_claim_step step)
{
	struct pl_event event = {
		.type = PL_EVENT_CLAIM,
		.ts_usec = control_now_usec(CLOCK_REALTIME),
		.actor = actor,
		.before = &control->model,
		.after = &control->model,
		.tablet_id = tablet_id,
		.claim_step = step,
	};

	control_emit(control, &event);
}

/** @return NULL: somebody else has the tablet by now, or nobody */
static struct control_claim *find(struct pl_control *control, const struct pl_claim *claim)
{
	struct control_claim *c;

	if (claim->tablet_id < 1 || claim->tablet_id > control->model.n_tablets)
		return NULL;
	c = &control->claims.claim[claim->tablet_id - 1];
	return c->session != 0 && c->session == claim->session ? c : NULL;
}

/** Only what the claim holds. @return 0, or what the engine said: then they are still down */
int control_claims_release_keys(struct pl_control *control, const struct pl_actor *actor,
				uint32_t tablet_id)
{
	uint64_t keys = control->claims.claim[tablet_id - 1].keys;

	if (keys == 0)
		return 0;
	control->next = control->model;
	control->next.tablet[tablet_id - 1].keys &= ~keys;
	return control_commit(control, actor, 1, NULL);
}

/** The end of a claim. Keys that the engine does not give up now, pl_control_run_claims() tries again. */
static void end(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		enum pl_claim_step step)
{
	struct control_claim *c = &control->claims.claim[tablet_id - 1];

	control_claims_release_keys(control, actor, tablet_id);
	*c = (struct control_claim){.keys = c->keys};
	emit(control, actor, tablet_id, step);
}

static bool is_equal_secret(const char *a, const char *b)
{
	unsigned char difference = 0;

	if (strlen(b) != PL_CLAIM_SECRET_SIZE - 1)
		return false;
	for (size_t i = 0; i < PL_CLAIM_SECRET_SIZE - 1; i++)
		difference |= (unsigned char)(a[i] ^ b[i]);
	return difference == 0;
}

static int make_secret(char ret_secret[PL_CLAIM_SECRET_SIZE], struct pl_error *ret_error)
{
	unsigned char bytes[(PL_CLAIM_SECRET_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(ret_error, -EIO, "", "the system has no randomness for a secret");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret_secret + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* --- claiming ------------------------------------------------------------------------------ */

static uint32_t find_secret(const struct pl_control *control,
			    const struct pl_claim_request *request)
{
	if (!request->secret)
		return 0;
	for (uint32_t id = 1; id <= control->model.n_tablets; id++)
		if ((request->tablet_id == 0 || request->tablet_id == id) &&
		    pl_control_claim_has_secret(control, id, request->secret))
			return id;
	return 0;
}

/** A tablet with a sound card is somebody's, who needs no browser. */
static uint32_t find_free(const struct pl_control *control)
{
	for (uint32_t id = 1; id <= control->model.n_tablets; id++) {
		const struct pl_tablet *tablet = &control->model.tablet[id - 1];

		if (control->claims.claim[id - 1].session == 0 &&
		    !pl_binding_is_set(&tablet->binding[PL_CAPTURE]) &&
		    !pl_binding_is_set(&tablet->binding[PL_PLAYBACK]))
			return id;
	}
	return 0;
}

static int fail_taken(const struct control_claim *c, uint32_t tablet_id, struct pl_error *ret_error)
{
	char who[PL_NAME_MAX + PL_CLAIM_PEER_SIZE + 16];

	if (c->label[0])
		snprintf(who, sizeof(who), "\"%s\" at %s", c->label, c->peer);
	else
		snprintf(who, sizeof(who), "somebody at %s", c->peer);
	if (c->is_connected)
		return error_set(ret_error, -EBUSY, "/tablet",
				 "tablet %u is taken by %s; choose another, or take it over",
				 tablet_id, who);
	return error_set(
		ret_error, -EBUSY, "/tablet",
		"tablet %u is kept a few seconds for %s, whose connection broke; try again, "
		"or take it over",
		tablet_id, who);
}

static int check_request(const struct pl_control *control, const struct pl_claim_request *request,
			 struct pl_error *ret_error)
{
	if (request->label && !pl_name_is_valid(request->label))
		return error_set(ret_error, -EINVAL, "/label",
				 "a label is UTF-8 text of at most %u bytes without control "
				 "characters",
				 PL_NAME_MAX - 1);
	if (request->tablet_id != 0)
		return check_tablet(control, request->tablet_id, ret_error);
	if (request->take_over)
		return error_set(ret_error, -EINVAL, "/take_over",
				 "to take over needs the number of a tablet");
	return 0;
}

/** The tablet that the request is about, in *ret_tablet_id; whether it comes back to it. */
static int choose(const struct pl_control *control, const struct pl_claim_request *request,
		  uint32_t *ret_tablet_id, bool *ret_is_back, struct pl_error *ret_error)
{
	uint32_t id = find_secret(control, request);

	*ret_is_back = id != 0;
	if (id == 0)
		id = request->tablet_id ? request->tablet_id : find_free(control);
	*ret_tablet_id = id;
	if (id == 0)
		return error_set(ret_error, -EBUSY, "/tablet",
				 "every tablet is taken or has a sound card; ask for one by its "
				 "number");
	if (!*ret_is_back && !request->take_over && control->claims.claim[id - 1].session != 0)
		return fail_taken(&control->claims.claim[id - 1], id, ret_error);
	return 0;
}

int pl_control_claim(struct pl_control *control, const struct pl_actor *actor,
		     const struct pl_claim_request *request, uint64_t now_usec,
		     struct pl_claim *ret_claim, struct pl_error *ret_error)
{
	enum pl_claim_step step = PL_CLAIM_TAKEN;
	char secret[PL_CLAIM_SECRET_SIZE];
	struct control_claim *c;
	uint32_t id = 0;
	bool is_back = false;
	int r;

	r = control_begin(control, actor, PL_ROLE_OPERATE, ret_error);
	if (r == 0)
		r = check_request(control, request, ret_error);
	if (r == 0)
		r = choose(control, request, &id, &is_back, ret_error);
	if (r == 0)
		r = make_secret(secret, ret_error);
	if (r < 0)
		return r;
	c = &control->claims.claim[id - 1];
	control_claims_release_keys(control, actor, id);
	if (is_back)
		step = PL_CLAIM_BACK;
	else if (c->session != 0)
		step = PL_CLAIM_TAKEN_OVER;
	if (!is_back) {
		*c = (struct control_claim){.keys = c->keys};
		memcpy(c->secret, secret, sizeof(c->secret));
		c->since_usec = control_now_usec(CLOCK_REALTIME);
	}
	if (request->label)
		snprintf(c->label, sizeof(c->label), "%s", request->label);
	snprintf(c->peer, sizeof(c->peer), "%s", actor->name);
	c->session = ++control->claims.n_sessions;
	c->heard_usec = now_usec;
	c->is_connected = true;
	c->is_silent = false;
	*ret_claim = (struct pl_claim){.tablet_id = id, .session = c->session};
	memcpy(ret_claim->secret, c->secret, sizeof(ret_claim->secret));
	emit(control, actor, id, step);
	return 0;
}

/* --- what a holder does ----------------------------------------------------------------------- */

static int fail_lost(struct pl_error *ret_error)
{
	return error_set(ret_error, -ESTALE, "/tablet", "the tablet is not yours any more");
}

int pl_control_press_claimed_key(struct pl_control *control, const struct pl_actor *actor,
				 const struct pl_claim *claim, uint32_t channel_id,
				 uint32_t priority, struct pl_error *ret_error)
{
	if (!find(control, claim))
		return fail_lost(ret_error);
	return control_press_key(control, actor, claim->tablet_id, channel_id, priority, true,
				 ret_error);
}

int pl_control_release_claimed_key(struct pl_control *control, const struct pl_actor *actor,
				   const struct pl_claim *claim, uint32_t channel_id,
				   struct pl_error *ret_error)
{
	if (!find(control, claim))
		return fail_lost(ret_error);
	return pl_control_release_key(control, actor, claim->tablet_id, channel_id, ret_error);
}

int pl_control_claim_heard(struct pl_control *control, const struct pl_claim *claim,
			   uint64_t now_usec)
{
	struct control_claim *c = find(control, claim);

	if (!c)
		return -ESTALE;
	c->heard_usec = now_usec;
	if (c->is_silent) {
		c->is_silent = false;
		emit(control, &actor_claims, claim->tablet_id, PL_CLAIM_BACK);
	}
	return 0;
}

void pl_control_claim_closed(struct pl_control *control, const struct pl_actor *actor,
			     const struct pl_claim *claim, uint64_t now_usec)
{
	struct control_claim *c = find(control, claim);

	if (!c || !c->is_connected)
		return;
	c->is_connected = false;
	c->heard_usec = now_usec;
	control_claims_release_keys(control, actor, claim->tablet_id);
	emit(control, actor, claim->tablet_id, PL_CLAIM_AWAY);
}

void pl_control_leave_claim(struct pl_control *control, const struct pl_actor *actor,
			    const struct pl_claim *claim)
{
	if (find(control, claim))
		end(control, actor, claim->tablet_id, PL_CLAIM_LEFT);
}

/* --- for everybody ------------------------------------------------------------------------------ */

bool pl_control_get_claim(const struct pl_control *control, uint32_t tablet_id,
			  struct pl_claim_info *ret_info)
{
	const struct control_claim *c;

	if (tablet_id < 1 || tablet_id > control->model.n_tablets)
		return false;
	c = &control->claims.claim[tablet_id - 1];
	if (c->session == 0)
		return false;
	if (!ret_info)
		return true;
	*ret_info = (struct pl_claim_info){
		.since_usec = c->since_usec,
		.session = c->session,
		.present = c->is_connected && !c->is_silent,
		.keys = c->keys,
	};
	memcpy(ret_info->label, c->label, sizeof(ret_info->label));
	memcpy(ret_info->peer, c->peer, sizeof(ret_info->peer));
	return true;
}

bool pl_control_claim_has_secret(const struct pl_control *control, uint32_t tablet_id,
				 const char *secret)
{
	return pl_control_get_claim(control, tablet_id, NULL) &&
	       is_equal_secret(control->claims.claim[tablet_id - 1].secret, secret);
}

int pl_control_release_claim(struct pl_control *control, const struct pl_actor *actor,
			     uint32_t tablet_id, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_tablet(control, tablet_id, ret_error);
	if (r == 0 && control->claims.claim[tablet_id - 1].session != 0)
		end(control, actor, tablet_id, PL_CLAIM_RELEASED);
	return control_audited(control, actor, r, ret_error);
}

/* --- time ---------------------------------------------------------------------------------------- */

static void hasten(uint64_t *next_usec, uint64_t at_usec)
{
	if (at_usec < *next_usec)
		*next_usec = at_usec;
}

/** What is due for one tablet. @param next_usec  lowered to when the next thing is */
static void run_claim(struct pl_control *control, uint32_t id, uint64_t now, uint64_t *next_usec)
{
	struct control_claim *c = &control->claims.claim[id - 1];
	bool heard =
		c->session != 0 && c->is_connected && now < c->heard_usec + PL_CLAIM_SILENCE_USEC;

	if (heard) {
		hasten(next_usec, c->heard_usec + PL_CLAIM_SILENCE_USEC);
		return;
	}
	/* Also keys that outlived their claim, because the engine refused. */
	if (control_claims_release_keys(control, &actor_claims, id) < 0)
		hasten(next_usec, now + PL_CLAIM_RETRY_USEC);
	if (c->session == 0)
		return;
	if (now >= c->heard_usec + PL_CLAIM_KEEP_USEC) {
		end(control, &actor_claims, id, PL_CLAIM_EXPIRED);
		return;
	}
	hasten(next_usec, c->heard_usec + PL_CLAIM_KEEP_USEC);
	if (c->is_connected && !c->is_silent) {
		c->is_silent = true;
		emit(control, &actor_claims, id, PL_CLAIM_SILENT);
	}
}

uint64_t pl_control_run_claims(struct pl_control *control, uint64_t now_usec)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t id = 1; id <= control->model.n_tablets; id++)
		run_claim(control, id, now_usec, &next);
	return next;
}
