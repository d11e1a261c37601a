/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gateway-json.h"
#include "gateway-kept.h"

/** "gateway" of a configuration, and what the state directory keeps of it. */

static char pointer[256], reason[256];
static const struct pl_gateway_reading reading = {
	.pointer = pointer,
	.pointer_size = sizeof(pointer),
	.reason = reason,
	.reason_size = sizeof(reason),
};
static const struct pl_gateway_bounds bounds = {
	.n_tablets = 16,
	.n_channels = 4,
	.pointer = pointer,
	.pointer_size = sizeof(pointer),
	.reason = reason,
	.reason_size = sizeof(reason),
};

/** What was taken and has no secrets is read back from what is written of it. */
static void check_again(const struct pl_gateway *gateway)
{
	struct pl_gateway_kept kept = {0}, again;
	struct json_object *tree;

	pl_gateway_init(&kept.added);
	for (size_t i = 0; i < gateway->n_streams; i++)
		if (pl_gateway_add_stream(&kept.added, &gateway->streams[i]) < 0)
			abort();
	for (size_t i = 0; i < gateway->n_pages; i++)
		if (pl_gateway_add_page(&kept.added, &gateway->pages[i]) < 0)
			abort();
	tree = pl_gateway_kept_to_json(&kept);
	if (!tree || pl_gateway_kept_from_json(&reading, tree, &again) < 0)
		abort();
	for (size_t i = 0; i < gateway->n_streams; i++) {
		again.added.streams[i].origin = gateway->streams[i].origin;
		if (!pl_stream_def_equal(&again.added.streams[i], &gateway->streams[i]))
			abort();
	}
	for (size_t i = 0; i < gateway->n_pages; i++) {
		again.added.pages[i].origin = gateway->pages[i].origin;
		if (!pl_page_def_equal(&again.added.pages[i], &gateway->pages[i]))
			abort();
	}
	json_object_put(tree);
	pl_gateway_kept_done(&again);
	pl_gateway_kept_done(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_gateway_kept kept;
	struct pl_gateway gateway;
	struct json_object *tree = NULL;
	struct pl_json_fault fault;

	if (pl_json_read((const char *)data, size, &tree, &fault) < 0)
		return 0;
	reason[0] = '\0';
	if (pl_gateway_from_json(&reading, tree, &gateway) == 0) {
		if (pl_gateway_check(&gateway, &bounds) == 0)
			check_again(&gateway);
		else if (!reason[0])
			abort();
		pl_gateway_done(&gateway);
	} else if (!reason[0]) {
		abort();
	}
	if (pl_gateway_kept_from_json(&reading, tree, &kept) == 0)
		pl_gateway_kept_done(&kept);
	json_object_put(tree);
	return 0;
}
