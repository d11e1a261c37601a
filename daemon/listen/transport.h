/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_TRANSPORT_H
#define PL_LISTEN_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice-server.h"
#include "identity.h"
#include "net-address.h"
#include "peer-state.h"
#include "webrtc-sdp.h"
#include "work-thread.h"

/**
 * What is between sessions and their browsers: a network, and in it one transport for each session,
 * which finds a path (ICE), agrees on keys (DTLS) and carries RTP and RTCP (SRTP). There are two:
 *
 *	lite  ours: one UDP port for all, browsers look for us. For networks in which they can
 *	nice  libnice's agents: for use beyond NAT, with STUN and TURN servers. Each session has
 *	      UDP ports of its own, and looks for its browser as the browser looks for it
 *
 * Thread: main for _open, close and port, and for side and remote_ufrag while the other stands still
 * or is asked by main alone; the work thread for all else, start and stop too.
 */

struct listen_network;
struct listen_transport;

/** As struct pl_secure_handlers. */
struct listen_transport_handlers {
	void (*on_state)(void *userdata, enum pl_peer_state state);
	void (*on_rtp)(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec);
	void (*on_rtcp)(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec);
};

struct listen_transport_config {
	const struct pl_webrtc_offer *offer; /**< borrowed for the call */
	const struct pl_identity *identity;  /**< outlives it */
	struct listen_transport_handlers handlers;
	void *userdata;
};

struct listen_transport_status {
	struct pl_net_address remote; /**< of the browser; family 0: none so far */
	uint64_t last_nsec;           /**< of the last sign of life; 0 */
	uint64_t n_refused;           /**< datagrams that were of no use */
};

struct listen_network_ops {
	/** So long may a browser that is there be silent, ns. */
	uint64_t silence_ns;

	/** After the work thread has ended, and all transports. @return NULL */
	struct listen_network *(*close)(struct listen_network *network);
	/** @param thread  outlives it; it is watched there. @return 0 or negative errno */
	int (*start)(struct listen_network *network, struct pl_work_thread *thread);
	/** Before the thread ends, all transports having been freed. NULL: there is nothing to do */
	void (*stop)(struct listen_network *network);
	/** UDP, of all sessions; 0: each has its own */
	uint16_t (*port)(const struct listen_network *network);
	/** What has been handed over for sending goes out. NULL: it has gone already */
	void (*flush)(struct listen_network *network);

	/** Somebody is about to come. NULL: it is always prepared */
	void (*prepare)(struct listen_network *network);
	/**
	 * @return 0; -EINVAL: ufrag or password of the offer is not by RFC 8839 5.4; -EAGAIN: in a
	 *         second; -ENOSPC; -ENOMEM and the like
	 */
	int (*new)(struct listen_network *network, const struct listen_transport_config *config,
		   uint64_t now_nsec, struct listen_transport **ret_transport);
	/** Says nothing to the browser; close_transport does. @return NULL */
	struct listen_transport *(*free)(struct listen_transport *transport);

	/** Our side, for the answer; ret_side's names are borrowed until the next restart. */
	void (*side)(const struct listen_transport *transport, struct pl_webrtc_side *ret_side);
	/** Of the offer, or of the last restart. */
	const char *(*remote_ufrag)(const struct listen_transport *transport);
	/** As pl_peer_restart(), with new candidates of the browser. */
	int (*restart)(struct listen_transport *transport,
		       const struct pl_webrtc_fragment *fragment);
	/** More of the browser's; NULL: they are of no use to it. */
	void (*add_candidates)(struct listen_transport *transport,
			       const struct pl_webrtc_fragment *fragment);

	/** As those of pl_peer. */
	int (*send_rtp)(struct listen_transport *transport, uint8_t *packet, size_t size,
			size_t capacity);
	int (*send_rtcp)(struct listen_transport *transport, uint8_t *packet, size_t size,
			 size_t capacity);
	uint64_t (*deadline)(const struct listen_transport *transport);
	void (*tick)(struct listen_transport *transport, uint64_t now_nsec);
	void (*close_transport)(struct listen_transport *transport);
	void (*status)(const struct listen_transport *transport,
		       struct listen_transport_status *ret_status);
};

/** The beginning of each kind's own. */
struct listen_network {
	const struct listen_network_ops *ops;
};

struct listen_transport {
	const struct listen_network_ops *ops;
	struct listen_transport_handlers handlers;
	void *userdata;
};

/** Handlers of pl_peer and pl_secure that hand on. @param transport  any kind's */
void listen_transport_on_state(void *transport, enum pl_peer_state state);
void listen_transport_on_rtp(void *transport, uint8_t *packet, size_t size, uint64_t now_nsec);
void listen_transport_on_rtcp(void *transport, uint8_t *packet, size_t size, uint64_t now_nsec);

struct listen_network_options {
	const char *address; /**< to bind, see listen_socket_open() */
	uint16_t port;       /**< UDP; 0: any free one */
	/** IP addresses that browsers are told instead of this machine's own; borrowed */
	const char *const *candidates;
	size_t n_candidates;
	const struct pl_ice_server *ice_servers; /**< borrowed */
	size_t n_ice_servers;
	uint32_t n_transports_max;
	/** A transport wants its tick at that time. Thread: the work thread. */
	void (*on_deadline)(void *userdata, uint64_t deadline_nsec);
	void *userdata;
};

/**
 * @param options      copied, but for what is borrowed
 * @param ret_trouble  one plain sentence for people, on any error
 * @return 0 or negative errno
 */
int listen_lite_open(const struct listen_network_options *options,
		     struct listen_network **ret_network, char *ret_trouble, size_t trouble_size);
#if PL_HAVE_LIBNICE
int listen_nice_open(const struct listen_network_options *options,
		     struct listen_network **ret_network, char *ret_trouble, size_t trouble_size);
#endif

#endif
