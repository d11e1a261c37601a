/* SPDX-License-Identifier: MIT */
#include "udp.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** Room for bursts: 64 packets of the largest kind. */
#define RECEIVE_BYTES (128 * 1024)

/* --- addresses ------------------------------------------------------------------------------ */

static const struct sockaddr_in *ipv4(const struct lookup_address *address)
{
	return (const struct sockaddr_in *)&address->address;
}

static const struct sockaddr_in6 *ipv6(const struct lookup_address *address)
{
	return (const struct sockaddr_in6 *)&address->address;
}

bool udp_is_multicast(const struct lookup_address *address)
{
	if (address->address.ss_family == AF_INET)
		return IN_MULTICAST(ntohl(ipv4(address)->sin_addr.s_addr));
	return address->address.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_MULTICAST(&ipv6(address)->sin6_addr);
}

void udp_fit(struct lookup_address *address, int family)
{
	struct sockaddr_in from = *ipv4(address);
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = from.sin_port,
	};

	if (address->address.ss_family != AF_INET || family != AF_INET6)
		return;
	to.sin6_addr.s6_addr[10] = to.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&to.sin6_addr.s6_addr[12], &from.sin_addr, 4);
	memset(&address->address, 0, sizeof(address->address));
	memcpy(&address->address, &to, sizeof(to));
	address->size = sizeof(to);
}

bool udp_is_same_host(const struct lookup_address *a, const struct lookup_address *b)
{
	struct lookup_address x = *a, y = *b;

	udp_fit(&x, AF_INET6);
	udp_fit(&y, AF_INET6);
	return x.address.ss_family == y.address.ss_family &&
	       memcmp(&ipv6(&x)->sin6_addr, &ipv6(&y)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

uint16_t udp_port(const struct lookup_address *address)
{
	return ntohs(address->address.ss_family == AF_INET ? ipv4(address)->sin_port
							   : ipv6(address)->sin6_port);
}

void udp_set_port(struct lookup_address *address, uint16_t port)
{
	if (address->address.ss_family == AF_INET)
		((struct sockaddr_in *)&address->address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)&address->address)->sin6_port = htons(port);
}

uint16_t udp_bound_port(int fd)
{
	struct lookup_address address = {.size = sizeof(address.address)};

	if (getsockname(fd, (struct sockaddr *)&address.address, &address.size) < 0)
		return 0;
	return udp_port(&address);
}

/* --- sockets -------------------------------------------------------------------------------- */

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

int udp_join(int fd, const struct lookup_address *group, unsigned interface)
{
	if (group->address.ss_family == AF_INET) {
		struct ip_mreqn request = {
			.imr_multiaddr = ipv4(group)->sin_addr,
			.imr_ifindex = (int)interface,
		};

		return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) < 0
			       ? -errno
			       : 0;
	}
	struct ipv6_mreq request = {
		.ipv6mr_multiaddr = ipv6(group)->sin6_addr,
		.ipv6mr_interface = interface,
	};

	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)) < 0 ? -errno
											    : 0;
}

static int set_multicast(int fd, int family, const struct udp_options *options, unsigned interface)
{
	struct ip_mreqn by = {.imr_ifindex = (int)interface};
	int r;

	if (family == AF_INET) {
		r = set(fd, IPPROTO_IP, IP_MULTICAST_TTL, options->ttl);
		if (r >= 0 && interface &&
		    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)) < 0)
			r = -errno;
		return r;
	}
	r = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, options->ttl);
	return r >= 0 && interface ? set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface) : r;
}

/** What is only wished for does not fail a stream. */
static void set_wishes(int fd, int family, const struct udp_options *options)
{
	/* DSCP is the upper six bits, RFC 2474 3. */
	set(fd, IPPROTO_IP, IP_TOS, options->dscp << 2);
	if (family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_TCLASS, options->dscp << 2);
	set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BYTES);
}

static int bind_to(int fd, int family, const struct udp_options *options,
		   struct lookup_address *local, unsigned interface)
{
	bool multicast;
	int r = 0;

	if (local->size == 0) {
		local->address.ss_family = (sa_family_t)family;
		local->size = family == AF_INET ? sizeof(struct sockaddr_in)
						: sizeof(struct sockaddr_in6);
		udp_set_port(local, options->local_port);
	}
	multicast = udp_is_multicast(local);
	if (multicast)
		/* Others may listen to the group too. */
		r = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r >= 0 && bind(fd, (struct sockaddr *)&local->address, local->size) < 0)
		r = -errno;
	if (r >= 0 && multicast)
		r = udp_join(fd, local, interface);
	return r;
}

int udp_open(const struct udp_options *options, int *ret_fd, char *ret_trouble, size_t size)
{
	struct lookup_address local = {.size = 0};
	int family = options->family, fd, r = 0;
	unsigned interface = 0;

	if (options->local_address[0]) {
		if (lookup_numeric(options->local_address, options->local_port, &local) < 0) {
			snprintf(ret_trouble, size, "\"%s\" is not an IP address",
				 options->local_address);
			return -EINVAL;
		}
		family = local.address.ss_family;
	}
	if (options->interface[0]) {
		interface = if_nametoindex(options->interface);
		if (interface == 0) {
			snprintf(ret_trouble, size, "there is no network interface \"%s\"",
				 options->interface);
			return -ENODEV;
		}
	}
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (fd < 0) {
		r = -errno;
		snprintf(ret_trouble, size, "no socket: %s", strerror(-r));
		return r;
	}
	if (family == AF_INET6)
		r = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->local_address[0] != '\0');
	set_wishes(fd, family, options);
	if (r >= 0 && options->sends_multicast)
		r = set_multicast(fd, family, options, interface);
	if (r >= 0)
		r = bind_to(fd, family, options, &local, interface);
	if (r < 0) {
		snprintf(ret_trouble, size, "UDP port %u of %s cannot be used: %s",
			 options->local_port,
			 options->local_address[0] ? options->local_address : "this machine",
			 strerror(-r));
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int udp_open_groups(int family, uint16_t port, int *ret_fd)
{
	struct lookup_address local = {.address.ss_family = (sa_family_t)family};
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP), r;

	if (fd < 0)
		return -errno;
	local.size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	udp_set_port(&local, port);
	r = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r >= 0 && family == AF_INET6)
		r = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (r >= 0)
		r = family == AF_INET ? set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0)
				      : set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	if (r >= 0 && bind(fd, (struct sockaddr *)&local.address, local.size) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}
