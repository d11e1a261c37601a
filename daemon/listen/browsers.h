/* SPDX-License-Identifier: MIT */
#ifndef PL_BROWSERS_H
#define PL_BROWSERS_H

#include <systemd/sd-event.h>

#include "audio.h"
#include "ice-server.h"
#include "listen.h"

/**
 * Browsers that listen and talk: sessions on one UDP port, or with ICE servers on ports of their own. A place that somebody listens to has one
 * port in the graph for all; each listener has a mix, an encoder and a connection of its own. All of
 * that is done by one thread, which is there from the first session on, as the UDP port is; it goes by
 * the graph's cycles.
 *
 * Thread: the daemon's loop.
 */
struct pl_browsers;

struct pl_browsers_options {
	const struct pl_audio_ops *audio;
	void *engine;        /**< what audio's functions want */
	const char *address; /**< to bind, see listen_socket_open() */
	uint16_t port;       /**< UDP; 0: any free one */
	/** IP addresses that browsers are told instead of this machine's own; borrowed */
	const char *const *candidates;
	size_t n_candidates;
	/** STUN and TURN servers: each session finds a way beyond NAT; borrowed. Not in every build */
	const struct pl_ice_server *ice_servers;
	size_t n_ice_servers;
	double frame_ms;      /**< of what is sent: 2.5, 5, 10, 20 */
	uint32_t bitrate_bps; /**< likewise */
	/** A session has connected, is lost or has ended; see pl_control_listen_changed(). */
	void (*on_changed)(void *userdata, uint32_t tablet_id);
	void *userdata;
};

/** @param options  copied, but for what is borrowed. @return 0 or negative errno */
int pl_browsers_new(sd_event *event, const struct pl_browsers_options *options,
		    struct pl_browsers **ret_browsers);
/** Before the engine; ends all sessions. @return NULL */
struct pl_browsers *pl_browsers_free(struct pl_browsers *browsers);

/** Who talks into that tablet is cut off; told as any session that has ended. */
void pl_browsers_end_talker(struct pl_browsers *browsers, uint32_t tablet_id);

/** For pl_control_set_listen(); the object is the struct pl_browsers. */
const struct pl_listen_ops *pl_browsers_get_ops(void);

#endif
