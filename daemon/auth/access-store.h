/* SPDX-License-Identifier: MIT */
#ifndef PL_ACCESS_STORE_H
#define PL_ACCESS_STORE_H

#include <stddef.h>

#include "access.h"
#include "tls-store.h"

/**
 * The keeper of tokens, sessions and certificates: control's struct pl_access_ops.
 *
 * STATE/tokens.json holds digests of the tokens, RUNTIME/session.key the key that signs sessions:
 * that one survives a restart of the daemon, not one of the machine, and is in no backup, so that
 * whoever has a copy of the state can make neither a token nor a session of it.
 *
 * A session is "ID.EXPIRES.MAC": nothing is kept for it. It ends with its time (12 hours, a page
 * asks for the next one before), with its token, or with the machine.
 *
 * Thread: the daemon's one loop.
 */
struct pl_access_store;

#define PL_SESSION_SECONDS (12u * 3600u)

/** A word for the log: "auth.error", one sentence. */
typedef void (*pl_access_log_h)(void *userdata, const char *event, const char *message);

struct pl_access_options {
	const char *state_directory;
	const char *runtime_directory;
	pl_access_log_h on_log; /**< may be NULL */
	void *userdata;
};

/**
 * Damaged tokens are moved aside, and there are none then.
 *
 * @param ret_reason  one sentence on an error
 * @return 0 or a negative errno
 */
int pl_access_store_open(const struct pl_access_options *options,
			 struct pl_access_store **ret_store, char *ret_reason, size_t reason_size);
struct pl_access_store *pl_access_store_close(struct pl_access_store *store);
/**
 * Look after the certificate: at the start, from time to time and after a reload.
 *
 * @return 0, 1 when there is another one, a negative errno with a sentence in ret_reason: what
 *         there was stays
 */
int pl_access_store_refresh(struct pl_access_store *store, const struct pl_tls_wishes *wishes,
			    char *ret_reason, size_t reason_size);
/** For pl_control_set_access(). */
const struct pl_access_ops *pl_access_store_ops(void);

#endif
