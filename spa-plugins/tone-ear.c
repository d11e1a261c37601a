/* SPDX-License-Identifier: MIT */
#include "tone-ear.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	return !ear->dtmf && !ear->pages;
}

static void start_dtmf(struct pl_tone_ear *ear, const struct pl_tone_rate *rate)
{
	static const float silence[PL_DTMF_HOP_MAX];
	struct pl_tone_hit hits[PL_TONE_HITS_MAX];

	/* Not all in the same cycle, as with pages: a hop is 40 samples or more, and 23 shares no
	 * factor with that. */
	ear->n_dtmf = ear->stagger * 23u % 40u;
	if (!ear->dtmf)
		return;
	pl_dtmf_start(ear->dtmf, &rate->dtmf);
	pl_dtmf_run(ear->dtmf, silence, (uint32_t)ear->n_dtmf, hits, PL_TONE_HITS_MAX);
}

static void start_pages(struct pl_tone_ear *ear, const struct pl_tone_rate *rate)
{
	ear->n_pages = 0;
	if (ear->pages)
		pl_pages_start(ear->pages, rate->decimate.rate_out_hz, ear->stagger);
}

void pl_tone_ear_start(struct pl_tone_ear *ear, const struct pl_tone_rate *rate)
{
	pl_decimator_start(&ear->decimator, &rate->decimate);
	start_dtmf(ear, rate);
	start_pages(ear, rate);
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
	if (change->pages_changed) {
		SPA_SWAP(ear->pages, change->pages);
		if (rate->hz)
			start_pages(ear, rate);
	}
}

uint32_t pl_tone_ear_run(struct pl_tone_ear *ear, const struct pl_tone_rate *rate, const float *src,
			 uint32_t n, uint64_t position, struct pl_tone_hit *ret_hits,
			 struct pl_tone_moment *ret_moments)
{
	const struct pl_decimate_plan *plan = &rate->decimate;
	struct pl_tone_moment moment = {.factor = plan->factor};
	float samples[PL_TONE_BLOCK];
	uint32_t n_samples, n_hits = 0, n_digits;

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
	n_digits = n_hits;
	if (ear->pages) {
		n_hits += pl_pages_run(ear->pages, samples, n_samples, ret_hits + n_digits,
				       PL_TONE_HITS_MAX - n_digits);
		ear->n_pages += n_samples;
		moment.newest_sample = ear->n_pages - 1u;
		for (uint32_t i = n_digits; i < n_hits; i++)
			ret_moments[i] = moment;
	}
	return n_hits;
}

/* --- main thread ------------------------------------------------------- */

void pl_tone_ear_done(struct pl_tone_ear *ear)
{
	free(spa_steal_ptr(ear->dtmf));
	pl_pages_free(spa_steal_ptr(ear->pages));
}

/** What the pages of one port are made of. */
struct page_list {
	uint32_t n_defs, n_bands;
	struct pl_tone_finder finder;
	struct pl_tone_def defs[PL_TONE_PAGES_MAX];
	struct pl_tone_band bands[PL_TONE_BANDS_MAX];
};

static struct page_list *list_pages(const struct pl_tone_settings *settings, uint32_t port)
{
	struct page_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	for (uint32_t i = 0; i < settings->n_pages; i++) {
		const double *f = settings->pages[i];

		if (f[0] != port)
			continue;
		list->defs[list->n_defs++] = (struct pl_tone_def){
			.id = (uint32_t)f[1],
			.kind = f[3] > 0.0 ? PL_TONE_KIND_TWO_TONE : PL_TONE_KIND_LONG,
			.a_hz = (float)f[2],
			.b_hz = (float)f[3],
			.a_length_s = (float)f[4],
			.b_length_s = (float)f[5],
			.a_tolerance_hz = (float)f[6],
			.b_tolerance_hz = (float)f[7],
		};
	}
	for (uint32_t i = 0; i < settings->n_filters; i++) {
		const double *f = settings->filters[i];

		if (f[0] != port)
			continue;
		list->bands[list->n_bands++] = (struct pl_tone_band){
			.type = (enum pl_tone_band_type)f[1],
			.frequency_hz = (float)f[2],
			.range_hz = (float)f[3],
		};
	}
	for (uint32_t i = 0; i < settings->n_find; i++) {
		const double *f = settings->find[i];

		if (f[0] == port)
			list->finder = (struct pl_tone_finder){1, (float)f[1], (float)f[2]};
	}
	return list;
}

static bool same_pages(const struct page_list *a, const struct page_list *b)
{
	return a->n_defs == b->n_defs && a->n_bands == b->n_bands &&
	       a->finder.enabled == b->finder.enabled && a->finder.length_s == b->finder.length_s &&
	       a->finder.range_hz == b->finder.range_hz &&
	       memcmp(a->defs, b->defs, a->n_defs * sizeof(a->defs[0])) == 0 &&
	       memcmp(a->bands, b->bands, a->n_bands * sizeof(a->bands[0])) == 0;
}

static int change_pages(struct pl_tone_change *change, const struct pl_tone_settings *before,
			const struct pl_tone_settings *after, uint32_t port)
{
	struct page_list *old = list_pages(before, port), *new = list_pages(after, port);
	int r = old && new ? 0 : -ENOMEM;

	change->pages_changed = r >= 0 && !same_pages(old, new);
	if (change->pages_changed && (new->n_defs > 0 || new->finder.enabled))
		r = pl_pages_new(new->defs, new->n_defs, new->bands, new->n_bands,
				 new->finder.enabled ? &new->finder : NULL, &change->pages);
	free(old);
	free(new);
	return r;
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
	return change_pages(change, before, after, port);
}

void pl_tone_change_done(struct pl_tone_change *change)
{
	free(spa_steal_ptr(change->dtmf));
	pl_pages_free(spa_steal_ptr(change->pages));
}
