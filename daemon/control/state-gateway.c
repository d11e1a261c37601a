/* SPDX-License-Identifier: MIT */
#include "state-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "gateway-kept.h"

#define GATEWAY "gateway.json"
/** 64 streams and 1024 pages are about 700 kB. */
#define FILE_SIZE_MAX (4u * 1024u * 1024u)

/** The file has keys: memory that it was in forgets it. */
static void forget(char *text, size_t size)
{
	if (text)
		explicit_bzero(text, size);
	free(text);
}

static int parse(const char *text, size_t size, struct pl_gateway_kept *ret_kept, char *ret_reason,
		 size_t reason_size)
{
	struct json_object *tree = NULL;
	char pointer[256] = "", why[256] = "";
	const struct pl_gateway_reading reading = {
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = why,
		.reason_size = sizeof(why),
	};
	int r;

	r = pl_json_parse(text, size, &tree, ret_reason, reason_size);
	if (r < 0)
		return r;
	r = pl_gateway_kept_from_json(&reading, tree, ret_kept);
	if (r == -EINVAL)
		snprintf(ret_reason, reason_size, "%s %s", pointer, why);
	json_object_put(tree);
	return r;
}

int pl_state_file_load_gateway(struct pl_state_file *file, struct pl_gateway_kept *ret_kept,
			       struct pl_state_report *ret_report)
{
	char reason[600] = "it is too large", to[80];
	char *text = NULL;
	size_t size = 0;
	int r;

	memset(ret_report, 0, sizeof(*ret_report));
	memset(ret_kept, 0, sizeof(*ret_kept));
	r = pl_file_read(file->state_dir, GATEWAY, FILE_SIZE_MAX, &text, &size);
	if (r == -ENOENT)
		return 0;
	if (r == 0) {
		r = parse(text, size, ret_kept, reason, sizeof(reason));
		forget(text, size);
	} else if (r == -EFBIG) {
		r = -EINVAL;
	}
	if (r != -EINVAL)
		return r;
	r = pl_file_move_aside(file->state_dir, GATEWAY, to, sizeof(to));
	if (r < 0)
		state_report(ret_report, "%s is damaged (%.200s) and cannot be moved aside: %s",
			     GATEWAY, reason, strerror(-r));
	else
		state_report(ret_report,
			     "%s was damaged (%.200s); it is now %s, and only the configuration's "
			     "streams and pages are there",
			     GATEWAY, reason, to);
	return 0;
}

int state_keep_gateway(void *keeper, const struct pl_gateway_kept *kept)
{
	struct pl_state_file *file = keeper;
	struct json_object *tree = pl_gateway_kept_to_json(kept);
	const char *text;
	size_t size = 0;
	int r;

	if (!tree)
		return -ENOMEM;
	text = json_object_to_json_string_length(
		tree, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
	r = text ? pl_file_write(file->state_dir, GATEWAY, text, size) : -ENOMEM;
	json_object_put(tree);
	return r;
}
