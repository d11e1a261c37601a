/* SPDX-License-Identifier: MIT */
#ifndef PL_FACE_DBUS_H
#define PL_FACE_DBUS_H

#include <systemd/sd-event.h>

#include "control.h"

/**
 * The D-Bus face: org.partyline.Partyline1 with the objects and members that
 * dbus/ documents, one XML file an interface.
 *
 * It connects by itself, takes the name, and connects again with back-off
 * (0.25 s doubling to 8 s) when the bus goes away or the name is taken: no bus
 * is trouble for the callers, never for the audio. Every change of the model,
 * whichever face made it, is on the bus before the verb returns.
 *
 * Who may do what: on the session bus every caller is admin (the bus belongs to
 * one user). On the system bus root and the daemon's own user are admin, and polkit decides about
 * everyone else (callers.h); without polkit members of the group PL_DBUS_OPERATE_GROUP
 * operate and everyone else views.
 *
 * Thread: the daemon's one loop.
 */

#define PL_DBUS_NAME "org.partyline.Partyline1"
#define PL_DBUS_PATH "/org/partyline/Partyline1"
#define PL_DBUS_OPERATE_GROUP "partyline"

enum pl_dbus_bus { PL_DBUS_SESSION, PL_DBUS_SYSTEM };

struct pl_face_dbus;

struct pl_face_dbus_options {
	enum pl_dbus_bus bus;
	/** What is worth a record: "dbus.connected", "dbus.disconnected", "dbus.error". `data_json` is NULL. May be NULL. */
	void (*on_log)(void *userdata, const char *event, const char *message,
		       const char *data_json);
	void *log_userdata;
};

/**
 * @param control  borrowed; outlives the face
 * @param event    borrowed loop, referenced
 * @param options  copied
 * Waits for the name, up to 2 s.
 *
 * @return 0 also when there is no bus yet; -ENOMEM or another negative errno when the
 *         face cannot work at all
 */
int pl_face_dbus_new(struct pl_control *control, sd_event *event,
		     const struct pl_face_dbus_options *options, struct pl_face_dbus **ret_face);
/** Says what is still queued, gives up the name, frees. Accepts NULL. @return NULL */
struct pl_face_dbus *pl_face_dbus_free(struct pl_face_dbus *face);

/** @return true while the name is ours */
bool pl_face_dbus_owns_name(const struct pl_face_dbus *face);

#endif
