/* SPDX-License-Identifier: MIT */
#ifndef PL_PUBLISHER_H
#define PL_PUBLISHER_H

#include <systemd/sd-event.h>

#include "service.h"

/**
 * Keeps one service announced through avahi-daemon, whatever becomes of it: it may start late,
 * restart or never be there, the name may be taken, the system bus may come later.
 *
 * Each call of libavahi-client waits for avahi-daemon's answer, up to 25 s when that hangs, and
 * nobody's talk key may wait so long: it has a thread of its own, where Avahi's own simple poll
 * is the loop. The functions here only leave a note for it and never wait for it.
 *
 * Thread: the daemon's one loop.
 */
struct pl_publisher;

struct pl_publisher_status {
	char name[PL_SERVICE_NAME_SIZE]; /**< what it is published as; "": it is not */
	char trouble[192]; /**< why it is not although it should be: one plain sentence; "": none */
};

/** The status has changed; called in the loop. */
typedef void (*pl_publisher_changed_h)(void *userdata);

/**
 * Nothing is published, and no thread runs, before pl_publisher_set().
 *
 * @param ret_publisher  pl_publisher_free() withdraws what is published
 */
int pl_publisher_new(sd_event *event, pl_publisher_changed_h on_changed, void *userdata,
		     struct pl_publisher **ret_publisher);
/** Waits for a thread that is at work, 1 s; one that hangs in avahi-daemon is left to itself. */
struct pl_publisher *pl_publisher_free(struct pl_publisher *publisher);

/** From now on this is what should be there. @return 0, or why there is no thread to do it */
int pl_publisher_set(struct pl_publisher *publisher, const struct pl_service *service);

void pl_publisher_read(struct pl_publisher *publisher, struct pl_publisher_status *ret_status);

#endif
