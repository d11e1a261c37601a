/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/** What EVP_EncodeBlock() writes for 32 bytes: 44 characters and a NUL. */
#define BLOCK_CHARS 44u

int pl_secret_random(uint8_t *ret_bytes, size_t size)
{
	return RAND_priv_bytes(ret_bytes, (int)size) == 1 ? 0 : -EIO;
}

void pl_secret_to_text(const uint8_t bytes[PL_SECRET_BYTES], char ret_text[PL_SECRET_CHARS + 1])
{
	char block[BLOCK_CHARS + 1];

	EVP_EncodeBlock((unsigned char *)block, bytes, PL_SECRET_BYTES);
	for (unsigned i = 0; i < PL_SECRET_CHARS; i++)
		ret_text[i] = block[i];
	for (unsigned i = 0; i < PL_SECRET_CHARS; i++) {
		if (ret_text[i] == '+')
			ret_text[i] = '-';
		else if (ret_text[i] == '/')
			ret_text[i] = '_';
	}
	ret_text[PL_SECRET_CHARS] = '\0';
	pl_secret_forget(block, sizeof(block));
}

int pl_secret_from_text(const char *text, size_t n, uint8_t ret_bytes[PL_SECRET_BYTES])
{
	uint8_t bytes[PL_SECRET_BYTES + 1];
	char block[BLOCK_CHARS + 1] = {0}, again[PL_SECRET_CHARS + 1];

	if (n != PL_SECRET_CHARS)
		return -EINVAL;
	for (unsigned i = 0; i < PL_SECRET_CHARS; i++) {
		block[i] = text[i];
		if (text[i] == '-')
			block[i] = '+';
		else if (text[i] == '_')
			block[i] = '/';
		else if (text[i] == '+' || text[i] == '/' || text[i] == '=')
			return -EINVAL;
	}
	block[PL_SECRET_CHARS] = '=';
	if (EVP_DecodeBlock(bytes, (unsigned char *)block, BLOCK_CHARS) != (int)sizeof(bytes))
		return -EINVAL;
	/* one spelling for one secret: the last character has two bits that do not count, and
	 * OpenSSL ignores white space at the ends */
	pl_secret_to_text(bytes, again);
	if (memcmp(text, again, PL_SECRET_CHARS) != 0)
		return -EINVAL;
	memcpy(ret_bytes, bytes, PL_SECRET_BYTES);
	return 0;
}

int pl_secret_digest(const void *data, size_t size, uint8_t ret_digest[PL_SECRET_BYTES])
{
	unsigned n = PL_SECRET_BYTES;

	return EVP_Digest(data, size, ret_digest, &n, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

int pl_secret_mac(const uint8_t key[PL_SECRET_BYTES], const void *data, size_t size,
		  uint8_t ret_mac[PL_SECRET_BYTES])
{
	unsigned n = PL_SECRET_BYTES;

	return HMAC(EVP_sha256(), key, PL_SECRET_BYTES, data, size, ret_mac, &n) ? 0 : -ENOMEM;
}

bool pl_secret_equal(const uint8_t a[PL_SECRET_BYTES], const uint8_t b[PL_SECRET_BYTES])
{
	return CRYPTO_memcmp(a, b, PL_SECRET_BYTES) == 0;
}

void pl_secret_forget(void *data, size_t size)
{
	OPENSSL_cleanse(data, size);
}
