/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pltest.h"
#include "range.h"

PL_TEST(one_range_of_bytes_is_read)
{
	static const struct {
		const char *text;
		int r;
		uint64_t first, size;
	} cases[] = {
		{"", 0, 0, 100},
		{"bytes=0-", 1, 0, 100},
		{"bytes=0-0", 1, 0, 1},
		{"bytes=10-19", 1, 10, 10},
		{"Bytes=90-1000", 1, 90, 10},
		{"bytes=-10", 1, 90, 10},
		{"bytes=-1000", 1, 0, 100},
		{"bytes=100-", -ERANGE, 0, 100},
		{"bytes=-0", -ERANGE, 0, 100},
		/* what is not understood is no range */
		{"bytes=5-4", 0, 0, 100},
		{"bytes=-", 0, 0, 100},
		{"bytes=0-1,3-4", 0, 0, 100},
		{"lines=0-1", 0, 0, 100},
		{"bytes=a-b", 0, 0, 100},
		{"bytes=99999999999999999999-", 0, 0, 100},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_range range;

		if (pl_range_read(cases[i].text, 100, &range) != cases[i].r ||
		    range.first != cases[i].first || range.size != cases[i].size)
			PL_FAIL_("%s", cases[i].text);
	}
}

PL_TEST(an_empty_file_has_no_ranges)
{
	struct pl_range range;

	PL_CHECK_INT(pl_range_read("bytes=0-", 0, &range), -ERANGE);
	PL_CHECK_INT(pl_range_read("bytes=-1", 0, &range), -ERANGE);
	PL_CHECK_INT(pl_range_read("", 0, &range), 0);
	PL_CHECK_INT(range.size, 0);
}

PL_TEST_MAIN()
