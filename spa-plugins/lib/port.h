/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_LIB_PORT_H
#define PARTYLINE_LIB_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/node/io.h>
#include <spa/node/node.h>
#include <spa/param/latency-utils.h>
#include <spa/utils/dict.h>

/** Buffers a port accepts at most; bits of a word. */
#define PL_PORT_BUFFERS_MAX 32u

enum pl_port_kind {
	PL_PORT_KIND_AUDIO,   /**< mono, SPA_AUDIO_FORMAT_DSP_F32 */
	PL_PORT_KIND_CONTROL, /**< sequence of control events */
};

enum pl_port_param {
	PL_PORT_PARAM_ENUM_FORMAT,
	PL_PORT_PARAM_META,
	PL_PORT_PARAM_IO,
	PL_PORT_PARAM_FORMAT,
	PL_PORT_PARAM_BUFFERS,
	PL_PORT_PARAM_LATENCY,
	PL_PORT_PARAM_MAX_,
};

/** One port of a node: its format, buffers, I/O areas and latency. Zeroed: a place without a port. */
struct pl_port {
	enum spa_direction direction;
	uint32_t id;
	bool present; /**< it is there: pl_port_init() */
	enum pl_port_kind kind;
	char name[64];
	char channel[16];

	struct spa_port_info info;
	struct spa_param_info params[PL_PORT_PARAM_MAX_];
	struct spa_dict_item items[4];
	struct spa_dict props;

	bool have_format;
	bool have_latency;
	struct spa_latency_info latency[2];
	struct spa_buffer *buffers[PL_PORT_BUFFERS_MAX];
	uint32_t n_buffers;

	struct {
		struct spa_io_buffers *io[2]; /**< by cycle & 1; both the same when not async */
		uint32_t free;                /**< output: bit buffer, not with a consumer */
		uint32_t next;                /**< output: where to look for a free one */
	} rt;                                 /**< data thread */
};

/** @param name  port.name; copied */
void pl_port_init(struct pl_port *port, enum spa_direction direction, uint32_t id,
		  enum pl_port_kind kind, const char *name);

/** One more property, before the port is told to anyone. @param key, value  borrowed */
void pl_port_set_property(struct pl_port *port, const char *key, const char *value);

/**
 * One parameter of a port, as port_enum_params wants it.
 * @param quantum_limit  most frames of a cycle
 * @return 1 with *ret_param inside the builder, 0 past the last, negative errno. Thread: main.
 */
int pl_port_build_param(const struct pl_port *port, uint32_t id, uint32_t index,
			uint32_t quantum_limit, struct spa_pod_builder *builder,
			struct spa_pod **ret_param);

/** @param format  NULL clears; the buffers are gone before.
 * @return 0, -EINVAL for a format that the port does not take. */
int pl_port_set_format(struct pl_port *port, const struct spa_pod *format);

/** Not during a cycle. @return 0, -EIO without format, -ENOSPC, -EINVAL */
int pl_port_use_buffers(struct pl_port *port, struct spa_buffer **buffers, uint32_t n_buffers);

/** Thread: data. */
void pl_port_set_io(struct pl_port *port, void *data, size_t size);

/**
 * The input's samples of this cycle.
 *
 * Memory is shared with other processes: sizes are checked, contents are not.
 * @param cycle  position->clock.cycle
 * @return NULL: silence, because nothing is linked or sent, or less than n_frames.
 * Thread: data. RT-safe.
 */
const float *pl_port_take_input(struct pl_port *port, uint32_t cycle, uint32_t n_frames);

/**
 * The bytes of a control input of this cycle.
 * @param ret_size  bytes. @return NULL: no events. Thread: data. RT-safe.
 */
const void *pl_port_take_control(struct pl_port *port, uint32_t cycle, uint32_t *ret_size);

/** A place for n_frames of output, or NULL when nobody is linked. */
struct pl_port_output {
	float *samples;
	struct spa_data *data;
	struct spa_io_buffers *io;
	uint32_t buffer_id;
};

/** @return whether there is one. Thread: data. RT-safe. */
bool pl_port_begin_output(struct pl_port *port, uint32_t cycle, uint32_t n_frames,
			  struct pl_port_output *ret_output);
/** Hand the filled buffer to the graph. @param silent  all samples are zero */
void pl_port_end_output(const struct pl_port_output *output, uint32_t n_frames, bool silent);

#endif
