/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "webrtc-sdp.h"

/** Which section a line is of. */
enum place {
	PLACE_SESSION,
	PLACE_FIRST,
	PLACE_LATER,
};

struct reader {
	struct pl_webrtc_fragment fragment;
	enum place place;
	/** its names are the first section's own, which go before the session's */
	bool has_own_ufrag, has_own_pwd;
};

/** Visible characters only. */
static bool copy_value(const char *value, size_t n, char *to, size_t capacity)
{
	if (n == 0 || n >= capacity)
		return false;
	for (size_t i = 0; i < n; i++)
		if (value[i] < 0x21 || value[i] > 0x7e)
			return false;
	memcpy(to, value, n);
	to[n] = '\0';
	return true;
}

static bool read_name(const struct reader *reader, bool *has_own, const char *value, size_t n,
		      char *to, size_t capacity)
{
	if (reader->place == PLACE_LATER || (reader->place == PLACE_SESSION && *has_own))
		return true;
	*has_own = reader->place == PLACE_FIRST;
	return copy_value(value, n, to, capacity);
}

/** @return where the value begins; 0: it is another attribute */
static size_t value_of(const char *line, size_t n, const char *name)
{
	size_t n_name = strlen(name);

	return n >= n_name && memcmp(line, name, n_name) == 0 ? n_name : 0;
}

static bool read_line(struct reader *reader, const char *line, size_t n)
{
	struct pl_webrtc_fragment *fragment = &reader->fragment;
	size_t at;

	if (n < 2 || line[0] < 'a' || line[0] > 'z' || line[1] != '=')
		return false;
	if (line[0] == 'm')
		reader->place = reader->place == PLACE_SESSION ? PLACE_FIRST : PLACE_LATER;
	at = value_of(line, n, "a=ice-ufrag:");
	if (at > 0)
		return read_name(reader, &reader->has_own_ufrag, line + at, n - at, fragment->ufrag,
				 sizeof(fragment->ufrag));
	at = value_of(line, n, "a=ice-pwd:");
	if (at > 0)
		return read_name(reader, &reader->has_own_pwd, line + at, n - at, fragment->pwd,
				 sizeof(fragment->pwd));
	return true;
}

static bool read_lines(struct reader *reader, const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t next = end ? (size_t)(end - text) + 1 : size;
		size_t n = (end ? next - 1 : size) - at;

		if (n > 0 && text[at + n - 1] == '\r')
			n--;
		if (n > 0 && !read_line(reader, text + at, n))
			return false;
		at = next;
	}
	return true;
}

int pl_webrtc_fragment_parse(const char *text, size_t size, struct pl_webrtc_fragment *ret_fragment,
			     char *ret_trouble, size_t trouble_size)
{
	struct reader reader = {.place = PLACE_SESSION};
	const char *trouble = NULL;

	if (size > PL_WEBRTC_SDP_MAX)
		trouble = "the fragment is too long";
	else if (memchr(text, '\0', size) || !read_lines(&reader, text, size))
		trouble = "this is no fragment of a session description";
	else if (reader.fragment.pwd[0] && !reader.fragment.ufrag[0])
		trouble = "the fragment has an ice-pwd without an ice-ufrag";
	if (trouble) {
		snprintf(ret_trouble, trouble_size, "%s", trouble);
		return -EBADMSG;
	}
	*ret_fragment = reader.fragment;
	return 0;
}
