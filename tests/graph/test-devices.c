/* SPDX-License-Identifier: MIT */
/* The module's devices add no sample and change no bit: source -> tablet and channel sinks ->
 * monitors -> matrix -> virtual sources -> sink gives what source -> matrix -> sink gives.
 *
 * Started by with-rig.py, which brings up PipeWire, WirePlumber and the module; the environment
 * leads there. Arguments: tablets, channels, quantum. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matrix-graph.h"
#include "noise.h"

#include <partyline/keys.h>

#define N_FRAMES 48000u
/** the first cycles after nodes moved to the freewheeling driver may be cut */
#define N_PREROLL 48000u
#define RATE_HZ 48000u

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void fill(struct pl_planes *source)
{
	uint64_t random = 11;

	for (uint32_t p = 0; p < source->n_planes; p++) {
		for (uint32_t n = 0; n < N_FRAMES; n++)
			source->plane[p][n] = 0.3f * pl_noise(&random);
	}
}

static int link_device(struct pl_graph *graph, uint32_t index, const char *sink_fmt,
		       const char *source_fmt, uint32_t id)
{
	char sink[64], source[64], out[32], in[32];
	int r;

	snprintf(sink, sizeof(sink), sink_fmt, id);
	snprintf(source, sizeof(source), source_fmt, id);
	snprintf(out, sizeof(out), PL_GRAPH_SOURCE_PORT_FMT, index);
	snprintf(in, sizeof(in), PL_GRAPH_SINK_PORT_FMT, index);
	r = pl_graph_link(graph, PL_GRAPH_SOURCE, out, sink, "playback_MONO");
	if (r < 0)
		return r;
	return pl_graph_link(graph, source, "capture_MONO", PL_GRAPH_SINK, in);
}

static int devices_graph_new(uint32_t n_tablets, uint32_t n_channels, struct pl_graph **ret_graph)
{
	struct pl_graph_options options = {
		.n_source = n_tablets + n_channels,
		.n_sink = n_tablets + n_channels,
	};
	spa_autoptr(pl_graph) graph = NULL;
	int r;

	r = pl_graph_new(&options, &graph);
	for (uint32_t t = 0; t < n_tablets && r >= 0; t++)
		r = link_device(graph, t, PL_NODE_TABLET_FMT, PL_NODE_TABLET_LISTEN_FMT, t + 1);
	for (uint32_t c = 0; c < n_channels && r >= 0; c++)
		r = link_device(graph, n_tablets + c, PL_NODE_CHANNEL_FMT, PL_NODE_CHANNEL_OUT_FMT,
				c + 1);
	if (r < 0)
		return r;
	*ret_graph = spa_steal_ptr(graph);
	return 0;
}

/** Constant that every input gets until the whole graph is awake */
#define WAKE_LEVEL 0.1f
#define WAKE_GUARD_SECONDS 60
/** So many graphs may begin out of step; a device that is always late fails in all of them */
#define GRAPHS_MAX 8

/** Frame at which the constant begins */
#define WAKE_STEP (N_FRAMES / 2u)
/** So many times everything is there, but something of it late: it will not come right */
#define WAKE_LATE_MAX 3u

/** What is heard of a constant at every input, at the end and at its first frame. */
static void count_awake(const struct pl_planes *sink, uint32_t n_tablets, uint32_t *ret_n_awake,
			uint32_t *ret_n_in_time)
{
	const double h = PL_GAIN_DEFAULT; /* gains and headroom are both -12 dB by default */
	const double out = h * (double)WAKE_LEVEL;
	const double listen = out * (1.0 + (n_tablets - 1) * h / n_tablets);

	*ret_n_awake = *ret_n_in_time = 0;
	for (uint32_t p = 0; p < sink->n_planes; p++) {
		const float *is = sink->plane[p];
		double acc = p < n_tablets ? listen : out;
		double wanted = (double)PL_LIMITER * tanh(acc / (double)PL_LIMITER);

		*ret_n_awake += fabs((double)is[N_FRAMES - 1u] - wanted) < 1e-6;
		*ret_n_in_time += fabs((double)is[WAKE_STEP] - wanted) < 1e-6;
	}
}

/**
 * Run until a constant at every input gives at every output, from its first frame on, what it must
 * when nothing is missing and nothing late. The policy's links and devices that slept start in their
 * own time, which a freewheeling graph outruns.
 *
 * @return 0, -ETIMEDOUT, or -EAGAIN: something stays late by a quantum. Nodes that move to the
 *         freewheeling driver in mid cycle can cut that cycle. A busy machine may keep it out of
 *         step: the driver begins the next cycle at once, before the late trigger has come, which
 *         then counts for the wrong one; a real-time driver's pause lets it run dry.
 */
static int wake(struct pl_graph *graph, uint32_t n_tablets, uint32_t n_channels)
{
	uint32_t n_planes = n_tablets + n_channels, n_awake = 0, n_in_time = 0, n_late = 0;
	struct pl_planes source, sink;
	struct pl_run run = {.n_frames = N_FRAMES};
	time_t deadline = time(NULL) + WAKE_GUARD_SECONDS;
	int r;

	if (pl_planes_init(&source, n_planes, N_FRAMES) < 0)
		return -ENOMEM;
	if (pl_planes_init(&sink, n_planes, N_FRAMES) < 0) {
		pl_planes_done(&source);
		return -ENOMEM;
	}
	for (uint32_t p = 0; p < n_planes; p++) {
		for (uint32_t n = WAKE_STEP; n < N_FRAMES; n++)
			source.plane[p][n] = WAKE_LEVEL;
	}
	run.source = (const float *const *)source.plane;
	run.sink = sink.plane;
	do {
		r = pl_graph_run(graph, &run);
		if (r >= 0)
			count_awake(&sink, n_tablets, &n_awake, &n_in_time);
		n_late += n_awake == n_planes && n_in_time < n_planes;
	} while ((r >= 0 || r == -EIO) && n_in_time < n_planes && n_late < WAKE_LATE_MAX &&
		 time(NULL) < deadline);
	pl_planes_done(&source);
	pl_planes_done(&sink);
	if (r < 0)
		return r;
	if (n_in_time == n_planes)
		return 0;
	return n_late == WAKE_LATE_MAX ? -EAGAIN : -ETIMEDOUT;
}

/* Takes the graph. */
static int run_graph(struct pl_graph *taken, const struct pl_planes *source, struct pl_planes *sink,
		     uint32_t n_tablets, uint32_t n_channels, uint32_t quantum)
{
	spa_autoptr(pl_graph) graph = taken;
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = N_PREROLL,
		.source = (const float *const *)source->plane,
		.sink = sink->plane,
	};
	int r;

	r = pl_graph_start(graph);
	if (r >= 0)
		r = wake(graph, n_tablets, n_channels);
	if (r >= 0)
		r = pl_graph_run(graph, &run);
	if (r >= 0 && (run.quantum != quantum || run.rate_hz != RATE_HZ)) {
		printf("# quantum %u at %u Hz\n", run.quantum, run.rate_hz);
		r = -EINVAL;
	}
	return r;
}

static int run_both(uint32_t n_tablets, uint32_t n_channels, uint32_t quantum,
		    const struct pl_planes *source, struct pl_planes *devices,
		    struct pl_planes *direct)
{
	struct pl_server_options server = {.rate_hz = RATE_HZ, .quantum = quantum};
	struct pl_graph *graph;
	int r = -EAGAIN;

	/* In this order: a server of our own changes the environment. */
	for (int i = 0; i < GRAPHS_MAX && r == -EAGAIN; i++) {
		r = devices_graph_new(n_tablets, n_channels, &graph);
		if (r >= 0)
			r = run_graph(graph, source, devices, n_tablets, n_channels, quantum);
	}
	if (r < 0) {
		printf("FAIL devices: %s\n", strerror(-r));
		return r;
	}
	r = pl_matrix_graph_new(n_tablets, n_channels, &server, &graph);
	if (r >= 0)
		r = run_graph(graph, source, direct, n_tablets, n_channels, quantum);
	if (r < 0)
		printf("FAIL direct: %s\n", strerror(-r));
	return r;
}

static int compare(const struct pl_planes *devices, const struct pl_planes *direct)
{
	uint32_t n_wrong = 0, last = 0;
	float level = 0.0f;

	for (uint32_t p = 0; p < devices->n_planes; p++) {
		for (uint32_t n = 0; n < N_FRAMES; n++) {
			float is = devices->plane[p][n], wanted = direct->plane[p][n];

			level = fmaxf(level, fabsf(is));
			if (is == wanted)
				continue;
			if (n_wrong++ == 0)
				printf("FAIL plane %u, frame %u: %g, not %g\n", p, n, (double)is,
				       (double)wanted);
			last = n;
		}
		if (n_wrong > 0) {
			printf("FAIL plane %u: %u frames are wrong, the last one is %u\n", p,
			       n_wrong, last);
			return 1;
		}
	}
	if (!(level > 0.01f)) {
		printf("FAIL nothing was heard\n");
		return 1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	uint32_t n_tablets, n_channels, quantum;
	struct pl_planes source, devices, direct;
	int failed = 1;

	if (argc != 4)
		return 2;
	n_tablets = (uint32_t)strtoul(argv[1], NULL, 10);
	n_channels = (uint32_t)strtoul(argv[2], NULL, 10);
	quantum = (uint32_t)strtoul(argv[3], NULL, 10);
	if (pl_planes_init(&source, n_tablets + n_channels, N_FRAMES) < 0 ||
	    pl_planes_init(&devices, n_tablets + n_channels, N_FRAMES) < 0 ||
	    pl_planes_init(&direct, n_tablets + n_channels, N_FRAMES) < 0)
		return 1;
	fill(&source);
	if (run_both(n_tablets, n_channels, quantum, &source, &devices, &direct) >= 0)
		failed = compare(&devices, &direct);
	printf("# %ux%u, quantum %u: hash %016" PRIx64 " through devices, %016" PRIx64 " direct\n",
	       n_tablets, n_channels, quantum, pl_planes_hash(&devices), pl_planes_hash(&direct));
	pl_planes_done(&source);
	pl_planes_done(&devices);
	pl_planes_done(&direct);
	return failed;
}
