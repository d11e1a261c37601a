/* SPDX-License-Identifier: MIT */
#ifndef PL_SPOOL_H
#define PL_SPOOL_H

#include <stddef.h>
#include <stdint.h>

/**
 * A queue on disk: what was put survives a crash and a power cut until it is removed. One file an
 * item, named by its number, so that nothing is ever rewritten. Thread: any; a lock inside is held
 * while an item is written.
 */
struct pl_spool;

/** Larger items are refused. */
#define PL_SPOOL_ITEM_MAX (64u * 1024u)

/**
 * @param path       folder, made when it is not there; what another run left in it is the beginning
 * @param n_max      items at most; a further one drops the oldest. 0: as many as the disk holds
 * @param ret_spool  pl_spool_close()
 * @return 0 or a negative errno
 */
int pl_spool_open(const char *path, uint64_t n_max, struct pl_spool **ret_spool);
struct pl_spool *pl_spool_close(struct pl_spool *spool);

/** On disk when it returns. @return 0, -EFBIG, -ENOSPC or another negative errno; then nothing is kept */
int pl_spool_put(struct pl_spool *spool, const char *text, size_t size);
/**
 * The oldest item behind `after` (0: of all). One that cannot be read is set aside and passed over.
 *
 * @param ret_id    its number, above `after`
 * @param ret_text  freed by the caller, with a NUL behind it
 * @return 0 or -ENOENT when there is none, -ENOMEM
 */
int pl_spool_next(struct pl_spool *spool, uint64_t after, uint64_t *ret_id, char **ret_text,
		  size_t *ret_size);
/** Done with an item; one that is gone already is no error. */
void pl_spool_remove(struct pl_spool *spool, uint64_t id);

uint64_t pl_spool_count(struct pl_spool *spool);
/** Items that were dropped for others, or could not be read, since it was opened. */
uint64_t pl_spool_dropped(struct pl_spool *spool);

#endif
