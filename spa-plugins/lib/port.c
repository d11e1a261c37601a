/* SPDX-License-Identifier: MIT */
#include "port.h"
#include "control.h"

#include <errno.h>
#include <stdio.h>

#include <spa/buffer/buffer.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/buffers.h>
#include <spa/param/param.h>
#include <spa/pod/builder.h>
#include <spa/utils/defs.h>
#include <spa/utils/keys.h>

/* PW_KEY_FORMAT_DSP and its like live in PipeWire's headers; a plugin sees SPA only. */
#define KEY_FORMAT_DSP "format.dsp"
#define KEY_PORT_NAME "port.name"
#define FORMAT_DSP_AUDIO "32 bit float mono audio"
#define FORMAT_DSP_CONTROL "8 bit raw control"

/** Shared memory may change between two looks: one look. */
#define LOAD_ONCE(ptr) __atomic_load_n(ptr, __ATOMIC_RELAXED)

void pl_port_init(struct pl_port *port, enum spa_direction direction, uint32_t id,
		  enum pl_port_kind kind, const char *name)
{
	uint32_t n = 0;

	*port = (struct pl_port){
		.direction = direction,
		.id = id,
		.kind = kind,
		.present = true,
	};
	snprintf(port->name, sizeof(port->name), "%s", name);
	snprintf(port->channel, sizeof(port->channel), "MONO");
	port->items[n++] = SPA_DICT_ITEM_INIT(
		KEY_FORMAT_DSP, kind == PL_PORT_KIND_AUDIO ? FORMAT_DSP_AUDIO : FORMAT_DSP_CONTROL);
	port->items[n++] = SPA_DICT_ITEM_INIT(KEY_PORT_NAME, port->name);
	if (kind == PL_PORT_KIND_AUDIO)
		port->items[n++] = SPA_DICT_ITEM_INIT(SPA_KEY_AUDIO_CHANNEL, port->channel);
	port->props = SPA_DICT_INIT(port->items, n);

	port->params[PL_PORT_PARAM_ENUM_FORMAT] =
		SPA_PARAM_INFO(SPA_PARAM_EnumFormat, SPA_PARAM_INFO_READ);
	port->params[PL_PORT_PARAM_META] = SPA_PARAM_INFO(SPA_PARAM_Meta, SPA_PARAM_INFO_READ);
	port->params[PL_PORT_PARAM_IO] = SPA_PARAM_INFO(SPA_PARAM_IO, SPA_PARAM_INFO_READ);
	port->params[PL_PORT_PARAM_FORMAT] = SPA_PARAM_INFO(SPA_PARAM_Format, SPA_PARAM_INFO_WRITE);
	port->params[PL_PORT_PARAM_BUFFERS] = SPA_PARAM_INFO(SPA_PARAM_Buffers, 0);
	port->params[PL_PORT_PARAM_LATENCY] =
		SPA_PARAM_INFO(SPA_PARAM_Latency, SPA_PARAM_INFO_READWRITE);
	port->latency[SPA_DIRECTION_INPUT] = SPA_LATENCY_INFO(SPA_DIRECTION_INPUT);
	port->latency[SPA_DIRECTION_OUTPUT] = SPA_LATENCY_INFO(SPA_DIRECTION_OUTPUT);

	port->info = SPA_PORT_INFO_INIT();
	port->info.change_mask = SPA_PORT_CHANGE_MASK_FLAGS | SPA_PORT_CHANGE_MASK_PROPS |
				 SPA_PORT_CHANGE_MASK_PARAMS;
	port->info.flags = SPA_PORT_FLAG_NO_REF;
	/* Inputs read the data pointer anew each cycle. */
	if (direction == SPA_DIRECTION_INPUT)
		port->info.flags |= SPA_PORT_FLAG_DYNAMIC_DATA;
	port->info.props = &port->props;
	port->info.params = port->params;
	port->info.n_params = PL_PORT_PARAM_MAX_;
}

void pl_port_set_property(struct pl_port *port, const char *key, const char *value)
{
	if (port->props.n_items == SPA_N_ELEMENTS(port->items))
		return;
	port->items[port->props.n_items++] = SPA_DICT_ITEM_INIT(key, value);
}

static struct spa_pod *build_format(const struct pl_port *port, uint32_t id,
				    struct spa_pod_builder *b)
{
	if (port->kind == PL_PORT_KIND_CONTROL) {
		return spa_pod_builder_add_object(
			b, SPA_TYPE_OBJECT_Format, id, SPA_FORMAT_mediaType,
			SPA_POD_Id(SPA_MEDIA_TYPE_application), SPA_FORMAT_mediaSubtype,
			SPA_POD_Id(SPA_MEDIA_SUBTYPE_control));
	}
	return spa_pod_builder_add_object(b, SPA_TYPE_OBJECT_Format, id, SPA_FORMAT_mediaType,
					  SPA_POD_Id(SPA_MEDIA_TYPE_audio), SPA_FORMAT_mediaSubtype,
					  SPA_POD_Id(SPA_MEDIA_SUBTYPE_dsp),
					  SPA_FORMAT_AUDIO_format,
					  SPA_POD_Id(SPA_AUDIO_FORMAT_DSP_F32));
}

static struct spa_pod *build_buffers(const struct pl_port *port, uint32_t quantum_limit,
				     struct spa_pod_builder *b)
{
	bool audio = port->kind == PL_PORT_KIND_AUDIO;
	int32_t stride = audio ? (int32_t)sizeof(float) : 1;
	int32_t size = audio ? (int32_t)quantum_limit * stride : (int32_t)PL_CONTROL_SIZE_MAX;

	return spa_pod_builder_add_object(
		b, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
		SPA_POD_CHOICE_RANGE_Int(1, 1, (int32_t)PL_PORT_BUFFERS_MAX),
		SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
		SPA_POD_CHOICE_RANGE_Int(size, 16 * stride, INT32_MAX), SPA_PARAM_BUFFERS_stride,
		SPA_POD_Int(stride));
}

static struct spa_pod *build_io(uint32_t index, struct spa_pod_builder *b)
{
	bool async = index == 1;

	return spa_pod_builder_add_object(b, SPA_TYPE_OBJECT_ParamIO, SPA_PARAM_IO, SPA_PARAM_IO_id,
					  SPA_POD_Id(async ? SPA_IO_AsyncBuffers : SPA_IO_Buffers),
					  SPA_PARAM_IO_size,
					  SPA_POD_Int(async ? sizeof(struct spa_io_async_buffers)
							    : sizeof(struct spa_io_buffers)));
}

int pl_port_build_param(const struct pl_port *port, uint32_t id, uint32_t index,
			uint32_t quantum_limit, struct spa_pod_builder *builder,
			struct spa_pod **ret_param)
{
	uint32_t n_params = 1;

	if ((id == SPA_PARAM_Format || id == SPA_PARAM_Buffers) && !port->have_format)
		return -EIO;
	if (id == SPA_PARAM_IO || id == SPA_PARAM_Latency)
		n_params = 2;
	if (index >= n_params)
		return 0;

	switch (id) {
	case SPA_PARAM_EnumFormat:
	case SPA_PARAM_Format:
		*ret_param = build_format(port, id, builder);
		return 1;
	case SPA_PARAM_Buffers:
		*ret_param = build_buffers(port, quantum_limit, builder);
		return 1;
	case SPA_PARAM_Meta:
		*ret_param = spa_pod_builder_add_object(
			builder, SPA_TYPE_OBJECT_ParamMeta, id, SPA_PARAM_META_type,
			SPA_POD_Id(SPA_META_Header), SPA_PARAM_META_size,
			SPA_POD_Int(sizeof(struct spa_meta_header)));
		return 1;
	case SPA_PARAM_IO:
		*ret_param = build_io(index, builder);
		return 1;
	case SPA_PARAM_Latency:
		*ret_param = spa_latency_build(builder, id, &port->latency[index]);
		return 1;
	default:
		return -ENOENT;
	}
}

int pl_port_set_format(struct pl_port *port, const struct spa_pod *format)
{
	struct spa_audio_info info = {0};

	if (format) {
		if (spa_format_parse(format, &info.media_type, &info.media_subtype) < 0)
			return -EINVAL;
		if (port->kind == PL_PORT_KIND_CONTROL) {
			if (info.media_type != SPA_MEDIA_TYPE_application ||
			    info.media_subtype != SPA_MEDIA_SUBTYPE_control)
				return -EINVAL;
		} else if (info.media_type != SPA_MEDIA_TYPE_audio ||
			   info.media_subtype != SPA_MEDIA_SUBTYPE_dsp ||
			   spa_format_audio_dsp_parse(format, &info.info.dsp) < 0 ||
			   info.info.dsp.format != SPA_AUDIO_FORMAT_DSP_F32) {
			return -EINVAL;
		}
	}

	port->have_format = format != NULL;
	port->params[PL_PORT_PARAM_FORMAT] = SPA_PARAM_INFO(
		SPA_PARAM_Format, format ? SPA_PARAM_INFO_READWRITE : SPA_PARAM_INFO_WRITE);
	port->params[PL_PORT_PARAM_BUFFERS] =
		SPA_PARAM_INFO(SPA_PARAM_Buffers, format ? SPA_PARAM_INFO_READ : 0);
	port->info.change_mask |= SPA_PORT_CHANGE_MASK_PARAMS;
	return 0;
}

int pl_port_use_buffers(struct pl_port *port, struct spa_buffer **buffers, uint32_t n_buffers)
{
	port->n_buffers = 0;
	if (n_buffers > 0 && !port->have_format)
		return -EIO;
	if (n_buffers > PL_PORT_BUFFERS_MAX)
		return -ENOSPC;
	for (uint32_t i = 0; i < n_buffers; i++) {
		if (buffers[i]->n_datas < 1)
			return -EINVAL;
		/* An input's data may come later. */
		if (port->direction == SPA_DIRECTION_OUTPUT && !buffers[i]->datas[0].data)
			return -EINVAL;
		port->buffers[i] = buffers[i];
	}
	port->rt.free = n_buffers < 32u ? (1u << n_buffers) - 1u : UINT32_MAX;
	port->rt.next = 0;
	port->n_buffers = n_buffers;
	return 0;
}

void pl_port_set_io(struct pl_port *port, void *data, size_t size)
{
	if (data && size >= sizeof(struct spa_io_async_buffers)) {
		struct spa_io_async_buffers *async = data;

		port->rt.io[0] = &async->buffers[port->direction];
		port->rt.io[1] = &async->buffers[port->direction ^ 1];
	} else if (data && size >= sizeof(struct spa_io_buffers)) {
		port->rt.io[0] = data;
		port->rt.io[1] = data;
	} else {
		port->rt.io[0] = NULL;
		port->rt.io[1] = NULL;
	}
}

/** The chunk that an input got in this cycle, its place and size checked. */
static const void *take_chunk(struct pl_port *port, uint32_t cycle, uint32_t *ret_size)
{
	struct spa_io_buffers *io = port->rt.io[cycle & 1u];
	uint32_t id, offset, size;
	int32_t flags;
	struct spa_data *d;

	if (!io || io->status != SPA_STATUS_HAVE_DATA)
		return NULL;
	id = LOAD_ONCE(&io->buffer_id);
	io->status = SPA_STATUS_NEED_DATA;
	if (id >= port->n_buffers)
		return NULL;

	d = &port->buffers[id]->datas[0];
	offset = SPA_MIN(LOAD_ONCE(&d->chunk->offset), d->maxsize);
	size = SPA_MIN(LOAD_ONCE(&d->chunk->size), d->maxsize - offset);
	flags = LOAD_ONCE(&d->chunk->flags);
	if (!d->data || (flags & SPA_CHUNK_FLAG_EMPTY))
		return NULL;
	*ret_size = size;
	return SPA_PTROFF(d->data, offset, const void);
}

const float *pl_port_take_input(struct pl_port *port, uint32_t cycle, uint32_t n_frames)
{
	uint32_t size = 0;
	const void *data = take_chunk(port, cycle, &size);

	if (!data || size < n_frames * sizeof(float) || !SPA_IS_ALIGNED(data, sizeof(float)))
		return NULL;
	return data;
}

const void *pl_port_take_control(struct pl_port *port, uint32_t cycle, uint32_t *ret_size)
{
	return take_chunk(port, cycle, ret_size);
}

bool pl_port_begin_output(struct pl_port *port, uint32_t cycle, uint32_t n_frames,
			  struct pl_port_output *ret_output)
{
	struct spa_io_buffers *io = port->rt.io[cycle & 1u];
	struct spa_data *d;
	uint32_t id, free;

	if (!io || port->n_buffers == 0)
		return false;
	id = LOAD_ONCE(&io->buffer_id);
	if (id < port->n_buffers)
		port->rt.free |= 1u << id;
	io->buffer_id = SPA_ID_INVALID;

	free = port->rt.free;
	if (!free)
		return false;
	/* In turn, so that an async consumer may still read the one before. */
	id = port->rt.next;
	while (!((free >> id) & 1u))
		id = (id + 1u) % port->n_buffers;
	d = &port->buffers[id]->datas[0];
	if (d->maxsize < n_frames * sizeof(float))
		return false;

	port->rt.free &= ~(1u << id);
	port->rt.next = (id + 1u) % port->n_buffers;
	*ret_output = (struct pl_port_output){
		.samples = d->data,
		.data = d,
		.io = io,
		.buffer_id = id,
	};
	return true;
}

void pl_port_end_output(const struct pl_port_output *output, uint32_t n_frames, bool silent)
{
	struct spa_chunk *chunk = output->data->chunk;

	chunk->offset = 0;
	chunk->size = n_frames * sizeof(float);
	chunk->stride = sizeof(float);
	chunk->flags = silent ? SPA_CHUNK_FLAG_EMPTY : 0;
	output->io->buffer_id = output->buffer_id;
	output->io->status = SPA_STATUS_HAVE_DATA;
}
