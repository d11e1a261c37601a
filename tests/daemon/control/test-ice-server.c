/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdio.h>

#include "ice-server.h"

PL_TEST(what_is_right_is_read_and_completed)
{
	static const struct {
		const char *text;
		enum pl_ice_scheme scheme;
		bool tcp;
		const char *host;
		uint16_t port;
		const char *url;
	} cases[] = {
		/* RFC 7064 appendix B.1 */
		{"stun:example.org", PL_ICE_STUN, false, "example.org", 3478,
		 "stun:example.org:3478"},
		{"stun:example.org:8000", PL_ICE_STUN, false, "example.org", 8000,
		 "stun:example.org:8000"},
		/* RFC 7065 appendix A */
		{"turn:example.org", PL_ICE_TURN, false, "example.org", 3478,
		 "turn:example.org:3478?transport=udp"},
		{"turns:example.org", PL_ICE_TURNS, true, "example.org", 5349,
		 "turns:example.org:5349?transport=tcp"},
		{"turn:example.org:8000", PL_ICE_TURN, false, "example.org", 8000,
		 "turn:example.org:8000?transport=udp"},
		{"turn:example.org?transport=udp", PL_ICE_TURN, false, "example.org", 3478,
		 "turn:example.org:3478?transport=udp"},
		{"turn:example.org?transport=tcp", PL_ICE_TURN, true, "example.org", 3478,
		 "turn:example.org:3478?transport=tcp"},
		{"turns:example.org?transport=tcp", PL_ICE_TURNS, true, "example.org", 5349,
		 "turns:example.org:5349?transport=tcp"},
		/* what else a host may be */
		{"stun:192.0.2.7:65535", PL_ICE_STUN, false, "192.0.2.7", 65535,
		 "stun:192.0.2.7:65535"},
		{"turn:[2001:DB8::1]:1?transport=TCP", PL_ICE_TURN, true, "2001:db8::1", 1,
		 "turn:[2001:db8::1]:1?transport=tcp"},
		{"stun:[::1]", PL_ICE_STUN, false, "::1", 3478, "stun:[::1]:3478"},
		{"TURN:Relay_2.Example.ORG", PL_ICE_TURN, false, "relay_2.example.org", 3478,
		 "turn:relay_2.example.org:3478?transport=udp"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_ice_server server = {.username = "old", .credential = "old"};
		char reason[256] = "";

		PL_CHECK_INT(pl_ice_server_read(cases[i].text, &server, reason, sizeof(reason)), 0);
		PL_CHECK_STR(reason, "");
		PL_CHECK_INT(server.scheme, cases[i].scheme);
		PL_CHECK_INT(server.tcp, cases[i].tcp);
		PL_CHECK_STR(server.host, cases[i].host);
		PL_CHECK_INT(server.port, cases[i].port);
		PL_CHECK_STR(server.url, cases[i].url);
		PL_CHECK_STR(server.username, "");
		PL_CHECK_STR(server.credential, "");
	}
}

PL_TEST(what_is_complete_stays_as_it_is)
{
	static const char *const urls[] = {"stun:a:1", "turn:[::]:3478?transport=udp",
					   "turns:a-b.c:443?transport=tcp"};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct pl_ice_server server;
		char reason[256];

		PL_CHECK_INT(pl_ice_server_read(urls[i], &server, reason, sizeof(reason)), 0);
		PL_CHECK_STR(server.url, urls[i]);
	}
}

PL_TEST(what_is_wrong_is_refused_with_the_way_out)
{
	static const struct {
		const char *text;
		int r;
		const char *part; /* of the reason */
	} cases[] = {
		{"", -EINVAL, "must begin with \"stun:\""},
		{"stun", -EINVAL, "must begin with \"stun:\""},
		{"http://a", -EINVAL, "must begin with \"stun:\""},
		{" stun:a", -EINVAL, "must begin with \"stun:\""},
		{"stuns:a", -ENOTSUP, "\"stuns:\" is not supported"},
		{"stun://a", -EINVAL, "without \"//\": stun:HOST:PORT"},
		{"turn://u:p@a", -EINVAL, "without \"//\": turn:HOST:PORT"},
		{"stun:", -EINVAL, "has no host"},
		{"turn::3478", -EINVAL, "has no host"},
		{"turn:?transport=udp", -EINVAL, "has no host"},
		{"stun:[]", -EINVAL, "has no IPv6 address"},
		{"stun:[1.2.3.4]", -EINVAL, "has no IPv6 address"},
		{"stun:[::1", -EINVAL, "must end its IPv6 address with \"]\""},
		{"stun:[fe80::1%eth0]", -EINVAL, "must end its IPv6 address with \"]\""},
		{"stun:::1", -EINVAL, "has no host"},
		{"stun:a:", -EINVAL, "a port from 1 to 65535"},
		{"stun:a:0", -EINVAL, "a port from 1 to 65535"},
		{"stun:a:65536", -EINVAL, "a port from 1 to 65535"},
		{"stun:a:18446744073709551617", -EINVAL, "a port from 1 to 65535"},
		{"stun:a:-1", -EINVAL, "a port from 1 to 65535"},
		{"stun:a:1x", -EINVAL, "after its end: stun:HOST[:PORT]"},
		{"stun:a?transport=udp", -EINVAL, "without \"?transport=\""},
		{"turn:a?transport=sctp", -EINVAL, "\"udp\" or \"tcp\""},
		{"turn:a?transport=", -EINVAL, "\"udp\" or \"tcp\""},
		{"turn:a?transport=udp&x=y", -EINVAL, "\"udp\" or \"tcp\""},
		{"turns:a?transport=udp", -ENOTSUP, "\"turns:\" by UDP is not supported"},
		{"turn:u@a", -EINVAL, "must be without a user"},
		{"turn:a?x=y", -EINVAL, "after its end: turn:HOST[:PORT][?transport=udp|tcp]"},
		{"turn:a b", -EINVAL, "after its end"},
		{"turn:a\r\nx: y", -EINVAL, "after its end"},
		{"turn:\xc3\xa4", -EINVAL, "has no host"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_ice_server server = {.port = 7};
		char reason[256] = "";

		PL_CHECK_INT(pl_ice_server_read(cases[i].text, &server, reason, sizeof(reason)),
			     cases[i].r);
		if (!strstr(reason, cases[i].part))
			PL_CHECK_STR(reason, cases[i].part);
		PL_CHECK_INT(server.port, 7);
	}
}

PL_TEST(the_longest_name_fits_and_no_longer_one)
{
	char text[512], reason[256] = "";
	struct pl_ice_server server;

	snprintf(text, sizeof(text), "turns:%0253d:65535?transport=tcp", 7);
	PL_CHECK_INT(pl_ice_server_read(text, &server, reason, sizeof(reason)), 0);
	PL_CHECK_STR(server.url, text);
	PL_CHECK_INT(strlen(server.host), 253);
	snprintf(text, sizeof(text), "turns:%0254d", 7);
	PL_CHECK_INT(pl_ice_server_read(text, &server, reason, sizeof(reason)), -EINVAL);
	PL_CHECK(strstr(reason, "more than 253 characters"));
}

PL_TEST_MAIN()
