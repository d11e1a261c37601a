/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "call.h"
#include "documents.h"

/** Our own endpoints below /api: one verb each, answered with what it has changed. */

static int done_tablet(struct pl_http_call *call, int r)
{
	if (r < 0)
		return r;
	call->result = pl_document_tablet(call->control, call->arg[0]);
	return 0;
}

static int done_channel(struct pl_http_call *call, int r)
{
	if (r < 0)
		return r;
	call->result = pl_document_channel(pl_control_model(call->control), call->arg[0]);
	return 0;
}

static int done_options(struct pl_http_call *call, int r)
{
	if (r < 0)
		return r;
	call->result = pl_document_options(pl_control_model(call->control));
	return 0;
}

static int done_state(struct pl_http_call *call, int r)
{
	if (r < 0)
		return r;
	call->result = pl_document_state(call->control);
	return 0;
}

int pl_api_full_state(struct pl_http_call *call, struct pl_error *error)
{
	return done_state(call, 0);
}

int pl_api_meters(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_document_meters(call->control);
	return 0;
}

int pl_api_key_history(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_key_record *records = calloc(PL_KEY_HISTORY_MAX, sizeof(*records));
	struct json_object *result = json_object_new_object(), *list = json_object_new_array();
	size_t n;

	if (!records || !result || !list) {
		free(records);
		json_object_put(result);
		json_object_put(list);
		return -ENOMEM;
	}
	n = pl_control_key_history(call->control, records, PL_KEY_HISTORY_MAX);
	for (size_t i = 0; i < n; i++) {
		struct json_object *record = json_object_new_object();

		json_object_object_add(record, "timestamp",
				       json_object_new_double((double)records[i].ts_usec * 1e-6));
		json_object_object_add(record, "tablet_id",
				       json_object_new_int64(records[i].tablet_id));
		json_object_object_add(record, "channel",
				       json_object_new_int64(records[i].channel_id));
		json_object_object_add(record, "state",
				       json_object_new_string(records[i].down ? "ACTIVE" : "IDLE"));
		json_object_object_add(record, "priority",
				       json_object_new_int64(records[i].priority));
		json_object_array_add(list, record);
	}
	free(records);
	json_object_object_add(result, "history", list);
	call->result = result;
	return 0;
}

/* --- crosspoints ---------------------------------------------------------------- */

/** "gain" (linear) or "gain_db", one of them. */
static int gain_of(struct pl_http_call *call, double *ret_gain)
{
	const struct pl_body_value *value = call->body->value;
	static const char *const loc[] = {"body", NULL};

	if (value[0].present == value[1].present) {
		pl_detail_add(call->details, loc, "Exactly one of gain and gain_db is required",
			      "missing");
		return -EINVAL;
	}
	*ret_gain = value[0].present ? value[0].number : pl_db_to_gain(value[1].number);
	return 0;
}

int pl_api_put_uplink(struct pl_http_call *call, struct pl_error *error)
{
	double gain = 0.0;
	int r = gain_of(call, &gain);

	if (r >= 0)
		r = pl_control_set_uplink(call->control, call->actor, call->arg[0], call->arg[1],
					  gain, error);
	if (r < 0)
		return r;
	call->result = pl_document_cell(call->arg[0], call->arg[1], gain);
	return 0;
}

int pl_api_put_downlink(struct pl_http_call *call, struct pl_error *error)
{
	double gain = 0.0;
	int r = gain_of(call, &gain);

	if (r >= 0)
		r = pl_control_set_downlink(call->control, call->actor, call->arg[0], call->arg[1],
					    gain, error);
	if (r < 0)
		return r;
	call->result = pl_document_cell(call->arg[1], call->arg[0], gain);
	return 0;
}

int pl_api_put_uniform(struct pl_http_call *call, struct pl_error *error)
{
	return done_state(call, pl_control_set_uniform(call->control, call->actor,
						       call->body->value[0].number, error));
}

/* --- channels and tablets --------------------------------------------------------- */

int pl_api_put_channel_mute(struct pl_http_call *call, struct pl_error *error)
{
	return done_channel(call,
			    pl_control_set_channel_mute(call->control, call->actor, call->arg[0],
							call->body->value[0].flag, error));
}

int pl_api_put_channel_name(struct pl_http_call *call, struct pl_error *error)
{
	return done_channel(call,
			    pl_control_set_channel_name(call->control, call->actor, call->arg[0],
							call->body->value[0].string, error));
}

int pl_api_put_tablet_mute(struct pl_http_call *call, struct pl_error *error)
{
	return done_tablet(call,
			   pl_control_set_tablet_mute(call->control, call->actor, call->arg[0],
						      call->body->value[0].flag, error));
}

int pl_api_put_talk_mute(struct pl_http_call *call, struct pl_error *error)
{
	return done_tablet(call, pl_control_set_talk_mute(call->control, call->actor, call->arg[0],
							  call->body->value[0].flag, error));
}

int pl_api_put_listen_mute(struct pl_http_call *call, struct pl_error *error)
{
	return done_tablet(call,
			   pl_control_set_listen_mute(call->control, call->actor, call->arg[0],
						      call->body->value[0].flag, error));
}

int pl_api_put_mode(struct pl_http_call *call, struct pl_error *error)
{
	static const char *const loc[] = {"body", "mode", NULL};
	enum pl_talk_mode mode;

	if (pl_talk_mode_from_name(call->body->value[0].string, &mode) < 0) {
		pl_detail_add(call->details, loc,
			      "Input should be 'open', 'momentary', 'latch' or 'vox'", "enum");
		return -EINVAL;
	}
	return done_tablet(
		call, pl_control_set_mode(call->control, call->actor, call->arg[0], mode, error));
}

int pl_api_put_sidetone(struct pl_http_call *call, struct pl_error *error)
{
	double gain = 0.0;
	int r = gain_of(call, &gain);

	if (r < 0)
		return r;
	return done_tablet(call, pl_control_set_sidetone(call->control, call->actor, call->arg[0],
							 gain, error));
}

int pl_api_put_tablet_name(struct pl_http_call *call, struct pl_error *error)
{
	return done_tablet(call,
			   pl_control_set_tablet_name(call->control, call->actor, call->arg[0],
						      call->body->value[0].string, error));
}

/* --- options of the whole ---------------------------------------------------------- */

int pl_api_put_headroom(struct pl_http_call *call, struct pl_error *error)
{
	return done_options(call, pl_control_set_headroom(call->control, call->actor,
							  call->body->value[0].number, error));
}

int pl_api_put_party_line(struct pl_http_call *call, struct pl_error *error)
{
	return done_options(call, pl_control_set_party_line(call->control, call->actor,
							    call->body->value[0].flag, error));
}

int pl_api_put_ramp(struct pl_http_call *call, struct pl_error *error)
{
	return done_options(call, pl_control_set_ramp(call->control, call->actor,
						      call->body->value[0].number, error));
}

int pl_api_put_vox(struct pl_http_call *call, struct pl_error *error)
{
	return done_options(call, pl_control_set_vox(call->control, call->actor,
						     call->body->value[0].number,
						     call->body->value[1].number, error));
}

int pl_api_put_talk_timeout(struct pl_http_call *call, struct pl_error *error)
{
	return done_options(call, pl_control_set_talk_timeout(call->control, call->actor,
							      call->body->value[0].number, error));
}

int pl_api_put_busy_refusal(struct pl_http_call *call, struct pl_error *error)
{
	return done_options(call, pl_control_set_busy_refusal(call->control, call->actor,
							      call->body->value[0].flag, error));
}

int pl_api_release_tablet(struct pl_http_call *call, struct pl_error *error)
{
	/* 0 would mean every tablet to the verb */
	if (call->arg[0] == 0) {
		*error = (struct pl_error){
			.code = -ENOENT, .field = "/tablet_id", .message = "There is no tablet 0"};
		return -ENOENT;
	}
	return done_tablet(call,
			   pl_control_release_all(call->control, call->actor, call->arg[0], error));
}

int pl_api_release_all(struct pl_http_call *call, struct pl_error *error)
{
	return done_state(call, pl_control_release_all(call->control, call->actor, 0, error));
}

int pl_api_reset(struct pl_http_call *call, struct pl_error *error)
{
	return done_state(call, pl_control_reset(call->control, call->actor, error));
}
