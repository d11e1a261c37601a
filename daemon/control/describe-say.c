/* SPDX-License-Identifier: MIT */
#include "describe-say.h"

#include <stdarg.h>
#include <stdio.h>

void describe_say(struct json_object **array, const char *format, ...)
{
	struct json_object *value;
	char text[4500];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	value = *array ? json_object_new_string(text) : NULL;
	if (value && json_object_array_add(*array, value) == 0)
		return;
	json_object_put(value);
	json_object_put(*array);
	*array = NULL;
}
