/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>
#include <spa/utils/cleanup.h>
#include <spa/utils/string.h>
#include <spa/utils/type.h>

#include <partyline/keys.h>
#include <partyline/tones.h>

#include "factories.h"
#include "fpenv.h"
#include "node.h"
#include "tone-ear.h"
#include "tone-params.h"

/* The tone node: each input is copied to its output, listened to, and what is heard goes out as
 * events. Who listens for what is in tone-ear.c. */

SPA_LOG_TOPIC_DEFINE_STATIC(log_topic, "partyline.tone");
#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &log_topic

struct impl {
	struct pl_node base; /* first: the handle is in it */

	uint32_t n_ports;
	struct pl_tone_settings *settings; /* main thread; owned */
	char *targets;                     /* a copy of PL_KEY_TONE_TARGETS, cut into words */

	struct {
		struct pl_tone_rate *rate; /* owned */
		struct pl_tone_ear *ears;  /* n_ports, owned */
	} rt;                              /* data thread */
};

static struct impl *impl_from(struct pl_node *node)
{
	return SPA_CONTAINER_OF(node, struct impl, base);
}

/* --- data thread ------------------------------------------------------- */

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

/** The sequence of this cycle; builder.data is NULL when nobody is linked. */
struct events {
	struct pl_port_output output;
	struct spa_pod_builder builder;
	struct spa_pod_frame frame;
};

#define EVENTS_SIZE 65536u

static void begin_events(struct impl *impl, uint32_t cycle, struct events *events)
{
	struct pl_port *port = &impl->base.ports[SPA_DIRECTION_OUTPUT][impl->n_ports];
	bool linked =
		pl_port_begin_output(port, cycle, EVENTS_SIZE / sizeof(float), &events->output);

	events->builder = SPA_POD_BUILDER_INIT(linked ? events->output.samples : NULL, EVENTS_SIZE);
	if (linked)
		spa_pod_builder_push_sequence(&events->builder, &events->frame, 0);
}

static void end_events(struct events *events)
{
	if (!events->builder.data)
		return;
	spa_pod_builder_pop(&events->builder, &events->frame);
	pl_port_end_output(&events->output, events->builder.state.offset / sizeof(float), false);
	events->output.data->chunk->stride = 1;
}

/** Samples of the graph's clock. @param sample of the ear's detector */
static uint64_t position_of(const struct pl_tone_moment *moment, uint64_t sample)
{
	double position = moment->newest_position -
			  (double)(int64_t)(moment->newest_sample - sample) * moment->factor;

	return position > 0.0 ? (uint64_t)(position + 0.5) : 0;
}

static void tell(struct impl *impl, struct events *events, uint32_t offset, uint32_t port,
		 const struct pl_tone_hit *hit, const struct pl_tone_moment *moment)
{
	const struct spa_io_clock *clock = &impl->base.rt.position->clock;
	struct pl_tones_event event = {
		.port = port + 1u,
		.kind = (enum pl_tones_kind)hit->kind,
		.id = hit->id,
		.a_hz = (double)hit->a_hz,
		.b_hz = (double)hit->b_hz,
		.a_length_s = (double)hit->a_length_s,
		.b_length_s = (double)hit->b_length_s,
		.level_db = (double)hit->level_db,
		.begin_position = position_of(moment, hit->begin),
		.end_position = hit->end ? position_of(moment, hit->end) : 0,
	};
	double ago = (double)clock->position -
		     (double)(hit->end ? event.end_position : event.begin_position);

	if (!events->builder.data ||
	    events->builder.state.offset + PL_TONES_EVENT_SIZE > EVENTS_SIZE)
		return;
	ago *= (double)SPA_NSEC_PER_SEC / clock->rate.denom;
	event.nsec = (double)clock->nsec > ago ? clock->nsec - (uint64_t)(int64_t)ago : 0;
	pl_tones_encode(&events->builder, offset, &event);
}

SPA_STATIC_ASSERT((int)PL_TONES_DIGIT == (int)PL_TONE_KIND_DIGIT &&
		  (int)PL_TONES_DIGIT_END == (int)PL_TONE_KIND_DIGIT_END &&
		  (int)PL_TONES_TWO_TONE == (int)PL_TONE_KIND_TWO_TONE &&
		  (int)PL_TONES_LONG == (int)PL_TONE_KIND_LONG &&
		  (int)PL_TONES_NEW_PAIR == (int)PL_TONE_KIND_NEW_PAIR);

/** Piece by piece, so that events come in the order of their offsets. */
static void listen(struct impl *impl, const float *const *inputs, uint32_t n_frames,
		   struct events *events)
{
	uint32_t piece = pl_tone_rate_piece(impl->rt.rate);
	uint64_t position = impl->base.rt.position->clock.position;

	for (uint32_t offset = 0; offset < n_frames; offset += piece) {
		uint32_t n = SPA_MIN(piece, n_frames - offset);

		for (uint32_t i = 0; i < impl->n_ports; i++) {
			struct pl_tone_hit hits[PL_TONE_HITS_MAX];
			struct pl_tone_moment moments[PL_TONE_HITS_MAX];
			uint32_t n_hits;

			n_hits = pl_tone_ear_run(&impl->rt.ears[i], impl->rt.rate,
						 inputs[i] ? inputs[i] + offset : NULL, n,
						 position + offset, hits, moments);
			for (uint32_t k = 0; k < n_hits; k++)
				tell(impl, events, offset + n - 1u, i, &hits[k], &moments[k]);
		}
	}
}

static int tone_process(struct pl_node *node, uint32_t n_frames, uint32_t rate_hz)
{
	struct impl *impl = impl_from(node);
	uint32_t cycle = (uint32_t)node->rt.position->clock.cycle;
	const float *inputs[PL_TONE_PORTS_MAX] = {NULL};
	struct events events;
	uint64_t saved = pl_fpenv_enter();

	if (impl->rt.rate->hz != rate_hz) {
		pl_tone_rate_init(impl->rt.rate, rate_hz, node->cpu_flags);
		for (uint32_t i = 0; i < impl->n_ports; i++)
			pl_tone_ear_start(&impl->rt.ears[i], impl->rt.rate);
	}
	begin_events(impl, cycle, &events);
	for (uint32_t i = 0; i < impl->n_ports; i++) {
		inputs[i] =
			pl_port_take_input(&node->ports[SPA_DIRECTION_INPUT][i], cycle, n_frames);
		pass(&node->ports[SPA_DIRECTION_OUTPUT][i], cycle, inputs[i], n_frames);
	}
	listen(impl, inputs, n_frames, &events);
	end_events(&events);
	pl_fpenv_leave(saved);
	return SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA;
}

/* --- main thread ------------------------------------------------------- */

struct swap_args {
	struct impl *impl;
	struct pl_tone_change *changes; /* n_ports; what was replaced is in them afterwards */
};

static int do_swap(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size,
		   void *user_data)
{
	const struct swap_args *args = user_data;
	struct impl *impl = args->impl;

	for (uint32_t i = 0; i < impl->n_ports; i++)
		pl_tone_ear_swap(&impl->rt.ears[i], impl->rt.rate, &args->changes[i]);
	return 0;
}

/** Bring the ears from the present settings to these. */
static int apply(struct impl *impl, const struct pl_tone_settings *settings)
{
	struct swap_args args = {.impl = impl};
	int r = 0;

	args.changes = calloc(impl->n_ports, sizeof(*args.changes));
	if (!args.changes)
		return -ENOMEM;
	for (uint32_t i = 0; r >= 0 && i < impl->n_ports; i++)
		r = pl_tone_change_init(&args.changes[i], impl->settings, settings, i + 1u);
	if (r >= 0)
		r = pl_node_invoke(&impl->base, do_swap, &args);
	for (uint32_t i = 0; i < impl->n_ports; i++)
		pl_tone_change_done(&args.changes[i]);
	free(args.changes);
	return r;
}

static int tone_set_props(struct pl_node *node, const struct spa_pod *props)
{
	struct impl *impl = impl_from(node);
	struct pl_tone_settings *settings = calloc(1, sizeof(*settings));
	char name[PL_POD_NAME_MAX];
	int r = 0;

	if (!settings)
		return -ENOMEM;
	settings->n_ports = impl->n_ports;
	if (props) {
		*settings = *impl->settings;
		r = pl_tone_params_parse(settings, props, SPA_POD_SIZE(props), name);
		if (r < 0)
			spa_log_warn(node->log, "%p: bad value for %s, message refused", impl,
				     name);
	}
	if (r >= 0)
		r = apply(impl, settings);
	if (r >= 0)
		SPA_SWAP(settings, impl->settings);
	free(settings);
	return r;
}

static int tone_build_param(struct pl_node *node, uint32_t id, uint32_t index,
			    struct spa_pod_builder *b, struct spa_pod **ret_param)
{
	if (id == SPA_PARAM_PropInfo)
		return pl_tone_params_build_info(index, b, ret_param);
	if (index > 0)
		return 0;
	*ret_param = pl_tone_params_build(impl_from(node)->settings, b);
	return 1;
}

static void tone_done(struct pl_node *node)
{
	struct impl *impl = impl_from(node);

	for (uint32_t i = 0; impl->rt.ears && i < impl->n_ports; i++)
		pl_tone_ear_done(&impl->rt.ears[i]);
	free(spa_steal_ptr(impl->rt.ears));
	free(spa_steal_ptr(impl->rt.rate));
	free(spa_steal_ptr(impl->settings));
	free(spa_steal_ptr(impl->targets));
}

static const struct pl_node_ops tone_ops = {
	.process = tone_process,
	.build_param = tone_build_param,
	.set_props = tone_set_props,
	.done = tone_done,
};

static void init_ports(struct impl *impl)
{
	char *next = NULL;
	char *target = impl->targets ? strtok_r(impl->targets, " ", &next) : NULL;
	char name[32];

	for (uint32_t i = 0; i < impl->n_ports; i++) {
		struct pl_port *in = &impl->base.ports[SPA_DIRECTION_INPUT][i];

		snprintf(name, sizeof(name), PL_PORT_TONE_IN_FMT, i + 1u);
		pl_port_init(in, SPA_DIRECTION_INPUT, i, PL_PORT_KIND_AUDIO, name);
		if (target) {
			pl_port_set_property(in, PL_KEY_PORT_TARGET, target);
			target = strtok_r(NULL, " ", &next);
		}
		snprintf(name, sizeof(name), PL_PORT_TONE_OUT_FMT, i + 1u);
		pl_port_init(&impl->base.ports[SPA_DIRECTION_OUTPUT][i], SPA_DIRECTION_OUTPUT, i,
			     PL_PORT_KIND_AUDIO, name);
	}
	pl_port_init(&impl->base.ports[SPA_DIRECTION_OUTPUT][impl->n_ports], SPA_DIRECTION_OUTPUT,
		     impl->n_ports, PL_PORT_KIND_CONTROL, PL_PORT_TONE_EVENTS);
}

static int init_state(struct impl *impl, const struct spa_dict *info)
{
	const char *targets = info ? spa_dict_lookup(info, PL_KEY_TONE_TARGETS) : NULL;

	impl->settings = calloc(1, sizeof(*impl->settings));
	impl->rt.rate = calloc(1, sizeof(*impl->rt.rate));
	impl->rt.ears = calloc(impl->n_ports, sizeof(*impl->rt.ears));
	impl->targets = targets ? strdup(targets) : NULL;
	if (!impl->settings || !impl->rt.rate || !impl->rt.ears || (targets && !impl->targets))
		return -ENOMEM;
	impl->settings->n_ports = impl->n_ports;
	for (uint32_t i = 0; i < impl->n_ports; i++)
		impl->rt.ears[i].stagger = i;
	return 0;
}

static int tone_init(const struct spa_handle_factory *factory, struct spa_handle *handle,
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
	r = pl_node_read_ports(log, info, PL_KEY_TONE_PORTS, PL_TONE_PORTS_MAX, &impl->n_ports);
	if (r < 0)
		return r;
	r = pl_node_init(&impl->base, &tone_ops, info, support, n_support, impl->n_ports,
			 impl->n_ports + 1u);
	if (r >= 0)
		r = init_state(impl, info);
	if (r < 0) {
		pl_node_done(&impl->base);
		return r;
	}
	init_ports(impl);
	return 0;
}

static size_t tone_get_size(const struct spa_handle_factory *factory, const struct spa_dict *info)
{
	return sizeof(struct impl);
}

const struct spa_handle_factory pl_tone_factory = {
	.version = SPA_VERSION_HANDLE_FACTORY,
	.name = PL_FACTORY_TONE,
	.get_size = tone_get_size,
	.init = tone_init,
	.enum_interface_info = pl_node_enum_interface_info,
};
