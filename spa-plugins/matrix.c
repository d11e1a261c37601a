/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/utils/cleanup.h>
#include <spa/utils/string.h>

#include <partyline/keys.h>
#include <partyline/meters.h>

#include "factories.h"
#include "matrix-edges.h"
#include "matrix-params.h"
#include "mixer.h"
#include "node.h"

/* The matrix node: ports and parameters around struct pl_mixer. */

SPA_LOG_TOPIC_DEFINE_STATIC(log_topic, "partyline.matrix");
#undef SPA_LOG_TOPIC_DEFAULT
#define SPA_LOG_TOPIC_DEFAULT &log_topic

/** key events of one cycle */
#define EVENTS_MAX 1024u

/** Hz, until the first cycle tells the graph's rate */
#define RATE_GUESS_HZ 48000u

struct impl {
	struct pl_node base; /* first: the handle is in it */

	uint32_t n_tablets;
	uint32_t n_channels;
	uint32_t rate_hz; /* main thread: the rate that new targets are made for */
	struct pl_matrix_settings settings; /* main thread */
	struct pl_matrix_targets *targets;  /* owned by main, used by data until swapped */
	struct pl_mixer *mixer;             /* data thread, but for its keys */

	struct {
		struct pl_meters_page *page;
		uint64_t n_cycles;
		uint64_t n_bad_control;
		struct pl_mixer_event events[EVENTS_MAX];
		struct pl_matrix_edges edges;
		struct pl_mixer_block block;
		struct pl_port_output outputs[PL_TABLETS_MAX + PL_CHANNELS_MAX];
	} rt; /* data thread */
};

static struct impl *impl_from(struct pl_node *node)
{
	return SPA_CONTAINER_OF(node, struct impl, base);
}

struct swap_args {
	struct impl *impl;
	struct pl_matrix_targets *targets;
	const struct pl_matrix_update *update;
};

/** What an update says of one tablet's keys: at the next block, or on their sample. */
static void move_keys(struct impl *impl, const struct pl_matrix_update *update, uint32_t t)
{
	uint64_t now = update->key_mask[t];

	if (!now)
		return;
	for (uint64_t left = update->keys_nsec ? update->timed_mask[t] : 0; left;
	     left &= left - 1u) {
		uint32_t c = (uint32_t)__builtin_ctzll(left);

		if (pl_matrix_edges_add(&impl->rt.edges, update->keys_nsec, t, c,
					(update->keys[t] >> c) & 1u))
			now &= ~(UINT64_C(1) << c);
	}
	pl_matrix_edges_drop(&impl->rt.edges, t, now);
	if (now)
		pl_mixer_set_keys(impl->mixer, t, now, update->keys[t]);
}

static int do_swap(struct spa_loop *loop, bool async, uint32_t seq, const void *data, size_t size,
		   void *user_data)
{
	const struct swap_args *args = user_data;
	struct impl *impl = args->impl;

	/* The main thread waits: it may read this afterwards. */
	if (pl_mixer_rate(impl->mixer))
		impl->rate_hz = pl_mixer_rate(impl->mixer);
	pl_mixer_set_targets(impl->mixer, args->targets);
	for (uint32_t t = 0; t < impl->n_tablets; t++)
		move_keys(impl, args->update, t);
	return 0;
}

/** All of an update or, after an error, nothing. */
static int apply_update(struct impl *impl, const struct pl_matrix_update *update)
{
	struct pl_matrix_targets *targets;
	struct swap_args args = {.impl = impl, .update = update};
	int r;

	r = pl_matrix_targets_new(&update->settings, impl->rate_hz, &targets);
	if (r < 0)
		return r;
	args.targets = targets;
	r = pl_node_invoke(&impl->base, do_swap, &args);
	if (r < 0) {
		pl_matrix_targets_free(targets);
		return r;
	}
	pl_matrix_targets_free(impl->targets);
	impl->targets = targets;
	impl->settings = update->settings;
	return 0;
}

static int matrix_set_props(struct pl_node *node, const struct spa_pod *props)
{
	struct impl *impl = impl_from(node);
	struct pl_matrix_update *update;
	char name[PL_POD_NAME_MAX];
	int r;

	update = calloc(1, sizeof(*update));
	if (!update)
		return -ENOMEM;
	pl_matrix_update_init(update, &impl->settings);
	if (props) {
		r = pl_matrix_params_parse(update, props, SPA_POD_SIZE(props), name);
		if (r < 0)
			spa_log_warn(node->log, "%p: bad value for %s, message refused", impl,
				     name);
	} else {
		pl_matrix_settings_init(&update->settings, impl->n_tablets, impl->n_channels);
		memset(update->key_mask, 0xff, sizeof(update->key_mask));
		r = 0;
	}
	if (r >= 0)
		r = apply_update(impl, update);
	free(update);
	return r;
}

static int matrix_build_param(struct pl_node *node, uint32_t id, uint32_t index,
			      struct spa_pod_builder *builder, struct spa_pod **ret_param)
{
	struct impl *impl = impl_from(node);
	uint64_t keys[PL_TABLETS_MAX];

	if (id == SPA_PARAM_PropInfo)
		return pl_matrix_params_build_info(index, builder, ret_param);
	if (index > 0)
		return 0;
	for (uint32_t t = 0; t < impl->n_tablets; t++)
		keys[t] = pl_mixer_keys(impl->mixer, t);
	*ret_param = pl_matrix_params_build(&impl->settings, keys, builder);
	return 1;
}

struct page_args {
	struct impl *impl;
	struct pl_meters_page *page;
};

static int do_set_page(struct spa_loop *loop, bool async, uint32_t seq, const void *data,
		       size_t size, void *user_data)
{
	const struct page_args *args = user_data;

	args->impl->rt.page = args->page;
	return 0;
}

static int matrix_set_io(struct pl_node *node, uint32_t id, void *data, size_t size)
{
	struct page_args args = {.impl = impl_from(node), .page = data};

	if (id != PL_IO_METERS)
		return -ENOENT;
	if (data && size < sizeof(struct pl_meters_page))
		return -ENOSPC;
	return pl_node_invoke(node, do_set_page, &args);
}

static void write_meters(struct impl *impl)
{
	struct pl_meters_page *page = impl->rt.page;
	const struct spa_io_position *position = impl->base.rt.position;

	if (!page)
		return;
	pl_meters_write_begin(page);
	page->data.clock_nsec = position->clock.nsec;
	page->data.position = position->clock.position;
	page->data.n_cycles = impl->rt.n_cycles;
	page->data.n_bad_control = impl->rt.n_bad_control;
	pl_mixer_read_meters(impl->mixer, &page->data);
	pl_meters_write_end(page);
}

static void take_inputs(struct impl *impl, uint32_t cycle, uint32_t n_frames)
{
	struct pl_port *ports = impl->base.ports[SPA_DIRECTION_INPUT];
	struct pl_mixer_block *block = &impl->rt.block;
	uint32_t n_audio = impl->n_tablets + impl->n_channels, size = 0, n_bad;
	const void *control;

	for (uint32_t t = 0; t < impl->n_tablets; t++)
		block->talk[t] = pl_port_take_input(&ports[t], cycle, n_frames);
	for (uint32_t c = 0; c < impl->n_channels; c++) {
		block->channel_in[c] =
			pl_port_take_input(&ports[impl->n_tablets + c], cycle, n_frames);
	}
	control = pl_port_take_control(&ports[n_audio], cycle, &size);
	block->n_events = pl_matrix_params_parse_control(control, size, n_frames, impl->n_tablets,
							 impl->n_channels, impl->rt.events,
							 EVENTS_MAX, &n_bad);
	block->n_events =
		pl_matrix_edges_take(&impl->rt.edges, impl->base.rt.position->clock.nsec, n_frames,
				     block->rate_hz, impl->rt.events, block->n_events, EVENTS_MAX);
	block->events = impl->rt.events;
	impl->rt.n_bad_control += n_bad;
}

static void begin_outputs(struct impl *impl, uint32_t cycle, uint32_t n_frames)
{
	struct pl_port *ports = impl->base.ports[SPA_DIRECTION_OUTPUT];
	struct pl_mixer_block *block = &impl->rt.block;

	for (uint32_t i = 0; i < impl->n_tablets + impl->n_channels; i++) {
		struct pl_port_output *output = &impl->rt.outputs[i];
		bool wanted = pl_port_begin_output(&ports[i], cycle, n_frames, output);
		float *samples = wanted ? output->samples : NULL;

		if (!wanted)
			output->io = NULL;
		if (i < impl->n_tablets)
			block->listen[i] = samples;
		else
			block->channel_out[i - impl->n_tablets] = samples;
	}
}

static void end_outputs(struct impl *impl, uint32_t n_frames)
{
	const struct pl_mixer_block *block = &impl->rt.block;

	for (uint32_t i = 0; i < impl->n_tablets + impl->n_channels; i++) {
		bool silent = i < impl->n_tablets
				      ? (block->listen_silent >> i) & 1u
				      : (block->channel_out_silent >> (i - impl->n_tablets)) & 1u;

		if (impl->rt.outputs[i].io)
			pl_port_end_output(&impl->rt.outputs[i], n_frames, silent);
	}
}

static int matrix_process(struct pl_node *node, uint32_t n_frames, uint32_t rate_hz)
{
	struct impl *impl = impl_from(node);
	uint32_t cycle = (uint32_t)node->rt.position->clock.cycle;

	impl->rt.block.n_frames = n_frames;
	impl->rt.block.rate_hz = rate_hz;
	impl->rt.block.meter_all = impl->rt.page != NULL;
	take_inputs(impl, cycle, n_frames);
	begin_outputs(impl, cycle, n_frames);
	pl_mixer_process(impl->mixer, &impl->rt.block);
	end_outputs(impl, n_frames);
	impl->rt.n_cycles++;
	write_meters(impl);
	return SPA_STATUS_HAVE_DATA | SPA_STATUS_NEED_DATA;
}

static void matrix_done(struct pl_node *node)
{
	struct impl *impl = impl_from(node);

	pl_mixer_free(spa_steal_ptr(impl->mixer));
	pl_matrix_targets_free(spa_steal_ptr(impl->targets));
}

static const struct pl_node_ops matrix_ops = {
	.process = matrix_process,
	.build_param = matrix_build_param,
	.set_props = matrix_set_props,
	.set_io = matrix_set_io,
	.done = matrix_done,
};

/** @param name property with a size of the matrix; absent: the default stays */
static int parse_size(struct spa_log *log, const struct spa_dict *info, const char *name,
		      uint32_t max, uint32_t *size)
{
	const char *str = info ? spa_dict_lookup(info, name) : NULL;
	uint32_t value;

	if (!str)
		return 0;
	if (!spa_atou32(str, &value, 10) || value < 1 || value > max) {
		spa_log_error(log, "%s: \"%s\" is not a number from 1 to %u", name, str, max);
		return -EINVAL;
	}
	*size = value;
	return 0;
}

static void init_ports(struct impl *impl)
{
	static const char *const formats[2][2] = {
		[SPA_DIRECTION_INPUT] = {PL_PORT_TABLET_TALK_FMT, PL_PORT_CHANNEL_IN_FMT},
		[SPA_DIRECTION_OUTPUT] = {PL_PORT_TABLET_LISTEN_FMT, PL_PORT_CHANNEL_OUT_FMT},
	};
	uint32_t n_audio = impl->n_tablets + impl->n_channels;
	struct pl_port *control = &impl->base.ports[SPA_DIRECTION_INPUT][n_audio];
	char name[32];

	for (uint32_t d = 0; d < 2; d++) {
		for (uint32_t i = 0; i < n_audio; i++) {
			bool tablet = i < impl->n_tablets;
			uint32_t id = tablet ? i + 1u : i - impl->n_tablets + 1u;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(name, sizeof(name), formats[d][!tablet], id);
#pragma GCC diagnostic pop
			pl_port_init(&impl->base.ports[d][i], d, i, PL_PORT_KIND_AUDIO, name);
		}
	}
	pl_port_init(control, SPA_DIRECTION_INPUT, n_audio, PL_PORT_KIND_CONTROL, PL_PORT_CONTROL);
}

static int matrix_setup(struct impl *impl, const struct spa_dict *info,
			const struct spa_support *support, uint32_t n_support)
{
	const struct pl_kernels *kernels;
	struct spa_log *log;
	uint32_t n_audio;
	int r;

	log = spa_support_find(support, n_support, SPA_TYPE_INTERFACE_Log);
	spa_log_topic_init(log, &log_topic);
	impl->rate_hz = RATE_GUESS_HZ;
	impl->n_tablets = PL_TABLETS_DEFAULT;
	impl->n_channels = PL_CHANNELS_DEFAULT;
	r = parse_size(log, info, PL_KEY_TABLETS, PL_TABLETS_MAX, &impl->n_tablets);
	if (r < 0)
		return r;
	r = parse_size(log, info, PL_KEY_CHANNELS, PL_CHANNELS_MAX, &impl->n_channels);
	if (r < 0)
		return r;

	n_audio = impl->n_tablets + impl->n_channels;
	r = pl_node_init(&impl->base, &matrix_ops, info, support, n_support, n_audio + 1u, n_audio);
	if (r < 0)
		return r;
	init_ports(impl);
	pl_matrix_settings_init(&impl->settings, impl->n_tablets, impl->n_channels);
	r = pl_matrix_targets_new(&impl->settings, impl->rate_hz, &impl->targets);
	if (r < 0)
		return r;
	kernels = pl_kernels_find(impl->base.cpu_flags);
	r = pl_mixer_new(impl->n_tablets, impl->n_channels, kernels, impl->targets, &impl->mixer);
	if (r < 0)
		return r;
	spa_log_info(log, "%p: %u tablets, %u channels, kernels %s", impl, impl->n_tablets,
		     impl->n_channels, kernels->name);
	return 0;
}

static int matrix_init(const struct spa_handle_factory *factory, struct spa_handle *handle,
		       const struct spa_dict *info, const struct spa_support *support,
		       uint32_t n_support)
{
	struct impl *impl;
	int r;

	if (!factory || !handle)
		return -EINVAL;
	impl = SPA_CONTAINER_OF(handle, struct impl, base.handle);
	memset(impl, 0, sizeof(*impl));
	r = matrix_setup(impl, info, support, n_support);
	if (r < 0)
		pl_node_done(&impl->base);
	return r;
}

static size_t matrix_get_size(const struct spa_handle_factory *factory, const struct spa_dict *info)
{
	return sizeof(struct impl);
}

const struct spa_handle_factory pl_matrix_factory = {
	.version = SPA_VERSION_HANDLE_FACTORY,
	.name = PL_FACTORY_MATRIX,
	.get_size = matrix_get_size,
	.init = matrix_init,
	.enum_interface_info = pl_node_enum_interface_info,
};
