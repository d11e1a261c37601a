/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "describe.h"
#include "documents.h"
#include "meter-frame.h"
#include "server.h"

/**
 * Meters. Clients of the same rate and form are a group: one timer, one frame, made once
 * a tick and written to each of them. A client whose socket is full is skipped; when it has
 * room again it gets the newest frame, never an old one. Without clients there is no timer.
 */
struct pl_ws_group {
	struct pl_ws_group *next;
	struct pl_face_http *face;
	uint32_t hz;
	enum pl_vu_form form;
	sd_event_source *timer;
	uint64_t period_usec, next_usec;
	struct pl_session *clients;
	uint64_t serial;       /**< counts frames */
	size_t size, capacity; /**< of the payload */
	char *frame;           /**< LWS_PRE bytes of room, then the payload */
};

static int make_room(struct pl_ws_group *group, size_t size)
{
	char *frame;

	if (size <= group->capacity)
		return 0;
	frame = realloc(group->frame, LWS_PRE + size + 1024);
	if (!frame)
		return -ENOMEM;
	group->frame = frame;
	group->capacity = size + 1024;
	return 0;
}

static int make_json(struct pl_ws_group *group)
{
	struct json_object *tree = group->form == PL_VU_FULL
					   ? pl_document_meters(group->face->control)
					   : pl_describe_vu(group->face->control);
	const char *text;
	size_t size = 0;
	int r = -ENOMEM;

	text = tree ? json_object_to_json_string_length(tree, PL_HTTP_JSON, &size) : NULL;
	if (text)
		r = make_room(group, size);
	if (r == 0) {
		memcpy(group->frame + LWS_PRE, text, size);
		group->size = size;
	}
	json_object_put(tree);
	return r;
}

static int make_binary(struct pl_ws_group *group)
{
	struct pl_control *control = group->face->control;
	const struct pl_model *model = pl_control_model(control);
	struct pl_meters_data meters;
	const struct pl_meter_frame frame = {
		.n_tablets = model->n_tablets,
		.n_channels = model->n_channels,
		.serial = (uint32_t)group->serial + 1u,
		.running = pl_control_engine_is_connected(control),
		.ts = pl_now_seconds(),
		.meters = &meters,
	};
	int r;

	r = make_room(group, PL_METER_FRAME_MAX);
	if (r < 0)
		return r;
	pl_control_read_meters(control, &meters);
	group->size = pl_meter_frame_write(&frame, (unsigned char *)group->frame + LWS_PRE);
	return 0;
}

static int make_frame(struct pl_ws_group *group)
{
	int r = group->form == PL_VU_BINARY ? make_binary(group) : make_json(group);

	if (r == 0)
		group->serial++;
	return r;
}

static void send_newest(struct pl_session *session)
{
	struct pl_ws_group *group = session->group;

	session->n_sent_serial = group->serial;
	if (group->form == PL_VU_BINARY)
		pl_ws_send_binary(session, group->frame + LWS_PRE, group->size);
	else
		pl_ws_send(session, group->frame + LWS_PRE, group->size);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pl_ws_group *group = userdata;
	uint64_t now;

	if (make_frame(group) >= 0)
		for (struct pl_session *s = group->clients; s; s = s->next)
			if (pl_ws_is_clear(s))
				send_newest(s);

	sd_event_now(group->face->event, CLOCK_MONOTONIC, &now);
	group->next_usec += group->period_usec;
	if (group->next_usec <= now) /* we were kept waiting: no catching up */
		group->next_usec = now + group->period_usec;
	sd_event_source_set_time(source, group->next_usec);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static struct pl_ws_group *group_free(struct pl_ws_group *group)
{
	if (!group)
		return NULL;
	sd_event_source_disable_unref(group->timer);
	free(group->frame);
	free(group);
	return NULL;
}

static struct pl_ws_group *group_get(struct pl_face_http *face, uint32_t hz, enum pl_vu_form form)
{
	struct pl_ws_group *group;
	uint64_t now;

	for (group = face->groups; group; group = group->next)
		if (group->hz == hz && group->form == form)
			return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->face = face;
	group->hz = hz;
	group->form = form;
	group->period_usec = 1000000u / hz;
	sd_event_now(face->event, CLOCK_MONOTONIC, &now);
	group->next_usec = now + group->period_usec;
	if (sd_event_add_time(face->event, &group->timer, CLOCK_MONOTONIC, group->next_usec, 1,
			      on_tick, group) < 0 ||
	    make_frame(group) < 0)
		return group_free(group);
	group->next = face->groups;
	face->groups = group;
	return group;
}

int pl_ws_vu_open(struct pl_face_http *face, struct pl_session *session)
{
	struct pl_ws_group *group = group_get(face, session->hz, session->form);

	if (!group)
		return -1;
	session->group = group;
	session->next = group->clients;
	group->clients = session;
	return 0;
}

int pl_ws_vu_writable(struct pl_face_http *face, struct pl_session *session)
{
	if (session->group && session->n_sent_serial != 0 &&
	    session->n_sent_serial != session->group->serial)
		send_newest(session);
	return 0;
}

static void remove_client(struct pl_session **list, struct pl_session *session)
{
	for (; *list; list = &(*list)->next) {
		if (*list != session)
			continue;
		*list = session->next;
		session->next = NULL;
		return;
	}
}

void pl_ws_vu_closed(struct pl_face_http *face, struct pl_session *session)
{
	struct pl_ws_group *group = session->group;

	if (!group)
		return;
	session->group = NULL;
	remove_client(&group->clients, session);
	if (group->clients)
		return;
	for (struct pl_ws_group **g = &face->groups; *g; g = &(*g)->next) {
		if (*g != group)
			continue;
		*g = group->next;
		group_free(group);
		return;
	}
}
