/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"

/** Tokens, sessions, the certificate. */

static struct json_object *describe_token(const struct pl_token_info *info)
{
	struct json_object *tree = json_object_new_object();

	json_object_object_add(tree, "name", json_object_new_string(info->name));
	json_object_object_add(tree, "role", json_object_new_string(pl_role_name(info->role)));
	json_object_object_add(tree, "created", json_object_new_int64((int64_t)info->created_s));
	json_object_object_add(tree, "expires",
			       info->expires_s ? json_object_new_int64((int64_t)info->expires_s)
					       : NULL);
	return tree;
}

int pl_api_tokens(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_token_info *infos = calloc(PL_TOKENS_MAX, sizeof(*infos));
	struct json_object *list;
	int n;

	if (!infos)
		return -ENOMEM;
	n = pl_control_list_tokens(call->control, call->actor, infos, error);
	if (n < 0) {
		free(infos);
		return n;
	}
	list = json_object_new_array();
	for (int i = 0; i < n; i++)
		json_object_array_add(list, describe_token(&infos[i]));
	free(infos);
	call->result = json_object_new_object();
	json_object_object_add(call->result, "tokens", list);
	return 0;
}

/** Seconds since 1970 in a JSON number; 0 when it is none that can be. */
static int read_expires(struct pl_http_call *call, const struct pl_body_value *value,
			uint64_t *ret_expires_s)
{
	static const char *const loc[] = {"body", "expires", NULL};

	*ret_expires_s = 0;
	if (!value->present)
		return 0;
	if (!(value->number >= 1.0 && value->number <= 9007199254740991.0)) {
		pl_detail_add(call->details, loc, "Input should be seconds since 1970",
			      "value_error");
		return -EINVAL;
	}
	*ret_expires_s = (uint64_t)value->number;
	return 0;
}

int pl_api_add_token(struct pl_http_call *call, struct pl_error *error)
{
	static const char *const loc[] = {"body", "role", NULL};
	const struct pl_body_value *value = call->body->value;
	struct pl_token_info info = {0};
	char token[PL_SECRET_SIZE];
	int r;

	if (pl_role_from_name(value[1].string, &info.role) < 0) {
		pl_detail_add(call->details, loc, "Input should be 'view', 'operate' or 'admin'",
			      "enum");
		return -EINVAL;
	}
	r = read_expires(call, &value[2], &info.expires_s);
	if (r == 0)
		r = pl_control_add_token(call->control, call->actor, value[0].string, info.role,
					 info.expires_s, token, error);
	if (r < 0)
		return r;
	call->result = json_object_new_object();
	json_object_object_add(call->result, "token", json_object_new_string(token));
	explicit_bzero(token, sizeof(token));
	return 0;
}

int pl_api_remove_token(struct pl_http_call *call, struct pl_error *error)
{
	int r;

	r = pl_control_remove_token(call->control, call->actor, call->body->value[0].string, error);
	if (r < 0)
		return r;
	call->result = json_object_new_object();
	return 0;
}

/* --- sessions ----------------------------------------------------------------------------- */

static struct json_object *describe_session(enum pl_role role, const struct pl_identity *identity)
{
	struct json_object *tree = json_object_new_object();

	json_object_object_add(tree, "role", json_object_new_string(pl_role_name(role)));
	json_object_object_add(tree, "token",
			       identity ? json_object_new_string(identity->name) : NULL);
	return tree;
}

static int give_session(struct pl_http_call *call, const struct pl_identity *identity)
{
	struct pl_http_session *session = &call->session;
	int r;

	r = pl_control_open_session(call->control, identity, session->text, &session->expires_s);
	if (r == 0)
		session->change = PL_HTTP_SESSION_SET;
	return r;
}

/** Who am I; a page that asks gets the next session. */
int pl_api_get_session(struct pl_http_call *call, struct pl_error *error)
{
	const struct pl_http_visitor *visitor = call->visitor;
	int r = visitor->has_identity && visitor->by_session
			? give_session(call, &visitor->identity)
			: 0;

	if (r < 0)
		return r;
	call->result =
		describe_session(visitor->role, visitor->has_identity ? &visitor->identity : NULL);
	return 0;
}

int pl_api_open_session(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_credential credential = {.token = call->body->value[0].string};
	struct pl_identity identity;
	int r;

	memcpy(credential.address, call->visitor->address, sizeof(credential.address));
	r = pl_control_authenticate(call->control, &credential, &identity, &call->retry_s);
	if (r == 0)
		r = give_session(call, &identity);
	if (r < 0)
		return r;
	call->result = describe_session(identity.role, &identity);
	return 0;
}

int pl_api_end_session(struct pl_http_call *call, struct pl_error *error)
{
	call->session.change = PL_HTTP_SESSION_CLEAR;
	call->result = json_object_new_object();
	return 0;
}

int pl_api_certificate(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_certificate(call->control);
	if (!call->result)
		call->result = json_object_new_object();
	return 0;
}
