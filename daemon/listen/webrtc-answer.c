/* SPDX-License-Identifier: MIT */
#include "webrtc-sdp.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "x509.h"

struct text {
	char *data;
	size_t size, capacity;
	bool is_full;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text->data + text->size, text->capacity - text->size, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= text->capacity - text->size)
		text->is_full = true;
	else
		text->size += (size_t)n;
}

static void add_refused(struct text *text, const struct pl_webrtc_section *section)
{
	add(text, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n", section->kind, section->proto,
	    section->format);
	if (section->mid[0])
		add(text, "a=mid:%s\r\n", section->mid);
}

static void add_candidates(struct text *text, const struct pl_webrtc_candidates *candidates)
{
	for (uint32_t i = 0; i < candidates->n; i++) {
		char candidate[PL_WEBRTC_CANDIDATE_SIZE];

		pl_webrtc_candidate_write(&candidates->list[i], candidate);
		add(text, "a=%s\r\n", candidate);
	}
	add(text, "a=end-of-candidates\r\n");
}

/** RFC 7587 6.1 and 7. Browsers read whole milliseconds. */
static void add_opus(struct text *text, const struct pl_webrtc_answer *answer)
{
	unsigned payload_type = answer->offer->payload_type;
	unsigned ptime_ms = (unsigned)ceil(answer->ptime_ms);

	add(text, "a=rtpmap:%u opus/48000/2\r\n", payload_type);
	add(text, "a=fmtp:%u minptime=%u;useinbandfec=%d", payload_type, ptime_ms, answer->fec);
	if (answer->n_channels == 2)
		add(text, ";stereo=1;sprop-stereo=1");
	if (answer->dtx)
		add(text, ";usedtx=1");
	if (answer->bitrate_bps)
		add(text, ";maxaveragebitrate=%u", answer->bitrate_bps);
	add(text, "\r\na=ptime:%u\r\n", ptime_ms);
}

static void add_audio(struct text *text, const struct pl_webrtc_answer *answer, bool sends,
		      bool receives)
{
	const struct pl_webrtc_section *section = &answer->offer->sections[answer->offer->audio];
	const struct pl_net_address *address = &answer->side->candidates.list[0].address;
	char host[PL_NET_ADDRESS_TEXT_MAX], fingerprint[PL_X509_DIGEST_TEXT_SIZE];

	pl_net_address_host_text(address, host);
	pl_x509_digest_text(answer->fingerprint, fingerprint);
	add(text, "m=audio %u %s %u\r\n", address->port, section->proto,
	    answer->offer->payload_type);
	add(text, "c=IN IP%c %s\r\n", address->family == AF_INET6 ? '6' : '4', host);
	if (section->mid[0])
		add(text, "a=mid:%s\r\n", section->mid);
	add(text, "a=%s\r\n", !receives ? "sendonly" : sends ? "sendrecv" : "recvonly");
	add(text, "a=rtcp-mux\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", answer->side->ufrag,
	    answer->side->pwd);
	add(text, "a=fingerprint:sha-256 %s\r\n", fingerprint);
	add(text, "a=setup:%s\r\n", answer->offer->role == PL_DTLS_CLIENT ? "active" : "passive");
	add_opus(text, answer);
	if (sends)
		add(text, "a=msid:%s %s\r\na=ssrc:%u cname:%s\r\n", answer->cname, answer->cname,
		    answer->ssrc, answer->cname);
	add_candidates(text, &answer->side->candidates);
}

int pl_webrtc_answer_write(const struct pl_webrtc_answer *answer, char *ret_text, size_t size)
{
	const struct pl_webrtc_offer *offer = answer->offer;
	struct text text = {.data = ret_text, .capacity = size};
	bool sends = answer->sends && offer->receives, receives = answer->receives && offer->sends;

	if (answer->side->candidates.n == 0 || (!sends && !receives))
		return -EINVAL;
	/* the address of the origin is of no use: RFC 8829 5.2.1 */
	add(&text, "v=0\r\no=- %" PRIu64 " 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
	    answer->session_id);
	if (offer->bundle)
		add(&text, "a=group:BUNDLE %s\r\n", offer->sections[offer->audio].mid);
	if (answer->side->is_lite)
		add(&text, "a=ice-lite\r\n");
	for (uint32_t i = 0; i < offer->n_sections; i++) {
		if (i == offer->audio)
			add_audio(&text, answer, sends, receives);
		else
			add_refused(&text, &offer->sections[i]);
	}
	return text.is_full ? -ENOSPC : (int)text.size;
}

/** The section's line is one of RFC 8840's that says nothing; what counts is the mid. */
int pl_webrtc_restart_write(const struct pl_webrtc_side *side, const char *mid, char *ret_text,
			    size_t size)
{
	struct text text = {.data = ret_text, .capacity = size};

	if (side->is_lite)
		add(&text, "a=ice-lite\r\n");
	add(&text, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\nm=audio 9 RTP/AVP 0\r\n", side->ufrag,
	    side->pwd);
	if (mid[0])
		add(&text, "a=mid:%s\r\n", mid);
	add_candidates(&text, &side->candidates);
	return text.is_full ? -ENOSPC : (int)text.size;
}
