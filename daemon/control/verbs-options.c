/* SPDX-License-Identifier: MIT */
#include "control-gateway.h"

#include <errno.h>
#include <time.h>

/* Options of the whole matrix, configuration, reset: role admin. */

int pl_control_set_party_line(struct pl_control *control, const struct pl_actor *actor,
			      bool party_line, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	control->next.party_line = party_line;
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_set_ramp(struct pl_control *control, const struct pl_actor *actor, double ramp_ms,
			struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_range(ramp_ms, PL_RAMP_MS_MIN, PL_RAMP_MS_MAX, "/ramp_ms", ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	control->next.ramp_ms = ramp_ms;
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_set_vox(struct pl_control *control, const struct pl_actor *actor,
		       double threshold_db, double hang_ms, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_range(threshold_db, PL_VOX_THRESHOLD_DB_MIN, PL_VOX_THRESHOLD_DB_MAX,
				"/threshold_db", ret_error);
	if (r == 0)
		r = check_range(hang_ms, 0.0, PL_VOX_HANG_MS_MAX, "/hang_ms", ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	control->next.vox_threshold_db = threshold_db + 0.0;
	control->next.vox_hang_ms = hang_ms + 0.0;
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_set_talk_timeout(struct pl_control *control, const struct pl_actor *actor,
				double timeout_s, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_range(timeout_s, 0.0, PL_TALK_TIMEOUT_S_MAX, "/timeout_s", ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	control->next.talk_timeout_s = timeout_s + 0.0;
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_set_busy_refusal(struct pl_control *control, const struct pl_actor *actor,
				bool refuse, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	control->next.busy_refusal = refuse;
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_reset(struct pl_control *control, const struct pl_actor *actor,
		     struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	pl_model_init(&control->next, control->model.n_tablets, control->model.n_channels);
	control->next.headroom_db = control->config->headroom_db;
	r = control_commit(control, actor, 1, ret_error);
	return control_audited(control, actor, r, ret_error);
}

static void emit_reloaded(struct pl_control *control, const struct pl_actor *actor,
			  bool restart_needed)
{
	struct timespec ts;
	struct pl_event event = {
		.type = PL_EVENT_CONFIG_RELOADED,
		.actor = actor,
		.before = &control->model,
		.after = &control->model,
		.restart_needed = restart_needed,
	};

	clock_gettime(CLOCK_REALTIME, &ts);
	event.ts_usec = (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
	control_emit(control, &event);
}

int pl_control_reload_config(struct pl_control *control, const struct pl_actor *actor,
			     struct pl_error *ret_error)
{
	const char *path = control->config->path[0] ? control->config->path : NULL;
	struct pl_config fresh = {0}, next = {0};
	char reason[512], trouble[sizeof(control->gateway.trouble)];
	struct pl_gateway active = {0};
	bool restart_needed = false;
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r < 0)
		return control_audited(control, actor, r, ret_error);
	r = pl_config_load(path, &fresh, reason, sizeof(reason));
	if (r < 0) {
		r = error_set(ret_error, r == -ENOMEM ? -ENOMEM : -EINVAL, "", "%s", reason);
		return control_audited(control, actor, r, ret_error);
	}

	r = pl_config_copy(control->config, &next);
	if (r == 0) {
		restart_needed = pl_config_take_reloadable(&next, &fresh);
		r = control_gateway_build(control, &next.gateway, &control->gateway.kept, &active,
					  trouble, sizeof(trouble));
	}
	if (r < 0)
		error_set(ret_error, r, "", "no memory");
	if (r == 0) {
		control->next.headroom_db = next.headroom_db;
		r = control_commit(control, actor, 1, ret_error);
	}
	if (r == 0)
		r = control_gateway_switch(control, actor, &active, NULL, trouble, ret_error);
	pl_gateway_done(&active);
	pl_config_done(&fresh);
	if (r < 0) {
		pl_config_done(&next);
		return control_audited(control, actor, r, ret_error);
	}
	pl_config_done(&control->reloaded);
	control->reloaded = next;
	control->config = &control->reloaded;
	emit_reloaded(control, actor, restart_needed);
	return control_audited(control, actor, 0, ret_error);
}
