/* SPDX-License-Identifier: MIT */
#ifndef PL_RTP_H
#define PL_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * RTP packets, RFC 3550 5.1: bytes to fields and back. Pure; any thread.
 */

#define PL_RTP_HEADER_SIZE 12u
#define PL_RTP_CSRC_MAX 15u
/** Of the timestamps of Opus, whatever the graph runs at; RFC 7587 4.1. */
#define PL_RTP_CLOCK_HZ 48000u
/** Larger datagrams are refused; an Ethernet frame without jumbo. */
#define PL_RTP_PACKET_MAX 1500u

struct pl_rtp_packet {
	uint8_t payload_type; /**< 0..127 */
	bool marker;
	uint16_t sequence;
	uint32_t timestamp; /**< 48 kHz */
	uint32_t ssrc;
	uint8_t n_csrc; /**< 0..15 */
	uint32_t csrc[PL_RTP_CSRC_MAX];
	const uint8_t *payload; /**< borrowed from the packet; without padding */
	size_t payload_size;    /**< bytes, may be 0 */
};

/**
 * @param ret_packet  points into data
 * @return 0; -EBADMSG: not RTP version 2, cut short, or padding that is not there
 */
int pl_rtp_parse(const uint8_t *data, size_t size, struct pl_rtp_packet *ret_packet);

/**
 * The header with its contributing sources; the payload follows it.
 *
 * @param packet  payload and payload_size are not read
 * @return bytes written; -ENOSPC
 */
int pl_rtp_write_header(const struct pl_rtp_packet *packet, uint8_t *ret_data, size_t size);

/** Whether a datagram of a port that carries both is RTCP: packet types 192..223, RFC 5761 4. */
bool pl_rtp_is_rtcp(const uint8_t *data, size_t size);

#endif
