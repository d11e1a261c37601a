/* SPDX-License-Identifier: MIT */
#include "host-names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool has_name(const struct pl_host_names *names, const char *name)
{
	for (size_t i = 0; i < names->n_names; i++)
		if (strcasecmp(names->name[i], name) == 0)
			return true;
	return false;
}

static bool has_address(const struct pl_host_names *names, const uint8_t *byte, uint8_t size)
{
	for (size_t i = 0; i < names->n_addresses; i++)
		if (names->address[i].size == size &&
		    memcmp(names->address[i].byte, byte, size) == 0)
			return true;
	return false;
}

static void add_address(struct pl_host_names *names, const void *byte, uint8_t size)
{
	struct pl_host_address *address;

	if (names->n_addresses == PL_HOST_ADDRESSES_MAX || has_address(names, byte, size))
		return;
	address = &names->address[names->n_addresses++];
	memcpy(address->byte, byte, size);
	address->size = size;
}

int pl_host_names_add(struct pl_host_names *names, const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t length = strlen(text);
	uint8_t byte[16];

	if (inet_pton(AF_INET, text, byte) == 1) {
		add_address(names, byte, 4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, byte) == 1) {
		add_address(names, byte, 16);
		return 0;
	}
	if (length == 0 || length > 253 || strspn(text, allowed) != length || text[0] == '.' ||
	    text[0] == '-' || strstr(text, ".."))
		return -EINVAL;
	if (names->n_names < PL_HOST_NAMES_MAX && !has_name(names, text))
		memcpy(names->name[names->n_names++], text, length + 1);
	return 0;
}

static void add_host(struct pl_host_names *names)
{
	char host[256] = "", text[300];

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		return;
	pl_host_names_add(names, host);
	host[strcspn(host, ".")] = '\0';
	pl_host_names_add(names, host);
	snprintf(text, sizeof(text), "%s.local", host);
	pl_host_names_add(names, text);
}

static void add_interfaces(struct pl_host_names *names)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)i->ifa_addr;

		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			add_address(names, &((const struct sockaddr_in *)i->ifa_addr)->sin_addr, 4);
		/* a link-local address needs the name of the caller's interface: no URL has it */
		else if (i->ifa_addr->sa_family == AF_INET6 &&
			 !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
			add_address(names, &v6->sin6_addr, 16);
	}
	freeifaddrs(list);
}

void pl_host_names_of_machine(struct pl_host_names *ret_names)
{
	memset(ret_names, 0, sizeof(*ret_names));
	add_host(ret_names);
	pl_host_names_add(ret_names, "localhost");
	pl_host_names_add(ret_names, "127.0.0.1");
	pl_host_names_add(ret_names, "::1");
	add_interfaces(ret_names);
}

bool pl_host_names_have(const struct pl_host_names *names, const struct pl_host_names *wanted)
{
	for (size_t i = 0; i < wanted->n_names; i++)
		if (!has_name(names, wanted->name[i]))
			return false;
	for (size_t i = 0; i < wanted->n_addresses; i++)
		if (!has_address(names, wanted->address[i].byte, wanted->address[i].size))
			return false;
	return true;
}
