/* SPDX-License-Identifier: MIT */
#include "offer.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sdp.h"
#include "udp.h"

/** An address by which others reach this machine; the loopback's when there is no other. */
static void find_own_address(bool ipv6, char *ret_text, size_t size)
{
	struct ifaddrs *list = NULL;

	snprintf(ret_text, size, "%s", ipv6 ? "::1" : "127.0.0.1");
	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		const struct sockaddr *address = i->ifa_addr;
		const void *bytes = NULL;

		if (!address || (i->ifa_flags & IFF_LOOPBACK) || !(i->ifa_flags & IFF_UP))
			continue;
		if (!ipv6 && address->sa_family == AF_INET)
			bytes = &((const struct sockaddr_in *)address)->sin_addr;
		if (ipv6 && address->sa_family == AF_INET6 &&
		    !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)address)->sin6_addr))
			bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
		if (bytes && inet_ntop(address->sa_family, bytes, ret_text, (socklen_t)size))
			break;
	}
	freeifaddrs(list);
}

/** The same stream is the same session for everybody who reads of it: RFC 8866 5.2. */
static uint64_t hash_id(const char *id)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * 1099511628211u;
	return hash >> 1;
}

int stream_offer(const struct pl_stream_def *def, uint64_t version, bool with_key, char *ret_text,
		 size_t size)
{
	struct pl_sdp sdp = {
		.session_id = hash_id(def->id),
		.session_version = version,
		.payload_type = def->payload_type,
		.is_opus = true,
		.n_channels = def->n_channels,
		.ptime_ms = def->ptime_ms,
		.bitrate_bps = def->bitrate_bps,
		.fec = def->fec,
		.dtx = def->dtx,
		.way = def->way,
		.cipher = def->cipher,
		.secret_size = with_key ? def->secret_size : 0,
	};
	struct lookup_address remote = {.size = 0};
	bool sends = def->way & PL_STREAM_SEND;
	const char *host = sends ? def->remote_host : def->local_address;

	sdp.port = sends ? def->remote_port : def->local_port;
	if (lookup_numeric(host[0] ? host : "0.0.0.0", sdp.port, &remote) >= 0) {
		sdp.ipv6 = remote.address.ss_family == AF_INET6;
		sdp.ttl = !sdp.ipv6 && udp_is_multicast(&remote) ? def->ttl : 0;
	}
	find_own_address(sdp.ipv6, sdp.origin, sizeof(sdp.origin));
	snprintf(sdp.address, sizeof(sdp.address), "%s", host[0] ? host : sdp.origin);
	snprintf(sdp.name, sizeof(sdp.name), "%s", def->name[0] ? def->name : def->id);
	if (with_key)
		memcpy(sdp.secret, def->secret, sizeof(sdp.secret));
	return pl_sdp_write(&sdp, ret_text, size);
}
