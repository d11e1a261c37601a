/* SPDX-License-Identifier: MIT */
#ifndef PL_JSON_CHECK_H
#define PL_JSON_CHECK_H

#include <stddef.h>

#include <json-c/json.h>

/**
 * Strict reading of one JSON text that came from outside: RFC 8259 to the letter
 * (no comments, NaN, Infinity, single quotes, trailing commas), valid UTF-8, no
 * "\u0000", no lone surrogates, no name twice in one object.
 *
 * json-c alone is laxer: it takes the last of two equal names and cuts strings
 * at NUL, so what was checked would not be what the caller sent.
 */

/** Objects and arrays inside each other; more is refused. */
#define PL_JSON_DEPTH_MAX 16

struct pl_json_check {
	size_t offset;   /**< where reading stopped, bytes */
	size_t n_names;  /**< names of all objects together */
	const char *why; /**< one plain sentence, NULL while all is well */
};

/**
 * Check without building anything.
 *
 * @return 0, or -EINVAL with ret_check->why and ->offset. Thread: any.
 */
int pl_json_check(const char *text, size_t size, struct pl_json_check *ret_check);

/**
 * Check, then build the tree.
 *
 * @param ret_tree  the caller puts it; may be NULL for the text "null"
 * @return 0, -EINVAL (see ret_check), -ENOMEM
 */
int pl_json_read(const char *text, size_t size, struct json_object **ret_tree,
		 struct pl_json_check *ret_check);

#endif
