/* SPDX-License-Identifier: MIT */
#ifndef PL_FILES_H
#define PL_FILES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Files of the daemon's own: read whole, written whole or not at all, the owner's only (0600, folders
 * 0700), as they hold settings, secrets and who talks to whom. Thread: any. All return 0 or a
 * negative errno.
 */

/** mkdir -p */
int pl_folder_make(const char *path);
/** The same, and open. @return -ENOENT for "" */
int pl_folder_open(const char *path, int *ret_fd);

/**
 * Read what is left of an open file.
 *
 * @param ret_text  freed by the caller, with a NUL behind it that does not count
 * @return -EFBIG for more than size_max bytes
 */
int pl_fd_read(int fd, size_t size_max, char **ret_text, size_t *ret_size);
/** Of a file in a folder (AT_FDCWD: of a path); one that would block, as a FIFO, is not waited for. */
int pl_file_read(int folder, const char *name, size_t size_max, char **ret_text, size_t *ret_size);

/** Write over a file, which may leave half of it behind on an error. @param sync  it survives a power cut */
int pl_file_put(int folder, const char *name, const void *data, size_t size, bool sync);
/** Write NAME.new, fsync, rename to NAME, fsync of the folder; on an error NAME is as it was. */
int pl_file_write(int folder, const char *name, const void *data, size_t size);
/** Rename a damaged file to NAME.bad-SECONDS. @param ret_name  its new name */
int pl_file_move_aside(int folder, const char *name, char *ret_name, size_t size);

#endif
