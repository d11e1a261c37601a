/* SPDX-License-Identifier: MIT */
#ifndef PL_DESCRIBE_SAY_H
#define PL_DESCRIBE_SAY_H

#include <json-c/json.h>

/** Only for the files of daemon/control. */

/**
 * Add a plain sentence to a list of them. Without memory the list is put and NULL, so that nobody
 * takes a part of it for the whole; a list that is NULL stays so.
 *
 * @param array  *array: the list, or NULL. A sentence is cut at 4500 bytes.
 */
void describe_say(struct json_object **array, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
