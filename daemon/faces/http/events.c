/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "claims.h"
#include "describe-gateway.h"
#include "documents.h"

/** What a change event says: everything that differs, as it is now. */

static const char *const type_names[] = {
	[PL_EVENT_MATRIX] = "matrix",
	[PL_EVENT_CHANNEL_MUTE] = "channel.mute",
	[PL_EVENT_TABLET_MUTE] = "tablet.mute",
	[PL_EVENT_KEY_DOWN] = "ptt.request",
	[PL_EVENT_KEY_UP] = "ptt.release",
	[PL_EVENT_NAME] = "name",
	[PL_EVENT_BINDING] = "binding",
	[PL_EVENT_CONFIG_RELOADED] = "config.reload",
	[PL_EVENT_ENGINE] = "engine",
	[PL_EVENT_DEVICES] = "devices",
	[PL_EVENT_GATEWAY] = "gateway",
	[PL_EVENT_STREAM] = "stream",
	[PL_EVENT_LINE] = "line",
	[PL_EVENT_PAGE] = "page",
	[PL_EVENT_TONE] = "tone",
	[PL_EVENT_EXPORT] = "export",
	[PL_EVENT_CLAIM] = "claim",
	[PL_EVENT_LISTEN] = "listeners",
};

static void add_or_put(struct json_object *object, const char *name, struct json_object *list)
{
	if (json_object_array_length(list) > 0)
		json_object_object_add(object, name, list);
	else
		json_object_put(list);
}

static void add_cells(struct json_object *object, const struct pl_model *before,
		      const struct pl_model *after)
{
	struct json_object *uplink = json_object_new_array(), *downlink = json_object_new_array();

	for (uint32_t c = 0; c < after->n_channels; c++) {
		for (uint32_t t = 0; t < after->n_tablets; t++) {
			double up = after->channel[c].uplink[t];
			double down = after->tablet[t].downlink[c];

			if (up != before->channel[c].uplink[t])
				json_object_array_add(uplink, pl_document_cell(c + 1u, t + 1u, up));
			if (down != before->tablet[t].downlink[c])
				json_object_array_add(downlink,
						      pl_document_cell(c + 1u, t + 1u, down));
		}
	}
	add_or_put(object, "uplink", uplink);
	add_or_put(object, "downlink", downlink);
}

static bool bindings_differ(const struct pl_binding *a, const struct pl_binding *b)
{
	return !pl_binding_equal(&a[PL_CAPTURE], &b[PL_CAPTURE]) ||
	       !pl_binding_equal(&a[PL_PLAYBACK], &b[PL_PLAYBACK]);
}

static void add_tablets(struct json_object *object, const struct pl_control *control,
			const struct pl_model *before, const struct pl_model *after)
{
	struct json_object *list = json_object_new_array();
	uint64_t mutes = (before->tablet_mute ^ after->tablet_mute) |
			 (before->talk_mute ^ after->talk_mute) |
			 (before->listen_mute ^ after->listen_mute);

	for (uint32_t t = 0; t < after->n_tablets; t++) {
		const struct pl_tablet *old = &before->tablet[t], *new = &after->tablet[t];

		if ((mutes >> t & 1u) || old->mode != new->mode || old->keys != new->keys ||
		    old->sidetone != new->sidetone || strcmp(old->name, new->name) != 0 ||
		    bindings_differ(old->binding, new->binding))
			json_object_array_add(list, pl_document_tablet(control, t + 1u));
	}
	add_or_put(object, "tablets", list);
}

static void add_channels(struct json_object *object, const struct pl_model *before,
			 const struct pl_model *after)
{
	struct json_object *list = json_object_new_array();
	uint64_t changed = before->channel_mute ^ after->channel_mute;

	for (uint32_t t = 0; t < after->n_tablets; t++)
		changed |= before->tablet[t].keys ^ after->tablet[t].keys;
	for (uint32_t c = 0; c < after->n_channels; c++) {
		const struct pl_channel *old = &before->channel[c], *new = &after->channel[c];

		if ((changed >> c & 1u) || strcmp(old->name, new->name) != 0 ||
		    bindings_differ(old->binding, new->binding))
			json_object_array_add(list, pl_document_channel(after, c + 1u));
	}
	add_or_put(object, "channels", list);
}

static bool options_differ(const struct pl_model *a, const struct pl_model *b)
{
	return a->headroom_db != b->headroom_db || a->party_line != b->party_line ||
	       a->ramp_ms != b->ramp_ms || a->vox_threshold_db != b->vox_threshold_db ||
	       a->vox_hang_ms != b->vox_hang_ms || a->talk_timeout_s != b->talk_timeout_s ||
	       a->busy_refusal != b->busy_refusal;
}

/** What it is about, whole: as the gateway's paths show it. */
static void add_gateway(struct json_object *object, struct pl_control *control,
			const struct pl_event *event)
{
	const struct pl_gateway *gateway = pl_control_gateway(control);
	const struct pl_stream_def *stream;
	const struct pl_line_def *line;

	if (event->type == PL_EVENT_STREAM) {
		stream = pl_gateway_stream(gateway, event->gateway_id);
		json_object_object_add(object, "stream",
				       stream ? pl_describe_stream(control, stream) : NULL);
	} else if (event->type == PL_EVENT_LINE) {
		line = pl_gateway_line(gateway, event->gateway_id);
		json_object_object_add(object, "line",
				       line ? pl_describe_line(control, line) : NULL);
	} else if (event->type == PL_EVENT_PAGE) {
		json_object_object_add(object, "page", pl_describe_page_record(event->page));
	} else if (event->type == PL_EVENT_TONE) {
		json_object_object_add(object, "tone", pl_describe_tone(event->tone));
	} else if (event->type == PL_EVENT_EXPORT) {
		json_object_object_add(object, "export", pl_describe_export(control));
	}
}

/** The tablet whose holder has changed, as it is now. */
static void add_claim(struct json_object *object, struct pl_control *control,
		      const struct pl_event *event)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(object, "step",
			       json_object_new_string(pl_claim_step_name(event->claim_step)));
	json_object_array_add(list, pl_document_tablet(control, event->tablet_id));
	json_object_object_add(object, "tablets", list);
}

struct json_object *pl_document_event(struct pl_control *control, const struct pl_event *event)
{
	struct json_object *object = json_object_new_object(), *actor = json_object_new_object();
	const struct pl_actor *who = event->actor;

	if (!object || !actor) {
		json_object_put(object);
		json_object_put(actor);
		return NULL;
	}
	json_object_object_add(object, "type", json_object_new_string(type_names[event->type]));
	json_object_object_add(object, "ts", json_object_new_double((double)event->ts_usec * 1e-6));
	json_object_object_add(actor, "face",
			       json_object_new_string(who && who->face ? who->face : "internal"));
	json_object_object_add(actor, "name",
			       json_object_new_string(who && who->name ? who->name : ""));
	json_object_object_add(object, "actor", actor);
	json_object_object_add(object, "engine_connected",
			       json_object_new_boolean(pl_control_engine_is_connected(control)));
	if (event->type == PL_EVENT_DEVICES || event->type == PL_EVENT_BINDING)
		json_object_object_add(object, "devices", pl_document_devices(control));
	add_gateway(object, control, event);
	if (event->type == PL_EVENT_CLAIM)
		add_claim(object, control, event);
	if (!event->before || !event->after || event->before == event->after)
		return object;
	if (options_differ(event->before, event->after))
		json_object_object_add(object, "options", pl_document_options(event->after));
	add_tablets(object, control, event->before, event->after);
	add_channels(object, event->before, event->after);
	add_cells(object, event->before, event->after);
	return object;
}
