/* SPDX-License-Identifier: MIT */
#include "service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <systemd/sd-id128.h>

#include "config.h"

/** So that nobody learns the machine's id from ours: a random constant of this program. */
#define APP_ID SD_ID128_MAKE(8b, 4e, 1f, 6a, 0c, 2d, 47, 93, a5, 31, 7e, d0, 58, c9, 62, f4)

/* Fowler, Noll and Vo's hash of 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_START 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

bool pl_service_equal(const struct pl_service *a, const struct pl_service *b)
{
	return a->publish == b->publish && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->address, b->address) == 0 && a->port == b->port && a->tls == b->tls &&
	       a->n_tablets == b->n_tablets && a->n_channels == b->n_channels &&
	       strcmp(a->id, b->id) == 0;
}

void pl_service_default_name(const char *host, char ret_name[PL_SERVICE_NAME_SIZE])
{
	static const char prefix[] = "Partyline on ";
	size_t room = PL_SERVICE_NAME_SIZE - sizeof(prefix), n = strlen(host);

	if (n > room) {
		n = room;
		/* 10xxxxxx goes on with a character of UTF-8 */
		while (n > 0 && ((unsigned char)host[n] & 0xc0) == 0x80)
			n--;
	}
	snprintf(ret_name, PL_SERVICE_NAME_SIZE, "%s%.*s", prefix, (int)n, host);
}

void pl_service_id(const char *state_directory, char ret_id[PL_SERVICE_ID_SIZE])
{
	uint64_t hash = FNV_START;
	char text[SD_ID128_STRING_MAX];
	sd_id128_t id;

	if (sd_id128_get_machine_app_specific(APP_ID, &id) < 0 && sd_id128_randomize(&id) < 0)
		id = APP_ID;
	for (const char *c = state_directory; *c; c++)
		hash = (hash ^ (unsigned char)*c) * FNV_PRIME;
	id.qwords[1] ^= hash;
	memcpy(ret_id, sd_id128_to_string(id, text), PL_SERVICE_ID_SIZE);
}

static bool has_address(const struct ifaddrs *entry, const struct in_addr *v4,
			const struct in6_addr *v6)
{
	if (!entry->ifa_addr)
		return false;
	if (v4 && entry->ifa_addr->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)entry->ifa_addr)->sin_addr, v4,
			      sizeof(*v4)) == 0;
	if (v6 && entry->ifa_addr->sa_family == AF_INET6)
		return memcmp(&((const struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr, v6,
			      sizeof(*v6)) == 0;
	return false;
}

void pl_service_place(const char *address, AvahiIfIndex *ret_interface, AvahiProtocol *ret_protocol)
{
	struct ifaddrs *entries = NULL;
	struct in6_addr v6;
	struct in_addr v4;
	bool is_v4 = inet_pton(AF_INET, address, &v4) == 1;
	bool is_v6 = !is_v4 && inet_pton(AF_INET6, address, &v6) == 1;
	bool is_loopback = pl_config_is_loopback(address);

	*ret_interface = AVAHI_IF_UNSPEC;
	*ret_protocol = AVAHI_PROTO_UNSPEC;
	if (is_v4)
		*ret_protocol = AVAHI_PROTO_INET;
	/* A server at :: speaks both. */
	if (is_v6 && !IN6_IS_ADDR_UNSPECIFIED(&v6))
		*ret_protocol = AVAHI_PROTO_INET6;
	/* Asked to announce the loopback ("always"): somebody hands the port on, who knows where. */
	if ((!is_v4 && !is_v6) || is_loopback || getifaddrs(&entries) < 0)
		return;
	for (const struct ifaddrs *e = entries; e; e = e->ifa_next) {
		if (has_address(e, is_v4 ? &v4 : NULL, is_v6 ? &v6 : NULL)) {
			*ret_interface = (AvahiIfIndex)if_nametoindex(e->ifa_name);
			break;
		}
	}
	freeifaddrs(entries);
	if (*ret_interface == 0)
		*ret_interface = AVAHI_IF_UNSPEC;
}

const char *const *pl_service_types(const struct pl_service *service)
{
	static const char *const plain[] = {"_partyline._tcp", "_micwise._tcp", "_http._tcp", NULL};
	static const char *const tls[] = {"_partyline._tcp", "_micwise._tcp", "_http._tcp",
					  "_https._tcp", NULL};

	return service->tls ? tls : plain;
}

/** Adds one record; on an error the list is freed and NULL. */
static int __attribute__((format(printf, 2, 3)))
add(AvahiStringList **list, const char *format, ...)
{
	AvahiStringList *longer;
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	longer = avahi_string_list_add(*list, text);
	if (!longer) {
		avahi_string_list_free(*list);
		*list = NULL;
		return -ENOMEM;
	}
	*list = longer;
	return 0;
}

int pl_service_txt(const struct pl_service *service, AvahiStringList **ret_txt)
{
	AvahiStringList *list = NULL;
	int r;

	/* The list is a stack: the first one in the record is the last one here. */
	r = add(&list, "id=%s", service->id);
	if (r == 0)
		r = add(&list, "tablets=%u", service->n_tablets);
	if (r == 0)
		r = add(&list, "channels=%u", service->n_channels);
	if (r == 0)
		r = add(&list, "tls=%d", service->tls);
	if (r == 0)
		r = add(&list, "path=/");
	if (r == 0)
		r = add(&list, "version=%s", PL_VERSION);
	if (r == 0)
		*ret_txt = list;
	return r;
}
