/* SPDX-License-Identifier: MIT */
/*
 * Talk-off: what the tone detectors take for tones in recordings of speech and music.
 *
 *	talk-off [--digits N] [--every N] FILE|FOLDER…
 *
 * Listens to every (with --every: every N-th) recording below the folders (what libsndfile reads; *.raw is 16 bit, mono,
 * 8 kHz) with every pair of Quick Call II defined as a short page (0.5 s + 1 s), every tone as a
 * group call, with a hundred pages as a county may have and the finder of unknown pairs, and for
 * digits. Prints each hit and a summary. Fails when a page or a group call was heard, more than N
 * digits (default 1), or more than one unknown pair an hour; skips (77) when there is no recording.
 */
#include <ftw.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cpu-host.h"
#include "decimate.h"
#include "dtmf.h"
#include "pages.h"
#include "quick-call.h"
#include "random.h"

#define BLOCK 1024u
#define TOLERANCE 0.012f
#define SILENCE_S 0.6 /* between two recordings */

enum listener { ALL_PAIRS, COUNTY, DIGITS, N_LISTENERS_ };
static const char *const listener_names[] = {"all pairs", "county", "digits"};

/* nftw() has no user data. */
static struct {
	struct pl_decimate_plan plan;
	struct pl_decimator decimator;
	struct pl_dtmf_plan dtmf_plan;
	struct pl_dtmf dtmf;
	struct pl_pages *pages[2];
	double hours;
	uint32_t every, n_found;
	uint32_t n_files, n_pages, n_groups, n_new, n_digits;
} off;

static struct pl_tone_def pair(uint32_t a, uint32_t b, float a_length_s, float b_length_s)
{
	float a_hz = pl_quick_call_hz[a], b_hz = pl_quick_call_hz[b];

	return (struct pl_tone_def){.id = a * PL_QUICK_CALL_TONES + b,
				    .kind = PL_TONE_KIND_TWO_TONE,
				    .a_hz = a_hz,
				    .b_hz = b_hz,
				    .a_length_s = a_length_s,
				    .b_length_s = b_length_s,
				    .a_tolerance_hz = TOLERANCE * a_hz,
				    .b_tolerance_hz = TOLERANCE * b_hz};
}

static struct pl_tone_def group(uint32_t a)
{
	return (struct pl_tone_def){.id = a,
				    .kind = PL_TONE_KIND_LONG,
				    .a_hz = pl_quick_call_hz[a],
				    .a_length_s = 8.0f,
				    .a_tolerance_hz = TOLERANCE * pl_quick_call_hz[a]};
}

static int make_listeners(void)
{
	static struct pl_tone_def all[PL_QUICK_CALL_TONES * PL_QUICK_CALL_TONES], county[100];
	struct pl_tone_finder finder = {.enabled = 1, .length_s = 1.0f, .range_hz = 3.0f};
	uint32_t n = 0;

	for (uint32_t a = 0; a < PL_QUICK_CALL_TONES; a++)
		for (uint32_t b = 0; b < PL_QUICK_CALL_TONES; b++)
			all[n++] = a == b ? group(a) : pair(a, b, 0.5f, 1.0f);
	for (uint32_t i = 0; i < 100u; i++) {
		uint32_t a = pl_random_below(PL_QUICK_CALL_TONES);
		uint32_t b =
			(a + 1u + pl_random_below(PL_QUICK_CALL_TONES - 1u)) % PL_QUICK_CALL_TONES;

		county[i] = i < 50u ? pair(a, b, 1.0f, 3.0f) : pair(a, b, 0.5f, 1.0f);
	}
	if (pl_pages_new(all, n, NULL, 0, NULL, &off.pages[ALL_PAIRS]) < 0 ||
	    pl_pages_new(county, 100, NULL, 0, &finder, &off.pages[COUNTY]) < 0)
		return -1;
	return 0;
}

static void tell(const char *path, enum listener listener, const struct pl_tone_hit *hit)
{
	double rate_hz = off.plan.rate_out_hz;

	off.n_digits += hit->kind == PL_TONE_KIND_DIGIT;
	off.n_pages += hit->kind == PL_TONE_KIND_TWO_TONE;
	off.n_groups += hit->kind == PL_TONE_KIND_LONG;
	off.n_new += hit->kind == PL_TONE_KIND_NEW_PAIR;
	if (hit->kind == PL_TONE_KIND_DIGIT)
		printf("%s: %.2f s: digit %c\n", path, (double)hit->begin / rate_hz, (int)hit->id);
	else if (hit->kind != PL_TONE_KIND_DIGIT_END)
		printf("%s: %.2f s: %s: %.1f Hz %.2f s, %.1f Hz %.2f s, %.0f dBFS\n", path,
		       (double)hit->begin / rate_hz, listener_names[listener], (double)hit->a_hz,
		       (double)hit->a_length_s, (double)hit->b_hz, (double)hit->b_length_s,
		       (double)hit->level_db);
}

static void listen(const char *path, const float *samples, uint32_t n)
{
	struct pl_tone_hit hits[PL_TONE_HITS_MAX];
	float slow[BLOCK + 1u];
	uint32_t n_slow = pl_decimator_run(&off.decimator, &off.plan, samples, n, slow);

	for (uint32_t at = 0; at < n_slow; at += PL_TONE_BLOCK) {
		uint32_t left = n_slow - at < PL_TONE_BLOCK ? n_slow - at : PL_TONE_BLOCK;

		for (uint32_t k = 0; k < N_LISTENERS_; k++) {
			uint32_t n_hits = k == DIGITS ? pl_dtmf_run(&off.dtmf, slow + at, left,
								    hits, PL_TONE_HITS_MAX)
						      : pl_pages_run(off.pages[k], slow + at, left,
								     hits, PL_TONE_HITS_MAX);

			for (uint32_t i = 0; i < n_hits; i++)
				tell(path, k, &hits[i]);
		}
	}
}

static void start(uint32_t rate_hz)
{
	if (off.plan.rate_hz != rate_hz) {
		pl_decimate_plan_init(&off.plan, rate_hz, pl_host_cpu_flags());
		pl_dtmf_plan_init(&off.dtmf_plan, off.plan.rate_out_hz);
	}
	pl_decimator_start(&off.decimator, &off.plan);
	pl_dtmf_start(&off.dtmf, &off.dtmf_plan);
	for (uint32_t k = 0; k < 2u; k++)
		pl_pages_start(off.pages[k], off.plan.rate_out_hz, 0);
}

static void hear(const char *path, SNDFILE *file, const SF_INFO *info)
{
	uint32_t n_channels = (uint32_t)info->channels;
	float *frames = calloc((size_t)BLOCK * n_channels, sizeof(float)), mono[BLOCK];
	sf_count_t got;

	if (!frames)
		abort();
	start((uint32_t)info->samplerate);
	while ((got = sf_readf_float(file, frames, BLOCK)) > 0) {
		for (sf_count_t i = 0; i < got; i++) {
			mono[i] = 0.0f;
			for (uint32_t c = 0; c < n_channels; c++)
				mono[i] += frames[(size_t)i * n_channels + c] / (float)n_channels;
		}
		listen(path, mono, (uint32_t)got);
		off.hours += (double)got / info->samplerate / 3600.0;
	}
	memset(mono, 0, sizeof(mono));
	for (uint32_t n = 0; n < (uint32_t)(SILENCE_S * info->samplerate); n += BLOCK)
		listen(path, mono, BLOCK);
	off.n_files++;
	free(frames);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
	static const char *const endings[] = {".wav",  ".raw",  ".ogg", ".oga", ".opus",
					      ".flac", ".aiff", ".mp3", ".au"};
	const char *ending = strrchr(path, '.');
	SF_INFO info = {0};
	SNDFILE *file;
	uint32_t i = 0;

	(void)status;
	(void)place;
	while (ending && i < sizeof(endings) / sizeof(endings[0]) &&
	       strcasecmp(ending, endings[i]) != 0)
		i++;
	if (type != FTW_F || !ending || i == sizeof(endings) / sizeof(endings[0]) ||
	    (off.every > 1u && off.n_found++ % off.every != 0))
		return 0;
	if (i == 1u)
		info = (SF_INFO){.samplerate = 8000,
				 .channels = 1,
				 .format = SF_FORMAT_RAW | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE};
	file = sf_open(path, SFM_READ, &info);
	if (!file || info.samplerate < 8000) {
		printf("%s: left out: %s\n", path, file ? "rate below 8 kHz" : sf_strerror(NULL));
	} else {
		hear(path, file, &info);
	}
	if (file)
		sf_close(file);
	return 0;
}

int main(int argc, char *argv[])
{
	uint32_t n_digits_max = 1;

	if (make_listeners() < 0)
		return 1;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--digits") == 0 && i + 1 < argc)
			n_digits_max = (uint32_t)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
			off.every = (uint32_t)strtoul(argv[++i], NULL, 10);
		else if (nftw(argv[i], visit, 16, FTW_PHYS) < 0)
			printf("%s: not there\n", argv[i]);
	}
	printf("%u recordings, %.2f h: %u pages, %u group calls, %u unknown pairs, %u digits\n",
	       off.n_files, off.hours, off.n_pages, off.n_groups, off.n_new, off.n_digits);
	for (uint32_t k = 0; k < 2u; k++)
		pl_pages_free(off.pages[k]);
	if (off.n_files == 0)
		return 77;
	return off.n_pages > 0 || off.n_groups > 0 || off.n_new > 1.0 + off.hours ||
	       off.n_digits > n_digits_max;
}
