/* SPDX-License-Identifier: MIT */
#ifndef PL_GATEWAY_JSON_H
#define PL_GATEWAY_JSON_H

#include <json-c/json.h>

#include "fields.h"
#include "gateway-def.h"

/**
 * The gateway as JSON: "gateway" of the configuration file (shape, units, ranges, defaults:
 * conf/partyline.schema.json), single definitions as verbs take them, and what faces show.
 */

/** How documents name files of secrets, see struct pl_field_reader. */
struct pl_gateway_reading {
	int (*read_file)(void *userdata, const char *path, char *ret_text, size_t size);
	void *userdata;
	/** JSON pointer of what was refused, and why; at least 128 and 256 bytes */
	char *pointer, *reason;
	size_t pointer_size, reason_size;
};

/**
 * Read strictly; definitions become PL_ORIGIN_CONFIG. What only shows between definitions
 * pl_gateway_check() looks at.
 *
 * @param ret_gateway  done by the caller
 * @return 0; -EINVAL or -ENOMEM: *ret_gateway is untouched
 */
int pl_gateway_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
			 struct pl_gateway *ret_gateway);
/** One stream or page, of PL_ORIGIN_ADDED. */
int pl_stream_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
			struct pl_stream_def *ret_stream);
int pl_page_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
		      struct pl_page_def *ret_page);

/* Writing: a new object that the caller puts, NULL without memory. With secrets only for files
 * that nobody else may read. */
struct json_object *pl_stream_to_json(const struct pl_stream_def *stream, bool secrets);
struct json_object *pl_line_to_json(const struct pl_line_def *line);
struct json_object *pl_tone_input_to_json(const struct pl_tone_input *input);
struct json_object *pl_page_to_json(const struct pl_page_def *page);
/** All of it, without secrets, in the shape of the configuration file. */
struct json_object *pl_gateway_to_json(const struct pl_gateway *gateway);

#endif
