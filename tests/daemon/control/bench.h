/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_BENCH_H
#define CONTROL_BENCH_H

#include "config.h"
#include "control.h"

/** Control with an engine and a keeper of the tests' own: they write down what they are told and can refuse. */
struct bench {
	struct pl_config config;
	struct pl_control *control;
	struct pl_error error; /* for the test's calls */

	struct pl_model engine_model, kept_model;
	unsigned n_applied, n_kept, n_kept_keys_only;
	int apply_result, keep_result; /* < 0: what they say to a change */
	uint64_t keys_nsec;            /* as the engine got it last */
	bool applied_before_kept;

	struct pl_listener listener;
};

/**
 * @param on_event  hears all of control's events
 * @param userdata  its own
 * @return 0 or negative errno
 */
int bench_init(struct bench *b, uint32_t n_tablets, uint32_t n_channels,
	       void (*on_event)(void *userdata, const struct pl_event *event), void *userdata);
void bench_done(struct bench *b);

#endif
