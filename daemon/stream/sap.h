/* SPDX-License-Identifier: MIT */
#ifndef PL_SAP_H
#define PL_SAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Session announcements, RFC 2974: bytes to fields and back. Pure; any thread.
 */

/** RFC 2974 3: to 224.2.127.254 (or the highest of an administrative scope), ff0X::2:7ffe, 9875. */
#define PL_SAP_PORT 9875u
#define PL_SAP_ADDRESS "224.2.127.254"
#define PL_SAP_ADDRESS_ADMIN "239.255.255.255"
#define PL_SAP_ADDRESS_IPV6 "ff02::2:7ffe"
/** RFC 2974 6: "SHOULD be smaller than 1 kByte"; ours and what is still read. */
#define PL_SAP_PACKET_MAX 1472u

struct pl_sap_packet {
	bool is_deletion;
	bool ipv6;
	uint8_t source[16]; /**< network order; IPv4: the first four */
	uint16_t hash;   /**< of the message; with the source it names one version of a session */
	const char *sdp; /**< borrowed; not NUL-terminated */
	size_t sdp_size;
};

/** Never 0, which means "not told". */
uint16_t pl_sap_hash(const char *sdp, size_t size);
/** @return bytes; -ENOSPC */
int pl_sap_write(const struct pl_sap_packet *packet, uint8_t *ret_data, size_t size);
/**
 * @return 0; -EBADMSG: no SAP version 1 (or the older 0), cut short, not SDP; -EOPNOTSUPP: encrypted
 *         or compressed (RFC 2974 recommends neither)
 */
int pl_sap_parse(const uint8_t *data, size_t size, struct pl_sap_packet *ret_packet);
/**
 * Seconds between announcements: RFC 2974 3.1, 4000 bit/s for all, at least 300 s, plus or minus a
 * third.
 *
 * @param random  0..1
 */
double pl_sap_interval_s(size_t n_sessions, size_t size, double random);

#endif
