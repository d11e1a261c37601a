/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_DEVICES_H
#define PL_ENGINE_DEVICES_H

#include <systemd/sd-event.h>

#include <spa/utils/dict.h>

#include "control.h"

struct pw_registry;

/**
 * The sound cards of the graph: nodes of class Audio/Source and Audio/Sink that carry ALSA's
 * properties, whoever made them. What the node does not say of itself is taken from the device
 * object it belongs to. Thread: the daemon's loop.
 */
struct engine_devices;

/** @param on_changed  after a change, from the loop, never from inside a call */
int engine_devices_new(sd_event *event, void (*on_changed)(void *userdata), void *userdata,
		       struct engine_devices **ret_devices);
struct engine_devices *engine_devices_free(struct engine_devices *devices);

/** A server is there. @param registry  borrowed until engine_devices_detach() */
void engine_devices_attach(struct engine_devices *devices, struct pw_registry *registry);
/** It is gone, and all cards with it. */
void engine_devices_detach(struct engine_devices *devices);

/** Sorted by card, capture before playback. @return number; borrowed until the loop runs on */
size_t engine_devices_get(struct engine_devices *devices, const struct pl_device **ret_devices);

/**
 * What the properties of a node, and of its device where the node is silent, make it.
 *
 * @param device  may be NULL
 * @return true and all but ports, rate and state in *ret_device; false when it is no sound card
 */
bool engine_device_read(const struct spa_dict *node, const struct spa_dict *device,
			struct pl_device *ret_device);

#endif
