/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "webrtc-sdp.h"

/* An offer that is taken is answered: line by line, a section for each of its sections. */

static void check_answer(const char *text, size_t size, uint32_t n_sections)
{
	uint32_t n = 0;

	while (size > 0) {
		const char *end = memchr(text, '\r', size);
		size_t length = end ? (size_t)(end - text) : 0;

		if (length < 3 || end[1] != '\n' || text[1] != '=')
			abort();
		for (size_t i = 0; i < length; i++)
			if (!isprint((unsigned char)text[i]))
				abort();
		n += text[0] == 'm';
		text += length + 2;
		size -= length + 2;
	}
	if (n != n_sections)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pl_net_address address = {
		.family = AF_INET, .byte = {127, 0, 0, 1}, .port = 8001};
	static const uint8_t fingerprint[PL_FINGERPRINT_SIZE];
	struct pl_webrtc_offer offer;
	struct pl_webrtc_side side = {.ufrag = "abcd", .pwd = "0123456789abcdefghijkl"};
	struct pl_webrtc_answer answer = {
		.offer = &offer,
		.side = &side,
		.fingerprint = fingerprint,
		.sends = true,
		.receives = true,
		.cname = "x",
		.n_channels = 2,
		.ptime_ms = 10,
	};
	char text[8192], trouble[128] = "";
	int r;

	r = pl_webrtc_offer_parse((const char *)data, size, &offer, trouble, sizeof(trouble));
	if (r < 0) {
		if (trouble[0] == '\0')
			abort();
		return 0;
	}
	if (offer.audio >= offer.n_sections || offer.n_sections > PL_WEBRTC_SECTIONS_MAX ||
	    offer.payload_type > 127 || !memchr(offer.ufrag, '\0', sizeof(offer.ufrag)) ||
	    !memchr(offer.pwd, '\0', sizeof(offer.pwd)))
		abort();
	/* What the browser said of itself is as good as what we do. */
	side.candidates = offer.candidates;
	if (side.candidates.n == 0)
		pl_webrtc_candidates_of_hosts(&address, 1, &side.candidates);
	r = pl_webrtc_answer_write(&answer, text, sizeof(text));
	if (r < 0 && (offer.sends || offer.receives))
		abort();
	if (r > 0)
		check_answer(text, (size_t)r, offer.n_sections);
	return 0;
}
