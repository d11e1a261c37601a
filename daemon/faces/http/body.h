/* SPDX-License-Identifier: MIT */
#ifndef PL_BODY_H
#define PL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "control.h"

/**
 * Request bodies: one JSON object whose fields are declared in a table. What is
 * wrong is reported in FastAPI's shape, as the older system did:
 * {"detail":[{"loc":["body","mute"],"msg":"Field required","type":"missing"}]}.
 *
 * Here only shapes are checked (types, names, what must be there, that numbers are
 * finite); ranges are control's. Thread: any; nothing is kept between calls.
 */

enum pl_body_type {
	PL_BODY_BOOL,
	PL_BODY_ID,     /**< integer 0..UINT32_MAX; whether there is such an id, control knows */
	PL_BODY_NUMBER, /**< finite */
	PL_BODY_STRING,
	PL_BODY_ROWS, /**< {"1":{"2":0.5}}: struct pl_matrix_rows */
	PL_BODY_TREE, /**< the only field, "*": any object; the handler reads body->tree strictly */
	PL_BODY_SDP,  /**< the only field, "*": no JSON but application/sdp; body->text */
};

struct pl_body_field {
	const char *name;
	enum pl_body_type type;
	bool required; /**< an optional field may also be null: as if it were not there */
};

#define PL_BODY_FIELDS_MAX 5u

struct pl_body_value {
	bool present;
	bool flag;
	uint32_t id;
	double number;
	const char *string;         /**< borrowed from the body's tree */
	struct pl_matrix_rows rows; /**< cells are ours */
};

struct pl_body {
	struct json_object *tree;
	const char *text; /**< of PL_BODY_SDP: what came, borrowed, without a final NUL */
	size_t size;
	struct pl_body_value value[PL_BODY_FIELDS_MAX]; /**< in the table's order */
};

/** Add {"loc":[…],"msg","type"} to a list. @param loc  NULL-terminated words, at most 4 */
int pl_detail_add(struct json_object *details, const char *const loc[], const char *msg,
		  const char *type);
/** The same, where the place is a JSON pointer below `first`: "body" + "/uplink/1" */
int pl_detail_add_pointer(struct json_object *details, const char *first, const char *pointer,
			  const char *msg, const char *type);

/**
 * @param fields    n_fields <= PL_BODY_FIELDS_MAX; no fields: the body may be empty or {}
 * @param details   array that gets one element for each thing that is wrong
 * @param ret_body  pl_body_done() frees it; untouched on an error
 * @return 0, -EINVAL with something added to details, -ENOMEM
 */
int pl_body_read(const char *text, size_t size, const struct pl_body_field *fields, size_t n_fields,
		 struct json_object *details, struct pl_body *ret_body);
void pl_body_done(struct pl_body *body);

/** Decimal 0..UINT32_MAX without sign or leading zeros. @return 0 or -EINVAL */
int pl_id_from_text(const char *text, uint32_t *ret_id);

#endif
