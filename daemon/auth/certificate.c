/* SPDX-License-Identifier: MIT */
#include "certificate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509.h"

/* --- reading ---------------------------------------------------------------------------- */

static X509 *read_certificate(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return certificate;
}

/** A key that asks for a password has none here: nobody is there to type it. */
static int no_password(char *buffer, int size, int writing, void *userdata)
{
	return -1;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	return key;
}

static int seconds_of(const ASN1_TIME *time, uint64_t *ret_s)
{
	struct tm tm;
	time_t s;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return -EINVAL;
	s = timegm(&tm);
	*ret_s = s > 0 ? (uint64_t)s : 0;
	return 0;
}

static void read_names(X509 *certificate, struct pl_host_names *ret_names)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	memset(ret_names, 0, sizeof(*ret_names));
	for (int i = 0; list && i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
		const ASN1_STRING *value = name->type == GEN_DNS     ? name->d.dNSName
					   : name->type == GEN_IPADD ? name->d.iPAddress
								     : NULL;
		int size = value ? ASN1_STRING_length(value) : 0;
		char text[256];

		if (name->type == GEN_DNS && size > 0 && (size_t)size < sizeof(text)) {
			snprintf(text, sizeof(text), "%.*s", size, ASN1_STRING_get0_data(value));
			pl_host_names_add(ret_names, text);
		} else if (name->type == GEN_IPADD && (size == 4 || size == 16) &&
			   ret_names->n_addresses < PL_HOST_ADDRESSES_MAX) {
			struct pl_host_address *address =
				&ret_names->address[ret_names->n_addresses++];

			memcpy(address->byte, ASN1_STRING_get0_data(value), (size_t)size);
			address->size = (uint8_t)size;
		}
	}
	GENERAL_NAMES_free(list);
}

int pl_certificate_read(const char *pem, struct pl_certificate_facts *ret_facts)
{
	struct pl_certificate_facts facts = {0};
	X509 *certificate = read_certificate(pem);
	uint8_t digest[PL_X509_DIGEST_SIZE];
	unsigned n = sizeof(digest);
	int r = -EINVAL;

	if (certificate && X509_digest(certificate, EVP_sha256(), digest, &n) == 1 &&
	    seconds_of(X509_get0_notBefore(certificate), &facts.not_before_s) == 0 &&
	    seconds_of(X509_get0_notAfter(certificate), &facts.not_after_s) == 0) {
		pl_x509_digest_text(digest, facts.fingerprint);
		read_names(certificate, &facts.names);
		*ret_facts = facts;
		r = 0;
	}
	X509_free(certificate);
	return r;
}

bool pl_certificate_has_key(const char *pem, const char *key_pem)
{
	X509 *certificate = read_certificate(pem);
	EVP_PKEY *key = read_key(key_pem);
	bool has = certificate && key && X509_check_private_key(certificate, key) == 1;

	EVP_PKEY_free(key);
	X509_free(certificate);
	return has;
}

bool pl_certificate_is_of(const char *pem, const char *ca_pem)
{
	X509 *certificate = read_certificate(pem), *ca = read_certificate(ca_pem);
	bool is = certificate && ca && X509_check_issued(ca, certificate) == X509_V_OK &&
		  X509_verify(certificate, X509_get0_pubkey(ca)) == 1;

	X509_free(ca);
	X509_free(certificate);
	return is;
}

/* --- writing ------------------------------------------------------------------------------ */

static int text_of(BIO *bio, char **ret_pem)
{
	char *data = NULL, *text;
	long size = BIO_get_mem_data(bio, &data);

	text = size > 0 ? strndup(data, (size_t)size) : NULL;
	if (!text)
		return -ENOMEM;
	*ret_pem = text;
	return 0;
}

/** @param key  NULL: the certificate alone */
static int write_pem(X509 *certificate, EVP_PKEY *key, char **ret_pem)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int r = -ENOMEM;

	if (bio && (!key || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) &&
	    PEM_write_bio_X509(bio, certificate))
		r = text_of(bio, ret_pem);
	BIO_free(bio);
	return r;
}

int pl_certificate_without_key(const char *pem, char **ret_pem)
{
	X509 *certificate = read_certificate(pem);
	int r = certificate ? write_pem(certificate, NULL, ret_pem) : -EINVAL;

	X509_free(certificate);
	return r;
}

/* --- making --------------------------------------------------------------------------------- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ok = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

/** The GENERAL_NAME takes the string. */
static bool push_name(GENERAL_NAMES *list, int type, ASN1_STRING *string, const void *data,
		      size_t size)
{
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (!name || !string || ASN1_STRING_set(string, data, (int)size) != 1) {
		ASN1_STRING_free(string);
		GENERAL_NAME_free(name);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, string);
	if (sk_GENERAL_NAME_push(list, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static bool add_names(X509 *certificate, const struct pl_host_names *names)
{
	GENERAL_NAMES *list = GENERAL_NAMES_new();
	bool ok = list != NULL;

	for (size_t i = 0; ok && i < names->n_names; i++)
		ok = push_name(list, GEN_DNS, ASN1_IA5STRING_new(), names->name[i],
			       strlen(names->name[i]));
	for (size_t i = 0; ok && i < names->n_addresses; i++)
		ok = push_name(list, GEN_IPADD, ASN1_OCTET_STRING_new(), names->address[i].byte,
			       names->address[i].size);
	if (ok)
		ok = X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
	GENERAL_NAMES_free(list);
	return ok;
}

int pl_certificate_make_ca(const char *name, char **ret_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = key ? pl_x509_new(key, name) : NULL;
	int r = -ENOMEM;

	if (ca && X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 &&
	    ASN1_TIME_set_string_X509(X509_getm_notBefore(ca), "20000101000000Z") == 1 &&
	    ASN1_TIME_set_string_X509(X509_getm_notAfter(ca), "99991231235959Z") == 1 &&
	    add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
	    X509_sign(ca, key, EVP_sha256()) > 0)
		r = write_pem(ca, key, ret_pem);
	X509_free(ca);
	EVP_PKEY_free(key);
	return r;
}

static bool fill_server(X509 *server, X509 *ca, const struct pl_host_names *names, uint64_t now_s)
{
	/* a day back: clocks of clients differ */
	return X509_set_issuer_name(server, X509_get_subject_name(ca)) == 1 &&
	       ASN1_TIME_set(X509_getm_notBefore(server), (time_t)now_s - 86400) &&
	       ASN1_TIME_set(X509_getm_notAfter(server),
			     (time_t)(now_s + PL_CERTIFICATE_SECONDS)) &&
	       add_extension(server, ca, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(server, ca, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(server, ca, NID_ext_key_usage, "serverAuth") &&
	       add_extension(server, ca, NID_subject_key_identifier, "hash") &&
	       add_extension(server, ca, NID_authority_key_identifier, "keyid:always") &&
	       add_names(server, names);
}

int pl_certificate_make_server(const char *ca_pem, const struct pl_host_names *names,
			       uint64_t now_s, char **ret_pem)
{
	X509 *ca = read_certificate(ca_pem), *server = NULL;
	EVP_PKEY *ca_key = read_key(ca_pem), *key = NULL;
	char name[65];
	int r = -EINVAL;

	if (!ca || !ca_key || X509_check_private_key(ca, ca_key) != 1)
		goto out;
	r = -ENOMEM;
	snprintf(name, sizeof(name), "%.64s", names->n_names > 0 ? names->name[0] : "localhost");
	key = EVP_EC_gen("P-256");
	server = key ? pl_x509_new(key, name) : NULL;
	if (server && fill_server(server, ca, names, now_s) &&
	    X509_sign(server, ca_key, EVP_sha256()) > 0)
		r = write_pem(server, key, ret_pem);
out:
	X509_free(server);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	X509_free(ca);
	return r;
}
