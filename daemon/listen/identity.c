/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

#include "identity-private.h"
#include "x509.h"

#define DAY_S 86400
/** The longest chain of certificates that is read; a browser sends one of 300 bytes. */
#define CERTIFICATES_SIZE_MAX 8192

static X509 *certificate_new(EVP_PKEY *key, uint64_t now_s)
{
	/* no name of the machine: whoever talks to us sees it */
	X509 *certificate = pl_x509_new(key, "WebRTC");

	if (certificate &&
	    X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
	    ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)now_s - DAY_S) &&
	    ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)now_s + 3650L * DAY_S) &&
	    X509_sign(certificate, key, EVP_sha256()) > 0)
		return certificate;
	X509_free(certificate);
	return NULL;
}

static bool set_up(SSL_CTX *context, EVP_PKEY *key, X509 *certificate)
{
	/*
	 * Ours is an ECDSA key; a browser that is the server may have RSA. AES-GCM alone: all of
	 * them have it, and dtls.c knows how short its records can be.
	 */
	if (SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM") != 1 ||
	    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1 ||
	    SSL_CTX_use_certificate(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key) != 1)
		return false;
	/* this one returns 0 for success */
	if (SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") !=
	    0)
		return false;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					     SSL_OP_NO_QUERY_MTU | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(context, CERTIFICATES_SIZE_MAX);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(context, pl_dtls_verify, NULL);
	return true;
}

int pl_identity_new(uint64_t now_s, struct pl_identity **ret_identity)
{
	struct pl_identity *identity = calloc(1, sizeof(*identity));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = key ? certificate_new(key, now_s) : NULL;
	unsigned n = PL_FINGERPRINT_SIZE;
	int r = -ENOMEM;

	if (!identity || !certificate ||
	    X509_digest(certificate, EVP_sha256(), identity->fingerprint, &n) != 1)
		goto out;
	identity->context = SSL_CTX_new(DTLS_method());
	identity->transport = pl_dtls_transport_new();
	if (!identity->context || !identity->transport)
		goto out;
	r = set_up(identity->context, key, certificate) ? 0 : -EOPNOTSUPP;
out:
	ERR_clear_error();
	X509_free(certificate);
	EVP_PKEY_free(key);
	if (r < 0)
		pl_identity_free(identity);
	else
		*ret_identity = identity;
	return r;
}

struct pl_identity *pl_identity_free(struct pl_identity *identity)
{
	if (identity) {
		SSL_CTX_free(identity->context);
		BIO_meth_free(identity->transport);
	}
	free(identity);
	return NULL;
}

const uint8_t *pl_identity_fingerprint(const struct pl_identity *identity)
{
	return identity->fingerprint;
}
