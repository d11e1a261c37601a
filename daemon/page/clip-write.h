/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_CLIP_WRITE_H
#define PL_PAGE_CLIP_WRITE_H

#include <stdint.h>

#include <sndfile.h>

/** A file that takes everything: what the disk refuses waits in memory, in order. */
struct pl_clip_write {
	int fd;
	int64_t at;   /**< where the next write goes, bytes */
	int64_t size; /**< of the file, with what waits */
	int error;    /**< why something waits, negative errno; 0: nothing does */
	struct pl_clip_piece *first, **end;
};

/** For sf_open_virtual(); its object is the struct pl_clip_write. */
SF_VIRTUAL_IO *pl_clip_write_io(void);
/** @return 0: nothing waits any more, or why not */
int pl_clip_write_flush(struct pl_clip_write *out);
/** Forgets what waits, closes the file. */
void pl_clip_write_done(struct pl_clip_write *out);

#endif
