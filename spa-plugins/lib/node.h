/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_LIB_NODE_H
#define PARTYLINE_LIB_NODE_H

#include <stdint.h>

#include <spa/node/node.h>
#include <spa/support/log.h>
#include <spa/support/loop.h>
#include <spa/support/plugin.h>

#include "port.h"

/**
 * What every Partyline node is: an SPA node with ports, Props, and a process function.
 * A node embeds struct pl_node as its first member, fills ops and adds ports in its init; more may
 * come and go later, in the places that are left.
 */

struct pl_node;

enum pl_node_param {
	PL_NODE_PARAM_PROP_INFO,
	PL_NODE_PARAM_PROPS,
	PL_NODE_PARAM_IO,
	PL_NODE_PARAM_MAX_,
};

struct pl_node_ops {
	/**
	 * One cycle. @param n_frames 1..quantum_limit. @param rate_hz above 0
	 * @return SPA_STATUS_ bits. Thread: data.
	 */
	int (*process)(struct pl_node *node, uint32_t n_frames, uint32_t rate_hz);

	/** PropInfo or Props number `index`. @return 1, 0 past the last, negative errno */
	int (*build_param)(struct pl_node *node, uint32_t id, uint32_t index,
			   struct spa_pod_builder *builder, struct spa_pod **ret_param);

	/** Props from a client. @param props NULL: back to defaults. @return 0 or negative errno */
	int (*set_props)(struct pl_node *node, const struct spa_pod *props);

	/** I/O areas beyond position and clock; NULL: none. @return 0 or -ENOENT */
	int (*set_io)(struct pl_node *node, uint32_t id, void *data, size_t size);

	/** Free what init made; also after a failed init. */
	void (*done)(struct pl_node *node);
};

struct pl_node {
	struct spa_handle handle;
	struct spa_node node;
	const struct pl_node_ops *ops;

	struct spa_log *log;
	struct spa_loop *data_loop;
	uint32_t cpu_flags;     /**< SPA_CPU_FLAG_ */
	uint32_t quantum_limit; /**< frames, from clock.quantum-limit; default 8192 */

	struct spa_hook_list hooks;
	struct spa_node_info info;
	struct spa_param_info params[PL_NODE_PARAM_MAX_];

	struct pl_port *ports[2]; /**< by direction; owned */
	uint32_t n_ports[2];      /**< places; a port is there when it is present */

	struct {
		struct spa_io_position *position;
	} rt; /**< data thread */
};

#define PL_QUANTUM_LIMIT_DEFAULT 8192u

/**
 * How many ports a node is to have, by one of its properties; 1 when that is not there.
 * @return 0, or -EINVAL for what is no number from 1 to max; then the log says so
 */
int pl_node_read_ports(struct spa_log *log, const struct spa_dict *info, const char *key,
		       uint32_t max, uint32_t *ret_n_ports);

/**
 * First step of a node's init: support, interfaces, room for ports.
 * @return 0, -EINVAL without a data loop, -ENOMEM; after an error call pl_node_done()
 */
int pl_node_init(struct pl_node *node, const struct pl_node_ops *ops, const struct spa_dict *info,
		 const struct spa_support *support, uint32_t n_support, uint32_t n_inputs,
		 uint32_t n_outputs);
void pl_node_done(struct pl_node *node);

/** Tell listeners of a port that pl_port_init() has made after the node's own init. Thread: main. */
void pl_node_add_port(struct pl_node *node, struct pl_port *port);
/**
 * Take a port away from listeners: its links, buffers and I/O areas are gone when this returns, and
 * its place is free. The data thread no longer uses it. Thread: main.
 */
void pl_node_remove_port(struct pl_node *node, struct pl_port *port);

/** Props changed on their own: tell listeners. Thread: main. */
void pl_node_props_changed(struct pl_node *node);

/** Run func on the data thread, between cycles, and wait for it. Thread: main. */
int pl_node_invoke(struct pl_node *node, spa_invoke_func_t func, void *user_data);

/** For a factory's enum_interface_info. */
int pl_node_enum_interface_info(const struct spa_handle_factory *factory,
				const struct spa_interface_info **info, uint32_t *index);

#endif
