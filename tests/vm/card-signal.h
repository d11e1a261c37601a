/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_VM_CARD_SIGNAL_H
#define PARTYLINE_TEST_VM_CARD_SIGNAL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A sine of 1 kHz from a sound card whose clock is not the graph's: a resampler lies between, so
 * its samples are not known, but a sine it must be. From one sample to the next a sine follows
 * x[n] = 2 cos(w) x[n-1] - x[n-2]; what is cut, doubled or missing does not.
 */

#define PL_CARD_SINE_HZ 1000.0
#define PL_CARD_RATE_HZ 48000.0
#define PL_CARD_SILENT 1e-4f       /* -80 dBFS */
#define PL_CARD_SILENT_FRAMES 480u /* so long below it is silence, not a zero crossing */
#define PL_CARD_CLICK 0.02 /* of full scale; a sine of 0.5 whose clock is 1 % off gives 0.0002 */
#define PL_CARD_NAMED_MAX 1024

struct pl_card_signal {
	float before[2];
	uint64_t quiet_since;
	bool heard;
	uint32_t n_edges; /* silence to sound, sound to silence, … */
	uint64_t edges[PL_CARD_NAMED_MAX];
	uint32_t n_clicks;
	uint64_t clicks[PL_CARD_NAMED_MAX];
	float peak;
};

static inline void pl_card_signal_edge(struct pl_card_signal *c, bool heard, uint64_t frame)
{
	c->heard = heard;
	if (c->n_edges < PL_CARD_NAMED_MAX)
		c->edges[c->n_edges] = frame;
	c->n_edges++;
}

/** The sample at FRAME, one after the other. */
static inline void pl_card_signal_step(struct pl_card_signal *c, float x, uint64_t frame)
{
	double sine = 2.0 * cos(2.0 * M_PI * PL_CARD_SINE_HZ / PL_CARD_RATE_HZ) * c->before[0] -
		      c->before[1];

	if (fabs(x - sine) > PL_CARD_CLICK) {
		if (c->n_clicks < PL_CARD_NAMED_MAX)
			c->clicks[c->n_clicks] = frame;
		c->n_clicks++;
	}
	c->before[1] = c->before[0];
	c->before[0] = x;
	c->peak = fmaxf(c->peak, fabsf(x));
	if (fabsf(x) > PL_CARD_SILENT) {
		if (!c->heard)
			pl_card_signal_edge(c, true, frame);
		c->quiet_since = frame + 1;
	} else if (c->heard && frame - c->quiet_since >= PL_CARD_SILENT_FRAMES) {
		pl_card_signal_edge(c, false, c->quiet_since);
	}
}

static inline void pl_card_signal_print(const struct pl_card_signal *c)
{
	printf(", \"card\": {\"peak\": %.4f, \"n_edges\": %u, \"n_clicks\": %u, \"edges\": [",
	       c->peak, c->n_edges, c->n_clicks);
	for (uint32_t i = 0; i < c->n_edges && i < PL_CARD_NAMED_MAX; i++)
		printf("%s%llu", i ? ", " : "", (unsigned long long)c->edges[i]);
	printf("], \"clicks\": [");
	for (uint32_t i = 0; i < c->n_clicks && i < PL_CARD_NAMED_MAX; i++)
		printf("%s%llu", i ? ", " : "", (unsigned long long)c->clicks[i]);
	printf("]}");
}

#endif
