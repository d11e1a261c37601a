/* SPDX-License-Identifier: MIT */
/* The gate and the meter as nodes of a graph: no latency, exact samples, parameters. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <spa/param/props.h>
#include <spa/pod/iter.h>

#include "graph.h"
#include "matrix-graph.h"
#include "noise.h"
#include "props.h"

#include "pltest.h"

#define RATE_HZ 48000u
#define N_FRAMES 24000u
#define GATE "gate"
#define METER "meter"

static const uint32_t quanta[] = {16, 100, 1024};

static int add_gate(struct pl_graph *graph)
{
	int r;

	r = pl_graph_add_node(graph, "spa-node-factory",
			      "{ factory.name = " PL_FACTORY_GATE ", library.name = " PL_SPA_LIBRARY
			      ", node.name = " GATE " }");
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, "out_0", GATE, PL_PORT_GATE_IN);
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, "out_1", GATE, PL_PORT_GATE_SIDECHAIN);
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, PL_GRAPH_CONTROL_PORT, GATE,
				  PL_PORT_CONTROL);
	if (r >= 0)
		r = pl_graph_link(graph, GATE, PL_PORT_GATE_OUT, PL_GRAPH_SINK, "in_0");
	return r;
}

static int new_graph(uint32_t quantum, uint32_t n_ports, struct pl_graph **ret_graph)
{
	struct pl_server_options server = {.rate_hz = RATE_HZ, .quantum = quantum};
	struct pl_graph_options options = {
		.server = &server, .n_source = n_ports, .n_sink = n_ports, .control = 1};

	return pl_graph_new(&options, ret_graph);
}

static int set_gate(struct pl_graph *graph, const char *mode)
{
	struct pl_props props;
	int r;

	pl_props_begin(&props);
	spa_pod_builder_string(&props.dynamic.b, PL_PARAM_GATE_MODE);
	spa_pod_builder_string(&props.dynamic.b, mode);
	pl_props_double(&props, PL_PARAM_GATE_RELEASE_MS, 20.0);
	pl_props_double(&props, PL_PARAM_GATE_HOLD_MS, 10.0);
	pl_props_double(&props, PL_PARAM_GATE_THRESHOLD_DB, -20.0);
	pl_props_double(&props, PL_PARAM_GATE_DEPTH_DB, -12.0);
	r = pl_graph_set_props(graph, GATE, pl_props_end(&props));
	pl_props_done(&props);
	return r;
}

static struct pl_event key_at(uint32_t frame, int held)
{
	return (struct pl_event){
		.frame = frame, .key = PL_PARAM_GATE_KEY, .is_bool = 1, .value = held};
}

/* v + (w - v) (1 - cos(pi k / L)) / 2, the k-th sample of a ramp */
static double ramp(double from, double to, int64_t k, double n_ramp)
{
	if (k <= 0)
		return from;
	if (k >= n_ramp)
		return to;
	return from + (to - from) * 0.5 * (1.0 - cos(M_PI * (double)k / n_ramp));
}

struct gate_case {
	const char *mode;
	double idle, active;
	int64_t on, off; /* first sample that differs; first sample of the way back */
	int no_key, no_level;
};

static void check_gate(const struct gate_case *test, uint32_t quantum)
{
	const struct pl_event events[] = {key_at(5003, 1), key_at(9007, 0)};
	struct pl_planes source, sink;
	struct pl_graph *graph = NULL;
	uint64_t random = 5;
	double error = 0.0;
	int r;

	PL_CHECK(pl_planes_init(&source, 2, N_FRAMES) == 0);
	PL_CHECK(pl_planes_init(&sink, 2, N_FRAMES) == 0);
	for (uint32_t n = 0; n < N_FRAMES; n++) {
		source.plane[0][n] = 0.5f * pl_noise(&random);
		/* loud from 12000 to 14000, its last loud sample being 13999 */
		source.plane[1][n] = !test->no_level && n >= 12000 && n < 14000 ? 0.5f : 0.01f;
	}
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = 2048,
		.source = (const float *const *)source.plane,
		.sink = sink.plane,
		.events = events,
		.n_events = test->no_key ? 0 : 2,
	};
	r = new_graph(quantum, 2, &graph);
	if (r >= 0)
		r = add_gate(graph);
	if (r >= 0)
		r = set_gate(graph, test->mode);
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, "out_1", PL_GRAPH_SINK, "in_1");
	if (r >= 0)
		r = pl_graph_start(graph);
	if (r >= 0)
		r = pl_graph_run(graph, &run);
	pl_graph_free(graph);
	PL_CHECK_INT(r, 0);
	for (int64_t n = 0; n < N_FRAMES; n++) {
		double gain = n < test->off
				      ? ramp(test->idle, test->active, n + 1 - test->on, 240.0)
				      : ramp(test->active, test->idle, n + 1 - test->off, 960.0);

		error = fmax(error,
			     fabs((double)sink.plane[0][n] - gain * (double)source.plane[0][n]));
	}
	printf("# gate %s, quantum %u: error %.1f dBFS\n", test->mode, quantum,
	       20.0 * log10(error + 1e-20));
	PL_CHECK(error < 1e-6);
	pl_planes_done(&source);
	pl_planes_done(&sink);
}

PL_TEST(gate_ptt)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++)
		check_gate(&(struct gate_case){"ptt", 0.0, 1.0, 5003, 9007}, quanta[i]);
}

PL_TEST(gate_vox)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++)
		check_gate(&(struct gate_case){"vox", 0.0, 1.0, 12000, 14480}, quanta[i]);
}

PL_TEST(gate_duck)
{
	double depth = pow(10.0, -12.0 / 20.0);

	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++)
		check_gate(&(struct gate_case){"duck", 1.0, depth, 12000, 14480, .no_key = 1},
			   quanta[i]);
	check_gate(&(struct gate_case){"duck", 1.0, depth, 5003, 9007, .no_level = 1}, 256);
}

PL_TEST(gate_refuses_bad_values)
{
	struct pl_graph *graph = NULL;

	PL_CHECK_INT(new_graph(64, 2, &graph), 0);
	PL_EXPECT(add_gate(graph) == 0);
	PL_EXPECT(set_gate(graph, "duck") == 0);
	PL_EXPECT(set_gate(graph, "loud") == -EINVAL);
	pl_graph_free(graph);
}

/** First number of an array parameter, NAN without it. */
static double first_of(const struct spa_pod *props, const char *key)
{
	const struct spa_pod_prop *prop = spa_pod_find_prop(props, NULL, SPA_PROP_params);
	const char *name = NULL;
	struct spa_pod *pod;
	uint32_t n = 0;

	if (!prop)
		return NAN;
	SPA_POD_STRUCT_FOREACH (&prop->value, pod) {
		uint32_t n_values;
		const float *values;

		if (n++ % 2 == 0) {
			spa_pod_get_string(pod, &name);
			continue;
		}
		if (strcmp(name, key) != 0 || !spa_pod_is_array(pod))
			continue;
		values = spa_pod_get_array(pod, &n_values);
		return n_values ? (double)values[0] : NAN;
	}
	return NAN;
}

static int run_meter(struct pl_graph *graph, struct pl_run *run)
{
	struct pl_props props;
	int r;

	r = pl_graph_add_node(graph, "spa-node-factory",
			      "{ factory.name = " PL_FACTORY_METER
			      ", library.name = " PL_SPA_LIBRARY ", node.name = " METER
			      ", " PL_KEY_METER_PORTS " = 2 }");
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, "out_0", METER, "in_1");
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, "out_1", METER, "in_2");
	if (r >= 0)
		r = pl_graph_link(graph, METER, "out_1", PL_GRAPH_SINK, "in_0");
	if (r >= 0)
		r = pl_graph_link(graph, METER, "out_2", PL_GRAPH_SINK, "in_1");
	pl_props_begin(&props);
	pl_props_bool(&props, PL_PARAM_METER_TRUE_PEAK, 1);
	if (r >= 0)
		r = pl_graph_set_props(graph, METER, pl_props_end(&props));
	pl_props_done(&props);
	if (r >= 0)
		r = pl_graph_start(graph);
	return r < 0 ? r : pl_graph_run(graph, run);
}

struct reading {
	struct pl_graph *graph;
	double rms_db, peak_db, true_peak_max_db;
};

/* The graph is held, so that the figures stand still. */
static int on_stop(void *userdata, uint32_t index, uint32_t frame)
{
	struct reading *reading = userdata;
	struct spa_pod *props = NULL;
	int r;

	r = pl_graph_get_props(reading->graph, METER, &props);
	if (r < 0)
		return r;
	reading->rms_db = first_of(props, PL_PARAM_METER_RMS_DB);
	reading->peak_db = first_of(props, PL_PARAM_METER_PEAK_DB);
	reading->true_peak_max_db = first_of(props, PL_PARAM_METER_TRUE_PEAK_MAX_DB);
	free(props);
	return 0;
}

PL_TEST(meter_passes_and_measures)
{
	static const uint32_t stop = 20000;
	struct pl_planes source, sink;
	struct reading reading = {0};
	uint64_t random = 9;

	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		struct pl_run run = {
			.n_frames = N_FRAMES,
			.stops = &stop,
			.n_stops = 1,
			.on_stop = on_stop,
			.userdata = &reading,
		};
		int r;

		PL_CHECK(pl_planes_init(&source, 2, N_FRAMES) == 0);
		PL_CHECK(pl_planes_init(&sink, 2, N_FRAMES) == 0);
		/* fs/4 at 45 degrees: 3 dB between true and sample peak */
		for (uint32_t n = 0; n < N_FRAMES; n++) {
			source.plane[0][n] = (float)(0.5 * sin(M_PI / 2.0 * n + M_PI / 4.0));
			source.plane[1][n] = pl_noise(&random);
		}
		run.source = (const float *const *)source.plane;
		run.sink = sink.plane;
		PL_CHECK_INT(new_graph(quanta[i], 2, &reading.graph), 0);
		r = run_meter(reading.graph, &run);
		pl_graph_free(reading.graph);
		PL_CHECK_INT(r, 0);
		PL_CHECK(pl_planes_hash(&source) == pl_planes_hash(&sink));
		PL_CHECK_NEAR(reading.rms_db, -9.03, 0.01);
		PL_CHECK_NEAR(reading.peak_db, -9.03, 0.01);
		PL_CHECK(reading.true_peak_max_db > -6.4 && reading.true_peak_max_db < -5.0);
		pl_planes_done(&source);
		pl_planes_done(&sink);
	}
}

PL_TEST_MAIN()
