/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <errno.h>
#include <stdlib.h>

#include <spa/node/utils.h>
#include <spa/param/param.h>
#include <spa/pod/builder.h>
#include <spa/pod/dynamic.h>
#include <spa/pod/filter.h>
#include <spa/support/cpu.h>
#include <spa/utils/cleanup.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

SPA_LOG_TOPIC_DEFINE_STATIC(log_topic, "partyline");
#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &log_topic

/** frames; nothing can be larger than what SPA calls a sane quantum */
#define QUANTUM_LIMIT_MAX 65536u

static struct pl_port *find_port(struct pl_node *node, enum spa_direction direction, uint32_t id)
{
	if ((uint32_t)direction > 1 || id >= node->n_ports[direction])
		return NULL;
	return node->ports[direction][id].present ? &node->ports[direction][id] : NULL;
}

static void emit_node_info(struct pl_node *node, bool full)
{
	uint64_t old = full ? node->info.change_mask : 0;

	if (full)
		node->info.change_mask = SPA_NODE_CHANGE_MASK_FLAGS | SPA_NODE_CHANGE_MASK_PARAMS;
	if (node->info.change_mask) {
		spa_node_emit_info(&node->hooks, &node->info);
		node->info.change_mask = old;
	}
}

static void emit_port_info(struct pl_node *node, struct pl_port *port, bool full)
{
	uint64_t old = full ? port->info.change_mask : 0;

	if (full) {
		port->info.change_mask = SPA_PORT_CHANGE_MASK_FLAGS | SPA_PORT_CHANGE_MASK_PROPS |
					 SPA_PORT_CHANGE_MASK_PARAMS;
	}
	if (port->info.change_mask) {
		spa_node_emit_port_info(&node->hooks, port->direction, port->id, &port->info);
		port->info.change_mask = old;
	}
}

static int impl_node_add_listener(void *object, struct spa_hook *listener,
				  const struct spa_node_events *events, void *data)
{
	struct pl_node *node = object;
	struct spa_hook_list save;

	spa_hook_list_isolate(&node->hooks, &save, listener, events, data);
	emit_node_info(node, true);
	for (uint32_t d = 0; d < 2; d++) {
		for (uint32_t i = 0; i < node->n_ports[d]; i++) {
			if (node->ports[d][i].present)
				emit_port_info(node, &node->ports[d][i], true);
		}
	}
	spa_hook_list_join(&node->hooks, &save);
	return 0;
}

static int impl_node_set_callbacks(void *object, const struct spa_node_callbacks *callbacks,
				   void *data)
{
	return 0;
}

struct io_args {
	struct pl_node *node;
	struct pl_port *port;
	void *data;
	size_t size;
};

static int do_set_position(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
			   size_t size, void *user_data)
{
	struct io_args *args = user_data;

	args->node->rt.position = args->data;
	return 0;
}

static int do_port_set_io(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
			  size_t size, void *user_data)
{
	struct io_args *args = user_data;

	pl_port_set_io(args->port, args->data, args->size);
	return 0;
}

static int impl_node_set_io(void *object, uint32_t id, void *data, size_t size)
{
	struct pl_node *node = object;

	if (id == SPA_IO_Position) {
		struct io_args args = {.node = node, .data = data};

		if (data && size < sizeof(struct spa_io_position))
			return -ENOSPC;
		return pl_node_invoke(node, do_set_position, &args);
	}
	/* The position has the clock in it. An error would be fatal to an exported node. */
	if (id == SPA_IO_Clock)
		return 0;
	return node->ops->set_io ? node->ops->set_io(node, id, data, size) : -ENOENT;
}

static int impl_node_send_command(void *object, const struct spa_command *command)
{
	if (!command)
		return -EINVAL;
	switch (SPA_NODE_COMMAND_ID(command)) {
	case SPA_NODE_COMMAND_Start:
	case SPA_NODE_COMMAND_Pause:
	case SPA_NODE_COMMAND_Suspend:
		return 0;
	default:
		return -ENOTSUP;
	}
}

typedef int (*build_func_t)(struct pl_node *node, const struct pl_port *port, uint32_t id,
			    uint32_t index, struct spa_pod_builder *builder,
			    struct spa_pod **ret_param);

/** The loop that all enum_params share: build, filter, emit. */
static int enum_params(struct pl_node *node, int seq, const struct pl_port *port, uint32_t id,
		       uint32_t start, uint32_t num, const struct spa_pod *filter,
		       build_func_t build)
{
	struct spa_result_node_params result = {.id = id, .next = start};
	uint32_t count = 0;

	if (num == 0)
		return -EINVAL;
	while (count < num) {
		spa_auto(spa_pod_dynamic_builder) b = {0};
		/* Not in b: growing would move param. */
		spa_auto(spa_pod_dynamic_builder) filtered = {0};
		struct spa_pod *param = NULL;
		int r;

		spa_pod_dynamic_builder_init(&b, NULL, 0, 4096);
		spa_pod_dynamic_builder_init(&filtered, NULL, 0, 4096);
		result.index = result.next++;
		r = build(node, port, id, result.index, &b.b, &param);
		if (r <= 0)
			return r;
		if (!param)
			return -ENOMEM;
		if (spa_pod_filter(&filtered.b, &result.param, param, filter) < 0)
			continue;
		spa_node_emit_result(&node->hooks, seq, 0, SPA_RESULT_TYPE_NODE_PARAMS, &result);
		count++;
	}
	return 0;
}

static int build_node_param(struct pl_node *node, const struct pl_port *port, uint32_t id,
			    uint32_t index, struct spa_pod_builder *builder,
			    struct spa_pod **ret_param)
{
	switch (id) {
	case SPA_PARAM_PropInfo:
	case SPA_PARAM_Props:
		return node->ops->build_param(node, id, index, builder, ret_param);
	case SPA_PARAM_IO:
		if (index > 0)
			return 0;
		*ret_param = spa_pod_builder_add_object(
			builder, SPA_TYPE_OBJECT_ParamIO, id, SPA_PARAM_IO_id,
			SPA_POD_Id(SPA_IO_Position), SPA_PARAM_IO_size,
			SPA_POD_Int(sizeof(struct spa_io_position)));
		return 1;
	default:
		return -ENOENT;
	}
}

static int impl_node_enum_params(void *object, int seq, uint32_t id, uint32_t start, uint32_t num,
				 const struct spa_pod *filter)
{
	return enum_params(object, seq, NULL, id, start, num, filter, build_node_param);
}

static int impl_node_set_param(void *object, uint32_t id, uint32_t flags,
			       const struct spa_pod *param)
{
	struct pl_node *node = object;
	int r;

	if (id != SPA_PARAM_Props)
		return -ENOENT;
	r = node->ops->set_props(node, param);
	if (r < 0)
		return r;
	pl_node_props_changed(node);
	return 0;
}

static int impl_node_add_port(void *object, enum spa_direction direction, uint32_t id,
			      const struct spa_dict *props)
{
	return -ENOTSUP;
}

static int impl_node_remove_port(void *object, enum spa_direction direction, uint32_t id)
{
	return -ENOTSUP;
}

static int build_port_param(struct pl_node *node, const struct pl_port *port, uint32_t id,
			    uint32_t index, struct spa_pod_builder *builder,
			    struct spa_pod **ret_param)
{
	return pl_port_build_param(port, id, index, node->quantum_limit, builder, ret_param);
}

static int impl_node_port_enum_params(void *object, int seq, enum spa_direction direction,
				      uint32_t port_id, uint32_t id, uint32_t start, uint32_t num,
				      const struct spa_pod *filter)
{
	struct pl_port *port = find_port(object, direction, port_id);

	if (!port)
		return -EINVAL;
	return enum_params(object, seq, port, id, start, num, filter, build_port_param);
}

/** No delay of our own: what one side's peers say goes to all ports of the other side. */
static int set_latency(struct pl_node *node, struct pl_port *port, const struct spa_pod *param)
{
	enum spa_direction other = SPA_DIRECTION_REVERSE(port->direction);
	struct spa_latency_info info = SPA_LATENCY_INFO(other);

	if (param && (spa_latency_parse(param, &info) < 0 || info.direction != other))
		return -EINVAL;
	port->latency[other] = info;
	port->have_latency = param != NULL;

	spa_latency_info_combine_start(&info, other);
	for (uint32_t i = 0; i < node->n_ports[port->direction]; i++) {
		struct pl_port *p = &node->ports[port->direction][i];

		if (p->have_latency && p->kind == PL_PORT_KIND_AUDIO)
			spa_latency_info_combine(&info, &p->latency[other]);
	}
	spa_latency_info_combine_finish(&info);
	for (uint32_t i = 0; i < node->n_ports[other]; i++) {
		struct pl_port *p = &node->ports[other][i];

		if (!p->present || p->kind != PL_PORT_KIND_AUDIO ||
		    spa_latency_info_compare(&info, &p->latency[other]) == 0)
			continue;
		p->latency[other] = info;
		p->params[PL_PORT_PARAM_LATENCY].flags ^= SPA_PARAM_INFO_SERIAL;
		p->info.change_mask |= SPA_PORT_CHANGE_MASK_PARAMS;
		emit_port_info(node, p, false);
	}
	port->params[PL_PORT_PARAM_LATENCY].flags ^= SPA_PARAM_INFO_SERIAL;
	port->info.change_mask |= SPA_PORT_CHANGE_MASK_PARAMS;
	emit_port_info(node, port, false);
	return 0;
}

struct buffers_args {
	struct pl_port *port;
	struct spa_buffer **buffers;
	uint32_t n_buffers;
	int result;
};

static int do_use_buffers(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
			  size_t size, void *user_data)
{
	struct buffers_args *args = user_data;

	args->result = pl_port_use_buffers(args->port, args->buffers, args->n_buffers);
	return 0;
}

/** Between cycles: a port's links come and go while the node runs for its other links, and the
 * buffers are gone as soon as this returns. */
static int use_buffers(struct pl_node *node, struct pl_port *port, struct spa_buffer **buffers,
		       uint32_t n_buffers)
{
	struct buffers_args args = {.port = port, .buffers = buffers, .n_buffers = n_buffers};
	int r;

	r = pl_node_invoke(node, do_use_buffers, &args);
	return r < 0 ? r : args.result;
}

static int impl_node_port_set_param(void *object, enum spa_direction direction, uint32_t port_id,
				    uint32_t id, uint32_t flags, const struct spa_pod *param)
{
	struct pl_port *port = find_port(object, direction, port_id);
	int r;

	if (!port)
		return -EINVAL;
	switch (id) {
	case SPA_PARAM_Format:
		r = param ? 0 : use_buffers(object, port, NULL, 0);
		if (r >= 0)
			r = pl_port_set_format(port, param);
		if (r < 0)
			return r;
		emit_port_info(object, port, false);
		return 0;
	case SPA_PARAM_Latency:
		return set_latency(object, port, param);
	default:
		return -ENOENT;
	}
}

static int impl_node_port_use_buffers(void *object, enum spa_direction direction, uint32_t port_id,
				      uint32_t flags, struct spa_buffer **buffers,
				      uint32_t n_buffers)
{
	struct pl_port *port = find_port(object, direction, port_id);

	return port ? use_buffers(object, port, buffers, n_buffers) : -EINVAL;
}

static int impl_node_port_set_io(void *object, enum spa_direction direction, uint32_t port_id,
				 uint32_t id, void *data, size_t size)
{
	struct pl_node *node = object;
	struct io_args args = {.node = node, .data = data, .size = size};

	args.port = find_port(node, direction, port_id);
	if (!args.port)
		return -EINVAL;
	if (id != SPA_IO_Buffers && id != SPA_IO_AsyncBuffers)
		return -ENOENT;
	return pl_node_invoke(node, do_port_set_io, &args);
}

static int impl_node_port_reuse_buffer(void *object, uint32_t port_id, uint32_t buffer_id)
{
	struct pl_port *port = find_port(object, SPA_DIRECTION_OUTPUT, port_id);

	if (!port || buffer_id >= port->n_buffers)
		return -EINVAL;
	port->rt.free |= 1u << buffer_id;
	return 0;
}

static int impl_node_process(void *object)
{
	struct pl_node *node = object;
	const struct spa_io_position *position = node->rt.position;
	uint64_t n_frames;
	uint32_t rate_hz;

	if (!position)
		return -EIO;
	n_frames = position->clock.duration;
	rate_hz = position->clock.rate.denom;
	if (n_frames == 0 || n_frames > QUANTUM_LIMIT_MAX || rate_hz == 0)
		return -EIO;
	return node->ops->process(node, (uint32_t)n_frames, rate_hz);
}

static const struct spa_node_methods impl_node = {
	SPA_VERSION_NODE_METHODS,
	.add_listener = impl_node_add_listener,
	.set_callbacks = impl_node_set_callbacks,
	.enum_params = impl_node_enum_params,
	.set_param = impl_node_set_param,
	.set_io = impl_node_set_io,
	.send_command = impl_node_send_command,
	.add_port = impl_node_add_port,
	.remove_port = impl_node_remove_port,
	.port_enum_params = impl_node_port_enum_params,
	.port_set_param = impl_node_port_set_param,
	.port_use_buffers = impl_node_port_use_buffers,
	.port_set_io = impl_node_port_set_io,
	.port_reuse_buffer = impl_node_port_reuse_buffer,
	.process = impl_node_process,
};

static int impl_get_interface(struct spa_handle *handle, const char *type, void **interface)
{
	struct pl_node *node = SPA_CONTAINER_OF(handle, struct pl_node, handle);

	if (!spa_streq(type, SPA_TYPE_INTERFACE_Node))
		return -ENOENT;
	*interface = &node->node;
	return 0;
}

static int impl_clear(struct spa_handle *handle)
{
	pl_node_done(SPA_CONTAINER_OF(handle, struct pl_node, handle));
	return 0;
}

int pl_node_read_ports(struct spa_log *log, const struct spa_dict *info, const char *key,
		       uint32_t max, uint32_t *ret_n_ports)
{
	const char *text = info ? spa_dict_lookup(info, key) : NULL;
	uint32_t n_ports = 1;

	if (text && (!spa_atou32(text, &n_ports, 10) || n_ports < 1 || n_ports > max)) {
		spa_log_error(log, "%s: \"%s\" is not a number from 1 to %u", key, text, max);
		return -EINVAL;
	}
	*ret_n_ports = n_ports;
	return 0;
}

int pl_node_init(struct pl_node *node, const struct pl_node_ops *ops, const struct spa_dict *info,
		 const struct spa_support *support, uint32_t n_support, uint32_t n_inputs,
		 uint32_t n_outputs)
{
	struct spa_cpu *cpu;
	const char *str;

	node->ops = ops;
	node->handle.get_interface = impl_get_interface;
	node->handle.clear = impl_clear;
	node->log = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_Log);
	spa_log_topic_init(node->log, &log_topic);
	node->data_loop = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_DataLoop);
	if (!node->data_loop) {
		spa_log_error(node->log, "a data loop is needed");
		return -EINVAL;
	}
	cpu = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_CPU);
	if (cpu)
		node->cpu_flags = spa_cpu_get_flags(cpu);

	node->quantum_limit = PL_QUANTUM_LIMIT_DEFAULT;
	str = info ? spa_dict_lookup(info, "clock.quantum-limit") : NULL;
	if (str)
		spa_atou32(str, &node->quantum_limit, 0);
	node->quantum_limit = SPA_CLAMP(node->quantum_limit, 16u, QUANTUM_LIMIT_MAX);

	node->ports[SPA_DIRECTION_INPUT] = calloc(n_inputs + 1u, sizeof(struct pl_port));
	node->ports[SPA_DIRECTION_OUTPUT] = calloc(n_outputs + 1u, sizeof(struct pl_port));
	if (!node->ports[SPA_DIRECTION_INPUT] || !node->ports[SPA_DIRECTION_OUTPUT])
		return -ENOMEM;
	node->n_ports[SPA_DIRECTION_INPUT] = n_inputs;
	node->n_ports[SPA_DIRECTION_OUTPUT] = n_outputs;

	spa_hook_list_init(&node->hooks);
	node->node.iface =
		SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Node, SPA_VERSION_NODE, &impl_node, node);
	node->params[PL_NODE_PARAM_PROP_INFO] =
		SPA_PARAM_INFO(SPA_PARAM_PropInfo, SPA_PARAM_INFO_READ);
	node->params[PL_NODE_PARAM_PROPS] =
		SPA_PARAM_INFO(SPA_PARAM_Props, SPA_PARAM_INFO_READWRITE);
	node->params[PL_NODE_PARAM_IO] = SPA_PARAM_INFO(SPA_PARAM_IO, SPA_PARAM_INFO_READ);
	node->info = SPA_NODE_INFO_INIT();
	node->info.max_input_ports = n_inputs;
	node->info.max_output_ports = n_outputs;
	node->info.flags = SPA_NODE_FLAG_RT;
	node->info.params = node->params;
	node->info.n_params = PL_NODE_PARAM_MAX_;
	return 0;
}

void pl_node_done(struct pl_node *node)
{
	if (!node)
		return;
	if (node->ops && node->ops->done)
		node->ops->done(node);
	free(spa_steal_ptr(node->ports[SPA_DIRECTION_INPUT]));
	free(spa_steal_ptr(node->ports[SPA_DIRECTION_OUTPUT]));
}

void pl_node_add_port(struct pl_node *node, struct pl_port *port)
{
	emit_port_info(node, port, true);
}

void pl_node_remove_port(struct pl_node *node, struct pl_port *port)
{
	spa_node_emit_port_info(&node->hooks, port->direction, port->id, NULL);
	port->present = false;
}

void pl_node_props_changed(struct pl_node *node)
{
	node->params[PL_NODE_PARAM_PROPS].flags ^= SPA_PARAM_INFO_SERIAL;
	node->info.change_mask |= SPA_NODE_CHANGE_MASK_PARAMS;
	emit_node_info(node, false);
}

int pl_node_invoke(struct pl_node *node, spa_invoke_func_t func, void *user_data)
{
	return spa_loop_invoke(node->data_loop, func, SPA_ID_INVALID, NULL, 0, true, user_data);
}

static const struct spa_interface_info interfaces[] = {
	{SPA_TYPE_INTERFACE_Node},
};

int pl_node_enum_interface_info(const struct spa_handle_factory *factory,
				const struct spa_interface_info **info, uint32_t *index)
{
	if (!info || !index)
		return -EINVAL;
	if (*index >= SPA_N_ELEMENTS(interfaces))
		return 0;
	*info = &interfaces[(*index)++];
	return 1;
}
