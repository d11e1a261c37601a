/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_HISTORY_H
#define PL_PAGE_HISTORY_H

#include "gateway.h"

/**
 * The last PL_PAGE_HISTORY_MAX pages, and older ones as long as their clip waits for its upload.
 * Kept as JSON lines: a record has one for each of its changes, the last one counts.
 * Thread: main.
 */
struct pl_history;

int pl_history_new(struct pl_history **ret_history);
struct pl_history *pl_history_free(struct pl_history *history);

/**
 * Read lines; what is no record of ours is skipped. May be called for outside bytes.
 *
 * @return lines that were skipped, or -ENOMEM
 */
int pl_history_read(struct pl_history *history, const char *text, size_t size);

/**
 * Add the newest.
 *
 * @param uploads  clips are uploaded: one that was not yet keeps its record
 * @return the record, valid until the next call; NULL without memory
 */
struct pl_page_record *pl_history_add(struct pl_history *history,
				      const struct pl_page_record *record, bool uploads);
/** The n-th, the oldest first; NULL: no more. As valid as pl_history_add()'s. */
struct pl_page_record *pl_history_get(struct pl_history *history, size_t n);
/** @return NULL: none */
struct pl_page_record *pl_history_find(struct pl_history *history, const char *message_id);

/** @return one line without its end, freed by the caller; NULL without memory */
char *pl_history_line(const struct pl_page_record *record);
/** All of them as lines. @return freed by the caller; NULL without memory */
char *pl_history_text(struct pl_history *history);

#endif
