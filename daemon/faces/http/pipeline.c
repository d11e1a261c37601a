/* SPDX-License-Identifier: MIT */
#include "bytes-read.h"
#include "server.h"

/*
 * libwebsockets 4.1 to 4.3 cannot take a request with a body whose headers it kept from an
 * earlier read, that is, a pipelined one: lws_http_action() feeds it its own headers as the
 * body and then turns for ever. Nothing in its interface tells where headers came from, the
 * kernel does: when not a byte has been read since the last answer, they were kept.
 */

void pl_http_pipeline_mark(struct lws *wsi)
{
	uint64_t n = 0;

	if (pl_bytes_read(lws_get_socket_fd(wsi), &n) < 0)
		n = UINT64_MAX - 1;
	/* a number in the pointer's place: nothing to free, nothing to look up */
	lws_set_opaque_user_data(
		wsi, (void *)(uintptr_t)(n + 1)); /* NOLINT(performance-no-int-to-ptr) */
}

bool pl_http_is_pipelined(struct lws *wsi)
{
	uintptr_t mark = (uintptr_t)lws_get_opaque_user_data(wsi);
	uint64_t n;

	if (mark == 0)
		return false; /* the first of its connection */
	return mark == UINTPTR_MAX || pl_bytes_read(lws_get_socket_fd(wsi), &n) < 0 ||
	       (uintptr_t)(n + 1) == mark;
}
