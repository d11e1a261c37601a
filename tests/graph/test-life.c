/* SPDX-License-Identifier: MIT */
/* The life of a graph around our nodes: links come and go while audio runs, rate and quantum
 * change, nodes are destroyed under way, clients are killed. The server outlives all of it, and
 * audio still passes afterwards. In a sanitizer build the server runs under its runtime. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <partyline/keys.h>

#include "graph.h"
#include "matrix-graph.h"
#include "noise.h"
#include "props.h"

#include "pltest.h"

#define N_FRAMES 4096u
#define GATE "gate"
#define METER "meter"
#define MATRIX PL_NODE_MATRIX
#define N_ROUNDS 40u
#define HEAR_SECONDS 30

/** source:out_0 -> gate -> meter -> matrix:tablet_1_talk, matrix:channel_1_out -> sink:in_0 */
struct chain {
	const char *out_node, *out_port, *in_node, *in_port;
};

static const struct chain chain[] = {
	{PL_GRAPH_SOURCE, "out_0", GATE, PL_PORT_GATE_IN},
	{PL_GRAPH_SOURCE, "out_1", GATE, PL_PORT_GATE_SIDECHAIN},
	{PL_GRAPH_SOURCE, PL_GRAPH_CONTROL_PORT, MATRIX, PL_PORT_CONTROL},
	{GATE, PL_PORT_GATE_OUT, METER, "in_1"},
	{METER, "out_1", MATRIX, "tablet_1_talk"},
	{PL_GRAPH_SOURCE, "out_1", METER, "in_2"},
	{METER, "out_2", MATRIX, "tablet_2_talk"},
	{MATRIX, "channel_1_out", PL_GRAPH_SINK, "in_0"},
	{MATRIX, "tablet_2_listen", PL_GRAPH_SINK, "in_1"},
};

static const struct {
	const char *name;
	const char *props;
} nodes[] = {
	{GATE, "{ factory.name = " PL_FACTORY_GATE ", library.name = " PL_SPA_LIBRARY
	       ", node.name = " GATE " }"},
	{METER, "{ factory.name = " PL_FACTORY_METER ", library.name = " PL_SPA_LIBRARY
		", node.name = " METER ", " PL_KEY_METER_PORTS " = 2 }"},
	{MATRIX, "{ factory.name = " PL_FACTORY_MATRIX ", library.name = " PL_SPA_LIBRARY
		 ", node.name = " MATRIX ", " PL_KEY_TABLETS " = 4, " PL_KEY_CHANNELS " = 2 }"},
};

struct life {
	struct pl_graph *graph;
	uint64_t random;
	struct pl_planes source;
	struct pl_planes sink;
};

static uint32_t below(struct life *l, uint32_t limit)
{
	return (uint32_t)(pl_random(&l->random) % limit);
}

static int link_all(struct life *l, const char *node)
{
	int r = 0;

	for (size_t i = 0; i < SPA_N_ELEMENTS(chain) && r >= 0; i++) {
		const struct chain *c = &chain[i];

		if (!node || strcmp(c->out_node, node) == 0 || strcmp(c->in_node, node) == 0)
			r = pl_graph_link(l->graph, c->out_node, c->out_port, c->in_node,
					  c->in_port);
	}
	return r;
}

/* The gate dims instead of closing, so that something passes in every state. */
static int open_gate(struct life *l)
{
	struct pl_props props;
	int r;

	pl_props_begin(&props);
	pl_props_int(&props, PL_PARAM_GATE_MODE, PL_GATE_MODE_DUCK);
	r = pl_graph_set_props(l->graph, GATE, pl_props_end(&props));
	pl_props_done(&props);
	return r;
}

static int life_init(struct life *l, uint32_t n_source)
{
	struct pl_server_options server = {.quantum = 64, .rates = "44100 96000"};
	struct pl_graph_options options = {
		.server = &server, .n_source = 2, .n_sink = 2, .control = 1, .realtime = 1};
	int r;

	memset(l, 0, sizeof(*l));
	l->random = 17;
	r = pl_planes_init(&l->source, n_source, N_FRAMES);
	if (r >= 0)
		r = pl_planes_init(&l->sink, 2, N_FRAMES);
	for (uint32_t n = 0; r >= 0 && n < N_FRAMES; n++) {
		l->source.plane[0][n] = 0.5f * pl_noise(&l->random);
		l->source.plane[1][n] = 0.01f * pl_noise(&l->random);
	}
	if (r >= 0)
		r = pl_graph_new(&options, &l->graph);
	for (size_t i = 0; i < SPA_N_ELEMENTS(nodes) && r >= 0; i++)
		r = pl_graph_add_node(l->graph, "spa-node-factory", nodes[i].props);
	if (r >= 0)
		r = open_gate(l);
	if (r >= 0)
		r = link_all(l, NULL);
	return r < 0 ? r : pl_graph_start(l->graph);
}

static void life_done(struct life *l)
{
	pl_graph_free(l->graph);
	pl_planes_done(&l->source);
	pl_planes_done(&l->sink);
}

static float listen_once(struct life *l, int *ret_error)
{
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = 2048,
		.source = (const float *const *)l->source.plane,
		.sink = l->sink.plane,
	};
	float level = 0.0f;
	int r;

	memset(l->sink.plane[0], 0, N_FRAMES * sizeof(float));
	r = pl_graph_run(l->graph, &run);
	for (uint32_t n = 0; n < N_FRAMES; n++)
		level = fmaxf(level, fabsf(l->sink.plane[0][n]));
	*ret_error = r == -EIO ? 0 : r;
	return level;
}

/* In real time a busy machine cuts cycles, and may cut all of a short run: only that audio comes is
 * looked at, and again until it does. A graph that is dead stays silent.
 * @return 0, -ENODATA when nothing was heard */
static int hear(struct life *l)
{
	time_t deadline = time(NULL) + HEAR_SECONDS;
	float level;
	int r;

	do
		level = listen_once(l, &r);
	while (r >= 0 && !(level > 0.001f) && time(NULL) < deadline);
	if (r < 0)
		return r;
	return level > 0.001f ? 0 : -ENODATA;
}

static int relink(struct life *l, const char *node)
{
	int r = pl_graph_unlink(l->graph, node);

	if (r >= 0)
		r = link_all(l, node);
	return r < 0 ? r : pl_graph_start(l->graph);
}

PL_TEST(links_come_and_go)
{
	static const char *const names[] = {GATE, METER, MATRIX, PL_GRAPH_SOURCE, PL_GRAPH_SINK};
	struct life l;

	PL_CHECK_INT(life_init(&l, 2), 0);
	PL_EXPECT(hear(&l) == 0);
	for (uint32_t i = 0; i < N_ROUNDS && !pl_test_failed; i++)
		PL_EXPECT(relink(&l, names[below(&l, SPA_N_ELEMENTS(names))]) == 0);
	PL_EXPECT(hear(&l) == 0);
	PL_EXPECT(pl_server_alive(pl_graph_server(l.graph)));
	life_done(&l);
}

static int replace(struct life *l, uint32_t which)
{
	int r = pl_graph_remove_node(l->graph, nodes[which].name);

	if (r >= 0)
		r = pl_graph_unlink(l->graph, nodes[which].name);
	if (r >= 0)
		r = pl_graph_add_node(l->graph, "spa-node-factory", nodes[which].props);
	if (r >= 0)
		r = open_gate(l);
	if (r >= 0)
		r = link_all(l, nodes[which].name);
	return r < 0 ? r : pl_graph_start(l->graph);
}

PL_TEST(nodes_are_destroyed_while_they_run)
{
	struct life l;

	PL_CHECK_INT(life_init(&l, 2), 0);
	for (uint32_t i = 0; i < N_ROUNDS && !pl_test_failed; i++)
		PL_EXPECT(replace(&l, below(&l, SPA_N_ELEMENTS(nodes))) == 0);
	PL_EXPECT(hear(&l) == 0);
	PL_EXPECT(pl_server_alive(pl_graph_server(l.graph)));
	life_done(&l);
}

/** Set one of the server's settings, and run until `figure` of a run shows it. */
static int change_setting(struct life *l, struct pl_run *run, const char *name, uint32_t value,
			  const uint32_t *figure)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%u", value);
	r = pl_graph_set_setting(l->graph, name, text);
	/* A forced change suspends and starts nodes anew; until that has come through the
	 * figures are the old ones. */
	for (int i = 0; i < 100 && r >= 0; i++) {
		r = pl_graph_run(l->graph, run);
		if (r < 0 && r != -EIO)
			return r;
		r = 0;
		/* Other nodes may still be waking up: their links tell. */
		if (*figure == value)
			return pl_graph_start(l->graph);
	}
	return r < 0 ? r : -EINVAL;
}

static int change_clock(struct life *l, uint32_t rate_hz, uint32_t quantum)
{
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.source = (const float *const *)l->source.plane,
		.sink = l->sink.plane,
	};
	int r;

	/* One after the other: PipeWire 1.4 loses the formats of its own filters when a second
	 * change meets the suspension that the first has begun. */
	r = change_setting(l, &run, "clock.force-rate", rate_hz, &run.rate_hz);
	return r < 0 ? r : change_setting(l, &run, "clock.force-quantum", quantum, &run.quantum);
}

PL_TEST(rates_and_quanta_change)
{
	static const uint32_t rates[] = {44100, 96000, 48000};
	static const uint32_t quanta[] = {100, 1024, 16, 8192, 256};
	struct life l;

	PL_CHECK_INT(life_init(&l, 2), 0);
	for (uint32_t i = 0; i < 8 && !pl_test_failed; i++)
		PL_EXPECT(change_clock(&l, rates[i % 3], quanta[i % 5]) == 0);
	PL_EXPECT(hear(&l) == 0);
	PL_EXPECT(pl_server_alive(pl_graph_server(l.graph)));
	life_done(&l);
}

/* Another client: links its own filters to the matrix, tells that all runs, waits for its end. */
static void be_a_client(int ready_fd)
{
	struct pl_graph_options options = {.n_source = 2, .n_sink = 2, .realtime = 1};
	struct pl_graph *graph;
	char byte = 1;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = pl_graph_new(&options, &graph);
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, "out_0", MATRIX, "channel_1_in");
	if (r >= 0)
		r = pl_graph_link(graph, MATRIX, "tablet_3_listen", PL_GRAPH_SINK, "in_0");
	if (r >= 0)
		r = pl_graph_sync(graph);
	if (r < 0 || write(ready_fd, &byte, 1) != 1)
		_exit(1);
	while (true)
		pause();
}

static int kill_a_client(const char *program)
{
	int fds[2], status;
	char byte, fd[16];
	ssize_t n;
	pid_t pid;

	if (pipe(fds) < 0)
		return -errno;
	snprintf(fd, sizeof(fd), "%d", fds[1]);
	pid = fork();
	if (pid == 0) {
		execl(program, program, "--client", fd, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], &byte, 1);
	close(fds[0]);
	if (pid < 0)
		return -errno;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return n == 1 ? 0 : -ECHILD;
}

PL_TEST(clients_are_killed)
{
	struct life l;

	PL_CHECK_INT(life_init(&l, 2), 0);
	for (uint32_t i = 0; i < 8 && !pl_test_failed; i++)
		PL_EXPECT(kill_a_client("/proc/self/exe") == 0);
	PL_EXPECT(hear(&l) == 0);
	PL_EXPECT(pl_server_alive(pl_graph_server(l.graph)));
	life_done(&l);
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "--client") == 0)
		be_a_client((int)strtol(argv[2], NULL, 10));
	return pl_test_main(argc, argv);
}
