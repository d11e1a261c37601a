/* SPDX-License-Identifier: MIT */
#include "control-gateway.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pl_actor actor_internal = {
	.face = "internal", .name = "", .role = PL_ROLE_ADMIN};

void control_gateway_done(struct pl_control *control)
{
	pl_gateway_kept_done(&control->gateway.kept);
	pl_gateway_done(&control->gateway.active);
}

/* --- what the definitions make together --------------------------------------------------- */

struct builder {
	struct pl_gateway *gateway;
	struct pl_gateway_bounds bounds;
	char pointer[256], reason[256];
	char *trouble;
	size_t size, length;
};

static void note(struct builder *b, const char *what, const char *id)
{
	int n = snprintf(b->trouble + b->length, b->size - b->length,
			 "%sthe %s \"%s\" is not used: %s %s", b->length ? "; " : "", what, id,
			 b->pointer, b->reason);

	/* One that does not fit whole is left out. */
	if (n > 0 && (size_t)n < b->size - b->length)
		b->length += (size_t)n;
	else
		b->trouble[b->length] = '\0';
}

/** The definition that was added last stays if it fits. */
static void keep_if_fits(struct builder *b, enum pl_gateway_kind kind, size_t *n, const char *what,
			 const char *id)
{
	if (pl_gateway_check_one(b->gateway, kind, *n - 1, &b->bounds) == 0)
		return;
	note(b, what, id);
	--*n;
}

static int add_streams(struct builder *b, const struct pl_gateway *from)
{
	for (size_t i = 0; i < from->n_streams; i++) {
		int r = pl_gateway_add_stream(b->gateway, &from->streams[i]);

		if (r == -ENOMEM)
			return r;
		if (r == 0)
			keep_if_fits(b, PL_GATEWAY_STREAM, &b->gateway->n_streams, "stream",
				     from->streams[i].id);
	}
	return 0;
}

static int add_lines(struct builder *b, const struct pl_gateway *from)
{
	for (size_t i = 0; i < from->n_lines; i++) {
		int r = pl_gateway_add_line(b->gateway, &from->lines[i]);

		if (r < 0)
			return r;
		keep_if_fits(b, PL_GATEWAY_LINE, &b->gateway->n_lines, "line", from->lines[i].id);
	}
	return 0;
}

static int add_tone_inputs(struct builder *b, const struct pl_gateway *from)
{
	for (size_t i = 0; i < from->n_tone_inputs; i++) {
		char name[PL_ENDPOINT_NAME_MAX];
		int r = pl_gateway_add_tone_input(b->gateway, &from->tone_inputs[i]);

		if (r < 0)
			return r;
		pl_endpoint_name(from->tone_inputs[i].endpoint, name);
		keep_if_fits(b, PL_GATEWAY_TONE_INPUT, &b->gateway->n_tone_inputs, "tone input",
			     name);
	}
	return 0;
}

static int add_pages(struct builder *b, const struct pl_gateway *from)
{
	for (size_t i = 0; i < from->n_pages; i++) {
		int r = pl_gateway_add_page(b->gateway, &from->pages[i]);

		if (r == -ENOMEM)
			return r;
		if (r == 0)
			keep_if_fits(b, PL_GATEWAY_PAGE, &b->gateway->n_pages, "page",
				     from->pages[i].id);
	}
	return 0;
}

/** As long as the configuration says what it said when the jitter buffer was set. */
static void set_jitter(struct pl_gateway *gateway, const struct pl_gateway_kept *kept)
{
	for (size_t k = 0; k < kept->n_jitter; k++)
		for (size_t i = 0; i < gateway->n_streams; i++)
			if (strcmp(gateway->streams[i].id, kept->jitter[k].id) == 0 &&
			    gateway->streams[i].origin == PL_ORIGIN_CONFIG &&
			    gateway->streams[i].jitter_safety == kept->jitter[k].configured)
				gateway->streams[i].jitter_safety = kept->jitter[k].safety;
}

int control_gateway_build(const struct pl_control *control, const struct pl_gateway *configured,
			  const struct pl_gateway_kept *kept, struct pl_gateway *ret_active,
			  char *ret_trouble, size_t size)
{
	struct pl_gateway gateway = *configured;
	struct builder b = {.gateway = &gateway, .trouble = ret_trouble, .size = size};
	int r;

	/* The sections are plain values; the arrays are filled one by one. */
	gateway.streams = NULL;
	gateway.lines = NULL;
	gateway.tone_inputs = NULL;
	gateway.pages = NULL;
	gateway.n_streams = gateway.n_lines = gateway.n_tone_inputs = gateway.n_pages = 0;
	ret_trouble[0] = '\0';
	b.bounds = (struct pl_gateway_bounds){
		.n_tablets = control->model.n_tablets,
		.n_channels = control->model.n_channels,
		.pointer = b.pointer,
		.pointer_size = sizeof(b.pointer),
		.reason = b.reason,
		.reason_size = sizeof(b.reason),
	};
	r = add_streams(&b, configured);
	if (r == 0)
		r = add_lines(&b, configured);
	if (r == 0)
		r = add_tone_inputs(&b, configured);
	if (r == 0)
		r = add_pages(&b, configured);
	if (r == 0)
		r = add_streams(&b, &kept->added);
	if (r == 0)
		r = add_pages(&b, &kept->added);
	if (r == 0)
		r = pl_gateway_complete(&gateway);
	if (r < 0) {
		pl_gateway_done(&gateway);
		return r;
	}
	set_jitter(&gateway, kept);
	*ret_active = gateway;
	return 0;
}

/* --- the parts ---------------------------------------------------------------------------------- */

/** @param n_parts  how many to hand it to, in their order. @return 0, or the error of part *ret_failed */
static int hand_over(struct pl_gateway_parts *p, unsigned n_parts, const struct pl_gateway *before,
		     const struct pl_gateway *after, unsigned *ret_failed)
{
	int r = 0;

	for (unsigned i = 0; r >= 0 && i < n_parts; i++) {
		*ret_failed = i;
		if (i == 0 && p->tone_ops)
			r = p->tone_ops->apply(p->tones, before, after);
		else if (i == 1 && p->page_ops)
			r = p->page_ops->apply(p->pages, before, after);
		else if (i == 2 && p->export_ops)
			r = p->export_ops->apply(p->export, before, after);
		else if (i == 3 && p->stream_ops)
			r = p->stream_ops->apply(p->streams, before, after);
		else if (i == 4 && p->gpio_ops)
			r = p->gpio_ops->apply(p->gpio, before, after);
	}
	return r < 0 ? r : 0;
}
#define N_PARTS 5u

int control_gateway_switch(struct pl_control *control, const struct pl_actor *actor,
			   struct pl_gateway *active, struct pl_gateway_kept *kept,
			   const char *trouble, struct pl_error *ret_error)
{
	struct control_gateway *g = &control->gateway;
	bool changed = !pl_gateway_equal(&g->active, active);
	unsigned failed = 0, ignored;
	int r = 0;

	if (changed)
		r = hand_over(&g->parts, N_PARTS, &g->active, active, &failed);
	if (r < 0) {
		hand_over(&g->parts, failed, active, &g->active, &ignored);
		return error_set(ret_error, r == -ENOMEM ? -ENOMEM : -EIO, "",
				 "the gateway could not take the change: %s", strerror(-r));
	}
	pl_gateway_done(&g->active);
	g->active = *active;
	memset(active, 0, sizeof(*active));
	if (kept) {
		pl_gateway_kept_done(&g->kept);
		g->kept = *kept;
		memset(kept, 0, sizeof(*kept));
	}
	snprintf(g->trouble, sizeof(g->trouble), "%s", trouble);
	if (changed)
		control_gateway_emit(control, actor, PL_EVENT_GATEWAY, NULL);
	return 0;
}

int pl_control_set_gateway_parts(struct pl_control *control, const struct pl_gateway_parts *parts)
{
	struct control_gateway *g = &control->gateway;
	struct pl_gateway_kept none = {0};
	unsigned failed;
	int r = 0;

	/* The configuration's, if nothing was kept. */
	if (!g->built) {
		r = pl_control_set_gateway_kept(control, &none);
		if (r < 0)
			return r;
	}
	g->parts = *parts;
	r = hand_over(&g->parts, N_PARTS, NULL, &g->active, &failed);
	if (r < 0)
		return r;
	control_gateway_keys_changed(control);
	return 0;
}

int pl_control_set_gateway_kept(struct pl_control *control, const struct pl_gateway_kept *kept)
{
	struct control_gateway *g = &control->gateway;
	struct pl_gateway_kept copy;
	struct pl_gateway active;
	int r;

	r = pl_gateway_kept_copy(kept, &copy);
	if (r < 0)
		return r;
	r = control_gateway_build(control, &control->config->gateway, &copy, &active, g->trouble,
				  sizeof(g->trouble));
	if (r < 0) {
		pl_gateway_kept_done(&copy);
		return r;
	}
	control_gateway_done(control);
	g->kept = copy;
	g->active = active;
	g->built = true;
	return 0;
}

/* --- outputs, keys -------------------------------------------------------------------------------- */

bool pl_control_has_outputs(const struct pl_control *control)
{
	const struct pl_gateway *gateway = &control->gateway.active;

	for (size_t i = 0; i < gateway->n_lines; i++)
		if (gateway->lines[i].function != PL_LINE_KEY)
			return true;
	return false;
}

void pl_control_run_outputs(struct pl_control *control)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	struct pl_meters_data meters;

	if (!p->gpio_ops || !pl_control_has_outputs(control))
		return;
	pl_control_read_meters(control, &meters);
	p->gpio_ops->outputs(p->gpio, &control->model, &meters,
			     p->page_ops ? p->page_ops->active(p->pages) : 0);
}

void control_gateway_keys_changed(struct pl_control *control)
{
	struct pl_gateway_parts *p = &control->gateway.parts;

	if (p->stream_ops)
		p->stream_ops->keys_changed(p->streams, &control->model);
	pl_control_run_outputs(control);
}

/* --- what the parts tell ----------------------------------------------------------------------------- */

static struct pl_event event_of(struct pl_control *control, const struct pl_actor *actor,
				enum pl_event_type type)
{
	return (struct pl_event){
		.type = type,
		.ts_usec = control_now_usec(CLOCK_REALTIME),
		.actor = actor,
		.before = &control->model,
		.after = &control->model,
	};
}

void control_gateway_emit(struct pl_control *control, const struct pl_actor *actor,
			  enum pl_event_type type, const char *id)
{
	struct pl_event event = event_of(control, actor, type);

	event.gateway_id = id;
	control_emit(control, &event);
}

void pl_control_stream_changed(struct pl_control *control, const char *id)
{
	control_gateway_emit(control, &actor_internal, PL_EVENT_STREAM, id);
}

void pl_control_line_changed(struct pl_control *control, const char *id)
{
	control_gateway_emit(control, &actor_internal, PL_EVENT_LINE, id);
}

void pl_control_export_changed(struct pl_control *control)
{
	control_gateway_emit(control, &actor_internal, PL_EVENT_EXPORT, NULL);
}

void pl_control_tone_heard(struct pl_control *control, const struct pl_tone_event *tone)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	struct pl_event event = event_of(control, &actor_internal, PL_EVENT_TONE);

	event.tone = tone;
	control_emit(control, &event);
	if (p->page_ops)
		p->page_ops->tone(p->pages, tone);
}

void pl_control_pages_changed(struct pl_control *control)
{
	pl_control_run_outputs(control);
	control_gateway_emit(control, &actor_internal, PL_EVENT_EXPORT, NULL);
}

void pl_control_page_changed(struct pl_control *control, const struct pl_page_record *record,
			     bool began, const char *clip_path)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	struct pl_event event = event_of(control, &actor_internal, PL_EVENT_PAGE);

	event.page = record;
	/* Whoever is waited for outside comes before whoever looks on. */
	if (began && p->export_ops)
		p->export_ops->page(p->export, record);
	if (clip_path && p->export_ops)
		p->export_ops->clip(p->export, record, clip_path);
	control_emit(control, &event);
}

int control_gateway_find_record(struct pl_control *control, const char *message_id,
				struct pl_page_record *ret_record)
{
	struct pl_page_record *records = calloc(PL_PAGE_HISTORY_MAX, sizeof(*records));
	size_t n;
	int r = -ENOENT;

	if (!records)
		return -ENOMEM;
	n = pl_control_page_history(control, records, PL_PAGE_HISTORY_MAX);
	for (size_t i = 0; r < 0 && i < n; i++) {
		if (strcmp(records[i].message_id, message_id) != 0)
			continue;
		*ret_record = records[i];
		r = 0;
	}
	free(records);
	return r;
}

void pl_control_clip_uploaded(struct pl_control *control, const char *message_id, const char *url)
{
	struct pl_gateway_parts *p = &control->gateway.parts;
	struct pl_event event = event_of(control, &actor_internal, PL_EVENT_PAGE);
	struct pl_page_record record;

	if (!p->page_ops)
		return;
	p->page_ops->clip_uploaded(p->pages, message_id, url);
	/* Too old for the history: nobody asks for it any more. */
	if (control_gateway_find_record(control, message_id, &record) < 0)
		return;
	event.page = &record;
	control_emit(control, &event);
}
