/* SPDX-License-Identifier: MIT */
#ifndef PL_SCHEMA_H
#define PL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/**
 * A strict checker for the part of JSON Schema (draft 2020-12) that Partyline's schemas use:
 *
 * type, enum, const, properties, required, additionalProperties, minProperties,
 * maxProperties, items (one schema), minItems, maxItems, minimum, maximum,
 * exclusiveMinimum, exclusiveMaximum, minLength, maxLength, $ref inside the same
 * document ("#", "#/pointer"), $defs and definitions, true and false as schemas.
 * Annotations are read over: $schema, $id, $comment, title, description, default, examples.
 *
 * Every other keyword makes a schema unsupported: it is refused, never ignored.
 */

/** @return false when the schema, anywhere in it, uses what is not in the list above */
bool pl_schema_is_supported(struct json_object *schema);

/**
 * @param schema       the root schema
 * @param document     what is checked; NULL is JSON's null
 * @param ret_pointer  JSON pointer into the document of the first fault, "" for the root
 * @param ret_reason   what is wrong there, without full stop
 * @return 0; -EINVAL the document is refused; -ENOTSUP an unsupported keyword, a $ref that
 *         leads nowhere or deeper than 64 levels
 */
int pl_schema_check(struct json_object *schema, struct json_object *document, char *ret_pointer,
		    size_t pointer_size, char *ret_reason, size_t reason_size);

#endif
