/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quick-call.h"
#include "tone-track.h"

/* Shares of a defined length, see pages.h. Radios cut off the beginning of tone A (squelch, CTCSS)
 * and the end of tone B. */
#define A_SHARE_MIN 0.75f
#define A_SHARE_MAX 2.0f
#define A_ABOVE_S 0.1f
#define B_SHARE_MIN 0.8f
#define LONG_SHARE_MIN 0.9f
#define GAP_MAX_S 0.35
/** tone B may seem to begin that much before tone A's end: both are told to half a hop */
#define OVERLAP_MAX_S 0.06
/** a length is measured to that */
#define LENGTH_ERROR_S 0.02f

/** Tones this near to each other are one tone: relative */
#define SAME 0.0025f
/** share of the way to a neighbour that a tolerance may take */
#define HALF_WAY 0.498f
/** what measuring may add to a tolerance: 3 sigma of 0.35 s with noise as strong as the tone */
#define GUARD_HZ 0.25f
#define GUARD_RELATIVE 0.0002f

/** definitions of the same pair are told apart by lengths of B that differ by more than that */
#define LONGER 1.25f

#define FINDER_SHARE_MIN 0.9f
#define FINDER_LENGTH_MAX_S 10.0f
/** least distance of the finder's two tones: relative */
#define FINDER_APART 0.01f

/** hops from one look at a tone that goes on to the next */
#define LOOK_HOPS 2u

/* Frequencies that are accepted as a tone. */
struct edges {
	float low_hz, high_hz;
};

struct page {
	struct pl_tone_def def;
	struct edges a, b;
	uint64_t heard; /* serial of the run that it was reported for */
};

struct pl_pages {
	double rate_hz;
	struct pl_tone_finder finder;
	float b_least_s; /* no tone shorter than this completes anything */
	struct pl_tone_track track;
	struct pl_tone_verdict a; /* of track.before */
	uint64_t a_serial;        /* the run it belongs to */
	uint32_t n_bands;
	struct pl_tone_band *bands;
	uint32_t n;
	struct page pages[];
};

/* --- Definitions ---------------------------------------------------------------------------- */

static bool same_tone(float hz, float other_hz)
{
	return fabsf(hz - other_hz) <= SAME * fminf(hz, other_hz);
}

static void stop_half_way(struct edges *edges, float hz, float other_hz)
{
	float middle_hz = hz + HALF_WAY * (other_hz - hz);

	if (same_tone(hz, other_hz))
		return;
	if (other_hz > hz)
		edges->high_hz = fminf(edges->high_hz, middle_hz);
	else
		edges->low_hz = fmaxf(edges->low_hz, middle_hz);
}

static struct edges edges_of(const struct pl_pages *pages, float hz, float tolerance_hz)
{
	float off_hz = tolerance_hz + GUARD_HZ + GUARD_RELATIVE * hz, below_hz, above_hz;
	struct edges edges = {.low_hz = hz - off_hz, .high_hz = hz + off_hz};

	if (pl_quick_call_neighbours(hz, &below_hz, &above_hz)) {
		stop_half_way(&edges, hz, below_hz);
		stop_half_way(&edges, hz, above_hz);
	}
	for (uint32_t i = 0; i < pages->n; i++) {
		const struct pl_tone_def *def = &pages->pages[i].def;

		stop_half_way(&edges, hz, def->a_hz);
		if (def->kind == PL_TONE_KIND_TWO_TONE)
			stop_half_way(&edges, hz, def->b_hz);
	}
	return edges;
}

static bool in_range(float x, double least, double most)
{
	return (double)x >= least && (double)x <= most;
}

static bool is_valid(const struct pl_tone_def *def)
{
	bool pair = def->kind == PL_TONE_KIND_TWO_TONE;

	if (!pair && def->kind != PL_TONE_KIND_LONG)
		return false;
	if (!in_range(def->a_hz, 200.0, PL_TONE_PASS_HZ) || !in_range(def->a_length_s, 0.2, 20.0) ||
	    !in_range(def->a_tolerance_hz, 0.0, PL_TONE_PASS_HZ))
		return false;
	return !pair || (in_range(def->b_hz, 200.0, PL_TONE_PASS_HZ) &&
			 in_range(def->b_length_s, 0.2, 20.0) &&
			 in_range(def->b_tolerance_hz, 0.0, PL_TONE_PASS_HZ));
}

static float completing_length_s(const struct pl_tone_def *def)
{
	return def->kind == PL_TONE_KIND_LONG ? LONG_SHARE_MIN * def->a_length_s
					      : B_SHARE_MIN * def->b_length_s;
}

int pl_pages_new(const struct pl_tone_def *defs, uint32_t n_defs, const struct pl_tone_band *bands,
		 uint32_t n_bands, const struct pl_tone_finder *finder, struct pl_pages **ret_pages)
{
	struct pl_pages *pages;

	for (uint32_t i = 0; i < n_defs; i++)
		if (!is_valid(&defs[i]))
			return -EINVAL;
	if (finder && finder->enabled && !in_range(finder->length_s, 0.2, 20.0))
		return -EINVAL;
	pages = calloc(1, sizeof(*pages) + n_defs * sizeof(pages->pages[0]));
	if (!pages)
		return -ENOMEM;
	if (n_bands > 0) {
		pages->bands = calloc(n_bands, sizeof(*bands));
		if (!pages->bands) {
			free(pages);
			return -ENOMEM;
		}
		memcpy(pages->bands, bands, n_bands * sizeof(*bands));
		pages->n_bands = n_bands;
	}
	pages->n = n_defs;
	pages->b_least_s = INFINITY;
	for (uint32_t i = 0; i < n_defs; i++) {
		pages->pages[i].def = defs[i];
		pages->b_least_s = fminf(pages->b_least_s, completing_length_s(&defs[i]));
	}
	for (uint32_t i = 0; i < n_defs; i++) {
		struct page *page = &pages->pages[i];

		page->a = edges_of(pages, page->def.a_hz, page->def.a_tolerance_hz);
		if (page->def.kind == PL_TONE_KIND_TWO_TONE)
			page->b = edges_of(pages, page->def.b_hz, page->def.b_tolerance_hz);
	}
	if (finder)
		pages->finder = *finder;
	pl_pages_start(pages, PL_TONE_RATE_MIN_HZ, 0);
	*ret_pages = pages;
	return 0;
}

void pl_pages_free(struct pl_pages *pages)
{
	if (!pages)
		return;
	free(pages->bands);
	free(pages);
}

void pl_pages_start(struct pl_pages *pages, double rate_hz, uint32_t stagger)
{
	pages->rate_hz = rate_hz;
	pages->a_serial = 0;
	for (uint32_t i = 0; i < pages->n; i++)
		pages->pages[i].heard = 0;
	pl_tone_track_start(&pages->track, rate_hz, pages->bands, pages->n_bands, stagger);
}

/* --- Matching ------------------------------------------------------------------------------- */

/* What is heard: the tone now, and the one before when it may be its tone A. */
struct heard {
	struct pl_tone_run *run, *a_run; /* a_run: NULL when there is none */
	struct pl_tone_verdict tone;     /* of run */
	const struct pl_tone_verdict *a;
	struct pl_tone_hit *hits;
	uint32_t n_hits, max;
};

static bool matches(float hz, const struct edges *edges)
{
	return hz >= edges->low_hz && hz <= edges->high_hz;
}

static bool long_enough(float length_s, bool ended, float wanted_s, float share)
{
	return length_s >= (ended ? share * wanted_s : wanted_s) - LENGTH_ERROR_S;
}

/* Tone A is of this length. What was the last tone of a page may have gone on as tone A. */
static bool a_length_fits(const struct heard *heard, const struct pl_tone_def *def)
{
	float length_s = heard->a->length_s, least_s = A_SHARE_MIN * def->a_length_s;

	if (length_s < least_s - LENGTH_ERROR_S)
		return false;
	if (length_s <= A_SHARE_MAX * def->a_length_s + A_ABOVE_S)
		return true;
	return heard->a_run->taken && length_s >= heard->a_run->taken_length_s + least_s;
}

static bool a_fits(const struct heard *heard, const struct page *page)
{
	return page->def.kind == PL_TONE_KIND_TWO_TONE && heard->a_run &&
	       matches(heard->a->hz, &page->a) && matches(heard->tone.hz, &page->b) &&
	       a_length_fits(heard, &page->def);
}

/* Another definition of the same pair has a longer tone B: heard it may be (the tone goes on), or
 * it was. */
static bool longer_wins(const struct pl_pages *pages, const struct heard *heard,
			const struct page *page)
{
	for (uint32_t i = 0; i < pages->n; i++) {
		const struct page *other = &pages->pages[i];

		if (other == page || other->def.kind != PL_TONE_KIND_TWO_TONE ||
		    other->def.b_length_s <= LONGER * page->def.b_length_s || !a_fits(heard, other))
			continue;
		if (!heard->run->closed ||
		    long_enough(heard->tone.length_s, true, other->def.b_length_s, B_SHARE_MIN))
			return true;
	}
	return false;
}

static void hit(struct heard *heard, enum pl_tone_kind kind, uint32_t id)
{
	bool pair = kind != PL_TONE_KIND_LONG;
	const struct pl_tone_verdict *a = pair ? heard->a : &heard->tone;
	const struct pl_tone_run *first = pair ? heard->a_run : heard->run;
	float level = heard->tone.level;
	struct pl_tone_hit *hit;

	if (heard->n_hits >= heard->max)
		return;
	if (pair)
		level = sqrtf(0.5f * (level * level + a->level * a->level));
	hit = &heard->hits[heard->n_hits++];
	*hit = (struct pl_tone_hit){
		.kind = kind,
		.id = id,
		.a_hz = a->hz,
		.b_hz = pair ? heard->tone.hz : 0.0f,
		.a_length_s = a->length_s,
		.b_length_s = pair ? heard->tone.length_s : 0.0f,
		.level_db = 20.0f * log10f(fmaxf(level, 1e-12f)),
		.begin = (uint64_t)fmax(0.0, first->begin),
		.end = (uint64_t)fmax(0.0, heard->run->end),
	};
}

static void find_pages(struct pl_pages *pages, struct heard *heard)
{
	struct pl_tone_run *run = heard->run;
	bool tone_b = run->taken;

	for (uint32_t i = 0; i < pages->n; i++) {
		struct page *page = &pages->pages[i];

		if (!a_fits(heard, page))
			continue;
		tone_b = true;
		if (page->heard == run->serial ||
		    !long_enough(heard->tone.length_s, run->closed, page->def.b_length_s,
				 B_SHARE_MIN) ||
		    longer_wins(pages, heard, page))
			continue;
		page->heard = run->serial;
		run->taken = true;
		run->taken_length_s = fmaxf(run->taken_length_s, page->def.b_length_s);
		hit(heard, PL_TONE_KIND_TWO_TONE, page->def.id);
	}
	if (tone_b)
		return;
	for (uint32_t i = 0; i < pages->n; i++) {
		struct page *page = &pages->pages[i];

		if (page->def.kind != PL_TONE_KIND_LONG || page->heard == run->serial ||
		    !matches(heard->tone.hz, &page->a) ||
		    !long_enough(heard->tone.length_s, run->closed, page->def.a_length_s,
				 LONG_SHARE_MIN))
			continue;
		page->heard = run->serial;
		run->group = true;
		hit(heard, PL_TONE_KIND_LONG, page->def.id);
	}
}

static bool is_tone(float hz, const struct edges *edges, float wanted_hz, float range_hz)
{
	return matches(hz, edges) || fabsf(hz - wanted_hz) <= range_hz;
}

static bool known(const struct pl_pages *pages, const struct heard *heard)
{
	float range_hz = pages->finder.range_hz;

	for (uint32_t i = 0; i < pages->n; i++) {
		const struct page *page = &pages->pages[i];

		if (page->def.kind == PL_TONE_KIND_TWO_TONE &&
		    is_tone(heard->a->hz, &page->a, page->def.a_hz, range_hz) &&
		    is_tone(heard->tone.hz, &page->b, page->def.b_hz, range_hz))
			return true;
	}
	return false;
}

static void find_new_pair(struct pl_pages *pages, struct heard *heard)
{
	const struct pl_tone_finder *finder = &pages->finder;
	struct pl_tone_run *run = heard->run;
	float least_s = FINDER_SHARE_MIN * finder->length_s - LENGTH_ERROR_S;
	float apart_hz = fmaxf(2.0f * finder->range_hz, FINDER_APART * heard->tone.hz);

	if (!finder->enabled || !heard->a_run || run->taken || run->group || heard->a_run->taken ||
	    heard->a_run->group)
		return;
	if (!run->closed && heard->tone.length_s < FINDER_LENGTH_MAX_S)
		return;
	if (heard->tone.length_s < least_s || heard->a->length_s < least_s ||
	    heard->a->length_s > FINDER_LENGTH_MAX_S || heard->a->spread_hz > finder->range_hz ||
	    heard->tone.spread_hz > finder->range_hz ||
	    fabsf(heard->a->hz - heard->tone.hz) <= apart_hz || known(pages, heard))
		return;
	run->taken = true;
	run->taken_length_s = heard->tone.length_s;
	hit(heard, PL_TONE_KIND_NEW_PAIR, 0);
}

/* A hop is complete: what does it tell? */
static uint32_t look(struct pl_pages *pages, struct pl_tone_hit *hits, uint32_t max)
{
	struct pl_tone_track *track = &pages->track;
	struct heard heard = {.run = track->current, .hits = hits, .max = max};
	struct pl_tone_run *before = track->before;
	double pause_s;

	/* Now and then will do while it goes on. */
	if (!heard.run->serial || (!heard.run->closed && heard.run->n % LOOK_HOPS != 0) ||
	    pl_tone_run_length_s(track, heard.run) <
		    fminf(pages->b_least_s,
			  pages->finder.enabled ? 0.5f * pages->finder.length_s : INFINITY) -
			    LENGTH_ERROR_S)
		return 0;
	pl_tone_track_judge(track, heard.run, &heard.tone);
	if (!heard.tone.machine)
		return 0;
	pause_s = (heard.run->begin - before->end) / pages->rate_hz;
	if (before->serial && pause_s <= GAP_MAX_S && pause_s >= -OVERLAP_MAX_S) {
		if (pages->a_serial != before->serial) {
			pl_tone_track_judge(track, before, &pages->a);
			pages->a_serial = before->serial;
		}
		heard.a = &pages->a;
		heard.a_run = heard.a->machine ? before : NULL;
	}
	find_pages(pages, &heard);
	find_new_pair(pages, &heard);
	return heard.n_hits;
}

uint32_t pl_pages_run(struct pl_pages *pages, const float *samples, uint32_t n,
		      struct pl_tone_hit *ret_hits, uint32_t max)
{
	uint32_t n_hits = 0, used = 0;

	while (n > 0) {
		if (pl_tone_track_push(&pages->track, samples, n, &used)) {
			n_hits += look(pages, ret_hits + n_hits, max - n_hits);
			pl_tone_track_settle(&pages->track);
		}
		samples += used;
		n -= used;
	}
	return n_hits;
}
