/* SPDX-License-Identifier: MIT */
#include "token-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json-strict.h"

#define VERSION 1
/** Seconds since 1970 that a double holds exactly, and more than anyone needs. */
#define SECONDS_MAX UINT64_C(9007199254740991)
#define ID_CHARS 16u

/* --- reading --------------------------------------------------------------------------- */

static int read_string(struct json_object *object, const char *key, const char **ret_text)
{
	struct json_object *v;

	if (!json_object_object_get_ex(object, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return -EINVAL;
	*ret_text = json_object_get_string(v);
	/* a NUL would cut it */
	return strlen(*ret_text) == (size_t)json_object_get_string_len(v) ? 0 : -EINVAL;
}

static int read_seconds(struct json_object *object, const char *key, uint64_t *ret_s)
{
	struct json_object *v;

	if (!json_object_object_get_ex(object, key, &v))
		return -EINVAL;
	return pl_json_read_uint(v, 0, SECONDS_MAX, ret_s);
}

static int read_id(struct json_object *object, uint64_t *ret_id)
{
	const char *text;

	if (read_string(object, "id", &text) < 0 || strlen(text) != ID_CHARS ||
	    strspn(text, "0123456789abcdef") != ID_CHARS)
		return -EINVAL;
	*ret_id = strtoull(text, NULL, 16);
	return *ret_id != 0 ? 0 : -EINVAL;
}

static int read_expires(struct json_object *object, uint64_t *ret_s)
{
	struct json_object *v;

	if (!json_object_object_get_ex(object, "expires", &v))
		return -EINVAL;
	*ret_s = 0;
	return v ? pl_json_read_uint(v, 1, SECONDS_MAX, ret_s) : 0;
}

/** @return NULL, or the member that is wrong */
static const char *read_token(struct json_object *object, struct pl_token *token)
{
	const char *text;

	memset(token, 0, sizeof(*token));
	if (!json_object_is_type(object, json_type_object) ||
	    json_object_object_length(object) != 6)
		return "members";
	if (read_id(object, &token->id) < 0)
		return "id";
	if (read_string(object, "name", &text) < 0 || !text[0] || !pl_name_is_valid(text))
		return "name";
	memcpy(token->info.name, text, strlen(text));
	if (read_string(object, "role", &text) < 0 ||
	    pl_role_from_name(text, &token->info.role) < 0)
		return "role";
	if (read_string(object, "sha256", &text) < 0 ||
	    pl_secret_from_text(text, strlen(text), token->digest) < 0)
		return "sha256";
	if (read_seconds(object, "created", &token->info.created_s) < 0)
		return "created";
	return read_expires(object, &token->info.expires_s) < 0 ? "expires" : NULL;
}

static bool is_twice(const struct pl_tokens *tokens, const struct pl_token *token)
{
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->token[i].id == token->id ||
		    strcmp(tokens->token[i].info.name, token->info.name) == 0)
			return true;
	return false;
}

static int read_tokens(struct json_object *tree, struct pl_tokens *tokens, char *ret_reason,
		       size_t reason_size)
{
	struct json_object *version, *list;
	uint64_t number;

	if (!json_object_is_type(tree, json_type_object) || json_object_object_length(tree) != 2 ||
	    !json_object_object_get_ex(tree, "version", &version) ||
	    pl_json_read_uint(version, VERSION, VERSION, &number) < 0) {
		snprintf(ret_reason, reason_size, "it is no list of tokens of version %d", VERSION);
		return -EINVAL;
	}
	if (!json_object_object_get_ex(tree, "tokens", &list) ||
	    !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) > PL_TOKENS_MAX) {
		snprintf(ret_reason, reason_size, "/tokens should be a list of at most %u",
			 PL_TOKENS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct pl_token *token = &tokens->token[i];
		const char *wrong = read_token(json_object_array_get_idx(list, i), token);

		if (!wrong && is_twice(tokens, token))
			wrong = "name";
		if (wrong) {
			snprintf(ret_reason, reason_size, "/tokens/%zu/%s is refused", i, wrong);
			return -EINVAL;
		}
		tokens->n++;
	}
	return 0;
}

int pl_tokens_parse(const char *text, size_t size, struct pl_tokens *ret_tokens, char *ret_reason,
		    size_t reason_size)
{
	struct json_object *tree = NULL;
	struct pl_tokens *tokens;
	int r;

	tokens = calloc(1, sizeof(*tokens));
	if (!tokens) {
		snprintf(ret_reason, reason_size, "no memory");
		return -ENOMEM;
	}
	r = pl_json_parse(text, size, &tree, ret_reason, reason_size);
	if (r == 0)
		r = read_tokens(tree, tokens, ret_reason, reason_size);
	if (r == 0)
		*ret_tokens = *tokens;
	json_object_put(tree);
	free(tokens);
	return r;
}

/* --- writing ---------------------------------------------------------------------------- */

static struct json_object *write_token(const struct pl_token *token)
{
	struct json_object *object = json_object_new_object();
	char id[ID_CHARS + 1], digest[PL_SECRET_CHARS + 1];
	struct json_object *expires = NULL;
	int r;

	if (!object)
		return NULL;
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)token->id);
	pl_secret_to_text(token->digest, digest);
	r = pl_json_add(object, "id", json_object_new_string(id));
	if (r == 0)
		r = pl_json_add(object, "name", json_object_new_string(token->info.name));
	if (r == 0)
		r = pl_json_add(object, "role",
				json_object_new_string(pl_role_name(token->info.role)));
	if (r == 0)
		r = pl_json_add(object, "sha256", json_object_new_string(digest));
	if (r == 0)
		r = pl_json_add(object, "created",
				json_object_new_int64((int64_t)token->info.created_s));
	if (r == 0 && token->info.expires_s)
		expires = json_object_new_int64((int64_t)token->info.expires_s);
	if (r == 0)
		r = json_object_object_add(object, "expires", expires);
	if (r < 0) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

struct json_object *pl_tokens_to_json(const struct pl_tokens *tokens)
{
	struct json_object *tree = json_object_new_object(), *list = json_object_new_array();
	int r = tree && list ? pl_json_add(tree, "version", json_object_new_int(VERSION)) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < tokens->n; i++) {
		struct json_object *token = write_token(&tokens->token[i]);

		r = token ? json_object_array_add(list, token) : -ENOMEM;
	}
	if (r == 0) {
		r = pl_json_add(tree, "tokens", list);
		list = NULL;
	}
	if (r < 0) {
		json_object_put(list);
		json_object_put(tree);
		return NULL;
	}
	return tree;
}
