/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_FILE_H
#define PL_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

/**
 * A file of lines that is renamed when it is full, "system.log" to
 * "system.2025-11-19_14-09-09_700123.log", and whose old ones are deleted; on a full disk the
 * oldest of these go before their time. Only for daemon/log.
 */
struct log_file;

/**
 * @param ret_file  also set when the file cannot be opened now: every write tries again
 * @return 0, -ENOMEM (then *ret_file is not set), or the error of opening the file
 */
int log_file_open(const char *path, uint64_t rotate_bytes, uint32_t keep_days,
		  struct log_file **ret_file);
struct log_file *log_file_close(struct log_file *file);

/** A whole line, or nothing of it. @return 0 or a negative errno; after an error the next write opens anew */
int log_file_write(struct log_file *file, const char *line, size_t size);

#endif
