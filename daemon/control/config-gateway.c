/* SPDX-License-Identifier: MIT */
#include "config-gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "gateway-json.h"

#define SECRET_FILE_MAX 4096u

/** A file with one line: a key, a password. */
static int read_secret_file(void *userdata, const char *path, char *ret_text, size_t size)
{
	char *text = NULL;
	size_t n = 0;
	int r = pl_file_read(AT_FDCWD, path, SECRET_FILE_MAX, &text, &n);

	if (r < 0)
		return r;
	n = strcspn(text, "\r\n");
	if (n < size) {
		memcpy(ret_text, text, n);
		ret_text[n] = '\0';
	} else {
		r = -EFBIG;
	}
	explicit_bzero(text, strlen(text));
	free(text);
	return r;
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
