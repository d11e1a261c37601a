/* SPDX-License-Identifier: MIT */
#include "rtp.h"

#include <errno.h>

#include "bytes.h"

#define VERSION 2u

int pl_rtp_parse(const uint8_t *data, size_t size, struct pl_rtp_packet *ret_packet)
{
	struct pl_rtp_packet packet = {0};
	size_t at = PL_RTP_HEADER_SIZE;

	if (size < PL_RTP_HEADER_SIZE || data[0] >> 6 != VERSION)
		return -EBADMSG;
	packet.n_csrc = data[0] & 0x0f;
	packet.marker = data[1] & 0x80;
	packet.payload_type = data[1] & 0x7f;
	packet.sequence = get_u16(data + 2);
	packet.timestamp = get_u32(data + 4);
	packet.ssrc = get_u32(data + 8);
	if (size - at < packet.n_csrc * 4u)
		return -EBADMSG;
	for (uint8_t i = 0; i < packet.n_csrc; i++, at += 4)
		packet.csrc[i] = get_u32(data + at);
	if (data[0] & 0x10) { /* extension */
		size_t n;

		if (size - at < 4)
			return -EBADMSG;
		n = get_u16(data + at + 2) * (size_t)4;
		at += 4;
		if (size - at < n)
			return -EBADMSG;
		at += n;
	}
	packet.payload = data + at;
	packet.payload_size = size - at;
	if (data[0] & 0x20) { /* padding, its length in its last byte */
		uint8_t padding;

		if (packet.payload_size == 0)
			return -EBADMSG;
		padding = data[size - 1];
		if (padding == 0 || padding > packet.payload_size)
			return -EBADMSG;
		packet.payload_size -= padding;
	}
	*ret_packet = packet;
	return 0;
}

int pl_rtp_write_header(const struct pl_rtp_packet *packet, uint8_t *ret_data, size_t size)
{
	uint8_t n_csrc = packet->n_csrc & 0x0f;
	size_t n = PL_RTP_HEADER_SIZE + n_csrc * 4u;

	if (size < n)
		return -ENOSPC;
	ret_data[0] = (uint8_t)(VERSION << 6 | n_csrc);
	ret_data[1] = (uint8_t)((packet->marker ? 0x80 : 0) | (packet->payload_type & 0x7f));
	put_u16(ret_data + 2, packet->sequence);
	put_u32(ret_data + 4, packet->timestamp);
	put_u32(ret_data + 8, packet->ssrc);
	for (uint8_t i = 0; i < n_csrc; i++)
		put_u32(ret_data + PL_RTP_HEADER_SIZE + 4u * i, packet->csrc[i]);
	return (int)n;
}

bool pl_rtp_is_rtcp(const uint8_t *data, size_t size)
{
	return size >= 2 && data[0] >> 6 == VERSION && data[1] >= 192 && data[1] <= 223;
}
