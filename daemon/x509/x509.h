/* SPDX-License-Identifier: MIT */
#ifndef PL_X509_H
#define PL_X509_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

/** Certificates that we make, whoever needs them. Thread: any. */

/** SHA-256 of a certificate's DER, and as "AB:CD:…" with its end. */
#define PL_X509_DIGEST_SIZE 32u
#define PL_X509_DIGEST_TEXT_SIZE 96u

/**
 * A certificate of version 3 with a random serial number (127 bits: never used twice, and nobody
 * predicts it), this common name and this key; issuer, times, extensions and signature are the caller's.
 *
 * @param name  UTF-8, 1..64 characters (RFC 5280, ub-common-name)
 * @return to be freed with X509_free(); NULL: no memory, no randomness, or a name that cannot be
 */
X509 *pl_x509_new(EVP_PKEY *key, const char *name);

/** As RFC 8122 5 writes fingerprints: hexadecimal in capitals, with colons. */
void pl_x509_digest_text(const uint8_t digest[PL_X509_DIGEST_SIZE],
			 char ret_text[PL_X509_DIGEST_TEXT_SIZE]);

#endif
