/* SPDX-License-Identifier: MIT */
/*
 * What listening for pages costs the graph: microseconds of each cycle, of all ports together,
 * from the graph's samples to hits. A cycle's time is the least of some rounds over the same
 * signal, so that what else runs on this machine does not count; of these the mean, and the
 * longest.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu-host.h"
#include "decimate.h"
#include "dtmf.h"
#include "page-signal.h"
#include "pages.h"
#include "quick-call.h"

#define RATE 48000u
#define QUANTUM 64u
#define PORTS_MAX 64u
#define DEFS_MAX 512u
#define ROUNDS 7u
#define SECONDS 5.0

struct port {
	struct pl_decimator decimator;
	struct pl_dtmf dtmf;
	struct pl_pages *pages;
};

static struct pl_decimate_plan plan;
static struct pl_dtmf_plan dtmf_plan;
static struct port ports[PORTS_MAX];

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec * 1e-3;
}

enum defined { DIFFERENT, ALIKE };

static struct pl_tone_def def_of(enum defined defined, uint32_t i)
{
	uint32_t a = defined == ALIKE ? 30u : i * 7u % PL_QUICK_CALL_TONES;
	uint32_t b = defined == ALIKE ? 50u : (a + 1u + i * 11u % 79u) % PL_QUICK_CALL_TONES;

	return (struct pl_tone_def){.id = i,
				    .kind = PL_TONE_KIND_TWO_TONE,
				    .a_hz = pl_quick_call_hz[a],
				    .b_hz = pl_quick_call_hz[b],
				    .a_length_s = 1.0f,
				    .b_length_s = 3.0f,
				    .a_tolerance_hz = 0.012f * pl_quick_call_hz[a],
				    .b_tolerance_hz = 0.012f * pl_quick_call_hz[b]};
}

static uint32_t cycle_of(struct port *port, const float *samples)
{
	struct pl_tone_hit hits[PL_TONE_HITS_MAX];
	float slow[PL_TONE_BLOCK];
	uint32_t n = pl_decimator_run(&port->decimator, &plan, samples, QUANTUM, slow);
	uint32_t n_hits = pl_dtmf_run(&port->dtmf, slow, n, hits, PL_TONE_HITS_MAX);

	return n_hits + pl_pages_run(port->pages, slow, n, hits, PL_TONE_HITS_MAX);
}

static uint32_t make(enum defined defined, uint32_t n_ports, uint32_t n_defs)
{
	static struct pl_tone_def defs[DEFS_MAX];
	struct pl_tone_finder finder = {.enabled = 1, .length_s = 1.0f, .range_hz = 3.0f};

	for (uint32_t i = 0; i < n_defs; i++)
		defs[i] = def_of(defined, i);
	for (uint32_t i = 0; i < n_ports; i++)
		if (pl_pages_new(defs, n_defs, NULL, 0, &finder, &ports[i].pages) < 0)
			abort();
	return n_ports;
}

static void start(uint32_t n_ports)
{
	static const float silence[PL_DTMF_HOP_MAX];
	struct pl_tone_hit hits[PL_TONE_HITS_MAX];

	for (uint32_t i = 0; i < n_ports; i++) {
		pl_decimator_start(&ports[i].decimator, &plan);
		pl_dtmf_start(&ports[i].dtmf, &dtmf_plan);
		/* as the node's ears do */
		pl_dtmf_run(&ports[i].dtmf, silence, i * 23u % 40u, hits, PL_TONE_HITS_MAX);
		pl_pages_start(ports[i].pages, plan.rate_out_hz, i);
	}
}

static void measure(const char *name, enum defined defined, uint32_t n_ports, uint32_t n_defs,
		    const float *samples, uint32_t n_cycles)
{
	double *least = calloc(n_cycles, sizeof(double)), sum = 0.0, most = 0.0;
	double cycle_us = 1e6 * QUANTUM / RATE;
	uint32_t n_hits = 0;

	if (!least)
		abort();
	make(defined, n_ports, n_defs);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		start(n_ports);
		for (uint32_t c = 0; c < n_cycles; c++) {
			double before = now_us(), took;

			for (uint32_t i = 0; i < n_ports; i++)
				n_hits += cycle_of(&ports[i], samples + (size_t)c * QUANTUM);
			took = now_us() - before;
			least[c] = round > 0 ? fmin(least[c], took) : took;
		}
	}
	for (uint32_t c = 0; c < n_cycles; c++) {
		sum += least[c];
		most = fmax(most, least[c]);
	}
	printf("  %-38s %5u %6u %9.1f %9.1f %7.2f %% %7.2f %% %8u\n", name, n_ports, n_defs,
	       sum / n_cycles, most, 100.0 * sum / n_cycles / cycle_us, 100.0 * most / cycle_us,
	       n_hits / ROUNDS);
	for (uint32_t i = 0; i < n_ports; i++)
		pl_pages_free(ports[i].pages);
	free(least);
}

int main(void)
{
	static const struct {
		uint32_t n_ports, n_defs;
	} sizes[] = {{1, 1}, {4, 1}, {4, 64}, {4, 512}, {64, 16}};
	struct page_signal page = page_signal(pl_quick_call_hz[30], pl_quick_call_hz[50]);
	struct page_noise noise;
	uint32_t n = (uint32_t)(SECONDS * RATE), n_cycles = n / QUANTUM;
	float *samples = calloc(n, sizeof(float));

	pl_decimate_plan_init(&plan, RATE, pl_host_cpu_flags());
	pl_dtmf_plan_init(&dtmf_plan, plan.rate_out_hz);
	page.rate_hz = RATE;
	page.snr_db = 10.0;
	if (!samples || page_noise_init(&noise, RATE) < 0)
		abort();
	page_signal_make(&page, &noise, samples);
	printf("tone node, %u frames at %u Hz: microseconds a cycle, and of its %.0f us\n", QUANTUM,
	       RATE, 1e6 * QUANTUM / RATE);
	printf("  %-38s %5s %6s %9s %9s %9s %9s %8s\n", "", "ports", "pages", "mean", "longest",
	       "mean", "longest", "hits");
	for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure("a page on all", DIFFERENT, sizes[i].n_ports, sizes[i].n_defs, samples,
			n_cycles);
	measure("a page on all, all defined alike", ALIKE, 4, 64, samples, n_cycles);
	for (uint32_t i = 0; i < n; i++)
		samples[i] = 0.1f * noise.samples[i];
	measure("noise", DIFFERENT, 4, 64, samples, n_cycles);
	memset(samples, 0, n * sizeof(float));
	measure("silence", DIFFERENT, 4, 64, samples, n_cycles);
	page_noise_done(&noise);
	free(samples);
	return 0;
}
