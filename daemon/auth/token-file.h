/* SPDX-License-Identifier: MIT */
#ifndef PL_TOKEN_FILE_H
#define PL_TOKEN_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "access.h"
#include "secret.h"

/** The tokens as they are kept: never themselves, only their digests. */
struct pl_token {
	uint64_t id; /**< random, never 0: what a session belongs to */
	struct pl_token_info info;
	uint8_t digest[PL_SECRET_BYTES];
};

struct pl_tokens {
	size_t n;
	struct pl_token token[PL_TOKENS_MAX]; /**< oldest first */
};

/**
 * {"version":1,"tokens":[{"id":"16 hex digits","name","role","sha256":"base64url",
 * "created":seconds,"expires":seconds or null}]}; anything else is refused as a whole.
 *
 * @param ret_tokens  untouched on an error
 * @param ret_reason  what is wrong, and where, on -EINVAL
 * @return 0, -EINVAL, -ENOMEM
 */
int pl_tokens_parse(const char *text, size_t size, struct pl_tokens *ret_tokens, char *ret_reason,
		    size_t reason_size);
/** @return the document, put by the caller; NULL: no memory */
struct json_object *pl_tokens_to_json(const struct pl_tokens *tokens);

#endif
