/* SPDX-License-Identifier: MIT */
#include "control-gateway.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct pl_actor actor_internal = {
	.face = "internal", .name = "", .role = PL_ROLE_ADMIN};

uint64_t control_now_usec(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

int error_set(struct pl_error *ret_error, int code, const char *field, const char *format, ...)
{
	va_list args;

	if (!ret_error)
		return code;
	memset(ret_error, 0, sizeof(*ret_error));
	ret_error->code = code;
	snprintf(ret_error->field, sizeof(ret_error->field), "%s", field);
	va_start(args, format);
	vsnprintf(ret_error->message, sizeof(ret_error->message), format, args);
	va_end(args);
	return code;
}

int check_tablet(const struct pl_control *control, uint32_t tablet_id, struct pl_error *ret_error)
{
	uint32_t n = control->model.n_tablets;

	if (tablet_id >= 1 && tablet_id <= n)
		return 0;
	return error_set(ret_error, -ENOENT, "/tablet_id", "no tablet %u; tablets are 1 to %u",
			 tablet_id, n);
}

int check_channel(const struct pl_control *control, uint32_t channel_id, struct pl_error *ret_error)
{
	uint32_t n = control->model.n_channels;

	if (channel_id >= 1 && channel_id <= n)
		return 0;
	return error_set(ret_error, -ENOENT, "/channel", "no channel %u; channels are 1 to %u",
			 channel_id, n);
}

int check_endpoint(const struct pl_control *control, struct pl_endpoint endpoint,
		   struct pl_error *ret_error)
{
	return endpoint.is_tablet ? check_tablet(control, endpoint.id, ret_error)
				  : check_channel(control, endpoint.id, ret_error);
}

int check_range(double value, double min, double max, const char *field, struct pl_error *ret_error)
{
	if (value >= min && value <= max)
		return 0;
	return error_set(ret_error, -EINVAL, field, "%g is out of range; it must be %g to %g",
			 value, min, max);
}

/* --- life ------------------------------------------------------------------ */

int pl_control_new(const struct pl_config *config, const struct pl_model *initial,
		   const struct pl_engine_ops *engine_ops, void *engine,
		   const struct pl_keeper_ops *keeper_ops, void *keeper,
		   struct pl_control **ret_control)
{
	struct pl_control *control;
	uint64_t now = control_now_usec(CLOCK_MONOTONIC);
	int r;

	control = calloc(1, sizeof(*control));
	if (!control)
		return -ENOMEM;
	control->config = config;
	control->model = *initial;
	control->engine_ops = engine_ops;
	control->engine = engine;
	control->keeper_ops = keeper_ops;
	control->keeper = keeper;
	for (uint32_t t = 0; t < PL_TABLETS_MAX; t++)
		for (uint32_t c = 0; c < PL_CHANNELS_MAX; c++)
			control->pressed_usec[t][c] = now;

	r = engine_ops ? engine_ops->apply(engine, NULL, &control->model) : 0;
	if (r < 0) {
		pl_control_free(control);
		return r;
	}
	*ret_control = control;
	return 0;
}

struct pl_control *pl_control_free(struct pl_control *control)
{
	if (!control)
		return NULL;
	control_gateway_done(control);
	pl_config_done(&control->reloaded);
	free(control);
	return NULL;
}

void pl_control_add_listener(struct pl_control *control, struct pl_listener *listener)
{
	struct pl_listener **end = &control->listeners;

	while (*end)
		end = &(*end)->next;
	listener->next = NULL;
	*end = listener;
}

void pl_control_remove_listener(struct pl_control *control, struct pl_listener *listener)
{
	for (struct pl_listener **p = &control->listeners; *p; p = &(*p)->next) {
		if (*p == listener) {
			*p = listener->next;
			return;
		}
	}
}

void control_emit(struct pl_control *control, const struct pl_event *event)
{
	struct pl_listener *next;

	for (struct pl_listener *l = control->listeners; l; l = next) {
		next = l->next;
		l->on_event(l->userdata, event);
	}
}

/* --- change ---------------------------------------------------------------- */

enum pl_change pl_change_class(const struct pl_model *before, const struct pl_model *after)
{
	if (before->n_tablets != after->n_tablets || before->n_channels != after->n_channels ||
	    !pl_model_bindings_equal(before, after))
		return PL_CHANGE_DEVICE;
	if (before->headroom_db != after->headroom_db || before->party_line != after->party_line ||
	    before->ramp_ms != after->ramp_ms ||
	    before->vox_threshold_db != after->vox_threshold_db ||
	    before->vox_hang_ms != after->vox_hang_ms ||
	    before->tablet_mute != after->tablet_mute || before->talk_mute != after->talk_mute ||
	    before->listen_mute != after->listen_mute ||
	    before->channel_mute != after->channel_mute || !pl_model_uplink_equal(before, after) ||
	    !pl_model_downlink_equal(before, after) || !pl_model_keys_equal(before, after))
		return PL_CHANGE_VALUE;
	for (uint32_t t = 0; t < before->n_tablets; t++)
		if (before->tablet[t].mode != after->tablet[t].mode ||
		    before->tablet[t].sidetone != after->tablet[t].sidetone)
			return PL_CHANGE_VALUE;
	return PL_CHANGE_NONE;
}

int control_begin_verb(struct pl_control *control, const struct pl_actor *actor, enum pl_role role,
		       const char *verb, struct pl_error *ret_error)
{
	if (actor->role < role) {
		error_set(ret_error, -EPERM, "", "this needs the role \"%s\"", pl_role_name(role));
		control_audit_verb(control, actor, verb, -EPERM, ret_error);
		return -EPERM;
	}
	control->next = control->model;
	return 0;
}

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

/** Every difference between before and after as events; whatever a verb does is told. */
static void emit_difference(struct pl_control *control, const struct pl_event *base)
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

static bool only_keys_differ(struct pl_control *control)
{
	struct pl_model *m = &control->next;
	uint64_t keys[PL_TABLETS_MAX];
	bool equal;

	for (uint32_t t = 0; t < m->n_tablets; t++) {
		keys[t] = m->tablet[t].keys;
		m->tablet[t].keys = control->model.tablet[t].keys;
	}
	equal = pl_model_equal(&control->model, m);
	for (uint32_t t = 0; t < m->n_tablets; t++)
		m->tablet[t].keys = keys[t];
	return equal;
}

static int keep(struct pl_control *control, const struct pl_model *model, bool keys_only)
{
	if (!control->keeper_ops)
		return 0;
	control->kept = *model;
	control_claims_keep_out(control, &control->kept);
	return control->keeper_ops->keep(control->keeper, &control->kept, keys_only);
}

/** Names the folder: whoever reads this can make room there. */
int control_fail_kept(const struct pl_control *control, int r, bool keys_only,
		      struct pl_error *ret_error)
{
	const char *folder =
		keys_only ? control->config->runtime_directory : control->config->state_directory;

	if (r == -ENOSPC || r == -EDQUOT)
		return error_set(
			ret_error, -ENOSPC, "",
			"the state could not be kept and nothing has changed: no space left "
			"in \"%.300s\"; make room there and try again",
			folder);
	if (r == -ENOMEM)
		return error_set(
			ret_error, -ENOMEM, "",
			"the state could not be kept and nothing has changed: this machine "
			"is out of memory");
	return error_set(ret_error, -EIO, "",
			 "the state could not be kept in \"%.300s\" and nothing has changed: %s",
			 folder, strerror(-r));
}

int control_keep_keys(struct pl_control *control, struct pl_error *ret_error)
{
	int r = keep(control, &control->model, true);

	return r < 0 ? control_fail_kept(control, r, true, ret_error) : 0;
}

/** @param keys_nsec  0: something else than keys has changed, or nobody knows when */
static int hand_to_engine(struct pl_control *control, uint64_t keys_nsec)
{
	const struct pl_engine_ops *ops = control->engine_ops;

	if (keys_nsec && ops->apply_keys)
		return ops->apply_keys(control->engine, &control->model, &control->next, keys_nsec);
	return ops->apply(control->engine, &control->model, &control->next);
}

int control_commit(struct pl_control *control, const struct pl_actor *actor, uint32_t priority,
		   struct pl_error *ret_error)
{
	struct pl_model before;
	struct pl_event event;
	bool keys_only, must_keep;
	int r;

	if (pl_model_equal(&control->model, &control->next))
		return 0;

	keys_only = only_keys_differ(control);
	must_keep = !keys_only || !control_claims_have_all_changes(control);
	r = must_keep ? keep(control, &control->next, keys_only) : 0;
	if (r < 0) {
		/* The keeper may have come half way: take the old state back as well as it goes. */
		keep(control, &control->model, keys_only);
		return control_fail_kept(control, r, keys_only, ret_error);
	}

	event = (struct pl_event){
		.change = pl_change_class(&control->model, &control->next),
		.ts_usec = control_now_usec(CLOCK_REALTIME),
		.actor = actor,
		.priority = priority,
		.uplink_changed = !pl_model_uplink_equal(&control->model, &control->next),
		.downlink_changed = !pl_model_downlink_equal(&control->model, &control->next),
		.headroom_changed = control->model.headroom_db != control->next.headroom_db,
	};
	if (event.change != PL_CHANGE_NONE && control->engine_ops) {
		r = hand_to_engine(control, keys_only ? actor->key_nsec : 0);
		if (r < 0) {
			if (must_keep)
				keep(control, &control->model, keys_only);
			return error_set(ret_error, -EIO, "", "the engine refused the change: %s",
					 strerror(-r));
		}
	}

	before = control->model;
	control->model = control->next;
	event.before = &before;
	event.after = &control->model;
	/* A key is heard on the air before anybody is told of it. */
	if (!pl_model_keys_equal(&before, &control->model)) {
		control_gateway_keys_changed(control);
		control_claims_keys_changed(control);
	}
	emit_difference(control, &event);
	return 0;
}

/* --- what the others tell ---------------------------------------------------- */

static void emit_of_engine(struct pl_control *control, enum pl_event_type type)
{
	struct pl_event event = {
		.type = type,
		.ts_usec = control_now_usec(CLOCK_REALTIME),
		.actor = &actor_internal,
		.before = &control->model,
		.after = &control->model,
	};

	control_emit(control, &event);
}

void pl_control_engine_changed(struct pl_control *control)
{
	emit_of_engine(control, PL_EVENT_ENGINE);
}

void pl_control_devices_changed(struct pl_control *control)
{
	emit_of_engine(control, PL_EVENT_DEVICES);
}

uint64_t pl_control_run_timeouts(struct pl_control *control, uint64_t now)
{
	static const struct pl_actor timer = {
		.face = "internal", .name = "time-out timer", .role = PL_ROLE_ADMIN};
	uint64_t next = UINT64_MAX;
	uint64_t timeout = (uint64_t)(control->model.talk_timeout_s * 1e6);

	if (timeout == 0)
		return UINT64_MAX;
	control->next = control->model;
	for (uint32_t t = 0; t < control->model.n_tablets; t++) {
		for (uint32_t id = 1; id <= control->model.n_channels; id++) {
			uint64_t deadline = control->pressed_usec[t][id - 1] + timeout;

			if (!(control->model.tablet[t].keys & pl_mask_bit(id)))
				continue;
			if (deadline <= now)
				control->next.tablet[t].keys &= ~pl_mask_bit(id);
			else if (deadline < next)
				next = deadline;
		}
	}
	/* A disk that is full must not keep a key held: try again in a second. */
	if (control_commit(control, &timer, 1, NULL) < 0 && now + 1000000u < next)
		next = now + 1000000u;
	return next;
}

/* --- reading ------------------------------------------------------------- */

const struct pl_model *pl_control_model(const struct pl_control *control)
{
	return &control->model;
}

const struct pl_config *pl_control_config(const struct pl_control *control)
{
	return control->config;
}

bool pl_control_engine_is_connected(const struct pl_control *control)
{
	return control->engine_ops && control->engine_ops->is_connected(control->engine);
}

const char *pl_control_engine_trouble(const struct pl_control *control)
{
	if (!control->engine_ops)
		return "this daemon has no audio engine";
	if (control->engine_ops->is_connected(control->engine))
		return "";
	return control->engine_ops->trouble ? control->engine_ops->trouble(control->engine)
					    : "the audio engine is not connected";
}

void pl_control_set_discover(struct pl_control *control, const struct pl_discover_ops *ops,
			     void *discover)
{
	control->discover_ops = ops;
	control->discover = discover;
}

const char *pl_control_published_name(const struct pl_control *control)
{
	return control->discover_ops ? control->discover_ops->name(control->discover) : "";
}

const char *pl_control_discover_trouble(const struct pl_control *control)
{
	return control->discover_ops ? control->discover_ops->trouble(control->discover) : "";
}

int pl_control_read_meters(struct pl_control *control, struct pl_meters_data *ret_data)
{
	int r = -ENODATA;

	if (control->engine_ops)
		r = control->engine_ops->read_meters(control->engine, ret_data);
	if (r < 0)
		memset(ret_data, 0, sizeof(*ret_data));
	return r;
}

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
