/* SPDX-License-Identifier: MIT */
#include "digits.h"

#include <string.h>

void pl_digits_add(struct pl_digits *digits, const struct pl_digit *digit)
{
	struct pl_digit *last = digits->n > 0 ? &digits->row[digits->n - 1] : NULL;

	if (last && digit->begin_nsec > last->end_nsec &&
	    digit->begin_nsec - last->end_nsec > PL_DIGITS_PAUSE_NSEC)
		digits->n = 0;
	if (digits->n == PL_DIGITS_MAX) {
		memmove(digits->row, digits->row + 1, sizeof(digits->row) - sizeof(*digits->row));
		digits->n--;
	}
	digits->row[digits->n] = *digit;
	digits->row[digits->n++].number = ++digits->n_heard;
}

const struct pl_digit *pl_digits_match(const struct pl_digits *digits, const char *wanted,
				       uint64_t after)
{
	size_t n = strlen(wanted);
	const struct pl_digit *first;

	if (n == 0 || n > digits->n)
		return NULL;
	first = &digits->row[digits->n - n];
	for (size_t i = 0; i < n; i++)
		if (first[i].digit != wanted[i])
			return NULL;
	return first->number > after ? first : NULL;
}
