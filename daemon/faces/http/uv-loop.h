/* SPDX-License-Identifier: MIT */
#ifndef PL_UV_LOOP_H
#define PL_UV_LOOP_H

#include <stdbool.h>

#include <systemd/sd-event.h>
#include <uv.h>

/**
 * A libuv loop that runs inside sd-event: Debian's libwebsockets knows libuv, the
 * daemon's one loop is sd-event. Thread: that of the sd-event loop.
 */
struct pl_uv_loop {
	uv_loop_t uv;
	sd_event_source *io, *timer;
	bool running;
};

/** @return 0 or negative errno; then nothing is left to free */
int pl_uv_loop_init(struct pl_uv_loop *loop, sd_event *event);
/** Run until nothing is left to do: for the end, when all handles are being closed. */
void pl_uv_loop_drain(struct pl_uv_loop *loop);
/** Run what closes handles, then take the loop down. Every user of it must have closed its handles. */
void pl_uv_loop_done(struct pl_uv_loop *loop);

#endif
