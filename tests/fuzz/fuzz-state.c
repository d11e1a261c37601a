/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model-json.h"

/** What is taken must be written and read again as the same. */
static void check_state(struct json_object *tree)
{
	struct json_object *written, *again = NULL;
	struct pl_model model, reread;
	char pointer[128], reason[128];
	const char *text;

	if (pl_model_from_json(tree, 16, 4, &model, pointer, sizeof(pointer)) < 0)
		return;
	written = pl_model_to_json(&model);
	if (!written)
		abort();
	text = json_object_to_json_string_ext(written, JSON_C_TO_STRING_PLAIN);
	if (pl_json_parse(text, strlen(text), &again, reason, sizeof(reason)) < 0 ||
	    pl_model_from_json(again, 16, 4, &reread, pointer, sizeof(pointer)) < 0 ||
	    !pl_model_equal(&model, &reread))
		abort();
	json_object_put(again);
	json_object_put(written);
	pl_model_resize(&model, 3, 2);
	pl_model_resize(&model, 64, 64);
	json_object_put(pl_model_describe_config(&model));
}

static void check_keys(struct json_object *tree)
{
	struct json_object *written;
	struct pl_model model, reread;
	char pointer[128];

	pl_model_init(&model, 16, 4);
	if (pl_model_keys_from_json(tree, &model, pointer, sizeof(pointer)) < 0)
		return;
	reread = model;
	written = pl_model_keys_to_json(&model);
	if (!written || pl_model_keys_from_json(written, &reread, pointer, sizeof(pointer)) < 0 ||
	    !pl_model_equal(&model, &reread))
		abort();
	json_object_put(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *tree = NULL;
	char reason[128];

	if (pl_json_parse((const char *)data, size, &tree, reason, sizeof(reason)) < 0)
		return 0;
	check_state(tree);
	check_keys(tree);
	json_object_put(tree);
	return 0;
}
