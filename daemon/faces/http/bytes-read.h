/* SPDX-License-Identifier: MIT */
#ifndef PL_BYTES_READ_H
#define PL_BYTES_READ_H

#include <stdint.h>

/**
 * Bytes that this process has read from a TCP connection so far, as the kernel counts.
 * In a file of its own: the kernel's <linux/tcp.h> has the counter, the C library's
 * <netinet/tcp.h> has not, and they exclude each other.
 *
 * @return 0, or negative errno. Thread: any.
 */
int pl_bytes_read(int fd, uint64_t *ret_n);

#endif
