/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "rtcp.h"

#define CLOCK_HZ 48000.0
#define NSEC 1000000000u
#define NTP_EPOCH_S 2208988800u /**< 1900 to 1970 */
#define N_RECENT 11u

void pl_rtcp_source_init(struct pl_rtcp_source *source, uint32_t ssrc)
{
	memset(source, 0, sizeof(*source));
	source->ssrc = ssrc;
}

static uint64_t n_expected(const struct pl_rtcp_source *s)
{
	return s->heard ? (uint64_t)s->cycles + s->highest - s->base_sequence + 1 : 0;
}

static void note_recent(struct pl_rtcp_source *s, uint64_t now_nsec, uint64_t expected)
{
	uint64_t second = now_nsec / NSEC;
	unsigned i = (unsigned)(second % N_RECENT);

	if (s->recent[i].second != second) {
		s->recent[i].second = second;
		s->recent[i].n_expected = s->recent[i].n_received = 0;
	}
	s->recent[i].n_expected += expected;
	s->recent[i].n_received++;
}

void pl_rtcp_source_received(struct pl_rtcp_source *s, uint16_t sequence, uint32_t timestamp,
			     uint64_t now_nsec)
{
	double arrival = (double)now_nsec * (CLOCK_HZ / NSEC), d;
	uint64_t before = n_expected(s);
	double transit;

	if (!s->heard) {
		s->heard = true;
		s->highest = sequence;
		s->base_sequence = sequence;
	} else if ((uint16_t)(sequence - s->highest) < 0x8000u) {
		if (sequence < s->highest)
			s->cycles += 0x10000u;
		s->highest = sequence;
	}
	note_recent(s, now_nsec, n_expected(s) - before);
	/* A.8; the difference of two arrivals is exact although an arrival is a large number */
	transit = fmod(arrival, 4294967296.0) - timestamp;
	if (s->n_received > 0) {
		d = remainder(transit - s->transit, 4294967296.0);
		s->jitter += (fabs(d) - s->jitter) / 16;
	}
	s->transit = transit;
	s->n_received++;
}

void pl_rtcp_source_sender_report(struct pl_rtcp_source *s, uint64_t ntp, uint64_t now_nsec)
{
	s->last_sr = (uint32_t)(ntp >> 16);
	s->last_sr_nsec = now_nsec;
}

void pl_rtcp_source_report(struct pl_rtcp_source *s, uint64_t now_nsec,
			   struct pl_rtcp_report *ret_report)
{
	uint64_t expected = n_expected(s);
	int64_t interval = (int64_t)(expected - s->n_expected_prior);
	int64_t lost = interval - (int64_t)(s->n_received - s->n_received_prior);
	int64_t total = (int64_t)expected - (int64_t)s->n_received;

	memset(ret_report, 0, sizeof(*ret_report));
	ret_report->ssrc = s->ssrc;
	if (interval > 0 && lost > 0) {
		int64_t fraction = lost * 256 / interval;

		ret_report->fraction_lost = (uint8_t)(fraction > 255 ? 255 : fraction);
	}
	s->n_expected_prior = expected;
	s->n_received_prior = s->n_received;
	ret_report->n_lost = (int32_t)(total > 0x7fffff    ? 0x7fffff
				       : total < -0x800000 ? -0x800000
							   : total);
	ret_report->highest_sequence = s->cycles + s->highest;
	ret_report->jitter = (uint32_t)fmin(s->jitter, 4294967295.0);
	ret_report->last_sr = s->last_sr;
	if (s->last_sr)
		ret_report->delay_since_sr = (uint32_t)fmin(
			(double)(now_nsec - s->last_sr_nsec) * 65536 / NSEC, 4294967295.0);
}

uint64_t pl_rtcp_source_lost(const struct pl_rtcp_source *s)
{
	uint64_t expected = n_expected(s);

	return expected > s->n_received ? expected - s->n_received : 0;
}

double pl_rtcp_source_loss_percent(const struct pl_rtcp_source *s, uint64_t now_nsec)
{
	uint64_t second = now_nsec / NSEC, expected = 0, received = 0;

	for (unsigned i = 0; i < N_RECENT; i++) {
		if (s->recent[i].second + N_RECENT <= second || s->recent[i].second > second)
			continue;
		expected += s->recent[i].n_expected;
		received += s->recent[i].n_received;
	}
	return expected > received ? 100.0 * (double)(expected - received) / (double)expected : 0;
}

double pl_rtcp_source_jitter_ms(const struct pl_rtcp_source *s)
{
	return s->jitter * 1000 / CLOCK_HZ;
}

uint64_t pl_ntp_from_nsec(uint64_t realtime_nsec)
{
	uint64_t seconds = realtime_nsec / NSEC + NTP_EPOCH_S;

	return seconds << 32 | (((realtime_nsec % NSEC) << 32) / NSEC);
}

double pl_rtcp_round_trip_ms(const struct pl_rtcp_report *report, uint64_t now_ntp)
{
	int32_t units;

	if (report->last_sr == 0)
		return NAN;
	units = (int32_t)((uint32_t)(now_ntp >> 16) - report->last_sr - report->delay_since_sr);
	/* clocks of two kinds differ by some parts of a million: a little less than nothing is nothing */
	if (units < -65536 || units > 60 * 65536)
		return NAN;
	return units < 0 ? 0 : units * 1000.0 / 65536;
}

uint64_t pl_rtcp_interval_ns(double bandwidth_bps, uint32_t n_members, size_t average_size,
			     bool initial, double random)
{
	double least = initial ? 2.5 : 5, seconds;

	seconds = (double)average_size * 8 * n_members / fmax(0.05 * bandwidth_bps, 1);
	seconds =
		fmin(fmax(seconds, least), 3600) * (random + 0.5) / (2.71828182845904523536 - 1.5);
	return (uint64_t)(seconds * NSEC);
}
