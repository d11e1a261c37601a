/* SPDX-License-Identifier: MIT */
/*
 *	bench-pages score               the scorecard of tone pages
 *	bench-pages make FOLDER SNR     pages as raw 16-bit samples, 8 kHz: A-B.raw, A and B in Hz
 *	bench-pages listen RATE FILE    pages in raw 16-bit samples, read as a stream
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-host.h"
#include "decimate.h"
#include "page-signal.h"
#include "pages.h"
#include "quick-call.h"
#include "random.h"

#define RATE 8000.0
#define SAMPLES_MAX (20u * 8000u)
#define TONES PL_QUICK_CALL_TONES
#define PAIRS (TONES * (TONES - 1u))
#define TOLERANCE 0.012
#define BLOCK 1024u
#define HITS_MAX 32u

static struct page_noise noise;

static double tone_hz(uint32_t i)
{
	return (double)pl_quick_call_hz[i];
}

static uint32_t id_of(uint32_t a, uint32_t b)
{
	return a * TONES + b;
}

static struct pl_tone_def def_of(uint32_t a, uint32_t b, double a_s, double b_s, double tolerance)
{
	bool pair = a != b;

	return (struct pl_tone_def){.id = id_of(a, b),
				    .kind = pair ? PL_TONE_KIND_TWO_TONE : PL_TONE_KIND_LONG,
				    .a_hz = pl_quick_call_hz[a],
				    .b_hz = pair ? pl_quick_call_hz[b] : 0.0f,
				    .a_length_s = (float)(pair ? a_s : 8.0),
				    .b_length_s = (float)b_s,
				    .a_tolerance_hz = (float)(tolerance * tone_hz(a)),
				    .b_tolerance_hz = (float)(tolerance * tone_hz(b))};
}

/** What a row of the card is made of. Defined are all pairs and all group calls, so that whatever
 * is heard wrongly pages someone. */
struct row {
	const char *name;
	double a_s, b_s;  /* as defined, and as played */
	double tolerance; /* 0: 1.2 % */
	double snr_db;
	double a_off, b_off; /* of the frequency, played against defined; the sign alternates */
	uint32_t every;      /* only every such pair; 0: all */
	bool refuse;         /* wanted is nothing */
	bool thin;           /* only every other tone of the table is defined */
	bool odd;            /* pairs are played that have one that is not */
	bool group;          /* A alone for 8 s */
	double gap_s, twist_db, hum_hz, clip, fade_every_s;
	bool de_emphasis;
};

struct score {
	uint32_t n_played, n_right, n_wrong;
	double late_s;      /* longest from the last tone's end to the hit */
	double edge_s;      /* worst error of where tone A began and B ended */
	double error_hz[2]; /* worst of frequency as heard */
};

struct heard {
	struct pl_tone_hit hits[HITS_MAX];
	double told_s[HITS_MAX];
	uint32_t n;
};

static struct pl_pages *listen_for(const struct row *row)
{
	static struct pl_tone_def defs[TONES * TONES];
	uint32_t n = 0, step = row->thin ? 2u : 1u;
	struct pl_pages *pages;

	for (uint32_t a = 0; a < TONES; a += step)
		for (uint32_t b = 0; b < TONES; b += step)
			defs[n++] = def_of(a, b, row->a_s, row->b_s,
					   row->tolerance > 0.0 ? row->tolerance : TOLERANCE);
	if (pl_pages_new(defs, n, NULL, 0, NULL, &pages) < 0)
		abort();
	return pages;
}

static void play(struct pl_pages *pages, const struct page_signal *signal, struct heard *heard)
{
	static float samples[SAMPLES_MAX];
	uint32_t n = page_signal_length(signal);

	if (n > SAMPLES_MAX)
		abort();
	page_signal_make(signal, &noise, samples);
	heard->n = 0;
	pl_pages_start(pages, RATE, 0);
	for (uint32_t at = 0; at < n; at += 64u) {
		uint32_t before = heard->n, left = n - at < 64u ? n - at : 64u;

		heard->n += pl_pages_run(pages, samples + at, left, heard->hits + heard->n,
					 HITS_MAX - heard->n);
		for (uint32_t i = before; i < heard->n; i++)
			heard->told_s[i] = (at + left) / RATE;
	}
}

static struct page_signal signal_of(const struct row *row, uint32_t a, uint32_t b, uint32_t seed)
{
	double sign = (a + b) % 2u ? -1.0 : 1.0;
	struct page_signal signal = page_signal(tone_hz(a) * (1.0 + sign * row->a_off),
						tone_hz(b) * (1.0 + sign * row->b_off));

	signal.a_length_s = row->group ? 8.0 : row->a_s;
	signal.b_length_s = row->b_s;
	signal.b_hz = row->group ? 0.0 : signal.b_hz;
	signal.before_s = 0.2;
	signal.after_s = 0.5;
	signal.snr_db = row->snr_db;
	signal.gap_s = row->gap_s;
	signal.twist_db = row->twist_db;
	signal.hum_hz = row->hum_hz;
	signal.hum_db = -3.0;
	signal.clip = row->clip;
	signal.fade_every_s = row->fade_every_s;
	signal.de_emphasis = row->de_emphasis;
	signal.seed = seed;
	return signal;
}

static void judge(struct score *score, const struct row *row, const struct page_signal *signal,
		  uint32_t id, const struct heard *heard)
{
	double end_s = (page_signal_length(signal) / RATE) - signal->after_s;
	bool right = false;

	for (uint32_t i = 0; i < heard->n; i++) {
		const struct pl_tone_hit *hit = &heard->hits[i];

		if (row->refuse || hit->id != id || right) {
			score->n_wrong++;
			continue;
		}
		right = true;
		score->late_s = fmax(score->late_s, heard->told_s[i] - end_s);
		score->edge_s =
			fmax(score->edge_s, fabs((double)hit->begin / RATE - signal->before_s));
		score->edge_s = fmax(score->edge_s, fabs((double)hit->end / RATE - end_s));
		score->error_hz[0] =
			fmax(score->error_hz[0], fabs((double)hit->a_hz - signal->a_hz));
		score->error_hz[1] =
			fmax(score->error_hz[1], fabs((double)hit->b_hz - signal->b_hz));
	}
	score->n_right += right;
	score->n_played++;
}

static void run_row(const struct row *row)
{
	struct pl_pages *pages = listen_for(row);
	struct score score = {0};
	uint32_t every = row->every ? row->every : 1u, n = 0;
	struct heard heard;

	for (uint32_t a = 0; a < TONES; a++)
		for (uint32_t b = 0; b < TONES; b++) {
			struct page_signal signal;

			if ((a == b) != row->group || n++ % every != 0 ||
			    (row->thin && (a % 2u || b % 2u) != row->odd))
				continue;
			signal = signal_of(row, a, b, n);
			play(pages, &signal, &heard);
			judge(&score, row, &signal, id_of(a, b), &heard);
		}
	printf("  %-52s %6u %7.2f %% %5u %% %6u", row->name, score.n_played,
	       100.0 * score.n_right / score.n_played, row->refuse ? 0u : 100u, score.n_wrong);
	if (score.n_right > 0)
		printf(" %8.0f %8.0f %7.2f", score.late_s * 1e3, score.edge_s * 1e3,
		       fmax(score.error_hz[0], row->group ? 0.0 : score.error_hz[1]));
	printf("\n");
	fflush(stdout);
	pl_pages_free(pages);
}

#define CLEAN 200.0
#define LONG .a_s = 1.0, .b_s = 3.0
#define SHORT .a_s = 0.5, .b_s = 1.0

static const struct row rows[] = {
	{"1 s + 3 s, 10 dB SNR", LONG, .snr_db = 10.0},
	{"1 s + 3 s, 0 dB SNR", LONG, .snr_db = 0.0},
	{"0.5 s + 1 s, no noise", SHORT, .snr_db = CLEAN},
	{"0.5 s + 1 s, 5 dB SNR", SHORT, .snr_db = 5.0},
	{"0.5 s + 1 s, 0 dB SNR", SHORT, .snr_db = 0.0},
	{"0.5 s + 1 s, -2 dB SNR", SHORT, .snr_db = -2.0, .every = 5},
	{"0.5 s + 1 s, -4 dB SNR", SHORT, .snr_db = -4.0, .every = 5},
	{"both tones 1.0 % off, 0 dB SNR", SHORT, .a_off = 0.010, .b_off = 0.010},
	{"both tones 1.2 % off, 10 dB SNR", SHORT, .snr_db = 10.0, .a_off = 0.012, .b_off = 0.012},
	/* Two neighbours, each off towards the other, are less than 0.5 % apart: one tone. */
	{"both tones 1.0 % off in opposite ways, 0 dB SNR", SHORT, .a_off = 0.010, .b_off = -0.010},
	{"both tones 1.6 % off, 0 dB SNR", SHORT, .a_off = 0.016, .b_off = -0.016, .refuse = true,
	 .thin = true},
	{"tone A alone 1.6 % off, no noise", SHORT, .snr_db = CLEAN, .a_off = 0.016, .refuse = true,
	 .thin = true},
	{"tone B alone 1.6 % off, no noise", SHORT, .snr_db = CLEAN, .b_off = -0.016,
	 .refuse = true, .thin = true},
	{"defined +-5 %, beyond half way to a neighbour, 0 dB", SHORT, .tolerance = 0.05,
	 .a_off = 0.017, .b_off = 0.017, .refuse = true, .thin = true},
	{"defined +-5 %, neighbours that nobody defined, 0 dB", SHORT, .tolerance = 0.05,
	 .refuse = true, .thin = true, .odd = true},
	{"pause of 0.3 s, 10 dB SNR", SHORT, .snr_db = 10.0, .gap_s = 0.3, .every = 5},
	{"tone B 10 dB below tone A, 15 dB SNR", SHORT, .snr_db = 15.0, .twist_db = -10.0,
	 .every = 5},
	{"tone B 10 dB above tone A, 5 dB SNR", SHORT, .snr_db = 5.0, .twist_db = 10.0, .every = 5},
	{"clipped 9 dB, 15 dB SNR", SHORT, .snr_db = 15.0, .clip = 0.035, .every = 5},
	{"hum 50 Hz -3 dB, 6 dB SNR", SHORT, .snr_db = 6.0, .hum_hz = 50.0, .every = 5},
	{"de-emphasis 6 dB an octave, 6 dB SNR", SHORT, .snr_db = 6.0, .de_emphasis = true,
	 .every = 5},
	{"silences of 10 ms each 0.31 s, 10 dB SNR", SHORT, .snr_db = 10.0, .fade_every_s = 0.31,
	 .every = 5},
	{"group calls of 8 s, 0 dB SNR", LONG, .snr_db = 0.0, .group = true},
};

/** Three pages one after the other without a pause, each one's tone B the next one's tone A. */
static void stacked(void)
{
	const struct row row = {"three pages, tone B is the next tone A, 3 dB SNR", LONG};
	struct pl_pages *pages = listen_for(&row);
	static float samples[SAMPLES_MAX];
	uint32_t n_right = 0, n_wrong = 0;

	for (uint32_t k = 0; k < TONES; k++) {
		uint32_t tones[4] = {k, (k + 27u) % TONES, (k + 14u) % TONES, (k + 51u) % TONES};
		struct pl_tone_hit hits[HITS_MAX];
		uint32_t n_hits = 0, n = 0, n_due = 0;

		for (uint32_t i = 0; i < 3u; i++) {
			struct page_signal signal = signal_of(&row, tones[i], tones[i + 1u], k);

			signal.snr_db = 3.0;
			signal.before_s = 0.0;
			signal.after_s = i == 2u ? 0.5 : 0.0;
			page_signal_make(&signal, &noise, samples + n);
			n += page_signal_length(&signal);
		}
		pl_pages_start(pages, RATE, 0);
		n_hits = pl_pages_run(pages, samples, n, hits, HITS_MAX);
		for (uint32_t i = 0; i < n_hits; i++)
			if (n_due < 3u && hits[i].id == id_of(tones[n_due], tones[n_due + 1u]))
				n_due++;
			else
				n_wrong++;
		n_right += n_due;
	}
	printf("  %-52s %6u %7.2f %% %5u %% %6u\n", row.name, 3u * TONES,
	       100.0 * n_right / (3.0 * TONES), 100u, n_wrong);
	pl_pages_free(pages);
}

/** Pairs of any two frequencies. */
static void finder(void)
{
	struct pl_tone_finder def = {.enabled = 1, .length_s = 0.5f, .range_hz = 3.0f};
	const struct row row = {"finder: pairs of any two frequencies, 0 dB SNR", SHORT};
	struct score score = {0};
	struct heard heard;
	struct pl_pages *pages;

	if (pl_pages_new(NULL, 0, NULL, 0, &def, &pages) < 0)
		abort();
	for (uint32_t k = 0; k < 1000u; k++) {
		struct page_signal signal = signal_of(&row, 0, 0, k);

		signal.a_hz = pl_random_uniform(300.0, 2900.0);
		do {
			signal.b_hz = pl_random_uniform(300.0, 2900.0);
		} while (fabs(signal.b_hz - signal.a_hz) < 0.02 * signal.a_hz + 6.0);
		play(pages, &signal, &heard);
		judge(&score, &row, &signal, 0, &heard);
	}
	printf("  %-52s %6u %7.2f %% %5u %% %6u %8.0f %8.0f %7.2f\n", row.name, score.n_played,
	       100.0 * score.n_right / score.n_played, 100u, score.n_wrong, score.late_s * 1e3,
	       score.edge_s * 1e3, fmax(score.error_hz[0], score.error_hz[1]));
	pl_pages_free(pages);
}

static int score(void)
{
	if (page_noise_init(&noise, RATE) < 0)
		return 1;
	printf("tone pages, %u tones of Quick Call II, all %u ordered pairs and %u group calls "
	       "defined\n",
	       TONES, PAIRS, TONES);
	printf("  %-52s %6s %9s %7s %6s %8s %8s %7s\n", "(within 1.2 % where nothing else is said)",
	       "played", "heard", "wanted", "wrong", "after ms", "edges ms", "off Hz");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_row(&rows[i]);
	stacked();
	finder();
	page_noise_done(&noise);
	return 0;
}

static int make(const char *folder, const char *snr)
{
	static float samples[SAMPLES_MAX];
	const struct row row = {"", LONG, .snr_db = strtod(snr, NULL)};

	if (page_noise_init(&noise, RATE) < 0)
		return 1;
	for (uint32_t k = 0; k < TONES; k++) {
		uint32_t b =
			(k * 37u + 11u) % TONES == k ? (k + 1u) % TONES : (k * 37u + 11u) % TONES;
		struct page_signal signal = signal_of(&row, k, b, k);
		uint32_t n = page_signal_length(&signal);
		char path[512];
		FILE *file;

		snprintf(path, sizeof(path), "%s/%.1f-%.1f.raw", folder, tone_hz(k), tone_hz(b));
		file = fopen(path, "wb");
		if (!file) {
			perror(path);
			return 1;
		}
		page_signal_make(&signal, &noise, samples);
		for (uint32_t i = 0; i < n; i++) {
			int16_t sample = (int16_t)lrintf(samples[i] * 32767.0f);

			fwrite(&sample, sizeof(sample), 1, file);
		}
		fclose(file);
	}
	page_noise_done(&noise);
	return 0;
}

static int listen(const char *rate, const char *path)
{
	static struct pl_decimate_plan plan;
	static struct pl_decimator decimator;
	struct pl_tone_finder finder_def = {.enabled = 1, .length_s = 1.0f, .range_hz = 3.0f};
	struct pl_tone_def defs[64];
	struct pl_pages *pages;
	FILE *file = fopen(path, "rb");
	int16_t raw[BLOCK];
	float samples[BLOCK], slow[BLOCK + 1u];
	size_t n, count = 0;

	if (!file) {
		perror(path);
		return 1;
	}
	for (uint32_t i = 0; i < 64u; i++)
		defs[i] = def_of(i, (i + 5u) % TONES, i % 2u ? 1.0 : 0.5, i % 2u ? 3.0 : 1.0,
				 TOLERANCE);
	if (pl_pages_new(defs, 64, NULL, 0, &finder_def, &pages) < 0)
		return 1;
	pl_decimate_plan_init(&plan, (uint32_t)strtoul(rate, NULL, 10), pl_host_cpu_flags());
	pl_decimator_start(&decimator, &plan);
	pl_pages_start(pages, plan.rate_out_hz, 0);
	while ((n = fread(raw, sizeof(raw[0]), BLOCK, file)) > 0) {
		struct pl_tone_hit hits[PL_TONE_HITS_MAX];
		uint32_t n_slow;

		for (size_t i = 0; i < n; i++)
			samples[i] = (float)raw[i] / 32768.0f;
		n_slow = pl_decimator_run(&decimator, &plan, samples, (uint32_t)n, slow);
		count += pl_pages_run(pages, slow, n_slow, hits, PL_TONE_HITS_MAX);
	}
	fclose(file);
	pl_pages_free(pages);
	printf("%zu\n", count);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "score") == 0)
		return score();
	if (argc == 4 && strcmp(argv[1], "make") == 0)
		return make(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "listen") == 0)
		return listen(argv[2], argv[3]);
	fprintf(stderr, "usage: bench-pages score | make FOLDER SNR | listen RATE FILE\n");
	return 2;
}
