/* SPDX-License-Identifier: MIT */
/** Any bytes as the file of tokens: what is taken is written and read again as the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "token-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pl_tokens tokens, again;
	struct json_object *tree;
	const char *text;
	char reason[256];

	if (pl_tokens_parse((const char *)data, size, &tokens, reason, sizeof(reason)) < 0)
		return 0;
	tree = pl_tokens_to_json(&tokens);
	text = tree ? json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN) : NULL;
	if (!text || pl_tokens_parse(text, strlen(text), &again, reason, sizeof(reason)) < 0 ||
	    again.n != tokens.n ||
	    memcmp(again.token, tokens.token, tokens.n * sizeof(tokens.token[0])) != 0)
		abort();
	json_object_put(tree);
	return 0;
}
