/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "pltest.h"
#include "secret.h"
#include "token-file.h"

#define DIGEST "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" /* SHA-256 of nothing */
#define TOKEN                                                                                      \
	"{\"id\":\"00000000000000ff\",\"name\":\"a\",\"role\":\"view\",\"sha256\":\"" DIGEST       \
	"\",\"created\":1,\"expires\":null}"

static struct pl_tokens tokens;
static char reason[256];

static int parse(const char *text)
{
	return pl_tokens_parse(text, strlen(text), &tokens, reason, sizeof(reason));
}

PL_TEST(secrets_come_back_from_their_text)
{
	uint8_t bytes[PL_SECRET_BYTES], again[PL_SECRET_BYTES];
	char text[PL_SECRET_CHARS + 1];

	for (int i = 0; i < 1000; i++) {
		PL_CHECK(pl_secret_random(bytes, sizeof(bytes)) == 0);
		pl_secret_to_text(bytes, text);
		PL_EXPECT(strlen(text) == PL_SECRET_CHARS);
		PL_EXPECT(pl_secret_from_text(text, strlen(text), again) == 0);
		PL_EXPECT(pl_secret_equal(bytes, again));
		again[i % 32] ^= (uint8_t)(1u << (i % 8));
		PL_EXPECT(!pl_secret_equal(bytes, again));
	}
}

PL_TEST(one_secret_has_one_spelling)
{
	static const char *const wrong[] = {"",
					    "A",
					    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
					    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
					    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					    " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					    "+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					    "/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	uint8_t bytes[PL_SECRET_BYTES];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		PL_EXPECT(pl_secret_from_text(wrong[i], strlen(wrong[i]), bytes) == -EINVAL);
	PL_EXPECT(pl_secret_from_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 43, bytes) ==
		  0);
}

PL_TEST(digest_and_mac_are_the_standards)
{
	/* RFC 4231, test case 1, with its key of 20 bytes padded: HMAC pads with zeros as well */
	uint8_t key[PL_SECRET_BYTES] = {0}, out[PL_SECRET_BYTES];
	char text[PL_SECRET_CHARS + 1];

	PL_CHECK(pl_secret_digest("", 0, out) == 0);
	pl_secret_to_text(out, text);
	PL_EXPECT(strcmp(text, DIGEST) == 0);
	memset(key, 0x0b, 20);
	PL_CHECK(pl_secret_mac(key, "Hi There", 8, out) == 0);
	PL_EXPECT(memcmp(out, "\xb0\x34\x4c\x61\xd8\xdb\x38\x53\x5c\xa8\xaf\xce\xaf\x0b\xf1\x2b",
			 16) == 0);
}

PL_TEST(a_file_is_read_and_written_the_same)
{
	struct json_object *tree;
	const char *text;

	PL_CHECK(parse("{\"version\":1,\"tokens\":[" TOKEN "]}") == 0);
	PL_EXPECT(tokens.n == 1 && tokens.token[0].id == 0xff);
	PL_EXPECT(tokens.token[0].info.role == PL_ROLE_VIEW);
	PL_EXPECT(tokens.token[0].info.expires_s == 0);
	tree = pl_tokens_to_json(&tokens);
	text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
	PL_EXPECT(strcmp(text, "{\"version\":1,\"tokens\":[" TOKEN "]}") == 0);
	json_object_put(tree);
}

PL_TEST(what_is_wrong_is_refused_as_a_whole)
{
	static const char *const wrong[] = {
		"",
		"null",
		"{}",
		"[]",
		"{\"version\":1}",
		"{\"version\":2,\"tokens\":[]}",
		"{\"version\":1,\"tokens\":{}}",
		"{\"version\":1,\"tokens\":[1]}",
		"{\"version\":1,\"tokens\":[],\"more\":1}",
		"{\"version\":1,\"tokens\":[{}]}",
		"{\"version\":1,\"tokens\":[" TOKEN "," TOKEN "]}",
		"{\"version\":1,\"tokens\":[{\"id\":\"0000000000000000\",\"name\":\"a\",\"role\":"
		"\"view\",\"sha256\":\"" DIGEST "\",\"created\":1,\"expires\":null}]}",
		"{\"version\":1,\"tokens\":[{\"id\":\"00000000000000ff\",\"name\":\"\",\"role\":"
		"\"view\",\"sha256\":\"" DIGEST "\",\"created\":1,\"expires\":null}]}",
		"{\"version\":1,\"tokens\":[{\"id\":\"00000000000000ff\",\"name\":\"a\",\"role\":"
		"\"root\",\"sha256\":\"" DIGEST "\",\"created\":1,\"expires\":null}]}",
		"{\"version\":1,\"tokens\":[{\"id\":\"00000000000000ff\",\"name\":\"a\",\"role\":"
		"\"view\",\"sha256\":\"short\",\"created\":1,\"expires\":null}]}",
		"{\"version\":1,\"tokens\":[{\"id\":\"00000000000000ff\",\"name\":\"a\",\"role\":"
		"\"view\",\"sha256\":\"" DIGEST "\",\"created\":-1,\"expires\":null}]}",
		"{\"version\":1,\"tokens\":[{\"id\":\"00000000000000ff\",\"name\":\"a\",\"role\":"
		"\"view\",\"sha256\":\"" DIGEST "\",\"created\":1,\"expires\":0}]}",
	};

	PL_CHECK(parse("{\"version\":1,\"tokens\":[" TOKEN "]}") == 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		PL_EXPECT(parse(wrong[i]) == -EINVAL);
		PL_EXPECT(reason[0] && tokens.n == 1);
	}
}

PL_TEST_MAIN()
