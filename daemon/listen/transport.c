/* SPDX-License-Identifier: MIT */
#include "transport.h"

void listen_transport_on_state(void *transport, enum pl_peer_state state)
{
	const struct listen_transport *to = transport;

	to->handlers.on_state(to->userdata, state);
}

void listen_transport_on_rtp(void *transport, uint8_t *packet, size_t size, uint64_t now_nsec)
{
	const struct listen_transport *to = transport;

	to->handlers.on_rtp(to->userdata, packet, size, now_nsec);
}

void listen_transport_on_rtcp(void *transport, uint8_t *packet, size_t size, uint64_t now_nsec)
{
	const struct listen_transport *to = transport;

	to->handlers.on_rtcp(to->userdata, packet, size, now_nsec);
}
