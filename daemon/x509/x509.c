/* SPDX-License-Identifier: MIT */
#include "x509.h"

#include <stdbool.h>
#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/rand.h>

static bool set_serial(X509 *certificate)
{
	uint8_t bytes[16];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	/* positive, and of the same length always */
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return ok;
}

X509 *pl_x509_new(EVP_PKEY *key, const char *name)
{
	X509 *certificate = X509_new();

	if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
	    set_serial(certificate) &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
				       (const unsigned char *)name, -1, -1, 0) == 1 &&
	    X509_set_pubkey(certificate, key) == 1)
		return certificate;
	X509_free(certificate);
	return NULL;
}

void pl_x509_digest_text(const uint8_t digest[PL_X509_DIGEST_SIZE],
			 char ret_text[PL_X509_DIGEST_TEXT_SIZE])
{
	for (size_t i = 0; i < PL_X509_DIGEST_SIZE; i++)
		snprintf(ret_text + i * 3, 4, "%02X%s", digest[i],
			 i + 1 < PL_X509_DIGEST_SIZE ? ":" : "");
}
