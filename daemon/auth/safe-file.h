/* SPDX-License-Identifier: MIT */
#ifndef PL_SAFE_FILE_H
#define PL_SAFE_FILE_H

#include <stddef.h>

/** Small files with secrets: the owner's only, whole or not at all. Thread: any. */

/** Nothing of ours is larger. */
#define PL_SAFE_FILE_MAX (1024u * 1024u)

/** mkdir -p, 0700, and open. @return 0 or a negative errno */
int pl_safe_folder_open(const char *path, int *ret_fd);
/** Write, fsync, rename, fsync of the folder; mode 0600. @return 0 or a negative errno */
int pl_safe_file_write(int folder, const char *name, const char *text, size_t size);
/** @param ret_text  freed by the caller, with a NUL behind it. @return 0 or a negative errno */
int pl_safe_file_read(int folder, const char *name, char **ret_text, size_t *ret_size);
/** Rename a damaged file to NAME.bad-SECONDS. @param ret_name  its new name. @return 0 or a negative errno */
int pl_safe_file_move_aside(int folder, const char *name, char *ret_name, size_t size);

#endif
