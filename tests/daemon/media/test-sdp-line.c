/* SPDX-License-Identifier: MIT */
#include "sdp-line.h"

#include <errno.h>
#include <stdlib.h>

#include "pltest.h"

PL_TEST(lines)
{
	static const char text[] = "v=0\r\n\r\ns=a b\n\na=";
	struct pl_sdp_lines lines = {.text = text, .size = sizeof(text) - 1};
	char line[PL_SDP_LINE_SIZE];

	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 1);
	PL_CHECK_STR(line, "v=0");
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 1);
	PL_CHECK_STR(line, "s=a b");
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 1);
	PL_CHECK_STR(line, "a=");
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 0);
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 0);
}

/** The text of the parsers need not end with a NUL: nothing behind its size is read. */
PL_TEST(no_end)
{
	char *text = malloc(3);
	struct pl_sdp_lines lines = {.text = text, .size = 3};
	char line[PL_SDP_LINE_SIZE] = "";
	int r;

	PL_CHECK(text);
	memcpy(text, "v=0", 3);
	r = pl_sdp_lines_next(&lines, line);
	free(text);
	PL_CHECK_INT(r, 1);
	PL_CHECK_STR(line, "v=0");
}

PL_TEST(no_line)
{
	static const char *const texts[] = {"v", "v\r\n", "v0=\n", "=v"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct pl_sdp_lines lines = {.text = texts[i], .size = strlen(texts[i])};
		char line[PL_SDP_LINE_SIZE];

		PL_CHECK_INT(pl_sdp_lines_next(&lines, line), -EBADMSG);
	}
}

PL_TEST(long_lines)
{
	char text[2 * PL_SDP_LINE_SIZE + 8], line[PL_SDP_LINE_SIZE];
	struct pl_sdp_lines lines = {.text = text};

	/* the longest one that is given, one that is longer by a byte, and one behind them */
	memset(text, 'x', sizeof(text));
	memcpy(text, "a=", 2);
	text[PL_SDP_LINE_SIZE - 1] = '\n';
	memcpy(text + PL_SDP_LINE_SIZE, "b=", 2);
	memcpy(text + 2 * PL_SDP_LINE_SIZE, "\nc=1\n", 5);
	lines.size = 2 * PL_SDP_LINE_SIZE + 5;
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 1);
	PL_CHECK_INT(strlen(line), PL_SDP_LINE_SIZE - 1);
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), -EMSGSIZE);
	PL_CHECK_INT(strlen(line), PL_SDP_LINE_SIZE - 1);
	PL_CHECK(strncmp(line, text + PL_SDP_LINE_SIZE, PL_SDP_LINE_SIZE - 1) == 0);
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 1);
	PL_CHECK_STR(line, "c=1");
	PL_CHECK_INT(pl_sdp_lines_next(&lines, line), 0);
}

PL_TEST(words)
{
	const char *at = "  one two", *word;

	PL_CHECK_INT(pl_sdp_word(&at, &word), 3);
	PL_CHECK(strncmp(word, "one", 3) == 0);
	PL_CHECK_INT(pl_sdp_word(&at, &word), 3);
	PL_CHECK(strncmp(word, "two", 3) == 0);
	PL_CHECK_INT(pl_sdp_word(&at, &word), 0);
}

PL_TEST(numbers)
{
	uint64_t value = 5;

	PL_CHECK(pl_sdp_number("0127x", 4, 127, &value));
	PL_CHECK_INT(value, 127);
	PL_CHECK(pl_sdp_number("18446744073709551615", 20, UINT64_MAX, &value));
	PL_CHECK(value == UINT64_MAX);
	value = 5;
	PL_CHECK(!pl_sdp_number("18446744073709551616", 20, UINT64_MAX, &value));
	PL_CHECK(!pl_sdp_number("128", 3, 127, &value));
	PL_CHECK(!pl_sdp_number("", 0, 127, &value));
	PL_CHECK(!pl_sdp_number("-1", 2, 127, &value));
	PL_CHECK(!pl_sdp_number("1 ", 2, 127, &value));
	PL_CHECK_INT(value, 5);
}

PL_TEST_MAIN()
