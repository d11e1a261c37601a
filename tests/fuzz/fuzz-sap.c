/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sap.h"
#include "sdp.h"

/* An announcement: what is read lies within it, can be written and reads the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_sap_packet packet, again;
	uint8_t written[PL_SAP_PACKET_MAX];
	struct pl_sdp sdp;
	int n;

	if (pl_sap_parse(data, size, &packet) < 0)
		return 0;
	if ((const uint8_t *)packet.sdp < data ||
	    (const uint8_t *)packet.sdp + packet.sdp_size > data + size ||
	    pl_sap_hash(packet.sdp, packet.sdp_size) == 0)
		abort();
	pl_sdp_parse(packet.sdp, packet.sdp_size, &sdp);
	n = pl_sap_write(&packet, written, sizeof(written));
	if (n < 0)
		return 0;
	if (pl_sap_parse(written, (size_t)n, &again) < 0 || again.ipv6 != packet.ipv6 ||
	    again.is_deletion != packet.is_deletion || again.hash != packet.hash ||
	    memcmp(again.source, packet.source, 16) != 0 || again.sdp_size != packet.sdp_size ||
	    memcmp(again.sdp, packet.sdp, packet.sdp_size) != 0)
		abort();
	return 0;
}
