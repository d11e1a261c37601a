/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/utils/type.h>

#include <partyline/keys.h>

#include "control.h"
#include "factories.h"
#include "fpenv.h"
#include "gate.h"
#include "node.h"
#include "params.h"

/* The gate node: ports and parameters around struct pl_gate. */

SPA_LOG_TOPIC_DEFINE_STATIC(log_topic, "partyline.gate");
#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &log_topic

enum {
	VALUE_MODE,
	VALUE_THRESHOLD_DB,
	VALUE_ATTACK_MS,
	VALUE_RELEASE_MS,
	VALUE_HOLD_MS,
	VALUE_DEPTH_DB,
	VALUE_KEY,
	VALUE_MAX_,
};

static const char *const mode_words[] = {"ptt", "vox", "duck"};

static const struct pl_param params[VALUE_MAX_] = {
	[VALUE_MODE] = {PL_PARAM_GATE_MODE, "0 ptt, 1 vox, 2 duck", SPA_TYPE_Int, PL_GATE_MODE_PTT,
			0, PL_GATE_MODE_MAX_ - 1, mode_words},
	[VALUE_THRESHOLD_DB] = {PL_PARAM_GATE_THRESHOLD_DB, "Peak that acts, dBFS", SPA_TYPE_Double,
				PL_GATE_THRESHOLD_DB_DEFAULT, PL_GATE_THRESHOLD_DB_MIN,
				PL_GATE_THRESHOLD_DB_MAX, NULL},
	[VALUE_ATTACK_MS] = {PL_PARAM_GATE_ATTACK_MS, "Ramp to open or dim, ms", SPA_TYPE_Double,
			     PL_GATE_RAMP_MS_DEFAULT, PL_GATE_RAMP_MS_MIN, PL_GATE_RAMP_MS_MAX,
			     NULL},
	[VALUE_RELEASE_MS] = {PL_PARAM_GATE_RELEASE_MS, "Ramp back, ms", SPA_TYPE_Double,
			      PL_GATE_RAMP_MS_DEFAULT, PL_GATE_RAMP_MS_MIN, PL_GATE_RAMP_MS_MAX,
			      NULL},
	[VALUE_HOLD_MS] = {PL_PARAM_GATE_HOLD_MS, "How long a level acts on, ms", SPA_TYPE_Double,
			   PL_GATE_HOLD_MS_DEFAULT, PL_GATE_HOLD_MS_MIN, PL_GATE_HOLD_MS_MAX, NULL},
	[VALUE_DEPTH_DB] = {PL_PARAM_GATE_DEPTH_DB, "Gain while dimmed, dB", SPA_TYPE_Double,
			    PL_GATE_DEPTH_DB_DEFAULT, PL_GATE_DEPTH_DB_MIN, PL_GATE_DEPTH_DB_MAX,
			    NULL},
	[VALUE_KEY] = {PL_PARAM_GATE_KEY, "Key held", SPA_TYPE_Bool, 0, 0, 1, NULL},
};

enum {
	PORT_IN,
	PORT_SIDECHAIN,
	PORT_CONTROL,
	N_INPUTS,
};

struct impl {
	struct pl_node base; /* first: the handle is in it */

	double values[VALUE_MAX_]; /* main thread; the key lives on the data thread */
	_Atomic bool key;          /* data thread writes, any reads */
	_Atomic bool is_active;

	struct {
		double values[VALUE_MAX_];
		bool changed;
		uint32_t rate_hz;
		bool running; /* there has been a cycle: changes ramp */
		struct pl_gate gate;
		uint64_t n_bad_control;
	} rt; /* data thread */
};

static struct impl *impl_from(struct pl_node *node)
{
	return SPA_CONTAINER_OF(node, struct impl, base);
}

static uint32_t ms_to_frames(double ms, uint32_t rate_hz)
{
	double frames = round(ms * rate_hz / 1000.0);

	return frames < 1.0 ? 1u : (uint32_t)frames;
}

static float db_to_gain(double db)
{
	return (float)pow(10.0, db / 20.0);
}

/* Data thread, at the start of a block. */
static void apply_values(struct impl *impl)
{
	const double *values = impl->rt.values;
	uint32_t mode = (uint32_t)values[VALUE_MODE], rate_hz = impl->rt.rate_hz;
	bool duck = mode == PL_GATE_MODE_DUCK;
	struct pl_gate_settings settings = {
		.by_key = mode != PL_GATE_MODE_VOX,
		.by_level = mode != PL_GATE_MODE_PTT,
		.threshold = db_to_gain(values[VALUE_THRESHOLD_DB]),
		.idle = duck ? 1.0f : 0.0f,
		.active = duck ? db_to_gain(values[VALUE_DEPTH_DB]) : 1.0f,
		.attack_frames = ms_to_frames(values[VALUE_ATTACK_MS], rate_hz),
		.release_frames = ms_to_frames(values[VALUE_RELEASE_MS], rate_hz),
		.hold_frames = (uint64_t)round(values[VALUE_HOLD_MS] * rate_hz / 1000.0),
	};

	/* Before the first cycle there is nothing to ramp from. */
	if (!impl->rt.running)
		pl_gate_init(&impl->rt.gate, &settings);
	else
		pl_gate_set(&impl->rt.gate, &settings);
	pl_gate_set_key(&impl->rt.gate, atomic_load_explicit(&impl->key, memory_order_relaxed));
	impl->rt.changed = false;
	impl->rt.running = true;
}

static int do_swap(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size,
		   void *user_data)
{
	struct impl *impl = user_data;

	memcpy(impl->rt.values, impl->values, sizeof(impl->values));
	/* A message without the key leaves it to the control port. */
	if (impl->values[VALUE_KEY] >= 0.0)
		atomic_store_explicit(&impl->key, impl->values[VALUE_KEY] != 0.0,
				      memory_order_relaxed);
	impl->rt.changed = true;
	return 0;
}

static void default_values(double *values)
{
	for (uint32_t i = 0; i < VALUE_MAX_; i++)
		values[i] = params[i].def;
}

static int gate_set_props(struct pl_node *node, const struct spa_pod *props)
{
	struct impl *impl = impl_from(node);
	double values[VALUE_MAX_], old[VALUE_MAX_];
	char name[PL_POD_NAME_MAX];
	int r;

	if (props) {
		memcpy(values, impl->values, sizeof(values));
		values[VALUE_KEY] = -1.0;
		r = pl_params_parse(params, VALUE_MAX_, values, props, SPA_POD_SIZE(props), name);
		if (r < 0) {
			spa_log_warn(node->log, "%p: bad value for %s, message refused", impl,
				     name);
			return r;
		}
	} else {
		default_values(values);
	}
	memcpy(old, impl->values, sizeof(old));
	memcpy(impl->values, values, sizeof(values));
	r = pl_node_invoke(node, do_swap, impl);
	if (r < 0)
		memcpy(impl->values, old, sizeof(old));
	return r;
}

static int gate_build_param(struct pl_node *node, uint32_t id, uint32_t index,
			    struct spa_pod_builder *b, struct spa_pod **ret_param)
{
	struct impl *impl = impl_from(node);
	struct spa_pod_frame object, list;
	double values[VALUE_MAX_];

	if (id == SPA_PARAM_PropInfo)
		return pl_params_build_info(params, VALUE_MAX_, index, b, ret_param);
	if (index > 0)
		return 0;
	memcpy(values, impl->values, sizeof(values));
	values[VALUE_KEY] = atomic_load_explicit(&impl->key, memory_order_relaxed);
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &list);
	pl_params_build(params, VALUE_MAX_, values, b);
	spa_pod_builder_string(b, PL_PARAM_GATE_ACTIVE);
	spa_pod_builder_bool(b, atomic_load_explicit(&impl->is_active, memory_order_relaxed));
	spa_pod_builder_pop(b, &list);
	*ret_param = spa_pod_builder_pop(b, &object);
	return 1;
}

/** Stretch of a block between two key edges. */
static void process_part(struct impl *impl, float *dst, const float *src, const float *detector,
			 uint32_t offset, uint32_t end)
{
	float rest[64];

	while (offset < end) {
		uint32_t n = end - offset;

		/* Nobody takes the output: state and level go on all the same. */
		if (!dst && n > SPA_N_ELEMENTS(rest))
			n = SPA_N_ELEMENTS(rest);
		pl_gate_process(&impl->rt.gate, dst ? dst + offset : rest,
				src ? src + offset : NULL, detector ? detector + offset : NULL,
				PL_INPUT_MAX, n);
		offset += n;
	}
}

static bool get_key(const struct pl_control_property *property, bool *ret_held)
{
	double held;

	if (strcmp(property->name, PL_PARAM_GATE_KEY) != 0 ||
	    !pl_pod_get_number(&property->value, &held) || (held != 0.0 && held != 1.0))
		return false;
	*ret_held = held != 0.0;
	return true;
}

static void process_block(struct impl *impl, float *dst, const float *src, const float *side,
			  uint32_t cycle, uint32_t n_frames)
{
	struct pl_port *ports = impl->base.ports[SPA_DIRECTION_INPUT];
	bool vox = (uint32_t)impl->rt.values[VALUE_MODE] == PL_GATE_MODE_VOX;
	const float *detector = side || !vox ? side : src;
	struct pl_control control;
	struct pl_control_property property;
	uint32_t offset = 0, size = 0;
	const void *data = pl_port_take_control(&ports[PORT_CONTROL], cycle, &size);
	bool held;

	pl_control_init(&control, data, size, n_frames);
	while (pl_control_next(&control, &property)) {
		if (!get_key(&property, &held)) {
			impl->rt.n_bad_control++;
			continue;
		}
		process_part(impl, dst, src, detector, offset, property.offset);
		offset = property.offset;
		pl_gate_set_key(&impl->rt.gate, held);
		atomic_store_explicit(&impl->key, held, memory_order_relaxed);
	}
	impl->rt.n_bad_control += control.n_bad;
	process_part(impl, dst, src, detector, offset, n_frames);
}

static int gate_process(struct pl_node *node, uint32_t n_frames, uint32_t rate_hz)
{
	struct impl *impl = impl_from(node);
	uint32_t cycle = (uint32_t)node->rt.position->clock.cycle;
	struct pl_port *ports = node->ports[SPA_DIRECTION_INPUT];
	struct pl_port_output output = {0};
	const float *src, *side;
	bool wanted;
	uint64_t saved = pl_fpenv_enter();

	if (impl->rt.rate_hz != rate_hz || impl->rt.changed) {
		impl->rt.rate_hz = rate_hz;
		apply_values(impl);
	}
	src = pl_port_take_input(&ports[PORT_IN], cycle, n_frames);
	side = pl_port_take_input(&ports[PORT_SIDECHAIN], cycle, n_frames);
	wanted = pl_port_begin_output(node->ports[SPA_DIRECTION_OUTPUT], cycle, n_frames, &output);
	process_block(impl, wanted ? output.samples : NULL, src, side, cycle, n_frames);
	if (wanted)
		pl_port_end_output(&output, n_frames, src == NULL);
	atomic_store_explicit(&impl->is_active, impl->rt.gate.is_active, memory_order_relaxed);
	pl_fpenv_leave(saved);
	return SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA;
}

static const struct pl_node_ops gate_ops = {
	.process = gate_process,
	.build_param = gate_build_param,
	.set_props = gate_set_props,
};

static int gate_init(const struct spa_handle_factory *factory, struct spa_handle *handle,
		     const struct spa_dict *info, const struct spa_support *support,
		     uint32_t n_support)
{
	struct pl_port *inputs;
	struct impl *impl;
	int r;

	if (!factory || !handle)
		return -EINVAL;
	impl = SPA_CONTAINER_OF(handle, struct impl, base.handle);
	memset(impl, 0, sizeof(*impl));
	spa_log_topic_init(spa_support_find(support, n_support, SPA_TYPE_INTERFACE_Log),
			   &log_topic);
	default_values(impl->values);
	memcpy(impl->rt.values, impl->values, sizeof(impl->values));
	r = pl_node_init(&impl->base, &gate_ops, info, support, n_support, N_INPUTS, 1);
	if (r < 0) {
		pl_node_done(&impl->base);
		return r;
	}
	inputs = impl->base.ports[SPA_DIRECTION_INPUT];
	pl_port_init(&inputs[PORT_IN], SPA_DIRECTION_INPUT, PORT_IN, PL_PORT_KIND_AUDIO,
		     PL_PORT_GATE_IN);
	pl_port_init(&inputs[PORT_SIDECHAIN], SPA_DIRECTION_INPUT, PORT_SIDECHAIN,
		     PL_PORT_KIND_AUDIO, PL_PORT_GATE_SIDECHAIN);
	pl_port_init(&inputs[PORT_CONTROL], SPA_DIRECTION_INPUT, PORT_CONTROL, PL_PORT_KIND_CONTROL,
		     PL_PORT_CONTROL);
	pl_port_init(impl->base.ports[SPA_DIRECTION_OUTPUT], SPA_DIRECTION_OUTPUT, 0,
		     PL_PORT_KIND_AUDIO, PL_PORT_GATE_OUT);
	return 0;
}

static size_t gate_get_size(const struct spa_handle_factory *factory, const struct spa_dict *info)
{
	return sizeof(struct impl);
}

const struct spa_handle_factory pl_gate_factory = {
	.version = SPA_VERSION_HANDLE_FACTORY,
	.name = PL_FACTORY_GATE,
	.get_size = gate_get_size,
	.init = gate_init,
	.enum_interface_info = pl_node_enum_interface_info,
};
