/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/control/control.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/utils/string.h>

#define PROPS_SIZE (1u << 20)

static int loop_invoke(void *object, spa_invoke_func_t func, uint32_t seq, const void *data,
		       size_t size, bool block, void *user_data)
{
	struct host *host = object;

	return func(&host->loop, false, seq, data, size, user_data);
}

static const struct spa_loop_methods loop_methods = {
	SPA_VERSION_LOOP_METHODS,
	.invoke = loop_invoke,
};

static void log_line(void *object, enum spa_log_level level, const char *format, va_list args)
{
	struct host *host = object;

	host->n_logs++;
	if (level <= SPA_LOG_LEVEL_WARN)
		vsnprintf(host->last_log, sizeof(host->last_log), format, args);
}

SPA_PRINTF_FUNC(6, 7)
static void log_log(void *object, enum spa_log_level level, const char *file, int line,
		    const char *func, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(object, level, format, args);
	va_end(args);
}

SPA_PRINTF_FUNC(7, 8)
static void log_logt(void *object, enum spa_log_level level, const struct spa_log_topic *topic,
		     const char *file, int line, const char *func, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(object, level, format, args);
	va_end(args);
}

static const struct spa_log_methods log_methods = {
	SPA_VERSION_LOG_METHODS,
	.log = log_log,
	.logt = log_logt,
};

static uint32_t cpu_get_flags(void *object)
{
	return ((struct host *)object)->cpu_flags;
}

static const struct spa_cpu_methods cpu_methods = {
	SPA_VERSION_CPU_METHODS,
	.get_flags = cpu_get_flags,
};

static void init_support(struct host *host)
{
	host->loop.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_DataLoop, SPA_VERSION_LOOP,
					      &loop_methods, host);
	host->log.iface =
		SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Log, SPA_VERSION_LOG, &log_methods, host);
	host->log.level = SPA_LOG_LEVEL_TRACE;
	host->cpu.iface =
		SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_CPU, SPA_VERSION_CPU, &cpu_methods, host);
	host->support[0] = SPA_SUPPORT_INIT(SPA_TYPE_INTERFACE_DataLoop, &host->loop);
	host->support[1] = SPA_SUPPORT_INIT(SPA_TYPE_INTERFACE_Log, &host->log);
	host->support[2] = SPA_SUPPORT_INIT(SPA_TYPE_INTERFACE_CPU, &host->cpu);
}

static int load(struct host *host, const char *name, const struct spa_dict *info)
{
	spa_handle_factory_enum_func_t enum_func;
	const struct spa_handle_factory *factory;
	uint32_t index = 0;
	void *iface;
	int r;

	host->library = dlopen(PLUGIN_PATH, RTLD_NOW);
	if (!host->library) {
		fprintf(stderr, "%s\n", dlerror());
		return -ENOENT;
	}
	enum_func = (spa_handle_factory_enum_func_t)dlsym(host->library,
							  SPA_HANDLE_FACTORY_ENUM_FUNC_NAME);
	do {
		if (!enum_func || enum_func(&factory, &index) <= 0)
			return -ENOENT;
	} while (!spa_streq(factory->name, name));

	/* Larger than nothing, whatever the factory says. */
	host->handle = calloc(1, spa_handle_factory_get_size(factory, info) + 1u);
	r = spa_handle_factory_init(factory, host->handle, info, host->support,
				    SPA_N_ELEMENTS(host->support));
	if (r < 0) {
		free(host->handle);
		host->handle = NULL;
		return r;
	}
	r = spa_handle_get_interface(host->handle, SPA_TYPE_INTERFACE_Node, &iface);
	host->node = iface;
	return r;
}

int host_init(struct host *host, const char *n_tablets, const char *n_channels, uint32_t cpu_flags)
{
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PL_KEY_TABLETS, n_tablets),
		SPA_DICT_ITEM_INIT(PL_KEY_CHANNELS, n_channels),
	};
	int r;

	memset(host, 0, sizeof(*host));
	host->cpu_flags = cpu_flags;
	init_support(host);
	r = load(host, PL_FACTORY_MATRIX, &SPA_DICT_INIT_ARRAY(items));
	if (r < 0)
		return r;
	spa_atou32(n_tablets, &host->n_tablets, 10);
	spa_atou32(n_channels, &host->n_channels, 10);
	host->control = calloc(1, HOST_CONTROL_SIZE);
	host->page = calloc(1, sizeof(*host->page));
	spa_node_set_io(host->node, SPA_IO_Position, &host->position, sizeof(host->position));
	return spa_node_set_io(host->node, PL_IO_METERS, host->page, sizeof(*host->page));
}

int host_init_node(struct host *host, const char *factory, const struct spa_dict *info,
		   uint32_t n_audio, uint32_t cpu_flags)
{
	int r;

	memset(host, 0, sizeof(*host));
	host->cpu_flags = cpu_flags;
	init_support(host);
	r = load(host, factory, info);
	if (r < 0)
		return r;
	host->n_tablets = n_audio;
	host->control = calloc(1, HOST_CONTROL_SIZE);
	return spa_node_set_io(host->node, SPA_IO_Position, &host->position,
			       sizeof(host->position));
}

void host_done(struct host *host)
{
	if (host->handle)
		spa_handle_clear(host->handle);
	free(host->handle);
	for (uint32_t i = 0; i < HOST_PORTS_MAX; i++) {
		for (uint32_t b = 0; b < 2; b++) {
			free(host->in[i].samples[b]);
			free(host->out[i].samples[b]);
		}
	}
	free(host->control);
	free(host->page);
	if (host->library)
		dlclose(host->library);
}

static const struct spa_pod *build_format(struct spa_pod_builder *b, bool control)
{
	struct spa_audio_info_dsp dsp = SPA_AUDIO_INFO_DSP_INIT(.format = SPA_AUDIO_FORMAT_DSP_F32);

	if (!control)
		return spa_format_audio_dsp_build(b, SPA_PARAM_Format, &dsp);
	return spa_pod_builder_add_object(
		b, SPA_TYPE_OBJECT_Format, SPA_PARAM_Format, SPA_FORMAT_mediaType,
		SPA_POD_Id(SPA_MEDIA_TYPE_application), SPA_FORMAT_mediaSubtype,
		SPA_POD_Id(SPA_MEDIA_SUBTYPE_control));
}

static void make_buffers(struct host *host, struct host_port *p, bool control, bool output)
{
	for (uint32_t b = 0; b < 2; b++) {
		bool shared = control && !output;

		if (!shared && !p->samples[b])
			p->samples[b] = calloc(1, control ? HOST_CONTROL_SIZE
							  : HOST_QUANTUM_MAX * sizeof(float));
		p->datas[b] = (struct spa_data){
			.type = SPA_DATA_MemPtr,
			.maxsize = control ? HOST_CONTROL_SIZE : HOST_QUANTUM_MAX * sizeof(float),
			.data = shared ? (void *)host->control : p->samples[b],
			.chunk = &p->chunks[b],
		};
		p->buffers[b] = (struct spa_buffer){.n_datas = 1, .datas = &p->datas[b]};
		p->pointers[b] = &p->buffers[b];
	}
}

void host_link(struct host *host, enum spa_direction direction, uint32_t port, bool linked)
{
	struct host_port *p = direction == SPA_DIRECTION_INPUT ? &host->in[port] : &host->out[port];
	bool control = port == host->n_tablets + host->n_channels;
	uint8_t buffer[512];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));

	p->linked = linked;
	if (!linked) {
		spa_node_port_set_io(host->node, direction, port, SPA_IO_Buffers, NULL, 0);
		spa_node_port_set_param(host->node, direction, port, SPA_PARAM_Format, 0, NULL);
		return;
	}
	make_buffers(host, p, control, direction == SPA_DIRECTION_OUTPUT);
	p->io = SPA_IO_BUFFERS_INIT;
	spa_node_port_set_param(host->node, direction, port, SPA_PARAM_Format, 0,
				build_format(&b, control));
	spa_node_port_use_buffers(host->node, direction, port, 0, p->pointers, 2);
	spa_node_port_set_io(host->node, direction, port, SPA_IO_Buffers, &p->io, sizeof(p->io));
}

void host_link_all(struct host *host)
{
	uint32_t n = host->n_tablets + host->n_channels;

	for (uint32_t i = 0; i < n; i++) {
		host_link(host, SPA_DIRECTION_INPUT, i, true);
		host_link(host, SPA_DIRECTION_OUTPUT, i, true);
	}
	host_link(host, SPA_DIRECTION_INPUT, n, true);
}

int host_process(struct host *host, uint32_t n_frames, uint32_t rate_hz)
{
	uint32_t n_audio = host->n_tablets + host->n_channels;
	int r;

	host->position.clock.duration = n_frames;
	host->position.clock.rate = SPA_FRACTION(1, rate_hz);
	for (uint32_t i = 0; i <= n_audio; i++) {
		struct host_port *p = &host->in[i];
		bool control = i == n_audio;

		p->chunks[0] = (struct spa_chunk){
			.size = control ? host->control_size : n_frames * (uint32_t)sizeof(float),
			.flags = p->empty ? SPA_CHUNK_FLAG_EMPTY : 0,
		};
		p->io.buffer_id = 0;
		p->io.status = SPA_STATUS_HAVE_DATA;
	}
	r = spa_node_process(host->node);
	host->control_size = 0;
	for (uint32_t i = 0; i <= n_audio; i++) {
		struct host_port *p = &host->out[i];

		host->out_buffer[i] =
			p->io.status == SPA_STATUS_HAVE_DATA ? p->io.buffer_id : SPA_ID_INVALID;
		p->io.status = SPA_STATUS_NEED_DATA;
	}
	host->position.clock.position += n_frames;
	host->position.clock.nsec += (uint64_t)n_frames * SPA_NSEC_PER_SEC / rate_hz;
	host->position.clock.cycle++;
	return r;
}

const float *host_out(struct host *host, uint32_t port)
{
	struct host_port *p = &host->out[port];

	if (!p->linked || host->out_buffer[port] >= 2)
		return NULL;
	return p->samples[host->out_buffer[port]];
}

const void *host_events(struct host *host, uint32_t *ret_size)
{
	uint32_t port = host->n_tablets + host->n_channels;
	const float *data = host_out(host, port);

	*ret_size = data ? host->out[port].chunks[host->out_buffer[port]].size : 0;
	return data;
}

void host_props_begin(struct host_props *props)
{
	props->buffer = malloc(PROPS_SIZE);
	props->builder = SPA_POD_BUILDER_INIT(props->buffer, PROPS_SIZE);
	spa_pod_builder_push_object(&props->builder, &props->frames[0], SPA_TYPE_OBJECT_Props,
				    SPA_PARAM_Props);
	spa_pod_builder_prop(&props->builder, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&props->builder, &props->frames[1]);
}

void host_props_double(struct host_props *props, const char *name, double value)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_double(&props->builder, value);
}

void host_props_bool(struct host_props *props, const char *name, bool value)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_bool(&props->builder, value);
}

void host_props_bits(struct host_props *props, const char *name, uint64_t value)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_long(&props->builder, (int64_t)value);
}

void host_props_floats(struct host_props *props, const char *name, const float *values, uint32_t n)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_array(&props->builder, sizeof(float), SPA_TYPE_Float, n, values);
}

void host_props_doubles(struct host_props *props, const char *name, const double *values,
			uint32_t n)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_array(&props->builder, sizeof(double), SPA_TYPE_Double, n, values);
}

void host_props_longs(struct host_props *props, const char *name, const uint64_t *values,
		      uint32_t n)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_array(&props->builder, sizeof(uint64_t), SPA_TYPE_Long, n, values);
}

void host_props_ints(struct host_props *props, const char *name, const int32_t *values, uint32_t n)
{
	spa_pod_builder_string(&props->builder, name);
	spa_pod_builder_array(&props->builder, sizeof(int32_t), SPA_TYPE_Int, n, values);
}

int host_props_send(struct host *host, struct host_props *props)
{
	struct spa_pod *pod;
	int r;

	spa_pod_builder_pop(&props->builder, &props->frames[1]);
	pod = spa_pod_builder_pop(&props->builder, &props->frames[0]);
	r = spa_node_set_param(host->node, SPA_PARAM_Props, 0, pod);
	free(props->buffer);
	return r;
}

int host_set_double(struct host *host, const char *name, double value)
{
	struct host_props props;

	host_props_begin(&props);
	host_props_double(&props, name, value);
	return host_props_send(host, &props);
}

void host_control_begin(struct host_props *control)
{
	control->buffer = malloc(PROPS_SIZE);
	control->builder = SPA_POD_BUILDER_INIT(control->buffer, PROPS_SIZE);
	spa_pod_builder_push_sequence(&control->builder, &control->frames[0], 0);
}

void host_control_property(struct host_props *control, uint32_t offset, const char *name, bool held)
{
	struct spa_pod_frame frames[2];

	spa_pod_builder_control(&control->builder, offset, SPA_CONTROL_Properties);
	spa_pod_builder_push_object(&control->builder, &frames[0], SPA_TYPE_OBJECT_Props, 0);
	spa_pod_builder_prop(&control->builder, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&control->builder, &frames[1]);
	spa_pod_builder_string(&control->builder, name);
	spa_pod_builder_bool(&control->builder, held);
	spa_pod_builder_pop(&control->builder, &frames[1]);
	spa_pod_builder_pop(&control->builder, &frames[0]);
}

void host_control_key(struct host_props *control, uint32_t offset, uint32_t tablet,
		      uint32_t channel, bool held)
{
	char name[64];

	snprintf(name, sizeof(name), PL_PARAM_KEY_FMT, tablet, channel);
	host_control_property(control, offset, name, held);
}

void host_control_end(struct host *host, struct host_props *control)
{
	struct spa_pod *pod = spa_pod_builder_pop(&control->builder, &control->frames[0]);
	uint32_t size = pod ? (uint32_t)SPA_POD_SIZE(pod) : 0;

	if (pod && size <= HOST_CONTROL_SIZE) {
		memcpy(host->control, pod, size);
		host->control_size = size;
	}
	free(control->buffer);
}
