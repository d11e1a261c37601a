/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_HOST_H
#define PARTYLINE_TEST_HOST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <spa/node/io.h>
#include <spa/node/node.h>
#include <spa/pod/builder.h>
#include <spa/support/cpu.h>
#include <spa/support/log.h>
#include <spa/support/loop.h>
#include <spa/support/plugin.h>

#include <partyline/keys.h>
#include <partyline/meters.h>

/**
 * Just enough of a graph to run one matrix node from the built plugin: the data loop runs
 * everything at once in the caller's thread, ports have two buffers of HOST_QUANTUM_MAX frames.
 */

#define HOST_QUANTUM_MAX 8192u
#define HOST_PORTS_MAX (PL_TABLETS_MAX + PL_CHANNELS_MAX + 1u)
#define HOST_CONTROL_SIZE 65536u

struct host_port {
	float *samples[2]; /**< of each buffer; inputs use the first */
	struct spa_buffer buffers[2];
	struct spa_data datas[2];
	struct spa_chunk chunks[2];
	struct spa_buffer *pointers[2];
	struct spa_io_buffers io;
	bool linked;
	bool empty; /**< input: send SPA_CHUNK_FLAG_EMPTY */
};

struct host {
	uint32_t n_tablets, n_channels;
	void *library;
	struct spa_handle *handle;
	struct spa_node *node;

	struct spa_loop loop;
	struct spa_log log;
	struct spa_cpu cpu;
	uint32_t cpu_flags;
	struct spa_support support[3];
	char last_log[512]; /**< newest error or warning */
	uint64_t n_logs;    /**< lines of any level */

	struct spa_io_position position;
	struct host_port in[HOST_PORTS_MAX];
	struct host_port out[HOST_PORTS_MAX];
	uint8_t *control; /**< sequence for the next cycle */
	uint32_t control_size;
	uint32_t out_buffer[HOST_PORTS_MAX];
	struct pl_meters_page *page;
};

/** @return 0 or what the node's init said. Free with host_done() in both cases. */
int host_init(struct host *host, const char *n_tablets, const char *n_channels, uint32_t cpu_flags);
/**
 * Likewise for another factory's node: n_audio inputs, then perhaps a control port, and up to as
 * many outputs. No meter page.
 */
int host_init_node(struct host *host, const char *factory, const struct spa_dict *info,
		   uint32_t n_audio, uint32_t cpu_flags);
void host_done(struct host *host);

/** Link or unlink one port: formats, buffers, I/O. */
void host_link(struct host *host, enum spa_direction direction, uint32_t port, bool linked);
void host_link_all(struct host *host);

/** One cycle; the inputs' first n_frames samples are taken, n_frames of outputs are there after. */
int host_process(struct host *host, uint32_t n_frames, uint32_t rate_hz);

static inline float *host_in(struct host *host, uint32_t port)
{
	return host->in[port].samples[0];
}

/** What the last cycle put out, or NULL when the port is not linked. */
const float *host_out(struct host *host, uint32_t port);

/** What the last cycle put out at the control output behind the audio ports; NULL: not linked. */
const void *host_events(struct host *host, uint32_t *ret_size);

/* Props: begin, add name/value pairs with the builder, send. */
struct host_props {
	uint8_t *buffer;
	struct spa_pod_builder builder;
	struct spa_pod_frame frames[2];
};

void host_props_begin(struct host_props *props);
void host_props_double(struct host_props *props, const char *name, double value);
void host_props_bool(struct host_props *props, const char *name, bool value);
void host_props_bits(struct host_props *props, const char *name, uint64_t value);
void host_props_floats(struct host_props *props, const char *name, const float *values, uint32_t n);
void host_props_doubles(struct host_props *props, const char *name, const double *values,
			uint32_t n);
void host_props_longs(struct host_props *props, const char *name, const uint64_t *values,
		      uint32_t n);
void host_props_ints(struct host_props *props, const char *name, const int32_t *values, uint32_t n);
/** Frees the props. @return what set_param said */
int host_props_send(struct host *host, struct host_props *props);

/** Set one number and nothing else. */
int host_set_double(struct host *host, const char *name, double value);

/* Control events of the next cycle: begin, keys in order of offset, end. */
void host_control_begin(struct host_props *control);
void host_control_key(struct host_props *control, uint32_t offset, uint32_t tablet,
		      uint32_t channel, bool held);
void host_control_property(struct host_props *control, uint32_t offset, const char *name,
			   bool held);
void host_control_end(struct host *host, struct host_props *control);

#endif
