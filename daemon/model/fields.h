/* SPDX-License-Identifier: MIT */
#ifndef PL_FIELDS_H
#define PL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "json-strict.h"
#include "model.h"

/**
 * A plain structure and its JSON object, told once by a table: reading (strict: unknown members,
 * wrong types and values out of range are refused), writing and comparing follow from it.
 */

enum pl_field_kind {
	PL_FIELD_TEXT,   /**< char[size], UTF-8 without control characters */
	PL_FIELD_SECRET, /**< text that is only written where secrets may be */
	PL_FIELD_ID,     /**< char[size], 1..31 of [a-z0-9-] */
	PL_FIELD_UINT,   /**< unsigned of `size` bytes, min..max */
	PL_FIELD_DOUBLE, /**< min..max */
	PL_FIELD_BOOL,
	PL_FIELD_WORD,     /**< enum: its value is the index into words; a NULL there is no value */
	PL_FIELD_ENDPOINT, /**< struct pl_endpoint: "channel.1", "tablet.2" */
	PL_FIELD_OBJECT,   /**< the members of `fields`, of the same structure */
	PL_FIELD_CUSTOM,   /**< read() and write(); comparing is the owner's */
};

struct pl_field_reader {
	struct pl_json_place place; /**< where reading is; stays there when something is refused */
	char *reason;               /**< what is wrong there, without full stop */
	size_t reason_size;
	/**
	 * Fetch a small text file that the document names (a key, a password), without the line's
	 * end. NULL: files may not be named here.
	 *
	 * @return 0 or negative errno
	 */
	int (*read_file)(void *userdata, const char *path, char *ret_text, size_t size);
	void *userdata;
};

struct pl_field {
	const char *name; /**< NULL ends a table */
	enum pl_field_kind kind;
	size_t offset, size;
	double min, max;
	const char *const *words;
	size_t n_words;
	const struct pl_field *fields;
	int (*read)(struct pl_field_reader *reader, struct json_object *value, void *structure);
	/** @return NULL without memory; *ret_skip: it is not written */
	struct json_object *(*write)(const void *structure, bool secrets, bool *ret_skip);
};

#define PL_MEMBER_SIZE_(s, m) sizeof(((struct s *)0)->m)
#define PL_F_TEXT(s, n, m)                                                                         \
	{                                                                                          \
		n, PL_FIELD_TEXT, offsetof(struct s, m), PL_MEMBER_SIZE_(s, m)                     \
	}
#define PL_F_SECRET(s, n, m)                                                                       \
	{                                                                                          \
		n, PL_FIELD_SECRET, offsetof(struct s, m), PL_MEMBER_SIZE_(s, m)                   \
	}
#define PL_F_ID(s, n, m)                                                                           \
	{                                                                                          \
		n, PL_FIELD_ID, offsetof(struct s, m), PL_MEMBER_SIZE_(s, m)                       \
	}
#define PL_F_UINT(s, n, m, min, max)                                                               \
	{                                                                                          \
		n, PL_FIELD_UINT, offsetof(struct s, m), PL_MEMBER_SIZE_(s, m), min, max           \
	}
#define PL_F_DOUBLE(s, n, m, min, max)                                                             \
	{                                                                                          \
		n, PL_FIELD_DOUBLE, offsetof(struct s, m), sizeof(double), min, max                \
	}
#define PL_F_BOOL(s, n, m)                                                                         \
	{                                                                                          \
		n, PL_FIELD_BOOL, offsetof(struct s, m), sizeof(bool)                              \
	}
#define PL_F_ENDPOINT(s, n, m)                                                                     \
	{                                                                                          \
		n, PL_FIELD_ENDPOINT, offsetof(struct s, m), sizeof(struct pl_endpoint)            \
	}
#define PL_F_WORD(s, n, m, list)                                                                   \
	{                                                                                          \
		n, PL_FIELD_WORD, offsetof(struct s, m), PL_MEMBER_SIZE_(s, m), 0, 0, list,        \
			sizeof(list) / sizeof((list)[0])                                           \
	}
#define PL_F_OBJECT(n, table)                                                                      \
	{                                                                                          \
		n, PL_FIELD_OBJECT, .fields = table                                                \
	}
#define PL_F_CUSTOM(n, r, w)                                                                       \
	{                                                                                          \
		n, PL_FIELD_CUSTOM, .read = r, .write = w                                          \
	}

/**
 * Take every member of `object`; what is not in it keeps its value.
 *
 * @return 0; -EINVAL with place and reason in the reader; -ENOMEM
 */
int pl_fields_read(struct pl_field_reader *reader, struct json_object *object,
		   const struct pl_field *fields, void *structure);
/** @return a new object that the caller puts, NULL without memory */
struct json_object *pl_fields_write(const struct pl_field *fields, const void *structure,
				    bool secrets);
/** Custom fields do not count. */
bool pl_fields_equal(const struct pl_field *fields, const void *a, const void *b);

/** Fill the reader's reason. @return -EINVAL */
int pl_field_refuse(struct pl_field_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** "channel.1", "tablet.2" */
#define PL_ENDPOINT_NAME_MAX 16u
void pl_endpoint_name(struct pl_endpoint endpoint, char ret_name[PL_ENDPOINT_NAME_MAX]);
/** @return 0, or -EINVAL; ids 1..64 */
int pl_endpoint_from_name(const char *name, struct pl_endpoint *ret_endpoint);

/** 1..31 of [a-z0-9-] */
bool pl_gateway_id_is_valid(const char *id);

#endif
