/* SPDX-License-Identifier: MIT */
#include "config-read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

#define SECRET_FILE_MAX 4096u

struct json_object *config_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (object)
		json_object_object_get_ex(object, name, &value);
	return value;
}

void config_take_uint(struct json_object *object, const char *name, uint32_t *value)
{
	struct json_object *v = config_member(object, name);

	/* The schema lets 16.0 through: it is an integer. */
	if (v)
		*value = (uint32_t)json_object_get_double(v);
}

int config_take_string(struct json_object *object, const char *name, char *value, size_t size)
{
	struct json_object *v = config_member(object, name);
	size_t length;

	if (!v)
		return 0;
	length = (size_t)json_object_get_string_len(v);
	if (length >= size)
		return -EINVAL;
	memcpy(value, json_object_get_string(v), length + 1);
	return 0;
}

int config_take_list(struct json_object *object, const char *name, char *list[], size_t *n_list)
{
	struct json_object *array = config_member(object, name);
	size_t n = array ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < n; i++) {
		list[i] = strdup(json_object_get_string(json_object_array_get_idx(array, i)));
		if (!list[i])
			return -ENOMEM;
		*n_list = i + 1;
	}
	return 0;
}

int config_read_secret_file(const char *path, char *ret_text, size_t size)
{
	char *text = NULL;
	size_t n = 0;
	int r = pl_file_read(AT_FDCWD, path, SECRET_FILE_MAX, &text, &n);

	if (r < 0)
		return r;
	n = strcspn(text, "\r\n");
	if (n < size) {
		memcpy(ret_text, text, n);
		ret_text[n] = '\0';
	} else {
		r = -EFBIG;
	}
	explicit_bzero(text, strlen(text));
	free(text);
	return r;
}
