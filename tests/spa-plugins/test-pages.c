/* SPDX-License-Identifier: MIT */
/* Tone pages: what is heard, what is not. The whole scorecard is tests/bench/bench-pages.c. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "pages.h"
#include "quick-call.h"

#include "page-signal.h"
#include "pltest.h"

#define TOLERANCE 0.012
#define HITS_MAX 64u

static struct page_noise noise;

static struct pl_tone_def pair(uint32_t id, double a_hz, double b_hz, double a_s, double b_s)
{
	return (struct pl_tone_def){.id = id,
				    .kind = PL_TONE_KIND_TWO_TONE,
				    .a_hz = (float)a_hz,
				    .b_hz = (float)b_hz,
				    .a_length_s = (float)a_s,
				    .b_length_s = (float)b_s,
				    .a_tolerance_hz = (float)(a_hz * TOLERANCE),
				    .b_tolerance_hz = (float)(b_hz * TOLERANCE)};
}

static struct pl_tone_def group(uint32_t id, double hz, double length_s)
{
	return (struct pl_tone_def){.id = id,
				    .kind = PL_TONE_KIND_LONG,
				    .a_hz = (float)hz,
				    .a_length_s = (float)length_s,
				    .a_tolerance_hz = (float)(hz * TOLERANCE)};
}

static double tone_hz(uint32_t i)
{
	return (double)pl_quick_call_hz[i];
}

/** All 6320 ordered pairs: id = 80 * A + B. */
static uint32_t all_pairs(struct pl_tone_def *ret_defs, double a_s, double b_s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PL_QUICK_CALL_TONES; i++)
		for (uint32_t j = 0; j < PL_QUICK_CALL_TONES; j++)
			if (i != j)
				ret_defs[n++] = pair(80u * i + j, tone_hz(i), tone_hz(j), a_s, b_s);
	return n;
}

struct heard {
	struct pl_tone_hit hits[HITS_MAX];
	double told_s[HITS_MAX]; /**< when the hit was written */
	uint32_t n;
};

static uint64_t n_fed;

static void feed(struct pl_pages *pages, const float *samples, uint32_t n, uint32_t cut,
		 double rate_hz, struct heard *heard)
{
	for (uint32_t at = 0; at < n; at += cut) {
		uint32_t left = n - at < cut ? n - at : cut, before = heard->n;

		n_fed += left;
		heard->n += pl_pages_run(pages, samples + at, left, heard->hits + heard->n,
					 HITS_MAX - heard->n);
		for (uint32_t i = before; i < heard->n; i++)
			heard->told_s[i] = (double)n_fed / rate_hz;
	}
}

/** @return samples of the signal: free() them */
static float *make(const struct page_signal *signal)
{
	float *samples = calloc(page_signal_length(signal), sizeof(float));

	if (!samples || (!noise.samples && page_noise_init(&noise, 8000.0) < 0))
		abort();
	page_signal_make(signal, &noise, samples);
	return samples;
}

static void play_cut(struct pl_pages *pages, const struct page_signal *signal, uint32_t cut,
		     struct heard *heard)
{
	uint32_t n = page_signal_length(signal);
	float *samples = make(signal);

	feed(pages, samples, n, cut, signal->rate_hz, heard);
	free(samples);
}

static void play(struct pl_pages *pages, const struct page_signal *signal, struct heard *heard)
{
	play_cut(pages, signal, 100, heard);
}

static struct pl_pages *listen(const struct pl_tone_def *defs, uint32_t n_defs)
{
	struct pl_pages *pages;

	n_fed = 0;
	if (pl_pages_new(defs, n_defs, NULL, 0, NULL, &pages) < 0)
		abort();
	pl_pages_start(pages, 8000.0, 0);
	return pages;
}

/** Plays one page to these definitions. */
static struct heard hear(const struct pl_tone_def *defs, uint32_t n_defs,
			 const struct page_signal *signal)
{
	struct pl_pages *pages = listen(defs, n_defs);
	struct heard heard = {.n = 0};

	play(pages, signal, &heard);
	pl_pages_free(pages);
	return heard;
}

static bool is_one(const struct heard *heard, uint32_t id)
{
	if (heard->n == 1 && heard->hits[0].id == id)
		return true;
	printf("# wanted %u (%.1f, %.1f), heard %u:", id, tone_hz(id / 80u % 80u),
	       tone_hz(id % 80u), heard->n);
	for (uint32_t i = 0; i < heard->n; i++)
		printf(" %u (%.2f, %.2f)", heard->hits[i].id, (double)heard->hits[i].a_hz,
		       (double)heard->hits[i].b_hz);
	printf("\n");
	return false;
}

PL_TEST(table)
{
	double least = 1.0, most = 0.0;
	float below_hz, above_hz;

	for (uint32_t i = 1; i < PL_QUICK_CALL_TONES; i++) {
		double step = tone_hz(i) / tone_hz(i - 1u) - 1.0;

		least = fmin(least, step);
		most = fmax(most, step);
	}
	PL_CHECK_NEAR(tone_hz(0), 288.5, 0.01);
	PL_CHECK_NEAR(tone_hz(79), 2468.2, 0.01);
	PL_CHECK_NEAR(least, 0.0248, 0.00005);
	PL_CHECK_NEAR(most, 0.0305, 0.00005);
	PL_CHECK(pl_quick_call_neighbours(2043.9f, &below_hz, &above_hz));
	PL_CHECK_NEAR(below_hz, 1989.0, 0.01);
	PL_CHECK_NEAR(above_hz, 2094.5, 0.01);
	PL_CHECK(pl_quick_call_neighbours(288.5f, &below_hz, &above_hz) && below_hz == 0.0f);
	PL_CHECK(!pl_quick_call_neighbours(1000.0f, &below_hz, &above_hz));
}

/* Every tone as A and as B, beside each of its neighbours and far from them; the noise is as
 * strong as the tone; every other pair is defined too, so that any mistake pages someone. */
PL_TEST(every_tone_under_noise_as_strong)
{
	static const int32_t apart[] = {-1, 1, 27};
	static struct pl_tone_def defs[6320];
	uint32_t n = all_pairs(defs, 0.5, 1.0), n_played = 0, n_right = 0;
	struct pl_pages *pages = listen(defs, n);

	for (uint32_t i = 0; i < PL_QUICK_CALL_TONES; i++) {
		for (uint32_t k = 0; k < 3u; k++) {
			uint32_t j = (i + 80u + (uint32_t)apart[k]) % 80u;
			struct heard heard = {.n = 0};
			struct page_signal signal = page_signal(tone_hz(i), tone_hz(j));
			signal.a_length_s = 0.5;
			signal.b_length_s = 1.0;
			signal.snr_db = 0.0;
			signal.seed = 3u * i + k;
			signal.before_s = 0.15;
			signal.after_s = 0.45;

			play(pages, &signal, &heard);
			n_played++;
			n_right += is_one(&heard, 80u * i + j);
		}
	}
	pl_pages_free(pages);
	PL_CHECK_INT(n_right, n_played);
}

PL_TEST(offsets)
{
	static const double noise_db[] = {0.0, 30.0};

	for (uint32_t i = 0; i < PL_QUICK_CALL_TONES; i += 8u) {
		uint32_t j = (i + 31u) % 80u;
		struct pl_tone_def def = pair(80u * i + j, tone_hz(i), tone_hz(j), 0.5, 1.0);

		for (uint32_t k = 0; k < 8u; k++) {
			double a_sign = k & 1u ? 1.0 : -1.0, b_sign = k & 2u ? 1.0 : -1.0;
			struct page_signal signal =
				page_signal(tone_hz(i) * (1.0 + 0.012 * a_sign),
					    tone_hz(j) * (1.0 + 0.012 * b_sign));
			signal.a_length_s = 0.5;
			signal.b_length_s = 1.0;
			signal.snr_db = noise_db[k / 4u];
			signal.seed = i + k;
			struct heard heard = hear(&def, 1, &signal);

			PL_CHECK(is_one(&heard, def.id));
			/* one tone right, the other beyond: nobody */
			signal.a_hz = tone_hz(i) * (k & 1u ? 1.015 : 1.0);
			signal.b_hz = tone_hz(j) * (k & 1u ? 1.0 : 1.0 - 0.015 * b_sign);
			heard = hear(&def, 1, &signal);
			PL_CHECK_INT(heard.n, 0);
		}
	}
}

/* Tolerances that reach over the neighbours page nobody else: +-10 Hz as EchoStream's, and 5 %. */
PL_TEST(wide_tolerance_stops_half_way)
{
	for (uint32_t i = 1; i < PL_QUICK_CALL_TONES - 1u; i += 9u) {
		struct pl_tone_def def = pair(7, tone_hz(i), 1006.9, 0.5, 1.0);

		for (uint32_t k = 0; k < 4u; k++) {
			double middle = tone_hz(i) + 0.5 * (tone_hz(i + 1u) - tone_hz(i));
			struct page_signal signal =
				page_signal(k & 1u ? tone_hz(i + 1u) : middle, 1006.9);
			signal.a_length_s = 0.5;
			signal.b_length_s = 1.0;
			signal.snr_db = 20.0;
			struct heard heard;

			if (fabs(tone_hz(i) - 1006.9) < 40.0)
				continue;
			def.a_tolerance_hz = k & 2u ? 10.0f : (float)(0.05 * tone_hz(i));
			heard = hear(&def, 1, &signal);
			PL_CHECK_INT(heard.n, 0);
			if (def.a_tolerance_hz < 10.0f)
				continue;
			signal.a_hz = tone_hz(i) + 0.45 * (tone_hz(i + 1u) - tone_hz(i));
			heard = hear(&def, 1, &signal);
			PL_CHECK_INT(heard.n,
				     signal.a_hz - tone_hz(i) < (double)def.a_tolerance_hz);
		}
	}
	/* tones of no table: half way between the two that are defined */
	struct pl_tone_def defs[] = {pair(1, 1000.0, 500.0, 1.0, 1.0),
				     pair(2, 1012.0, 500.0, 1.0, 1.0)};
	struct page_signal signal = page_signal(1005.0, 500.0);
	signal.b_length_s = 1.0;
	struct heard heard;

	defs[0].a_tolerance_hz = defs[1].a_tolerance_hz = 10.0f;
	heard = hear(defs, 2, &signal);
	PL_CHECK(is_one(&heard, 1));
	signal.a_hz = 1007.0;
	heard = hear(defs, 2, &signal);
	PL_CHECK(is_one(&heard, 2));
	signal.a_hz = 1006.0;
	heard = hear(defs, 2, &signal);
	PL_CHECK_INT(heard.n, 0);
}

PL_TEST(lengths)
{
	struct pl_tone_def defs[] = {pair(1, 600.9, 1513.5, 1.0, 3.0),
				     pair(2, 600.9, 1513.5, 0.5, 1.0)};
	struct page_signal full = page_signal(600.9, 1513.5);
	struct page_signal brief = full;
	struct heard heard;

	brief.a_length_s = 0.5;
	brief.b_length_s = 1.0;
	/* as defined */
	heard = hear(&defs[0], 1, &full);
	PL_CHECK(is_one(&heard, 1));
	heard = hear(&defs[1], 1, &brief);
	PL_CHECK(is_one(&heard, 2));
	/* too short for the definition, longer than it */
	heard = hear(&defs[0], 1, &brief);
	PL_CHECK_INT(heard.n, 0);
	heard = hear(&defs[1], 1, &full);
	PL_CHECK(is_one(&heard, 2));
	/* both are defined: told apart */
	heard = hear(defs, 2, &full);
	PL_CHECK(is_one(&heard, 1));
	heard = hear(defs, 2, &brief);
	PL_CHECK(is_one(&heard, 2));
	/* a tone A of an eighth of its length, of four times it */
	full.a_length_s = 0.125;
	heard = hear(&defs[0], 1, &full);
	PL_CHECK_INT(heard.n, 0);
	full.a_length_s = 4.0;
	heard = hear(&defs[0], 1, &full);
	PL_CHECK_INT(heard.n, 0);
	/* a squelch that opens late */
	full.a_length_s = 0.8;
	heard = hear(&defs[0], 1, &full);
	PL_CHECK(is_one(&heard, 1));
}

PL_TEST(positions_and_time)
{
	static const double noise_db[] = {200.0, 20.0, 0.0};

	for (uint32_t k = 0; k < 24u; k++) {
		double a_hz = tone_hz((7u * k) % 80u), b_hz = tone_hz((7u * k + 1u + 3u * k) % 80u);
		struct pl_tone_def def = pair(3, a_hz, b_hz, 1.0, 3.0);
		struct page_signal signal = page_signal(a_hz, b_hz);
		signal.snr_db = noise_db[k % 3u];
		signal.b_length_s = k & 1u ? 2.7 : 3.0;
		signal.before_s = 0.3 + 0.001 * k;
		signal.seed = k;
		double end_s = signal.before_s + 1.0 + signal.b_length_s;
		struct heard heard = hear(&def, 1, &signal);
		const struct pl_tone_hit *hit = &heard.hits[0];

		PL_CHECK(is_one(&heard, 3));
		PL_CHECK_INT(hit->kind, PL_TONE_KIND_TWO_TONE);
		PL_CHECK_NEAR((double)hit->begin / 8000.0, signal.before_s, 0.02);
		PL_CHECK_NEAR((double)hit->end / 8000.0, end_s, 0.03);
		PL_CHECK_NEAR(hit->a_length_s, 1.0, 0.03);
		PL_CHECK_NEAR(hit->b_length_s, signal.b_length_s, 0.04);
		PL_CHECK_NEAR(hit->a_hz, a_hz, 0.3);
		PL_CHECK_NEAR(hit->b_hz, b_hz, 0.3);
		PL_CHECK_NEAR(hit->level_db, -23.0, 0.7);
		PL_CHECK(heard.told_s[0] <= end_s + 0.4);
	}
}

PL_TEST(pauses_and_twist)
{
	struct pl_tone_def def = pair(9, 288.5, 2468.2, 1.0, 3.0);

	for (uint32_t k = 0; k < 14u; k++) {
		double gap_s = k < 7u ? 0.05 * k : 0.0;
		double twist_db = k < 7u ? 0.0 : 4.0 * ((double)k - 10.0);
		struct page_signal signal = page_signal(288.5, 2468.2);
		signal.gap_s = gap_s;
		signal.twist_db = twist_db;
		signal.snr_db = 25.0;
		signal.seed = k;
		struct heard heard = hear(&def, 1, &signal);

		PL_CHECK(is_one(&heard, 9));
		if (k == 6u) {
			signal.gap_s = 0.6;
			heard = hear(&def, 1, &signal);
			PL_CHECK_INT(heard.n, 0);
		}
	}
}

PL_TEST(as_radios_deliver_them)
{
	static struct pl_tone_def defs[6320];
	uint32_t n = all_pairs(defs, 0.5, 1.0);
	struct pl_pages *pages = listen(defs, n);

	for (uint32_t k = 0; k < 30u; k++) {
		uint32_t i = (k * 37u) % 80u, j = (k * 37u + 1u + (k * 11u) % 79u) % 80u;
		struct heard heard = {.n = 0};
		struct page_signal signal = page_signal(tone_hz(i), tone_hz(j));
		signal.a_length_s = 0.5;
		signal.b_length_s = 1.0;
		signal.snr_db = 12.0;
		signal.seed = k;

		signal.fade_every_s = k % 2u == 0 ? 0.31 : 0.0;
		signal.hum_hz = k % 3u == 0 ? 50.0 : k % 3u == 1u ? 60.0 : 0.0;
		signal.hum_db = -3.0;
		signal.clip = k % 5u == 0 ? 0.07 : k % 5u == 1u ? 0.04 : 0.0;
		signal.de_emphasis = k % 7u == 0;
		play(pages, &signal, &heard);
		if (heard.n != 1)
			printf("# fades %g hum %g clip %g de-emphasis %d\n", signal.fade_every_s,
			       signal.hum_hz, signal.clip, signal.de_emphasis);
		PL_EXPECT(is_one(&heard, 80u * i + j));
	}
	pl_pages_free(pages);
}

PL_TEST(group_call)
{
	struct pl_tone_def defs[] = {group(1, 788.5, 8.0), pair(2, 600.9, 788.5, 1.0, 3.0),
				     pair(3, 788.5, 600.9, 1.0, 3.0)};
	struct page_signal eight = page_signal(788.5, 0.0);
	eight.a_length_s = 8.0;
	eight.snr_db = 0.0;
	struct page_signal page = page_signal(600.9, 788.5);
	page.b_length_s = 9.0;
	struct page_signal after = page_signal(788.5, 600.9);
	after.a_length_s = 8.0;
	struct heard heard = hear(defs, 3, &eight);

	PL_CHECK(is_one(&heard, 1));
	PL_CHECK_INT(heard.hits[0].kind, PL_TONE_KIND_LONG);
	PL_CHECK_NEAR(heard.hits[0].a_length_s, 8.0, 0.05);
	PL_CHECK_NEAR((double)heard.hits[0].begin / 8000.0, eight.before_s, 0.02);
	PL_CHECK(heard.told_s[0] <= eight.before_s + 8.4);
	/* a tone B that does not end is no group call */
	heard = hear(defs, 3, &page);
	PL_CHECK(is_one(&heard, 2));
	/* nor is a group call tone A */
	heard = hear(defs, 3, &after);
	PL_CHECK(is_one(&heard, 1));
	/* too short */
	eight.a_length_s = 6.5;
	heard = hear(defs, 3, &eight);
	PL_CHECK_INT(heard.n, 0);
	/* longer: one page */
	eight.a_length_s = 20.0;
	heard = hear(defs, 3, &eight);
	PL_CHECK(is_one(&heard, 1));
}

PL_TEST(stacked)
{
	struct pl_tone_def defs[] = {pair(1, 600.9, 788.5, 1.0, 3.0),
				     pair(2, 788.5, 1006.9, 1.0, 3.0),
				     pair(3, 1006.9, 600.9, 1.0, 3.0),
				     pair(4, 788.5, 1153.4, 1.0, 3.0), group(5, 349.0, 8.0)};
	static const double pauses_s[] = {1.0, 0.4, 0.2, 0.0};

	for (uint32_t k = 0; k < 4u; k++) {
		struct pl_pages *pages = listen(defs, 5);
		struct heard heard = {.n = 0};

		/* each one's last tone is the next one's first */
		for (uint32_t i = 0; i < 3u; i++) {
			struct page_signal signal =
				page_signal((double)defs[i].a_hz, (double)defs[i].b_hz);
			signal.before_s = pauses_s[k];
			signal.after_s = 0.0;
			signal.snr_db = 10.0;

			play(pages, &signal, &heard);
		}
		/* the same again, and a group call */
		for (uint32_t i = 0; i < 2u; i++) {
			struct page_signal signal = page_signal(1006.9, 600.9);
			signal.before_s = 1.0;
			signal.after_s = 0.0;

			if (i == 1) {
				signal = page_signal(349.0, 0.0);
				signal.a_length_s = 8.0;
				signal.before_s = pauses_s[k];
			}
			play(pages, &signal, &heard);
		}
		pl_pages_free(pages);
		PL_CHECK_INT(heard.n, 5);
		PL_CHECK_INT(heard.hits[0].id, 1);
		PL_CHECK_INT(heard.hits[1].id, 2);
		PL_CHECK_INT(heard.hits[2].id, 3);
		PL_CHECK_INT(heard.hits[3].id, 3);
		PL_CHECK_INT(heard.hits[4].id, 5);
	}
}

PL_TEST(alike_definitions_are_all_told)
{
	struct pl_tone_def defs[] = {pair(1, 600.9, 788.5, 1.0, 3.0),
				     pair(2, 600.9, 788.5, 1.0, 3.0),
				     pair(3, 601.0, 788.5, 1.0, 3.0)};
	struct page_signal signal = page_signal(600.9, 788.5);
	struct heard heard = hear(defs, 3, &signal);

	PL_CHECK_INT(heard.n, 3);
}

static struct heard find(const struct pl_tone_def *defs, uint32_t n_defs,
			 const struct pl_tone_finder *finder, const struct page_signal *signal)
{
	struct heard heard = {.n = 0};
	struct pl_pages *pages;

	n_fed = 0;
	if (pl_pages_new(defs, n_defs, NULL, 0, finder, &pages) < 0)
		abort();
	pl_pages_start(pages, 8000.0, 0);
	play(pages, signal, &heard);
	pl_pages_free(pages);
	return heard;
}

PL_TEST(finder)
{
	struct pl_tone_def def = pair(1, 600.9, 788.5, 1.0, 3.0);
	struct pl_tone_finder finder = {.enabled = 1, .length_s = 1.0f, .range_hz = 3.0f};
	struct heard heard;

	for (uint32_t k = 0; k < 20u; k++) {
		double a_hz = 300.0 + 113.7 * k, b_hz = 2900.0 - 127.3 * k;
		struct page_signal signal = page_signal(a_hz, b_hz);
		signal.snr_db = k & 1u ? 0.0 : 20.0;
		signal.seed = k;

		heard = find(&def, 1, &finder, &signal);
		PL_CHECK_INT(heard.n, 1);
		PL_CHECK_INT(heard.hits[0].kind, PL_TONE_KIND_NEW_PAIR);
		PL_CHECK_NEAR(heard.hits[0].a_hz, a_hz, 0.001 * a_hz);
		PL_CHECK_NEAR(heard.hits[0].b_hz, b_hz, 0.001 * b_hz);
		PL_CHECK_NEAR(heard.hits[0].a_length_s, 1.0, 0.03);
		PL_CHECK_NEAR(heard.hits[0].b_length_s, 3.0, 0.03);
		PL_CHECK(heard.told_s[0] <= signal.before_s + 4.0 + 0.4);
	}
	/* known: as a page only, also when too short for it */
	struct page_signal known = page_signal(600.9, 788.5);

	heard = find(&def, 1, &finder, &known);
	PL_CHECK(is_one(&heard, 1));
	PL_CHECK_INT(heard.hits[0].kind, PL_TONE_KIND_TWO_TONE);
	known.b_length_s = 1.5;
	heard = find(&def, 1, &finder, &known);
	PL_CHECK_INT(heard.n, 0);
	/* the other way round is another pair */
	known = page_signal(788.5, 600.9);
	heard = find(&def, 1, &finder, &known);
	PL_CHECK_INT(heard.n, 1);
	PL_CHECK_INT(heard.hits[0].kind, PL_TONE_KIND_NEW_PAIR);
	/* shorter than new_tone_length, and as short as one that is set shorter */
	known.a_length_s = 0.5;
	known.b_length_s = 0.5;
	heard = find(&def, 1, &finder, &known);
	PL_CHECK_INT(heard.n, 0);
	finder.length_s = 0.5f;
	heard = find(&def, 1, &finder, &known);
	PL_CHECK_INT(heard.n, 1);
	/* one tone alone, and two as good as the same */
	finder.length_s = 1.0f;
	known = page_signal(788.5, 0.0);
	known.a_length_s = 4.0;
	heard = find(&def, 1, &finder, &known);
	PL_CHECK_INT(heard.n, 0);
	known = page_signal(788.5, 792.0);
	heard = find(&def, 1, &finder, &known);
	PL_CHECK_INT(heard.n, 0);
}

PL_TEST(pre_filters)
{
	struct pl_tone_def def = pair(1, 600.9, 788.5, 1.0, 3.0);
	struct pl_tone_band bands[] = {{PL_TONE_BAND_CENTER, 1750.0f, 20.0f},
				       {PL_TONE_BAND_ABOVE, 700.0f, 0.0f},
				       {PL_TONE_BAND_BELOW, 700.0f, 0.0f}};
	struct page_signal signal = page_signal(600.9, 788.5);
	signal.snr_db = 20.0;
	uint32_t n = page_signal_length(&signal);
	float *samples = make(&signal);
	struct heard heard = {.n = 0};
	struct pl_pages *pages;

	for (uint32_t i = 0; i < n; i++)
		samples[i] += 0.2f * (float)sin(2.0 * M_PI * 1752.0 * i / 8000.0);
	/* a whistle twice as loud hides the page; without it the page is heard; a tone that is
	 * taken out is none */
	for (uint32_t k = 0; k < 4u; k++) {
		heard.n = 0;
		PL_CHECK_INT(
			pl_pages_new(&def, 1, k > 0 ? &bands[k - 1u] : NULL, k > 0, NULL, &pages),
			0);
		pl_pages_start(pages, 8000.0, 0);
		if (k < 2u)
			feed(pages, samples, n, 100, 8000.0, &heard);
		else
			play(pages, &signal, &heard);
		pl_pages_free(pages);
		PL_CHECK_INT(heard.n, k == 1);
	}
	free(samples);
}

PL_TEST(does_not_depend_on_the_cut)
{
	struct pl_tone_def def = pair(1, 600.9, 788.5, 1.0, 3.0);
	struct page_signal signal = page_signal(600.9, 788.5);
	signal.snr_db = 0.0;
	static const uint32_t cuts[] = {1, 7, 256, 100000};
	struct heard whole = hear(&def, 1, &signal);

	PL_CHECK_INT(whole.n, 1);
	for (uint32_t i = 0; i < 4u; i++) {
		struct pl_pages *pages = listen(&def, 1);
		struct heard heard = {.n = 0};

		play_cut(pages, &signal, cuts[i], &heard);
		pl_pages_free(pages);
		PL_CHECK_INT(heard.n, 1);
		PL_CHECK_INT(heard.hits[0].begin, whole.hits[0].begin);
		PL_CHECK_INT(heard.hits[0].end, whole.hits[0].end);
		PL_CHECK(heard.hits[0].a_hz == whole.hits[0].a_hz);
		PL_CHECK(heard.hits[0].b_hz == whole.hits[0].b_hz);
	}
}

/* Ports do their work in different cycles: what they hear is the same, when it was heard too. */
PL_TEST(stagger)
{
	struct pl_tone_def def = pair(1, 600.9, 788.5, 0.5, 1.0);
	struct page_signal signal = page_signal(600.9, 788.5);
	uint64_t told[4];

	signal.a_length_s = 0.5;
	signal.b_length_s = 0.9; /* told after its end */
	signal.after_s = 0.5;
	for (uint32_t i = 0; i < 4u; i++) {
		struct pl_pages *pages = listen(&def, 1);
		struct heard heard = {.n = 0};

		pl_pages_start(pages, 8000.0, i);
		play_cut(pages, &signal, 1, &heard);
		pl_pages_free(pages);
		PL_CHECK(is_one(&heard, 1));
		PL_CHECK_NEAR((double)heard.hits[0].begin / 8000.0, 0.3, 0.006);
		PL_CHECK_NEAR((double)heard.hits[0].end / 8000.0, 1.7, 0.006);
		told[i] = (uint64_t)(heard.told_s[0] * 8000.0 + 0.5);
		for (uint32_t k = 0; k < i; k++)
			PL_CHECK(told[i] % 128u != told[k] % 128u);
	}
}

PL_TEST(rates)
{
	static const double rates_hz[] = {8000.0, 8820.0, 9600.0, 11025.0, 12000.0, 15999.0};
	struct pl_tone_def defs[] = {pair(1, 288.5, 296.5, 0.5, 1.0),
				     pair(2, 2468.2, 2401.0, 0.5, 1.0)};

	for (uint32_t k = 0; k < 6u; k++) {
		struct pl_pages *pages = listen(defs, 2);
		struct heard heard = {.n = 0};

		pl_pages_start(pages, rates_hz[k], 0);
		for (uint32_t i = 0; i < 2u; i++) {
			struct page_signal signal =
				page_signal((double)defs[i].a_hz, (double)defs[i].b_hz);
			signal.rate_hz = rates_hz[k];
			signal.a_length_s = 0.5;
			signal.b_length_s = 1.0;
			signal.snr_db = 10.0;
			signal.seed = k;

			play(pages, &signal, &heard);
		}
		pl_pages_free(pages);
		PL_CHECK_INT(heard.n, 2);
		PL_CHECK_INT(heard.hits[0].id, 1);
		PL_CHECK_INT(heard.hits[1].id, 2);
	}
}

PL_TEST(noise_and_silence_page_nobody)
{
	static struct pl_tone_def defs[6320];
	struct pl_tone_finder finder = {.enabled = 1, .length_s = 0.3f, .range_hz = 3.0f};
	uint32_t n = all_pairs(defs, 0.2, 0.2);
	struct heard heard = {.n = 0};
	struct pl_pages *pages;

	PL_CHECK_INT(pl_pages_new(defs, n, NULL, 0, &finder, &pages), 0);
	pl_pages_start(pages, 8000.0, 0);
	for (uint32_t k = 0; k < 4u; k++) {
		struct page_signal signal = page_signal(1000.0, 0.0);
		signal.a_length_s = 0.0;
		signal.before_s = 30.0;
		signal.snr_db = k < 3u ? -10.0 : 200.0;
		signal.seed = k * 1000u;

		play(pages, &signal, &heard);
	}
	pl_pages_free(pages);
	PL_CHECK_INT(heard.n, 0);
}

PL_TEST(bad_definitions)
{
	struct pl_tone_def good = pair(1, 600.9, 788.5, 1.0, 3.0), bad = good;
	struct pl_tone_finder finder = {.enabled = 1, .length_s = 0.0f};
	struct pl_pages *pages = NULL;

	bad.kind = PL_TONE_KIND_DIGIT;
	PL_CHECK_INT(pl_pages_new(&bad, 1, NULL, 0, NULL, &pages), -EINVAL);
	bad = good;
	bad.b_hz = 0.0f;
	PL_CHECK_INT(pl_pages_new(&bad, 1, NULL, 0, NULL, &pages), -EINVAL);
	bad = good;
	bad.a_length_s = NAN;
	PL_CHECK_INT(pl_pages_new(&bad, 1, NULL, 0, NULL, &pages), -EINVAL);
	PL_CHECK_INT(pl_pages_new(&good, 1, NULL, 0, &finder, &pages), -EINVAL);
	PL_CHECK(pages == NULL);
	pl_pages_free(NULL);
}

PL_TEST_MAIN()
