/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_CARD_PORTS_H
#define PL_MODULE_CARD_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/impl-node.h>

/**
 * Give a sound card's adapter one port for each channel, as many as the device has at most.
 *
 * They are called after the device's channel map, or AUX0, AUX1 … where it has none.
 *
 * @return 0, -ENOENT when the device has no PCM format, or what the adapter says
 *
 * Thread: main; the node is not running.
 */
int pl_card_ports_make(struct pw_impl_node *node, bool is_playback);

#endif
