/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_NODES_H
#define PL_MODULE_NODES_H

#include <stddef.h>

#include <pipewire/context.h>
#include <pipewire/core.h>

#include <partyline/meters.h>

#include "args.h"

/** The matrix and its virtual devices. */
struct pl_nodes;

struct pl_nodes_setup {
	struct pw_context *context;
	/** NULL: the context is a server, the nodes live in it; else they are exported over it */
	struct pw_core *core;
	const struct pl_module_args *args;
	const char *meters_socket;   /**< value of PL_KEY_METERS_SOCKET */
	struct pl_meters_page *page; /**< for the matrix; outlives the nodes */
};

/**
 * Make the matrix node, then a sink and a source for each tablet and channel. All or nothing.
 *
 * @param ret_nodes   free with pl_nodes_free(), before the core is disconnected
 * @param ret_reason  on error: what could not be made
 * @return 0, -ENOENT when a factory's module is not loaded, or what the factory says
 *
 * Thread: main. A node that somebody else destroys is gone until the module is loaded again.
 */
int pl_nodes_new(const struct pl_nodes_setup *setup, struct pl_nodes **ret_nodes, char *ret_reason,
		 size_t reason_size);

/** Destroys what is left of the nodes; NULL is fine. */
void pl_nodes_free(struct pl_nodes *nodes);

#endif
