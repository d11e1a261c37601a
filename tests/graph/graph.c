/* SPDX-License-Identifier: MIT */
#include "graph-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <spa/debug/pod.h>
#include <spa/pod/iter.h>

/* --- waiting ----------------------------------------------------------- */

int pl_graph_wait(struct pl_graph *graph, int (*done)(struct pl_graph *graph, void *userdata),
		  void *userdata)
{
	struct timespec deadline;
	int r;

	pw_thread_loop_get_time(graph->loop, &deadline, PL_GRAPH_GUARD_SECONDS * SPA_NSEC_PER_SEC);
	while (true) {
		r = done(graph, userdata);
		if (r != 0)
			return r < 0 ? r : 0;
		if (graph->broken < 0)
			return graph->broken;
		r = pw_thread_loop_timed_wait_full(graph->loop, &deadline);
		if (r < 0)
			return r;
	}
}

static int is_synced(struct pl_graph *graph, void *userdata)
{
	return graph->done_seq == *(int *)userdata;
}

static int sync_locked(struct pl_graph *graph)
{
	int seq = pw_core_sync(graph->core, PW_ID_CORE, 0);

	graph->pending_seq = seq;
	return pl_graph_wait(graph, is_synced, &seq);
}

int pl_graph_sync(struct pl_graph *graph)
{
	int r;

	pw_thread_loop_lock(graph->loop);
	r = sync_locked(graph);
	pw_thread_loop_unlock(graph->loop);
	return r;
}

static void on_core_done(void *data, uint32_t id, int seq)
{
	struct pl_graph *graph = data;

	graph->done_seq = seq;
	pw_thread_loop_signal(graph->loop, false);
}

static void on_core_error(void *data, uint32_t id, int seq, int res, const char *message)
{
	struct pl_graph *graph = data;

	if (id == PW_ID_CORE && res == -EPIPE) {
		graph->broken = res;
		sem_post(&graph->held); /* nobody else would end a run */
	}
	pw_thread_loop_signal(graph->loop, false);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_core_done,
	.error = on_core_error,
};

/* --- registry ---------------------------------------------------------- */

static void object_free(struct pl_object *object)
{
	spa_list_remove(&object->link);
	free(object->name);
	free(object);
}

static void on_global(void *data, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct pl_graph *graph = data;
	bool is_port = spa_streq(type, PW_TYPE_INTERFACE_Port);
	const char *name, *text;
	struct pl_object *object;

	text = props ? spa_dict_lookup(props, PW_KEY_METADATA_NAME) : NULL;
	if (spa_streq(type, PW_TYPE_INTERFACE_Metadata) && spa_streq(text, "settings") &&
	    !graph->settings)
		graph->settings =
			pw_registry_bind(graph->registry, id, type, PW_VERSION_METADATA, 0);
	if (!is_port && !spa_streq(type, PW_TYPE_INTERFACE_Node))
		return;
	name = props ? spa_dict_lookup(props, is_port ? PW_KEY_PORT_NAME : PW_KEY_NODE_NAME) : NULL;
	object = name ? calloc(1, sizeof(*object)) : NULL;
	if (!object)
		return;
	object->id = id;
	object->node_id = SPA_ID_INVALID;
	object->name = strdup(name);
	if (is_port) {
		text = spa_dict_lookup(props, PW_KEY_NODE_ID);
		spa_atou32(text, &object->node_id, 10);
		text = spa_dict_lookup(props, PW_KEY_PORT_DIRECTION);
		object->is_output = spa_streq(text, "out");
	}
	spa_list_append(&graph->objects, &object->link);
	pw_thread_loop_signal(graph->loop, false);
}

static void on_global_remove(void *data, uint32_t id)
{
	struct pl_graph *graph = data;
	struct pl_object *object;

	spa_list_for_each (object, &graph->objects, link) {
		if (object->id == id) {
			object_free(object);
			break;
		}
	}
	pw_thread_loop_signal(graph->loop, false);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static uint32_t find_object(struct pl_graph *graph, uint32_t node_id, int is_output,
			    const char *name)
{
	struct pl_object *object;

	spa_list_for_each (object, &graph->objects, link) {
		if (object->node_id == node_id && object->is_output == is_output &&
		    spa_streq(object->name, name))
			return object->id;
	}
	return SPA_ID_INVALID;
}

/* --- nodes ------------------------------------------------------------- */

static void node_free(struct pl_node *node)
{
	spa_list_remove(&node->link);
	if (node->proxy) {
		spa_hook_remove(&node->proxy_listener);
		spa_hook_remove(&node->node_listener);
		pw_proxy_destroy((struct pw_proxy *)node->proxy);
	}
	free(node->props);
	free(node->name);
	free(node);
}

static void on_proxy_error(void *data, int seq, int res, const char *message)
{
	struct pl_node *node = data;

	node->error = res;
}

static const struct pw_proxy_events node_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.error = on_proxy_error,
};

static void on_node_param(void *data, int seq, uint32_t id, uint32_t index, uint32_t next,
			  const struct spa_pod *param)
{
	struct pl_node *node = data;

	if (id != SPA_PARAM_Props || index != 0)
		return;
	free(node->props);
	node->props = spa_pod_copy(param);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.param = on_node_param,
};

static int node_track(struct pl_graph *graph, const char *name, struct pw_node *proxy, int owned,
		      struct pl_node **ret_node)
{
	struct pl_node *node = proxy ? calloc(1, sizeof(*node)) : NULL;

	if (!node)
		return -ENOMEM;
	node->name = strdup(name);
	node->proxy = proxy;
	node->owned = owned;
	pw_proxy_add_listener((struct pw_proxy *)proxy, &node->proxy_listener, &node_proxy_events,
			      node);
	pw_node_add_listener(proxy, &node->node_listener, &node_events, node);
	spa_list_append(&graph->nodes, &node->link);
	*ret_node = node;
	return 0;
}

struct find_args {
	const char *node;
	const char *port;
	int is_output;
	uint32_t node_id;
	uint32_t port_id;
};

static int is_found(struct pl_graph *graph, void *userdata)
{
	struct find_args *args = userdata;

	args->node_id = find_object(graph, SPA_ID_INVALID, 0, args->node);
	if (args->node_id == SPA_ID_INVALID)
		return 0;
	if (!args->port)
		return 1;
	args->port_id = find_object(graph, args->node_id, args->is_output, args->port);
	return args->port_id != SPA_ID_INVALID;
}

static int is_gone(struct pl_graph *graph, void *userdata)
{
	return find_object(graph, SPA_ID_INVALID, 0, userdata) == SPA_ID_INVALID;
}

/* The node of that name; one that others have made is bound at first use. */
static int node_get(struct pl_graph *graph, const char *name, struct pl_node **ret_node)
{
	struct find_args args = {.node = name};
	struct pl_node *node;
	int r;

	spa_list_for_each (node, &graph->nodes, link) {
		if (spa_streq(node->name, name)) {
			*ret_node = node;
			return 0;
		}
	}
	r = pl_graph_wait(graph, is_found, &args);
	if (r < 0)
		return r;
	return node_track(graph, name,
			  pw_registry_bind(graph->registry, args.node_id, PW_TYPE_INTERFACE_Node,
					   PW_VERSION_NODE, 0),
			  0, ret_node);
}

int pl_graph_add_node(struct pl_graph *graph, const char *factory, const char *props)
{
	struct pw_properties *p = pw_properties_new_string(props);
	struct find_args args = {0};
	struct pl_node *node;
	int r;

	if (!p)
		return -ENOMEM;
	pw_thread_loop_lock(graph->loop);
	args.node = pw_properties_get(p, PW_KEY_NODE_NAME);
	r = node_track(graph, args.node,
		       pw_core_create_object(graph->core, factory, PW_TYPE_INTERFACE_Node,
					     PW_VERSION_NODE, &p->dict, 0),
		       1, &node);
	if (r >= 0)
		r = sync_locked(graph);
	if (r >= 0 && node->error < 0)
		r = node->error;
	if (r >= 0)
		r = pl_graph_wait(graph, is_found, &args);
	pw_thread_loop_unlock(graph->loop);
	pw_properties_free(p);
	return r;
}

int pl_graph_remove_node(struct pl_graph *graph, const char *name)
{
	struct pl_node *node;
	int r = -ENOENT;

	pw_thread_loop_lock(graph->loop);
	spa_list_for_each (node, &graph->nodes, link) {
		if (node->owned && spa_streq(node->name, name)) {
			node_free(node);
			r = pl_graph_wait(graph, is_gone, (void *)name);
			break;
		}
	}
	pw_thread_loop_unlock(graph->loop);
	return r;
}

int pl_graph_set_props(struct pl_graph *graph, const char *name, const struct spa_pod *props)
{
	struct pl_node *node;
	int r;

	pw_thread_loop_lock(graph->loop);
	r = node_get(graph, name, &node);
	if (r >= 0) {
		node->error = 0;
		pw_node_set_param(node->proxy, SPA_PARAM_Props, 0, props);
		r = sync_locked(graph);
	}
	if (r >= 0)
		r = node->error;
	pw_thread_loop_unlock(graph->loop);
	return r;
}

int pl_graph_get_props(struct pl_graph *graph, const char *name, struct spa_pod **ret_props)
{
	struct spa_pod *props = NULL;
	struct pl_node *node;
	int r;

	pw_thread_loop_lock(graph->loop);
	r = node_get(graph, name, &node);
	if (r >= 0) {
		free(node->props);
		node->props = NULL;
		pw_node_enum_params(node->proxy, 0, SPA_PARAM_Props, 0, 1, NULL);
		r = sync_locked(graph);
	}
	if (r >= 0) {
		props = spa_steal_ptr(node->props);
		r = props ? 0 : -ENOENT;
	}
	pw_thread_loop_unlock(graph->loop);
	if (r >= 0)
		*ret_props = props;
	return r;
}

int pl_graph_set_setting(struct pl_graph *graph, const char *key, const char *value)
{
	int r = -ENOENT;

	pw_thread_loop_lock(graph->loop);
	if (graph->settings) {
		pw_metadata_set_property(graph->settings, 0, key, NULL, value);
		r = sync_locked(graph);
	}
	pw_thread_loop_unlock(graph->loop);
	return r;
}

/* --- links ------------------------------------------------------------- */

static void link_free(struct pl_link *l)
{
	spa_list_remove(&l->link);
	if (l->proxy) {
		spa_hook_remove(&l->listener);
		spa_hook_remove(&l->proxy_listener);
		pw_proxy_destroy((struct pw_proxy *)l->proxy);
	}
	free(l->out_node);
	free(l->in_node);
	free(l);
}

static void on_link_info(void *data, const struct pw_link_info *info)
{
	struct pl_link *l = data;

	l->state = info->state;
	if (info->state == PW_LINK_STATE_ERROR)
		l->error = -EIO;
	pw_thread_loop_signal(l->graph->loop, false);
}

static const struct pw_link_events link_events = {
	PW_VERSION_LINK_EVENTS,
	.info = on_link_info,
};

static void on_link_error(void *data, int seq, int res, const char *message)
{
	struct pl_link *l = data;

	l->error = res;
	pw_thread_loop_signal(l->graph->loop, false);
}

static const struct pw_proxy_events link_proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.error = on_link_error,
};

static int link_locked(struct pl_graph *graph, const struct find_args *out,
		       const struct find_args *in)
{
	struct pl_link *l = calloc(1, sizeof(*l));
	struct pw_properties *props;

	if (!l)
		return -ENOMEM;
	props = pw_properties_new(NULL, NULL);
	pw_properties_setf(props, PW_KEY_LINK_OUTPUT_NODE, "%u", out->node_id);
	pw_properties_setf(props, PW_KEY_LINK_OUTPUT_PORT, "%u", out->port_id);
	pw_properties_setf(props, PW_KEY_LINK_INPUT_NODE, "%u", in->node_id);
	pw_properties_setf(props, PW_KEY_LINK_INPUT_PORT, "%u", in->port_id);
	l->graph = graph;
	l->out_node = strdup(out->node);
	l->in_node = strdup(in->node);
	l->state = PW_LINK_STATE_INIT;
	spa_list_append(&graph->links, &l->link);
	l->proxy = pw_core_create_object(graph->core, "link-factory", PW_TYPE_INTERFACE_Link,
					 PW_VERSION_LINK, &props->dict, 0);
	pw_properties_free(props);
	if (!l->proxy) {
		link_free(l);
		return -ENOMEM;
	}
	pw_link_add_listener(l->proxy, &l->listener, &link_events, l);
	pw_proxy_add_listener((struct pw_proxy *)l->proxy, &l->proxy_listener, &link_proxy_events,
			      l);
	return 0;
}

int pl_graph_link(struct pl_graph *graph, const char *out_node, const char *out_port,
		  const char *in_node, const char *in_port)
{
	struct find_args out = {.node = out_node, .port = out_port, .is_output = 1};
	struct find_args in = {.node = in_node, .port = in_port};
	int r;

	pw_thread_loop_lock(graph->loop);
	r = pl_graph_wait(graph, is_found, &out);
	if (r >= 0)
		r = pl_graph_wait(graph, is_found, &in);
	if (r >= 0)
		r = link_locked(graph, &out, &in);
	else
		fprintf(stderr, "graph: no port for %s:%s -> %s:%s\n", out_node, out_port, in_node,
			in_port);
	pw_thread_loop_unlock(graph->loop);
	return r;
}

int pl_graph_unlink(struct pl_graph *graph, const char *node)
{
	struct pl_link *l, *next;
	int r;

	pw_thread_loop_lock(graph->loop);
	spa_list_for_each_safe (l, next, &graph->links, link) {
		if (spa_streq(l->out_node, node) || spa_streq(l->in_node, node))
			link_free(l);
	}
	r = sync_locked(graph);
	pw_thread_loop_unlock(graph->loop);
	return r;
}

/* 1 once all links have reached the wanted state */
static int links_are(struct pl_graph *graph, void *userdata)
{
	enum pw_link_state wanted = *(enum pw_link_state *)userdata;
	struct pl_link *l;
	int reached = 1;

	spa_list_for_each (l, &graph->links, link) {
		if (l->error < 0)
			return l->error;
		if (l->state < wanted)
			reached = 0;
	}
	return reached;
}

static int wait_links(struct pl_graph *graph, enum pw_link_state wanted)
{
	int r;

	pw_thread_loop_lock(graph->loop);
	r = pl_graph_wait(graph, links_are, &wanted);
	pw_thread_loop_unlock(graph->loop);
	return r;
}

static int add_driver(struct pl_graph *graph)
{
	spa_autofree char *props = NULL;

	/* A graph of our own is complete when the driver comes, and may be held for long. One that
	 * was running is not: there the driver has to try again after a cycle that was cut. */
	props = spa_aprintf(
		"{ factory.name = support.node.driver, node.name = " PL_GRAPH_DRIVER
		", priority.driver = 300000, node.freewheel = %s, freewheel.wait = %d }",
		graph->realtime ? "false" : "true", graph->server ? 120 : 2);
	return props ? pl_graph_add_node(graph, "spa-node-factory", props) : -ENOMEM;
}

int pl_graph_start(struct pl_graph *graph)
{
	int r;

	r = wait_links(graph, PW_LINK_STATE_PAUSED);
	if (r >= 0 && !graph->started)
		r = add_driver(graph);
	if (r < 0)
		return r;
	graph->started = 1;
	return wait_links(graph, PW_LINK_STATE_ACTIVE);
}

/* --- life -------------------------------------------------------------- */

static int connect_core(struct pl_graph *graph)
{
	graph->loop = pw_thread_loop_new("graph", NULL);
	if (!graph->loop)
		return -ENOMEM;
	graph->context = pw_context_new(pw_thread_loop_get_loop(graph->loop), NULL, 0);
	if (!graph->context)
		return -errno;
	graph->core = pw_context_connect(graph->context, NULL, 0);
	if (!graph->core)
		return -errno;
	pw_core_add_listener(graph->core, &graph->core_listener, &core_events, graph);
	graph->registry = pw_core_get_registry(graph->core, PW_VERSION_REGISTRY, 0);
	if (!graph->registry)
		return -errno;
	pw_registry_add_listener(graph->registry, &graph->registry_listener, &registry_events,
				 graph);
	return 0;
}

int pl_graph_new(const struct pl_graph_options *options, struct pl_graph **ret_graph)
{
	spa_autoptr(pl_graph) graph = calloc(1, sizeof(*graph));
	int r;

	if (!graph)
		return -ENOMEM;
	spa_list_init(&graph->objects);
	spa_list_init(&graph->nodes);
	spa_list_init(&graph->links);
	graph->done_seq = -1;
	graph->n_source = options->n_source;
	graph->n_sink = options->n_sink;
	graph->realtime = options->realtime;
	sem_init(&graph->held, 0, 0);
	sem_init(&graph->go_on, 0, 0);
	if (options->server) {
		r = pl_server_new(options->server, &graph->server);
		if (r < 0)
			return r;
	}
	pw_init(NULL, NULL);
	r = connect_core(graph);
	if (r < 0)
		return r;
	r = pl_graph_filters_new(graph, options->control);
	if (r < 0)
		return r;
	r = pw_thread_loop_start(graph->loop);
	if (r < 0)
		return r;
	r = pl_graph_sync(graph);
	if (r < 0)
		return r;
	*ret_graph = spa_steal_ptr(graph);
	return 0;
}

struct pl_server *pl_graph_server(struct pl_graph *graph)
{
	return graph->server;
}

static void free_objects(struct pl_graph *graph)
{
	struct pl_object *object, *next_object;
	struct pl_node *node, *next_node;
	struct pl_link *l, *next_link;

	spa_list_for_each_safe (l, next_link, &graph->links, link)
		link_free(l);
	spa_list_for_each_safe (node, next_node, &graph->nodes, link)
		node_free(node);
	spa_list_for_each_safe (object, next_object, &graph->objects, link)
		object_free(object);
}

void pl_graph_free(struct pl_graph *graph)
{
	if (!graph)
		return;
	/* A source that is held must not block the loop that ends it. */
	atomic_store(&graph->state, PL_RUN_IDLE);
	for (int i = 0; i < 64; i++)
		sem_post(&graph->go_on);
	if (graph->loop)
		pw_thread_loop_stop(graph->loop);
	if (graph->source)
		pw_filter_destroy(graph->source);
	if (graph->sink)
		pw_filter_destroy(graph->sink);
	free_objects(graph);
	if (graph->settings)
		pw_proxy_destroy((struct pw_proxy *)graph->settings);
	if (graph->registry)
		pw_proxy_destroy((struct pw_proxy *)graph->registry);
	if (graph->core)
		pw_core_disconnect(graph->core);
	if (graph->context)
		pw_context_destroy(graph->context);
	if (graph->loop)
		pw_thread_loop_destroy(graph->loop);
	pl_server_free(graph->server);
	free(graph->source_ports);
	free(graph->sink_ports);
	sem_destroy(&graph->held);
	sem_destroy(&graph->go_on);
	free(graph);
}
