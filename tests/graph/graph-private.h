/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_PRIVATE_H
#define PARTYLINE_TEST_GRAPH_PRIVATE_H

#include <semaphore.h>
#include <stdatomic.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/filter.h>

#include "graph.h"

enum pl_run_state {
	PL_RUN_IDLE,
	PL_RUN_ARMED,   /**< main thread: the next source cycle sets the origin */
	PL_RUN_RUNNING, /**< source: origin is valid */
	PL_RUN_DONE,    /**< sink: all frames are there */
};

/** A node or port of the registry. */
struct pl_object {
	struct spa_list link;
	uint32_t id;
	uint32_t node_id; /**< of a port; SPA_ID_INVALID for a node */
	int is_output;
	char *name;
};

struct pl_node {
	struct spa_list link;
	char *name;
	struct pw_node *proxy;
	int owned; /**< made by us */
	struct spa_hook proxy_listener;
	struct spa_hook node_listener;
	int error;             /**< of the last request */
	struct spa_pod *props; /**< last read */
};

struct pl_link {
	struct spa_list link;
	struct pl_graph *graph;
	char *out_node;
	char *in_node;
	struct pw_link *proxy;
	struct spa_hook listener;
	struct spa_hook proxy_listener;
	enum pw_link_state state;
	int error;
};

struct pl_graph {
	struct pl_server *server;
	struct pw_thread_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;
	struct pw_metadata *settings;
	struct spa_list objects;
	struct spa_list nodes;
	struct spa_list links;
	int pending_seq; /**< newest sync that was asked for */
	int done_seq;    /**< newest sync that was answered */
	int broken;      /**< negative errno once the connection is lost */

	int realtime;
	int started; /**< the driver is there */
	uint32_t n_source;
	uint32_t n_sink;
	struct pw_filter *source;
	struct spa_hook source_listener;
	struct pw_filter *sink;
	struct spa_hook sink_listener;
	void **source_ports;
	void *control_port;
	void **sink_ports;

	struct pl_run *run;
	_Atomic int state; /**< enum pl_run_state */
	sem_t held;        /**< data thread: the graph is held before hold_frame */
	sem_t go_on;       /**< main thread: let it go */
	_Atomic uint32_t hold_frame;

	struct {
		uint64_t origin;   /**< clock.position of frame 0 */
		uint64_t expected; /**< position of the next cycle */
		uint32_t next_event;
		uint32_t next_stop;
	} rt; /* data thread, both filters share it */
};

/** node.group of everything that the harness drives */
#define PL_GRAPH_GROUP "partyline.test"

/** graph-run.c */
int pl_graph_filters_new(struct pl_graph *graph, int control);

/**
 * Wait on the loop, which is locked, until done(graph, userdata) is not 0.
 * @return what done() gave when positive: 0; negative: that error
 */
int pl_graph_wait(struct pl_graph *graph, int (*done)(struct pl_graph *graph, void *userdata),
		  void *userdata);

#endif
