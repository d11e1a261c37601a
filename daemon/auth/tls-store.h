/* SPDX-License-Identifier: MIT */
#ifndef PL_TLS_STORE_H
#define PL_TLS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"

/**
 * The certificate that the server shows, kept fresh.
 *
 * Own: STATE/tls/ca.pem is made once, STATE/tls/server.pem from it whenever there is none, less
 * than PL_CERTIFICATE_RENEW_SECONDS is left of it, the clock is before it, or this machine has a
 * name or an address that it lacks. Each file holds a key and its certificate (0600), so that a
 * power cut leaves either the old pair or the new one. What is damaged is moved aside and made
 * anew: clients then see a CA that they do not trust, which is the safe side.
 *
 * Given: the files of the configuration, read again when they have changed; a pair that does not
 * fit leaves the last one that did.
 *
 * Thread: the daemon's one loop.
 */
struct pl_tls_store;

struct pl_tls_wishes {
	const char *certificate, *key; /**< given files; "": own */
	const char *const *names;      /**< more names and addresses, besides the machine's */
	size_t n_names;
};

/** @param folder  STATE/tls, made when it is needed; copied */
int pl_tls_store_new(const char *folder, struct pl_tls_store **ret_store);
struct pl_tls_store *pl_tls_store_free(struct pl_tls_store *store);

/**
 * Look whether everything is still well, and mend it.
 *
 * @param now_s       seconds since 1970
 * @param ret_reason  one sentence: on an error what is wrong, on 1 what was done
 * @return 0, 1 when there is another certificate now, a negative errno: then the last one stays
 */
int pl_tls_store_refresh(struct pl_tls_store *store, const struct pl_tls_wishes *wishes,
			 uint64_t now_s, char *ret_reason, size_t reason_size);
/** @return false when there is none */
bool pl_tls_store_get(const struct pl_tls_store *store, struct pl_certificate *ret_certificate);

#endif
