/* SPDX-License-Identifier: MIT */
/* The gateway's ports: what a channel's output carries arrives in a capture port, and what is written
 * to a playback port in the channel's sink, bit by bit and at the sample that the port says, with the
 * links of the policy and no cycle between; a bridge passes in its cycle and ramps.
 *
 * Both ways are on one channel, as a stream has them: through the matrix that is a circle of nodes.
 *
 * Started by with-rig.py, which brings up PipeWire, WirePlumber and the module (2 tablets, 2
 * channels). Argument: quantum. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway-host.h"
#include "graph-private.h"
#include "matrix-graph.h"
#include "noise.h"

#include <partyline/keys.h>

#define N_FRAMES 24000u
#define RATE_HZ 48000u
#define RAMP_FRAMES 240u /* 5 ms */
/** a playback port gets its samples, a bridge opens, it closes */
#define STOP_WRITE 4000u
#define STOP_OPEN 8000u
#define STOP_CLOSE 16000u
#define N_WRITTEN 10000u
#define GUARD_SECONDS 30
/** A graph that begins out of step stays so (test-devices.c says why): so many may, a port that is
 * always late fails in all of them. */
#define GRAPHS_MAX 8
#define LATE_MAX 3u

enum { SOURCE_OUT, SOURCE_OTHER, N_SOURCE };
enum { SINK_IN, SINK_BRIDGED, N_SINK };

struct test {
	struct gateway_host *host;
	struct pl_audio_port *capture, *playback; /* of channel 1 */
	struct pl_audio_port *from, *to;          /* of the bridge: channel 2 */
	int wake_fd;
	uint32_t quantum;

	struct pl_graph *graph;
	struct pl_planes source, sink;
	float *captured; /* what was read in this run */
	float *written;
	uint64_t captured_position;
	size_t n_captured;
	uint64_t written_position;
};

static const struct pl_audio_ops *ops(void)
{
	return gateway_host_ops();
}

/* --- while the graph is held ------------------------------------------------------------------ */

/** The ports' cycle is over: they do not depend on the source that is held. */
static int await_cycle(struct test *t, uint32_t frame)
{
	uint64_t wanted = t->graph->rt.origin + frame + t->quantum;
	time_t deadline = time(NULL) + GUARD_SECONDS;
	struct pl_audio_time now;

	do {
		ops()->time(t->playback, &now);
		if (now.position == wanted)
			return 0;
		sched_yield();
	} while (time(NULL) < deadline);
	fprintf(stderr, "playback: position %" PRIu64 ", not %" PRIu64 "\n", now.position, wanted);
	return -EAGAIN;
}

static int on_stop(void *userdata, uint32_t index, uint32_t frame)
{
	struct test *t = userdata;
	struct pl_audio_time now;
	int r;

	if (index > 0)
		return gateway_host_bridge(t->host, t->from, t->to, index == 1);
	r = await_cycle(t, frame);
	if (r < 0)
		return r;
	ops()->time(t->playback, &now);
	t->written_position = now.position;
	return ops()->write(t->playback, t->written, N_WRITTEN) == N_WRITTEN ? 0 : -ENOSPC;
}

/* --- one run ---------------------------------------------------------------------------------- */

static void drain(struct test *t)
{
	float rest[1024];

	while (ops()->read(t->capture, rest, 1024) > 0)
		;
	while (ops()->read(t->from, rest, 1024) > 0)
		;
}

/** Read from the run's first frame on. */
static int read_captured(struct test *t)
{
	uint64_t origin = t->graph->rt.origin;
	struct pl_audio_time now;
	float skipped[1024];
	size_t n;

	ops()->time(t->capture, &now);
	while (now.position < origin) {
		size_t n_wanted = origin - now.position < 1024 ? origin - now.position : 1024;

		if (ops()->read(t->capture, skipped, n_wanted) == 0)
			return -ENODATA;
		ops()->time(t->capture, &now);
	}
	t->captured_position = now.position;
	t->n_captured = 0;
	while (t->n_captured < N_FRAMES) {
		n = ops()->read(t->capture, t->captured + t->n_captured, N_FRAMES - t->n_captured);
		if (n == 0)
			break;
		t->n_captured += n;
	}
	ops()->time(t->capture, &now);
	if (now.position != t->captured_position + t->n_captured || now.n_dropped > 0 ||
	    now.rate_hz != RATE_HZ || now.quantum != t->quantum)
		return -EPROTO;
	return 0;
}

static bool captured_is_right(const struct test *t)
{
	size_t n = N_FRAMES - t->quantum; /* the last cycle may still be on its way */

	return t->captured_position == t->graph->rt.origin && t->n_captured >= n &&
	       memcmp(t->captured, t->source.plane[SOURCE_OUT], n * sizeof(float)) == 0;
}

static bool played_is_right(const struct test *t)
{
	uint64_t begin = t->written_position - t->graph->rt.origin;

	for (uint64_t n = 0; n < N_FRAMES; n++) {
		bool inside = n >= begin && n < begin + N_WRITTEN;

		if (t->sink.plane[SINK_IN][n] != (inside ? t->written[n - begin] : 0.0f))
			return false;
	}
	return true;
}

/** Of the block in which a stop takes effect. */
static uint32_t block_of(const struct test *t, uint32_t frame)
{
	return (frame + t->quantum - 1u) / t->quantum * t->quantum;
}

static bool bridged_is_right(const struct test *t)
{
	const float *source = t->source.plane[SOURCE_OTHER];
	const float *is = t->sink.plane[SINK_BRIDGED];
	uint32_t open = block_of(t, STOP_OPEN), close = block_of(t, STOP_CLOSE);

	for (uint32_t n = 0; n < N_FRAMES; n++) {
		double phase = n < open    ? 0.0
			       : n < close ? (n - open + 1.0) / RAMP_FRAMES
					   : 1.0 - (n - close + 1.0) / RAMP_FRAMES;
		double gain = 0.5 - 0.5 * cos(SPA_CLAMPD(phase, 0.0, 1.0) * M_PI);

		if (fabs((double)is[n] - gain * (double)source[n]) > (gain == 1.0 ? 0.0 : 1e-6))
			return false;
	}
	return true;
}

/** @return 1 all is right, 0 not yet, -EAGAIN: everything is heard, but something late */
static int run_once(struct test *t, uint32_t *n_late)
{
	static const uint32_t stops[] = {STOP_WRITE, STOP_OPEN, STOP_CLOSE};
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = t->quantum,
		.source = (const float *const *)t->source.plane,
		.sink = t->sink.plane,
		.stops = stops,
		.n_stops = 3,
		.on_stop = on_stop,
		.userdata = t,
	};
	bool captured, played, bridged, heard = true;
	int r;

	drain(t);
	r = pl_graph_run(t->graph, &run);
	if (r == -EIO)
		return 0;
	if (r < 0)
		return r;
	if (run.quantum != t->quantum || run.rate_hz != RATE_HZ)
		return -EINVAL;
	captured = read_captured(t) >= 0 && captured_is_right(t);
	played = played_is_right(t);
	bridged = bridged_is_right(t);
	if (captured && played && bridged)
		return 1;
	for (uint32_t p = 0; p < N_SINK; p++) {
		double sum = 0.0;

		for (uint32_t n = 0; n < N_FRAMES; n++)
			sum += fabs((double)t->sink.plane[p][n]);
		heard = heard && sum > 1.0;
	}
	printf("# not yet: captured %d, played %d, bridged %d\n", captured, played, bridged);
	return heard && ++*n_late == LATE_MAX ? -EAGAIN : 0;
}

/* --- the graph -------------------------------------------------------------------------------- */

static int graph_new(struct pl_graph **ret_graph)
{
	static const char *const links[][4] = {
		{PL_GRAPH_SOURCE, "out_0", "partyline.channel.1.out", "input_MONO"},
		{PL_GRAPH_SOURCE, "out_1", "partyline.channel.2", "playback_MONO"},
		{"partyline.channel.1", "monitor_MONO", PL_GRAPH_SINK, "in_0"},
		{"partyline.channel.2.out", "capture_MONO", PL_GRAPH_SINK, "in_1"},
	};
	const struct pl_graph_options options = {.n_source = N_SOURCE, .n_sink = N_SINK};
	spa_autoptr(pl_graph) graph = NULL;
	int r;

	r = pl_graph_new(&options, &graph);
	for (unsigned i = 0; i < 4 && r >= 0; i++)
		r = pl_graph_link(graph, links[i][0], links[i][1], links[i][2], links[i][3]);
	if (r < 0)
		return r;
	*ret_graph = spa_steal_ptr(graph);
	return 0;
}

static int run_graph(struct test *t)
{
	time_t deadline = time(NULL) + GUARD_SECONDS;
	uint32_t n_late = 0;
	int r;

	r = graph_new(&t->graph);
	if (r >= 0)
		r = pl_graph_start(t->graph);
	while (r >= 0) {
		r = run_once(t, &n_late);
		if (r != 0)
			break;
		if (time(NULL) >= deadline)
			r = -EAGAIN; /* a graph that started out of step: another one */
	}
	pl_graph_free(t->graph);
	t->graph = NULL;
	return r;
}

static int run_test(void *userdata)
{
	struct test *t = userdata;
	uint64_t n_wakes = 0;
	int r = -EAGAIN;

	for (int i = 0; i < GRAPHS_MAX && r == -EAGAIN; i++)
		r = run_graph(t);
	if (r < 0)
		return r;
	if (read(t->wake_fd, &n_wakes, sizeof(n_wakes)) < 0)
		return -errno;
	printf("# %" PRIu64 " wakes\n", n_wakes);
	return n_wakes >= N_FRAMES / t->quantum ? 0 : -ENODATA;
}

static int open_ports(struct test *t)
{
	uint32_t all = 1u << 22; /* a graph that freewheels outruns its reader */
	int r;

	r = gateway_host_open(t->host, PL_AUDIO_CAPTURE, "test-send", "partyline.channel.1.out",
			      all, t->wake_fd, &t->capture);
	if (r >= 0)
		r = gateway_host_open(t->host, PL_AUDIO_PLAYBACK, "test-receive",
				      "partyline.channel.1", 16384, -1, &t->playback);
	if (r >= 0)
		r = gateway_host_open(t->host, PL_AUDIO_CAPTURE, "test-from", "partyline.channel.2",
				      64, -1, &t->from);
	if (r >= 0)
		r = gateway_host_open(t->host, PL_AUDIO_PLAYBACK, "test-to",
				      "partyline.channel.2.out", 64, -1, &t->to);
	return r;
}

int main(int argc, char *argv[])
{
	struct test t = {0};
	uint64_t random = 7;
	int r;

	if (argc != 2)
		return 2;
	t.quantum = (uint32_t)strtoul(argv[1], NULL, 10);
	t.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t.captured = calloc(N_FRAMES, sizeof(float));
	t.written = calloc(N_WRITTEN, sizeof(float));
	if (!t.captured || !t.written || pl_planes_init(&t.source, N_SOURCE, N_FRAMES) < 0 ||
	    pl_planes_init(&t.sink, N_SINK, N_FRAMES) < 0)
		abort();
	for (uint32_t n = 0; n < N_FRAMES; n++) {
		for (uint32_t p = 0; p < N_SOURCE; p++)
			t.source.plane[p][n] = 0.3f * pl_noise(&random);
		if (n < N_WRITTEN)
			t.written[n] = 0.3f * pl_noise(&random);
	}
	r = gateway_host_new(&t.host);
	if (r >= 0)
		r = open_ports(&t);
	if (r >= 0)
		r = gateway_host_run(t.host, run_test, &t);
	if (r < 0)
		printf("FAIL gateway: %s\n", strerror(-r));
	gateway_host_free(t.host);
	pl_planes_done(&t.source);
	pl_planes_done(&t.sink);
	free(t.captured);
	free(t.written);
	close(t.wake_fd);
	return r < 0;
}
