/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_CREDENTIAL_H
#define PL_HTTP_CREDENTIAL_H

#include <stddef.h>

/** What stands in Authorization and Cookie. No sockets, no memory. Thread: any. */

/** The cookies' names: a browser takes the first only over TLS and only for this host (RFC 6265bis). */
#define PL_HTTP_COOKIE_TLS "__Host-partyline"
#define PL_HTTP_COOKIE_PLAIN "partyline"

/**
 * The token in "Bearer TOKEN" (RFC 6750).
 *
 * @return 0; -EINVAL for another scheme or anything that is no token, -ENOSPC when it is too long
 */
int pl_credential_from_authorization(const char *header, char *ret_token, size_t size);

/**
 * The value of the first cookie of this name.
 *
 * @return 0, -ENOENT when there is none, -EINVAL when it is no session of ours, -ENOSPC when it is
 *         too long
 */
int pl_credential_from_cookies(const char *header, const char *name, char *ret_value, size_t size);

#endif
