/* SPDX-License-Identifier: MIT */
/* The harness itself: source linked straight to sink is bit-exact and not one sample late. */
#include "graph.h"
#include "noise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pltest.h"

#define N_FRAMES 20000u

struct buffers {
	float source[2][N_FRAMES];
	float sink[2][N_FRAMES];
	uint32_t stopped[3];
	uint32_t n_stopped;
};

static int on_stop(void *userdata, uint32_t index, uint32_t frame)
{
	struct buffers *b = userdata;

	if (b->n_stopped < 3)
		b->stopped[b->n_stopped] = frame;
	b->n_stopped++;
	return 0;
}

static int run_direct(uint32_t quantum, struct buffers *b)
{
	struct pl_server_options server = {.quantum = quantum};
	struct pl_graph_options options = {.server = &server, .n_source = 2, .n_sink = 2};
	const float *source[2] = {b->source[0], b->source[1]};
	float *sink[2] = {b->sink[0], b->sink[1]};
	static const uint32_t stops[3] = {0, 777, 5000};
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = 1000,
		.source = source,
		.sink = sink,
		.stops = stops,
		.n_stops = 3,
		.on_stop = on_stop,
		.userdata = b,
	};
	spa_autoptr(pl_graph) graph = NULL;
	int r;

	r = pl_graph_new(&options, &graph);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < 2 && r >= 0; i++)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, i ? "out_1" : "out_0", PL_GRAPH_SINK,
				  i ? "in_1" : "in_0");
	if (r < 0)
		return r;
	r = pl_graph_start(graph);
	if (r < 0)
		return r;
	r = pl_graph_run(graph, &run);
	if (r < 0)
		return r;
	return run.quantum == quantum && run.rate_hz == 48000 ? 0 : -EINVAL;
}

PL_TEST(direct_is_bit_exact)
{
	static const uint32_t quanta[] = {16, 100, 8192};
	struct buffers *b = calloc(1, sizeof(*b));

	PL_CHECK(b != NULL);
	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		uint64_t state = 1;

		memset(b, 0, sizeof(*b));
		for (uint32_t n = 0; n < 2 * N_FRAMES; n++)
			b->source[n % 2][n / 2] = pl_noise(&state);
		PL_CHECK(run_direct(quanta[i], b) == 0);
		for (uint32_t n = 0; n < N_FRAMES; n++)
			PL_CHECK(b->source[0][n] == b->sink[0][n] &&
				 b->source[1][n] == b->sink[1][n]);
		PL_CHECK(b->n_stopped == 3);
		for (uint32_t k = 0; k < 3; k++) {
			uint32_t want = (uint32_t[]){0, 777, 5000}[k];

			want = (want + quanta[i] - 1) / quanta[i] * quanta[i];
			PL_CHECK(b->stopped[k] == want);
		}
	}
	free(b);
}

PL_TEST_MAIN()
