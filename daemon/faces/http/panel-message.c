/* SPDX-License-Identifier: MIT */
#include "panel-message.h"

#include <errno.h>
#include <string.h>

/* The first field of each is the type. */
#define TYPE_FIELD                                                                                 \
	{                                                                                          \
		"type", PL_BODY_STRING, true                                                       \
	}

static const struct pl_body_field claim_fields[] = {
	TYPE_FIELD,
	{"tablet", PL_BODY_ID, false},
	{"label", PL_BODY_STRING, false},
	{"secret", PL_BODY_STRING, false},
	{"take_over", PL_BODY_BOOL, false},
};
static const struct pl_body_field type_fields[] = {TYPE_FIELD};
static const struct pl_body_field down_fields[] = {
	TYPE_FIELD,
	{"channel", PL_BODY_ID, true},
	{"priority", PL_BODY_ID, false},
};
static const struct pl_body_field up_fields[] = {TYPE_FIELD, {"channel", PL_BODY_ID, true}};
static const struct pl_body_field ping_fields[] = {TYPE_FIELD, {"id", PL_BODY_ID, false}};
static const struct pl_body_field any_fields[] = {{"*", PL_BODY_TREE, true}};

#define FIELDS(f) (f), sizeof(f) / sizeof((f)[0])

static const struct {
	const char *name;
	const struct pl_body_field *fields;
	size_t n_fields;
} types[] = {
	[PL_PANEL_CLAIM] = {"claim", FIELDS(claim_fields)},
	[PL_PANEL_LEAVE] = {"leave", FIELDS(type_fields)},
	[PL_PANEL_DOWN] = {"down", FIELDS(down_fields)},
	[PL_PANEL_UP] = {"up", FIELDS(up_fields)},
	[PL_PANEL_PING] = {"ping", FIELDS(ping_fields)},
};

const char *pl_panel_type_name(enum pl_panel_type type)
{
	return types[type].name;
}

static int read_claim(const struct pl_body_value *value, struct json_object *details,
		      struct pl_claim_request *ret_claim)
{
	static const char *const loc[] = {"body", "tablet", NULL};

	if (value[1].present && value[1].id == 0) {
		pl_detail_add(details, loc, "Tablets count from 1; null is the next free one",
			      "value_error");
		return -EINVAL;
	}
	*ret_claim = (struct pl_claim_request){
		.tablet_id = value[1].present ? value[1].id : 0,
		.label = value[2].present ? value[2].string : NULL,
		.secret = value[3].present ? value[3].string : NULL,
		.take_over = value[4].present && value[4].flag,
	};
	return 0;
}

/** What kind of message it is, before its fields can be looked at. */
static int read_type(const char *text, size_t size, struct json_object *details,
		     enum pl_panel_type *ret_type)
{
	static const char *const loc[] = {"body", "type", NULL};
	struct json_object *value = NULL;
	struct pl_body body = {0};
	const char *word = "";
	unsigned type = 0;
	int r;

	r = pl_body_read(text, size, FIELDS(any_fields), details, &body);
	if (r < 0)
		return r;
	if (json_object_object_get_ex(body.tree, "type", &value) &&
	    json_object_is_type(value, json_type_string))
		word = json_object_get_string(value);
	while (type < PL_PANEL_TYPE_MAX_ && strcmp(types[type].name, word) != 0)
		type++;
	pl_body_done(&body);
	if (type == PL_PANEL_TYPE_MAX_) {
		pl_detail_add(details, loc,
			      "Input should be 'claim', 'leave', 'down', 'up' or 'ping'", "enum");
		return -EINVAL;
	}
	*ret_type = type;
	return 0;
}

int pl_panel_message_read(const char *text, size_t size, struct json_object *details,
			  struct pl_panel_message *ret_message)
{
	struct pl_panel_message message = {0};
	const struct pl_body_value *value = message.body.value;
	int r;

	r = read_type(text, size, details, &message.type);
	if (r == 0)
		r = pl_body_read(text, size, types[message.type].fields,
				 types[message.type].n_fields, details, &message.body);
	if (r < 0)
		return r;
	switch (message.type) {
	case PL_PANEL_CLAIM:
		r = read_claim(value, details, &message.claim);
		break;
	case PL_PANEL_DOWN:
		message.priority = value[2].present ? value[2].id : 1;
		message.channel_id = value[1].id;
		break;
	case PL_PANEL_UP:
		message.channel_id = value[1].id;
		break;
	case PL_PANEL_PING:
		message.id = value[1].present ? value[1].id : 0;
		break;
	case PL_PANEL_LEAVE:
	case PL_PANEL_TYPE_MAX_:
		break;
	}
	if (r < 0) {
		pl_panel_message_done(&message);
		return r;
	}
	*ret_message = message;
	return 0;
}

void pl_panel_message_done(struct pl_panel_message *message)
{
	pl_body_done(&message->body);
}
