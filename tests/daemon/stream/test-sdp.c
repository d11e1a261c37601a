/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pltest.h"
#include "sap.h"
#include "sdp.h"

static int parse(const char *text, struct pl_sdp *sdp)
{
	return pl_sdp_parse(text, strlen(text), sdp);
}

PL_TEST(written_is_read)
{
	struct pl_sdp in = {
		.session_id = 12345678901234ull,
		.session_version = 2,
		.origin = "2001:db8::1",
		.name = "Leitstelle Süd",
		.address = "ff15::1234",
		.ipv6 = true,
		.port = 5004,
		.rtcp_port = 6000,
		.payload_type = 97,
		.n_channels = 2,
		.ptime_ms = 2.5,
		.bitrate_bps = 64000,
		.fec = true,
		.way = PL_STREAM_SEND,
		.cipher = PL_CIPHER_AES_256_GCM,
		.secret_size = 44,
	};
	struct pl_sdp out;
	char text[1024];
	int n;

	for (size_t i = 0; i < 44; i++)
		in.secret[i] = (uint8_t)(i * 5);
	n = pl_sdp_write(&in, text, sizeof(text));
	PL_CHECK(n > 0);
	PL_CHECK_INT(strlen(text), n);
	PL_CHECK(strstr(text, "m=audio 5004 RTP/SAVP 97\r\n"));
	PL_CHECK(strstr(text, "a=rtpmap:97 opus/48000/2\r\n"));
	PL_CHECK(strstr(text, "a=crypto:1 AEAD_AES_256_GCM inline:"));
	PL_CHECK(strstr(text, "a=ptime:2.5\r\n"));
	PL_CHECK_INT(parse(text, &out), 0);
	PL_CHECK(out.session_id == in.session_id && out.session_version == 2);
	PL_CHECK_STR(out.origin, in.origin);
	PL_CHECK_STR(out.name, in.name);
	PL_CHECK_STR(out.address, in.address);
	PL_CHECK(out.ipv6 && out.is_opus && out.fec && !out.dtx);
	PL_CHECK_INT(out.port, 5004);
	PL_CHECK_INT(out.rtcp_port, 6000);
	PL_CHECK_INT(out.n_channels, 2);
	PL_CHECK_NEAR(out.ptime_ms, 2.5, 0);
	PL_CHECK_INT(out.bitrate_bps, 64000);
	PL_CHECK_INT(out.way, PL_STREAM_SEND);
	PL_CHECK_INT(out.cipher, PL_CIPHER_AES_256_GCM);
	PL_CHECK_INT(out.secret_size, 44);
	PL_CHECK(memcmp(out.secret, in.secret, 44) == 0);
	for (int size = 0; size <= n; size++)
		PL_EXPECT(pl_sdp_write(&in, text, (size_t)size) == -ENOSPC);
	/* a key that is not to be told */
	in.secret_size = 0;
	pl_sdp_write(&in, text, sizeof(text));
	PL_CHECK(!strstr(text, "crypto"));
	PL_CHECK(strstr(text, "RTP/SAVP"));
	strcpy(in.name, "a\r\nm=audio 1 RTP/AVP 0");
	PL_CHECK_INT(pl_sdp_write(&in, text, sizeof(text)), -EINVAL);
}

/* As ffmpeg and GStreamer write them, with what is foreign to us in between. */
PL_TEST(others_descriptions)
{
	struct pl_sdp sdp;

	PL_CHECK_INT(
		parse("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=No Name\nc=IN IP4 127.0.0.1\nt=0 0\n"
		      "a=tool:libavformat 59\nm=audio 5004 RTP/SAVP 97\nb=AS:64\n"
		      "a=rtpmap:97 opus/48000/2\na=fmtp:97 sprop-stereo=1\n"
		      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4\n",
		      &sdp),
		0);
	PL_CHECK_INT(sdp.cipher, PL_CIPHER_AES_128_CM);
	PL_CHECK_INT(sdp.secret_size, 30);
	PL_CHECK(memcmp(sdp.secret, "wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#", 30) == 0);
	PL_CHECK_INT(sdp.n_channels, 2);
	PL_CHECK_INT(
		parse("v=0\r\no=- 1 1 IN IP6 ::1\r\ns= \r\nt=0 0\r\na=recvonly\r\n"
		      "m=video 9 RTP/AVP 98\r\nc=IN IP4 1.2.3.4\r\na=rtpmap:98 VP8/90000\r\n"
		      "m=audio 6000/2 RTP/AVP 0 101 96\r\nc=IN IP4 239.1.2.3/15/2\r\n"
		      "a=rtpmap:0 PCMU/8000\r\na=rtpmap:96 OPUS/48000/2\r\n"
		      "a=fmtp:96 minptime=10; useinbandfec=1 ;usedtx=1;maxaveragebitrate=24000\r\n"
		      "m=audio 7000 RTP/AVP 0\r\nc=IN IP4 9.9.9.9\r\n",
		      &sdp),
		0);
	PL_CHECK_STR(sdp.address, "239.1.2.3");
	PL_CHECK_INT(sdp.ttl, 15);
	PL_CHECK_INT(sdp.port, 6000);
	PL_CHECK_INT(sdp.payload_type, 96);
	PL_CHECK(sdp.is_opus && sdp.fec && sdp.dtx && !sdp.ipv6);
	PL_CHECK_INT(sdp.bitrate_bps, 24000);
	PL_CHECK_INT(sdp.way, PL_STREAM_RECEIVE);
	PL_CHECK_INT(sdp.cipher, PL_CIPHER_NONE);
	PL_CHECK_STR(sdp.name, "");
	PL_CHECK_INT(parse("v=0\no=- 1 1 IN IP4 a.example\ns=x\nc=IN IP4 a.example\nt=0 0\n"
			   "m=audio 5004 RTP/AVP 0\n",
			   &sdp),
		     0);
	PL_CHECK(!sdp.is_opus);
}

#define HEAD "v=0\no=- 1 1 IN IP4 1.1.1.1\ns=x\nc=IN IP4 1.1.1.1\nt=0 0\n"

PL_TEST(nonsense_is_refused)
{
	struct pl_sdp sdp = {.port = 77};

	PL_CHECK_INT(parse("", &sdp), -EBADMSG);
	PL_CHECK_INT(parse("hello", &sdp), -EBADMSG);
	PL_CHECK_INT(parse(HEAD, &sdp), -ENOENT);
	PL_CHECK_INT(parse(HEAD "m=video 1 RTP/AVP 96\n", &sdp), -ENOENT);
	PL_CHECK_INT(parse(HEAD "m=audio 65536 RTP/AVP 96\n", &sdp), -EBADMSG);
	PL_CHECK_INT(parse(HEAD "m=audio 1 RTP/AVP 128\n", &sdp), -EBADMSG);
	PL_CHECK_INT(parse(HEAD "m=audio 1 RTP/AVP 96\na=ptime:-5\n", &sdp), -EBADMSG);
	PL_CHECK_INT(parse(HEAD "m=audio 1 RTP/AVP 96\na=ptime:0\n", &sdp), -EBADMSG);
	PL_CHECK_INT(parse(HEAD "m=audio 1 RTP/SAVP 96\na=crypto:1 AEAD_AES_256_GCM inline:AAAA\n",
			   &sdp),
		     -EBADMSG);
	PL_CHECK_INT(parse(HEAD
			   "m=audio 1 RTP/SAVP 96\na=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA\n",
			   &sdp),
		     -EOPNOTSUPP);
	PL_CHECK_INT(parse("v=1\no=- 1 1 IN IP4 1.1.1.1\ns=x\n", &sdp), -EBADMSG);
	PL_CHECK_INT(pl_sdp_parse(HEAD "\0m=", sizeof(HEAD) + 2, &sdp), -EBADMSG);
	PL_CHECK_INT(sdp.port, 77);
}

PL_TEST(announcements)
{
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=x\r\n";
	struct pl_sap_packet in = {.sdp = sdp,
				   .sdp_size = sizeof(sdp) - 1,
				   .source = {10, 0, 0, 1}},
			     out;
	uint8_t data[256];

	in.hash = pl_sap_hash(sdp, in.sdp_size);
	PL_CHECK(in.hash != 0);
	for (int i = 0; i < 4; i++) {
		int n;

		in.ipv6 = i & 1;
		in.is_deletion = i & 2;
		n = pl_sap_write(&in, data, sizeof(data));
		PL_CHECK(n > 0);
		PL_CHECK_INT(pl_sap_parse(data, (size_t)n, &out), 0);
		PL_CHECK_INT(out.ipv6, in.ipv6);
		PL_CHECK_INT(out.is_deletion, in.is_deletion);
		PL_CHECK_INT(out.hash, in.hash);
		PL_CHECK(memcmp(out.source, in.source, in.ipv6 ? 16 : 4) == 0);
		PL_CHECK_INT(out.sdp_size, in.sdp_size);
		PL_CHECK(memcmp(out.sdp, sdp, in.sdp_size) == 0);
		for (int size = 0; size < 8 + (in.ipv6 ? 12 : 0) + 16; size++)
			PL_EXPECT(pl_sap_parse(data, (size_t)size, &out) == -EBADMSG);
		PL_CHECK_INT(pl_sap_write(&in, data, (size_t)n - 1), -ENOSPC);
	}
	/* without a type, with authentication data, compressed, encrypted, of the future */
	PL_CHECK_INT(pl_sap_parse((const uint8_t *)"\x20\x01\x12\x34\x0a\0\0\x01"
						   "authv=0\r\n",
				  17, &out),
		     0);
	PL_CHECK_INT(out.sdp_size, 5);
	PL_CHECK_INT(pl_sap_parse((const uint8_t *)"\x21\0\x12\x34\x0a\0\0\x01v=0\r\n", 13, &out),
		     -EOPNOTSUPP);
	PL_CHECK_INT(pl_sap_parse((const uint8_t *)"\x22\0\x12\x34\x0a\0\0\x01v=0\r\n", 13, &out),
		     -EOPNOTSUPP);
	PL_CHECK_INT(pl_sap_parse((const uint8_t *)"\x40\0\x12\x34\x0a\0\0\x01v=0\r\n", 13, &out),
		     -EBADMSG);
	PL_CHECK_NEAR(pl_sap_interval_s(1, 400, 0.5), 300, 0.01);
	PL_CHECK_NEAR(pl_sap_interval_s(1, 400, 1), 400, 0.01);
	PL_CHECK_NEAR(pl_sap_interval_s(1000, 400, 0.5), 800, 0.01);
}

PL_TEST_MAIN()
