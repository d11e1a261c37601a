/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rtcp.h"

/* A compound packet: what is read can be written and reads the same. */

static bool is_same(const struct pl_rtcp_report *a, const struct pl_rtcp_report *b)
{
	return a->ssrc == b->ssrc && a->fraction_lost == b->fraction_lost &&
	       a->n_lost == b->n_lost && a->highest_sequence == b->highest_sequence &&
	       a->jitter == b->jitter && a->last_sr == b->last_sr &&
	       a->delay_since_sr == b->delay_since_sr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_rtcp_compound compound, again;
	uint8_t written[PL_RTCP_PACKET_MAX];
	int n;

	if (pl_rtcp_parse(data, size, &compound) < 0)
		return 0;
	if (compound.n_reports > PL_RTCP_REPORTS_MAX || !memchr(compound.cname, '\0', 256))
		abort();
	for (uint32_t i = 0; i < compound.n_reports; i++) {
		double ms = pl_rtcp_round_trip_ms(&compound.reports[i], compound.ntp);

		if (!isnan(ms) && !(ms >= 0 && ms <= 60000))
			abort();
	}
	n = pl_rtcp_write(&compound, written, sizeof(written));
	if (n < 0 || n % 4 || pl_rtcp_parse(written, (size_t)n, &again) < 0)
		abort();
	if (again.ssrc != compound.ssrc || again.is_sender != compound.is_sender ||
	    again.n_reports != compound.n_reports || again.bye != compound.bye ||
	    strcmp(again.cname, compound.cname) != 0)
		abort();
	for (uint32_t i = 0; i < compound.n_reports; i++)
		if (!is_same(&again.reports[i], &compound.reports[i]))
			abort();
	return 0;
}
