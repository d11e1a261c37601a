/* SPDX-License-Identifier: MIT */
#include "webrtc-candidate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sdp-line.h"

/** RFC 8445 5.1.2: type preference of a host candidate. */
#define PRIORITY_HOST (126u << 24)
#define LOCAL_PREFERENCE_MAX 65535u
#define COMPONENT_RTP 1u

static const char *const types[] = {
	[PL_WEBRTC_HOST] = "host",
	[PL_WEBRTC_SERVER_REFLEXIVE] = "srflx",
	[PL_WEBRTC_PEER_REFLEXIVE] = "prflx",
	[PL_WEBRTC_RELAYED] = "relay",
};

static bool is_word(const char *word, size_t n, const char *wanted)
{
	return n == strlen(wanted) && strncasecmp(word, wanted, n) == 0;
}

/** RFC 8839 5.1: 1*32ice-char. */
static bool read_foundation(const char *word, size_t n, char ret_text[PL_WEBRTC_FOUNDATION_SIZE])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (n == 0 || n >= PL_WEBRTC_FOUNDATION_SIZE || strspn(word, alphabet) < n)
		return false;
	memcpy(ret_text, word, n);
	ret_text[n] = '\0';
	return true;
}

static bool read_host(const char *word, size_t n, struct pl_net_address *address)
{
	char text[PL_NET_ADDRESS_TEXT_MAX];

	if (n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	text[n] = '\0';
	address->family = 0;
	memset(address->byte, 0, sizeof(address->byte));
	if (inet_pton(AF_INET, text, address->byte) == 1)
		address->family = AF_INET;
	else if (inet_pton(AF_INET6, text, address->byte) == 1)
		address->family = AF_INET6;
	return address->family != 0;
}

static int read_type(const char *word, size_t n, enum pl_webrtc_candidate_type *ret_type)
{
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!is_word(word, n, types[i]))
			continue;
		*ret_type = (enum pl_webrtc_candidate_type)i;
		return 0;
	}
	return -EPROTONOSUPPORT; /* the grammar allows others */
}

/** " raddr 10.0.0.1 rport 5000", and extensions that are passed over: pairs all of them */
static void read_related(const char *at, struct pl_net_address *ret_related)
{
	struct pl_net_address related = {0};
	bool has_host = false, has_port = false;
	const char *name, *word;
	uint64_t value;
	size_t n_name, n;

	while ((n_name = pl_sdp_word(&at, &name)) > 0 && (n = pl_sdp_word(&at, &word)) > 0) {
		if (is_word(name, n_name, "raddr")) {
			has_host = read_host(word, n, &related);
		} else if (is_word(name, n_name, "rport") &&
			   pl_sdp_number(word, n, UINT16_MAX, &value)) {
			related.port = (uint16_t)value;
			has_port = true;
		}
	}
	if (has_host && has_port)
		*ret_related = related;
}

int pl_webrtc_candidate_read(const char *value, struct pl_webrtc_candidate *ret_candidate)
{
	struct pl_webrtc_candidate candidate = {0};
	const char *word;
	uint64_t component, priority, port;
	bool is_udp, is_ip;
	size_t n = pl_sdp_word(&value, &word);
	int r;

	if (!read_foundation(word, n, candidate.foundation))
		return -EBADMSG;
	n = pl_sdp_word(&value, &word);
	if (!pl_sdp_number(word, n, 256, &component))
		return -EBADMSG;
	n = pl_sdp_word(&value, &word);
	if (n == 0)
		return -EBADMSG;
	is_udp = is_word(word, n, "udp");
	n = pl_sdp_word(&value, &word);
	if (!pl_sdp_number(word, n, UINT32_MAX, &priority))
		return -EBADMSG;
	n = pl_sdp_word(&value, &word);
	if (n == 0)
		return -EBADMSG;
	is_ip = read_host(word, n, &candidate.address);
	n = pl_sdp_word(&value, &word);
	if (!pl_sdp_number(word, n, UINT16_MAX, &port))
		return -EBADMSG;
	n = pl_sdp_word(&value, &word);
	if (!is_word(word, n, "typ"))
		return -EBADMSG;
	n = pl_sdp_word(&value, &word);
	if (n == 0)
		return -EBADMSG;
	r = read_type(word, n, &candidate.type);
	if (r < 0 || !is_udp || !is_ip || component != COMPONENT_RTP || port == 0)
		return -EPROTONOSUPPORT;
	candidate.priority = (uint32_t)priority;
	candidate.address.port = (uint16_t)port;
	read_related(value, &candidate.related);
	*ret_candidate = candidate;
	return 0;
}

size_t pl_webrtc_candidate_write(const struct pl_webrtc_candidate *candidate,
				 char ret_text[PL_WEBRTC_CANDIDATE_SIZE])
{
	char host[PL_NET_ADDRESS_TEXT_MAX];
	int n;

	pl_net_address_host_text(&candidate->address, host);
	n = snprintf(ret_text, PL_WEBRTC_CANDIDATE_SIZE, "candidate:%s %u udp %u %s %u typ %s",
		     candidate->foundation, COMPONENT_RTP, candidate->priority, host,
		     candidate->address.port, types[candidate->type]);
	if (candidate->type == PL_WEBRTC_HOST || candidate->related.family == 0)
		return (size_t)n;
	pl_net_address_host_text(&candidate->related, host);
	n += snprintf(ret_text + n, PL_WEBRTC_CANDIDATE_SIZE - (size_t)n, " raddr %s rport %u",
		      host, candidate->related.port);
	return (size_t)n;
}

void pl_webrtc_candidates_add(struct pl_webrtc_candidates *candidates,
			      const struct pl_webrtc_candidate *candidate)
{
	if (candidates->n == PL_WEBRTC_CANDIDATES_MAX)
		return;
	for (uint32_t i = 0; i < candidates->n; i++)
		if (candidates->list[i].type == candidate->type &&
		    pl_net_address_is_same(&candidates->list[i].address, &candidate->address))
			return;
	candidates->list[candidates->n++] = *candidate;
}

void pl_webrtc_candidates_of_hosts(const struct pl_net_address *addresses, uint32_t n,
				   struct pl_webrtc_candidates *ret_candidates)
{
	struct pl_webrtc_candidates candidates = {0};

	for (uint32_t i = 0; i < n && i < PL_WEBRTC_CANDIDATES_MAX; i++) {
		struct pl_webrtc_candidate candidate = {
			.priority = PRIORITY_HOST | (LOCAL_PREFERENCE_MAX - i) << 8 |
				    (256 - COMPONENT_RTP),
			.type = PL_WEBRTC_HOST,
			.address = addresses[i],
		};

		snprintf(candidate.foundation, sizeof(candidate.foundation), "%u", i + 1);
		pl_webrtc_candidates_add(&candidates, &candidate);
	}
	*ret_candidates = candidates;
}
