/* SPDX-License-Identifier: MIT */
#ifndef PL_MQTT_H
#define PL_MQTT_H

#include "gateway.h"
#include "spool.h"

/**
 * Messages to an MQTT broker (v3.1.1, QoS 1) from a queue on disk, in order, at least once: what was
 * queued is sent again until the broker has confirmed it, whatever goes away in between. A retained
 * availability message says "online"; "offline" is the last will.
 *
 * A thread of its own does the talking, as looking a name up and a TLS handshake may take long; the
 * functions here never wait for the network. Thread: the daemon's loop.
 */
struct pl_mqtt;

/** @param changed  another state: pl_mqtt_status(). In the client's thread */
typedef void (*pl_mqtt_changed_h)(void *userdata);

/**
 * @param def      copied
 * @param spool    of items "TOPIC\nPAYLOAD"; borrowed, outlives it
 * @return 0, -ENOMEM, or -EINVAL with a reason when libmosquitto refuses a value (files that cannot
 *         be read are no error: they are tried again, and the status tells)
 */
int pl_mqtt_new(const struct pl_mqtt_def *def, struct pl_spool *spool, pl_mqtt_changed_h on_changed,
		void *userdata, struct pl_mqtt **ret_mqtt);
/** Says "offline" when the broker is there; waits for the thread, at most for a name's look-up. */
struct pl_mqtt *pl_mqtt_free(struct pl_mqtt *mqtt);

/** There is something new in the queue. */
void pl_mqtt_wake(struct pl_mqtt *mqtt);
/** n_queued, n_dropped are the queue's own. */
void pl_mqtt_status(struct pl_mqtt *mqtt, struct pl_export_status *ret_status);

/** Put the device's id for each "%s". @return 0, or -ENOSPC */
int pl_mqtt_topic(const char *pattern, const char *device_id, char *ret_topic, size_t size);

#endif
