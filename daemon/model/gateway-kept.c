/* SPDX-License-Identifier: MIT */
#include "gateway-kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void pl_gateway_kept_done(struct pl_gateway_kept *kept)
{
	pl_gateway_done(&kept->added);
	kept->n_jitter = 0;
}

int pl_gateway_kept_copy(const struct pl_gateway_kept *kept, struct pl_gateway_kept *ret_kept)
{
	struct pl_gateway added;
	int r = pl_gateway_copy(&kept->added, &added);

	if (r < 0)
		return r;
	*ret_kept = *kept;
	ret_kept->added = added;
	return 0;
}

/* --- writing ----------------------------------------------------------------------- */

static const struct pl_field jitter_fields[] = {
	PL_F_ID(pl_kept_jitter, "id", id),
	PL_F_DOUBLE(pl_kept_jitter, "safety", safety, 0, 1),
	PL_F_DOUBLE(pl_kept_jitter, "configured", configured, 0, 1),
	{NULL}};

static int append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static int write_all(const struct pl_gateway_kept *kept, struct json_object *tree)
{
	struct json_object *streams = json_object_new_array(), *pages = json_object_new_array(),
			   *jitter = json_object_new_array();
	int r = streams && pages && jitter ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < kept->added.n_streams; i++)
		r = append(streams, pl_stream_to_json(&kept->added.streams[i], true));
	for (size_t i = 0; r == 0 && i < kept->added.n_pages; i++)
		r = append(pages, pl_page_to_json(&kept->added.pages[i]));
	for (size_t i = 0; r == 0 && i < kept->n_jitter; i++)
		r = append(jitter, pl_fields_write(jitter_fields, &kept->jitter[i], true));
	if (r < 0) {
		json_object_put(streams);
		json_object_put(pages);
		json_object_put(jitter);
		return r;
	}
	r = pl_json_add(tree, "version", json_object_new_int(1));
	if (pl_json_add(tree, "streams", streams) < 0 || pl_json_add(tree, "pages", pages) < 0 ||
	    pl_json_add(tree, "jitter", jitter) < 0)
		r = -ENOMEM;
	return r;
}

struct json_object *pl_gateway_kept_to_json(const struct pl_gateway_kept *kept)
{
	struct json_object *tree = json_object_new_object();

	if (tree && write_all(kept, tree) < 0) {
		json_object_put(tree);
		return NULL;
	}
	return tree;
}

/* --- reading -------------------------------------------------------------------------- */

static int read_stream(const struct pl_gateway_reading *reading, struct json_object *value,
		       struct pl_gateway_kept *kept)
{
	struct pl_stream_def stream;
	int r = pl_stream_from_json(reading, value, &stream);

	return r < 0 ? r : pl_gateway_add_stream(&kept->added, &stream);
}

static int read_page(const struct pl_gateway_reading *reading, struct json_object *value,
		     struct pl_gateway_kept *kept)
{
	struct pl_page_def page;
	int r = pl_page_from_json(reading, value, &page);

	return r < 0 ? r : pl_gateway_add_page(&kept->added, &page);
}

static int read_jitter(const struct pl_gateway_reading *reading, struct json_object *value,
		       struct pl_gateway_kept *kept)
{
	struct pl_kept_jitter jitter = {0};
	struct pl_field_reader reader = {.reason = reading->reason,
					 .reason_size = reading->reason_size};
	int r;

	pl_json_place_init(&reader.place, reading->pointer, reading->pointer_size);
	r = pl_fields_read(&reader, value, jitter_fields, &jitter);
	if (r < 0)
		return r;
	if (!jitter.id[0])
		return pl_field_refuse(&reader, "id is missing");
	if (kept->n_jitter >= PL_STREAMS_MAX)
		return -ENOSPC;
	kept->jitter[kept->n_jitter++] = jitter;
	return 0;
}

static int refuse(const struct pl_gateway_reading *reading, const char *pointer, const char *reason)
{
	snprintf(reading->pointer, reading->pointer_size, "%s", pointer);
	snprintf(reading->reason, reading->reason_size, "%s", reason);
	return -EINVAL;
}

static int read_array(const struct pl_gateway_reading *reading, struct json_object *tree,
		      const char *name,
		      int (*read)(const struct pl_gateway_reading *reading,
				  struct json_object *value, struct pl_gateway_kept *kept),
		      struct pl_gateway_kept *kept)
{
	struct json_object *array;
	char pointer[256], where[128];

	if (!json_object_object_get_ex(tree, name, &array))
		return 0;
	snprintf(where, sizeof(where), "/%s", name);
	if (!json_object_is_type(array, json_type_array))
		return refuse(reading, where, "must be of type array");
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		int r = read(reading, json_object_array_get_idx(array, i), kept);

		if (r == 0)
			continue;
		if (r == -ENOSPC)
			return refuse(reading, where, "has too many items");
		snprintf(pointer, sizeof(pointer), "/%s/%zu%.200s", name, i, reading->pointer);
		snprintf(reading->pointer, reading->pointer_size, "%s", pointer);
		return r;
	}
	return 0;
}

int pl_gateway_kept_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
			      struct pl_gateway_kept *ret_kept)
{
	struct pl_gateway_kept kept = {0};
	struct json_object *version;
	uint64_t v;
	int r;

	if (!json_object_is_type(tree, json_type_object))
		return refuse(reading, "", "must be of type object");
	if (!json_object_object_get_ex(tree, "version", &version) ||
	    pl_json_read_uint(version, 1, 1, &v) < 0)
		return refuse(reading, "/version", "must be 1");
	r = read_array(reading, tree, "streams", read_stream, &kept);
	if (r == 0)
		r = read_array(reading, tree, "pages", read_page, &kept);
	if (r == 0)
		r = read_array(reading, tree, "jitter", read_jitter, &kept);
	if (r < 0) {
		pl_gateway_kept_done(&kept);
		return r;
	}
	*ret_kept = kept;
	return 0;
}
