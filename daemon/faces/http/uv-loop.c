/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "uv-loop.h"

/** Passes of one turn, so that libuv cannot keep the other sources waiting. */
#define PASSES_MAX 16

/**
 * libuv registers a watcher with the kernel at the *next* poll. A watcher that was
 * started by the callbacks of the last pass is therefore still unknown to epoll, and
 * sd-event would sleep over it: run again until the queue is empty. (The queue is in the
 * public uv_loop_t; its first pointer points at itself when it is empty, in 1.44 and 1.50.)
 */
static bool has_new_watchers(const uv_loop_t *uv)
{
	const void *queue = &uv->watcher_queue;

	return *(const void *const *)queue != queue;
}

static void run(struct pl_uv_loop *loop)
{
	int n = 0;

	do {
		uv_run(&loop->uv, UV_RUN_NOWAIT);
	} while (has_new_watchers(&loop->uv) && ++n < PASSES_MAX);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	return 0; /* the next turn's prepare runs the loop */
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	return 0;
}

static int on_prepare(sd_event_source *source, void *userdata)
{
	struct pl_uv_loop *loop = userdata;
	int timeout_ms;
	uint64_t now_usec;

	run(loop);
	timeout_ms = has_new_watchers(&loop->uv) ? 0 : uv_backend_timeout(&loop->uv);
	if (timeout_ms < 0)
		return sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
	sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now_usec);
	sd_event_source_set_time(loop->timer, now_usec + (uint64_t)timeout_ms * 1000u);
	return sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT);
}

int pl_uv_loop_init(struct pl_uv_loop *loop, sd_event *event)
{
	int r;

	*loop = (struct pl_uv_loop){0};
	r = uv_loop_init(&loop->uv);
	if (r < 0)
		return r; /* libuv's errors are negative errno on Unix */
	loop->running = true;
	r = sd_event_add_io(event, &loop->io, uv_backend_fd(&loop->uv), EPOLLIN, on_io, loop);
	if (r >= 0)
		r = sd_event_add_time(event, &loop->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_timer,
				      loop);
	if (r >= 0)
		r = sd_event_source_set_prepare(loop->io, on_prepare);
	if (r < 0) {
		pl_uv_loop_done(loop);
		return r;
	}
	sd_event_source_set_description(loop->io, "http");
	sd_event_source_set_description(loop->timer, "http-timer");
	return 0;
}

void pl_uv_loop_drain(struct pl_uv_loop *loop)
{
	for (int n = 0; loop->running && uv_loop_alive(&loop->uv) && n < 1000; n++)
		uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void pl_uv_loop_done(struct pl_uv_loop *loop)
{
	sd_event_source_disable_unref(loop->io);
	sd_event_source_disable_unref(loop->timer);
	loop->io = loop->timer = NULL;
	if (!loop->running)
		return;
	pl_uv_loop_drain(loop);
	uv_loop_close(&loop->uv);
	loop->running = false;
}
