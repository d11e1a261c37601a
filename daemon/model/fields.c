/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway-def.h"
#include "utf8.h"

int pl_field_refuse(struct pl_field_reader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->reason, reader->reason_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* --- names ------------------------------------------------------------------------- */

void pl_endpoint_name(struct pl_endpoint endpoint, char ret_name[PL_ENDPOINT_NAME_MAX])
{
	snprintf(ret_name, PL_ENDPOINT_NAME_MAX, "%s.%u", endpoint.is_tablet ? "tablet" : "channel",
		 endpoint.id);
}

int pl_endpoint_from_name(const char *name, struct pl_endpoint *ret_endpoint)
{
	bool is_tablet = strncmp(name, "tablet.", 7) == 0;
	uint32_t id;

	if (!is_tablet && strncmp(name, "channel.", 8) != 0)
		return -EINVAL;
	if (pl_json_read_id(name + (is_tablet ? 7 : 8), 64, &id) < 0)
		return -EINVAL;
	*ret_endpoint = (struct pl_endpoint){.is_tablet = is_tablet, .id = id};
	return 0;
}

bool pl_gateway_id_is_valid(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n >= 1 && n < PL_GATEWAY_ID_MAX && id[n] == '\0';
}

/* --- numbers of any width ------------------------------------------------------------- */

static void put_uint(void *to, size_t size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch (size) {
	case 1:
		memcpy(to, &u8, size);
		break;
	case 2:
		memcpy(to, &u16, size);
		break;
	case 4:
		memcpy(to, &u32, size);
		break;
	default:
		memcpy(to, &value, sizeof(value));
	}
}

static uint64_t get_uint(const void *from, size_t size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (size) {
	case 1:
		memcpy(&u8, from, size);
		return u8;
	case 2:
		memcpy(&u16, from, size);
		return u16;
	case 4:
		memcpy(&u32, from, size);
		return u32;
	default:
		memcpy(&u64, from, sizeof(u64));
		return u64;
	}
}

/* --- reading ------------------------------------------------------------------------ */

static int read_text(struct pl_field_reader *reader, struct json_object *value,
		     const struct pl_field *field, char *to)
{
	size_t length;
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return pl_field_refuse(reader, "must be of type string");
	text = json_object_get_string(value);
	length = (size_t)json_object_get_string_len(value);
	if (field->kind == PL_FIELD_ID) {
		if (!pl_gateway_id_is_valid(text))
			return pl_field_refuse(
				reader, "must be 1 to 31 characters of a to z, 0 to 9 and -");
	} else if (length >= field->size) {
		return pl_field_refuse(reader, "must have at most %zu bytes", field->size - 1);
	}
	if (!pl_utf8_is_plain(text))
		return pl_field_refuse(reader, "must be text without control characters");
	memset(to, 0, field->size);
	memcpy(to, text, length);
	return 0;
}

static int read_uint(struct pl_field_reader *reader, struct json_object *value,
		     const struct pl_field *field, void *to)
{
	double number = json_object_get_double(value);

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return pl_field_refuse(reader, "must be of type integer");
	if (!(number >= field->min && number <= field->max))
		return pl_field_refuse(reader, "must be %.15g to %.15g", field->min, field->max);
	/* 16.0 is an integer, as to the schema. */
	if (number != floor(number))
		return pl_field_refuse(reader, "must be of type integer");
	put_uint(to, field->size, (uint64_t)number);
	return 0;
}

static int read_double(struct pl_field_reader *reader, struct json_object *value,
		       const struct pl_field *field, void *to)
{
	double number;

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return pl_field_refuse(reader, "must be of type number");
	if (pl_json_read_double(value, field->min, field->max, &number) < 0)
		return pl_field_refuse(reader, "must be %.15g to %.15g", field->min, field->max);
	memcpy(to, &number, sizeof(number));
	return 0;
}

static int read_word(struct pl_field_reader *reader, struct json_object *value,
		     const struct pl_field *field, void *to)
{
	const char *word = json_object_get_string(value);
	char all[160] = "";
	size_t n = 0;

	for (size_t i = 0; i < field->n_words; i++) {
		if (!field->words[i])
			continue;
		if (json_object_is_type(value, json_type_string) &&
		    strcmp(field->words[i], word) == 0) {
			put_uint(to, field->size, i);
			return 0;
		}
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s\"%s\"", n ? ", " : "",
				      field->words[i]);
	}
	return pl_field_refuse(reader, "must be one of %s", all);
}

static int read_endpoint(struct pl_field_reader *reader, struct json_object *value, void *to)
{
	struct pl_endpoint endpoint;

	if (!json_object_is_type(value, json_type_string) ||
	    pl_endpoint_from_name(json_object_get_string(value), &endpoint) < 0)
		return pl_field_refuse(reader, "must be channel.N or tablet.N, as \"channel.1\"");
	memcpy(to, &endpoint, sizeof(endpoint));
	return 0;
}

static int read_field(struct pl_field_reader *reader, struct json_object *value,
		      const struct pl_field *field, void *structure)
{
	void *to = (char *)structure + field->offset;
	bool on;

	switch (field->kind) {
	case PL_FIELD_TEXT:
	case PL_FIELD_SECRET:
	case PL_FIELD_ID:
		return read_text(reader, value, field, to);
	case PL_FIELD_UINT:
		return read_uint(reader, value, field, to);
	case PL_FIELD_DOUBLE:
		return read_double(reader, value, field, to);
	case PL_FIELD_BOOL:
		if (pl_json_read_bool(value, &on) < 0)
			return pl_field_refuse(reader, "must be of type boolean");
		memcpy(to, &on, sizeof(on));
		return 0;
	case PL_FIELD_WORD:
		return read_word(reader, value, field, to);
	case PL_FIELD_ENDPOINT:
		return read_endpoint(reader, value, to);
	case PL_FIELD_OBJECT:
		return pl_fields_read(reader, value, field->fields, structure);
	case PL_FIELD_CUSTOM:
		return field->read(reader, value, structure);
	}
	return -EINVAL;
}

int pl_fields_read(struct pl_field_reader *reader, struct json_object *object,
		   const struct pl_field *fields, void *structure)
{
	if (!json_object_is_type(object, json_type_object))
		return pl_field_refuse(reader, "must be of type object");
	json_object_object_foreach (object, key, value) {
		const struct pl_field *field = fields;
		size_t mark = pl_json_enter(&reader->place, key);
		int r;

		while (field->name && strcmp(field->name, key) != 0)
			field++;
		r = field->name ? read_field(reader, value, field, structure)
				: pl_field_refuse(reader, "unknown key");
		if (r < 0)
			return r;
		pl_json_leave(&reader->place, mark);
	}
	return 0;
}

/* --- writing ----------------------------------------------------------------------------- */

static struct json_object *write_field(const struct pl_field *field, const void *structure,
				       bool secrets, bool *ret_skip)
{
	const char *from = (const char *)structure + field->offset;
	char name[PL_ENDPOINT_NAME_MAX];
	struct pl_endpoint endpoint;
	double number;
	bool on;

	switch (field->kind) {
	case PL_FIELD_SECRET:
		*ret_skip = !secrets;
		return *ret_skip ? NULL : json_object_new_string(from);
	case PL_FIELD_TEXT:
	case PL_FIELD_ID:
		return json_object_new_string(from);
	case PL_FIELD_UINT:
		return json_object_new_uint64(get_uint(from, field->size));
	case PL_FIELD_DOUBLE:
		memcpy(&number, from, sizeof(number));
		return pl_json_double(number);
	case PL_FIELD_BOOL:
		memcpy(&on, from, sizeof(on));
		return json_object_new_boolean(on);
	case PL_FIELD_WORD:
		return json_object_new_string(field->words[get_uint(from, field->size)]);
	case PL_FIELD_ENDPOINT:
		memcpy(&endpoint, from, sizeof(endpoint));
		pl_endpoint_name(endpoint, name);
		return json_object_new_string(name);
	case PL_FIELD_OBJECT:
		return pl_fields_write(field->fields, structure, secrets);
	case PL_FIELD_CUSTOM:
		return field->write(structure, secrets, ret_skip);
	}
	return NULL;
}

struct json_object *pl_fields_write(const struct pl_field *fields, const void *structure,
				    bool secrets)
{
	struct json_object *object = json_object_new_object();

	for (const struct pl_field *field = fields; object && field->name; field++) {
		bool skip = false;
		struct json_object *value = write_field(field, structure, secrets, &skip);

		if (skip)
			continue;
		if (pl_json_add(object, field->name, value) < 0) {
			json_object_put(object);
			return NULL;
		}
	}
	return object;
}

/* --- comparing ------------------------------------------------------------------------------ */

static bool field_equal(const struct pl_field *field, const void *a, const void *b)
{
	const char *x = (const char *)a + field->offset, *y = (const char *)b + field->offset;
	struct pl_endpoint e, f;
	double v, w;

	switch (field->kind) {
	case PL_FIELD_TEXT:
	case PL_FIELD_SECRET:
	case PL_FIELD_ID:
		return strcmp(x, y) == 0;
	case PL_FIELD_UINT:
	case PL_FIELD_BOOL:
	case PL_FIELD_WORD:
		return memcmp(x, y, field->size) == 0;
	case PL_FIELD_DOUBLE:
		memcpy(&v, x, sizeof(v));
		memcpy(&w, y, sizeof(w));
		return v == w;
	case PL_FIELD_ENDPOINT:
		memcpy(&e, x, sizeof(e));
		memcpy(&f, y, sizeof(f));
		return e.is_tablet == f.is_tablet && e.id == f.id;
	case PL_FIELD_OBJECT:
		return pl_fields_equal(field->fields, a, b);
	case PL_FIELD_CUSTOM:
		return true;
	}
	return false;
}

bool pl_fields_equal(const struct pl_field *fields, const void *a, const void *b)
{
	for (const struct pl_field *field = fields; field->name; field++)
		if (!field_equal(field, a, b))
			return false;
	return true;
}
