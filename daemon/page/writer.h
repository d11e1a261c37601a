/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_WRITER_H
#define PL_PAGE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway.h"

/**
 * All that the pages have on the disk, done by one thread of its own: clips, the lines of the
 * history, deleting, repairing. Nobody else ever waits for the disk. While it is full, away or slow,
 * audio waits in a bounded memory; what does not fit becomes silence of the same length.
 *
 * Thread: any, unless said otherwise.
 */
struct pl_writer;
struct pl_clip;

struct pl_writer_options {
	const char *state_directory; /**< of the history */
	uint64_t memory_bytes;       /**< for audio that waits; 0: PL_WRITER_MEMORY_BYTES */
	int wake_fd;                 /**< eventfd, written when there is news; -1: none */
	bool no_thread;              /**< the caller calls pl_writer_work(): tests */
};
/** 11 minutes of one clip at 48 kHz. */
#define PL_WRITER_MEMORY_BYTES (UINT64_C(64) << 20)

int pl_writer_new(const struct pl_writer_options *options, struct pl_writer **ret_writer);
/**
 * Main thread, after every clip has ended. Brings to the disk what it can; what it cannot is
 * finished at the next start as far as it got.
 */
void pl_writer_stop(struct pl_writer *writer);
/** Stops. @return NULL */
struct pl_writer *pl_writer_free(struct pl_writer *writer);

/** Where new clips go, and how many bytes of complete ones stay there. */
int pl_writer_set_place(struct pl_writer *writer, const char *directory, uint64_t keep_bytes);
/** Clips that wait for their upload: never deleted to save room. @param names  copied */
int pl_writer_protect(struct pl_writer *writer, const char *const *names, size_t n_names);

/* --- clips ---------------------------------------------------------------------------------- */

/** @param name  with the format's ending. @return 0 or -ENOMEM */
int pl_clip_open(struct pl_writer *writer, const char *name, uint32_t rate_hz,
		 struct pl_clip **ret_clip);
/** Never waits. @param samples  NULL: silence. @param lost  it stands for audio that never came */
void pl_clip_feed(struct pl_clip *clip, const int16_t *samples, uint64_t n, bool lost);
/** There is no more; the writer owns it now. */
void pl_clip_end(struct pl_clip *clip);

/* --- the rest -------------------------------------------------------------------------------- */

/** Append a line to the history; "\n" is added. */
void pl_writer_keep_line(struct pl_writer *writer, const char *line);
/** Put this in the place of all lines so far. @param text  freed with free() when it is written */
void pl_writer_replace_lines(struct pl_writer *writer, char *text);
/** Delete a clip; it is not listed any more. */
void pl_writer_remove(struct pl_writer *writer, const char *name);
/**
 * Look for what a crash has left in the directory and finish it; news tells of each of these names,
 * and of parts that nobody asked about.
 */
void pl_writer_recover(struct pl_writer *writer, const char *const *names, size_t n_names);

/**
 * The complete clips in the directory, as they were when it was looked at last: it is not looked at
 * now.
 *
 * @param ret_clips  freed by the caller with free(); NULL for none
 * @return their number, or -ENOMEM
 */
int pl_writer_list(struct pl_writer *writer, struct pl_clip_info **ret_clips);

struct pl_writer_news {
	enum pl_writer_news_type {
		PL_NEWS_CLIP,    /**< complete on the disk */
		PL_NEWS_NO_CLIP, /**< a name of recover() that left nothing */
		PL_NEWS_LONG,    /**< the history's file has grown: replace it */
	} type;
	char asked[256]; /**< name that it was opened under */
	char name[256];  /**< that it has */
	char directory[PL_PATH_MAX];
	double length_s;
	uint64_t n_lost_frames;
};
/** @return false: no more */
bool pl_writer_take_news(struct pl_writer *writer, struct pl_writer_news *ret_news);
/** n_recording is not known here. */
void pl_writer_status(struct pl_writer *writer, struct pl_clips_status *ret_status);

/** One round of everything that is to do. Only with no_thread. @return nothing is left to do */
bool pl_writer_work(struct pl_writer *writer);

/** Name of the history in the state directory. */
#define PL_HISTORY_FILE "pages.jsonl"

#endif
