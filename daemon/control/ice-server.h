/* SPDX-License-Identifier: MIT */
#ifndef PL_ICE_SERVER_H
#define PL_ICE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A server by which a browser and the daemon find each other when a network lies between them: "stun:"
 * tells either its outside address (RFC 7064), "turn:" and "turns:" pass their packets on (RFC 7065).
 *
 * Thread: any.
 */

/** A browser asks them all, and the slowest last: more make a call slower, not surer. */
#define PL_ICE_SERVERS_MAX 4u

enum pl_ice_scheme {
	PL_ICE_STUN,
	PL_ICE_TURN,
	PL_ICE_TURNS, /**< TLS over TCP; DTLS over UDP is not supported */
};

struct pl_ice_server {
	enum pl_ice_scheme scheme;
	bool tcp;       /**< reached by TCP: "turns:", and "turn:" with "?transport=tcp" */
	char host[254]; /**< a name, an IPv4 or an IPv6 address, without brackets */
	uint16_t port;  /**< default 3478; "turns:" 5349 */
	/** What browsers are told: complete and in lower case, as "turn:[2001:db8::1]:3478?transport=udp" */
	char url[300];
	/** Of TURN, printable ASCII; "" with "stun:". The credential is never shown to who has no role. */
	char username[128], credential[128];
};

/**
 * Read "stun:HOST[:PORT]", "turn:HOST[:PORT][?transport=udp|tcp]" or "turns:HOST[:PORT][?transport=tcp]".
 * Stricter than the RFCs in what a host is: letters, digits, "-", "_", "." and IPv6 in brackets.
 *
 * @param ret_server  without user name and credential
 * @param ret_reason  on error: what is wrong and what would be right, without a full stop
 * @return 0; -EINVAL; -ENOTSUP: "stuns:", and "turns:" by UDP
 */
int pl_ice_server_read(const char *url, struct pl_ice_server *ret_server, char *ret_reason,
		       size_t reason_size);

#endif
