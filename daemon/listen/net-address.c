/* SPDX-License-Identifier: MIT */
#include "net-address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool pl_net_address_read(const struct sockaddr *sockaddr, struct pl_net_address *ret_address)
{
	struct pl_net_address address = {0};

	if (sockaddr->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, sockaddr, sizeof(v4));
		address.family = AF_INET;
		memcpy(address.byte, &v4.sin_addr, 4);
		address.port = ntohs(v4.sin_port);
	} else if (sockaddr->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, sockaddr, sizeof(v6));
		address.port = ntohs(v6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
			address.family = AF_INET;
			memcpy(address.byte, &v6.sin6_addr.s6_addr[12], 4);
		} else {
			address.family = AF_INET6;
			memcpy(address.byte, &v6.sin6_addr, 16);
			if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
				address.scope_id = v6.sin6_scope_id;
		}
	} else {
		return false;
	}
	*ret_address = address;
	return true;
}

socklen_t pl_net_address_write(const struct pl_net_address *address, int family,
			       struct sockaddr_storage *ret_sockaddr)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};

	memset(ret_sockaddr, 0, sizeof(*ret_sockaddr));
	if (family == AF_INET && address->family == AF_INET) {
		memcpy(&v4.sin_addr, address->byte, 4);
		memcpy(ret_sockaddr, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (family != AF_INET6 || (address->family != AF_INET && address->family != AF_INET6))
		return 0;
	if (address->family == AF_INET) {
		v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(&v6.sin6_addr.s6_addr[12], address->byte, 4);
	} else {
		memcpy(&v6.sin6_addr, address->byte, 16);
		v6.sin6_scope_id = address->scope_id;
	}
	memcpy(ret_sockaddr, &v6, sizeof(v6));
	return sizeof(v6);
}

bool pl_net_address_is_same(const struct pl_net_address *a, const struct pl_net_address *b)
{
	return a->family == b->family && a->port == b->port && a->scope_id == b->scope_id &&
	       memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

bool pl_net_path_is_same(const struct pl_net_path *a, const struct pl_net_path *b)
{
	return pl_net_address_is_same(&a->remote, &b->remote) &&
	       pl_net_address_is_same(&a->local, &b->local);
}

bool pl_net_address_is_link_local(const struct pl_net_address *address)
{
	if (address->family == AF_INET)
		return address->byte[0] == 169 && address->byte[1] == 254;
	return address->family == AF_INET6 && address->byte[0] == 0xfe &&
	       (address->byte[1] & 0xc0) == 0x80;
}

void pl_net_address_host_text(const struct pl_net_address *address,
			      char ret_text[PL_NET_ADDRESS_TEXT_MAX])
{
	if (address->family == 0 ||
	    !inet_ntop(address->family, address->byte, ret_text, PL_NET_ADDRESS_TEXT_MAX))
		ret_text[0] = '\0';
}

void pl_net_address_text(const struct pl_net_address *address,
			 char ret_text[PL_NET_ADDRESS_TEXT_MAX])
{
	char host[PL_NET_ADDRESS_TEXT_MAX], scope[16] = "";

	pl_net_address_host_text(address, host);
	ret_text[0] = '\0';
	if (address->scope_id)
		snprintf(scope, sizeof(scope), "%%%u", address->scope_id);
	if (address->family == AF_INET)
		snprintf(ret_text, PL_NET_ADDRESS_TEXT_MAX, "%.46s:%u", host, address->port);
	else if (address->family == AF_INET6)
		snprintf(ret_text, PL_NET_ADDRESS_TEXT_MAX, "[%.46s%s]:%u", host, scope,
			 address->port);
}
