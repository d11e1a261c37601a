/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "json-strict.h"

/** More things wrong than this in one body are not listed. */
#define DETAILS_MAX 32u

int pl_detail_add(struct json_object *details, const char *const loc[], const char *msg,
		  const char *type)
{
	struct json_object *detail, *list;

	if (json_object_array_length(details) >= DETAILS_MAX)
		return 0;
	detail = json_object_new_object();
	list = json_object_new_array();
	if (!detail || !list) {
		json_object_put(detail);
		json_object_put(list);
		return -ENOMEM;
	}
	for (size_t i = 0; loc[i]; i++)
		json_object_array_add(list, json_object_new_string(loc[i]));
	json_object_object_add(detail, "loc", list);
	json_object_object_add(detail, "msg", json_object_new_string(msg));
	json_object_object_add(detail, "type", json_object_new_string(type));
	return json_object_array_add(details, detail) < 0 ? -ENOMEM : 0;
}

int pl_detail_add_pointer(struct json_object *details, const char *first, const char *pointer,
			  const char *msg, const char *type)
{
	const char *loc[6] = {first};
	char copy[128];
	char *rest = copy, *word;
	size_t n = 1;

	snprintf(copy, sizeof(copy), "%s", pointer);
	while ((word = strsep(&rest, "/")) && n < 5)
		if (*word)
			loc[n++] = word;
	return pl_detail_add(details, loc, msg, type);
}

int pl_id_from_text(const char *text, uint32_t *ret_id)
{
	uint64_t id = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 10 || (text[0] == '0' && n > 1))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		id = id * 10 + (uint64_t)(text[i] - '0');
	}
	if (id > UINT32_MAX)
		return -EINVAL;
	*ret_id = (uint32_t)id;
	return 0;
}

/* --- one value ------------------------------------------------------------- */

/** Shared by every type: where we are and where complaints go. */
struct place {
	struct json_object *details;
	const char *loc[6];
	size_t n_loc;
	bool bad;
};

static void complain(struct place *at, const char *msg, const char *type)
{
	at->bad = true;
	pl_detail_add(at->details, at->loc, msg, type);
}

static void enter(struct place *at, const char *word)
{
	at->loc[at->n_loc++] = word;
	at->loc[at->n_loc] = NULL;
}

static void leave(struct place *at)
{
	at->loc[--at->n_loc] = NULL;
}

static bool is_number(struct json_object *tree)
{
	return json_object_is_type(tree, json_type_int) ||
	       json_object_is_type(tree, json_type_double);
}

static void read_number(struct place *at, struct json_object *tree, double *ret_number)
{
	double number;

	if (!is_number(tree)) {
		complain(at, "Input should be a number", "float_type");
		return;
	}
	number = json_object_get_double(tree);
	if (!isfinite(number)) {
		complain(at, "Input should be a finite number", "finite_number");
		return;
	}
	*ret_number = number;
}

static void read_id(struct place *at, struct json_object *tree, uint32_t *ret_id)
{
	int64_t id;

	if (!json_object_is_type(tree, json_type_int)) {
		complain(at, "Input should be an integer", "int_type");
		return;
	}
	id = json_object_get_int64(tree);
	if (id < 0 || id > UINT32_MAX) {
		complain(at, "There is no such id", "value_error");
		return;
	}
	*ret_id = (uint32_t)id;
}

static size_t count_cells(struct json_object *tree)
{
	size_t n = 0;

	json_object_object_foreach (tree, name, row) {
		(void)name;
		if (json_object_is_type(row, json_type_object))
			n += (size_t)json_object_object_length(row);
	}
	return n;
}

static void read_row(struct place *at, uint32_t row_id, struct json_object *row,
		     struct pl_matrix_rows *rows)
{
	json_object_object_foreach (row, name, gain) {
		struct pl_matrix_cell *cell = &rows->cells[rows->n_cells];

		enter(at, name);
		cell->row_id = row_id;
		if (pl_id_from_text(name, &cell->column_id) < 0)
			complain(at, "Name should be an id", "int_parsing");
		read_number(at, gain, &cell->gain);
		rows->n_cells++;
		leave(at);
	}
}

static int read_rows(struct place *at, struct json_object *tree, struct pl_matrix_rows *ret_rows)
{
	struct pl_matrix_rows rows = {0};

	if (!json_object_is_type(tree, json_type_object)) {
		complain(at, "Input should be an object", "dict_type");
		return 0;
	}
	rows.cells = calloc(count_cells(tree) + 1, sizeof(*rows.cells));
	if (!rows.cells)
		return -ENOMEM;
	json_object_object_foreach (tree, name, row) {
		uint32_t row_id = 0;

		enter(at, name);
		if (pl_id_from_text(name, &row_id) < 0)
			complain(at, "Name should be an id", "int_parsing");
		if (json_object_is_type(row, json_type_object))
			read_row(at, row_id, row, &rows);
		else
			complain(at, "Input should be an object", "dict_type");
		leave(at);
	}
	*ret_rows = rows;
	return 0;
}

static int read_value(struct place *at, const struct pl_body_field *field, struct json_object *tree,
		      struct pl_body_value *value)
{
	value->present = true;
	switch (field->type) {
	case PL_BODY_BOOL:
		if (json_object_is_type(tree, json_type_boolean))
			value->flag = json_object_get_boolean(tree);
		else
			complain(at, "Input should be true or false", "bool_type");
		return 0;
	case PL_BODY_ID:
		read_id(at, tree, &value->id);
		return 0;
	case PL_BODY_NUMBER:
		read_number(at, tree, &value->number);
		return 0;
	case PL_BODY_STRING:
		if (json_object_is_type(tree, json_type_string))
			value->string = json_object_get_string(tree);
		else
			complain(at, "Input should be a string", "string_type");
		return 0;
	case PL_BODY_ROWS:
		return read_rows(at, tree, &value->rows);
	case PL_BODY_TREE:
	case PL_BODY_SDP:
		break;
	}
	return -EINVAL;
}

/* --- the whole ---------------------------------------------------------------- */

static bool is_known(const char *name, const struct pl_body_field *fields, size_t n_fields)
{
	for (size_t i = 0; i < n_fields; i++)
		if (strcmp(name, fields[i].name) == 0)
			return true;
	return false;
}

static int read_fields(struct place *at, const struct pl_body_field *fields, size_t n_fields,
		       struct pl_body *body)
{
	for (size_t i = 0; i < n_fields; i++) {
		struct json_object *tree = NULL;
		bool there = json_object_object_get_ex(body->tree, fields[i].name, &tree);
		int r = 0;

		enter(at, fields[i].name);
		if (!there && fields[i].required)
			complain(at, "Field required", "missing");
		else if (there && (tree || fields[i].required))
			r = read_value(at, &fields[i], tree, &body->value[i]);
		leave(at);
		if (r < 0)
			return r;
	}
	json_object_object_foreach (body->tree, name, value) {
		(void)value;
		if (is_known(name, fields, n_fields))
			continue;
		enter(at, name);
		complain(at, "There is no such field", "extra_forbidden");
		leave(at);
	}
	return at->bad ? -EINVAL : 0;
}

static int read_tree(struct place *at, const char *text, size_t size, size_t n_fields,
		     struct json_object **ret_tree)
{
	struct pl_json_fault fault;
	char msg[160];
	int r;

	if (size == 0 && n_fields == 0) {
		*ret_tree = json_object_new_object();
		return *ret_tree ? 0 : -ENOMEM;
	}
	if (size == 0) {
		complain(at, "Field required", "missing");
		return -EINVAL;
	}
	r = pl_json_read(text, size, ret_tree, &fault);
	if (r == -EINVAL) {
		snprintf(msg, sizeof(msg), "JSON decode error at byte %zu: %s", fault.offset,
			 fault.why);
		complain(at, msg, "json_invalid");
	}
	return r;
}

int pl_body_read(const char *text, size_t size, const struct pl_body_field *fields, size_t n_fields,
		 struct json_object *details, struct pl_body *ret_body)
{
	struct place at = {.details = details, .loc = {"body"}, .n_loc = 1};
	struct pl_body body = {0};
	int r;

	if (n_fields == 1 && fields[0].type == PL_BODY_SDP) {
		*ret_body = (struct pl_body){.text = text, .size = size};
		return 0;
	}
	r = read_tree(&at, text, size, n_fields, &body.tree);
	if (r < 0)
		return r;
	if (json_object_is_type(body.tree, json_type_object)) {
		bool is_free = n_fields == 1 && fields[0].type == PL_BODY_TREE;

		r = is_free ? 0 : read_fields(&at, fields, n_fields, &body);
	} else {
		complain(&at, "Input should be an object", "dict_type");
		r = -EINVAL;
	}
	if (r < 0) {
		pl_body_done(&body);
		return r;
	}
	*ret_body = body;
	return 0;
}

void pl_body_done(struct pl_body *body)
{
	if (!body)
		return;
	for (size_t i = 0; i < PL_BODY_FIELDS_MAX; i++)
		free(body->value[i].rows.cells);
	json_object_put(body->tree);
	*body = (struct pl_body){0};
}
