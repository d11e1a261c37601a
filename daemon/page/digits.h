/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_DIGITS_H
#define PL_PAGE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** DTMF digits in a row, as one endpoint sends them. Pure; a zeroed one has heard nothing. */

/** Digits of a page; pl_page_def.digits holds one less. */
#define PL_DIGITS_MAX 32u
/** From the end of a digit to the begin of the next: more, and a row ends. */
#define PL_DIGITS_PAUSE_NSEC UINT64_C(2000000000)

struct pl_digits {
	unsigned n; /**< in the row */
	struct pl_digit {
		char digit;
		uint64_t begin_position;       /**< samples */
		uint64_t begin_nsec, end_nsec; /**< CLOCK_MONOTONIC */
		uint64_t number;               /**< counts from 1 */
	} row[PL_DIGITS_MAX];                  /**< oldest first; the oldest go */
	uint64_t n_heard;
};

/** @param digit  its number is filled in here */
void pl_digits_add(struct pl_digits *digits, const struct pl_digit *digit);

/**
 * The row ends with these digits, the first of them later than number `after`.
 *
 * @param after  number of the last digit that already led to this page, so that 1111 is twice 11
 *               and not three times; 0 at first
 * @return the first of them, borrowed until the next digit; NULL: no
 */
const struct pl_digit *pl_digits_match(const struct pl_digits *digits, const char *wanted,
				       uint64_t after);

#endif
