/* SPDX-License-Identifier: MIT */
#include "matrix-graph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <spa/utils/string.h>

#include <partyline/keys.h>

#define NODE PL_NODE_MATRIX

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int link_both(struct pl_graph *graph, uint32_t index, const char *in_fmt,
		     const char *out_fmt, uint32_t id)
{
	char source[32], sink[32], in[32], out[32];
	int r;

	snprintf(source, sizeof(source), PL_GRAPH_SOURCE_PORT_FMT, index);
	snprintf(sink, sizeof(sink), PL_GRAPH_SINK_PORT_FMT, index);
	snprintf(in, sizeof(in), in_fmt, id);
	snprintf(out, sizeof(out), out_fmt, id);
	r = pl_graph_link(graph, PL_GRAPH_SOURCE, source, NODE, in);
	if (r < 0)
		return r;
	return pl_graph_link(graph, NODE, out, PL_GRAPH_SINK, sink);
}

int pl_matrix_graph_new(uint32_t n_tablets, uint32_t n_channels,
			const struct pl_server_options *server, struct pl_graph **ret_graph)
{
	struct pl_graph_options options = {
		.server = server,
		.n_source = n_tablets + n_channels,
		.n_sink = n_tablets + n_channels,
		.control = 1,
	};
	spa_autoptr(pl_graph) graph = NULL;
	spa_autofree char *props = NULL;
	int r;

	props = spa_aprintf("{ factory.name = " PL_FACTORY_MATRIX ", library.name = " PL_SPA_LIBRARY
			    ", node.name = " NODE ", node.always-process = true, " PL_KEY_TABLETS
			    " = %u, " PL_KEY_CHANNELS " = %u }",
			    n_tablets, n_channels);
	if (!props)
		return -ENOMEM;
	r = pl_graph_new(&options, &graph);
	if (r >= 0)
		r = pl_graph_add_node(graph, "spa-node-factory", props);
	for (uint32_t t = 0; t < n_tablets && r >= 0; t++)
		r = link_both(graph, t, PL_PORT_TABLET_TALK_FMT, PL_PORT_TABLET_LISTEN_FMT, t + 1);
	for (uint32_t c = 0; c < n_channels && r >= 0; c++)
		r = link_both(graph, n_tablets + c, PL_PORT_CHANNEL_IN_FMT, PL_PORT_CHANNEL_OUT_FMT,
			      c + 1);
	if (r >= 0)
		r = pl_graph_link(graph, PL_GRAPH_SOURCE, PL_GRAPH_CONTROL_PORT, NODE,
				  PL_PORT_CONTROL);
	if (r < 0)
		return r;
	*ret_graph = spa_steal_ptr(graph);
	return 0;
}

int pl_planes_init(struct pl_planes *planes, uint32_t n_planes, uint32_t n_frames)
{
	planes->n_planes = 0;
	planes->n_frames = n_frames;
	planes->plane = calloc(n_planes + 1, sizeof(float *));
	for (; planes->plane && planes->n_planes < n_planes; planes->n_planes++) {
		planes->plane[planes->n_planes] = calloc(n_frames, sizeof(float));
		if (!planes->plane[planes->n_planes])
			break;
	}
	if (planes->plane && planes->n_planes == n_planes)
		return 0;
	pl_planes_done(planes);
	return -ENOMEM;
}

void pl_planes_done(struct pl_planes *planes)
{
	for (uint32_t i = 0; planes->plane && i < planes->n_planes; i++)
		free(planes->plane[i]);
	free(planes->plane);
	planes->plane = NULL;
	planes->n_planes = 0;
}

uint64_t pl_planes_hash(const struct pl_planes *planes)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint32_t i = 0; i < planes->n_planes; i++) {
		const uint8_t *bytes = (const uint8_t *)planes->plane[i];

		for (size_t n = 0; n < planes->n_frames * sizeof(float); n++)
			hash = (hash ^ bytes[n]) * 0x100000001b3u;
	}
	return hash;
}
