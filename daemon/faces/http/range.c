/* SPDX-License-Identifier: MIT */
#include "range.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/** Digits. @return false for none, or too many */
static bool read_number(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (number > (UINT64_MAX - 9u) / 10u)
			return false;
		number = number * 10u + (uint64_t)(*p - '0');
	}
	if (p == *text)
		return false;
	*text = p;
	*ret_number = number;
	return true;
}

int pl_range_read(const char *text, uint64_t size, struct pl_range *ret_range)
{
	uint64_t first = 0, last = UINT64_MAX;
	bool has_first, has_last = false;

	*ret_range = (struct pl_range){0, size};
	if (strncasecmp(text, "bytes=", 6) != 0)
		return 0;
	text += 6;
	has_first = read_number(&text, &first);
	if (*text++ != '-')
		return 0;
	if (*text) {
		has_last = read_number(&text, &last);
		if (!has_last)
			return 0;
	}
	if (*text || (!has_first && !has_last) || (has_first && has_last && last < first))
		return 0;
	if (!has_first) {
		/* the last so many */
		if (last == 0 || size == 0)
			return -ERANGE;
		*ret_range = last >= size ? (struct pl_range){0, size}
					  : (struct pl_range){size - last, last};
		return 1;
	}
	if (first >= size)
		return -ERANGE;
	if (last >= size)
		last = size - 1;
	*ret_range = (struct pl_range){first, last - first + 1};
	return 1;
}
