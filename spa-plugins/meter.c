/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/utils/cleanup.h>
#include <spa/utils/string.h>
#include <spa/utils/type.h>

#include <partyline/keys.h>
#include <partyline/meter-node.h>

#include "factories.h"
#include "fpenv.h"
#include "kernels.h"
#include "meter.h"
#include "node.h"
#include "params.h"
#include "true-peak.h"

/* The meter node: each input is copied to its output and measured. */

SPA_LOG_TOPIC_DEFINE_STATIC(log_topic, "partyline.meter");
#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &log_topic

/** samples that are measured at a time */
#define CHUNK PL_TRUE_PEAK_CHUNK
SPA_STATIC_ASSERT(CHUNK <= PL_CHUNK);

enum {
	VALUE_TRUE_PEAK,
	VALUE_RESET,
	VALUE_MAX_,
};

static const struct pl_param params[VALUE_MAX_] = {
	[VALUE_TRUE_PEAK] = {PL_PARAM_METER_TRUE_PEAK, "Measure true peak too", SPA_TYPE_Bool, 0, 0,
			     1, NULL},
	[VALUE_RESET] = {PL_PARAM_METER_RESET, "Another value empties holds and maxima",
			 SPA_TYPE_Long, 0, 0, PL_PARAM_LONG_MAX, NULL},
};

struct channel {
	struct pl_meter meter;
	struct pl_true_peak filter;
	float true_peak;     /* of the frame so far */
	float true_peak_max; /* since the reset */
	float true_peak_last;
};

struct impl {
	struct pl_node base; /* first: the handle is in it */

	uint32_t n_ports;
	const struct pl_kernels *kernels;
	double values[VALUE_MAX_];     /* main thread */
	struct pl_meter_node_area own; /* always written, for Props */

	struct {
		bool true_peak;
		uint32_t rate_hz;
		struct pl_meter_frame frame;
		uint32_t frame_left;
		uint64_t n_frames;
		uint64_t n_bad_samples;
		struct pl_meter_node_area *area; /* the host's; NULL: none */
		struct channel channels[PL_METER_PORTS_MAX];
		float *scratch; /* PL_CHUNK_STRIDE, owned */
	} rt;                   /* data thread */
};

static struct impl *impl_from(struct pl_node *node)
{
	return SPA_CONTAINER_OF(node, struct impl, base);
}

/* --- data thread ------------------------------------------------------- */

static void reset_channels(struct impl *impl)
{
	memset(impl->rt.channels, 0, sizeof(impl->rt.channels));
}

static void set_rate(struct impl *impl, uint32_t rate_hz)
{
	impl->rt.rate_hz = rate_hz;
	pl_meter_frame_init(&impl->rt.frame, rate_hz);
	impl->rt.frame_left = impl->rt.frame.n_frames;
	reset_channels(impl);
}

static void measure(struct impl *impl, struct channel *channel, const float *src, uint32_t n)
{
	struct pl_level level;
	float peak;

	/* Whole vectors are worked on: the rest of the last one is zero. */
	memset(impl->rt.scratch + n, 0, (PL_CHUNK_STRIDE - n) * sizeof(float));
	if (src) {
		impl->rt.n_bad_samples += impl->kernels->sanitise(impl->rt.scratch, src, n, &level);
		pl_meter_add(&channel->meter, &level);
	} else {
		memset(impl->rt.scratch, 0, n * sizeof(float));
	}
	if (!impl->rt.true_peak)
		return;
	peak = pl_true_peak_process(&channel->filter, impl->rt.scratch, n);
	channel->true_peak = fmaxf(channel->true_peak, peak);
	channel->true_peak_max = fmaxf(channel->true_peak_max, peak);
}

static void finish_frame(struct impl *impl)
{
	for (uint32_t i = 0; i < impl->n_ports; i++) {
		struct channel *channel = &impl->rt.channels[i];

		pl_meter_finish(&channel->meter, &impl->rt.frame);
		channel->true_peak_last = channel->true_peak;
		channel->true_peak = 0.0f;
	}
	impl->rt.frame_left = impl->rt.frame.n_frames;
	impl->rt.n_frames++;
}

static void measure_all(struct impl *impl, const float *const *inputs, uint32_t n_frames)
{
	uint32_t offset = 0;

	while (offset < n_frames) {
		uint32_t n = SPA_MIN(n_frames - offset, CHUNK);

		n = n < impl->rt.frame_left ? n : impl->rt.frame_left;
		for (uint32_t i = 0; i < impl->n_ports; i++)
			measure(impl, &impl->rt.channels[i], inputs[i] ? inputs[i] + offset : NULL,
				n);
		offset += n;
		impl->rt.frame_left -= n;
		if (impl->rt.frame_left == 0)
			finish_frame(impl);
	}
}

static void write_area(struct impl *impl, struct pl_meter_node_area *area)
{
	const struct spa_io_position *position = impl->base.rt.position;

	pl_meter_node_write_begin(area);
	area->data.clock_nsec = position->clock.nsec;
	area->data.position = position->clock.position;
	area->data.n_frames = impl->rt.n_frames;
	area->data.n_bad_samples = impl->rt.n_bad_samples;
	area->data.rate_hz = impl->rt.rate_hz;
	area->data.true_peak = impl->rt.true_peak;
	for (uint32_t i = 0; i < impl->n_ports; i++) {
		const struct channel *channel = &impl->rt.channels[i];

		area->data.point[i] = (struct pl_meter_node_point){
			.level = channel->meter.point,
			.true_peak = channel->true_peak_last,
			.true_peak_max = channel->true_peak_max,
		};
	}
	pl_meter_node_write_end(area);
}

static void pass(struct pl_port *port, uint32_t cycle, const float *src, uint32_t n_frames)
{
	struct pl_port_output output;

	if (!pl_port_begin_output(port, cycle, n_frames, &output))
		return;
	if (src)
		memcpy(output.samples, src, n_frames * sizeof(float));
	else
		memset(output.samples, 0, n_frames * sizeof(float));
	pl_port_end_output(&output, n_frames, src == NULL);
}

static int meter_process(struct pl_node *node, uint32_t n_frames, uint32_t rate_hz)
{
	struct impl *impl = impl_from(node);
	uint32_t cycle = (uint32_t)node->rt.position->clock.cycle;
	const float *inputs[PL_METER_PORTS_MAX] = {NULL};
	uint64_t saved = pl_fpenv_enter();

	if (impl->rt.rate_hz != rate_hz)
		set_rate(impl, rate_hz);
	for (uint32_t i = 0; i < impl->n_ports; i++) {
		inputs[i] =
			pl_port_take_input(&node->ports[SPA_DIRECTION_INPUT][i], cycle, n_frames);
		pass(&node->ports[SPA_DIRECTION_OUTPUT][i], cycle, inputs[i], n_frames);
	}
	measure_all(impl, inputs, n_frames);
	write_area(impl, &impl->own);
	if (impl->rt.area)
		write_area(impl, impl->rt.area);
	pl_fpenv_leave(saved);
	return SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA;
}

/* --- main thread ------------------------------------------------------- */

struct swap_args {
	struct impl *impl;
	const double *values;
};

static int do_swap(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size,
		   void *user_data)
{
	const struct swap_args *args = user_data;
	struct impl *impl = args->impl;
	bool true_peak = args->values[VALUE_TRUE_PEAK] != 0.0;

	if (args->values[VALUE_RESET] != impl->values[VALUE_RESET])
		reset_channels(impl);
	/* The filters have not followed the signal meanwhile. */
	for (uint32_t i = 0; true_peak && !impl->rt.true_peak && i < impl->n_ports; i++)
		impl->rt.channels[i].filter = (struct pl_true_peak){0};
	impl->rt.true_peak = true_peak;
	return 0;
}

static int meter_set_props(struct pl_node *node, const struct spa_pod *props)
{
	struct impl *impl = impl_from(node);
	double values[VALUE_MAX_] = {0};
	struct swap_args args = {.impl = impl, .values = values};
	char name[PL_POD_NAME_MAX];
	int r;

	if (props) {
		memcpy(values, impl->values, sizeof(values));
		r = pl_params_parse(params, VALUE_MAX_, values, props, SPA_POD_SIZE(props), name);
		if (r < 0) {
			spa_log_warn(node->log, "%p: bad value for %s, message refused", impl,
				     name);
			return r;
		}
	}
	r = pl_node_invoke(node, do_swap, &args);
	if (r >= 0)
		memcpy(impl->values, values, sizeof(values));
	return r;
}

/** @param value of the first port; the others lie sizeof(struct pl_meter_node_point) apart */
static void build_db(struct spa_pod_builder *b, const char *name, const float *value, uint32_t n)
{
	struct spa_pod_frame frame;

	spa_pod_builder_string(b, name);
	spa_pod_builder_push_array(b, &frame);
	for (uint32_t i = 0; i < n; i++) {
		const float *linear =
			SPA_PTROFF(value, i * sizeof(struct pl_meter_node_point), const float);

		spa_pod_builder_float(
			b, (float)fmax(PL_METERS_DB_MIN, 20.0 * log10((double)*linear + 1e-300)));
	}
	spa_pod_builder_pop(b, &frame);
}

static int meter_build_param(struct pl_node *node, uint32_t id, uint32_t index,
			     struct spa_pod_builder *b, struct spa_pod **ret_param)
{
	struct impl *impl = impl_from(node);
	struct spa_pod_frame object, list;
	struct pl_meter_node_data data = {0};
	const struct pl_meter_node_point *point = &data.point[0];

	if (id == SPA_PARAM_PropInfo)
		return pl_params_build_info(params, VALUE_MAX_, index, b, ret_param);
	if (index > 0)
		return 0;
	if (pl_meter_node_read(&impl->own, &data) < 0)
		return -EAGAIN;
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &list);
	pl_params_build(params, VALUE_MAX_, impl->values, b);
	build_db(b, PL_PARAM_METER_RMS_DB, &point->level.rms, impl->n_ports);
	build_db(b, PL_PARAM_METER_PEAK_DB, &point->level.peak, impl->n_ports);
	build_db(b, PL_PARAM_METER_PEAK_HOLD_DB, &point->level.peak_hold, impl->n_ports);
	build_db(b, PL_PARAM_METER_TRUE_PEAK_DB, &point->true_peak, impl->n_ports);
	build_db(b, PL_PARAM_METER_TRUE_PEAK_MAX_DB, &point->true_peak_max, impl->n_ports);
	spa_pod_builder_pop(b, &list);
	*ret_param = spa_pod_builder_pop(b, &object);
	return 1;
}

struct area_args {
	struct impl *impl;
	struct pl_meter_node_area *area;
};

static int do_set_area(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
		       size_t size, void *user_data)
{
	const struct area_args *args = user_data;

	args->impl->rt.area = args->area;
	return 0;
}

static void init_area(struct impl *impl, struct pl_meter_node_area *area)
{
	area->magic = PL_METER_NODE_MAGIC;
	area->version = PL_METER_NODE_VERSION;
	area->size = sizeof(*area);
	area->n_ports = impl->n_ports;
}

static int meter_set_io(struct pl_node *node, uint32_t id, void *data, size_t size)
{
	struct area_args args = {.impl = impl_from(node), .area = data};

	if (id != PL_IO_METER_NODE)
		return -ENOENT;
	if (data && size < sizeof(struct pl_meter_node_area))
		return -ENOSPC;
	if (data)
		init_area(args.impl, data);
	return pl_node_invoke(node, do_set_area, &args);
}

static void meter_done(struct pl_node *node)
{
	free(spa_steal_ptr(impl_from(node)->rt.scratch));
}

static const struct pl_node_ops meter_ops = {
	.process = meter_process,
	.build_param = meter_build_param,
	.set_props = meter_set_props,
	.set_io = meter_set_io,
	.done = meter_done,
};

static void init_ports(struct impl *impl)
{
	char name[32];

	for (uint32_t i = 0; i < impl->n_ports; i++) {
		snprintf(name, sizeof(name), PL_PORT_METER_IN_FMT, i + 1u);
		pl_port_init(&impl->base.ports[SPA_DIRECTION_INPUT][i], SPA_DIRECTION_INPUT, i,
			     PL_PORT_KIND_AUDIO, name);
		snprintf(name, sizeof(name), PL_PORT_METER_OUT_FMT, i + 1u);
		pl_port_init(&impl->base.ports[SPA_DIRECTION_OUTPUT][i], SPA_DIRECTION_OUTPUT, i,
			     PL_PORT_KIND_AUDIO, name);
	}
}

static int meter_init(const struct spa_handle_factory *factory, struct spa_handle *handle,
		      const struct spa_dict *info, const struct spa_support *support,
		      uint32_t n_support)
{
	struct spa_log *log = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_Log);
	struct impl *impl;
	int r;

	if (!factory || !handle)
		return -EINVAL;
	impl = SPA_CONTAINER_OF(handle, struct impl, base.handle);
	memset(impl, 0, sizeof(*impl));
	spa_log_topic_init(log, &log_topic);
	r = pl_node_read_ports(log, info, PL_KEY_METER_PORTS, PL_METER_PORTS_MAX, &impl->n_ports);
	if (r < 0)
		return r;
	r = pl_node_init(&impl->base, &meter_ops, info, support, n_support, impl->n_ports,
			 impl->n_ports);
	/* The handle's own memory has no such alignment. */
	if (r >= 0) {
		impl->rt.scratch = aligned_alloc(PL_KERNEL_ALIGN, PL_CHUNK_STRIDE * sizeof(float));
		r = impl->rt.scratch ? 0 : -ENOMEM;
	}
	if (r < 0) {
		pl_node_done(&impl->base);
		return r;
	}
	init_ports(impl);
	init_area(impl, &impl->own);
	impl->kernels = pl_kernels_find(impl->base.cpu_flags);
	return 0;
}

static size_t meter_get_size(const struct spa_handle_factory *factory, const struct spa_dict *info)
{
	return sizeof(struct impl);
}

const struct spa_handle_factory pl_meter_factory = {
	.version = SPA_VERSION_HANDLE_FACTORY,
	.name = PL_FACTORY_METER,
	.get_size = meter_get_size,
	.init = meter_init,
	.enum_interface_info = pl_node_enum_interface_info,
};
