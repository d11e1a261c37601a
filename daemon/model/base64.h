/* SPDX-License-Identifier: MIT */
#ifndef PL_BASE64_H
#define PL_BASE64_H

#include <stddef.h>
#include <stdint.h>

/** RFC 4648 clause 4, with padding, nothing else in it. */

/** Characters for n bytes, with the terminator. */
#define PL_BASE64_SIZE(n) (((n) + 2u) / 3u * 4u + 1u)

/** @param ret_text  PL_BASE64_SIZE(n) bytes */
void pl_base64_write(const uint8_t *data, size_t n, char *ret_text);
/** @return number of bytes; -EINVAL for what is no base64, -ENOSPC for more than size */
int pl_base64_read(const char *text, uint8_t *ret_data, size_t size);

#endif
