/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cpu-host.h"
#include "kernels.h"

/*
 * Nanoseconds of one call of each kernel on 128 frames, for each variant:
 * mixes have 64 sources, mix_rows makes 3 or 4 of them; "loud" needs the limiter's full range.
 */

#define N_SRC 64u
#define N_FRAMES (PL_CHUNK / 2u)
#define ROUNDS 51

enum job {
	JOB_MIX,
	JOB_MIX_ROWS,
	JOB_MIX_RAMP,
	JOB_PRODUCT,
	JOB_SANITISE,
	JOB_LIMIT,
	JOB_LIMIT_LOUD,
	JOB_MAX_
};

static const char *const job_names[] = {"mix",      "mix_rows", "mix_ramp", "product",
					"sanitise", "limit",    "loud"};

struct data {
	float *base;
	float *dst;
	struct pl_term terms[N_SRC];
	float gains[N_SRC * PL_ROWS_MAX];
	uint32_t src[N_SRC];
	struct pl_ramp_term ramps[N_SRC];
	float shape[PL_CHUNK + PL_CHUNK_PAD];
};

static void run(const struct pl_kernels *k, enum job job, struct data *d)
{
	struct pl_level level;

	switch (job) {
	case JOB_MIX:
		k->mix(d->dst, d->base, d->terms, N_SRC, N_FRAMES);
		break;
	case JOB_MIX_ROWS:
		if (k->mix_rows)
			k->mix_rows(d->dst, d->base, d->gains, d->src, N_SRC, N_FRAMES);
		break;
	case JOB_MIX_RAMP:
		k->mix_ramp(d->dst, d->base, d->ramps, N_SRC, N_FRAMES);
		break;
	case JOB_PRODUCT:
		k->ramp_product(d->dst, d->ramps, d->ramps, N_SRC, N_FRAMES);
		break;
	case JOB_SANITISE:
		k->sanitise(d->dst, d->base, N_FRAMES, &level);
		break;
	case JOB_LIMIT:
		k->limit(d->dst, d->base, N_FRAMES, &level);
		break;
	default:
		k->limit(d->dst, d->base + PL_CHUNK_STRIDE, N_FRAMES, &level);
		break;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_ns(const struct pl_kernels *k, enum job job, struct data *d)
{
	double times[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		struct timespec a, b;

		/* Mixes with ramps add up: start from silence. */
		for (uint32_t n = 0; n < PL_CHUNK; n++)
			d->dst[n] = 0.0f;
		clock_gettime(CLOCK_MONOTONIC, &a);
		for (int i = 0; i < 200; i++)
			run(k, job, d);
		clock_gettime(CLOCK_MONOTONIC, &b);
		times[round] = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 200.0;
	}
	qsort(times, ROUNDS, sizeof(*times), compare);
	return times[ROUNDS / 2];
}

static void data_init(struct data *d)
{
	for (uint32_t n = 0; n < PL_CHUNK + PL_CHUNK_PAD; n++)
		d->shape[n] = (float)n / (PL_CHUNK + PL_CHUNK_PAD);
	for (uint32_t i = 0; i < N_SRC; i++) {
		d->src[i] = i * PL_CHUNK_STRIDE;
		for (uint32_t r = 0; r < PL_ROWS_MAX; r++)
			d->gains[i * PL_ROWS_MAX + r] = 0.01f;
		d->terms[i] = (struct pl_term){0.01f * (float)i, i * PL_CHUNK_STRIDE};
		d->ramps[i] = (struct pl_ramp_term){0.0f, 0.01f, d->shape, i * PL_CHUNK_STRIDE};
		for (uint32_t n = 0; n < PL_CHUNK; n++) {
			d->base[i * PL_CHUNK_STRIDE + n] =
				(i == 1 ? 2.0f : 0.1f) *
				((float)((n * 37u + i) % 64u) / 32.0f - 1.0f);
		}
	}
}

int main(void)
{
	static struct data d;
	uint32_t flags = pl_host_cpu_flags();

	d.base = aligned_alloc(PL_KERNEL_ALIGN, N_SRC * PL_CHUNK_STRIDE * sizeof(float));
	d.dst = aligned_alloc(PL_KERNEL_ALIGN, PL_ROWS_MAX * PL_CHUNK_STRIDE * sizeof(float));
	if (!d.base || !d.dst)
		return 1;
	data_init(&d);
	printf("%-10s %-8s %10s\n", "kernel", "kernels", "ns");
	for (int job = 0; job < JOB_MAX_; job++) {
		for (uint32_t i = 0; pl_kernels_at(i); i++) {
			const struct pl_kernels *k = pl_kernels_at(i);

			if ((k->cpu_flags & flags) == k->cpu_flags)
				printf("%-10s %-8s %10.1f\n", job_names[job], k->name,
				       median_ns(k, (enum job)job, &d));
		}
	}
	free(d.base);
	free(d.dst);
	return 0;
}
