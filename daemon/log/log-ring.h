/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_RING_H
#define PL_LOG_RING_H

#include "log-tail.h"

/**
 * The newest records of the log in memory: PL_LOG_TAIL_MAX at most, LOG_RING_BYTES_MAX at most; the
 * oldest go. Only for daemon/log.
 */
struct log_ring;

#define LOG_RING_BYTES_MAX (1024u * 1024u)
/** A record that is larger is not kept. */
#define LOG_RING_RECORD_MAX 16384u

/** @return NULL without memory */
struct log_ring *log_ring_new(void);
struct log_ring *log_ring_free(struct log_ring *ring);

/**
 * Without memory there is one record less.
 *
 * @param event  copied, as it is: one of the program's own
 * @param json  copied; bytes that are no UTF-8 become "?"
 * @return false: it is not kept
 */
bool log_ring_add(struct log_ring *ring, enum pl_log_level level, const char *event,
		  const char *json, size_t size);
uint64_t log_ring_newest(const struct log_ring *ring);
int log_ring_get(const struct log_ring *ring, uint64_t number, struct pl_log_record *ret_record);

#endif
