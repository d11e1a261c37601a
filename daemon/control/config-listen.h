/* SPDX-License-Identifier: MIT */
#ifndef PL_CONFIG_LISTEN_H
#define PL_CONFIG_LISTEN_H

#include <json-c/json.h>

#include "config.h"

/**
 * Read "listen" of a configuration that the schema has passed, with the credential files that it names.
 * Only for config.c.
 *
 * @param tree         the value of "listen"; NULL: the defaults
 * @param ret_pointer  of what was refused, from the document's root
 * @return 0, -EINVAL or -ENOMEM
 */
int config_take_listen(struct json_object *tree, struct pl_config *config, char *ret_pointer,
		       size_t pointer_size, char *ret_reason, size_t reason_size);
/** Whether anything of "listen" is another; none of it changes while the daemon runs. */
bool config_listen_differs(const struct pl_config *a, const struct pl_config *b);
/** No secret stays in the memory. */
void config_listen_done(struct pl_config *config);

#endif
