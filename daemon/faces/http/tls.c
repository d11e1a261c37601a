/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "access.h"

/** For 1.2 (RFC 9325, clause 4.2); those of 1.3 are all good. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct pl_http_tls {
	struct pl_control *control;
	uint64_t serial; /* of what is below; 0: nothing */
	X509 *certificate;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* what the certificate hangs on; may be empty */
};

static void forget(struct pl_http_tls *tls)
{
	X509_free(tls->certificate);
	EVP_PKEY_free(tls->key);
	sk_X509_pop_free(tls->chain, X509_free);
	tls->certificate = NULL;
	tls->key = NULL;
	tls->chain = NULL;
	tls->serial = 0;
}

static void read_chain(struct pl_http_tls *tls, BIO *bio)
{
	X509 *more;

	tls->chain = sk_X509_new_null();
	while (tls->chain && (more = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (sk_X509_push(tls->chain, more) <= 0)
			X509_free(more);
	ERR_clear_error(); /* the end of the text is one */
}

static int load(struct pl_http_tls *tls, const struct pl_certificate *certificate)
{
	BIO *chain = BIO_new_mem_buf(certificate->chain_pem, -1);
	BIO *key = BIO_new_mem_buf(certificate->key_pem, -1);

	forget(tls);
	if (chain && key) {
		tls->certificate = PEM_read_bio_X509(chain, NULL, NULL, NULL);
		tls->key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
		read_chain(tls, chain);
	}
	BIO_free(key);
	BIO_free(chain);
	if (!tls->certificate || !tls->key || !tls->chain) {
		forget(tls);
		return -EINVAL;
	}
	tls->serial = certificate->serial;
	return 0;
}

/** OpenSSL asks at each handshake. @return 1 to go on, 0 to end the connection */
static int on_certificate(SSL *ssl, void *userdata)
{
	struct pl_http_tls *tls = userdata;
	struct pl_certificate now;

	if (!pl_control_get_certificate(tls->control, &now))
		return 0;
	if (now.serial != tls->serial && load(tls, &now) < 0)
		return 0;
	return SSL_use_certificate(ssl, tls->certificate) == 1 &&
	       SSL_use_PrivateKey(ssl, tls->key) == 1 && SSL_set1_chain(ssl, tls->chain) == 1;
}

int pl_http_tls_new(struct pl_control *control, struct pl_http_tls **ret_tls)
{
	struct pl_http_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->control = control;
	*ret_tls = tls;
	return 0;
}

struct pl_http_tls *pl_http_tls_free(struct pl_http_tls *tls)
{
	if (!tls)
		return NULL;
	forget(tls);
	free(tls);
	return NULL;
}

int pl_http_tls_set_up(struct pl_http_tls *tls, void *ssl_ctx)
{
	SSL_CTX *ctx = ssl_ctx;

	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1)
		return -EINVAL;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	/* one handshake costs a client a round trip more, but no ticket outlives its certificate */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_cert_cb(ctx, on_certificate, tls);
	return 0;
}
