/* SPDX-License-Identifier: MIT */
#include "sap-list.h"

#include <string.h>

#include "sdp.h"
#include "udp.h"
#include "utf8.h"

/** RFC 2974 4: ten periods or an hour, whichever is longer. */
#define FORGET_USEC (UINT64_C(3600) * 1000000u)

static void forget(struct sap_list *list, size_t i)
{
	list->n--;
	list->sessions[i] = list->sessions[list->n];
	list->heard[i] = list->heard[list->n];
}

/** @return its place; n: it is new */
static size_t find_heard(const struct sap_list *list, const struct pl_sap_packet *packet)
{
	size_t i = 0;

	while (i < list->n &&
	       (list->heard[i].ipv6 != packet->ipv6 || list->heard[i].hash != packet->hash ||
		memcmp(list->heard[i].source, packet->source, 16) != 0))
		i++;
	return i;
}

static bool describe(const struct pl_sap_packet *packet, struct pl_sap_session *ret_session,
		     uint64_t *ret_session_id)
{
	struct pl_sdp sdp;

	memset(ret_session, 0, sizeof(*ret_session));
	if (packet->sdp_size >= sizeof(ret_session->sdp) ||
	    memchr(packet->sdp, '\0', packet->sdp_size) ||
	    pl_sdp_parse(packet->sdp, packet->sdp_size, &sdp) < 0)
		return false;
	memcpy(ret_session->sdp, packet->sdp, packet->sdp_size);
	memcpy(ret_session->name, sdp.name, sizeof(ret_session->name));
	memcpy(ret_session->host, sdp.address, sizeof(ret_session->host));
	ret_session->port = sdp.port;
	ret_session->payload_type = sdp.payload_type;
	ret_session->n_channels = sdp.n_channels;
	ret_session->ptime_ms = sdp.ptime_ms;
	ret_session->is_opus = sdp.is_opus;
	*ret_session_id = sdp.session_id;
	/* It goes on to D-Bus and JSON, which take nothing else. */
	for (const char *at = ret_session->sdp; *at;) {
		uint32_t code;
		size_t n = pl_utf8_read(at, strlen(at), &code);

		if (n == 0)
			return false;
		at += n;
	}
	return pl_utf8_is_plain(ret_session->name) && pl_utf8_is_plain(ret_session->host);
}

void sap_list_take(struct sap_list *list, const struct pl_sap_packet *packet,
		   const struct lookup_address *from, uint64_t now_usec)
{
	struct pl_sap_session session;
	uint64_t session_id;
	size_t i = find_heard(list, packet);

	if (packet->is_deletion) {
		/* Of who announced it and nobody else: RFC 2974 5. */
		if (i < list->n && udp_is_same_host(&list->heard[i].from, from))
			forget(list, i);
		return;
	}
	if (i < list->n) {
		list->heard[i].usec = now_usec;
		return;
	}
	if (!describe(packet, &session, &session_id))
		return;
	/* The version before, when its deletion was lost. */
	for (size_t k = list->n; k-- > 0;) {
		if (list->heard[k].session_id == session_id &&
		    udp_is_same_host(&list->heard[k].from, from))
			forget(list, k);
	}
	if (list->n == SAP_LIST_MAX) {
		size_t oldest = 0;

		for (size_t k = 1; k < list->n; k++) {
			if (list->heard[k].usec < list->heard[oldest].usec)
				oldest = k;
		}
		forget(list, oldest);
	}
	i = list->n++;
	list->sessions[i] = session;
	list->heard[i] = (struct sap_heard){
		.ipv6 = packet->ipv6,
		.hash = packet->hash,
		.session_id = session_id,
		.from = *from,
		.usec = now_usec,
	};
	memcpy(list->heard[i].source, packet->source, sizeof(packet->source));
}

void sap_list_forget(struct sap_list *list, uint64_t now_usec)
{
	for (size_t i = list->n; i-- > 0;) {
		if (now_usec - list->heard[i].usec > FORGET_USEC)
			forget(list, i);
	}
}
