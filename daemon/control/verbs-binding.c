/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>

/* What a channel or tablet is plugged into. */

static struct pl_binding *next_binding(struct pl_control *control, struct pl_endpoint endpoint,
				       enum pl_direction direction)
{
	struct pl_model *m = &control->next;

	return endpoint.is_tablet ? &m->tablet[endpoint.id - 1].binding[direction]
				  : &m->channel[endpoint.id - 1].binding[direction];
}

static int begin(struct pl_control *control, const struct pl_actor *actor, const char *verb,
		 struct pl_endpoint endpoint, enum pl_direction direction,
		 struct pl_error *ret_error)
{
	int r;

	r = control_begin_verb(control, actor, PL_ROLE_ADMIN, verb, ret_error);
	if (r == 0)
		r = check_endpoint(control, endpoint, ret_error);
	if (r < 0)
		return r;
	if (!pl_direction_name(direction))
		return error_set(ret_error, -EINVAL, "/direction",
				 "a direction is capture or playback");
	return 0;
}

static int do_bind(struct pl_control *control, const struct pl_actor *actor,
		   struct pl_endpoint endpoint, enum pl_direction direction, const char *device,
		   uint32_t port, struct pl_error *ret_error)
{
	struct pl_binding binding = {.port = port};
	const char *reason;
	int r;

	r = begin(control, actor, "bind", endpoint, direction, ret_error);
	if (r < 0)
		return r;
	if (pl_device_name_read(device, binding.device, &reason) < 0)
		return error_set(ret_error, -EINVAL, "/device", "%s", reason);
	if (port > PL_BINDING_PORT_MAX)
		return error_set(ret_error, -EINVAL, "/port",
				 "no port %u; a port is 1 to %u, 0 means all of them", port,
				 PL_BINDING_PORT_MAX);
	*next_binding(control, endpoint, direction) = binding;
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_bind(struct pl_control *control, const struct pl_actor *actor,
		    struct pl_endpoint endpoint, enum pl_direction direction, const char *device,
		    uint32_t port, struct pl_error *ret_error)
{
	int r = do_bind(control, actor, endpoint, direction, device, port, ret_error);

	return control_audited(control, actor, r, ret_error);
}

static int do_unbind(struct pl_control *control, const struct pl_actor *actor,
		     struct pl_endpoint endpoint, enum pl_direction direction,
		     struct pl_error *ret_error)
{
	int r;

	r = begin(control, actor, "unbind", endpoint, direction, ret_error);
	if (r < 0)
		return r;
	*next_binding(control, endpoint, direction) = (struct pl_binding){0};
	return control_commit(control, actor, 1, ret_error);
}

int pl_control_unbind(struct pl_control *control, const struct pl_actor *actor,
		      struct pl_endpoint endpoint, enum pl_direction direction,
		      struct pl_error *ret_error)
{
	int r = do_unbind(control, actor, endpoint, direction, ret_error);

	return control_audited(control, actor, r, ret_error);
}
