/* SPDX-License-Identifier: MIT */
#include "json-strict.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
