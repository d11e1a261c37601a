/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "sdp.h"

/* A session description: what is read can be written, and reads the same. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_sdp sdp, again;
	char text[PL_SDP_MAX];
	int n;

	if (pl_sdp_parse((const char *)data, size, &sdp) < 0)
		return 0;
	n = pl_sdp_write(&sdp, text, sizeof(text));
	if (n < 0) /* control characters in a text */
		return 0;
	if (!sdp.is_opus)
		return 0;
	if (pl_sdp_parse(text, (size_t)n, &again) < 0)
		abort();
	if (again.port != sdp.port || strcmp(again.address, sdp.address) != 0 ||
	    again.payload_type != sdp.payload_type || again.n_channels != sdp.n_channels ||
	    again.fec != sdp.fec || again.dtx != sdp.dtx || again.way != sdp.way ||
	    again.bitrate_bps != sdp.bitrate_bps || again.secret_size != sdp.secret_size ||
	    memcmp(again.secret, sdp.secret, sizeof(sdp.secret)) != 0 || !again.is_opus)
		abort();
	return 0;
}
