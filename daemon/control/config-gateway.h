/* SPDX-License-Identifier: MIT */
#ifndef PL_CONFIG_GATEWAY_H
#define PL_CONFIG_GATEWAY_H

#include <json-c/json.h>

#include "config.h"

/**
 * Read "gateway" of a configuration that the schema has passed, with the key and password files
 * that it names. Only for config.c.
 *
 * @param tree         the value of "gateway"; NULL: nothing is defined
 * @param config       has its numbers of tablets and channels; takes the gateway on success
 * @param ret_pointer  of what was refused, from the document's root
 * @return 0, -EINVAL or -ENOMEM
 */
int config_take_gateway(struct json_object *tree, struct pl_config *config, char *ret_pointer,
			size_t pointer_size, char *ret_reason, size_t reason_size);

#endif
