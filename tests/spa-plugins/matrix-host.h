/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_MATRIX_HOST_H
#define PARTYLINE_TEST_MATRIX_HOST_H

#include <math.h>
#include <stdlib.h>

#include "cpu-host.h"
#include "host.h"
#include "pltest.h"

/* A matrix node at 48 kHz, ready to run, and what its tests do to it. */

#define RATE 48000u
/** 5 ms */
#define RAMP 240u

static inline void start(struct host *h, const char *n_tablets, const char *n_channels)
{
	/* Without a node there is nothing to test. */
	if (host_init(h, n_tablets, n_channels, pl_host_cpu_flags()) < 0)
		exit(1);
	host_link_all(h);
}

/** Tablet 0 talks on channel 0 at gain 1, everything else is 0. */
static inline void one_path(struct host *h)
{
	struct host_props p;

	host_props_begin(&p);
	host_props_double(&p, PL_PARAM_HEADROOM_DB, 0.0);
	host_props_double(&p, "partyline.uplink.1.1", 1.0);
	for (uint32_t t = 1; t < h->n_tablets; t++) {
		char name[64];

		snprintf(name, sizeof(name), PL_PARAM_UPLINK_FMT, 1u, t + 1u);
		host_props_double(&p, name, 0.0);
	}
	PL_CHECK_INT(host_props_send(h, &p), 0);
}

static inline void fill(struct host *h, uint32_t port, uint32_t n, float value)
{
	for (uint32_t i = 0; i < n; i++)
		host_in(h, port)[i] = value;
}

static inline bool all_near(const float *x, uint32_t n, double value)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!(fabs(x[i] - value) < 1e-6))
			return false;
	}
	return true;
}

static inline double limited(double x)
{
	return 0.9 * tanh(x / 0.9);
}

#endif
