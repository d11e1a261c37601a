/* SPDX-License-Identifier: MIT */
#include "log-events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "claims.h"
#include "config.h"
#include "describe.h"
#include "listen.h"
#include "log-gateway.h"

struct pl_log_events {
	struct pl_control *control;
	struct pl_log *log;
	struct pl_listener listener;
	/* bindings that were told to be in trouble: of channels, of tablets */
	uint64_t troubled[2][PL_DIRECTION_MAX_];
};

static void add_bool(struct json_object *data, const char *key, bool value)
{
	json_object_object_add(data, key, json_object_new_boolean(value));
}

static void add_uint(struct json_object *data, const char *key, uint32_t value)
{
	json_object_object_add(data, key, json_object_new_int64(value));
}

static bool has_bit(uint64_t mask, uint32_t id)
{
	return mask & pl_mask_bit(id);
}

static void log_tablet_mute(struct pl_log *log, const struct pl_event *event,
			    struct json_object *data)
{
	const struct pl_model *m = event->after;
	bool mute = has_bit(m->tablet_mute, event->tablet_id);

	add_uint(data, "tablet_id", event->tablet_id);
	add_bool(data, "mute", mute);
	add_bool(data, "talk_mute", has_bit(m->talk_mute, event->tablet_id));
	add_bool(data, "listen_mute", has_bit(m->listen_mute, event->tablet_id));
	pl_log_event(log, PL_LOG_INFO, "tablet.mute", data, "Tablet %u %s", event->tablet_id,
		     mute ? "muted" : "mute changed");
}

static void log_key(struct pl_log *log, const struct pl_event *event, struct json_object *data)
{
	bool down = event->type == PL_EVENT_KEY_DOWN;

	add_uint(data, "tablet_id", event->tablet_id);
	add_uint(data, "channel", event->channel_id);
	add_uint(data, "priority", event->priority);
	pl_log_event(log, PL_LOG_INFO, down ? "ptt.request" : "ptt.release", data,
		     "Tablet %u %s channel %u", event->tablet_id, down ? "talks on" : "released",
		     event->channel_id);
}

static void log_name(struct pl_log *log, const struct pl_event *event, struct json_object *data)
{
	const struct pl_model *m = event->after;
	const char *name = event->tablet_id ? m->tablet[event->tablet_id - 1].name
					    : m->channel[event->channel_id - 1].name;

	add_uint(data, event->tablet_id ? "tablet_id" : "channel",
		 event->tablet_id ? event->tablet_id : event->channel_id);
	json_object_object_add(data, "name", json_object_new_string(name));
	pl_log_event(log, PL_LOG_INFO, "name.updated", data, "Named \"%s\"", name);
}

static void log_binding(struct pl_log_events *events, const struct pl_event *event,
			struct json_object *data)
{
	struct pl_endpoint endpoint = {
		.is_tablet = event->tablet_id > 0,
		.id = event->tablet_id ? event->tablet_id : event->channel_id,
	};
	const char *kind = endpoint.is_tablet ? "Tablet" : "Channel";
	const struct pl_binding *binding[PL_DIRECTION_MAX_];
	char note[512];

	add_uint(data, endpoint.is_tablet ? "tablet_id" : "channel", endpoint.id);
	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++) {
		binding[d] = pl_model_binding(event->after, endpoint, d);
		json_object_object_add(data, pl_direction_name(d), pl_describe_binding(binding[d]));
	}
	pl_log_event(events->log, PL_LOG_INFO, "binding.updated", data,
		     "%s %u captures from %s, plays to %s", kind, endpoint.id,
		     binding[PL_CAPTURE]->device[0] ? binding[PL_CAPTURE]->device : "no card",
		     binding[PL_PLAYBACK]->device[0] ? binding[PL_PLAYBACK]->device : "no card");
	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++)
		if (pl_control_binding_note(events->control, endpoint, d, note, sizeof(note)) > 0)
			pl_log_event(events->log, PL_LOG_WARNING, "binding.note", NULL, "%s", note);
}

/** A bound card that went missing, fails or is back: once each. */
static void log_trouble(struct pl_log_events *events, const struct pl_device_list *list,
			struct pl_endpoint endpoint, enum pl_direction direction)
{
	const struct pl_model *model = pl_control_model(events->control);
	const struct pl_binding *binding = pl_model_binding(model, endpoint, direction);
	uint64_t *troubled = &events->troubled[endpoint.is_tablet][direction];
	uint64_t bit = pl_mask_bit(endpoint.id);
	char text[512];

	if (pl_device_list_trouble(list, model, endpoint, direction, text, sizeof(text)) > 0) {
		if (!(*troubled & bit))
			pl_log_event(events->log, PL_LOG_WARNING, "binding.trouble", NULL, "%s",
				     text);
		*troubled |= bit;
		return;
	}
	if ((*troubled & bit) && pl_binding_is_set(binding))
		pl_log_event(events->log, PL_LOG_INFO, "binding.well", NULL, "%s %u: %s is there",
			     endpoint.is_tablet ? "tablet" : "channel", endpoint.id,
			     binding->device);
	*troubled &= ~bit;
}

static void log_troubles(struct pl_log_events *events)
{
	const struct pl_model *model = pl_control_model(events->control);
	struct pl_device_list *list;

	/* Without the graph every card is missing: that has a record of its own. */
	if (!pl_control_engine_is_connected(events->control) ||
	    pl_control_list_devices(events->control, &list) < 0)
		return;
	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++) {
		for (uint32_t id = 1; id <= model->n_channels; id++)
			log_trouble(events, list, (struct pl_endpoint){false, id}, d);
		for (uint32_t id = 1; id <= model->n_tablets; id++)
			log_trouble(events, list, (struct pl_endpoint){true, id}, d);
	}
	free(list);
}

static void log_claim(struct pl_log_events *events, const struct pl_event *event,
		      struct json_object *data)
{
	static const char *const words[] = {
		[PL_CLAIM_TAKEN] = "was claimed",
		[PL_CLAIM_TAKEN_OVER] = "was taken over",
		[PL_CLAIM_AWAY] = "waits for its holder, whose connection broke",
		[PL_CLAIM_SILENT] = "waits for its holder, who is silent",
		[PL_CLAIM_BACK] = "has its holder back",
		[PL_CLAIM_LEFT] = "was left",
		[PL_CLAIM_EXPIRED] = "is free: its holder did not come back",
		[PL_CLAIM_RELEASED] = "was freed",
	};
	struct pl_claim_info claim;

	add_uint(data, "tablet_id", event->tablet_id);
	json_object_object_add(data, "step",
			       json_object_new_string(pl_claim_step_name(event->claim_step)));
	if (pl_control_get_claim(events->control, event->tablet_id, &claim)) {
		json_object_object_add(data, "label", json_object_new_string(claim.label));
		json_object_object_add(data, "peer", json_object_new_string(claim.peer));
	}
	pl_log_event(events->log, PL_LOG_INFO, "claim", data, "Tablet %u %s", event->tablet_id,
		     words[event->claim_step]);
}

static void log_reload(struct pl_log_events *events, const struct pl_event *event,
		       struct json_object *data)
{
	const struct pl_config *config = pl_control_config(events->control);
	enum pl_log_level level;

	add_uint(data, "fs", config->fs);
	add_uint(data, "frame_size", config->frame_size);
	json_object_object_add(data, "headroom_db", json_object_new_double(config->headroom_db));
	add_bool(data, "restart_needed", event->restart_needed);
	if (pl_log_level_from_name(config->log_level, &level) == 0)
		pl_log_set_level(events->log, level);
	pl_log_event(events->log, PL_LOG_INFO, "config.reload", data,
		     event->restart_needed
			     ? "Configuration reloaded; some of its changes need a restart"
			     : "Configuration reloaded");
}

static void log_engine(struct pl_log_events *events, struct json_object *data)
{
	bool connected = pl_control_engine_is_connected(events->control);

	pl_log_event(events->log, connected ? PL_LOG_INFO : PL_LOG_WARNING,
		     connected ? "engine.start" : "engine.stopped", data,
		     connected ? "The matrix has taken the state"
			       : "The matrix is gone; waiting for it");
}

/** How many there are now: who they are tells GET /api/listeners. */
static void log_listen(struct pl_log_events *events, const struct pl_event *event,
		       struct json_object *data)
{
	struct pl_listen_overview overview;

	pl_control_listen_overview(events->control, &overview);
	add_uint(data, "listeners", overview.n_listeners);
	add_uint(data, "talkers", overview.n_talkers);
	if (event->tablet_id)
		add_uint(data, "tablet", event->tablet_id);
	pl_log_event(events->log, PL_LOG_DEBUG, "listen.changed", data,
		     "%u browsers listen, %u talk", overview.n_listeners, overview.n_talkers);
}

static void on_event(void *userdata, const struct pl_event *event)
{
	struct pl_log_events *events = userdata;
	struct json_object *data = json_object_new_object();
	const struct pl_actor *actor = event->actor;
	char by[160];

	if (!data)
		return;
	snprintf(by, sizeof(by), "%s%s%s", actor->face, actor->name[0] ? " " : "", actor->name);
	json_object_object_add(data, "by", json_object_new_string(by));

	switch (event->type) {
	case PL_EVENT_MATRIX:
		add_bool(data, "uplink_changed", event->uplink_changed);
		add_bool(data, "downlink_changed", event->downlink_changed);
		add_bool(data, "headroom_changed", event->headroom_changed);
		pl_log_event(events->log, PL_LOG_INFO, "matrix.updated", data,
			     "Mixing matrix, headroom or options updated");
		break;
	case PL_EVENT_CHANNEL_MUTE:
		add_uint(data, "channel", event->channel_id);
		add_bool(data, "mute", has_bit(event->after->channel_mute, event->channel_id));
		pl_log_event(events->log, PL_LOG_INFO, "channel.mute", data, "Channel %u %s",
			     event->channel_id,
			     has_bit(event->after->channel_mute, event->channel_id) ? "muted"
										    : "open");
		break;
	case PL_EVENT_TABLET_MUTE:
		log_tablet_mute(events->log, event, data);
		break;
	case PL_EVENT_KEY_DOWN:
	case PL_EVENT_KEY_UP:
		log_key(events->log, event, data);
		break;
	case PL_EVENT_NAME:
		log_name(events->log, event, data);
		break;
	case PL_EVENT_BINDING:
		log_binding(events, event, data);
		break;
	case PL_EVENT_CONFIG_RELOADED:
		log_reload(events, event, data);
		break;
	case PL_EVENT_ENGINE:
		log_engine(events, data);
		log_troubles(events);
		break;
	case PL_EVENT_DEVICES:
		/* comes with every start and stop of a card, too: only what matters is written */
		json_object_put(data);
		log_troubles(events);
		break;
	case PL_EVENT_CLAIM:
		log_claim(events, event, data);
		break;
	case PL_EVENT_LISTEN:
		log_listen(events, event, data);
		break;
	case PL_EVENT_GATEWAY:
	case PL_EVENT_STREAM:
	case PL_EVENT_LINE:
	case PL_EVENT_PAGE:
	case PL_EVENT_TONE:
	case PL_EVENT_EXPORT:
		log_gateway_event(events->log, events->control, event, data);
		break;
	}
}

int pl_log_events_new(struct pl_control *control, struct pl_log *log,
		      struct pl_log_events **ret_events)
{
	struct pl_log_events *events;

	events = calloc(1, sizeof(*events));
	if (!events)
		return -ENOMEM;
	events->control = control;
	events->log = log;
	events->listener = (struct pl_listener){.on_event = on_event, .userdata = events};
	pl_control_add_listener(control, &events->listener);
	*ret_events = events;
	return 0;
}

struct pl_log_events *pl_log_events_free(struct pl_log_events *events)
{
	if (!events)
		return NULL;
	pl_control_remove_listener(events->control, &events->listener);
	free(events);
	return NULL;
}
