/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "claims.h"
#include "documents.h"
#include "panel-message.h"
#include "server.h"

/**
 * A tablet in the browser: it claims a tablet, holds its talk keys, and is heard of at least every
 * 0.75 s while it does. panel-message.h has what it says; it is told:
 *
 *	claimed  the tablet, the secret to come back with, the keys that are down
 *	refused  what was asked for, and what is wrong with it
 *	keys     which keys of its tablet are down, whoever pressed them: after each change
 *	pong     the id of the ping
 *	lost     the tablet is not its own any more, and why
 *
 * All that happens to others is on /ws/events.
 */

/** More answers than this wait only for a client that does not read: it goes. */
#define ANSWERS_MAX 32u

struct answer {
	size_t size;
	char data[]; /**< LWS_PRE bytes of room, then the payload */
};

struct pl_ws_panel {
	bool has_claim;
	struct pl_claim claim;
	size_t n_received; /**< of a message that is not complete yet */
	char received[PL_PANEL_MESSAGE_MAX];
	unsigned first, n;
	struct answer *answer[ANSWERS_MAX];
};

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static struct pl_actor actor_of(const struct pl_session *session)
{
	return (struct pl_actor){
		.face = "ws",
		.name = session->peer,
		.role = session->role,
		.token = session->has_identity ? session->identity.name : NULL,
	};
}

/* --- sending -------------------------------------------------------------------------------- */

static void flush(struct pl_session *session)
{
	struct pl_ws_panel *panel = session->panel;

	while (panel->n > 0 && pl_ws_is_clear(session)) {
		struct answer *answer = panel->answer[panel->first];

		panel->first = (panel->first + 1) % ANSWERS_MAX;
		panel->n--;
		pl_ws_send(session, answer->data + LWS_PRE, answer->size);
		free(answer);
	}
}

static void drop(struct pl_session *session)
{
	session->closing = session->over = true;
	lws_callback_on_writable(session->wsi); /* where it can be ended */
}

/** Takes the tree. */
static void tell(struct pl_session *session, struct json_object *tree)
{
	struct pl_ws_panel *panel = session->panel;
	struct answer *answer = NULL;
	const char *text;
	size_t size = 0;

	text = tree ? json_object_to_json_string_length(tree, PL_HTTP_JSON, &size) : NULL;
	if (text && panel->n < ANSWERS_MAX)
		answer = malloc(sizeof(*answer) + LWS_PRE + size);
	if (answer) {
		answer->size = size;
		memcpy(answer->data + LWS_PRE, text, size);
		panel->answer[(panel->first + panel->n++) % ANSWERS_MAX] = answer;
		flush(session);
	} else {
		drop(session); /* what it knows would be wrong */
	}
	json_object_put(tree);
}

static struct json_object *new_message(const char *type)
{
	struct json_object *tree = json_object_new_object();

	if (tree)
		json_object_object_add(tree, "type", json_object_new_string(type));
	return tree;
}

static void add_keys(struct json_object *tree, const struct pl_face_http *face, uint32_t tablet_id)
{
	struct json_object *tablet = pl_document_tablet(face->control, tablet_id), *keys = NULL;

	if (json_object_object_get_ex(tablet, "keys", &keys))
		json_object_object_add(tree, "keys", json_object_get(keys));
	json_object_put(tablet);
}

static void send_keys(struct pl_face_http *face, struct pl_session *session)
{
	struct json_object *tree = new_message("keys");

	add_keys(tree, face, session->panel->claim.tablet_id);
	tell(session, tree);
}

/** @param details  taken */
static void send_refusal(struct pl_session *session, const struct pl_panel_message *message,
			 struct json_object *details, struct json_object *taken_by)
{
	struct json_object *tree = new_message("refused");

	json_object_object_add(tree, "request",
			       message ? json_object_new_string(pl_panel_type_name(message->type))
				       : NULL);
	if (message && message->channel_id)
		json_object_object_add(tree, "channel", json_object_new_int64(message->channel_id));
	json_object_object_add(tree, "detail", details);
	if (taken_by)
		json_object_object_add(tree, "taken_by", taken_by);
	tell(session, tree);
}

static void send_lost(struct pl_session *session, const char *reason, const char *detail)
{
	struct json_object *tree = new_message("lost");

	json_object_object_add(tree, "tablet",
			       json_object_new_int64(session->panel->claim.tablet_id));
	json_object_object_add(tree, "reason", json_object_new_string(reason));
	json_object_object_add(tree, "detail", json_object_new_string(detail));
	tell(session, tree);
}

/* --- what it asks for ------------------------------------------------------------------------- */

static void refuse(struct pl_face_http *face, struct pl_session *session,
		   const struct pl_panel_message *message, const struct pl_error *error)
{
	struct json_object *details = json_object_new_array(), *taken_by = NULL;

	if (message->type == PL_PANEL_CLAIM && error->code == -EBUSY)
		taken_by = pl_document_claim(face->control, message->claim.tablet_id);
	pl_detail_add_pointer(details, "body", error->field, error->message, "value_error");
	send_refusal(session, message, details, taken_by);
}

static int do_claim(struct pl_face_http *face, struct pl_session *session,
		    const struct pl_panel_message *message, struct pl_error *error)
{
	struct pl_ws_panel *panel = session->panel;
	struct pl_actor actor = actor_of(session);
	struct json_object *tree;
	struct pl_claim_request request = message->claim;
	struct pl_claim before = panel->claim;
	bool had_claim = panel->has_claim;
	int r;

	if (had_claim && !request.secret && request.tablet_id == before.tablet_id)
		request.secret = before.secret;
	/* so that the event of its own new session does not tell it that it has lost */
	panel->has_claim = false;
	r = pl_control_claim(face->control, &actor, &request, now_usec(), &panel->claim, error);
	if (r < 0) {
		panel->has_claim = had_claim;
		return r;
	}
	if (had_claim && before.tablet_id != panel->claim.tablet_id)
		pl_control_leave_claim(face->control, &actor, &before);
	panel->has_claim = true;
	tree = new_message("claimed");
	json_object_object_add(tree, "tablet", json_object_new_int64(panel->claim.tablet_id));
	json_object_object_add(tree, "secret", json_object_new_string(panel->claim.secret));
	add_keys(tree, face, panel->claim.tablet_id);
	tell(session, tree);
	return 0;
}

static int do_leave(struct pl_face_http *face, struct pl_session *session)
{
	struct pl_ws_panel *panel = session->panel;
	struct pl_actor actor = actor_of(session);

	panel->has_claim = false;
	pl_control_leave_claim(face->control, &actor, &panel->claim);
	send_lost(session, "left", "the tablet is free again");
	return 0;
}

static int do_key(struct pl_face_http *face, struct pl_session *session,
		  const struct pl_panel_message *message, struct pl_error *error)
{
	const struct pl_claim *claim = &session->panel->claim;
	struct pl_actor actor = actor_of(session);

	return message->type == PL_PANEL_DOWN
		       ? pl_control_press_claimed_key(face->control, &actor, claim,
						      message->channel_id, message->priority, error)
		       : pl_control_release_claimed_key(face->control, &actor, claim,
							message->channel_id, error);
}

static void send_pong(struct pl_session *session, uint32_t id)
{
	struct json_object *tree = new_message("pong");

	json_object_object_add(tree, "id", json_object_new_int64(id));
	tell(session, tree);
}

static void serve(struct pl_face_http *face, struct pl_session *session,
		  const struct pl_panel_message *message)
{
	struct pl_ws_panel *panel = session->panel;
	struct pl_error error = {0};
	int r = 0;

	if (message->type != PL_PANEL_CLAIM && message->type != PL_PANEL_PING &&
	    !panel->has_claim) {
		error.code = -ENOENT;
		snprintf(error.message, sizeof(error.message),
			 "claim a tablet first: {\"type\":\"claim\",\"tablet\":1}");
		refuse(face, session, message, &error);
		return;
	}
	switch (message->type) {
	case PL_PANEL_CLAIM:
		r = do_claim(face, session, message, &error);
		break;
	case PL_PANEL_LEAVE:
		r = do_leave(face, session);
		break;
	case PL_PANEL_DOWN:
	case PL_PANEL_UP:
		r = do_key(face, session, message, &error);
		break;
	case PL_PANEL_PING:
	case PL_PANEL_TYPE_MAX_:
		send_pong(session, message->id);
		break;
	}
	if (r < 0)
		refuse(face, session, message, &error);
}

/** One whole message: a sign of life, whatever it says. */
static void on_message(struct pl_face_http *face, struct pl_session *session, const char *text,
		       size_t size)
{
	struct json_object *details = json_object_new_array();
	struct pl_panel_message message;

	if (session->panel->has_claim)
		pl_control_claim_heard(face->control, &session->panel->claim, now_usec());
	if (pl_panel_message_read(text, size, details, &message) < 0) {
		send_refusal(session, NULL, details, NULL);
		return;
	}
	json_object_put(details);
	serve(face, session, &message);
	pl_panel_message_done(&message);
}

void pl_ws_panel_closing(struct pl_face_http *face, struct pl_session *session)
{
	struct pl_actor actor = actor_of(session);

	if (!session->panel || !session->panel->has_claim)
		return;
	session->panel->has_claim = false;
	pl_control_claim_closed(face->control, &actor, &session->panel->claim, now_usec());
}

static int hang_up(struct pl_face_http *face, struct pl_session *session,
		   enum lws_close_status status, const char *why)
{
	char text[64];

	lws_close_reason(session->wsi, status, (unsigned char *)text,
			 (size_t)snprintf(text, sizeof(text), "%s", why));
	session->closing = true;
	pl_ws_panel_closing(face, session);
	return -1;
}

int pl_ws_panel_receive(struct pl_face_http *face, struct pl_session *session, const char *data,
			size_t size)
{
	struct pl_ws_panel *panel = session->panel;

	if (session->closing || !panel)
		return session->over ? -1 : 0;
	if (session->has_identity &&
	    !pl_control_identity_is_valid(face->control, &session->identity))
		return hang_up(face, session, LWS_CLOSE_STATUS_POLICY_VIOLATION,
			       "the token is no more");
	if (lws_frame_is_binary(session->wsi))
		return hang_up(face, session, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE,
			       "messages are text");
	if (size > sizeof(panel->received) - panel->n_received)
		return hang_up(face, session, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE,
			       "a message has at most 1024 bytes");
	memcpy(panel->received + panel->n_received, data, size);
	panel->n_received += size;
	if (!lws_is_final_fragment(session->wsi) || lws_remaining_packet_payload(session->wsi) > 0)
		return 0;
	size = panel->n_received;
	panel->n_received = 0;
	on_message(face, session, panel->received, size);
	return 0;
}

/* --- what happens to its tablet ----------------------------------------------------------------- */

static void on_claim_event(struct pl_face_http *face, struct pl_session *session,
			   const struct pl_event *event)
{
	struct pl_ws_panel *panel = session->panel;
	struct pl_claim_info info;
	bool is_taken = pl_control_get_claim(face->control, event->tablet_id, &info);
	char detail[256];

	if (is_taken && info.session == panel->claim.session)
		return;
	if (event->claim_step == PL_CLAIM_TAKEN_OVER)
		snprintf(detail, sizeof(detail), "tablet %u was taken over by %s%s%s",
			 event->tablet_id, info.label, info.label[0] ? " at " : "somebody at ",
			 info.peer);
	else if (event->claim_step == PL_CLAIM_BACK)
		snprintf(detail, sizeof(detail), "tablet %u is held by a newer connection of yours",
			 event->tablet_id);
	else if (event->claim_step == PL_CLAIM_RELEASED)
		snprintf(detail, sizeof(detail), "tablet %u was freed by an administrator",
			 event->tablet_id);
	else
		snprintf(detail, sizeof(detail), "nothing was heard of you for %u s",
			 (unsigned)(PL_CLAIM_KEEP_USEC / 1000000u));
	panel->has_claim = false;
	send_lost(session, pl_claim_step_name(event->claim_step), detail);
}

void pl_ws_panel_on_event(struct pl_face_http *face, const struct pl_event *event)
{
	for (struct pl_session *s = face->panels; s; s = s->next) {
		if (!s->panel->has_claim || s->panel->claim.tablet_id != event->tablet_id)
			continue;
		if (event->type == PL_EVENT_CLAIM)
			on_claim_event(face, s, event);
		else if (event->type == PL_EVENT_KEY_DOWN || event->type == PL_EVENT_KEY_UP)
			send_keys(face, s);
	}
}

/* --- life ---------------------------------------------------------------------------------------- */

int pl_ws_panel_open(struct pl_face_http *face, struct pl_session *session)
{
	session->panel = calloc(1, sizeof(*session->panel));
	if (!session->panel)
		return -1;
	session->next = face->panels;
	face->panels = session;
	return 0;
}

int pl_ws_panel_writable(struct pl_face_http *face, struct pl_session *session)
{
	if (session->panel)
		flush(session);
	return 0;
}

void pl_ws_panel_closed(struct pl_face_http *face, struct pl_session *session)
{
	struct pl_ws_panel *panel = session->panel;

	for (struct pl_session **s = &face->panels; *s; s = &(*s)->next) {
		if (*s != session)
			continue;
		*s = session->next;
		break;
	}
	session->next = NULL;
	if (!panel)
		return;
	pl_ws_panel_closing(face, session);
	for (; panel->n > 0; panel->n--) {
		free(panel->answer[panel->first]);
		panel->first = (panel->first + 1) % ANSWERS_MAX;
	}
	explicit_bzero(panel, sizeof(*panel));
	free(panel);
	session->panel = NULL;
}
