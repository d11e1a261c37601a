/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pltest.h"
#include "rtcp.h"

#define SECOND 1000000000ull

PL_TEST(a_compound_comes_back)
{
	struct pl_rtcp_compound in = {
		.ssrc = 0x11223344,
		.is_sender = true,
		.ntp = 0xe123456789abcdefull,
		.timestamp = 4000000000u,
		.n_packets = 7,
		.n_octets = 4000000001u,
		.n_reports = 2,
		.reports = {{.ssrc = 5,
			     .fraction_lost = 200,
			     .n_lost = -3,
			     .highest_sequence = 0x1ffff,
			     .jitter = 240,
			     .last_sr = 0xaabbccdd,
			     .delay_since_sr = 65536},
			    {.ssrc = 6, .n_lost = 0x900000}},
		.cname = "station@example.org",
		.bye = true,
	};
	struct pl_rtcp_compound out;
	uint8_t data[256];
	int n = pl_rtcp_write(&in, data, sizeof(data));

	PL_CHECK(n > 0 && n % 4 == 0);
	PL_CHECK_INT(pl_rtcp_parse(data, (size_t)n, &out), 0);
	PL_CHECK_INT(out.ssrc, in.ssrc);
	PL_CHECK(out.is_sender && out.bye);
	PL_CHECK(out.ntp == in.ntp);
	PL_CHECK_INT(out.timestamp, in.timestamp);
	PL_CHECK_INT(out.n_octets, in.n_octets);
	PL_CHECK_INT(out.n_reports, 2);
	PL_CHECK_INT(out.reports[0].n_lost, -3);
	PL_CHECK_INT(out.reports[0].fraction_lost, 200);
	PL_CHECK_INT(out.reports[0].highest_sequence, 0x1ffff);
	PL_CHECK_INT(out.reports[0].last_sr, 0xaabbccdd);
	PL_CHECK_INT(out.reports[1].n_lost, 0x7fffff); /* clamped, RFC 3550 6.4.1 */
	PL_CHECK_STR(out.cname, in.cname);
	for (int size = 0; size < n; size++)
		PL_EXPECT(pl_rtcp_write(&in, data + 0, (size_t)size) == -ENOSPC);
	in.is_sender = in.bye = false;
	in.n_reports = 0;
	n = pl_rtcp_write(&in, data, sizeof(data));
	PL_CHECK_INT(pl_rtcp_parse(data, (size_t)n, &out), 0);
	PL_CHECK(!out.is_sender && !out.bye);
	PL_CHECK_INT(data[1], 201);
}

PL_TEST(what_is_no_compound_is_refused)
{
	struct pl_rtcp_compound in = {.ssrc = 1, .n_reports = 1, .cname = "abc"}, out;
	uint8_t data[128], bye[] = {0x81, 203, 0, 1, 0, 0, 0, 1};
	int n = pl_rtcp_write(&in, data, sizeof(data));

	PL_CHECK_INT(pl_rtcp_parse(bye, sizeof(bye), &out), -EBADMSG);
	for (int size = 0; size < n; size++)
		PL_EXPECT(pl_rtcp_parse(data, (size_t)size, &out) == (size == 32 ? 0 : -EBADMSG));
	data[0] = 0x40;
	PL_CHECK_INT(pl_rtcp_parse(data, (size_t)n, &out), -EBADMSG);
	data[0] = 0x82; /* two reports where one is */
	PL_CHECK_INT(pl_rtcp_parse(data, (size_t)n, &out), -EBADMSG);
}

/* 65530 … 65535, 0 … with one in ten missing; A.3 and A.1. */
PL_TEST(loss_over_the_turn)
{
	struct pl_rtcp_source source;
	struct pl_rtcp_report report;
	uint16_t sequence = 65530;

	pl_rtcp_source_init(&source, 9);
	for (int i = 0; i < 1000; i++, sequence++)
		if (i % 10 != 5)
			pl_rtcp_source_received(&source, sequence, (uint32_t)i * 240,
						SECOND + (uint64_t)i * 5000000);
	pl_rtcp_source_report(&source, 6 * SECOND, &report);
	PL_CHECK_INT(report.n_lost, 100);
	PL_CHECK_INT(report.fraction_lost, 25);
	PL_CHECK_INT(report.highest_sequence, 0x10000 + ((65530 + 999) & 0xffff));
	PL_CHECK_INT(report.jitter, 0);
	PL_CHECK_INT(pl_rtcp_source_lost(&source), 100);
	PL_CHECK_NEAR(pl_rtcp_source_loss_percent(&source, 6 * SECOND), 10, 0.1);
	PL_CHECK_NEAR(pl_rtcp_source_loss_percent(&source, 60 * SECOND), 0, 0);
	/* nothing since: nothing lost since */
	pl_rtcp_source_report(&source, 7 * SECOND, &report);
	PL_CHECK_INT(report.fraction_lost, 0);
}

/* Arrivals that are 2 ms early and late in turn differ by 4 ms each time; A.8 tends to that. */
PL_TEST(interarrival_jitter)
{
	struct pl_rtcp_source source;

	pl_rtcp_source_init(&source, 9);
	for (int i = 0; i < 400; i++)
		pl_rtcp_source_received(&source, (uint16_t)i, 0xfffffff0u + (uint32_t)i * 960,
					SECOND + (uint64_t)i * 20000000 + (i % 2 ? 4000000 : 0));
	PL_CHECK_NEAR(pl_rtcp_source_jitter_ms(&source), 4, 0.01);
}

/* The example of RFC 3550 6.4.1, figure 2: 6.125 s from the SR, 5.250 s at the other end. */
PL_TEST(round_trip)
{
	struct pl_rtcp_report report = {.last_sr = 0xb7052000, .delay_since_sr = 0x00054000};
	uint64_t a = (uint64_t)0xb710 << 32 | 0x80000000u;

	PL_CHECK_NEAR(pl_rtcp_round_trip_ms(&report, (uint64_t)0xb7108000 << 16), 6125, 0.1);
	report.last_sr = 0;
	PL_CHECK(isnan(pl_rtcp_round_trip_ms(&report, a)));
	PL_CHECK(pl_ntp_from_nsec(0) == 2208988800ull << 32);
	PL_CHECK(pl_ntp_from_nsec(SECOND / 2) == (2208988800ull << 32 | 0x80000000u));
}

PL_TEST(interval)
{
	/* least 5 s, times 1 / 1.21828; the first half of it; many members more */
	PL_CHECK_NEAR((double)pl_rtcp_interval_ns(64000, 2, 100, false, 0.5) / SECOND, 4.104, 0.01);
	PL_CHECK_NEAR((double)pl_rtcp_interval_ns(64000, 2, 100, true, 0.5) / SECOND, 2.052, 0.01);
	PL_CHECK(pl_rtcp_interval_ns(64000, 1000, 100, false, 0) > 100 * SECOND);
}

PL_TEST_MAIN()
