/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_GRAPH_H
#define PARTYLINE_TEST_GRAPH_GRAPH_H

#include <stdint.h>

#include <pipewire/pipewire.h>
#include <spa/pod/builder.h>
#include <spa/utils/cleanup.h>

#include "server.h"

/**
 * The freewheel harness: a source and a sink filter in this process, real-time flagged so
 * that no cycle is added, around nodes that live in the server. Samples are counted by the
 * graph's clock.position, from an origin that source and sink agree on, so a delay of one
 * sample anywhere shows.
 *
 * The freewheeling driver starts a cycle only when the one before is complete; a source that
 * does not return holds the whole graph still. pl_run.stops uses that: parameters can be
 * changed before an exact block, and the result is the same in every run.
 *
 * Thread: the test's main thread, unless said otherwise. Every wait ends after
 * PL_GRAPH_GUARD_SECONDS with -ETIMEDOUT, and with -EPIPE when the server goes away.
 */
#define PL_GRAPH_GUARD_SECONDS 60

/** Node and port names of the two filters; %u counts from 0 */
#define PL_GRAPH_SOURCE "test.source"
#define PL_GRAPH_SINK "test.sink"
#define PL_GRAPH_DRIVER "test.driver"
#define PL_GRAPH_SOURCE_PORT_FMT "out_%u"
#define PL_GRAPH_SINK_PORT_FMT "in_%u"
#define PL_GRAPH_CONTROL_PORT "control"

struct pl_graph;

struct pl_graph_options {
	const struct pl_server_options *server; /**< NULL: the server of the environment */
	uint32_t n_source;                      /**< audio outputs of the source */
	uint32_t n_sink;                        /**< audio inputs of the sink */
	int control;                            /**< not 0: the source has a control output too */
	int realtime;                           /**< not 0: the driver keeps real time */
};

/** One event of the control port; it acts on its sample. */
struct pl_event {
	uint32_t frame; /**< from the run's origin */
	const char *key;
	int is_bool; /**< not 0: sent as Bool, else as Float */
	double value;
};

struct pl_run {
	uint32_t n_frames;
	uint32_t preroll_frames;       /**< silence before the origin, at least */
	const float *const *source;    /**< n_source arrays of n_frames samples */
	float *const *sink;            /**< n_sink arrays of n_frames samples, filled by the run */
	const struct pl_event *events; /**< by frame, rising */
	uint32_t n_events;
	const uint32_t *stops; /**< frames, rising: hold before the first block at or after it */
	uint32_t n_stops;
	/** Main thread, while the graph is held before the block that starts at `frame`.
	 * Only parameters may be changed here. Negative ends the run with that error. */
	int (*on_stop)(void *userdata, uint32_t index, uint32_t frame);
	void *userdata;

	/* results */
	uint32_t quantum; /**< samples of the last block */
	uint32_t rate_hz;
	uint32_t n_cycles;
	uint32_t n_missing; /**< blocks of a port without a buffer: a fault of the graph */
	uint32_t n_gaps;    /**< jumps of clock.position: a fault of the graph */
};

/** @param ret_graph owned by the caller; end it with pl_graph_free() */
int pl_graph_new(const struct pl_graph_options *options, struct pl_graph **ret_graph);
void pl_graph_free(struct pl_graph *graph);

SPA_DEFINE_AUTOPTR_CLEANUP(pl_graph, struct pl_graph, { pl_graph_free(*thing); })

struct pl_server *pl_graph_server(struct pl_graph *graph);

/**
 * Create a node in the server. Links bring it to the driver. (PipeWire 1.4.2 gives a node of
 * spa-node-factory that gets a running driver at its birth, by group or node.always-process, its
 * own clock back afterwards, so that it is never scheduled.)
 * @param factory "spa-node-factory" or "adapter"
 * @param props text of a .conf object, with node.name
 */
int pl_graph_add_node(struct pl_graph *graph, const char *factory, const char *props);

/** Destroy a node that pl_graph_add_node() has made. */
int pl_graph_remove_node(struct pl_graph *graph, const char *node);

/** Link two ports by node and port name; waits until both exist. */
int pl_graph_link(struct pl_graph *graph, const char *out_node, const char *out_port,
		  const char *in_node, const char *in_port);

/** Destroy all links into or out of a node that pl_graph_link() has made. */
int pl_graph_unlink(struct pl_graph *graph, const char *node);

/**
 * Start the driver and wait until every link is active. The driver comes last, because a
 * node that joins a freewheeling graph in mid cycle can leave that cycle unfinished.
 */
int pl_graph_start(struct pl_graph *graph);

/** Wait until everything asked for so far has been done by the server. */
int pl_graph_sync(struct pl_graph *graph);

/**
 * Set SPA_PARAM_Props of a node and wait until the server has taken them.
 * @return 0, or the negative errno that the node refused them with
 */
int pl_graph_set_props(struct pl_graph *graph, const char *node, const struct spa_pod *props);

/**
 * Read a node's SPA_PARAM_Props.
 * @param ret_props owned by the caller; free()
 */
int pl_graph_get_props(struct pl_graph *graph, const char *node, struct spa_pod **ret_props);

/** Set a key of the "settings" metadata, such as clock.force-rate. */
int pl_graph_set_setting(struct pl_graph *graph, const char *key, const char *value);

/** Start a run; it belongs to the graph until pl_graph_run_wait() has returned. */
int pl_graph_run_start(struct pl_graph *graph, struct pl_run *run);
/** @return 1 while the run goes on */
int pl_graph_run_active(struct pl_graph *graph);
int pl_graph_run_wait(struct pl_graph *graph);
/** Both. */
int pl_graph_run(struct pl_graph *graph, struct pl_run *run);

#endif
