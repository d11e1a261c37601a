/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <spa/control/control.h>
#include <spa/param/props.h>
#include <spa/pod/pod.h>
#include <spa/utils/defs.h>
#include <spa/utils/type.h>

void pl_control_init(struct pl_control *control, const void *data, size_t size, uint32_t n_frames)
{
	struct pl_pod_reader reader = {data, data ? SPA_MIN(size, PL_CONTROL_SIZE_MAX) : 0};
	struct pl_pod sequence;
	uint32_t body[2];

	*control = (struct pl_control){.n_frames = n_frames, .n_left = PL_CONTROL_EVENTS_MAX};
	if (reader.size == 0)
		return;
	if (!pl_pod_next(&reader, &sequence) || sequence.type != SPA_TYPE_Sequence ||
	    !pl_pod_take(&sequence.body, body, sizeof(body))) {
		control->n_bad = 1;
		return;
	}
	control->events = sequence.body;
}

/** Go to the next event. @return false at the end */
static bool next_event(struct pl_control *control)
{
	while (control->events.size > 0) {
		uint32_t head[2];
		struct pl_pod value;

		if (control->n_left == 0 || !pl_pod_take(&control->events, head, sizeof(head)) ||
		    !pl_pod_next(&control->events, &value)) {
			/* Nothing after this can be found any more. */
			control->n_bad++;
			control->events.size = 0;
			return false;
		}
		control->n_left--;
		if (head[0] >= control->n_frames || head[0] < control->last_offset ||
		    head[1] != SPA_CONTROL_Properties ||
		    !pl_pod_object_init(&control->object, &value, SPA_TYPE_OBJECT_Props)) {
			control->n_bad++;
			continue;
		}
		control->offset = head[0];
		control->last_offset = head[0];
		return true;
	}
	return false;
}

/** Go to the next list of parameters of the present event. @return false at its end */
static bool next_params(struct pl_control *control)
{
	struct pl_pod value;
	uint32_t key;

	while (control->object.size > 0) {
		if (!pl_pod_object_next(&control->object, &key, &value)) {
			control->n_bad++;
			return false;
		}
		if (key == SPA_PROP_params && value.type == SPA_TYPE_Struct &&
		    pl_pod_list_init(&control->params, &value))
			return true;
		control->n_bad++;
	}
	return false;
}

bool pl_control_next(struct pl_control *control, struct pl_control_property *ret_property)
{
	for (;;) {
		struct pl_pod name;

		if (control->in_params && control->params.reader.size > 0) {
			ret_property->offset = control->offset;
			if (pl_pod_list_next(&control->params, &name) &&
			    pl_pod_get_name(&name, ret_property->name) &&
			    pl_pod_list_next(&control->params, &ret_property->value))
				return true;
			control->n_bad++;
			control->in_params = false;
			continue;
		}
		control->in_params = false;
		if (control->in_object) {
			control->in_params = next_params(control);
			control->in_object = control->in_params;
			continue;
		}
		if (!next_event(control))
			return false;
		control->in_object = true;
	}
}
