/* SPDX-License-Identifier: MIT */
#include "sap-room.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sap-list.h"
#include "sap.h"
#include "sdp.h"
#include "udp.h"

#define USEC_PER_SEC UINT64_C(1000000)
/** Interfaces come and go. */
#define LOOK_USEC (10u * USEC_PER_SEC)
/** Said twice at first, as one may be lost; then in RFC 2974's pace. */
#define AGAIN_USEC (2u * USEC_PER_SEC)
#define INTERFACES_MAX 32u
/** Taken at a time: a flood shall not keep the loop. */
#define BATCH 16u
#define ADMIN_ORGANISATION "239.195.255.255"

/** Groups that are listened to: of the scopes of RFC 2365 and RFC 4291 2.7 that leave a machine. */
static const char *const groups[] = {
	PL_SAP_ADDRESS, PL_SAP_ADDRESS_ADMIN, ADMIN_ORGANISATION, PL_SAP_ADDRESS_IPV6,
	"ff05::2:7ffe", "ff08::2:7ffe",       "ff0e::2:7ffe",
};

struct announced {
	char id[PL_GATEWAY_ID_MAX]; /* "": none */
	char sdp[PL_SAP_PACKET_MAX];
	size_t size;
	struct lookup_address group;
	uint8_t ttl;
	char interface[16];
	uint64_t next_usec;
	unsigned n_told;
};

struct sap_room {
	sd_event *event;
	sd_event_source *timer, *listen4, *listen6;
	int send4_fd, send6_fd; /* -1 until something is announced */
	int listen4_fd, listen6_fd;

	struct announced announced[PL_STREAMS_MAX];
	struct sap_list list;
};

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000u;
}

/** Those that can multicast, each once. */
static size_t list_interfaces(unsigned *ret_indices)
{
	struct ifaddrs *list = NULL;
	size_t n = 0;

	if (getifaddrs(&list) < 0)
		return 0;
	for (const struct ifaddrs *i = list; i && n < INTERFACES_MAX; i = i->ifa_next) {
		unsigned index = if_nametoindex(i->ifa_name);
		bool known = index == 0;

		for (size_t k = 0; k < n; k++)
			known = known || ret_indices[k] == index;
		if (!known && (i->ifa_flags & IFF_UP) && (i->ifa_flags & IFF_MULTICAST))
			ret_indices[n++] = index;
	}
	freeifaddrs(list);
	return n;
}

/* --- telling ---------------------------------------------------------------------------------- */

/** RFC 2974 3: of the session's own scope, that what cannot be had is not announced either. */
static void choose_group(const struct lookup_address *to, struct lookup_address *ret_group)
{
	uint32_t ipv4 = ntohl(((const struct sockaddr_in *)&to->address)->sin_addr.s_addr);
	const char *text = PL_SAP_ADDRESS;

	if (to->address.ss_family == AF_INET6)
		text = PL_SAP_ADDRESS_IPV6;
	else if (ipv4 >> 16 == 0xefffu) /* 239.255/16, RFC 2365 6.1 */
		text = PL_SAP_ADDRESS_ADMIN;
	else if (ipv4 >> 18 == 0xefc0u >> 2) /* 239.192/14, RFC 2365 6.2 */
		text = ADMIN_ORGANISATION;
	lookup_numeric(text, PL_SAP_PORT, ret_group);
	if (to->address.ss_family == AF_INET6 && udp_is_multicast(to)) {
		const struct sockaddr_in6 *from = (const struct sockaddr_in6 *)&to->address;
		struct sockaddr_in6 *group = (struct sockaddr_in6 *)&ret_group->address;

		/* the low four bits of the second byte: RFC 4291 2.7 */
		group->sin6_addr.s6_addr[1] = from->sin6_addr.s6_addr[1] & 0x0f;
	}
}

static int send_fd(struct sap_room *room, int family)
{
	int *fd = family == AF_INET ? &room->send4_fd : &room->send6_fd;

	if (*fd < 0)
		*fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	return *fd;
}

static void send_by(int fd, const struct announced *one, unsigned interface, const uint8_t *data,
		    size_t size)
{
	const struct ip_mreqn by4 = {.imr_ifindex = (int)interface};
	const int by6 = (int)interface, ttl = one->ttl;
	struct lookup_address to = one->group;

	if (to.address.ss_family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by4, sizeof(by4));
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &by6, sizeof(by6));
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &ttl, sizeof(ttl));
		((struct sockaddr_in6 *)&to.address)->sin6_scope_id = interface;
	}
	/* A network that is down is told the next time. */
	sendto(fd, data, size, MSG_DONTWAIT, (struct sockaddr *)&to.address, to.size);
}

static void tell(struct sap_room *room, const struct announced *one, bool is_deletion)
{
	struct pl_sap_packet packet = {
		.is_deletion = is_deletion,
		.hash = pl_sap_hash(one->sdp, one->size),
		.sdp = one->sdp,
		.sdp_size = one->size,
	};
	uint8_t data[PL_SAP_PACKET_MAX];
	unsigned indices[INTERFACES_MAX];
	struct pl_sdp sdp;
	size_t n;
	int r, fd = send_fd(room, one->group.address.ss_family);

	if (fd < 0 || pl_sdp_parse(one->sdp, one->size, &sdp) < 0)
		return;
	/* who says it is in its SDP */
	packet.ipv6 = inet_pton(AF_INET6, sdp.origin, packet.source) == 1;
	if (!packet.ipv6)
		inet_pton(AF_INET, sdp.origin, packet.source);
	r = pl_sap_write(&packet, data, sizeof(data));
	if (r < 0)
		return;
	n = list_interfaces(indices);
	for (size_t i = 0; i < n; i++) {
		if (!one->interface[0] || if_nametoindex(one->interface) == indices[i])
			send_by(fd, one, indices[i], data, (size_t)r);
	}
}

static uint64_t pause_usec(const struct sap_room *room, const struct announced *one)
{
	uint32_t random = 0;

	if (one->n_told < 2)
		return AGAIN_USEC;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	return (uint64_t)(pl_sap_interval_s(room->list.n + 1u, one->size, random / 4294967296.0) *
			  (double)USEC_PER_SEC);
}

/* --- hearing ---------------------------------------------------------------------------------- */

static void join_all(const struct sap_room *room)
{
	unsigned indices[INTERFACES_MAX];
	size_t n = list_interfaces(indices);
	struct lookup_address group;

	for (size_t k = 0; k < sizeof(groups) / sizeof(groups[0]); k++) {
		int fd;

		lookup_numeric(groups[k], PL_SAP_PORT, &group);
		fd = group.address.ss_family == AF_INET ? room->listen4_fd : room->listen6_fd;
		/* Where it is a member already it says so. */
		for (size_t i = 0; fd >= 0 && i < n; i++)
			udp_join(fd, &group, indices[i]);
	}
}

static bool is_ours(const struct sap_room *room, const struct pl_sap_packet *packet)
{
	for (size_t i = 0; i < PL_STREAMS_MAX; i++) {
		const struct announced *one = &room->announced[i];

		if (one->id[0] && one->size == packet->sdp_size &&
		    memcmp(one->sdp, packet->sdp, one->size) == 0)
			return true;
	}
	return false;
}

static int on_packets(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct sap_room *room = userdata;
	uint8_t data[PL_SAP_PACKET_MAX + 1];

	for (unsigned i = 0; i < BATCH; i++) {
		struct lookup_address from = {.size = sizeof(from.address)};
		struct pl_sap_packet packet;
		ssize_t n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT,
				     (struct sockaddr *)&from.address, &from.size);

		if (n < 0)
			break;
		if ((size_t)n <= PL_SAP_PACKET_MAX && pl_sap_parse(data, (size_t)n, &packet) == 0 &&
		    !is_ours(room, &packet))
			sap_list_take(&room->list, &packet, &from, now_usec());
	}
	return 0;
}

/* --- time ------------------------------------------------------------------------------------- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct sap_room *room = userdata;
	uint64_t now = now_usec(), next = UINT64_MAX;

	for (size_t i = 0; i < PL_STREAMS_MAX; i++) {
		struct announced *one = &room->announced[i];

		if (!one->id[0])
			continue;
		if (now >= one->next_usec) {
			tell(room, one, false);
			one->n_told++;
			one->next_usec = now + pause_usec(room, one);
		}
		next = one->next_usec < next ? one->next_usec : next;
	}
	if (room->listen4 || room->listen6) {
		join_all(room);
		sap_list_forget(&room->list, now);
		next = now + LOOK_USEC < next ? now + LOOK_USEC : next;
	}
	if (next == UINT64_MAX)
		return 0;
	sd_event_source_set_time(room->timer, next);
	return sd_event_source_set_enabled(room->timer, SD_EVENT_ONESHOT);
}

static void look_now(struct sap_room *room)
{
	sd_event_source_set_time(room->timer, 0);
	sd_event_source_set_enabled(room->timer, SD_EVENT_ONESHOT);
}

/* --- what is wished ----------------------------------------------------------------------- */

static struct announced *find_announced(struct sap_room *room, const char *id)
{
	for (size_t i = 0; i < PL_STREAMS_MAX; i++) {
		if (strcmp(room->announced[i].id, id) == 0)
			return &room->announced[i];
	}
	return NULL;
}

int sap_room_announce(struct sap_room *room, const char *id, const char *sdp, size_t size,
		      const struct lookup_address *to, uint8_t ttl, const char *interface)
{
	struct announced *one = find_announced(room, id);

	if (one && one->size == size && memcmp(one->sdp, sdp, size) == 0)
		return 0;
	if (size > sizeof(one->sdp))
		return -EMSGSIZE;
	sap_room_withdraw(room, id);
	one = find_announced(room, "");
	if (!one)
		return -ENOSPC;
	*one = (struct announced){.size = size, .ttl = ttl};
	memcpy(one->sdp, sdp, size);
	snprintf(one->id, sizeof(one->id), "%s", id);
	snprintf(one->interface, sizeof(one->interface), "%s", interface);
	choose_group(to, &one->group);
	look_now(room);
	return 0;
}

void sap_room_withdraw(struct sap_room *room, const char *id)
{
	struct announced *one = id[0] ? find_announced(room, id) : NULL;

	if (!one)
		return;
	if (one->n_told > 0)
		tell(room, one, true);
	one->id[0] = '\0';
}

size_t sap_room_sessions(const struct sap_room *room, const struct pl_sap_session **ret_sessions)
{
	*ret_sessions = room->list.sessions;
	return room->list.n;
}

static void stop_listening(struct sap_room *room)
{
	room->listen4 = sd_event_source_disable_unref(room->listen4);
	room->listen6 = sd_event_source_disable_unref(room->listen6);
	if (room->listen4_fd >= 0)
		close(room->listen4_fd);
	if (room->listen6_fd >= 0)
		close(room->listen6_fd);
	room->listen4_fd = room->listen6_fd = -1;
	room->list.n = 0;
}

static int listen_one(struct sap_room *room, int family, int *ret_fd, sd_event_source **ret_source)
{
	int r = udp_open_groups(family, PL_SAP_PORT, ret_fd);

	return r < 0 ? r
		     : sd_event_add_io(room->event, ret_source, *ret_fd, EPOLLIN, on_packets, room);
}

int sap_room_listen(struct sap_room *room, bool listen)
{
	int r;

	if (!listen)
		stop_listening(room);
	if (!listen || room->listen4)
		return 0;
	r = listen_one(room, AF_INET, &room->listen4_fd, &room->listen4);
	if (r < 0) {
		stop_listening(room);
		return r;
	}
	/* A kernel may be without. */
	listen_one(room, AF_INET6, &room->listen6_fd, &room->listen6);
	look_now(room);
	return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

int sap_room_new(sd_event *event, struct sap_room **ret_room)
{
	struct sap_room *room = calloc(1, sizeof(*room));
	int r;

	if (!room)
		return -ENOMEM;
	room->event = sd_event_ref(event);
	room->send4_fd = room->send6_fd = room->listen4_fd = room->listen6_fd = -1;
	r = sd_event_add_time(event, &room->timer, CLOCK_MONOTONIC, 0, USEC_PER_SEC / 10, on_timer,
			      room);
	if (r >= 0)
		r = sd_event_source_set_enabled(room->timer, SD_EVENT_OFF);
	if (r < 0) {
		sap_room_free(room);
		return r;
	}
	*ret_room = room;
	return 0;
}

struct sap_room *sap_room_free(struct sap_room *room)
{
	if (!room)
		return NULL;
	for (size_t i = 0; i < PL_STREAMS_MAX; i++)
		sap_room_withdraw(room, room->announced[i].id);
	stop_listening(room);
	sd_event_source_disable_unref(room->timer);
	if (room->send4_fd >= 0)
		close(room->send4_fd);
	if (room->send6_fd >= 0)
		close(room->send6_fd);
	sd_event_unref(room->event);
	free(room);
	return NULL;
}
