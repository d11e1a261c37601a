/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "range.h"
#include "server.h"

/** A file of any size, piece by piece as the socket takes it; RFC 9110, 14: ranges. */

#define PIECE_BYTES 32768u

struct pl_http_sending {
	int fd;
	uint64_t n_left;
	unsigned char buffer[LWS_PRE + PIECE_BYTES];
};

void pl_http_sending_free(struct pl_session *session)
{
	if (!session || !session->sending)
		return;
	close(session->sending->fd);
	free(session->sending);
	session->sending = NULL;
}

static int refuse_range(struct pl_face_http *face, struct lws *wsi,
			const struct pl_http_request *request, uint64_t size)
{
	char content_range[64];
	struct pl_http_response response = {.status = 416, .content_range = content_range};

	snprintf(content_range, sizeof(content_range), "bytes */%" PRIu64, size);
	return pl_http_respond(face, wsi, request, &response);
}

static int begin(struct pl_session *session, int fd, const struct pl_range *range)
{
	struct pl_http_sending *sending;

	if (lseek(fd, (off_t)range->first, SEEK_SET) < 0)
		return -errno;
	sending = malloc(sizeof(*sending));
	if (!sending)
		return -ENOMEM;
	sending->fd = fd;
	sending->n_left = range->size;
	session->sending = sending;
	return 0;
}

int pl_http_send_file(struct pl_face_http *face, struct lws *wsi, struct pl_session *session,
		      const struct pl_http_request *request, const char *path, const char *type)
{
	struct pl_http_response response = {.status = 200, .type = type, .streamed = true};
	char content_range[80];
	struct pl_range range;
	struct stat st;
	int fd, r;

	pl_http_sending_free(session);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return pl_http_respond_detail(face, wsi, request, 404, "Not Found", false);
	}
	r = pl_range_read(request->range, (uint64_t)st.st_size, &range);
	if (r == -ERANGE) {
		close(fd);
		return refuse_range(face, wsi, request, (uint64_t)st.st_size);
	}
	if (r > 0) {
		response.status = 206;
		snprintf(content_range, sizeof(content_range),
			 "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
			 range.first + range.size - 1, (uint64_t)st.st_size);
		response.content_range = content_range;
	}
	response.size = range.size;
	if (range.size > 0 && request->method != PL_HTTP_HEAD) {
		r = begin(session, fd, &range);
		if (r < 0) {
			close(fd);
			return pl_http_respond_detail(face, wsi, request, 503, "No memory", true);
		}
	} else {
		close(fd);
	}
	r = pl_http_respond(face, wsi, request, &response);
	if (r < 0 || !session->sending)
		return r;
	lws_callback_on_writable(wsi);
	return PL_HTTP_GOES_ON;
}

int pl_http_on_writable(struct lws *wsi, struct pl_session *session)
{
	struct pl_http_sending *sending = session ? session->sending : NULL;
	size_t wanted;
	ssize_t n;

	if (!sending)
		return 0;
	wanted = sending->n_left < PIECE_BYTES ? (size_t)sending->n_left : PIECE_BYTES;
	n = read(sending->fd, sending->buffer + LWS_PRE, wanted);
	/* Cut short by its owner: what was promised cannot be kept, and the other end sees it. */
	if (n <= 0)
		return -1;
	lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, PL_HTTP_REQUEST_SECONDS);
	if (lws_write(wsi, sending->buffer + LWS_PRE, (size_t)n, LWS_WRITE_HTTP) < 0)
		return -1;
	sending->n_left -= (uint64_t)n;
	if (sending->n_left > 0) {
		lws_callback_on_writable(wsi);
		return 0;
	}
	pl_http_sending_free(session);
	pl_http_pipeline_mark(wsi);
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}
