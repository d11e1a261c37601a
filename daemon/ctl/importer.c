/* SPDX-License-Identifier: MIT */
#include "importer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** The same of a hundred tones is said once. */
static void add_note(struct importer *im, const char *text)
{
	struct json_object *value;

	for (size_t i = 0; i < json_object_array_length(im->notes); i++) {
		value = json_object_array_get_idx(im->notes, i);
		if (strcmp(text, json_object_get_string(value)) == 0)
			return;
	}
	value = json_object_new_string(text);
	if (!value || json_object_array_add(im->notes, value) < 0)
		im->failed = true;
}

void importer_note(struct importer *im, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add_note(im, text);
}

struct json_object *importer_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, name, &value);
	return value;
}

double importer_number(struct json_object *object, const char *name, double otherwise)
{
	struct json_object *value = importer_member(object, name);
	double number;

	if (!json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_int))
		return otherwise;
	number = json_object_get_double(value);
	return isfinite(number) ? number : otherwise;
}

bool importer_flag(struct json_object *object, const char *name)
{
	struct json_object *value = importer_member(object, name);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

/** Without control characters, at most size - 1 bytes, whole characters. */
static void make_harmless(const char *from, char *ret_text, size_t size)
{
	size_t n = 0;

	while (*from) {
		size_t length = 1;

		while (((unsigned char)from[length] & 0xc0u) == 0x80u)
			length++;
		if (n + length >= size)
			break;
		if ((unsigned char)from[0] < 0x20 || from[0] == 0x7f ||
		    ((unsigned char)from[0] == 0xc2 && (unsigned char)from[1] < 0xa0)) {
			ret_text[n++] = ' ';
		} else {
			memcpy(ret_text + n, from, length);
			n += length;
		}
		from += length;
	}
	ret_text[n] = '\0';
}

void importer_text(struct json_object *object, const char *name, char *ret_text, size_t size)
{
	struct json_object *value = importer_member(object, name);

	ret_text[0] = '\0';
	if (json_object_is_type(value, json_type_string))
		make_harmless(json_object_get_string(value), ret_text, size);
}

void importer_put(struct importer *im, struct json_object *object, const char *name,
		  struct json_object *value)
{
	if (!value || json_object_object_add(object, name, value) < 0) {
		json_object_put(value);
		im->failed = true;
	}
}

void importer_put_text(struct importer *im, struct json_object *object, const char *name,
		       const char *text)
{
	importer_put(im, object, name, json_object_new_string(text));
}

void importer_put_number(struct importer *im, struct json_object *object, const char *name,
			 double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.9g", value);
	importer_put(im, object, name, json_object_new_double_s(value, text));
}

void importer_append(struct importer *im, struct json_object *array, struct json_object *value)
{
	if (!value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		im->failed = true;
	}
}

double importer_clamp(double value, double min, double max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

void importer_make_id(struct json_object *taken, const char *wish, char ret_id[IMPORTER_ID_SIZE])
{
	size_t n = 0;

	for (const char *p = wish; *p && n < 24; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')
			ret_id[n++] = c;
		else if (n > 0 && ret_id[n - 1] != '-')
			ret_id[n++] = '-';
	}
	ret_id[n] = '\0';
	for (unsigned number = 2; number < 2000; number++) {
		bool is_free = ret_id[0] != '\0';

		for (size_t i = 0; is_free && i < json_object_array_length(taken); i++) {
			struct json_object *id =
				importer_member(json_object_array_get_idx(taken, i), "id");

			is_free = strcmp(json_object_get_string(id), ret_id) != 0;
		}
		if (is_free)
			return;
		snprintf(ret_id + n, IMPORTER_ID_SIZE - n, "%s%u", n ? "-" : "x", number);
	}
}

size_t importer_length(struct json_object *array, size_t n_max)
{
	size_t n =
		json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

	return n > n_max ? n_max : n;
}

void importer_note_unknown(struct importer *im, unsigned channel, struct json_object *object,
			   const char *const known[])
{
	if (!json_object_is_type(object, json_type_object))
		return;
	json_object_object_foreach (object, name, value) {
		char text[64];
		size_t i = 0;

		(void)value;
		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (known[i])
			continue;
		make_harmless(name, text, sizeof(text));
		importer_note(im, "channel %u: \"%s\" is left out: nothing here corresponds to it",
			      channel, text);
	}
}
