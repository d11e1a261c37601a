/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_GLIB_LOOP_H
#define PL_LISTEN_GLIB_LOOP_H

#include <glib.h>

#include "work-thread.h"

/**
 * A GLib main context within a work thread: for a library that wants one, without a thread more.
 *
 * Thread: the work thread.
 */
struct listen_glib_loop;

/** The context becomes the thread's own ("thread-default"). @return 0 or negative errno */
int listen_glib_loop_new(struct pl_work_thread *thread, struct listen_glib_loop **ret_loop);
/** @return NULL */
struct listen_glib_loop *listen_glib_loop_free(struct listen_glib_loop *loop);
GMainContext *listen_glib_loop_context(const struct listen_glib_loop *loop);
/** After whatever may have added or removed sources of it. What is ready is dispatched. */
void listen_glib_loop_turn(struct listen_glib_loop *loop);

#endif
