/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "pltest.h"
#include "webrtc-sdp.h"

#define FINGERPRINT                                                                                \
	"03:CE:16:5D:3B:AB:75:3B:7E:1C:8B:C4:B4:92:D9:B7:0D:46:F8:0C:EB:88:F6:88:50:BA:65:DF:59:"  \
	"4A:7E:1D"

/* As Chromium 140 offers to listen, with a video section and a data channel that nobody needs. */
static const char chromium[] =
	"v=0\r\n"
	"o=- 7078011430868836437 2 IN IP4 127.0.0.1\r\n"
	"s=-\r\n"
	"t=0 0\r\n"
	"a=group:BUNDLE 0 1 2\r\n"
	"a=extmap-allow-mixed\r\n"
	"a=msid-semantic: WMS\r\n"
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
	"c=IN IP4 0.0.0.0\r\n"
	"a=rtcp:9 IN IP4 0.0.0.0\r\n"
	"a=candidate:1 1 udp 2113937151 4b0f1b4d-8a1a-4c39-9c24-5ba0b6b1ab5d.local 51111 typ host\r\n"
	"a=ice-ufrag:dlHv\r\n"
	"a=ice-pwd:IOyHLVnkzf2b2Pssa3PJ4d97\r\n"
	"a=ice-options:trickle\r\n"
	"a=fingerprint:sha-256 " FINGERPRINT "\r\n"
	"a=setup:actpass\r\n"
	"a=mid:0\r\n"
	"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
	"a=recvonly\r\n"
	"a=rtcp-mux\r\n"
	"a=rtcp-rsize\r\n"
	"a=rtpmap:111 opus/48000/2\r\n"
	"a=rtcp-fb:111 transport-cc\r\n"
	"a=fmtp:111 minptime=10;stereo=1;useinbandfec=1\r\n"
	"a=rtpmap:63 red/48000/2\r\n"
	"a=fmtp:63 111/111\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
	"c=IN IP4 0.0.0.0\r\n"
	"a=ice-ufrag:dlHv\r\n"
	"a=ice-pwd:IOyHLVnkzf2b2Pssa3PJ4d97\r\n"
	"a=fingerprint:sha-256 " FINGERPRINT "\r\n"
	"a=setup:actpass\r\n"
	"a=mid:1\r\n"
	"a=recvonly\r\n"
	"a=rtcp-mux\r\n"
	"a=rtpmap:96 VP8/90000\r\n"
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
	"c=IN IP4 0.0.0.0\r\n"
	"a=mid:2\r\n"
	"a=sctp-port:5000\r\n";

/* Firefox: the fingerprint for the whole session, attributes by the alphabet, fmtp before rtpmap. */
static const char firefox[] =
	"v=0\r\n"
	"o=mozilla...THIS_IS_SDPARTA-99.0 2906574438129184498 0 IN IP4 0.0.0.0\r\n"
	"s=-\r\n"
	"t=0 0\r\n"
	"a=sendrecv\r\n"
	"a=fingerprint:sha-256 " FINGERPRINT "\r\n"
	"a=group:BUNDLE 0\r\n"
	"a=ice-options:trickle\r\n"
	"a=msid-semantic:WMS *\r\n"
	"m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r\n"
	"c=IN IP4 0.0.0.0\r\n"
	"a=sendonly\r\n"
	"a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level\r\n"
	"a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\n"
	"a=fmtp:101 0-15\r\n"
	"a=ice-pwd:6f3c0b6ab5a6bb4c0ba3ed0c1a5ee0ab\r\n"
	"a=ice-ufrag:8d0a6f27\r\n"
	"a=mid:0\r\n"
	"a=msid:- {43d2e2a3-3a61-4a2a-9ed5-2a3f2f5f7a11}\r\n"
	"a=rtcp-mux\r\n"
	"a=rtpmap:109 opus/48000/2\r\n"
	"a=rtpmap:9 G722/8000/1\r\n"
	"a=rtpmap:101 telephone-event/8000\r\n"
	"a=setup:actpass\r\n"
	"a=ssrc:3735928559 cname:{0f5a7e6b-5f1e-4e0b-8c0e-0d6a5b0f3c2a}\r\n";

static int parse(const char *text, struct pl_webrtc_offer *ret_offer)
{
	static char trouble[256];
	char *copy = strdup(text);
	int r;

	/* without a NUL behind it */
	if (!copy)
		abort();
	r = pl_webrtc_offer_parse(copy, strlen(text), ret_offer, trouble, sizeof(trouble));
	free(copy);
	if (r < 0 && trouble[0] == '\0')
		abort();
	return r;
}

/** The text with the first one of a word for another one. */
static char *with(const char *text, const char *word, const char *other)
{
	const char *at = strstr(text, word);
	char *changed = malloc(strlen(text) + strlen(other) + 1);

	if (!at || !changed)
		abort();
	sprintf(changed, "%.*s%s%s", (int)(at - text), text, other, at + strlen(word));
	return changed;
}

static int parse_with(const char *text, const char *word, const char *other,
		      struct pl_webrtc_offer *ret_offer)
{
	char *changed = with(text, word, other);
	int r = parse(changed, ret_offer);

	free(changed);
	return r;
}

PL_TEST(offer_of_chromium)
{
	struct pl_webrtc_offer offer;

	PL_CHECK_INT(parse(chromium, &offer), 0);
	PL_CHECK_STR(offer.ufrag, "dlHv");
	PL_CHECK_STR(offer.pwd, "IOyHLVnkzf2b2Pssa3PJ4d97");
	PL_CHECK_INT(offer.fingerprint[0], 0x03);
	PL_CHECK_INT(offer.fingerprint[31], 0x1d);
	PL_CHECK_INT(offer.role, PL_DTLS_SERVER);
	PL_CHECK(offer.receives && !offer.sends && offer.stereo && !offer.sprop_stereo);
	PL_CHECK(offer.bundle);
	PL_CHECK_INT(offer.payload_type, 111);
	PL_CHECK_INT(offer.n_sections, 3);
	PL_CHECK_INT(offer.audio, 0);
	PL_CHECK_STR(offer.sections[1].kind, "video");
	PL_CHECK_STR(offer.sections[1].format, "96");
	PL_CHECK_STR(offer.sections[2].proto, "UDP/DTLS/SCTP");
	PL_CHECK_STR(offer.sections[2].mid, "2");
}

PL_TEST(offer_of_firefox)
{
	struct pl_webrtc_offer offer;

	PL_CHECK_INT(parse(firefox, &offer), 0);
	PL_CHECK_STR(offer.ufrag, "8d0a6f27");
	PL_CHECK_INT(offer.fingerprint[1], 0xce);
	PL_CHECK(offer.sends && !offer.receives && offer.stereo);
	PL_CHECK_INT(offer.payload_type, 109);
	PL_CHECK_STR(offer.sections[0].mid, "0");
}

/* What other clients say otherwise, and means the same or something else that is allowed. */
PL_TEST(variants)
{
	static const char active[] = "setup:active", passive[] = "setup:passive";
	struct pl_webrtc_offer offer;

	PL_CHECK_INT(parse_with(chromium, "setup:actpass", active, &offer), 0);
	PL_CHECK_INT(offer.role, PL_DTLS_SERVER);
	PL_CHECK_INT(parse_with(chromium, "setup:actpass", passive, &offer), 0);
	PL_CHECK_INT(offer.role, PL_DTLS_CLIENT);
	PL_CHECK_INT(parse_with(chromium, "a=recvonly\r\n", "", &offer), 0);
	PL_CHECK(offer.sends && offer.receives);
	PL_CHECK_INT(parse_with(firefox, "a=sendonly\r\n", "", &offer), 0);
	PL_CHECK(offer.sends && offer.receives);
	PL_CHECK_INT(parse_with(chromium, "a=group:BUNDLE 0 1 2\r\n", "", &offer), 0);
	PL_CHECK(!offer.bundle);
	PL_CHECK_INT(parse_with(chromium, "BUNDLE 0 1 2", "BUNDLE 1 2", &offer), 0);
	PL_CHECK(!offer.bundle);
	PL_CHECK_INT(parse_with(chromium, "opus/48000/2", "OPUS/48000/2", &offer), 0);
	PL_CHECK_INT(parse_with(chromium, "sha-256 03:CE", "SHA-256 03:ce", &offer), 0);
	PL_CHECK_INT(
		parse_with(chromium, "a=setup", "a=fingerprint:sha-1 00:11\r\na=setup", &offer), 0);
	PL_CHECK_INT(parse_with(chromium, "UDP/TLS/RTP/SAVPF", "RTP/SAVPF", &offer), 0);
	PL_CHECK_STR(offer.sections[0].proto, "RTP/SAVPF");
}

/* Audio that comes second in a bundle may leave out how it is reached. */
PL_TEST(bundled_behind_video)
{
	static const char text[] = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\n"
				   "a=group:BUNDLE v a\n"
				   "m=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:v\n"
				   "a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdefghijkl\n"
				   "a=fingerprint:sha-256 " FINGERPRINT "\na=setup:passive\n"
				   "m=audio 9 UDP/TLS/RTP/SAVPF 0 96\na=mid:a\na=rtcp-mux\n"
				   "a=rtpmap:96 opus/48000/2\n";
	struct pl_webrtc_offer offer;

	PL_CHECK_INT(parse(text, &offer), 0);
	PL_CHECK_INT(offer.audio, 1);
	PL_CHECK_STR(offer.ufrag, "abcd");
	PL_CHECK_INT(offer.role, PL_DTLS_CLIENT);
	PL_CHECK_INT(offer.payload_type, 96);
	PL_CHECK_INT(parse_with(text, "a=group:BUNDLE v a\n", "", &offer), -EOPNOTSUPP);
}

PL_TEST(refused)
{
	static const struct {
		const char *word, *other;
		int r;
	} cases[] = {
		{"v=0", "v=1", -EBADMSG},
		{"v=0\r\n", "", -EBADMSG},
		{"o=-", "0=-", -EBADMSG},
		{"a=mid:0", "a=mid:", -EBADMSG},
		{"a=mid:0", "a=mid:0 1", -EBADMSG},
		{"a=ice-ufrag:dlHv", "a=ice-ufrag:", -EBADMSG},
		{"a=fingerprint:sha-256 03", "a=fingerprint:sha-256 0g", -EBADMSG},
		{"a=fingerprint:sha-256 03", "a=fingerprint:sha-256 03:04", -EBADMSG},
		{"a=setup:actpass", "a=setup:both", -EBADMSG},
		{"m=audio 9", "m=audio x", -EBADMSG},
		{"s=-", "s", -EBADMSG},
		{"s=-", "s=-\r\n\r\nnonsense", -EBADMSG},
		{"a=rtcp-mux\r\n", "", -EOPNOTSUPP},
		{"opus/48000/2", "opux/48000/2", -EOPNOTSUPP},
		{"a=rtpmap:111", "a=rtpmap:112", -EOPNOTSUPP},
		{"a=ice-ufrag:dlHv\r\n", "", -EOPNOTSUPP},
		{"fingerprint:sha-256", "fingerprint:sha-512", -EOPNOTSUPP},
		{"m=audio 9", "m=audio 0", -EOPNOTSUPP},
		{"UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", -EOPNOTSUPP},
		{"a=group", "a=ice-lite\r\na=group", -EOPNOTSUPP},
	};
	struct pl_webrtc_offer offer = {.audio = 77};
	char *long_text, *many;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = parse_with(chromium, cases[i].word, cases[i].other, &offer);

		if (r != cases[i].r)
			PL_FAIL_("%s for %s is %d", cases[i].other, cases[i].word, r);
	}
	PL_CHECK_INT(parse("", &offer), -EBADMSG);
	PL_CHECK_INT(pl_webrtc_offer_parse("v=0\0", 4, &offer, NULL, 0), -EBADMSG);
	long_text = calloc(1, PL_WEBRTC_SDP_MAX + 2);
	memset(long_text, '\n', PL_WEBRTC_SDP_MAX + 1);
	PL_CHECK_INT(parse(long_text, &offer), -EBADMSG);
	free(long_text);
	many = calloc(1, 8192);
	strcpy(many, chromium);
	for (uint32_t i = 0; i < PL_WEBRTC_SECTIONS_MAX; i++)
		strcat(many, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
	PL_CHECK_INT(parse(many, &offer), -EOPNOTSUPP);
	free(many);
	PL_CHECK_INT(offer.audio, 77);
}

PL_TEST(candidates)
{
	struct pl_webrtc_offer offer;

	/* one that hides its address is of no use; another section's is not the audio's */
	PL_CHECK_INT(parse(chromium, &offer), 0);
	PL_CHECK_INT(offer.candidates.n, 0);
	PL_CHECK_INT(parse_with(chromium, "a=ice-options:trickle",
				"a=candidate:1 1 udp 2122260223 192.0.2.7 51111 typ host\r\n"
				"a=candidate:2 1 udp 1686052607 198.51.100.4 40000 typ srflx raddr "
				"192.0.2.7 rport 51111 generation 0",
				&offer),
		     0);
	PL_CHECK_INT(offer.candidates.n, 2);
	PL_CHECK_INT(offer.candidates.list[1].address.port, 40000);
	PL_CHECK_INT(parse_with(chromium, "a=mid:1",
				"a=mid:1\r\na=candidate:1 1 udp 1 192.0.2.7 51111 typ host",
				&offer),
		     0);
	PL_CHECK_INT(offer.candidates.n, 0);
}

/* --- the answer -------------------------------------------------------------------------------- */

static const struct pl_net_address addresses[] = {
	{.family = AF_INET, .byte = {192, 0, 2, 9}, .port = 8001},
	{.family = AF_INET6, .byte = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}, .port = 8001},
};
static const uint8_t fingerprint[PL_FINGERPRINT_SIZE] = {0xab, [31] = 0x0c};

static struct pl_webrtc_side side_at(const struct pl_net_address *where, uint32_t n)
{
	struct pl_webrtc_side side = {
		.ufrag = "oUrS1234", .pwd = "abcdefghijklmnopqrstuvwx", .is_lite = true};

	pl_webrtc_candidates_of_hosts(where, n, &side.candidates);
	return side;
}

static struct pl_webrtc_answer answer_to(const struct pl_webrtc_offer *offer,
					 const struct pl_webrtc_side *side)
{
	return (struct pl_webrtc_answer){
		.offer = offer,
		.session_id = 42,
		.side = side,
		.fingerprint = fingerprint,
		.sends = true,
		.ssrc = 99,
		.cname = "partyline",
		.n_channels = 2,
		.ptime_ms = 2.5,
		.fec = true,
	};
}

PL_TEST(answer_to_chromium)
{
	static const char wanted[] =
		"v=0\r\n"
		"o=- 42 1 IN IP4 127.0.0.1\r\n"
		"s=-\r\n"
		"t=0 0\r\n"
		"a=group:BUNDLE 0\r\n"
		"a=ice-lite\r\n"
		"m=audio 8001 UDP/TLS/RTP/SAVPF 111\r\n"
		"c=IN IP4 192.0.2.9\r\n"
		"a=mid:0\r\n"
		"a=sendonly\r\n"
		"a=rtcp-mux\r\n"
		"a=ice-ufrag:oUrS1234\r\n"
		"a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
		"a=fingerprint:sha-256 AB:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
		"00:00:00:00:00:00:00:00:00:00:00:0C\r\n"
		"a=setup:passive\r\n"
		"a=rtpmap:111 opus/48000/2\r\n"
		"a=fmtp:111 minptime=3;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"
		"a=ptime:3\r\n"
		"a=msid:partyline partyline\r\n"
		"a=ssrc:99 cname:partyline\r\n"
		"a=candidate:1 1 udp 2130706431 192.0.2.9 8001 typ host\r\n"
		"a=candidate:2 1 udp 2130706175 2001:db8::7 8001 typ host\r\n"
		"a=end-of-candidates\r\n"
		"m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
		"c=IN IP4 0.0.0.0\r\n"
		"a=mid:1\r\n"
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
		"c=IN IP4 0.0.0.0\r\n"
		"a=mid:2\r\n";
	struct pl_webrtc_side side = side_at(addresses, 2);
	struct pl_webrtc_answer answer;
	struct pl_webrtc_offer offer;
	char text[4096];
	int n;

	PL_CHECK_INT(parse(chromium, &offer), 0);
	answer = answer_to(&offer, &side);
	n = pl_webrtc_answer_write(&answer, text, sizeof(text));
	PL_CHECK_INT(n, strlen(wanted));
	PL_CHECK_STR(text, wanted);
	for (int size = 1; size <= n; size++)
		PL_CHECK_INT(pl_webrtc_answer_write(&answer, text, (size_t)size), -ENOSPC);
}

PL_TEST(answer_to_a_talker)
{
	struct pl_webrtc_side side = side_at(addresses, 2);
	struct pl_webrtc_answer answer;
	struct pl_webrtc_offer offer;
	char text[4096];

	PL_CHECK_INT(parse(firefox, &offer), 0);
	answer = answer_to(&offer, &side);
	/* it sends only, and so do we */
	PL_CHECK_INT(pl_webrtc_answer_write(&answer, text, sizeof(text)), -EINVAL);
	answer.receives = true;
	answer.n_channels = 1;
	answer.dtx = true;
	answer.bitrate_bps = 64000;
	side = side_at(&addresses[1], 1);
	PL_CHECK(pl_webrtc_answer_write(&answer, text, sizeof(text)) > 0);
	PL_CHECK(strstr(text, "\r\na=recvonly\r\n"));
	PL_CHECK(strstr(text, "c=IN IP6 2001:db8::7\r\n"));
	PL_CHECK(strstr(text, "a=fmtp:109 minptime=3;useinbandfec=1;usedtx=1;"
			      "maxaveragebitrate=64000\r\n"));
	PL_CHECK(!strstr(text, "a=ssrc"));
	side.candidates.n = 0;
	PL_CHECK_INT(pl_webrtc_answer_write(&answer, text, sizeof(text)), -EINVAL);
}

PL_TEST(answer_to_one_who_waits)
{
	struct pl_webrtc_side side = side_at(addresses, 2);
	struct pl_webrtc_answer answer;
	struct pl_webrtc_offer offer;
	char text[4096];

	PL_CHECK_INT(parse_with(chromium, "a=recvonly", "a=sendrecv", &offer), 0);
	offer.role = PL_DTLS_CLIENT;
	offer.bundle = false;
	answer = answer_to(&offer, &side);
	answer.receives = true;
	PL_CHECK(pl_webrtc_answer_write(&answer, text, sizeof(text)) > 0);
	PL_CHECK(strstr(text, "a=setup:active\r\n"));
	PL_CHECK(strstr(text, "\r\na=sendrecv\r\n"));
	PL_CHECK(!strstr(text, "BUNDLE"));
}

PL_TEST_MAIN()
