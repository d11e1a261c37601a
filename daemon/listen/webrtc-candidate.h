/* SPDX-License-Identifier: MIT */
#ifndef PL_WEBRTC_CANDIDATE_H
#define PL_WEBRTC_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net-address.h"

/** Where one end may be reached, as a session description says it (RFC 8839 5.1). Pure; any thread. */

enum pl_webrtc_candidate_type {
	PL_WEBRTC_HOST,
	PL_WEBRTC_SERVER_REFLEXIVE,
	PL_WEBRTC_PEER_REFLEXIVE,
	PL_WEBRTC_RELAYED,
};

/** With the NUL. */
#define PL_WEBRTC_FOUNDATION_SIZE 33u
#define PL_WEBRTC_CANDIDATES_MAX 16u
/** "candidate:" and all that is written, with the NUL. */
#define PL_WEBRTC_CANDIDATE_SIZE 256u

struct pl_webrtc_candidate {
	char foundation[PL_WEBRTC_FOUNDATION_SIZE];
	uint32_t priority;
	enum pl_webrtc_candidate_type type;
	struct pl_net_address address;
	/** where it was seen from, of all but HOST; family 0: not told */
	struct pl_net_address related;
};

struct pl_webrtc_candidates {
	uint32_t n;
	struct pl_webrtc_candidate list[PL_WEBRTC_CANDIDATES_MAX];
};

/**
 * The value of a=candidate.
 *
 * @return 0; -EPROTONOSUPPORT: not UDP, not RTP's component, or not an IP address ("….local" of
 *         browsers that hide theirs); -EBADMSG: none at all
 */
int pl_webrtc_candidate_read(const char *value, struct pl_webrtc_candidate *ret_candidate);
/** "candidate:1 1 udp 2130706431 192.0.2.1 8001 typ host". @return length without the NUL */
size_t pl_webrtc_candidate_write(const struct pl_webrtc_candidate *candidate,
				 char ret_text[PL_WEBRTC_CANDIDATE_SIZE]);
/** Add one to the list, unless it is full or has it: more are of no use. */
void pl_webrtc_candidates_add(struct pl_webrtc_candidates *candidates,
			      const struct pl_webrtc_candidate *candidate);
/** Host candidates for addresses of ours, best first. */
void pl_webrtc_candidates_of_hosts(const struct pl_net_address *addresses, uint32_t n,
				   struct pl_webrtc_candidates *ret_candidates);

#endif
