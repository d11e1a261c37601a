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
