/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

/**
 * The log as it grows. There is no queue: each client has a place in the records that control
 * keeps, and is sent the next one whenever its socket takes it. A client that reads so slowly that
 * records are gone is told how many.
 */

static void on_record(void *userdata)
{
	struct pl_face_http *face = userdata;

	/* Sent from the loop: whoever logs may be in the middle of anything. */
	for (struct pl_session *s = face->log_readers; s; s = s->next)
		lws_callback_on_writable(s->wsi);
}

int pl_ws_log_open(struct pl_face_http *face, struct pl_session *session)
{
	pl_control_log_seek(face->control, &session->log_query.filter, session->log_query.n_lines,
			    &session->log);
	if (!face->log_readers) {
		face->log_follower =
			(struct pl_log_follower){.on_record = on_record, .userdata = face};
		pl_control_follow_log(face->control, &face->log_follower);
	}
	session->next = face->log_readers;
	face->log_readers = session;
	lws_callback_on_writable(session->wsi);
	return 0;
}

/** @return false: no memory now */
static bool send_text(struct pl_session *session, const char *text, size_t size)
{
	char *frame = malloc(LWS_PRE + size);

	if (!frame)
		return false;
	memcpy(frame + LWS_PRE, text, size);
	pl_ws_send(session, frame + LWS_PRE, size);
	free(frame);
	return true;
}

int pl_ws_log_writable(struct pl_face_http *face, struct pl_session *session)
{
	while (pl_ws_is_clear(session)) {
		struct pl_log_cursor place = session->log;
		uint64_t n_missed = pl_control_log_skip(face->control, &place);
		struct pl_log_record record;
		bool sent;

		if (n_missed > 0) {
			char gap[48];
			int n = snprintf(gap, sizeof(gap), "{\"missed\":%llu}",
					 (unsigned long long)n_missed);

			sent = send_text(session, gap, (size_t)n);
		} else if (pl_control_log_next(face->control, &place, &record) == 0) {
			sent = send_text(session, record.json, record.size);
		} else {
			session->log = place;
			return 0;
		}
		if (!sent)
			return 0; /* with the next record */
		session->log = place;
	}
	return 0;
}

void pl_ws_log_closed(struct pl_face_http *face, struct pl_session *session)
{
	for (struct pl_session **s = &face->log_readers; *s; s = &(*s)->next) {
		if (*s != session)
			continue;
		*s = session->next;
		session->next = NULL;
		if (!face->log_readers)
			pl_control_unfollow_log(face->control, &face->log_follower);
		return;
	}
}
