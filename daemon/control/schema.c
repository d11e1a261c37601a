/* SPDX-License-Identifier: MIT */
#include "schema.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json-strict.h"

/** A schema that refers to itself without going down in the document ends here. */
#define DEPTH_MAX 64

struct checker {
	struct json_object *root;
	struct pl_json_place place;
	char *reason;
	size_t reason_size;
	unsigned depth;
};

typedef int (*keyword_h)(struct checker *checker, struct json_object *schema,
			 struct json_object *value, struct json_object *document);

static int check(struct checker *checker, struct json_object *schema, struct json_object *document);

static int __attribute__((format(printf, 3, 4)))
refuse(struct checker *checker, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(checker->reason, checker->reason_size, format, args);
	va_end(args);
	return code;
}

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

/** JSON Schema's equality: 1 and 1.0 are the same, the order of members does not count. */
static bool json_equal(struct json_object *a, struct json_object *b)
{
	if (is_number(a) && is_number(b)) {
		if (json_object_get_type(a) == json_object_get_type(b))
			return json_object_equal(a, b);
		return json_object_get_double(a) == json_object_get_double(b);
	}
	if (json_object_get_type(a) != json_object_get_type(b))
		return false;
	if (json_object_is_type(a, json_type_array)) {
		size_t n = json_object_array_length(a);

		if (n != json_object_array_length(b))
			return false;
		for (size_t i = 0; i < n; i++)
			if (!json_equal(json_object_array_get_idx(a, i),
					json_object_array_get_idx(b, i)))
				return false;
		return true;
	}
	if (json_object_is_type(a, json_type_object)) {
		if (json_object_object_length(a) != json_object_object_length(b))
			return false;
		json_object_object_foreach (a, key, value) {
			struct json_object *other;

			if (!json_object_object_get_ex(b, key, &other) || !json_equal(value, other))
				return false;
		}
		return true;
	}
	return json_object_equal(a, b);
}

static bool is_of_type(struct json_object *value, const char *name)
{
	if (strcmp(name, "integer") == 0) {
		double v;

		if (json_object_is_type(value, json_type_int))
			return true;
		if (!json_object_is_type(value, json_type_double))
			return false;
		v = json_object_get_double(value);
		return isfinite(v) && v == trunc(v);
	}
	if (strcmp(name, "number") == 0)
		return is_number(value) && isfinite(json_object_get_double(value));
	if (strcmp(name, "boolean") == 0)
		return json_object_is_type(value, json_type_boolean);
	if (strcmp(name, "string") == 0)
		return json_object_is_type(value, json_type_string);
	if (strcmp(name, "object") == 0)
		return json_object_is_type(value, json_type_object);
	if (strcmp(name, "array") == 0)
		return json_object_is_type(value, json_type_array);
	return strcmp(name, "null") == 0 && value == NULL;
}

static int check_type(struct checker *checker, struct json_object *schema,
		      struct json_object *value, struct json_object *document)
{
	size_t n;

	if (json_object_is_type(value, json_type_string)) {
		const char *name = json_object_get_string(value);

		if (is_of_type(document, name))
			return 0;
		return refuse(checker, -EINVAL, "must be of type %s", name);
	}
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++)
		if (is_of_type(document,
			       json_object_get_string(json_object_array_get_idx(value, i))))
			return 0;
	return refuse(checker, -EINVAL, "must be of one of the types %s",
		      json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static int check_enum(struct checker *checker, struct json_object *schema,
		      struct json_object *value, struct json_object *document)
{
	size_t n = json_object_array_length(value);

	for (size_t i = 0; i < n; i++)
		if (json_equal(json_object_array_get_idx(value, i), document))
			return 0;
	return refuse(checker, -EINVAL, "must be one of %s",
		      json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static int check_const(struct checker *checker, struct json_object *schema,
		       struct json_object *value, struct json_object *document)
{
	if (json_equal(value, document))
		return 0;
	return refuse(checker, -EINVAL, "must be %s",
		      json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static int check_minimum(struct checker *checker, struct json_object *schema,
			 struct json_object *value, struct json_object *document)
{
	if (!is_number(document) ||
	    json_object_get_double(document) >= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must be at least %s", json_object_get_string(value));
}

static int check_maximum(struct checker *checker, struct json_object *schema,
			 struct json_object *value, struct json_object *document)
{
	if (!is_number(document) ||
	    json_object_get_double(document) <= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must be at most %s", json_object_get_string(value));
}

static int check_exclusive_minimum(struct checker *checker, struct json_object *schema,
				   struct json_object *value, struct json_object *document)
{
	if (!is_number(document) ||
	    json_object_get_double(document) > json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must be greater than %s", json_object_get_string(value));
}

static int check_exclusive_maximum(struct checker *checker, struct json_object *schema,
				   struct json_object *value, struct json_object *document)
{
	if (!is_number(document) ||
	    json_object_get_double(document) < json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must be less than %s", json_object_get_string(value));
}

/** Code points of a string. */
static double string_length(struct json_object *value)
{
	const char *s = json_object_get_string(value);
	size_t n = 0, size = (size_t)json_object_get_string_len(value);

	for (size_t i = 0; i < size; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			n++;
	return (double)n;
}

static int check_min_length(struct checker *checker, struct json_object *schema,
			    struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_string) ||
	    string_length(document) >= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must have at least %s characters",
		      json_object_get_string(value));
}

static int check_max_length(struct checker *checker, struct json_object *schema,
			    struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_string) ||
	    string_length(document) <= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must have at most %s characters",
		      json_object_get_string(value));
}

static int check_min_items(struct checker *checker, struct json_object *schema,
			   struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_array) ||
	    (double)json_object_array_length(document) >= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must have at least %s items",
		      json_object_get_string(value));
}

static int check_max_items(struct checker *checker, struct json_object *schema,
			   struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_array) ||
	    (double)json_object_array_length(document) <= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must have at most %s items",
		      json_object_get_string(value));
}

static int check_min_properties(struct checker *checker, struct json_object *schema,
				struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_object) ||
	    (double)json_object_object_length(document) >= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must have at least %s members",
		      json_object_get_string(value));
}

static int check_max_properties(struct checker *checker, struct json_object *schema,
				struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_object) ||
	    (double)json_object_object_length(document) <= json_object_get_double(value))
		return 0;
	return refuse(checker, -EINVAL, "must have at most %s members",
		      json_object_get_string(value));
}

static int check_items(struct checker *checker, struct json_object *schema,
		       struct json_object *value, struct json_object *document)
{
	size_t n;

	if (!json_object_is_type(document, json_type_array))
		return 0;
	n = json_object_array_length(document);
	for (size_t i = 0; i < n; i++) {
		char index[24];
		size_t mark;
		int r;

		snprintf(index, sizeof(index), "%zu", i);
		mark = pl_json_enter(&checker->place, index);
		r = check(checker, value, json_object_array_get_idx(document, i));
		if (r < 0)
			return r;
		pl_json_leave(&checker->place, mark);
	}
	return 0;
}

static int check_required(struct checker *checker, struct json_object *schema,
			  struct json_object *value, struct json_object *document)
{
	size_t n = json_object_array_length(value);

	if (!json_object_is_type(document, json_type_object))
		return 0;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(value, i));

		if (json_object_object_get_ex(document, name, NULL))
			continue;
		pl_json_enter(&checker->place, name);
		return refuse(checker, -EINVAL, "is missing");
	}
	return 0;
}

static int check_properties(struct checker *checker, struct json_object *schema,
			    struct json_object *value, struct json_object *document)
{
	if (!json_object_is_type(document, json_type_object))
		return 0;
	json_object_object_foreach (document, key, member) {
		struct json_object *sub;
		size_t mark;
		int r;

		if (!json_object_object_get_ex(value, key, &sub))
			continue;
		mark = pl_json_enter(&checker->place, key);
		r = check(checker, sub, member);
		if (r < 0)
			return r;
		pl_json_leave(&checker->place, mark);
	}
	return 0;
}

static int check_additional(struct checker *checker, struct json_object *schema,
			    struct json_object *value, struct json_object *document)
{
	struct json_object *properties = NULL;

	if (!json_object_is_type(document, json_type_object))
		return 0;
	json_object_object_get_ex(schema, "properties", &properties);
	json_object_object_foreach (document, key, member) {
		size_t mark;
		int r;

		if (properties && json_object_object_get_ex(properties, key, NULL))
			continue;
		mark = pl_json_enter(&checker->place, key);
		r = check(checker, value, member);
		if (r < 0) {
			if (json_object_is_type(value, json_type_boolean))
				return refuse(checker, r, "unknown key");
			return r;
		}
		pl_json_leave(&checker->place, mark);
	}
	return 0;
}

/** A step of a JSON pointer: ~1 is /, ~0 is ~, %XX as in a URI fragment. */
static bool decode_step(const char *from, size_t n, char *to, size_t to_size)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		char c = from[i];

		if (c == '%' && i + 2 < n) {
			char hex[3] = {from[i + 1], from[i + 2], '\0'};

			c = (char)strtoul(hex, NULL, 16);
			i += 2;
		}
		if (c == '~' && i + 1 < n) {
			c = from[i + 1] == '1' ? '/' : '~';
			i++;
		}
		if (out + 1 >= to_size)
			return false;
		to[out++] = c;
	}
	to[out] = '\0';
	return true;
}

/** @return the schema that "#/a/b" names, NULL for none */
static struct json_object *resolve(struct json_object *root, const char *ref)
{
	struct json_object *at = root;

	if (*ref++ != '#')
		return NULL;
	while (*ref == '/') {
		size_t n = strcspn(++ref, "/");
		char step[128];

		if (!decode_step(ref, n, step, sizeof(step)))
			return NULL;
		ref += n;
		if (json_object_is_type(at, json_type_object)) {
			if (!json_object_object_get_ex(at, step, &at))
				return NULL;
		} else if (json_object_is_type(at, json_type_array)) {
			at = json_object_array_get_idx(at, strtoul(step, NULL, 10));
		} else {
			return NULL;
		}
	}
	return *ref ? NULL : at;
}

static int check_ref(struct checker *checker, struct json_object *schema, struct json_object *value,
		     struct json_object *document)
{
	const char *ref = json_object_get_string(value);
	struct json_object *target = resolve(checker->root, ref);

	if (!target)
		return refuse(checker, -ENOTSUP, "the schema refers to %s, which is not there",
			      ref);
	return check(checker, target, document);
}

/** What the value of a keyword may be, to refuse a broken schema before it is used. */
enum kind { ANY, NUMBER, COUNT, STRING, TYPE, LIST, NAMES, SCHEMA, SCHEMAS };

static const struct keyword {
	const char *name;
	keyword_h check; /* NULL: nothing to check */
	enum kind kind;
} keywords[] = {
	/* $ref and types first: their messages say most */
	{"$ref", check_ref, STRING},
	{"type", check_type, TYPE},
	{"enum", check_enum, LIST},
	{"const", check_const, ANY},
	{"minimum", check_minimum, NUMBER},
	{"maximum", check_maximum, NUMBER},
	{"exclusiveMinimum", check_exclusive_minimum, NUMBER},
	{"exclusiveMaximum", check_exclusive_maximum, NUMBER},
	{"minLength", check_min_length, COUNT},
	{"maxLength", check_max_length, COUNT},
	{"minItems", check_min_items, COUNT},
	{"maxItems", check_max_items, COUNT},
	{"minProperties", check_min_properties, COUNT},
	{"maxProperties", check_max_properties, COUNT},
	{"additionalProperties", check_additional, SCHEMA},
	{"required", check_required, NAMES},
	{"properties", check_properties, SCHEMAS},
	{"items", check_items, SCHEMA},
	{"$defs", NULL, SCHEMAS},
	{"definitions", NULL, SCHEMAS},
	{"$schema", NULL, STRING},
	{"$id", NULL, STRING},
	{"$comment", NULL, STRING},
	{"title", NULL, STRING},
	{"description", NULL, STRING},
	{"default", NULL, ANY},
	{"examples", NULL, LIST},
};

static int check(struct checker *checker, struct json_object *schema, struct json_object *document)
{
	int r = 0;

	if (json_object_is_type(schema, json_type_boolean)) {
		if (json_object_get_boolean(schema))
			return 0;
		return refuse(checker, -EINVAL, "is not allowed");
	}
	if (checker->depth >= DEPTH_MAX)
		return refuse(checker, -ENOTSUP, "the schema goes deeper than %d levels",
			      DEPTH_MAX);
	checker->depth++;
	for (size_t i = 0; r == 0 && i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		struct json_object *value;

		if (keywords[i].check &&
		    json_object_object_get_ex(schema, keywords[i].name, &value))
			r = keywords[i].check(checker, schema, value, document);
	}
	checker->depth--;
	return r;
}

/* --- is the schema one that we understand ----------------------------------- */

static bool all_strings(struct json_object *array)
{
	size_t n = json_object_array_length(array);

	for (size_t i = 0; i < n; i++)
		if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_string))
			return false;
	return true;
}

static bool schema_is_supported(struct json_object *schema, unsigned depth);

static bool value_is_supported(enum kind kind, struct json_object *value, unsigned depth)
{
	switch (kind) {
	case ANY:
		return true;
	case NUMBER:
		return is_number(value);
	case COUNT:
		return is_number(value) && json_object_get_double(value) >= 0.0;
	case STRING:
		return json_object_is_type(value, json_type_string);
	case TYPE:
		return json_object_is_type(value, json_type_string) ||
		       (json_object_is_type(value, json_type_array) && all_strings(value));
	case LIST:
		return json_object_is_type(value, json_type_array);
	case NAMES:
		return json_object_is_type(value, json_type_array) && all_strings(value);
	case SCHEMA:
		return schema_is_supported(value, depth + 1);
	case SCHEMAS:
		if (!json_object_is_type(value, json_type_object))
			return false;
		json_object_object_foreach (value, key, sub) {
			(void)key;
			if (!schema_is_supported(sub, depth + 1))
				return false;
		}
		return true;
	}
	return false;
}

static const struct keyword *find_keyword(const char *name)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static bool schema_is_supported(struct json_object *schema, unsigned depth)
{
	if (json_object_is_type(schema, json_type_boolean))
		return true;
	if (!json_object_is_type(schema, json_type_object) || depth >= DEPTH_MAX)
		return false;
	json_object_object_foreach (schema, key, value) {
		const struct keyword *keyword = find_keyword(key);

		if (!keyword || !value_is_supported(keyword->kind, value, depth))
			return false;
	}
	return true;
}

bool pl_schema_is_supported(struct json_object *schema)
{
	return schema_is_supported(schema, 0);
}

int pl_schema_check(struct json_object *schema, struct json_object *document, char *ret_pointer,
		    size_t pointer_size, char *ret_reason, size_t reason_size)
{
	struct checker checker = {
		.root = schema,
		.reason = ret_reason,
		.reason_size = reason_size,
	};
	int r;

	pl_json_place_init(&checker.place, ret_pointer, pointer_size);
	if (!pl_schema_is_supported(schema))
		return refuse(&checker, -ENOTSUP, "the schema has an unknown keyword");
	r = check(&checker, schema, document);
	return r;
}
