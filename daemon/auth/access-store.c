/* SPDX-License-Identifier: MIT */
#include "access-store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rate-limit.h"
#include "files.h"
#include "secret.h"
#include "token-file.h"

#define SECRET_FILE_MAX (1024u * 1024u)
#define TOKENS "tokens.json"
#define TLS_FOLDER "tls"
#define SESSION_KEY "session.key"
/** So that people and scanners of leaked secrets know one when they see it. */
#define TOKEN_PREFIX "pl_"

struct pl_access_store {
	struct pl_access_options options;
	int state_dir;
	struct pl_tls_store *tls;
	struct pl_tokens tokens, next;
	struct pl_rate_limit limit;
	uint8_t session_key[PL_SECRET_BYTES];
};

__attribute__((format(printf, 3, 4))) static void tell(struct pl_access_store *store,
						       const char *event, const char *format, ...)
{
	char message[512];
	va_list args;

	if (!store->options.on_log)
		return;
	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	store->options.on_log(store->options.userdata, event, message);
}

/* --- the file --------------------------------------------------------------------------- */

static int load(struct pl_access_store *store)
{
	char reason[256], aside[96];
	char *text = NULL;
	size_t size = 0;
	int r;

	r = pl_file_read(store->state_dir, TOKENS, SECRET_FILE_MAX, &text, &size);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = pl_tokens_parse(text, size, &store->tokens, reason, sizeof(reason));
	else
		snprintf(reason, sizeof(reason), "%s", strerror(-r));
	free(text);
	if (r != -EINVAL && r != -EFBIG)
		return r;
	/* Nobody comes in: the safe side. The audio goes on. */
	r = pl_file_move_aside(store->state_dir, TOKENS, aside, sizeof(aside));
	if (r < 0)
		return r;
	tell(store, "auth.error",
	     "%s was damaged (%s) and is now %s: no token is valid any more; make new ones with "
	     "partylinectl token add",
	     TOKENS, reason, aside);
	return 0;
}

/** `next` becomes what is kept and what holds, or nothing changes. */
static int keep(struct pl_access_store *store)
{
	struct json_object *tree = pl_tokens_to_json(&store->next);
	const char *text;
	int r;

	if (!tree)
		return -ENOMEM;
	text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PRETTY);
	r = text ? pl_file_write(store->state_dir, TOKENS, text, strlen(text)) : -ENOMEM;
	json_object_put(tree);
	if (r == 0)
		store->tokens = store->next;
	return r;
}

/** A session outlives a restart of the daemon, not one of the machine. */
static int load_session_key(struct pl_access_store *store)
{
	char text[PL_SECRET_CHARS + 1], *kept = NULL;
	size_t size = 0;
	int folder, r;

	r = pl_folder_open(store->options.runtime_directory, &folder);
	if (r < 0)
		return r;
	r = pl_file_read(folder, SESSION_KEY, SECRET_FILE_MAX, &kept, &size);
	if (r == 0)
		r = pl_secret_from_text(kept, size, store->session_key);
	if (r < 0) {
		r = pl_secret_random(store->session_key, sizeof(store->session_key));
		if (r == 0) {
			pl_secret_to_text(store->session_key, text);
			r = pl_file_write(folder, SESSION_KEY, text, PL_SECRET_CHARS);
			pl_secret_forget(text, sizeof(text));
		}
	}
	if (kept)
		pl_secret_forget(kept, size);
	free(kept);
	close(folder);
	return r;
}

/* --- checking ------------------------------------------------------------------------------ */

static bool has_expired(const struct pl_token *token, uint64_t now_s)
{
	return token->info.expires_s != 0 && token->info.expires_s <= now_s;
}

static const struct pl_token *find_id(const struct pl_access_store *store, uint64_t id)
{
	for (size_t i = 0; i < store->tokens.n; i++)
		if (store->tokens.token[i].id == id)
			return &store->tokens.token[i];
	return NULL;
}

/** All of them are compared, so that the time tells nothing. */
static const struct pl_token *find_token(const struct pl_access_store *store, const char *text)
{
	const struct pl_token *found = NULL;
	uint8_t digest[PL_SECRET_BYTES];

	if (pl_secret_digest(text, strlen(text), digest) < 0)
		return NULL;
	for (size_t i = 0; i < store->tokens.n; i++)
		if (pl_secret_equal(store->tokens.token[i].digest, digest))
			found = &store->tokens.token[i];
	return found;
}

/** "ID.EXPIRES" and the MAC over it. */
static int sign(const struct pl_access_store *store, const char *text, size_t n,
		uint8_t ret_mac[PL_SECRET_BYTES])
{
	return pl_secret_mac(store->session_key, text, n, ret_mac);
}

static const struct pl_token *find_session(const struct pl_access_store *store, const char *text,
					   uint64_t now_s)
{
	uint8_t mac[PL_SECRET_BYTES], shown[PL_SECRET_BYTES];
	const char *dot = strrchr(text, '.');
	uint64_t id;
	char *end;

	if (!dot || pl_secret_from_text(dot + 1, strlen(dot + 1), shown) < 0 ||
	    sign(store, text, (size_t)(dot - text), mac) < 0 || !pl_secret_equal(mac, shown))
		return NULL;
	/* signed by us: it has the shape that we gave it */
	id = strtoull(text, &end, 16);
	if (*end != '.' || strtoull(end + 1, NULL, 10) <= now_s)
		return NULL;
	return find_id(store, id);
}

static uint64_t monotonic_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static int authenticate(void *access, const struct pl_credential *credential, uint64_t now_s,
			struct pl_identity *ret_identity, uint32_t *ret_retry_s)
{
	struct pl_access_store *store = access;
	const struct pl_token *token;
	uint64_t now_usec = monotonic_usec();

	*ret_retry_s = pl_rate_limit_wait_s(&store->limit, credential->address, now_usec);
	if (*ret_retry_s > 0)
		return -EAGAIN;
	token = credential->token     ? find_token(store, credential->token)
		: credential->session ? find_session(store, credential->session, now_s)
				      : NULL;
	if (token && has_expired(token, now_s))
		token = NULL;
	pl_rate_limit_note(&store->limit, credential->address, now_usec, token != NULL);
	if (!token)
		return -EACCES;
	*ret_identity = (struct pl_identity){
		.id = token->id, .role = token->info.role, .expires_s = token->info.expires_s};
	memcpy(ret_identity->name, token->info.name, sizeof(ret_identity->name));
	return 0;
}

static bool is_valid(void *access, uint64_t id, uint64_t now_s)
{
	const struct pl_token *token = find_id(access, id);

	return token && !has_expired(token, now_s);
}

static int open_session(void *access, const struct pl_identity *identity, uint64_t now_s,
			char ret_session[PL_SECRET_SIZE], uint64_t *ret_expires_s)
{
	struct pl_access_store *store = access;
	uint64_t expires_s = now_s + PL_SESSION_SECONDS;
	uint8_t mac[PL_SECRET_BYTES];
	char text[PL_SECRET_CHARS + 1];
	int n, r;

	if (identity->expires_s != 0 && identity->expires_s < expires_s)
		expires_s = identity->expires_s;
	n = snprintf(ret_session, PL_SECRET_SIZE, "%016" PRIx64 ".%" PRIu64, identity->id,
		     expires_s);
	r = sign(store, ret_session, (size_t)n, mac);
	if (r < 0)
		return r;
	pl_secret_to_text(mac, text);
	snprintf(ret_session + n, PL_SECRET_SIZE - (size_t)n, ".%s", text);
	*ret_expires_s = expires_s;
	return 0;
}

/* --- changing --------------------------------------------------------------------------------- */

static ssize_t find_name(const struct pl_access_store *store, const char *name)
{
	for (size_t i = 0; i < store->tokens.n; i++)
		if (strcmp(store->tokens.token[i].info.name, name) == 0)
			return (ssize_t)i;
	return -1;
}

static int make_secret(char ret_token[PL_SECRET_SIZE])
{
	uint8_t bytes[PL_SECRET_BYTES];
	char text[PL_SECRET_CHARS + 1];
	int r;

	r = pl_secret_random(bytes, sizeof(bytes));
	if (r < 0)
		return r;
	pl_secret_to_text(bytes, text);
	snprintf(ret_token, PL_SECRET_SIZE, TOKEN_PREFIX "%s", text);
	pl_secret_forget(bytes, sizeof(bytes));
	pl_secret_forget(text, sizeof(text));
	return 0;
}

static int add_token(void *access, const struct pl_token_info *info, char ret_token[PL_SECRET_SIZE])
{
	struct pl_access_store *store = access;
	struct pl_token token = {.info = *info};
	char text[PL_SECRET_SIZE];
	int r;

	if (find_name(store, info->name) >= 0)
		return -EEXIST;
	if (store->tokens.n == PL_TOKENS_MAX)
		return -ENOSPC;
	while (token.id == 0 || find_id(store, token.id)) {
		r = pl_secret_random((uint8_t *)&token.id, sizeof(token.id));
		if (r < 0)
			return r;
	}
	r = make_secret(text);
	if (r == 0)
		r = pl_secret_digest(text, strlen(text), token.digest);
	if (r == 0) {
		store->next = store->tokens;
		store->next.token[store->next.n++] = token;
		r = keep(store);
	}
	if (r == 0)
		memcpy(ret_token, text, sizeof(text));
	pl_secret_forget(text, sizeof(text));
	return r;
}

static int remove_token(void *access, const char *name)
{
	struct pl_access_store *store = access;
	ssize_t i = find_name(store, name);

	if (i < 0)
		return -ENOENT;
	store->next = store->tokens;
	store->next.n--;
	memmove(&store->next.token[i], &store->next.token[i + 1],
		(store->next.n - (size_t)i) * sizeof(store->next.token[0]));
	return keep(store);
}

static size_t list_tokens(void *access, struct pl_token_info *ret_infos, size_t n_max)
{
	const struct pl_access_store *store = access;
	size_t n = store->tokens.n < n_max ? store->tokens.n : n_max;

	for (size_t i = 0; i < n; i++)
		ret_infos[i] = store->tokens.token[i].info;
	return n;
}

static bool get_certificate(void *access, struct pl_certificate *ret_certificate)
{
	const struct pl_access_store *store = access;

	return pl_tls_store_get(store->tls, ret_certificate);
}

int pl_access_store_refresh(struct pl_access_store *store, const struct pl_tls_wishes *wishes,
			    char *ret_reason, size_t reason_size)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return pl_tls_store_refresh(store->tls, wishes, now.tv_sec > 0 ? (uint64_t)now.tv_sec : 0,
				    ret_reason, reason_size);
}

const struct pl_access_ops *pl_access_store_ops(void)
{
	static const struct pl_access_ops ops = {
		.authenticate = authenticate,
		.is_valid = is_valid,
		.add_token = add_token,
		.remove_token = remove_token,
		.list_tokens = list_tokens,
		.open_session = open_session,
		.get_certificate = get_certificate,
	};

	return &ops;
}

/* --- life ---------------------------------------------------------------------------------------- */

int pl_access_store_open(const struct pl_access_options *options,
			 struct pl_access_store **ret_store, char *ret_reason, size_t reason_size)
{
	struct pl_access_store *store;
	int r;

	store = calloc(1, sizeof(*store));
	if (!store) {
		snprintf(ret_reason, reason_size, "no memory");
		return -ENOMEM;
	}
	store->options = *options;
	store->state_dir = -1;
	pl_rate_limit_init(&store->limit);
	r = pl_folder_open(options->state_directory, &store->state_dir);
	if (r == 0)
		r = load(store);
	if (r < 0)
		snprintf(ret_reason, reason_size, "the tokens in \"%s\" cannot be read: %s",
			 options->state_directory, strerror(-r));
	if (r == 0) {
		r = load_session_key(store);
		if (r < 0)
			snprintf(ret_reason, reason_size,
				 "the key of sessions in \"%s\" cannot be kept: %s",
				 options->runtime_directory, strerror(-r));
	}
	if (r == 0) {
		char folder[4200];

		snprintf(folder, sizeof(folder), "%s/" TLS_FOLDER, options->state_directory);
		r = pl_tls_store_new(folder, &store->tls);
		if (r < 0)
			snprintf(ret_reason, reason_size, "no memory");
	}
	if (r < 0) {
		pl_access_store_close(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

struct pl_access_store *pl_access_store_close(struct pl_access_store *store)
{
	if (!store)
		return NULL;
	pl_tls_store_free(store->tls);
	if (store->state_dir >= 0)
		close(store->state_dir);
	pl_secret_forget(store->session_key, sizeof(store->session_key));
	free(store);
	return NULL;
}
