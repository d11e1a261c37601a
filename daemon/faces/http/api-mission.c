/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "call.h"
#include "describe.h"

/**
 * Mission Control's endpoints: its document, section 5. Shapes come from
 * control/describe.h; the order of the fields is the one in routes.c.
 */

int pl_api_health(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_health(call->control);
	return 0;
}

int pl_api_state(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_state(call->control);
	return 0;
}

int pl_api_matrix(struct pl_http_call *call, struct pl_error *error)
{
	const struct pl_body_value *value = call->body->value;
	const struct pl_matrix_change change = {
		.uplink = value[0].present ? &value[0].rows : NULL,
		.downlink = value[1].present ? &value[1].rows : NULL,
		.headroom_db = value[2].present ? &value[2].number : NULL,
	};
	int r = pl_control_set_matrix(call->control, call->actor, &change, error);

	return r < 0 ? r : pl_api_state(call, error);
}

int pl_api_channel_mute(struct pl_http_call *call, struct pl_error *error)
{
	int r = pl_control_set_channel_mute(call->control, call->actor, call->arg[0],
					    call->body->value[0].flag, error);

	return r < 0 ? r : pl_api_state(call, error);
}

int pl_api_tablet_mute(struct pl_http_call *call, struct pl_error *error)
{
	int r = pl_control_set_tablet_mute(call->control, call->actor, call->arg[0],
					   call->body->value[0].flag, error);

	return r < 0 ? r : pl_api_state(call, error);
}

static int describe_key(struct pl_http_call *call)
{
	const struct pl_body_value *value = call->body->value;

	call->result = pl_describe_key(call->control, value[0].id, value[1].id);
	return 0;
}

int pl_api_ptt_request(struct pl_http_call *call, struct pl_error *error)
{
	const struct pl_body_value *value = call->body->value;
	uint32_t priority = value[2].present ? value[2].id : 1u;
	int r = pl_control_press_key(call->control, call->actor, value[0].id, value[1].id, priority,
				     error);

	return r < 0 ? r : describe_key(call);
}

int pl_api_ptt_release(struct pl_http_call *call, struct pl_error *error)
{
	const struct pl_body_value *value = call->body->value;
	int r = pl_control_release_key(call->control, call->actor, value[0].id, value[1].id, error);

	return r < 0 ? r : describe_key(call);
}

int pl_api_ptt_state(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_ptt(call->control);
	return 0;
}

int pl_api_config_reload(struct pl_http_call *call, struct pl_error *error)
{
	struct json_object *result;
	int r;

	r = pl_control_reload_config(call->control, call->actor, error);
	if (r < 0)
		return r;
	result = json_object_new_object();
	if (!result)
		return -ENOMEM;
	json_object_object_add(result, "config", pl_describe_config_file(call->control));
	json_object_object_add(result, "state", pl_describe_state(call->control));
	call->result = result;
	return 0;
}
