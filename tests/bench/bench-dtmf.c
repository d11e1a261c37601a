/* SPDX-License-Identifier: MIT */
/*
 *	bench-dtmf score                      the Q.24 scorecard
 *	bench-dtmf cases                      its rows: digits wanted (1 or 0) and name
 *	bench-dtmf make ROW RATE FILE         a row's digits as raw 16-bit samples; prints the digits
 *	bench-dtmf listen RATE FILE           digits in raw 16-bit samples, read as a stream
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtmf-score.h"

#define N_DIGITS 480u
#define BLOCK 1024u

static void score_row(const char *name, bool refuse, const struct dtmf_score *s)
{
	printf("  %-52s %5.1f %% %5u %% %6u %9.0f %8.0f %9.1f\n", name,
	       100.0 * s->n_heard / s->n_sent, refuse ? 0u : 100u, s->n_extra, s->decision_ms,
	       s->end_ms, fmax(s->begin_error_ms, s->end_error_ms));
}

static void add(struct dtmf_score *sum, const struct dtmf_score *s)
{
	sum->n_sent += s->n_sent;
	sum->n_heard += s->n_heard;
	sum->n_extra += s->n_extra;
	sum->decision_ms = fmax(sum->decision_ms, s->decision_ms);
	sum->end_ms = fmax(sum->end_ms, s->end_ms);
	sum->begin_error_ms = fmax(sum->begin_error_ms, s->begin_error_ms);
	sum->end_error_ms = fmax(sum->end_error_ms, s->end_error_ms);
}

static int score(void)
{
	static const char *const sums[] = {
		"in all combinations: to be accepted",
		"in all combinations: to be refused",
	};
	struct dtmf_score sum[2] = {0};
	struct dtmf_case one;
	size_t n;
	const struct dtmf_case *cases = dtmf_cases(&n);

	printf("DTMF, ITU-T Q.24 Annex A, %u digits a row\n", N_DIGITS);
	printf("  %-52s %7s %7s %6s %9s %8s %9s\n", "", "heard", "wanted", "wrong", "after ms",
	       "end ms", "edges ms");
	for (size_t i = 0; i < n; i++) {
		struct dtmf_score s = dtmf_score(&cases[i], N_DIGITS);

		score_row(cases[i].name, cases[i].refuse, &s);
	}
	for (size_t i = 0; dtmf_grid(i, &one); i++) {
		struct dtmf_score s = dtmf_score(&one, N_DIGITS);

		add(&sum[one.refuse], &s);
	}
	for (size_t i = 0; i < 2; i++)
		score_row(sums[i], i == 1, &sum[i]);
	return 0;
}

static int list(void)
{
	size_t n;
	const struct dtmf_case *cases = dtmf_cases(&n);

	for (size_t i = 0; i < n; i++)
		printf("%d %s\n", !cases[i].refuse, cases[i].name);
	return 0;
}

static int make(const char *row, const char *rate, const char *path)
{
	struct dtmf_signal signal;
	size_t n, i = strtoul(row, NULL, 10);
	const struct dtmf_case *cases = dtmf_cases(&n);
	FILE *file = i < n ? fopen(path, "wb") : NULL;

	if (!file) {
		fprintf(stderr, "bench-dtmf: row %s: cannot write %s\n", row, path);
		return 1;
	}
	dtmf_signal_init(&signal, &cases[i], N_DIGITS, (uint32_t)strtoul(rate, NULL, 10));
	for (size_t k = 0; k < signal.n; k++) {
		int16_t sample = (int16_t)lroundf(
			fminf(fmaxf(signal.samples[k] * 32767.0f, -32767.0f), 32767.0f));

		fwrite(&sample, sizeof(sample), 1, file);
	}
	for (uint32_t k = 0; k < signal.n_sent; k++)
		putchar(signal.sent[k].digit);
	putchar('\n');
	dtmf_signal_done(&signal);
	return fclose(file) == 0 ? 0 : 1;
}

static void on_digit(void *userdata, char digit, const struct dtmf_heard *heard)
{
	(void)userdata;
	if (!heard->ended)
		putchar(digit);
}

static int listen(const char *rate, const char *path)
{
	struct dtmf_listener *listener;
	FILE *file = fopen(path, "rb");
	int16_t raw[BLOCK];
	float samples[BLOCK];
	size_t n;

	if (!file) {
		perror(path);
		return 1;
	}
	listener = dtmf_listener_new((uint32_t)strtoul(rate, NULL, 10));
	while ((n = fread(raw, sizeof(raw[0]), BLOCK, file)) > 0) {
		for (size_t i = 0; i < n; i++)
			samples[i] = (float)raw[i] / 32768.0f;
		dtmf_listener_run(listener, samples, n, 240, on_digit, NULL);
	}
	fclose(file);
	free(listener);
	putchar('\n');
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "score") == 0)
		return score();
	if (argc == 2 && strcmp(argv[1], "cases") == 0)
		return list();
	if (argc == 5 && strcmp(argv[1], "make") == 0)
		return make(argv[2], argv[3], argv[4]);
	if (argc == 4 && strcmp(argv[1], "listen") == 0)
		return listen(argv[2], argv[3]);
	fprintf(stderr,
		"usage: bench-dtmf score | cases | make ROW RATE FILE | listen RATE FILE\n");
	return 2;
}
