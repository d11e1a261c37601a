/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "call.h"
#include "describe.h"

/** Sound cards: the list of them, and what a channel or tablet is plugged into. */

int pl_api_devices(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_devices(call->control);
	return 0;
}

/** What the path says: /api/channel/3/capture */
static struct pl_endpoint endpoint_of(const struct pl_http_call *call)
{
	return (struct pl_endpoint){
		.is_tablet = strcmp(call->arg_name[0], "tablet") == 0,
		.id = call->arg[0],
	};
}

static enum pl_direction direction_of(const struct pl_http_call *call)
{
	return strcmp(strrchr(call->route->pattern, '/'), "/capture") == 0 ? PL_CAPTURE
									   : PL_PLAYBACK;
}

/** {"kind","id","direction","device","port","note"} */
static int done(struct pl_http_call *call, int r)
{
	struct pl_endpoint endpoint = endpoint_of(call);
	enum pl_direction direction = direction_of(call);
	const struct pl_binding *binding;
	struct json_object *o;
	char note[512];

	if (r < 0)
		return r;
	o = json_object_new_object();
	if (!o)
		return -ENOMEM;
	binding = pl_model_binding(pl_control_model(call->control), endpoint, direction);
	pl_control_binding_note(call->control, endpoint, direction, note, sizeof(note));
	json_object_object_add(o, "kind",
			       json_object_new_string(endpoint.is_tablet ? "tablet" : "channel"));
	json_object_object_add(o, "id", json_object_new_int64(endpoint.id));
	json_object_object_add(o, "direction",
			       json_object_new_string(pl_direction_name(direction)));
	json_object_object_add(o, "device", json_object_new_string(binding->device));
	json_object_object_add(o, "port", json_object_new_int64(binding->port));
	json_object_object_add(o, "note", json_object_new_string(note));
	call->result = o;
	return 0;
}

int pl_api_put_binding(struct pl_http_call *call, struct pl_error *error)
{
	const struct pl_body_value *value = call->body->value;

	return done(call, pl_control_bind(call->control, call->actor, endpoint_of(call),
					  direction_of(call), value[0].string,
					  value[1].present ? value[1].id : 0, error));
}

int pl_api_delete_binding(struct pl_http_call *call, struct pl_error *error)
{
	return done(call, pl_control_unbind(call->control, call->actor, endpoint_of(call),
					    direction_of(call), error));
}
