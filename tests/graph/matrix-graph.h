/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_MATRIX_GRAPH_H
#define PARTYLINE_TEST_GRAPH_MATRIX_GRAPH_H

#include "graph.h"

/** A graph with the matrix between source and sink, all ports linked, not started yet.
 * Source and sink ports: tablets first, then channels. */
int pl_matrix_graph_new(uint32_t n_tablets, uint32_t n_channels,
			const struct pl_server_options *server, struct pl_graph **ret_graph);

/** Planes of samples, one a port. */
struct pl_planes {
	uint32_t n_planes;
	uint32_t n_frames;
	float **plane;
};

/** @return 0 or -ENOMEM; zeros */
int pl_planes_init(struct pl_planes *planes, uint32_t n_planes, uint32_t n_frames);
void pl_planes_done(struct pl_planes *planes);

/** FNV-1a, 64 bits, over all samples. */
uint64_t pl_planes_hash(const struct pl_planes *planes);

#endif
