/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <pipewire/impl.h>
#include <pipewire/keys.h>
#include <spa/node/keys.h>
#include <spa/node/node.h>
#include <spa/param/audio/raw.h>
#include <spa/utils/keys.h>
#include <spa/utils/result.h>
#include <spa/utils/string.h>

#include "nodes.h"
#include "port-config.h"

/* Of a port's format, where any will do: the graph's own rate holds. PipeWire's default as well. */
#define ANY_RATE_HZ 48000u

struct owned_node {
	struct pw_impl_node *node; /* NULL once it is destroyed */
	struct spa_hook node_listener;
	struct pw_proxy *proxy; /* of an exported node */
	struct spa_hook proxy_listener;
	bool is_matrix;
};

struct pl_nodes {
	struct pl_nodes_setup setup;
	char *reason;
	size_t reason_size;
	uint32_t n_nodes;
	struct owned_node nodes[1 + 2 * (PL_TABLETS_MAX + PL_CHANNELS_MAX)];
};

/** What differs between the four kinds of device. */
struct device_kind {
	const char *name_format;
	const char *role;
	const char *media_class;
	const char *default_format; /* of the description */
	const char *suffix;         /* of the description */
};

static const struct device_kind tablet_talk = {
	PL_NODE_TABLET_FMT, PL_ROLE_TABLET_TALK, "Audio/Sink", "Partyline Tablet %u", "",
};
static const struct device_kind tablet_listen = {
	PL_NODE_TABLET_LISTEN_FMT,
	PL_ROLE_TABLET_LISTEN,
	"Audio/Source/Virtual",
	"Partyline Tablet %u",
	" Listen",
};
static const struct device_kind channel_in = {
	PL_NODE_CHANNEL_FMT, PL_ROLE_CHANNEL_IN, "Audio/Sink", "Partyline Channel %u", "",
};
static const struct device_kind channel_out = {
	PL_NODE_CHANNEL_OUT_FMT,
	PL_ROLE_CHANNEL_OUT,
	"Audio/Source/Virtual",
	"Partyline Channel %u",
	" Out",
};

/** The room that the caller had for a reason is his; it is not kept beyond pl_nodes_new(). */
SPA_PRINTF_FUNC(3, 4)
static int fail(struct pl_nodes *nodes, int r, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(nodes->reason, nodes->reason_size, format, list);
	va_end(list);
	return r;
}

static void meters_set(struct pw_impl_node *node, struct pl_meters_page *page)
{
	spa_node_set_io(pw_impl_node_get_implementation(node), PL_IO_METERS, page,
			page ? sizeof(*page) : 0);
}

static void on_node_destroy(void *data)
{
	struct owned_node *owned = data;

	/* The page may be unmapped before the last reference to the node goes. */
	if (owned->is_matrix)
		meters_set(owned->node, NULL);
	spa_hook_remove(&owned->node_listener);
	owned->node = NULL;
}

static const struct pw_impl_node_events node_events = {
	PW_VERSION_IMPL_NODE_EVENTS,
	.destroy = on_node_destroy,
};

static void on_proxy_destroy(void *data)
{
	struct owned_node *owned = data;

	spa_hook_remove(&owned->proxy_listener);
	owned->proxy = NULL;
}

static void on_proxy_removed(void *data)
{
	struct owned_node *owned = data;

	pw_proxy_destroy(owned->proxy);
}

static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
	.destroy = on_proxy_destroy,
	.removed = on_proxy_removed,
};

/** Fills nodes->nodes[nodes->n_nodes++]; takes the properties over. */
static int node_make(struct pl_nodes *nodes, const char *factory_name, struct pw_properties *props)
{
	struct owned_node *owned = &nodes->nodes[nodes->n_nodes];
	struct pw_impl_factory *factory;
	char name[128];

	/* The factory frees the properties. */
	snprintf(name, sizeof(name), "%s", pw_properties_get(props, PW_KEY_NODE_NAME));
	factory = pw_context_find_factory(nodes->setup.context, factory_name);
	if (!factory) {
		pw_properties_free(props);
		return fail(nodes, -ENOENT,
			    "there is no factory %s: load libpipewire-module-%s before",
			    factory_name, factory_name);
	}
	owned->node = pw_impl_factory_create_object(factory, NULL, PW_TYPE_INTERFACE_Node,
						    PW_VERSION_NODE, props, 0);
	if (!owned->node) {
		int r = errno > 0 ? -errno : -EIO;

		return fail(nodes, r, "cannot make node %s: %s", name, spa_strerror(r));
	}
	pw_impl_node_add_listener(owned->node, &owned->node_listener, &node_events, owned);
	nodes->n_nodes++;
	return 0;
}

static int node_publish(struct pl_nodes *nodes, struct owned_node *owned)
{
	int r = pw_impl_node_set_active(owned->node, true);

	if (r < 0)
		return fail(nodes, r, "cannot activate a node: %s", spa_strerror(r));
	if (!nodes->setup.core)
		return 0;
	owned->proxy =
		pw_core_export(nodes->setup.core, PW_TYPE_INTERFACE_Node, NULL, owned->node, 0);
	if (!owned->proxy)
		return fail(nodes, -errno, "cannot export a node: %m");
	pw_proxy_add_listener(owned->proxy, &owned->proxy_listener, &proxy_events, owned);
	return 0;
}

static struct pw_properties *common_props(const struct pl_nodes *nodes,
					  const struct pw_properties *more)
{
	struct pw_properties *props =
		pw_properties_new(PW_KEY_NODE_GROUP, PL_NODE_GROUP, PW_KEY_NODE_VIRTUAL, "true",
				  /* Never a driver, and below any other device. */
				  PW_KEY_PRIORITY_DRIVER, "0", PW_KEY_PRIORITY_SESSION, "-1", NULL);

	if (!props)
		return NULL;
	/* An exported node is registered by the server only. */
	if (nodes->setup.core)
		pw_properties_set(props, PW_KEY_OBJECT_REGISTER, "false");
	pw_properties_update(props, &nodes->setup.args->node_props->dict);
	pw_properties_update(props, &more->dict);
	return props;
}

/** Of the whole group: the shortest latency that one of its nodes asks for sets the quantum. */
static void set_latency(const struct pl_nodes *nodes, struct pw_properties *props)
{
	const struct pw_properties *defaults = pw_context_get_properties(nodes->setup.context);

	if (!pw_properties_get(props, PW_KEY_NODE_LATENCY))
		pw_properties_setf(
			props, PW_KEY_NODE_LATENCY, "%u/%u", PL_LATENCY_FRAMES_DEFAULT,
			pw_properties_get_uint32(defaults, "default.clock.rate", ANY_RATE_HZ));
}

/**
 * The node is made without what leads it to a driver, and told afterwards.
 *
 * PipeWire 1.4 takes the first result that a node of "spa-node-factory" emits, of a port while it is
 * being made, for the end of an initialization that it never asked for (spa-node.c: init_pending is
 * 0 until then, and so is the result's number). A node that joins a driver at that moment is
 * given the I/O areas of a node on its own afterwards: it reads "running", and never runs.
 */
static void join_graph(struct pw_impl_node *node, const char *group)
{
	const struct spa_dict_item items[] = {
		{PW_KEY_NODE_GROUP, group},
		/* Talk keys, ramps and meters go on while nobody plays or listens. */
		{PW_KEY_NODE_ALWAYS_PROCESS, "true"},
	};

	pw_impl_node_update_properties(node, &SPA_DICT_INIT_ARRAY(items));
}

static int matrix_make(struct pl_nodes *nodes)
{
	const struct pl_module_args *args = nodes->setup.args;
	struct pw_properties *props = common_props(nodes, args->matrix_props);
	struct owned_node *owned = &nodes->nodes[nodes->n_nodes];
	const char *group_wish;
	char group[256];
	int r;

	if (!props)
		return -ENOMEM;
	pw_properties_set(props, SPA_KEY_FACTORY_NAME, PL_FACTORY_MATRIX);
	pw_properties_set(props, SPA_KEY_LIBRARY_NAME, PL_SPA_LIBRARY);
	pw_properties_set(props, PW_KEY_NODE_NAME, PL_NODE_MATRIX);
	pw_properties_set(props, PL_KEY_ROLE, PL_ROLE_MATRIX);
	pw_properties_setf(props, PL_KEY_TABLETS, "%u", args->n_tablets);
	pw_properties_setf(props, PL_KEY_CHANNELS, "%u", args->n_channels);
	pw_properties_set(props, PL_KEY_METERS_SOCKET, nodes->setup.meters_socket);
	if (!pw_properties_get(props, PW_KEY_NODE_DESCRIPTION))
		pw_properties_set(props, PW_KEY_NODE_DESCRIPTION, "Partyline Matrix");
	set_latency(nodes, props);
	group_wish = pw_properties_get(props, PW_KEY_NODE_GROUP);
	snprintf(group, sizeof(group), "%s", group_wish ? group_wish : PL_NODE_GROUP);
	pw_properties_set(props, PW_KEY_NODE_GROUP, NULL);

	r = node_make(nodes, "spa-node-factory", props);
	if (r < 0)
		return r;
	r = spa_node_set_io(pw_impl_node_get_implementation(owned->node), PL_IO_METERS,
			    nodes->setup.page, sizeof(*nodes->setup.page));
	if (r < 0)
		return fail(nodes, r, "the matrix refuses the meter page: %s", spa_strerror(r));
	owned->is_matrix = true;
	join_graph(owned->node, group);
	return node_publish(nodes, owned);
}

static void set_description(struct pw_properties *props, const struct device_kind *kind,
			    uint32_t id, const char *description)
{
	if (description) {
		pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "%s%s", description,
				   kind->suffix);
	} else if (!pw_properties_get(props, PW_KEY_NODE_DESCRIPTION)) {
		char text[64];

		snprintf(text, sizeof(text), kind->default_format, id);
		pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "%s%s", text, kind->suffix);
	}
}

/**
 * Playing end and hearing end, from birth: without a session manager too, and without one that
 * suspends the device to make them.
 */
static int device_ports_make(struct pl_nodes *nodes, struct pw_impl_node *node)
{
	const uint32_t rate_hz = nodes->setup.args->rate_hz;
	const struct spa_audio_info_raw mono =
		SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32P,
					.rate = rate_hz ? rate_hz : ANY_RATE_HZ, .channels = 1,
					.position = {SPA_AUDIO_CHANNEL_MONO});
	int r = pl_port_config_dsp(node, SPA_DIRECTION_INPUT, &mono, true);

	if (r < 0)
		return fail(nodes, r, "cannot make the ports of %s: %s",
			    pw_properties_get(pw_impl_node_get_properties(node), PW_KEY_NODE_NAME),
			    spa_strerror(r));
	return 0;
}

static int device_make(struct pl_nodes *nodes, const struct device_kind *kind, uint32_t id,
		       const struct pw_properties *more, const char *description)
{
	struct pw_properties *props = common_props(nodes, more);
	struct owned_node *owned = &nodes->nodes[nodes->n_nodes];
	int r;

	if (!props)
		return -ENOMEM;
	pw_properties_set(props, SPA_KEY_FACTORY_NAME, "support.null-audio-sink");
	pw_properties_setf(props, PW_KEY_NODE_NAME, kind->name_format, id);
	pw_properties_set(props, PW_KEY_MEDIA_CLASS, kind->media_class);
	pw_properties_set(props, PL_KEY_ROLE, kind->role);
	pw_properties_setf(props, PL_KEY_ID, "%u", id);
	set_description(props, kind, id, description);
	/* It follows the driver of its group and must not bring a clock of its own. */
	pw_properties_set(props, "node.driver", "false");
	pw_properties_set(props, SPA_KEY_AUDIO_CHANNELS, "1");
	pw_properties_set(props, SPA_KEY_AUDIO_POSITION, "[ MONO ]");
	if (nodes->setup.args->rate_hz)
		pw_properties_setf(props, SPA_KEY_AUDIO_RATE, "%u", nodes->setup.args->rate_hz);
	/* The matrix hears the sink after its volume, and latency passes through. */
	pw_properties_set(props, "monitor.channel-volumes", "true");
	pw_properties_set(props, "monitor.passthrough", "true");

	r = node_make(nodes, "adapter", props);
	if (r >= 0)
		r = device_ports_make(nodes, owned->node);
	if (r < 0)
		return r;
	return node_publish(nodes, owned);
}

static int devices_make(struct pl_nodes *nodes)
{
	const struct pl_module_args *args = nodes->setup.args;
	int r = 0;

	for (uint32_t i = 0; i < args->n_tablets && r >= 0; i++) {
		const char *text = args->tablet_descriptions[i];

		r = device_make(nodes, &tablet_talk, i + 1, args->tablet_props, text);
		if (r >= 0)
			r = device_make(nodes, &tablet_listen, i + 1, args->tablet_props, text);
	}
	for (uint32_t i = 0; i < args->n_channels && r >= 0; i++) {
		const char *text = args->channel_descriptions[i];

		r = device_make(nodes, &channel_in, i + 1, args->channel_props, text);
		if (r >= 0)
			r = device_make(nodes, &channel_out, i + 1, args->channel_props, text);
	}
	return r;
}

int pl_nodes_new(const struct pl_nodes_setup *setup, struct pl_nodes **ret_nodes, char *ret_reason,
		 size_t reason_size)
{
	struct pl_nodes *nodes;
	int r;

	snprintf(ret_reason, reason_size, "out of memory");
	nodes = calloc(1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	nodes->setup = *setup;
	nodes->reason = ret_reason;
	nodes->reason_size = reason_size;

	r = matrix_make(nodes);
	if (r >= 0)
		r = devices_make(nodes);
	if (r < 0) {
		pl_nodes_free(nodes);
		return r;
	}
	ret_reason[0] = '\0';
	*ret_nodes = nodes;
	return 0;
}

void pl_nodes_free(struct pl_nodes *nodes)
{
	if (!nodes)
		return;
	/* Devices first: the matrix is then without links when it goes. */
	for (uint32_t i = nodes->n_nodes; i > 0; i--) {
		struct owned_node *owned = &nodes->nodes[i - 1];

		if (owned->proxy)
			pw_proxy_destroy(owned->proxy);
		if (owned->node)
			pw_impl_node_destroy(owned->node);
	}
	free(nodes);
}
