/* SPDX-License-Identifier: MIT */
#ifndef PL_DBUS_CALLERS_H
#define PL_DBUS_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "control.h"

/**
 * What each caller of the system bus may do. The bus says who it is, polkit what he may:
 *
 *   root and the daemon's own user        admin; polkit is not asked
 *   PL_POLKIT_ADMIN granted               admin
 *   PL_POLKIT_OPERATE granted             operate
 *   else                                  view
 *
 * Without polkit on the bus the group `operate_gid` operates, as the shipped rule says. When polkit
 * is there and does not answer, the call is refused and the error says so.
 *
 * Nothing waits: a call that needs a role is held back, with all that follows it from the same caller,
 * until the answer is there (or PL_POLKIT_TIMEOUT_USEC has passed), and goes on in its order. An
 * answer is good for PL_POLKIT_GOOD_USEC.
 *
 * Thread: the daemon's one loop.
 */

#define PL_POLKIT_ADMIN "org.partyline.Partyline1.admin"
#define PL_POLKIT_OPERATE "org.partyline.Partyline1.operate"
#define PL_POLKIT_TIMEOUT_USEC (2u * 1000u * 1000u)
#define PL_POLKIT_GOOD_USEC (5u * 1000u * 1000u)

struct pl_dbus_callers;

/**
 * Put the filter on a bus, before any call is dispatched.
 *
 * @param operate_gid  UINT32_MAX: there is no such group
 */
int pl_dbus_callers_new(sd_bus *bus, sd_event *event, uint32_t operate_gid,
			struct pl_dbus_callers **ret_callers);
/** Accepts NULL; before the bus is closed. @return NULL */
struct pl_dbus_callers *pl_dbus_callers_free(struct pl_dbus_callers *callers);

/** Role of the sender of a call that the filter has let through; PL_ROLE_VIEW for any other. */
enum pl_role pl_dbus_callers_role(const struct pl_dbus_callers *callers, const char *sender);

#endif
