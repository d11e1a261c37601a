/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "json-strict.h"
#include "schema.h"

/** The input's first line is the schema, the rest the document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	struct json_object *schema = NULL, *document = NULL;
	char pointer[64], reason[64];
	int r;

	if (!end)
		return 0;
	if (pl_json_parse((const char *)data, (size_t)(end - data), &schema, reason,
			  sizeof(reason)) < 0)
		return 0;
	if (pl_json_parse((const char *)end + 1, size - (size_t)(end - data) - 1, &document, reason,
			  sizeof(reason)) == 0) {
		r = pl_schema_check(schema, document, pointer, sizeof(pointer), reason,
				    sizeof(reason));
		if (r != 0 && r != -EINVAL && r != -ENOTSUP)
			abort();
	}
	json_object_put(document);
	json_object_put(schema);
	return 0;
}
