/* SPDX-License-Identifier: MIT */
#include "tone-ear.h"

#include <errno.h>
#include <stdlib.h>

#include <spa/utils/cleanup.h>
#include <spa/utils/defs.h>

/* --- data thread ------------------------------------------------------- */

void pl_tone_rate_init(struct pl_tone_rate *rate, uint32_t hz, uint32_t cpu_flags)
{
	rate->hz = hz;
	pl_decimate_plan_init(&rate->decimate, hz, cpu_flags);
	pl_dtmf_plan_init(&rate->dtmf, rate->decimate.rate_out_hz);
}

uint32_t pl_tone_rate_piece(const struct pl_tone_rate *rate)
{
	return (PL_TONE_BLOCK - 1u) * rate->decimate.factor;
}

static bool is_idle(const struct pl_tone_ear *ear)
{
	return !ear->dtmf;
}

static void start_dtmf(struct pl_tone_ear *ear, const struct pl_tone_rate *rate)
{
	ear->n_dtmf = 0;
	if (ear->dtmf)
		pl_dtmf_start(ear->dtmf, &rate->dtmf);
}

void pl_tone_ear_start(struct pl_tone_ear *ear, const struct pl_tone_rate *rate)
{
	pl_decimator_start(&ear->decimator, &rate->decimate);
	start_dtmf(ear, rate);
}

void pl_tone_ear_swap(struct pl_tone_ear *ear, const struct pl_tone_rate *rate,
		      struct pl_tone_change *change)
{
	if (is_idle(ear) && rate->hz)
		pl_decimator_start(&ear->decimator, &rate->decimate);
	if (change->dtmf_changed) {
		SPA_SWAP(ear->dtmf, change->dtmf);
		if (rate->hz)
			start_dtmf(ear, rate);
	}
}

uint32_t pl_tone_ear_run(struct pl_tone_ear *ear, const struct pl_tone_rate *rate, const float *src,
			 uint32_t n, uint64_t position, struct pl_tone_hit *ret_hits,
			 struct pl_tone_moment *ret_moments)
{
	const struct pl_decimate_plan *plan = &rate->decimate;
	struct pl_tone_moment moment = {.factor = plan->factor};
	float samples[PL_TONE_BLOCK];
	uint32_t n_samples, n_hits = 0;

	if (is_idle(ear))
		return 0;
	n_samples = pl_decimator_run(&ear->decimator, plan, src, n, samples);
	/* The newest output was made of the inputs up to some before the end of the block. */
	moment.newest_position = (double)(position + n) - 1.0 - plan->delay;
	if (plan->factor > 1u)
		moment.newest_position -= plan->factor - ear->decimator.wait;
	if (ear->dtmf) {
		n_hits = pl_dtmf_run(ear->dtmf, samples, n_samples, ret_hits, PL_TONE_HITS_MAX);
		ear->n_dtmf += n_samples;
		moment.newest_sample = ear->n_dtmf - 1u;
		for (uint32_t i = 0; i < n_hits; i++)
			ret_moments[i] = moment;
	}
	return n_hits;
}

/* --- main thread ------------------------------------------------------- */

void pl_tone_ear_done(struct pl_tone_ear *ear)
{
	free(spa_steal_ptr(ear->dtmf));
}

int pl_tone_change_init(struct pl_tone_change *change, const struct pl_tone_settings *before,
			const struct pl_tone_settings *after, uint32_t port)
{
	uint64_t bit = UINT64_C(1) << (port - 1u);

	change->dtmf_changed = (before->dtmf & bit) != (after->dtmf & bit);
	if (change->dtmf_changed && (after->dtmf & bit)) {
		change->dtmf = calloc(1, sizeof(*change->dtmf));
		if (!change->dtmf)
			return -ENOMEM;
	}
	return 0;
}

void pl_tone_change_done(struct pl_tone_change *change)
{
	free(spa_steal_ptr(change->dtmf));
}
