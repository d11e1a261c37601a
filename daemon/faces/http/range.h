/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_RANGE_H
#define PL_HTTP_RANGE_H

#include <stdint.h>

struct pl_range {
	uint64_t first, size;
};

/**
 * The value of a Range header, RFC 9110 14.1.2. One range of bytes; anything else is ignored, as
 * the standard lets us.
 *
 * @return 1: a part; 0: all of it (also for "" and what is ignored); -ERANGE: nothing of it is there
 */
int pl_range_read(const char *text, uint64_t size, struct pl_range *ret_range);

#endif
