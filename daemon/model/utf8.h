/* SPDX-License-Identifier: MIT */
#ifndef PL_UTF8_H
#define PL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One character (RFC 3629: no overlong form, no surrogate, at most U+10FFFF).
 * @return its bytes; 0 when there is none at text or size ends before it does */
size_t pl_utf8_read(const char *text, size_t size, uint32_t *ret_code);

/** Valid UTF-8 without control characters (C0, DEL, C1); "" is. */
bool pl_utf8_is_plain(const char *text);

#endif
