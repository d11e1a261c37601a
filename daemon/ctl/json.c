/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct json_object *ctl_json_number(double value)
{
	char text[40];

	if (!isfinite(value))
		return NULL;
	snprintf(text, sizeof(text), "%.6g", value + 0.0);
	return json_object_new_double_s(value, text);
}

static int read_basic(sd_bus_message *message, char type, struct json_object **ret_value)
{
	union {
		uint8_t y;
		int b;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
		const char *s;
	} v;
	int r = sd_bus_message_read_basic(message, type, &v);

	if (r < 0)
		return r;
	switch (type) {
	case 'b':
		*ret_value = json_object_new_boolean(v.b);
		break;
	case 'y':
		*ret_value = json_object_new_int(v.y);
		break;
	case 'n':
		*ret_value = json_object_new_int(v.n);
		break;
	case 'q':
		*ret_value = json_object_new_int(v.q);
		break;
	case 'i':
		*ret_value = json_object_new_int(v.i);
		break;
	case 'u':
		*ret_value = json_object_new_int64(v.u);
		break;
	case 'x':
		*ret_value = json_object_new_int64(v.x);
		break;
	case 't':
		*ret_value = json_object_new_uint64(v.t);
		break;
	case 'd':
		*ret_value = ctl_json_number(v.d);
		break;
	case 's':
	case 'o':
	case 'g':
		*ret_value = json_object_new_string(v.s);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return 0;
}

static int read_entry(sd_bus_message *message, struct json_object *object)
{
	ctl_cleanup_json *key = NULL;
	struct json_object *value = NULL;
	int r;

	r = ctl_json_from_message(message, &key);
	if (r < 0)
		return r;
	r = ctl_json_from_message(message, &value);
	if (r < 0)
		return r;
	json_object_object_add(object, json_object_get_string(key), value);
	return 0;
}

static int read_elements(sd_bus_message *message, bool is_dictionary, struct json_object *value)
{
	char type;
	const char *contents;
	int r;

	while ((r = sd_bus_message_at_end(message, false)) == 0) {
		struct json_object *element = NULL;

		if (is_dictionary) {
			r = sd_bus_message_peek_type(message, &type, &contents);
			if (r >= 0)
				r = sd_bus_message_enter_container(message, 'e', contents);
			if (r >= 0)
				r = read_entry(message, value);
			if (r >= 0)
				r = sd_bus_message_exit_container(message);
		} else {
			r = ctl_json_from_message(message, &element);
			if (r >= 0)
				json_object_array_add(value, element);
		}
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

int ctl_json_from_message(sd_bus_message *message, struct json_object **ret_value)
{
	ctl_cleanup_json *value = NULL;
	bool is_dictionary;
	const char *contents;
	char type;
	int r;

	r = sd_bus_message_peek_type(message, &type, &contents);
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	if (!contents)
		return read_basic(message, type, ret_value);

	is_dictionary = type == 'a' && contents[0] == '{';
	r = sd_bus_message_enter_container(message, type, contents);
	if (r < 0)
		return r;
	if (type == 'v') {
		r = ctl_json_from_message(message, &value);
	} else {
		value = is_dictionary ? json_object_new_object() : json_object_new_array();
		r = read_elements(message, is_dictionary, value);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r < 0)
		return r;
	*ret_value = value;
	value = NULL;
	return 0;
}

void ctl_snake_case(const char *member, char *ret_name, size_t size)
{
	size_t n = 0;

	for (const char *p = member; *p && n + 2 < size; p++) {
		if (isupper((unsigned char)*p) && p != member)
			ret_name[n++] = '_';
		ret_name[n++] = (char)tolower((unsigned char)*p);
	}
	ret_name[n] = '\0';
}

void ctl_json_print(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(value);
	fflush(stdout);
}

struct json_object *ctl_json_member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (object)
		json_object_object_get_ex(object, key, &value);
	return value;
}

double ctl_json_double(struct json_object *object, const char *key)
{
	return json_object_get_double(ctl_json_member(object, key));
}

bool ctl_json_bool(struct json_object *object, const char *key)
{
	return json_object_get_boolean(ctl_json_member(object, key));
}

const char *ctl_json_string(struct json_object *object, const char *key)
{
	const char *text = json_object_get_string(ctl_json_member(object, key));

	return text ? text : "";
}
