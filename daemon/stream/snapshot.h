/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_SNAPSHOT_H
#define PL_STREAM_SNAPSHOT_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "gateway.h"

/**
 * The status of a stream, from the thread that works on it to the main loop: neither waits for the
 * other. A sequence lock, as in the meters' page; each word is stored with release and loaded with
 * acquire, so that who sees a new one also sees that the sequence is odd.
 */

#define STREAM_SNAPSHOT_WORDS ((sizeof(struct pl_stream_status) + 7u) / 8u)

struct stream_snapshot {
	_Atomic uint32_t sequence;
	_Atomic uint64_t words[STREAM_SNAPSHOT_WORDS];
};

/** Thread: the one that works. */
static inline void stream_snapshot_write(struct stream_snapshot *snapshot,
					 const struct pl_stream_status *status)
{
	uint32_t sequence = atomic_load_explicit(&snapshot->sequence, memory_order_relaxed);
	uint64_t words[STREAM_SNAPSHOT_WORDS] = {0};

	memcpy(words, status, sizeof(*status));
	atomic_store_explicit(&snapshot->sequence, sequence + 1u, memory_order_relaxed);
	for (size_t i = 0; i < STREAM_SNAPSHOT_WORDS; i++)
		atomic_store_explicit(&snapshot->words[i], words[i], memory_order_release);
	atomic_store_explicit(&snapshot->sequence, sequence + 2u, memory_order_release);
}

/** Thread: any. */
static inline void stream_snapshot_read(const struct stream_snapshot *snapshot,
					struct pl_stream_status *ret_status)
{
	uint64_t words[STREAM_SNAPSHOT_WORDS];
	uint32_t before, after;

	do {
		before = atomic_load_explicit(&snapshot->sequence, memory_order_acquire);
		for (size_t i = 0; i < STREAM_SNAPSHOT_WORDS; i++)
			words[i] = atomic_load_explicit(&snapshot->words[i], memory_order_acquire);
		after = atomic_load_explicit(&snapshot->sequence, memory_order_relaxed);
	} while (before != after || (before & 1u));
	memcpy(ret_status, words, sizeof(*ret_status));
}

#endif
