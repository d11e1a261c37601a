/* SPDX-License-Identifier: MIT */
#ifndef PL_MAIN_FACES_H
#define PL_MAIN_FACES_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "control.h"
#include "log.h"

/** HTTP, D-Bus and the announcement in the network, wired to control and the log: only for main.c. */
struct pl_main_faces;

struct pl_main_faces_options {
	sd_event *event;
	struct pl_control *control;
	struct pl_log *log; /**< borrowed */
	bool system_bus;
};

/**
 * After everything that they show. Without a bus, and without an announcement, an intercom is one all
 * the same: that is only logged (dbus.error, discover.error).
 *
 * @param ret_reason  for people, on any error
 */
int pl_main_faces_new(const struct pl_main_faces_options *options, struct pl_main_faces **ret_faces,
		      char *ret_reason, size_t size);
/** Before all the rest. @return NULL */
struct pl_main_faces *pl_main_faces_free(struct pl_main_faces *faces);

/** TCP, of HTTP: the one that it really has. */
uint16_t pl_main_faces_port(const struct pl_main_faces *faces);
bool pl_main_faces_has_tls(const struct pl_main_faces *faces);

#endif
