/* SPDX-License-Identifier: MIT */
#ifndef PL_IDENTITY_H
#define PL_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

/**
 * Who we are to browsers: a key and a self-signed certificate that live as long as the process, and
 * what all DTLS sessions share. Nobody looks at the certificate but for its fingerprint, which goes
 * with the answer to an offer (RFC 8122).
 *
 * Thread: made by one; then read by any number of threads.
 */

struct pl_identity;

#define PL_FINGERPRINT_SIZE 32u

/**
 * A P-256 key, made here. DTLS 1.2 and what later versions libssl has.
 *
 * @param now_s  CLOCK_REALTIME; the certificate is valid from the day before, for ten years
 * @return 0; -ENOMEM; -EOPNOTSUPP: libssl has not what it takes
 */
int pl_identity_new(uint64_t now_s, struct pl_identity **ret_identity);
/** After all peers that were made with it. @return NULL */
struct pl_identity *pl_identity_free(struct pl_identity *identity);
/** SHA-256 of the certificate. */
const uint8_t *pl_identity_fingerprint(const struct pl_identity *identity);

#endif
