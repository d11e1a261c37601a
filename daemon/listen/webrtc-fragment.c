/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sdp-line.h"
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
static bool copy_value(const char *value, char *to, size_t capacity)
{
	size_t n = strlen(value);

	if (n == 0 || n >= capacity)
		return false;
	for (size_t i = 0; i < n; i++)
		if (value[i] < 0x21 || value[i] > 0x7e)
			return false;
	memcpy(to, value, n + 1);
	return true;
}

static bool read_name(const struct reader *reader, bool *has_own, const char *value, char *to,
		      size_t capacity)
{
	if (reader->place == PLACE_LATER || (reader->place == PLACE_SESSION && *has_own))
		return true;
	*has_own = reader->place == PLACE_FIRST;
	return copy_value(value, to, capacity);
}

static bool read_candidate(struct reader *reader, const char *value)
{
	struct pl_webrtc_candidate candidate;

	if (reader->place != PLACE_LATER && pl_webrtc_candidate_read(value, &candidate) == 0)
		pl_webrtc_candidates_add(&reader->fragment.candidates, &candidate);
	return true;
}

/** @return where the value begins; NULL: it is another attribute */
static const char *value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 ? line + n : NULL;
}

static bool read_line(struct reader *reader, const char *line)
{
	struct pl_webrtc_fragment *fragment = &reader->fragment;
	const char *value;

	if (line[0] < 'a' || line[0] > 'z')
		return false;
	if (line[0] == 'm')
		reader->place = reader->place == PLACE_SESSION ? PLACE_FIRST : PLACE_LATER;
	if ((value = value_of(line, "a=ice-ufrag:")))
		return read_name(reader, &reader->has_own_ufrag, value, fragment->ufrag,
				 sizeof(fragment->ufrag));
	if ((value = value_of(line, "a=ice-pwd:")))
		return read_name(reader, &reader->has_own_pwd, value, fragment->pwd,
				 sizeof(fragment->pwd));
	if ((value = value_of(line, "a=candidate:")))
		return read_candidate(reader, value);
	if (strcmp(line, "a=end-of-candidates") == 0)
		fragment->is_last = true;
	return true;
}

static bool read_lines(struct reader *reader, const char *text, size_t size)
{
	struct pl_sdp_lines lines = {.text = text, .size = size};
	char line[PL_SDP_LINE_SIZE];
	int r;

	while ((r = pl_sdp_lines_next(&lines, line)) != 0) {
		if ((r < 0 && r != -EMSGSIZE) || !read_line(reader, line))
			return false;
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
