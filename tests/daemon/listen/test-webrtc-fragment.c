/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pltest.h"
#include "webrtc-sdp.h"

static int parse(const char *text, struct pl_webrtc_fragment *ret_fragment)
{
	char trouble[128] = "";
	int r = pl_webrtc_fragment_parse(text, strlen(text), ret_fragment, trouble,
					 sizeof(trouble));

	if ((r < 0) != (trouble[0] != '\0'))
		abort();
	return r;
}

static void check_names(const char *text, const char *ufrag, const char *pwd)
{
	struct pl_webrtc_fragment fragment;

	PL_CHECK_INT(parse(text, &fragment), 0);
	PL_CHECK_STR(fragment.ufrag, ufrag);
	PL_CHECK_STR(fragment.pwd, pwd);
}

PL_TEST(names)
{
	check_names("a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n", "ysXw",
		    "vw5LmwG4y/e6dPP/zAP9Gp5k");
	/* the section's own go before, wherever they stand; a later section's say nothing */
	check_names("a=group:BUNDLE 0 1\na=ice-ufrag:aaaa\na=ice-pwd:0123456789abcdefghijkl\n"
		    "m=audio 9 RTP/AVP 0\na=mid:0\na=ice-ufrag:bbbb\n"
		    "a=ice-pwd:abcdefghijklmnopqrstuv\nm=video 9 RTP/AVP 0\na=mid:1\n"
		    "a=ice-ufrag:cccc\na=ice-pwd:ABCDEFGHIJKLMNOPQRSTUV",
		    "bbbb", "abcdefghijklmnopqrstuv");
	check_names("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n"
		    "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host ufrag EsAw\r\n"
		    "a=end-of-candidates\r\n",
		    "EsAw", "");
	check_names("a=end-of-candidates", "", "");
	check_names("", "", "");
}

PL_TEST(candidates)
{
	struct pl_webrtc_fragment fragment;

	PL_CHECK_INT(parse("m=audio 9 RTP/AVP 0\na=mid:0\n"
			   "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\n"
			   "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\n"
			   "a=candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active\n"
			   "a=candidate:nothing\n"
			   "m=video 9 RTP/AVP 0\n"
			   "a=candidate:1 1 udp 2122260223 192.0.2.2 61765 typ host\n",
			   &fragment),
		     0);
	PL_CHECK_INT(fragment.candidates.n, 1);
	PL_CHECK_INT(fragment.candidates.list[0].address.port, 61764);
	PL_CHECK(!fragment.is_last);
	PL_CHECK_INT(parse("a=end-of-candidates\n", &fragment), 0);
	PL_CHECK(fragment.is_last);
}

PL_TEST(what_is_none)
{
	static const char *bad[] = {
		"{\"ufrag\": \"abcd\"}",
		"a=ice-ufrag:\r\n",
		"a=ice-ufrag:ab cd\r\n",
		"a=ice-ufrag:ab\tcd\r\n",
		"a=ice-pwd:0123456789abcdefghijkl\r\n",
		"A=ice-ufrag:abcd\r\n",
		"a\r\n",
		"=\r\n",
	};
	struct pl_webrtc_fragment fragment = {.ufrag = "keep"};
	char trouble[128], *text;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		PL_CHECK_INT(parse(bad[i], &fragment), -EBADMSG);
	PL_CHECK_INT(pl_webrtc_fragment_parse("a=x\0y", 5, &fragment, trouble, sizeof(trouble)),
		     -EBADMSG);
	text = calloc(1, PL_WEBRTC_SDP_MAX + 2);
	PL_CHECK(text != NULL);
	memset(text, 'x', PL_WEBRTC_SDP_MAX + 1);
	memcpy(text, "a=", 2);
	PL_CHECK_INT(parse(text, &fragment), -EBADMSG);
	/* as long as it may be, and a name that is too long */
	text[PL_WEBRTC_SDP_MAX] = '\0';
	PL_EXPECT(parse(text, &fragment) == 0);
	memcpy(text, "a=ice-ufrag:", 12);
	PL_EXPECT(parse(text, &fragment) == -EBADMSG);
	free(text);
}

PL_TEST(our_side)
{
	static const struct pl_net_address addresses[] = {
		{.family = AF_INET, .byte = {192, 0, 2, 1}, .port = 8001},
		{.family = AF_INET6, .byte = {0x20, 1, 0xd, 0xb8, [15] = 1}, .port = 8001},
	};
	struct pl_webrtc_side side = {
		.ufrag = "EsAw",
		.pwd = "P2uYro0UCOQ4zxjKXaWCBui1",
		.is_lite = true,
	};
	struct pl_webrtc_fragment fragment;
	char text[1024];

	pl_webrtc_candidates_of_hosts(addresses, 2, &side.candidates);
	PL_CHECK(pl_webrtc_restart_write(&side, "0", text, sizeof(text)) > 0);
	PL_CHECK_STR(text, "a=ice-lite\r\na=ice-ufrag:EsAw\r\n"
			   "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\n"
			   "a=mid:0\r\n"
			   "a=candidate:1 1 udp 2130706431 192.0.2.1 8001 typ host\r\n"
			   "a=candidate:2 1 udp 2130706175 2001:db8::1 8001 typ host\r\n"
			   "a=end-of-candidates\r\n");
	PL_CHECK_INT(parse(text, &fragment), 0);
	PL_CHECK_STR(fragment.ufrag, "EsAw");
	for (size_t size = 0; size < strlen(text) + 1; size++) {
		char small[1024];

		PL_CHECK_INT(pl_webrtc_restart_write(&side, "0", small, size), -ENOSPC);
	}
	PL_CHECK_INT(fragment.candidates.n, 2);
	PL_CHECK(fragment.is_last);
	PL_CHECK_INT(fragment.candidates.list[1].priority, side.candidates.list[1].priority);
	PL_CHECK(pl_net_address_is_same(&fragment.candidates.list[1].address, &addresses[1]));
	side.is_lite = false;
	PL_CHECK(pl_webrtc_restart_write(&side, "", text, sizeof(text)) > 0);
	PL_CHECK(strstr(text, "a=mid") == NULL);
}

PL_TEST_MAIN()
