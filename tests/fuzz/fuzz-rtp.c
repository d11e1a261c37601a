/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rtp.h"

/* A datagram: what is read out of it lies within it, and can be written and read again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_rtp_packet packet, again;
	uint8_t head[PL_RTP_HEADER_SIZE + 4 * PL_RTP_CSRC_MAX];
	int n;

	pl_rtp_is_rtcp(data, size);
	if (pl_rtp_parse(data, size, &packet) < 0)
		return 0;
	if (packet.payload < data || packet.payload + packet.payload_size > data + size)
		abort();
	n = pl_rtp_write_header(&packet, head, sizeof(head));
	if (n < 0 || pl_rtp_parse(head, (size_t)n, &again) < 0)
		abort();
	if (again.sequence != packet.sequence || again.ssrc != packet.ssrc ||
	    again.timestamp != packet.timestamp || again.marker != packet.marker ||
	    again.n_csrc != packet.n_csrc ||
	    memcmp(again.csrc, packet.csrc, sizeof(packet.csrc)) != 0 || again.payload_size != 0)
		abort();
	return 0;
}
