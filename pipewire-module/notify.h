/* SPDX-License-Identifier: MIT */
#ifndef PL_NOTIFY_H
#define PL_NOTIFY_H

#include <pipewire/impl.h>

/**
 * PipeWire itself tells systemd nothing. For a server that is a unit with Type=notify: say when the
 * matrix and its devices are there, and, if the unit has a watchdog, that the main loop still turns.
 *
 * Thread: main.
 */

struct pl_notify;

/**
 * Says READY=1.
 *
 * @param loop        the server's main loop, borrowed
 * @param ret_notify  NULL where no watchdog waits
 */
int pl_notify_new(struct pw_loop *loop, struct pl_notify **ret_notify);
/** Accepts NULL. @return NULL */
struct pl_notify *pl_notify_free(struct pl_notify *notify);

#endif
