/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "json-strict.h"
#include "utf8.h"

/*
 * json-c alone is too lax: it takes NaN and single quotes, the last of two equal names, cuts strings
 * at NUL; its own strict mode differs from version to version. So the text is checked here, and
 * json-c only builds the tree.
 */

struct scan {
	const unsigned char *p, *end;
	const char *why;
	size_t n_names;
};

static int refuse(struct scan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return -EINVAL;
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static int scan_utf8(struct scan *s)
{
	uint32_t code;
	size_t n = pl_utf8_read((const char *)s->p, (size_t)(s->end - s->p), &code);

	if (n == 0)
		return refuse(s, "the text is not valid UTF-8");
	s->p += n;
	return 0;
}

static int scan_hex4(struct scan *s, uint32_t *ret_value)
{
	uint32_t value = 0;

	if (s->end - s->p < 4)
		return refuse(s, "an escape is cut short");
	for (int i = 0; i < 4; i++) {
		unsigned char c = s->p[i];

		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			value |= (uint32_t)((c | 32) - 'a' + 10);
		else
			return refuse(s, "an escape is not hexadecimal");
	}
	s->p += 4;
	*ret_value = value;
	return 0;
}

static int scan_unicode_escape(struct scan *s)
{
	uint32_t unit, low;
	int r;

	r = scan_hex4(s, &unit);
	if (r < 0)
		return r;
	if (unit == 0)
		return refuse(s, "a string contains NUL");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return refuse(s, "a string contains half a surrogate pair");
	if (unit < 0xd800 || unit > 0xdbff)
		return 0;
	if (s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u')
		return refuse(s, "a string contains half a surrogate pair");
	s->p += 2;
	r = scan_hex4(s, &low);
	if (r < 0)
		return r;
	if (low < 0xdc00 || low > 0xdfff)
		return refuse(s, "a string contains half a surrogate pair");
	return 0;
}

static int scan_string(struct scan *s)
{
	int r = 0;

	s->p++; /* the opening quote */
	while (s->p < s->end && r >= 0) {
		unsigned char c = *s->p;

		if (c == '"') {
			s->p++;
			return 0;
		}
		if (c < 0x20)
			return refuse(s, "a string contains a control character");
		if (c >= 0x80) {
			r = scan_utf8(s);
			continue;
		}
		s->p++;
		if (c != '\\')
			continue;
		if (s->p == s->end)
			break;
		c = *s->p++;
		if (c == 'u')
			r = scan_unicode_escape(s);
		else if (!strchr("\"\\/bfnrt", c) || c == '\0')
			return refuse(s, "a string contains an unknown escape");
	}
	return r < 0 ? r : refuse(s, "a string has no end");
}

static size_t scan_digits(struct scan *s)
{
	const unsigned char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

static int scan_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (scan_digits(s) == 0)
		return refuse(s, "a value was expected");
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (scan_digits(s) == 0)
			return refuse(s, "a number has no digits after its point");
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (scan_digits(s) == 0)
			return refuse(s, "a number has no digits in its exponent");
	}
	return 0;
}

static int scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return refuse(s, "a value was expected");
	s->p += n;
	return 0;
}

static int scan_scalar(struct scan *s)
{
	switch (*s->p) {
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

/** `"name" :` of an object's member */
static int scan_name(struct scan *s)
{
	int r;

	if (s->p == s->end || *s->p != '"')
		return refuse(s, "a name in double quotes was expected");
	r = scan_string(s);
	if (r < 0)
		return r;
	s->n_names++;
	skip_space(s);
	if (s->p == s->end || *s->p != ':')
		return refuse(s, "a colon was expected");
	s->p++;
	skip_space(s);
	return 0;
}

/**
 * One value with everything in it. The nesting is kept in an array of our own, so
 * that the stack of the process does not depend on what was sent.
 */
static int scan_value(struct scan *s)
{
	unsigned char closing[PL_JSON_DEPTH_MAX];
	size_t depth = 0;
	int r;

	for (;;) {
		bool opened = false;

		if (s->p == s->end)
			return refuse(s, "the text ends too early");
		if (*s->p == '{' || *s->p == '[') {
			if (depth == PL_JSON_DEPTH_MAX)
				return refuse(s, "the text is nested too deeply");
			closing[depth++] = *s->p == '{' ? '}' : ']';
			s->p++;
			skip_space(s);
			opened = true;
		} else {
			r = scan_scalar(s);
			if (r < 0)
				return r;
		}

		while (depth > 0) {
			if (!opened)
				skip_space(s);
			if (s->p == s->end)
				return refuse(s, "the text ends too early");
			if (*s->p == closing[depth - 1]) {
				s->p++;
				depth--;
				opened = false;
				continue;
			}
			if (!opened) {
				if (*s->p != ',')
					return refuse(s,
						      "a comma or a closing bracket was expected");
				s->p++;
				skip_space(s);
			}
			if (closing[depth - 1] == '}') {
				r = scan_name(s);
				if (r < 0)
					return r;
			}
			break;
		}
		if (depth == 0)
			return 0;
	}
}

/** @param ret_n_names  names of all objects together */
static int check(const char *text, size_t size, size_t *ret_n_names,
		 struct pl_json_fault *ret_fault)
{
	struct scan s = {
		.p = (const unsigned char *)text,
		.end = (const unsigned char *)text + size,
	};
	int r;

	skip_space(&s);
	r = scan_value(&s);
	if (r >= 0) {
		skip_space(&s);
		if (s.p != s.end)
			r = refuse(&s, "there is more after the end of the text");
	}
	*ret_fault = (struct pl_json_fault){
		.offset = (size_t)(s.p - (const unsigned char *)text),
		.why = s.why,
	};
	*ret_n_names = s.n_names;
	return r;
}

/** Depth is bounded by PL_JSON_DEPTH_MAX. */
static size_t count_names(struct json_object *tree)
{
	size_t n = 0;

	if (json_object_is_type(tree, json_type_object)) {
		json_object_object_foreach (tree, name, value) {
			(void)name;
			n += 1 + count_names(value);
		}
	} else if (json_object_is_type(tree, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			n += count_names(json_object_array_get_idx(tree, i));
	}
	return n;
}

int pl_json_read(const char *text, size_t size, struct json_object **ret_tree,
		 struct pl_json_fault *ret_fault)
{
	struct json_tokener *tokener;
	struct json_object *tree;
	enum json_tokener_error error;
	bool is_without_memory;
	size_t n_names;
	int r;

	if (size > INT_MAX) {
		*ret_fault = (struct pl_json_fault){.why = "the text is too long"};
		return -EINVAL;
	}
	r = check(text, size, &n_names, ret_fault);
	if (r < 0)
		return r;

	/* json-c before 0.18 has no word for a lack of memory: malloc() leaves one here. */
	errno = 0;
	/* json-c counts the outermost value as a level of its own */
	tokener = json_tokener_new_ex(PL_JSON_DEPTH_MAX + 2);
	if (!tokener)
		return -ENOMEM;
	tree = json_tokener_parse_ex(tokener, text, (int)size);
	error = json_tokener_get_error(tokener);
	if (error == json_tokener_continue) {
		/* a number at the very end: json-c cannot know that it is complete */
		tree = json_tokener_parse_ex(tokener, "\n", 1);
		error = json_tokener_get_error(tokener);
	}
	is_without_memory = errno == ENOMEM;
	json_tokener_free(tokener);
	if (is_without_memory) {
		json_object_put(tree);
		return -ENOMEM;
	}
	if (error != json_tokener_success) {
		ret_fault->why = json_tokener_error_desc(error);
		json_object_put(tree);
		return -EINVAL;
	}
	/* json-c keeps the last of equal names: fewer in the tree than in the text */
	if (count_names(tree) != n_names) {
		ret_fault->why = "a name is given twice in one object";
		json_object_put(tree);
		return -EINVAL;
	}
	*ret_tree = tree;
	return 0;
}

int pl_json_parse(const char *text, size_t size, struct json_object **ret_tree, char *ret_reason,
		  size_t reason_size)
{
	struct pl_json_fault fault;
	int r;

	r = pl_json_read(text, size, ret_tree, &fault);
	if (r == -EINVAL)
		snprintf(ret_reason, reason_size, "not JSON at byte %zu: %s", fault.offset,
			 fault.why);
	return r;
}
