/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include "digits.h"

#define MS UINT64_C(1000000)

/** Digits of 100 ms with 100 ms between them, from `at_ms` on. @return when the last one ended */
static uint64_t send(struct pl_digits *digits, const char *text, uint64_t at_ms)
{
	for (; *text; text++, at_ms += 200) {
		const struct pl_digit digit = {.digit = *text,
					       .begin_position = at_ms * 48,
					       .begin_nsec = at_ms * MS,
					       .end_nsec = (at_ms + 100) * MS};

		pl_digits_add(digits, &digit);
	}
	return at_ms - 100;
}

PL_TEST(a_row_is_matched_at_its_end)
{
	struct pl_digits digits = {0};
	const struct pl_digit *first;
	uint64_t at;

	at = send(&digits, "12", 1000);
	PL_CHECK(!pl_digits_match(&digits, "123", 0));
	send(&digits, "3", at + 100);
	first = pl_digits_match(&digits, "123", 0);
	PL_CHECK(first != NULL);
	PL_CHECK_INT(first->begin_position, 48000);
	PL_CHECK(!pl_digits_match(&digits, "124", 0));
	PL_CHECK(!pl_digits_match(&digits, "", 0));
	/* what is before it does not matter */
	PL_CHECK(pl_digits_match(&digits, "23", 0) != NULL);
}

PL_TEST(two_seconds_part_rows)
{
	struct pl_digits digits = {0};
	uint64_t at;

	at = send(&digits, "1", 1000);
	at = send(&digits, "2", at + 2000);
	PL_CHECK(pl_digits_match(&digits, "12", 0) != NULL);
	send(&digits, "3", at + 2001);
	PL_CHECK(!pl_digits_match(&digits, "123", 0));
	PL_CHECK(pl_digits_match(&digits, "3", 0) != NULL);
}

PL_TEST(a_digit_counts_once_for_a_page)
{
	struct pl_digits digits = {0};
	uint64_t at, last = 0;
	unsigned n = 0;

	at = 1000;
	for (unsigned i = 0; i < 5; i++) {
		at = send(&digits, "1", at) + 100;
		if (pl_digits_match(&digits, "11", last)) {
			last = digits.n_heard;
			n++;
		}
	}
	PL_CHECK_INT(n, 2);
}

PL_TEST(an_endless_row_keeps_its_newest_digits)
{
	struct pl_digits digits = {0};
	uint64_t at = 1000;

	for (unsigned i = 0; i < 100; i++)
		at = send(&digits, "9", at) + 100;
	send(&digits, "0123456789ABCD*#0123456789ABCD*", at);
	PL_CHECK(pl_digits_match(&digits, "0123456789ABCD*#0123456789ABCD*", 0) != NULL);
	PL_CHECK(pl_digits_match(&digits, "90123456789ABCD*#0123456789ABCD*", 0) != NULL);
	PL_CHECK_INT(digits.n, PL_DIGITS_MAX);
}

PL_TEST_MAIN()
