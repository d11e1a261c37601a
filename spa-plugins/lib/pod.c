/* SPDX-License-Identifier: MIT */
#include "pod.h"

#include <math.h>
#include <string.h>

#include <spa/pod/pod.h>
#include <spa/utils/type.h>

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

bool pl_pod_take(struct pl_pod_reader *reader, void *ret_bytes, size_t n_bytes)
{
	if (reader->size < n_bytes)
		return false;
	memcpy(ret_bytes, reader->data, n_bytes);
	reader->data += n_bytes;
	reader->size -= n_bytes;
	return true;
}

bool pl_pod_next(struct pl_pod_reader *reader, struct pl_pod *ret_pod)
{
	struct pl_pod_reader rest = *reader;
	uint32_t header[2];
	size_t step;

	if (!pl_pod_take(&rest, header, sizeof(header)) || header[0] > rest.size)
		return false;
	ret_pod->type = header[1];
	ret_pod->body = (struct pl_pod_reader){rest.data, header[0]};
	/* PODs start at multiples of 8; the last one may go without its padding. */
	step = min_size(((size_t)header[0] + 7u) & ~(size_t)7u, rest.size);
	*reader = (struct pl_pod_reader){rest.data + step, rest.size - step};
	return true;
}

bool pl_pod_get_name(const struct pl_pod *pod, char ret_name[PL_POD_NAME_MAX])
{
	size_t n = min_size(pod->body.size, PL_POD_NAME_MAX);

	if (pod->type != SPA_TYPE_String || n == 0)
		return false;
	/* One that does not end in time must not be left behind without an end. */
	if (!memchr(pod->body.data, 0, n))
		return false;
	memcpy(ret_name, pod->body.data, n);
	return true;
}

bool pl_pod_get_number(const struct pl_pod *pod, double *ret_number)
{
	struct pl_pod_reader body = pod->body;
	int32_t i = 0;
	int64_t l = 0;
	float f = 0.0f;
	double d = 0.0;

	switch (pod->type) {
	case SPA_TYPE_Bool:
		if (!pl_pod_take(&body, &i, sizeof(i)))
			return false;
		d = i != 0;
		break;
	case SPA_TYPE_Int:
		if (!pl_pod_take(&body, &i, sizeof(i)))
			return false;
		d = i;
		break;
	case SPA_TYPE_Long:
		if (!pl_pod_take(&body, &l, sizeof(l)))
			return false;
		d = (double)l;
		break;
	case SPA_TYPE_Float:
		if (!pl_pod_take(&body, &f, sizeof(f)))
			return false;
		d = f;
		break;
	case SPA_TYPE_Double:
		if (!pl_pod_take(&body, &d, sizeof(d)))
			return false;
		break;
	default:
		return false;
	}
	if (!isfinite(d))
		return false;
	*ret_number = d;
	return true;
}

bool pl_pod_get_bits(const struct pl_pod *pod, uint64_t *ret_bits)
{
	struct pl_pod_reader body = pod->body;
	double number;

	if (pod->type == SPA_TYPE_Long)
		return pl_pod_take(&body, ret_bits, sizeof(*ret_bits));
	if (!pl_pod_get_number(pod, &number) || number < 0.0 || number >= 0x1p64 ||
	    number != floor(number))
		return false;
	*ret_bits = (uint64_t)number;
	return true;
}

bool pl_pod_list_init(struct pl_pod_list *list, const struct pl_pod *pod)
{
	uint32_t child[2];

	*list = (struct pl_pod_list){.reader = pod->body};
	if (pod->type == SPA_TYPE_Struct)
		return true;
	if (pod->type != SPA_TYPE_Array || !pl_pod_take(&list->reader, child, sizeof(child)))
		return false;
	list->array = true;
	list->child_size = child[0];
	list->child_type = child[1];
	return list->child_size > 0;
}

bool pl_pod_list_next(struct pl_pod_list *list, struct pl_pod *ret_pod)
{
	if (!list->array)
		return pl_pod_next(&list->reader, ret_pod);
	if (list->reader.size < list->child_size)
		return false;
	ret_pod->type = list->child_type;
	ret_pod->body = (struct pl_pod_reader){list->reader.data, list->child_size};
	list->reader.data += list->child_size;
	list->reader.size -= list->child_size;
	return true;
}

bool pl_pod_object_init(struct pl_pod_reader *reader, const struct pl_pod *pod, uint32_t type)
{
	uint32_t head[2];

	*reader = pod->body;
	return pod->type == SPA_TYPE_Object && pl_pod_take(reader, head, sizeof(head)) &&
	       head[0] == type;
}

bool pl_pod_object_next(struct pl_pod_reader *reader, uint32_t *ret_key, struct pl_pod *ret_value)
{
	uint32_t head[2];

	if (!pl_pod_take(reader, head, sizeof(head)))
		return false;
	*ret_key = head[0];
	return pl_pod_next(reader, ret_value);
}

/** 1..max without sign, blank or leading zero, up to the character `end`. */
static const char *parse_id(const char *s, uint32_t max, char end, uint32_t *ret_id)
{
	uint32_t id = 0;

	if (*s < '1' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		id = id * 10u + (uint32_t)(*s - '0');
		if (id > max)
			return NULL;
	}
	if (*s != end)
		return NULL;
	*ret_id = id;
	return s + 1;
}

bool pl_pod_parse_ids(const char *name, const char *prefix, uint32_t max_a, uint32_t max_b,
		      uint32_t *ret_a, uint32_t *ret_b)
{
	size_t n = strlen(prefix);
	uint32_t a, b;
	const char *s;

	if (strncmp(name, prefix, n) != 0 || name[n] != '.')
		return false;
	s = parse_id(name + n + 1, max_a, '.', &a);
	if (!s || !parse_id(s, max_b, '\0', &b))
		return false;
	*ret_a = a;
	*ret_b = b;
	return true;
}
