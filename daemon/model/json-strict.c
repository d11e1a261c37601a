/* SPDX-License-Identifier: MIT */
#include "json-strict.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "utf8.h"

static size_t skip_space(const char *text, size_t size, size_t at)
{
	while (at < size && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at;
}

/**
 * What json-c takes even when strict: 'single quotes', NaN, Infinity, control characters in
 * strings. @return where the first of these is, size for nowhere
 */
static size_t find_lax(const char *text, size_t size)
{
	bool in_string = false;

	for (size_t i = 0; i < size; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (in_string ? (unsigned char)text[i] < 0x20
				   : text[i] == '\'' || text[i] == 'N' || text[i] == 'I')
			return i;
	}
	return size;
}

/**
 * The same document in ASCII: json-c 0.18 refuses every other character in its strict mode. Outside
 * of strings an escape is as wrong as the character was.
 *
 * @return bytes in ret_ascii, which takes 6 for each byte of the text; or -EINVAL
 */
static ssize_t to_ascii(const char *text, size_t size, char *ret_ascii, size_t *ret_bad)
{
	char *out = ret_ascii;
	uint32_t code;

	for (size_t i = 0, n; i < size; i += n) {
		n = pl_utf8_read(text + i, size - i, &code);
		if (n == 0) {
			*ret_bad = i;
			return -EINVAL;
		}
		if (code < 0x80)
			*out++ = (char)code;
		else if (code < 0x10000)
			out += sprintf(out, "\\u%04x", code);
		else
			out += sprintf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
				       0xdc00 + ((code - 0x10000) & 0x3ff));
	}
	return out - ret_ascii;
}

static int parse_ascii(const char *text, size_t size, struct json_object **ret_tree,
		       char *ret_reason, size_t reason_size)
{
	struct json_tokener *tokener;
	struct json_object *tree;
	enum json_tokener_error error;
	size_t end;

	end = find_lax(text, size);
	if (end < size) {
		snprintf(ret_reason, reason_size, "not JSON at byte %zu", end);
		return -EINVAL;
	}
	tokener = json_tokener_new_ex(PL_JSON_DEPTH_MAX);
	if (!tokener)
		return -ENOMEM;
	/* JSON_TOKENER_STRICT also refuses trailing white space in some versions; it is cut here. */
	while (size > 0 && text[size - 1] && strchr(" \t\r\n", text[size - 1]))
		size--;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);

	tree = json_tokener_parse_ex(tokener, text, (int)size);
	error = json_tokener_get_error(tokener);
	/* A number at the end only ends with the terminator. */
	if (error == json_tokener_continue && size > 0) {
		tree = json_tokener_parse_ex(tokener, "", 1);
		error = json_tokener_get_error(tokener);
		end = size;
	} else {
		end = json_tokener_get_parse_end(tokener);
	}
	json_tokener_free(tokener);

	if (error != json_tokener_success) {
		json_object_put(tree);
		if (error == json_tokener_continue || size == 0)
			snprintf(ret_reason, reason_size, "the document ends too early");
		else
			snprintf(ret_reason, reason_size, "not JSON at byte %zu: %s", end,
				 json_tokener_error_desc(error));
		return -EINVAL;
	}
	end = skip_space(text, size, end);
	if (end < size) {
		json_object_put(tree);
		snprintf(ret_reason, reason_size, "not JSON at byte %zu: text after the document",
			 end);
		return -EINVAL;
	}
	*ret_tree = tree;
	return 0;
}

int pl_json_parse(const char *text, size_t size, struct json_object **ret_tree, char *ret_reason,
		  size_t reason_size)
{
	ssize_t n_ascii;
	size_t bad = 0;
	char *ascii;
	int r;

	if (size > INT_MAX / 6 - 1) {
		snprintf(ret_reason, reason_size, "the document is too large");
		return -EINVAL;
	}
	ascii = malloc(size * 6 + 1);
	if (!ascii)
		return -ENOMEM;
	n_ascii = to_ascii(text, size, ascii, &bad);
	if (n_ascii < 0) {
		snprintf(ret_reason, reason_size, "not JSON at byte %zu: no UTF-8", bad);
		r = -EINVAL;
	} else {
		r = parse_ascii(ascii, (size_t)n_ascii, ret_tree, ret_reason, reason_size);
	}
	free(ascii);
	return r;
}

struct json_object *pl_json_double(double value)
{
	char text[40];
	int length = 0;

	/* 17 digits always come back exactly, 15 or 16 often do and read better. */
	for (int digits = 15; digits <= 17; digits++) {
		length = snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	if (!strpbrk(text, ".eEn"))
		snprintf(text + length, sizeof(text) - (size_t)length, ".0");
	return json_object_new_double_s(value, text);
}

int pl_json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

void pl_json_place_init(struct pl_json_place *place, char *pointer, size_t size)
{
	*place = (struct pl_json_place){.pointer = pointer, .size = size};
	if (size > 0)
		pointer[0] = '\0';
}

/** Adds c if it and a terminator fit; a pointer that is too long is cut. */
static void place_put(struct pl_json_place *place, char c)
{
	if (place->length + 1 < place->size) {
		place->pointer[place->length++] = c;
		place->pointer[place->length] = '\0';
	}
}

size_t pl_json_enter(struct pl_json_place *place, const char *key)
{
	size_t mark = place->length;

	place_put(place, '/');
	for (; *key; key++) {
		if (*key == '~' || *key == '/') {
			place_put(place, '~');
			place_put(place, *key == '~' ? '0' : '1');
		} else {
			place_put(place, *key);
		}
	}
	return mark;
}

void pl_json_leave(struct pl_json_place *place, size_t mark)
{
	place->length = mark;
	if (mark < place->size)
		place->pointer[mark] = '\0';
}

int pl_json_read_bool(struct json_object *value, bool *ret_value)
{
	if (!json_object_is_type(value, json_type_boolean))
		return -EINVAL;
	*ret_value = json_object_get_boolean(value);
	return 0;
}

int pl_json_read_double(struct json_object *value, double min, double max, double *ret_value)
{
	double v;

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return -EINVAL;
	v = json_object_get_double(value);
	/* False for NaN too. */
	if (!(v >= min && v <= max))
		return -EINVAL;
	/* -0.0 is 0.0 to everybody who compares. */
	*ret_value = v == 0.0 ? 0.0 : v;
	return 0;
}

int pl_json_read_uint(struct json_object *value, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t v;

	if (!json_object_is_type(value, json_type_int))
		return -EINVAL;
	if (json_object_get_int64(value) < 0)
		return -EINVAL;
	v = json_object_get_uint64(value);
	if (v < min || v > max)
		return -EINVAL;
	*ret_value = v;
	return 0;
}

int pl_json_read_id(const char *key, uint32_t max, uint32_t *ret_id)
{
	uint32_t id = 0;

	if (key[0] < '1' || key[0] > '9')
		return -EINVAL;
	for (; *key; key++) {
		if (*key < '0' || *key > '9')
			return -EINVAL;
		id = id * 10u + (uint32_t)(*key - '0');
		if (id > max)
			return -EINVAL;
	}
	*ret_id = id;
	return 0;
}
