/* SPDX-License-Identifier: MIT */
#ifndef PL_HTTP_TLS_H
#define PL_HTTP_TLS_H

#include "control.h"

/**
 * TLS as we speak it: 1.2 with forward secrecy and authenticated encryption, and 1.3. Each new
 * connection shows the certificate that control has at that moment; those that are open stay.
 *
 * Thread: the daemon's one loop.
 */
struct pl_http_tls;

/** @param control  borrowed. @return 0 or -ENOMEM */
int pl_http_tls_new(struct pl_control *control, struct pl_http_tls **ret_tls);
/** After the server is gone. Accepts NULL. @return NULL */
struct pl_http_tls *pl_http_tls_free(struct pl_http_tls *tls);

/** @param ssl_ctx  libwebsockets' SSL_CTX for the server. @return 0 or -EINVAL */
int pl_http_tls_set_up(struct pl_http_tls *tls, void *ssl_ctx);

#endif
