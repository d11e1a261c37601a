/* SPDX-License-Identifier: MIT */
#include "sap.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "bytes.h"

/* RFC 2974 3: V = 1 in the upper three bits, then A, R, T, E, C */
#define VERSION_SHIFT 5
#define FLAG_IPV6 0x10u
#define FLAG_DELETION 0x04u
#define FLAG_ENCRYPTED 0x02u
#define FLAG_COMPRESSED 0x01u
#define HEADER_SIZE 4u

static const char mime[] = "application/sdp";

/** Fletcher's sum, RFC 1146: RFC 2974 asks for no particular one. */
uint16_t pl_sap_hash(const char *sdp, size_t size)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < size; i++) {
		a = (a + (uint8_t)sdp[i]) % 255;
		b = (b + a) % 255;
	}
	return (uint16_t)((b << 8 | a) ? (b << 8 | a) : 1);
}

int pl_sap_write(const struct pl_sap_packet *packet, uint8_t *ret_data, size_t size)
{
	size_t n_address = packet->ipv6 ? 16 : 4;
	size_t n = HEADER_SIZE + n_address + sizeof(mime) + packet->sdp_size;

	if (n > size || n > PL_SAP_PACKET_MAX)
		return -ENOSPC;
	ret_data[0] = (uint8_t)(1u << VERSION_SHIFT | (packet->ipv6 ? FLAG_IPV6 : 0) |
				(packet->is_deletion ? FLAG_DELETION : 0));
	ret_data[1] = 0;
	put_u16(ret_data + 2, packet->hash);
	memcpy(ret_data + HEADER_SIZE, packet->source, n_address);
	memcpy(ret_data + HEADER_SIZE + n_address, mime, sizeof(mime));
	memcpy(ret_data + HEADER_SIZE + n_address + sizeof(mime), packet->sdp, packet->sdp_size);
	return (int)n;
}

int pl_sap_parse(const uint8_t *data, size_t size, struct pl_sap_packet *ret_packet)
{
	struct pl_sap_packet packet = {0};
	size_t at, n_address;

	if (size < HEADER_SIZE || data[0] >> VERSION_SHIFT > 1)
		return -EBADMSG;
	if (data[0] & (FLAG_ENCRYPTED | FLAG_COMPRESSED))
		return -EOPNOTSUPP;
	packet.ipv6 = data[0] & FLAG_IPV6;
	packet.is_deletion = data[0] & FLAG_DELETION;
	packet.hash = get_u16(data + 2);
	n_address = packet.ipv6 ? 16 : 4;
	at = HEADER_SIZE + n_address;
	/* authentication data, in words: passed over, nobody has the keys */
	if (size < at || size - at < data[1] * (size_t)4)
		return -EBADMSG;
	memcpy(packet.source, data + HEADER_SIZE, n_address);
	at += data[1] * (size_t)4;
	/* The payload's type may be left out when it is SDP, which begins with "v=0" (RFC 2974 3). */
	if (size - at < 3 || memcmp(data + at, "v=0", 3) != 0) {
		const uint8_t *end = memchr(data + at, '\0', size - at);

		if (!end || strcasecmp((const char *)data + at, mime) != 0)
			return -EBADMSG;
		at = (size_t)(end - data) + 1;
	}
	packet.sdp = (const char *)data + at;
	packet.sdp_size = size - at;
	/* a deletion needs only the origin line, and some send nothing */
	if (!packet.is_deletion && packet.sdp_size == 0)
		return -EBADMSG;
	*ret_packet = packet;
	return 0;
}

double pl_sap_interval_s(size_t n_sessions, size_t size, double random)
{
	double interval_s = fmax(300, 8.0 * (double)n_sessions * (double)size / 4000);

	return interval_s + interval_s * (random * 2 - 1) / 3;
}
