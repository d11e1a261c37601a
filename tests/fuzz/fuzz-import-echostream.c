/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fuzz.h"
#include "gateway-json.h"
#include "import-echostream.h"

/** Whatever is imported, the daemon takes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *tree = NULL, *notes = NULL;
	char pointer[256] = "", reason[256] = "";
	const struct pl_gateway_reading reading = {
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	const struct pl_gateway_bounds bounds = {
		.n_tablets = 16,
		.n_channels = 4,
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	struct json_object *strict = NULL;
	struct pl_gateway gateway;
	const char *text;
	size_t length = 0;

	if (ctl_import_echostream((const char *)data, size, "wss://audio.example.com/ws/", &tree,
				  &notes, reason, sizeof(reason)) < 0) {
		if (!reason[0])
			abort();
		return 0;
	}
	text = json_object_to_json_string_length(tree, JSON_C_TO_STRING_PLAIN, &length);
	if (pl_json_parse(text, length, &strict, reason, sizeof(reason)) < 0 ||
	    pl_gateway_from_json(&reading, strict, &gateway) < 0 ||
	    pl_gateway_check(&gateway, &bounds) < 0)
		abort();
	pl_gateway_done(&gateway);
	json_object_put(strict);
	json_object_put(tree);
	json_object_put(notes);
	return 0;
}
