/* SPDX-License-Identifier: MIT */
#include "graph-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spa/control/control.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

static int state_get(struct pl_graph *graph)
{
	return atomic_load_explicit(&graph->state, memory_order_acquire);
}

static void state_set(struct pl_graph *graph, enum pl_run_state state)
{
	atomic_store_explicit(&graph->state, state, memory_order_release);
}

/* --- data thread ------------------------------------------------------- */

/* First cycle after the start: the origin lies ahead, so that the sink knows it in time. */
static void set_origin(struct pl_graph *graph, uint64_t position, uint32_t n)
{
	uint32_t n_preroll = (graph->run->preroll_frames + n - 1) / n + 1;

	graph->rt.origin = position + (uint64_t)n * n_preroll;
	graph->rt.expected = position;
	graph->rt.next_event = 0;
	graph->rt.next_stop = 0;
	state_set(graph, PL_RUN_RUNNING);
}

static void hold_at_stops(struct pl_graph *graph, uint32_t frame)
{
	const struct pl_run *run = graph->run;

	while (graph->rt.next_stop < run->n_stops && run->stops[graph->rt.next_stop] <= frame) {
		atomic_store(&graph->hold_frame, frame);
		sem_post(&graph->held);
		while (sem_wait(&graph->go_on) < 0)
			;
		graph->rt.next_stop++;
	}
}

static void write_event(struct spa_pod_builder *b, const struct pl_event *event, uint32_t offset)
{
	struct spa_pod_frame object, params;

	spa_pod_builder_control(b, offset, SPA_CONTROL_Properties);
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_Props, 0);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &params);
	spa_pod_builder_string(b, event->key);
	if (event->is_bool)
		spa_pod_builder_bool(b, event->value != 0.0);
	else
		spa_pod_builder_float(b, (float)event->value);
	spa_pod_builder_pop(b, &params);
	spa_pod_builder_pop(b, &object);
}

/* @param run NULL: none, no events */
static void write_control(struct pl_graph *graph, const struct pl_run *run, int64_t frame,
			  uint32_t n)
{
	struct pw_buffer *buffer = pw_filter_dequeue_buffer(graph->control_port);
	struct spa_pod_builder b;
	struct spa_pod_frame sequence;
	struct spa_data *d;

	if (!buffer)
		return;
	d = &buffer->buffer->datas[0];
	spa_pod_builder_init(&b, d->data, d->maxsize);
	spa_pod_builder_push_sequence(&b, &sequence, 0);
	while (run && frame >= 0 && graph->rt.next_event < run->n_events) {
		const struct pl_event *event = &run->events[graph->rt.next_event];

		if (event->frame >= frame + n)
			break;
		write_event(&b, event, event->frame - (uint32_t)frame);
		graph->rt.next_event++;
	}
	spa_pod_builder_pop(&b, &sequence);
	d->chunk->offset = 0;
	d->chunk->stride = 1;
	d->chunk->size = SPA_MIN(b.state.offset, d->maxsize);
	pw_filter_queue_buffer(graph->control_port, buffer);
}

static void on_source_process(void *userdata, struct spa_io_position *position)
{
	struct pl_graph *graph = userdata;
	uint32_t n = (uint32_t)position->clock.duration;
	struct pl_run *run = NULL;
	int64_t frame = -1;

	if (state_get(graph) == PL_RUN_ARMED)
		set_origin(graph, position->clock.position, n);
	if (state_get(graph) == PL_RUN_RUNNING) {
		run = graph->run;
		frame = (int64_t)(position->clock.position - graph->rt.origin);
		if (position->clock.position != graph->rt.expected)
			run->n_gaps++;
		graph->rt.expected = position->clock.position + n;
		if (frame >= 0)
			hold_at_stops(graph, (uint32_t)frame);
	}

	for (uint32_t i = 0; i < graph->n_source; i++) {
		float *dst = pw_filter_get_dsp_buffer(graph->source_ports[i], n);
		uint32_t n_copy = 0;

		if (!dst) {
			if (run)
				run->n_missing++;
			continue;
		}
		if (run && frame >= 0 && frame < run->n_frames)
			n_copy = SPA_MIN(n, run->n_frames - (uint32_t)frame);
		if (n_copy > 0)
			memcpy(dst, run->source[i] + frame, n_copy * sizeof(float));
		memset(dst + n_copy, 0, (n - n_copy) * sizeof(float));
	}
	if (graph->control_port)
		write_control(graph, run, frame, n);
}

static void on_sink_process(void *userdata, struct spa_io_position *position)
{
	struct pl_graph *graph = userdata;
	uint32_t n = (uint32_t)position->clock.duration, n_copy = 0;
	struct pl_run *run = NULL;
	int64_t frame = -1;

	if (state_get(graph) == PL_RUN_RUNNING) {
		run = graph->run;
		frame = (int64_t)(position->clock.position - graph->rt.origin);
	}
	if (frame >= 0 && frame < run->n_frames)
		n_copy = SPA_MIN(n, run->n_frames - (uint32_t)frame);

	for (uint32_t i = 0; i < graph->n_sink; i++) {
		const float *src = pw_filter_get_dsp_buffer(graph->sink_ports[i], n);

		if (n_copy == 0)
			continue;
		if (src)
			memcpy(run->sink[i] + frame, src, n_copy * sizeof(float));
		else
			run->n_missing++;
	}
	if (frame < 0)
		return;
	run->n_cycles++;
	run->quantum = n;
	run->rate_hz = position->clock.rate.denom;
	if (frame + n >= run->n_frames) {
		state_set(graph, PL_RUN_DONE);
		sem_post(&graph->held);
	}
}

/* --- main thread ------------------------------------------------------- */

static const struct pw_filter_events source_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_source_process,
};

static const struct pw_filter_events sink_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_sink_process,
};

static int add_port(struct pw_filter *filter, enum pw_direction direction, const char *format,
		    const char *name, void **ret_port)
{
	void *port = pw_filter_add_port(
		filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, sizeof(void *),
		pw_properties_new(PW_KEY_FORMAT_DSP, format, PW_KEY_PORT_NAME, name, NULL), NULL,
		0);

	if (!port)
		return -errno;
	*ret_port = port;
	return 0;
}

static int add_ports(struct pw_filter *filter, enum pw_direction direction, const char *name_fmt,
		     uint32_t n_ports, void **ret_ports)
{
	char name[32];
	int r;

	for (uint32_t i = 0; i < n_ports; i++) {
		snprintf(name, sizeof(name), name_fmt, i);
		r = add_port(filter, direction, "32 bit float mono audio", name, &ret_ports[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct pw_filter *filter_new(struct pl_graph *graph, const char *name)
{
	return pw_filter_new(graph->core, name,
			     pw_properties_new(PW_KEY_NODE_NAME, name, PW_KEY_NODE_GROUP,
					       PL_GRAPH_GROUP, PW_KEY_NODE_ALWAYS_PROCESS, "true",
					       NULL));
}

int pl_graph_filters_new(struct pl_graph *graph, int control)
{
	int r;

	graph->source_ports = calloc(graph->n_source + 1, sizeof(void *));
	graph->sink_ports = calloc(graph->n_sink + 1, sizeof(void *));
	graph->source = filter_new(graph, PL_GRAPH_SOURCE);
	graph->sink = filter_new(graph, PL_GRAPH_SINK);
	if (!graph->source_ports || !graph->sink_ports || !graph->source || !graph->sink)
		return -ENOMEM;
	pw_filter_add_listener(graph->source, &graph->source_listener, &source_events, graph);
	pw_filter_add_listener(graph->sink, &graph->sink_listener, &sink_events, graph);

	r = add_ports(graph->source, PW_DIRECTION_OUTPUT, PL_GRAPH_SOURCE_PORT_FMT, graph->n_source,
		      graph->source_ports);
	if (r < 0)
		return r;
	r = add_ports(graph->sink, PW_DIRECTION_INPUT, PL_GRAPH_SINK_PORT_FMT, graph->n_sink,
		      graph->sink_ports);
	if (r < 0)
		return r;
	if (control)
		r = add_port(graph->source, PW_DIRECTION_OUTPUT, "8 bit raw control",
			     PL_GRAPH_CONTROL_PORT, &graph->control_port);
	if (r < 0)
		return r;
	r = pw_filter_connect(graph->source, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
	if (r < 0)
		return r;
	return pw_filter_connect(graph->sink, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

int pl_graph_run_start(struct pl_graph *graph, struct pl_run *run)
{
	if (state_get(graph) != PL_RUN_IDLE)
		return -EBUSY;
	run->n_cycles = run->n_missing = run->n_gaps = 0;
	graph->run = run;
	state_set(graph, PL_RUN_ARMED);
	return 0;
}

int pl_graph_run_active(struct pl_graph *graph)
{
	int state = state_get(graph);

	return state == PL_RUN_ARMED || state == PL_RUN_RUNNING;
}

static int wait_held(struct pl_graph *graph)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += PL_GRAPH_GUARD_SECONDS;
	while (sem_timedwait(&graph->held, &deadline) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return graph->broken;
}

int pl_graph_run_wait(struct pl_graph *graph)
{
	struct pl_run *run = graph->run;
	uint32_t index = 0;
	int r, res = 0;

	while ((r = wait_held(graph)) >= 0 && state_get(graph) != PL_RUN_DONE) {
		if (res >= 0)
			res = run->on_stop(run->userdata, index, atomic_load(&graph->hold_frame));
		index++;
		sem_post(&graph->go_on);
	}
	state_set(graph, PL_RUN_IDLE);
	if (r < 0)
		return r;
	if (res < 0)
		return res;
	if (run->n_missing > 0 || run->n_gaps > 0) {
		fprintf(stderr, "graph: %u blocks without a buffer, %u jumps of the position\n",
			run->n_missing, run->n_gaps);
		return -EIO;
	}
	return 0;
}

int pl_graph_run(struct pl_graph *graph, struct pl_run *run)
{
	int r = pl_graph_run_start(graph, run);

	return r < 0 ? r : pl_graph_run_wait(graph);
}
