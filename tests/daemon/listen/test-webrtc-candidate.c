/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "pltest.h"
#include "webrtc-candidate.h"

static void check_same(const char *value)
{
	struct pl_webrtc_candidate candidate;
	char text[PL_WEBRTC_CANDIDATE_SIZE];

	PL_CHECK_INT(pl_webrtc_candidate_read(value, &candidate), 0);
	PL_CHECK_INT(pl_webrtc_candidate_write(&candidate, text),
		     strlen("candidate:") + strlen(value));
	PL_CHECK_STR(text + strlen("candidate:"), value);
}

PL_TEST(comes_back)
{
	check_same("1 1 udp 2130706431 192.0.2.9 8001 typ host");
	check_same("a/B+ 1 udp 0 2001:db8::7 65535 typ host");
	check_same("2 1 udp 1694498815 198.51.100.4 40000 typ srflx raddr 10.0.0.4 rport 5000");
	check_same("3 1 udp 4294967295 203.0.113.1 49152 typ relay raddr 198.51.100.4 rport 1");
	check_same("4 1 udp 7 203.0.113.1 49152 typ prflx raddr :: rport 0");
}

PL_TEST(as_browsers_write_it)
{
	struct pl_webrtc_candidate candidate;

	PL_CHECK_INT(
		pl_webrtc_candidate_read(
			"842163049 1 UDP 1677729535 198.51.100.4 44323 typ srflx raddr 0.0.0.0 "
			"rport 0 generation 0 ufrag EsAw network-cost 999",
			&candidate),
		0);
	PL_CHECK_INT(candidate.type, PL_WEBRTC_SERVER_REFLEXIVE);
	PL_CHECK_INT(candidate.priority, 1677729535);
	PL_CHECK_INT(candidate.address.port, 44323);
	PL_CHECK_INT(candidate.related.family, AF_INET);
	/* half of where it was seen from is none of it */
	PL_CHECK_INT(pl_webrtc_candidate_read("1 1 udp 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 x y",
					      &candidate),
		     0);
	PL_CHECK_INT(candidate.related.family, 0);
}

PL_TEST(what_is_of_no_use)
{
	static const char *const others[] = {
		"1 1 udp 1 8f0e2a3c-1b2c-4d5e-8f90-1a2b3c4d5e6f.local 5000 typ host",
		"1 2 udp 1 192.0.2.1 5000 typ host",
		"1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
		"1 1 udp 1 192.0.2.1 0 typ host",
		"1 1 udp 1 192.0.2.1 5000 typ other",
	};
	static const char *const bad[] = {
		"",
		"1",
		"1 1 udp 1 192.0.2.1 5000",
		"1 1 udp 1 192.0.2.1 5000 typ",
		"1 1 udp 1 192.0.2.1 65536 typ host",
		"1 1 udp 4294967296 192.0.2.1 5 typ host",
		"1 257 udp 1 192.0.2.1 5 typ host",
		"a-b 1 udp 1 192.0.2.1 5 typ host",
		"123456789012345678901234567890123 1 udp 1 192.0.2.1 5 typ host",
		"1 1 udp -1 192.0.2.1 5 typ host",
		"1 1 udp 1 192.0.2.1 5 host typ",
	};
	struct pl_webrtc_candidate candidate = {.priority = 77};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		PL_CHECK_INT(pl_webrtc_candidate_read(others[i], &candidate), -EPROTONOSUPPORT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		PL_CHECK_INT(pl_webrtc_candidate_read(bad[i], &candidate), -EBADMSG);
	PL_CHECK_INT(candidate.priority, 77);
}

PL_TEST(each_once)
{
	struct pl_webrtc_candidates candidates = {0};
	struct pl_webrtc_candidate candidate = {.foundation = "1",
						.address = {.family = AF_INET, .port = 1}};

	for (uint32_t i = 0; i < 2 * PL_WEBRTC_CANDIDATES_MAX; i++) {
		candidate.address.port = (uint16_t)(1 + i / 2);
		pl_webrtc_candidates_add(&candidates, &candidate);
		PL_CHECK_INT(candidates.n, 1 + i / 2);
	}
	candidate.address.port = 9999;
	pl_webrtc_candidates_add(&candidates, &candidate);
	PL_CHECK_INT(candidates.n, PL_WEBRTC_CANDIDATES_MAX);
}

PL_TEST_MAIN()
