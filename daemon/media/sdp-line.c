/* SPDX-License-Identifier: MIT */
#include "sdp-line.h"

#include <errno.h>
#include <string.h>

int pl_sdp_lines_next(struct pl_sdp_lines *lines, char ret_line[PL_SDP_LINE_SIZE])
{
	while (lines->at < lines->size) {
		const char *line = lines->text + lines->at;
		const char *end = memchr(line, '\n', lines->size - lines->at);
		size_t n = end ? (size_t)(end - line) : lines->size - lines->at;
		bool is_long;

		lines->at += end ? n + 1 : n;
		if (n > 0 && line[n - 1] == '\r')
			n--;
		if (n == 0)
			continue;
		if (n < 2 || line[1] != '=')
			return -EBADMSG;
		is_long = n >= PL_SDP_LINE_SIZE;
		if (is_long)
			n = PL_SDP_LINE_SIZE - 1;
		memcpy(ret_line, line, n);
		ret_line[n] = '\0';
		return is_long ? -EMSGSIZE : 1;
	}
	return 0;
}

size_t pl_sdp_word(const char **at, const char **ret_word)
{
	size_t n;

	*at += strspn(*at, " ");
	n = strcspn(*at, " ");
	*ret_word = *at;
	*at += n;
	return n;
}

bool pl_sdp_number(const char *text, size_t n, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*ret_value = value;
	return true;
}
