/* SPDX-License-Identifier: MIT */
/*
 *	bench-dtmf score                      the Q.24 scorecard
 *	bench-dtmf listen RATE FILE           digits in raw 16-bit samples, read as a stream
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-host.h"
#include "decimate.h"
#include "dtmf-score.h"
#include "dtmf.h"

#define N_DIGITS 480u
#define BLOCK 1024u

static int score(void)
{
	size_t n;
	const struct dtmf_case *cases = dtmf_cases(&n);

	printf("DTMF, ITU-T Q.24 Annex A, %u digits a row\n", N_DIGITS);
	printf("  %-52s %7s %7s %6s %9s %8s %9s\n", "", "heard", "wanted", "wrong", "after ms",
	       "end ms", "edges ms");
	for (size_t i = 0; i < n; i++) {
		struct dtmf_score s = dtmf_score(&cases[i], N_DIGITS);

		printf("  %-52s %5.1f %% %5u %% %6u %9.0f %8.0f %9.1f\n", cases[i].name,
		       100.0 * s.n_heard / s.n_sent, cases[i].refuse ? 0u : 100u, s.n_extra,
		       s.decision_ms, s.end_ms, fmax(s.begin_error_ms, s.end_error_ms));
	}
	return 0;
}

static int listen(const char *rate, const char *path)
{
	static struct pl_decimate_plan decimate;
	static struct pl_decimator decimator;
	static struct pl_dtmf_plan plan;
	static struct pl_dtmf dtmf;
	FILE *file = fopen(path, "rb");
	int16_t raw[BLOCK];
	float samples[BLOCK], slow[BLOCK + 1u];
	size_t n, count = 0;

	if (!file) {
		perror(path);
		return 1;
	}
	pl_decimate_plan_init(&decimate, (uint32_t)strtoul(rate, NULL, 10), pl_host_cpu_flags());
	pl_decimator_start(&decimator, &decimate);
	pl_dtmf_plan_init(&plan, decimate.rate_out_hz);
	pl_dtmf_start(&dtmf, &plan);
	while ((n = fread(raw, sizeof(raw[0]), BLOCK, file)) > 0) {
		uint32_t n_slow;

		for (size_t i = 0; i < n; i++)
			samples[i] = (float)raw[i] / 32768.0f;
		n_slow = pl_decimator_run(&decimator, &decimate, samples, (uint32_t)n, slow);
		for (uint32_t i = 0; i < n_slow; i += PL_TONE_BLOCK) {
			struct pl_tone_hit hits[PL_TONE_HITS_MAX];
			uint32_t left = n_slow - i < PL_TONE_BLOCK ? n_slow - i : PL_TONE_BLOCK;
			uint32_t n_hits =
				pl_dtmf_run(&dtmf, slow + i, left, hits, PL_TONE_HITS_MAX);

			for (uint32_t h = 0; h < n_hits; h++)
				count += hits[h].kind == PL_TONE_KIND_DIGIT;
		}
	}
	fclose(file);
	printf("%zu\n", count);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "score") == 0)
		return score();
	if (argc == 4 && strcmp(argv[1], "listen") == 0)
		return listen(argv[2], argv[3]);
	fprintf(stderr, "usage: bench-dtmf score | listen RATE FILE\n");
	return 2;
}
