/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_SAP_LIST_H
#define PL_STREAM_SAP_LIST_H

#include "gateway.h"
#include "lookup.h"
#include "sap.h"

/** Sessions that others announce. Pure; zeroed it is empty. */

/** When there are more, the one that was not heard of for longest goes. */
#define SAP_LIST_MAX 256u

struct sap_heard {
	bool ipv6;
	uint8_t source[16];
	uint16_t hash;
	uint64_t session_id; /* the same in each version of a session */
	struct lookup_address from;
	uint64_t usec; /* last time */
};

struct sap_list {
	/* side by side */
	struct pl_sap_session sessions[SAP_LIST_MAX];
	struct sap_heard heard[SAP_LIST_MAX];
	size_t n;
};

/**
 * What cannot be described, or shown as text, is passed over; a deletion is heard from who announced
 * it and nobody else.
 *
 * @param now_usec  CLOCK_MONOTONIC
 */
void sap_list_take(struct sap_list *list, const struct pl_sap_packet *packet,
		   const struct lookup_address *from, uint64_t now_usec);
/** Those that have not been heard of for an hour. */
void sap_list_forget(struct sap_list *list, uint64_t now_usec);

#endif
