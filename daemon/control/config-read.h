/* SPDX-License-Identifier: MIT */
#ifndef PL_CONFIG_READ_H
#define PL_CONFIG_READ_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/*
 * Reading what the schema has checked: types and bounds hold; a missing member, or a missing object,
 * leaves the default. Only for config*.c.
 */

/** @return borrowed; NULL when the object or the member is not there */
struct json_object *config_member(struct json_object *object, const char *name);
void config_take_uint(struct json_object *object, const char *name, uint32_t *value);
/** @return 0; -EINVAL: too long. The schema counts characters, the buffer bytes */
int config_take_string(struct json_object *object, const char *name, char *value, size_t size);
/** Adds copies. @return 0 or -ENOMEM; *n_list counts what is there by then */
int config_take_list(struct json_object *object, const char *name, char *list[], size_t *n_list);

/** A file with one line: a key, a password. @return 0; -EFBIG: the line is too long; or of open() */
int config_read_secret_file(const char *path, char *ret_text, size_t size);

#endif
