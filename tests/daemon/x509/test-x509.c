/* SPDX-License-Identifier: MIT */
#include "x509.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>

#include "pltest.h"

PL_TEST(has_what_it_is_made_of)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *one = pl_x509_new(key, "Bühne"), *other = pl_x509_new(key, "Bühne");
	char name[65] = "";

	PL_CHECK(key && one && other);
	PL_EXPECT(X509_get_version(one) == X509_VERSION_3);
	PL_EXPECT(X509_check_private_key(one, key) == 1);
	PL_EXPECT(X509_NAME_get_text_by_NID(X509_get_subject_name(one), NID_commonName, name,
					    sizeof(name)) > 0);
	PL_EXPECT(strcmp(name, "Bühne") == 0);
	PL_EXPECT(ASN1_STRING_length(X509_get_serialNumber(one)) == 16);
	PL_EXPECT(X509_get_serialNumber(one)->type == V_ASN1_INTEGER); /* not a negative one */
	PL_EXPECT(ASN1_INTEGER_cmp(X509_get_serialNumber(one), X509_get_serialNumber(other)) != 0);
	X509_free(other);
	X509_free(one);
	EVP_PKEY_free(key);
}

/** RFC 5280, ub-common-name: 64 characters. */
PL_TEST(name_too_long)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char name[66] = "";
	X509 *certificate;

	memset(name, 'x', 65);
	certificate = pl_x509_new(key, name);
	PL_EXPECT(certificate == NULL);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

PL_TEST(digest_text)
{
	static const uint8_t digest[PL_X509_DIGEST_SIZE] = {0xab, 0x0c, [31] = 0xff};
	char text[PL_X509_DIGEST_TEXT_SIZE];

	pl_x509_digest_text(digest, text);
	PL_CHECK_STR(text, "AB:0C:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
			   "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:FF");
}

PL_TEST_MAIN()
