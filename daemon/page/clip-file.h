/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_CLIP_FILE_H
#define PL_PAGE_CLIP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * One clip on its way to the disk: mono, WAV (PCM16) or Opus in Ogg, both by libsndfile. It is
 * written as ".NAME.part" and gets its name when all of it is on the disk, so that a file without
 * a leading dot is always a whole one.
 *
 * libsndfile would lose its place in a file that takes only half of what it writes, as on a full
 * disk. So it writes through a small memory: what the file does not take stays there, in order, and
 * goes when pl_clip_file_flush() finds room.
 *
 * Thread: one at a time. All return 0 or a negative errno.
 */
struct pl_clip_file;

#define PL_CLIP_PART_SUFFIX ".part"

/** Opus knows 8, 12, 16, 24 and 48 kHz. */
bool pl_clip_rate_is_opus(uint32_t rate_hz);

/** @param folder  a copy is kept; @param name  ends in .wav or .opus: that is the format */
int pl_clip_file_new(int folder, const char *name, uint32_t rate_hz,
		     struct pl_clip_file **ret_file);
/** What is not finished stays behind as a part. @return NULL */
struct pl_clip_file *pl_clip_file_free(struct pl_clip_file *file);

/** Only after a flush that succeeded. The samples are taken, whatever is returned. @param samples  NULL: silence */
int pl_clip_file_write(struct pl_clip_file *file, const int16_t *samples, size_t n);
/** What is still in memory goes to the file. */
int pl_clip_file_flush(struct pl_clip_file *file);
/** The file is on the disk as far as it is written. */
int pl_clip_file_sync(struct pl_clip_file *file);
/**
 * Complete it: header, fsync, name, fsync of the folder. May be called again after an error.
 *
 * @param ret_name  its name; another than wished for if that is taken: NAME-2.wav …
 */
int pl_clip_file_finish(struct pl_clip_file *file, char *ret_name, size_t size);
/** Frames written so far. */
uint64_t pl_clip_file_frames(const struct pl_clip_file *file);

/* --- after a crash or a power cut ---------------------------------------------------------- */

/**
 * Make a whole clip of a part: sizes in the header, last page of Ogg marked as the last. A part
 * without audio is removed.
 *
 * @param part      ".NAME.part"
 * @param ret_name  of the clip; "" when it was removed
 */
int pl_clip_repair(int folder, const char *part, char *ret_name, size_t size, double *ret_length_s);
/** Length of a whole clip. @return -ENOENT, -EINVAL for what is none */
int pl_clip_length(int folder, const char *name, double *ret_length_s);
/** NAME of ".NAME.part". @return false for other files */
bool pl_clip_part_name(const char *part, char *ret_name, size_t size);
/** Give a part its name, or NAME-2 … if that is taken. */
int pl_clip_rename(int folder, const char *part, const char *name, char *ret_name, size_t size);

#endif
