/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spa/support/cpu.h>

#include "bench-sgemm.h"
#include "cpu-host.h"
#include "mixer.h"

/*
 * Process time of the matrix, meters included, for each kernel variant, size and quantum,
 * beside a plain matrix product over the same data in the same run.
 *
 *   bench-matrix [--json] [--quick]
 *
 * Shapes: "up" is tablets to channels only; "both" is up and down with mix-minus.
 * Times are the median and the best of rounds; a round repeats the block until it takes 0.2 ms.
 */

struct shape {
	const char *name;
	uint32_t n_tablets;
	uint32_t n_channels;
	bool down;
	double density; /**< share of crosspoints that are not zero */
	bool moving;    /**< all gains on a ramp */
};

static const struct shape shapes[] = {
	{"16x4 both", 16, 4, true, 1.0, false},      {"64x64 up", 64, 64, false, 1.0, false},
	{"64x64 up 10%", 64, 64, false, 0.1, false}, {"64x64 both", 64, 64, true, 1.0, false},
	{"64x64 up ramp", 64, 64, false, 1.0, true},
};

static const uint32_t quanta[] = {64, 256, 1024};

#define ROUNDS_MAX 101

struct bench {
	const struct shape *shape;
	uint32_t quantum;
	struct pl_matrix_settings settings;
	struct pl_matrix_targets *targets[2];
	struct pl_mixer *mixer;
	struct pl_mixer_block block;
	float *memory;
};

static uint32_t random_state = 1;

static double uniform(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) / 16777216.0;
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec * 1e-3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void fill_settings(struct bench *b)
{
	const struct shape *s = b->shape;

	pl_matrix_settings_init(&b->settings, s->n_tablets, s->n_channels);
	b->settings.headroom_db = 0.0;
	b->settings.party_line = s->down;
	/* Long enough to move throughout the measurement of one table. */
	b->settings.ramp_ms = s->moving ? PL_RAMP_MS_MAX : PL_RAMP_MS_DEFAULT;
	for (uint32_t t = 0; t < s->n_tablets; t++) {
		for (uint32_t c = 0; c < s->n_channels; c++) {
			b->settings.uplink[c][t] = uniform() < s->density ? 0.1 + uniform() : 0.0;
			b->settings.downlink[t][c] =
				s->down && uniform() < s->density ? 0.1 + uniform() : 0.0;
		}
	}
}

static int bench_init(struct bench *b, const struct shape *shape, uint32_t quantum,
		      const struct pl_kernels *kernels)
{
	uint32_t n_signals = 2u * (shape->n_tablets + shape->n_channels), k = 0;
	int r;

	*b = (struct bench){.shape = shape, .quantum = quantum};
	random_state = 1;
	fill_settings(b);
	r = pl_matrix_targets_new(&b->settings, 48000, &b->targets[0]);
	if (r < 0)
		return r;
	for (uint32_t t = 0; t < shape->n_tablets; t++) {
		for (uint32_t c = 0; c < shape->n_channels; c++)
			b->settings.uplink[c][t] *=
				uniform(); /* not all alike: the norm would undo it */
	}
	r = pl_matrix_targets_new(&b->settings, 48000, &b->targets[1]);
	if (r < 0)
		return r;
	r = pl_mixer_new(shape->n_tablets, shape->n_channels, kernels, b->targets[0], &b->mixer);
	if (r < 0)
		return r;
	b->memory = aligned_alloc(64, (size_t)n_signals * quantum * sizeof(float));
	if (!b->memory)
		return -ENOMEM;
	for (size_t i = 0; i < (size_t)n_signals * quantum; i++)
		b->memory[i] = (float)(0.2 * (uniform() - 0.5));

	b->block = (struct pl_mixer_block){.n_frames = quantum, .rate_hz = 48000};
	for (uint32_t t = 0; t < shape->n_tablets; t++) {
		b->block.talk[t] = b->memory + (size_t)quantum * k++;
		b->block.listen[t] = shape->down ? b->memory + (size_t)quantum * k++ : NULL;
	}
	for (uint32_t c = 0; c < shape->n_channels; c++) {
		b->block.channel_in[c] = shape->down ? b->memory + (size_t)quantum * k++ : NULL;
		b->block.channel_out[c] = b->memory + (size_t)quantum * k++;
	}
	return 0;
}

static void bench_done(struct bench *b)
{
	pl_mixer_free(b->mixer);
	pl_matrix_targets_free(b->targets[0]);
	pl_matrix_targets_free(b->targets[1]);
	free(b->memory);
}

struct timing {
	double median_us;
	double best_us; /**< what the machine can do when nobody else wants it */
};

static struct timing time_us(struct bench *b, uint32_t n_rounds, void (*run)(struct bench *b))
{
	double times[ROUNDS_MAX];
	uint32_t n_blocks = 1;

	run(b);
	for (;;) {
		double start = now_us();

		for (uint32_t i = 0; i < n_blocks; i++)
			run(b);
		if (now_us() - start > 200.0 || n_blocks > 4096u)
			break;
		n_blocks *= 2u;
	}
	for (uint32_t round = 0; round < n_rounds; round++) {
		double start;

		if (b->shape->moving)
			pl_mixer_set_targets(b->mixer, b->targets[round & 1u]);
		start = now_us();
		for (uint32_t i = 0; i < n_blocks; i++)
			run(b);
		times[round] = (now_us() - start) / n_blocks;
	}
	qsort(times, n_rounds, sizeof(*times), compare);
	return (struct timing){.median_us = times[n_rounds / 2u], .best_us = times[0]};
}

static void run_mixer(struct bench *b)
{
	pl_mixer_process(b->mixer, &b->block);
}

/** What stands for "the same data": the same gains and samples, nothing else done to them. */
static pl_sgemm_func sgemm;

static void run_sgemm(struct bench *b)
{
	const struct pl_matrix_targets *targets = b->targets[0];

	sgemm(b->block.channel_out, &targets->up[0][0], b->block.talk, b->shape->n_channels,
	      b->shape->n_tablets, b->quantum);
	if (b->shape->down)
		sgemm(b->block.listen, &targets->down[0][0], b->block.channel_in,
		      b->shape->n_tablets, b->shape->n_channels, b->quantum);
}

static int measure(const struct shape *shape, uint32_t quantum, const struct pl_kernels *kernels,
		   uint32_t n_rounds, bool json, bool *first)
{
	struct bench b;
	struct timing mixer, plain;
	int r;

	r = bench_init(&b, shape, quantum, kernels);
	if (r < 0) {
		bench_done(&b);
		return r;
	}
	mixer = time_us(&b, n_rounds, run_mixer);
	sgemm = pl_sgemm_find(kernels->name);
	plain = time_us(&b, n_rounds, run_sgemm);
	if (json) {
		printf("%s\n  {\"matrix\": \"%s\", \"kernels\": \"%s\", \"quantum\": %u, "
		       "\"us\": %.3f, \"best_us\": %.3f, \"sgemm_us\": %.3f, \"ratio\": %.3f}",
		       *first ? "" : ",", shape->name, kernels->name, quantum, mixer.median_us,
		       mixer.best_us, plain.median_us, mixer.median_us / plain.median_us);
	} else {
		printf("%-14s %-7s %7u %9.2f %9.2f %9.2f %7.2f\n", shape->name, kernels->name,
		       quantum, mixer.median_us, mixer.best_us, plain.median_us,
		       mixer.median_us / plain.median_us);
	}
	*first = false;
	bench_done(&b);
	return 0;
}

int main(int argc, char *argv[])
{
	bool json = false, first = true;
	uint32_t flags = pl_host_cpu_flags(), n_rounds = ROUNDS_MAX;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = true;
		} else if (strcmp(argv[i], "--quick") == 0) {
			n_rounds = 11;
		} else {
			fprintf(stderr, "usage: bench-matrix [--json] [--quick]\n");
			return 2;
		}
	}
	if (json)
		printf("[");
	else
		printf("%-14s %-7s %7s %9s %9s %9s %7s\n", "matrix", "kernels", "quantum", "us",
		       "best us", "sgemm us", "ratio");
	for (uint32_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		for (uint32_t k = 0; pl_kernels_at(k); k++) {
			const struct pl_kernels *kernels = pl_kernels_at(k);

			if ((kernels->cpu_flags & flags) != kernels->cpu_flags)
				continue;
			for (uint32_t q = 0; q < sizeof(quanta) / sizeof(quanta[0]); q++) {
				if (measure(&shapes[s], quanta[q], kernels, n_rounds, json,
					    &first) < 0)
					return 1;
			}
		}
	}
	if (json)
		printf("\n]\n");
	return 0;
}
