/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <string.h>

/* Whatever a verb does is told: every difference between two models as events. */

static bool matrix_changed(const struct pl_event *event)
{
	const struct pl_model *a = event->before, *b = event->after;

	if (event->uplink_changed || event->downlink_changed || event->headroom_changed)
		return true;
	if (!pl_model_options_equal(a, b))
		return true;
	for (uint32_t t = 0; t < a->n_tablets; t++)
		if (a->tablet[t].mode != b->tablet[t].mode ||
		    a->tablet[t].sidetone != b->tablet[t].sidetone)
			return true;
	return false;
}

/** One event of a type for every id in the mask. */
static void emit_ids(struct pl_control *control, const struct pl_event *base,
		     enum pl_event_type type, bool is_tablet, uint64_t mask)
{
	for (uint32_t id = 1; id <= 64; id++) {
		struct pl_event event = *base;

		if (!(mask & pl_mask_bit(id)))
			continue;
		event.type = type;
		if (is_tablet)
			event.tablet_id = id;
		else
			event.channel_id = id;
		control_emit(control, &event);
	}
}

static void record_key(struct pl_control *control, const struct pl_event *event, bool down)
{
	control->history[control->n_records % PL_KEY_HISTORY_MAX] = (struct pl_key_record){
		.ts_usec = event->ts_usec,
		.tablet_id = event->tablet_id,
		.channel_id = event->channel_id,
		.priority = event->priority,
		.down = down,
	};
	control->n_records++;
}

static void emit_keys(struct pl_control *control, const struct pl_event *base, bool down)
{
	uint64_t now = control_now_usec(CLOCK_MONOTONIC);

	for (uint32_t t = 0; t < base->after->n_tablets; t++) {
		uint64_t was = base->before->tablet[t].keys, is = base->after->tablet[t].keys;
		uint64_t edges = down ? is & ~was : was & ~is;

		for (uint32_t id = 1; id <= base->after->n_channels; id++) {
			struct pl_event event = *base;

			if (!(edges & pl_mask_bit(id)))
				continue;
			event.type = down ? PL_EVENT_KEY_DOWN : PL_EVENT_KEY_UP;
			event.tablet_id = t + 1;
			event.channel_id = id;
			/* Mission Control records every release with priority 1. */
			if (!down)
				event.priority = 1;
			control->pressed_usec[t][id - 1] = now;
			record_key(control, &event, down);
			control_emit(control, &event);
		}
	}
}

static void emit_names(struct pl_control *control, const struct pl_event *base)
{
	uint64_t tablets = 0, channels = 0;

	for (uint32_t t = 0; t < base->after->n_tablets; t++)
		if (strcmp(base->before->tablet[t].name, base->after->tablet[t].name) != 0)
			tablets |= pl_mask_bit(t + 1);
	for (uint32_t c = 0; c < base->after->n_channels; c++)
		if (strcmp(base->before->channel[c].name, base->after->channel[c].name) != 0)
			channels |= pl_mask_bit(c + 1);
	emit_ids(control, base, PL_EVENT_NAME, true, tablets);
	emit_ids(control, base, PL_EVENT_NAME, false, channels);
}

static bool bindings_differ(const struct pl_model *a, const struct pl_model *b,
			    struct pl_endpoint endpoint)
{
	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++)
		if (!pl_binding_equal(pl_model_binding(a, endpoint, d),
				      pl_model_binding(b, endpoint, d)))
			return true;
	return false;
}

static void emit_bindings(struct pl_control *control, const struct pl_event *base)
{
	uint64_t tablets = 0, channels = 0;

	for (uint32_t id = 1; id <= base->after->n_tablets; id++)
		if (bindings_differ(base->before, base->after, (struct pl_endpoint){true, id}))
			tablets |= pl_mask_bit(id);
	for (uint32_t id = 1; id <= base->after->n_channels; id++)
		if (bindings_differ(base->before, base->after, (struct pl_endpoint){false, id}))
			channels |= pl_mask_bit(id);
	emit_ids(control, base, PL_EVENT_BINDING, true, tablets);
	emit_ids(control, base, PL_EVENT_BINDING, false, channels);
}

void control_emit_difference(struct pl_control *control, const struct pl_event *base)
{
	const struct pl_model *a = base->before, *b = base->after;

	if (matrix_changed(base)) {
		struct pl_event event = *base;

		event.type = PL_EVENT_MATRIX;
		control_emit(control, &event);
	}
	emit_ids(control, base, PL_EVENT_CHANNEL_MUTE, false,
		 (a->channel_mute ^ b->channel_mute) | (a->channel_mute_set ^ b->channel_mute_set));
	emit_ids(control, base, PL_EVENT_TABLET_MUTE, true,
		 (a->tablet_mute ^ b->tablet_mute) | (a->tablet_mute_set ^ b->tablet_mute_set) |
			 (a->talk_mute ^ b->talk_mute) | (a->listen_mute ^ b->listen_mute));
	emit_keys(control, base, true);
	emit_keys(control, base, false);
	emit_names(control, base);
	emit_bindings(control, base);
}

/* --- the keys' history -------------------------------------------------------- */

size_t pl_control_key_history(const struct pl_control *control, struct pl_key_record *ret_records,
			      size_t n_max)
{
	uint64_t n = control->n_records;
	uint64_t n_kept = n < PL_KEY_HISTORY_MAX ? n : PL_KEY_HISTORY_MAX;
	uint64_t first;

	if (n_kept > n_max)
		n_kept = n_max;
	first = n - n_kept;
	for (uint64_t i = 0; i < n_kept; i++)
		ret_records[i] = control->history[(first + i) % PL_KEY_HISTORY_MAX];
	return n_kept;
}
