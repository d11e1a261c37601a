/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_PORT_CONFIG_H
#define PL_MODULE_PORT_CONFIG_H

#include <stdbool.h>

#include <pipewire/impl-node.h>
#include <spa/param/audio/raw.h>

/**
 * Give a node of the factory "adapter" its mono DSP ports, one a channel.
 *
 * A session manager would do so as it comes up, and would suspend the node for it, every time one
 * comes up. A device that is born with its ports and is kept from the session manager's hands
 * (policy/scripts/partyline/own-items.lua) loses no sample when that restarts, and needs none.
 *
 * @param direction  INPUT for what audio is played into, and for virtual sources (which are sinks
 *                   inside); OUTPUT for a capture device
 * @param info       format, rate, 1..SPA_AUDIO_MAX_CHANNELS channels, their positions; the rate
 *                   is no constraint for the ports, but must not be 0
 * @param monitor    also ports where the sound of a sink comes out
 * @return 0, or what the node says; a running node refuses with -EIO
 *
 * Thread: main.
 */
int pl_port_config_dsp(struct pw_impl_node *node, enum spa_direction direction,
		       const struct spa_audio_info_raw *info, bool monitor);

#endif
