/* SPDX-License-Identifier: MIT */
#include "config-gateway.h"

#include <stdio.h>

#include "config-read.h"
#include "gateway-json.h"

static int read_secret_file(void *userdata, const char *path, char *ret_text, size_t size)
{
	return config_read_secret_file(path, ret_text, size);
}

int config_take_gateway(struct json_object *tree, struct pl_config *config, char *ret_pointer,
			size_t pointer_size, char *ret_reason, size_t reason_size)
{
	char pointer[256] = "";
	const struct pl_gateway_reading reading = {
		.read_file = read_secret_file,
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = ret_reason,
		.reason_size = reason_size,
	};
	const struct pl_gateway_bounds bounds = {
		.n_tablets = config->n_tablets,
		.n_channels = config->n_channels,
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = ret_reason,
		.reason_size = reason_size,
	};
	struct pl_gateway gateway;
	int r;

	if (!tree)
		return 0;
	r = pl_gateway_from_json(&reading, tree, &gateway);
	if (r == 0) {
		r = pl_gateway_check(&gateway, &bounds);
		if (r < 0)
			pl_gateway_done(&gateway);
	}
	if (r < 0) {
		snprintf(ret_pointer, pointer_size, "/gateway%s", pointer);
		return r;
	}
	pl_gateway_done(&config->gateway);
	config->gateway = gateway;
	return 0;
}
