/* SPDX-License-Identifier: MIT */
#ifndef PL_IDENTITY_PRIVATE_H
#define PL_IDENTITY_PRIVATE_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "identity.h"

/** What identity.c makes and dtls.c uses. */
struct pl_identity {
	SSL_CTX *context;
	BIO_METHOD *transport; /**< of dtls.c: one datagram in, datagrams out */
	uint8_t fingerprint[PL_FINGERPRINT_SIZE];
};

/** Of dtls.c. */
BIO_METHOD *pl_dtls_transport_new(void);
int pl_dtls_verify(X509_STORE_CTX *store, void *userdata);

#endif
