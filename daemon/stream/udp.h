/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_UDP_H
#define PL_STREAM_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookup.h"

/** UDP sockets as streams need them. */

struct udp_options {
	const char *local_address; /**< to bind; multicast: the group to join; "" = any */
	uint16_t local_port;       /**< 0: any free one */
	const char *interface;     /**< for multicast; "" = by route */
	int family; /**< AF_INET, AF_INET6 (IPv4 too, mapped) when local_address is "" */
	uint8_t dscp, ttl;
	bool sends_multicast;
};

/**
 * Bound, non-blocking, close-on-exec.
 *
 * @param ret_trouble  one plain sentence for people, on any error
 * @return 0 or negative errno
 */
int udp_open(const struct udp_options *options, int *ret_fd, char *ret_trouble, size_t size);

/** A socket beside those of other programs, for groups that udp_join() joins and no others. */
int udp_open_groups(int family, uint16_t port, int *ret_fd);
/** @param interface  0: by route. @return 0 or negative errno; -EADDRINUSE: it is a member already */
int udp_join(int fd, const struct lookup_address *group, unsigned interface);

bool udp_is_multicast(const struct lookup_address *address);
/** The same host, whatever the port; IPv4 may be mapped into IPv6. */
bool udp_is_same_host(const struct lookup_address *a, const struct lookup_address *b);
/** An IPv4 address for a socket of AF_INET6: mapped. Others stay. */
void udp_fit(struct lookup_address *address, int family);
uint16_t udp_port(const struct lookup_address *address);
void udp_set_port(struct lookup_address *address, uint16_t port);
/** Of a bound socket; 0 on error. */
uint16_t udp_bound_port(int fd);

#endif
