/* SPDX-License-Identifier: MIT */
#ifndef PL_SECRET_H
#define PL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Random secrets as text, and their digests. Thread: any.
 *
 * A token is stored as its plain SHA-256. A slow, salted hash (scrypt, Argon2) protects secrets
 * that people choose, because these can be guessed; 256 random bits cannot, with any hash, and a
 * fast one keeps wrong tokens from costing the daemon its time.
 */

/** Bytes of a secret, of a digest and of a MAC. */
#define PL_SECRET_BYTES 32u
/** Characters of these in base64url (RFC 4648, clause 5) without padding. */
#define PL_SECRET_CHARS 43u

/** @return 0 or -EIO: the system has no randomness */
int pl_secret_random(uint8_t *ret_bytes, size_t size);
void pl_secret_to_text(const uint8_t bytes[PL_SECRET_BYTES], char ret_text[PL_SECRET_CHARS + 1]);
/** @param n  characters of text. @return 0 or -EINVAL */
int pl_secret_from_text(const char *text, size_t n, uint8_t ret_bytes[PL_SECRET_BYTES]);
/** SHA-256. @return 0 or -ENOMEM */
int pl_secret_digest(const void *data, size_t size, uint8_t ret_digest[PL_SECRET_BYTES]);
/** HMAC-SHA-256. @return 0 or -ENOMEM */
int pl_secret_mac(const uint8_t key[PL_SECRET_BYTES], const void *data, size_t size,
		  uint8_t ret_mac[PL_SECRET_BYTES]);
/** In a time that does not depend on the content. */
bool pl_secret_equal(const uint8_t a[PL_SECRET_BYTES], const uint8_t b[PL_SECRET_BYTES]);
/** Overwrite what is not needed any more. */
void pl_secret_forget(void *data, size_t size);

#endif
