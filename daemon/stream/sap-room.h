/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_SAP_ROOM_H
#define PL_STREAM_SAP_ROOM_H

#include <systemd/sd-event.h>

#include "gateway.h"
#include "lookup.h"

/**
 * Where sessions are announced (RFC 2974): tells of ours on every network interface that can
 * multicast, and collects those of others for as long as they are announced. Thread: the event's.
 */
struct sap_room;

/** @return 0 or negative errno */
int sap_room_new(sd_event *event, struct sap_room **ret_room);
/** Takes back what was announced. @return NULL */
struct sap_room *sap_room_free(struct sap_room *room);

/**
 * Collect what others announce, or no longer.
 *
 * @return 0 or negative errno; an interface that cannot is passed over
 */
int sap_room_listen(struct sap_room *room, bool listen);
/**
 * Announce a session from now on, now and again and again. Another text takes the place of the one
 * before.
 *
 * @param to  where the stream goes: decides the group, RFC 2974 3
 */
int sap_room_announce(struct sap_room *room, const char *id, const char *sdp, size_t size,
		      const struct lookup_address *to, uint8_t ttl, const char *interface);
/** Take it back, if it was announced. */
void sap_room_withdraw(struct sap_room *room, const char *id);
/** Borrowed, until the loop goes on. */
size_t sap_room_sessions(const struct sap_room *room, const struct pl_sap_session **ret_sessions);

#endif
