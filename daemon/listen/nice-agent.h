/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_NICE_AGENT_H
#define PL_LISTEN_NICE_AGENT_H

#include <glib.h>
#include <stdbool.h>

#include "ice-server.h"
#include "webrtc-sdp.h"

/**
 * A full ICE agent (RFC 8445) of one session, by libnice: it looks for a path to its browser, with the
 * help of STUN and TURN servers, and carries datagrams over it.
 *
 * Thread: that whose thread-default main context it was opened with.
 */
struct listen_agent;

/** No handler may close the agent; sending is allowed. */
struct listen_agent_handlers {
	/** A path has been found, or a better one. */
	void (*on_path)(void *userdata);
	/** The browser does not answer any more, RFC 7675. */
	void (*on_path_lost)(void *userdata);
	/** By a path that was checked. @param data borrowed for the call, at any address */
	void (*on_datagram)(void *userdata, const uint8_t *data, size_t size);
};

struct listen_agent_config {
	GMainContext *context;
	const char
		*address; /**< ours to be reached at; "0.0.0.0" and "::" are all that there are */
	const struct pl_ice_server *servers;
	size_t n_servers;
	/** While it is counted something is given back to servers, in the context. */
	uint32_t *n_closing;
};

/** It begins to ask where it can be reached. @return 0; -EADDRNOTAVAIL; -ENOMEM */
int listen_agent_open(const struct listen_agent_config *config, struct listen_agent **ret_agent);
/** What it holds at TURN servers is given back, if they are quick enough. @return NULL */
struct listen_agent *listen_agent_close(struct listen_agent *agent);
/** NULL at first: what comes is passed over. */
void listen_agent_set_handlers(struct listen_agent *agent,
			       const struct listen_agent_handlers *handlers, void *userdata);

/** All servers have answered, or have not in time. */
bool listen_agent_is_gathered(const struct listen_agent *agent);
/** Names borrowed until the next restart. */
void listen_agent_side(const struct listen_agent *agent, struct pl_webrtc_side *ret_side);
/** Of the path in use; family 0: none so far */
const struct pl_net_address *listen_agent_remote(const struct listen_agent *agent);

/** The browser's, as pl_ice_are_names() wants them. @return 0; -ENOMEM */
int listen_agent_take_names(struct listen_agent *agent, const char *ufrag, const char *pwd);
void listen_agent_take_candidates(struct listen_agent *agent,
				  const struct pl_webrtc_candidates *candidates);
/** No more of them will come. */
void listen_agent_take_last(struct listen_agent *agent);
/** New names of ours; the path in use goes on until there is another. @return 0; -ENOMEM */
int listen_agent_restart(struct listen_agent *agent);

/** Lost when there is no path. */
void listen_agent_send(struct listen_agent *agent, const uint8_t *data, size_t size);

#endif
