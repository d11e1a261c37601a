/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * ReadLog and FollowLog of the manager. Whoever follows gets a socket: signals would tell everybody
 * on the bus what is for admins. There is no queue: each reader has a place in the records that
 * control keeps, and is sent the next one whenever its socket takes it.
 */

struct pl_dbus_reader {
	struct pl_face_dbus *face;
	struct pl_dbus_reader *next;
	int fd;
	sd_event_source *source;
	struct pl_log_cursor place;
	char *line; /**< that the socket has not taken all of; NULL: none */
	size_t n_line, n_sent;
};

static void reader_free(struct pl_dbus_reader *reader)
{
	if (!reader)
		return;
	sd_event_source_disable_unref(reader->source);
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->line);
	free(reader);
}

static void forget(struct pl_face_dbus *face, struct pl_dbus_reader *reader)
{
	struct pl_dbus_reader **r = &face->readers;

	while (*r && *r != reader)
		r = &(*r)->next;
	if (*r)
		*r = reader->next;
	face->n_readers--;
	if (!face->readers)
		pl_control_unfollow_log(face->control, &face->log_follower);
	reader_free(reader);
}

void pl_dbus_log_done(struct pl_face_dbus *face)
{
	while (face->readers)
		forget(face, face->readers);
}

/** @return 0; -ENOENT: it has everything; -ENOMEM */
static int next_line(struct pl_dbus_reader *reader)
{
	struct pl_control *control = reader->face->control;
	struct pl_log_cursor place = reader->place;
	uint64_t n_missed = pl_control_log_skip(control, &place);
	struct pl_log_record record;
	int n;

	if (n_missed > 0)
		n = asprintf(&reader->line, "{\"missed\":%llu}\n", (unsigned long long)n_missed);
	else if (pl_control_log_next(control, &place, &record) == 0)
		n = asprintf(&reader->line, "%s\n", record.json);
	else
		n = -ENOENT;
	if (n == -1) {
		reader->line = NULL;
		return -ENOMEM;
	}
	reader->place = place;
	if (n < 0)
		return n;
	reader->n_line = (size_t)n;
	reader->n_sent = 0;
	return 0;
}

/** @return 0: all of it; -EAGAIN: later; else the reader is gone */
static int send_line(struct pl_dbus_reader *reader)
{
	ssize_t n = send(reader->fd, reader->line + reader->n_sent, reader->n_line - reader->n_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR || errno == ENOBUFS ? -EAGAIN : -errno;
	reader->n_sent += (size_t)n;
	if (reader->n_sent < reader->n_line)
		return -EAGAIN;
	free(reader->line);
	reader->line = NULL;
	return 0;
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct pl_dbus_reader *reader = userdata;
	int r = events & (EPOLLHUP | EPOLLERR) ? -EPIPE : 0;

	while (r == 0) {
		r = reader->line ? 0 : next_line(reader);
		if (r == 0)
			r = send_line(reader);
	}
	if (r == -ENOENT || r == -ENOMEM) /* with the next record */
		r = sd_event_source_set_io_events(source, 0);
	if (r < 0 && r != -EAGAIN)
		forget(reader->face, reader);
	return 0;
}

static void on_record(void *userdata)
{
	struct pl_face_dbus *face = userdata;

	/* Sent from the loop: whoever logs may be in the middle of anything. */
	for (struct pl_dbus_reader *r = face->readers; r; r = r->next)
		sd_event_source_set_io_events(r->source, EPOLLOUT);
}

/** @param fd  taken, also when this fails */
static int reader_new(struct pl_face_dbus *face, const struct pl_log_query *query, int fd)
{
	struct pl_dbus_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader) {
		close(fd);
		return -ENOMEM;
	}
	reader->face = face;
	reader->fd = fd;
	r = sd_event_add_io(face->event, &reader->source, fd, EPOLLOUT, on_socket, reader);
	if (r < 0) {
		reader_free(reader);
		return r;
	}
	pl_control_log_seek(face->control, &query->filter, query->n_lines, &reader->place);
	if (!face->readers) {
		face->log_follower =
			(struct pl_log_follower){.on_record = on_record, .userdata = face};
		pl_control_follow_log(face->control, &face->log_follower);
	}
	reader->next = face->readers;
	face->readers = reader;
	face->n_readers++;
	return 0;
}

/** Who calls, whether they may, and what they ask for. */
static int begin(struct pl_dbus_call *call, struct pl_face_dbus *face, sd_bus_message *message,
		 sd_bus_error *error, struct pl_log_query *ret_query)
{
	const char *level, *event;
	char lines[16];
	uint32_t n;
	int r;

	*ret_query = (struct pl_log_query){0};
	r = pl_dbus_call_begin(call, face, message, error, "uss", &n, &level, &event);
	if (r < 0)
		return r;
	snprintf(lines, sizeof(lines), "%u", n);
	r = pl_control_read_log(call->control, &call->actor, &call->error);
	if (r == 0)
		r = pl_log_query_set(ret_query, "lines", lines, &call->error);
	if (r == 0 && level[0])
		r = pl_log_query_set(ret_query, "level", level, &call->error);
	if (r == 0 && event[0])
		r = pl_log_query_set(ret_query, "event", event, &call->error);
	return pl_dbus_call_result(call, r);
}

int pl_dbus_read_log(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_log_query query;
	struct pl_dbus_call call;
	int r = begin(&call, userdata, message, error, &query);

	return r < 0 ? r
		     : pl_dbus_reply_json(message, pl_describe_log(call.control, &query.filter,
								   query.n_lines));
}

int pl_dbus_follow_log(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	struct pl_log_query query;
	struct pl_dbus_call call;
	int r, fds[2];

	r = begin(&call, face, message, error, &query);
	if (r < 0)
		return r;
	if (face->n_readers >= PL_DBUS_LOG_READERS_MAX)
		return sd_bus_error_setf(error, PL_DBUS_ERROR_BUSY,
					 "%u follow the log already, which is the most",
					 PL_DBUS_LOG_READERS_MAX);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	r = reader_new(face, &query, fds[0]);
	if (r >= 0)
		r = sd_bus_reply_method_return(message, "h", fds[1]); /* a copy of it */
	close(fds[1]);
	return r;
}
