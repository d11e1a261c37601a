/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "server.h"

/**
 * Every change as it happens. The first message is {"type":"state","state":{…}}, all that
 * follow are pl_document_event(). One message is serialised once and shared. A client that
 * reads too slowly loses its queue and gets the whole state again instead: bounded memory,
 * and what it knows is always right in the end.
 */

#define QUEUE_MAX 64u

struct message {
	unsigned refs;
	size_t size;
	char data[]; /**< LWS_PRE bytes of room, then the payload */
};

struct pl_ws_queue {
	bool wants_state;
	unsigned first, n;
	struct message *message[QUEUE_MAX];
};

static struct message *message_unref(struct message *message)
{
	if (message && --message->refs == 0)
		free(message);
	return NULL;
}

static struct message *message_new(struct json_object *tree)
{
	struct message *message = NULL;
	const char *text;
	size_t size = 0;

	text = tree ? json_object_to_json_string_length(tree, PL_HTTP_JSON, &size) : NULL;
	if (text)
		message = malloc(sizeof(*message) + LWS_PRE + size);
	if (message) {
		message->refs = 1;
		message->size = size;
		memcpy(message->data + LWS_PRE, text, size);
	}
	json_object_put(tree);
	return message;
}

static void queue_clear(struct pl_ws_queue *queue)
{
	for (; queue->n > 0; queue->n--) {
		message_unref(queue->message[queue->first]);
		queue->first = (queue->first + 1) % QUEUE_MAX;
	}
}

static struct message *state_message(struct pl_face_http *face)
{
	struct json_object *tree = json_object_new_object();

	if (!tree)
		return NULL;
	json_object_object_add(tree, "type", json_object_new_string("state"));
	json_object_object_add(tree, "state", pl_document_state(face->control));
	return message_new(tree);
}

/** As much as the socket takes. */
static void flush(struct pl_face_http *face, struct pl_session *session)
{
	struct pl_ws_queue *queue = session->queue;
	struct message *message;

	while (pl_ws_is_clear(session) && (queue->wants_state || queue->n > 0)) {
		if (queue->wants_state) {
			message = state_message(face);
			if (!message)
				return; /* at the next event */
			queue->wants_state = false;
		} else {
			message = queue->message[queue->first];
			queue->first = (queue->first + 1) % QUEUE_MAX;
			queue->n--;
		}
		pl_ws_send(session, message->data + LWS_PRE, message->size);
		message_unref(message);
	}
}

static void post(struct pl_face_http *face, struct pl_session *session, struct message *message)
{
	struct pl_ws_queue *queue = session->queue;

	if (queue->wants_state) {
		/* the state that it will get holds this change already */
	} else if (!message || queue->n == QUEUE_MAX) {
		queue_clear(queue);
		queue->wants_state = true;
	} else {
		message->refs++;
		queue->message[(queue->first + queue->n++) % QUEUE_MAX] = message;
	}
	flush(face, session);
}

void pl_ws_events_on_event(struct pl_face_http *face, const struct pl_event *event)
{
	struct message *message;

	if (!face->listeners)
		return;
	message = message_new(pl_document_event(face->control, event));
	for (struct pl_session *s = face->listeners; s; s = s->next)
		post(face, s, message);
	message_unref(message);
}

int pl_ws_events_open(struct pl_face_http *face, struct pl_session *session)
{
	session->queue = calloc(1, sizeof(*session->queue));
	if (!session->queue)
		return -1;
	session->queue->wants_state = true;
	session->next = face->listeners;
	face->listeners = session;
	/* the answer to the upgrade goes first */
	lws_callback_on_writable(session->wsi);
	return 0;
}

int pl_ws_events_writable(struct pl_face_http *face, struct pl_session *session)
{
	if (session->queue)
		flush(face, session);
	return 0;
}

void pl_ws_events_closed(struct pl_face_http *face, struct pl_session *session)
{
	for (struct pl_session **s = &face->listeners; *s; s = &(*s)->next) {
		if (*s != session)
			continue;
		*s = session->next;
		break;
	}
	session->next = NULL;
	if (session->queue)
		queue_clear(session->queue);
	free(session->queue);
	session->queue = NULL;
}
