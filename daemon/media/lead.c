/* SPDX-License-Identifier: MIT */
#include "lead.h"

#include <math.h>

#define NSEC_PER_SEC 1e9
#define LEAD_MIN_NSEC 500000u
#define LEAD_FIRST_MAX_NSEC 2500000u
#define LEAD_MAX_NSEC 60000000u
#define CALM_NSEC 5000000000u
/** Without a cycle for so many quanta the graph stands still. */
#define STILL_QUANTA 8u
/** A gap up to this was missed; beyond, it is another time. */
#define MISSED_MAX_FRAMES 480000u

uint64_t pl_lead_missed(struct pl_lead *lead, uint64_t position)
{
	uint64_t gap = position - lead->position;

	lead->position = position;
	return lead->played && gap <= MISSED_MAX_FRAMES ? gap : 0;
}

void pl_lead_wrote(struct pl_lead *lead, uint64_t n_frames)
{
	lead->position += n_frames;
	lead->played = true;
}

bool pl_lead_follow(struct pl_lead *lead, const struct pl_lead_graph *graph, uint64_t now)
{
	double quantum_nsec = graph->quantum * NSEC_PER_SEC / graph->rate_hz;

	if (lead->lead_nsec == 0) {
		lead->lead_nsec = (uint64_t)fmin(fmax(quantum_nsec / 2.0, LEAD_MIN_NSEC),
						 LEAD_FIRST_MAX_NSEC);
		lead->calm_nsec = now;
	}
	if (graph->n_starved != lead->n_starved && lead->played) {
		lead->lead_nsec = lead->lead_nsec * 3u / 2u;
		lead->lead_nsec = lead->lead_nsec < LEAD_MAX_NSEC ? lead->lead_nsec : LEAD_MAX_NSEC;
		lead->calm_nsec = now;
	} else if (now - lead->calm_nsec > CALM_NSEC) {
		lead->lead_nsec = lead->lead_nsec * 4u / 5u;
		lead->lead_nsec = lead->lead_nsec > LEAD_MIN_NSEC ? lead->lead_nsec : LEAD_MIN_NSEC;
		lead->calm_nsec = now;
	}
	lead->n_starved = graph->n_starved;
	if (now - graph->moved_nsec <= lead->lead_nsec + (uint64_t)(STILL_QUANTA * quantum_nsec))
		return true;
	lead->played = false;
	return false;
}
