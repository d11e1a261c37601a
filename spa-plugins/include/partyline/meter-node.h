/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_METER_NODE_H
#define PARTYLINE_METER_NODE_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <partyline/keys.h>
#include <partyline/meters.h>

/**
 * The figures of one meter node (PL_FACTORY_METER), guarded by a seqlock as the meter page of
 * the matrix is: readers never make the writer wait.
 *
 * Whoever hosts the node hands it memory with
 * spa_node_set_io(node, PL_IO_METER_NODE, area, sizeof(struct pl_meter_node_area)); the memory
 * may be shared with readers, read-only to them. The node writes once a cycle.
 */

/** id of the I/O area; above SPA's own ids, only between the node and its host */
#define PL_IO_METER_NODE 0x50004c01u

#define PL_METER_NODE_MAGIC 0x4e4d4c50u /* "PLMN", little endian */
#define PL_METER_NODE_VERSION 1u

/** One port. Linear, full scale 1.0. NaN, infinities and denormals count as silence. */
struct pl_meter_node_point {
	struct pl_meters_point level; /**< as in the matrix: meters.h */
	float true_peak;              /**< of the last complete frame; 0 when not asked for */
	float true_peak_max;          /**< since the start or PL_PARAM_METER_RESET */
};

struct pl_meter_node_data {
	uint64_t clock_nsec;    /**< clock.nsec of the last cycle; stands while the graph idles */
	uint64_t position;      /**< clock.position of the last cycle, samples */
	uint64_t n_frames;      /**< meter frames of PL_METERS_FRAME_SECONDS completed */
	uint64_t n_bad_samples; /**< NaN, infinite or beyond PL_INPUT_MAX */
	uint32_t rate_hz;
	uint32_t true_peak; /**< not 0: true peak is measured */
	struct pl_meter_node_point point[PL_METER_PORTS_MAX];
};

struct pl_meter_node_area {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /**< sizeof(struct pl_meter_node_area) */
	uint32_t n_ports;
	_Atomic uint32_t seq; /**< odd while the writer is inside */
	uint32_t reserved[11];
	struct pl_meter_node_data data;
};

/** Thread: data, the one writer. RT-safe. Between begin and end the writer fills area->data. */
static inline void pl_meter_node_write_begin(struct pl_meter_node_area *area)
{
	uint32_t seq = atomic_load_explicit(&area->seq, memory_order_relaxed);

	atomic_store_explicit(&area->seq, seq + 1u, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static inline void pl_meter_node_write_end(struct pl_meter_node_area *area)
{
	uint32_t seq = atomic_load_explicit(&area->seq, memory_order_relaxed);

	atomic_store_explicit(&area->seq, seq + 1u, memory_order_release);
}

/**
 * Copy a consistent snapshot.
 *
 * Thread: any reader. @return 0, or -EAGAIN when the writer was inside at each of the tries.
 */
static inline int pl_meter_node_read(const struct pl_meter_node_area *area,
				     struct pl_meter_node_data *ret_data)
{
	for (int i = 0; i < 64; i++) {
		uint32_t before = atomic_load_explicit(&area->seq, memory_order_acquire);

		if (before & 1u)
			continue;
		memcpy(ret_data, &area->data, sizeof(*ret_data));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&area->seq, memory_order_relaxed) == before)
			return 0;
	}
	return -EAGAIN;
}

#endif
