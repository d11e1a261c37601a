/* SPDX-License-Identifier: MIT */
#ifndef PL_NET_ADDRESS_H
#define PL_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/** Addresses of datagrams as values: compared, kept, written. Pure; any thread. */

struct pl_net_address {
	uint8_t family;    /**< AF_INET, AF_INET6; 0: none */
	uint8_t byte[16];  /**< network order; of IPv4 the first four, the rest 0 */
	uint16_t port;     /**< host order */
	uint32_t scope_id; /**< interface of a link-local IPv6 address; else 0 */
};

/**
 * A way between a browser and us: where a datagram came from, and which of our addresses it came
 * to. What is answered goes out from that one, or a browser with several interfaces, or a NAT,
 * takes it for somebody else's.
 */
struct pl_net_path {
	struct pl_net_address remote;
	struct pl_net_address local; /**< its family may be 0: the system chooses */
};

/** "[2001:db8::1%2]:65535" and the NUL. */
#define PL_NET_ADDRESS_TEXT_MAX 80u

/** An IPv4 address that is mapped into IPv6 becomes IPv4. @return false: of another family */
bool pl_net_address_read(const struct sockaddr *sockaddr, struct pl_net_address *ret_address);
/**
 * @param family  of the socket: AF_INET6 maps IPv4 into IPv6
 * @return bytes of it; 0: no address, or an IPv6 one for a socket of AF_INET
 */
socklen_t pl_net_address_write(const struct pl_net_address *address, int family,
			       struct sockaddr_storage *ret_sockaddr);
bool pl_net_address_is_same(const struct pl_net_address *a, const struct pl_net_address *b);
bool pl_net_path_is_same(const struct pl_net_path *a, const struct pl_net_path *b);
/** Of no use to who does not know by which interface: 169.254.0.0/16 (RFC 3927), fe80::/10. */
bool pl_net_address_is_link_local(const struct pl_net_address *address);
/** "192.0.2.1:5000", "[2001:db8::1]:5000"; "" for none. */
void pl_net_address_text(const struct pl_net_address *address,
			 char ret_text[PL_NET_ADDRESS_TEXT_MAX]);
/** Without port and scope, as candidates are written: "192.0.2.1". */
void pl_net_address_host_text(const struct pl_net_address *address,
			      char ret_text[PL_NET_ADDRESS_TEXT_MAX]);

#endif
