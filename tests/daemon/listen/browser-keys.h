/* SPDX-License-Identifier: MIT */
#ifndef TEST_BROWSER_KEYS_H
#define TEST_BROWSER_KEYS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "peer.h"
#include "srtp.h"

/* What a browser's side of a connection is made of, by OpenSSL and the RFCs: checks, DTLS, keys. */

/** Ends the test's program. */
void must(bool ok);

/**
 * A check, RFC 8445 7.1.
 *
 * @param username, pwd  NULL: none of it
 * @param attributes     more of them, as they are
 * @param ret_data       PL_PEER_DATAGRAM_MAX bytes
 * @return its size
 */
size_t make_check(const char *username, const char *pwd, const uint8_t *attributes, size_t size,
		  uint8_t *ret_data);

/** A key and its self-signed certificate, for a day, into the context. */
void make_certificate(SSL_CTX *context, bool has_rsa, uint8_t ret_fingerprint[PL_FINGERPRINT_SIZE]);
/** The keys of a handshake that is done, RFC 5764 4.2; NULL: no profile in common. */
struct pl_srtp *make_srtp(SSL *ssl, bool is_server);

#endif
