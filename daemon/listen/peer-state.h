/* SPDX-License-Identifier: MIT */
#ifndef PL_PEER_STATE_H
#define PL_PEER_STATE_H

/**
 * What all that a connection to a browser is made of agrees on.
 *
 *	WAITING     nobody with our password has come so far
 *	CONNECTING  a path is checked, the handshake is under way
 *	CONNECTED   both ends have keys; media flows
 *	LOST        for good; the reason is in the status
 */
enum pl_peer_state {
	PL_PEER_WAITING,
	PL_PEER_CONNECTING,
	PL_PEER_CONNECTED,
	PL_PEER_LOST,
};

/** Larger datagrams are none of ours. */
#define PL_PEER_DATAGRAM_MAX 2048u
#define PL_PEER_HANDSHAKES_MAX 8u

/** Who begins the handshake, RFC 5763 5. */
enum pl_dtls_role {
	PL_DTLS_SERVER, /**< "passive": the browser begins */
	PL_DTLS_CLIENT, /**< "active": we do */
};

#endif
