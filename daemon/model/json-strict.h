/* SPDX-License-Identifier: MIT */
#ifndef PL_JSON_STRICT_H
#define PL_JSON_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/** Strict reading of JSON, and numbers that come back exactly as they were written. */

/** Objects and arrays inside each other; more is refused. */
#define PL_JSON_DEPTH_MAX 32

struct pl_json_fault {
	size_t offset;   /**< where reading stopped, bytes */
	const char *why; /**< one plain sentence, a literal */
};

/**
 * Read one document to the letter of RFC 8259 (no comments, NaN, single quotes, trailing commas),
 * in valid UTF-8, with nothing behind it but white space; no "\u0000", no lone surrogate, no name
 * twice in one object, at most PL_JSON_DEPTH_MAX deep. What is checked is what was sent.
 *
 * @param ret_tree   put by the caller; NULL for the document `null`
 * @param ret_fault  what is wrong, on -EINVAL
 * @return 0, -EINVAL or -ENOMEM. Thread: any
 */
int pl_json_read(const char *text, size_t size, struct json_object **ret_tree,
		 struct pl_json_fault *ret_fault);
/** The same, with the fault as "not JSON at byte N: why". @param ret_reason  untouched on -ENOMEM */
int pl_json_parse(const char *text, size_t size, struct json_object **ret_tree, char *ret_reason,
		  size_t reason_size);

/** The shortest number that reads back as exactly this double; 12 is written 12.0. */
struct json_object *pl_json_double(double value);

/** Adds a member and takes the value. @return 0, or -ENOMEM for value == NULL or no memory (the value is put then) */
int pl_json_add(struct json_object *object, const char *key, struct json_object *value);

/** Where in a document a reader is, as a JSON pointer (RFC 6901) in the caller's buffer. */
struct pl_json_place {
	char *pointer;
	size_t size;
	size_t length;
};

void pl_json_place_init(struct pl_json_place *place, char *pointer, size_t size);
/** Go down to a member. @return what pl_json_leave() takes to come back */
size_t pl_json_enter(struct pl_json_place *place, const char *key);
void pl_json_leave(struct pl_json_place *place, size_t mark);

/* Readers: 0, or -EINVAL when the value is of another type or outside the bounds. */
int pl_json_read_bool(struct json_object *value, bool *ret_value);
int pl_json_read_double(struct json_object *value, double min, double max, double *ret_value);
int pl_json_read_uint(struct json_object *value, uint64_t min, uint64_t max, uint64_t *ret_value);
/** A decimal id as a key: no sign, no leading zero, 1..max. */
int pl_json_read_id(const char *key, uint32_t max, uint32_t *ret_id);

#endif
