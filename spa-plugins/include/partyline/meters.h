/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_METERS_H
#define PARTYLINE_METERS_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <partyline/keys.h>

/**
 * The meter page: one memfd, written by the matrix on the data thread, mapped
 * read-only by any number of readers. A seqlock guards it: readers never make
 * the writer wait.
 *
 * The module hands the page to the node as an I/O area with
 * spa_node_set_io(node, PL_IO_METERS, page, sizeof(struct pl_meters_page)), and
 * its descriptor, opened read-only, to any client that connects to the Unix
 * socket named by PL_KEY_METERS_SOCKET: one message with one SCM_RIGHTS
 * descriptor, then the server closes.
 */

/** id of the I/O area; above SPA's own ids, only between our module and our nodes */
#define PL_IO_METERS 0x50004c00u

#define PL_METERS_MAGIC 0x544d4c50u /* "PLMT", little endian */
#define PL_METERS_VERSION 1u

/** Silence, and everything below: dBFS */
#define PL_METERS_DB_MIN -240.0
/** RMS frame: Mission Control's 1024 samples at 44.1 kHz, 23.2 ms, scaled to the graph's rate */
#define PL_METERS_FRAME_SECONDS (1024.0 / 44100.0)

/** One measuring point. All values linear, full scale 1.0. */
struct pl_meters_point {
	float vu;        /**< RMS smoothed 0.5/0.5 per frame (Mission Control's vu_db) */
	float rms;       /**< RMS of the last complete frame */
	float peak;      /**< largest |x| of the last complete frame */
	float peak_hold; /**< peak held 1 s, then falling 20 dB in 1.7 s (IEC 60268-10 type I) */
};

struct pl_meters_data {
	uint64_t
		clock_nsec; /**< clock.nsec of the last cycle, CLOCK_MONOTONIC; stands while the graph idles */
	uint64_t position; /**< clock.position of the last cycle, samples */
	uint64_t n_cycles;
	uint64_t n_frames;      /**< meter frames completed */
	uint64_t serial;        /**< newest PL_PARAM_SERIAL that has taken effect */
	uint64_t n_bad_samples; /**< input samples replaced: NaN, infinite or beyond PL_INPUT_MAX */
	uint64_t n_bad_control; /**< refused events of the control port */
	uint32_t rate_hz;
	uint32_t quantum;              /**< samples of the last cycle */
	uint64_t keys[PL_TABLETS_MAX]; /**< per tablet, bit (channel - 1): key held */
	uint64_t talking
		[PL_TABLETS_MAX]; /**< per tablet, bit (channel - 1): gate open, path not muted nor at gain 0 */
	struct pl_meters_point tablet_talk[PL_TABLETS_MAX];   /**< talk input */
	struct pl_meters_point tablet_listen[PL_TABLETS_MAX]; /**< listen mix, before its limiter */
	struct pl_meters_point channel_in[PL_CHANNELS_MAX];   /**< outside input */
	struct pl_meters_point channel_out[PL_CHANNELS_MAX];  /**< party line, before its limiter */
};

struct pl_meters_page {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /**< sizeof(struct pl_meters_page) */
	uint32_t n_tablets;
	uint32_t n_channels;
	_Atomic uint32_t seq; /**< odd while the writer is inside */
	uint32_t reserved[10];
	struct pl_meters_data data;
};

/** Thread: data, the one writer. RT-safe. Between begin and end the writer fills page->data. */
static inline void pl_meters_write_begin(struct pl_meters_page *page)
{
	uint32_t seq = atomic_load_explicit(&page->seq, memory_order_relaxed);

	atomic_store_explicit(&page->seq, seq + 1u, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static inline void pl_meters_write_end(struct pl_meters_page *page)
{
	uint32_t seq = atomic_load_explicit(&page->seq, memory_order_relaxed);

	atomic_store_explicit(&page->seq, seq + 1u, memory_order_release);
}

/**
 * Copy a consistent snapshot.
 *
 * Thread: any reader. @return 0, or -EAGAIN when the writer was inside at each of the tries.
 */
static inline int pl_meters_read(const struct pl_meters_page *page, struct pl_meters_data *ret_data)
{
	for (int i = 0; i < 64; i++) {
		uint32_t before = atomic_load_explicit(&page->seq, memory_order_acquire);

		if (before & 1u)
			continue;
		memcpy(ret_data, &page->data, sizeof(*ret_data));
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&page->seq, memory_order_relaxed) == before)
			return 0;
	}
	return -EAGAIN;
}

#endif
