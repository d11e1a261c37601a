/* SPDX-License-Identifier: MIT */
#ifndef PL_DTLS_H
#define PL_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "peer-state.h"
#include "srtp.h"

/**
 * DTLS-SRTP (RFC 5764) by OpenSSL, without its clock: who owns it decides when a flight that was not
 * answered is sent again. A server's goes out as it was, record for record, which whoever got it
 * already drops as a replay (RFC 6347 4.1.2.6).
 *
 * In a handshake nothing is authentic yet. Records that can only be forged or too late (alerts in
 * the clear, messages that the other role sends) do not reach OpenSSL, and when forged ones have
 * broken a handshake, a ClientHello begins another one.
 *
 * Thread: one.
 */

struct pl_dtls;

enum pl_dtls_state {
	PL_DTLS_HANDSHAKE,
	PL_DTLS_DONE,   /**< keys are there */
	PL_DTLS_CLOSED, /**< the other end said so */
	PL_DTLS_FAILED,
};

struct pl_dtls_config {
	const struct pl_identity *identity; /**< outlives it */
	enum pl_dtls_role role;
	uint8_t fingerprint[PL_FINGERPRINT_SIZE]; /**< of the other end's certificate */
	/** One datagram. @param data borrowed for the call */
	void (*on_send)(void *userdata, const uint8_t *data, size_t size);
	void *userdata;
};

/** @return 0; -ENOMEM */
int pl_dtls_new(const struct pl_dtls_config *config, struct pl_dtls **ret_dtls);
/** @return NULL */
struct pl_dtls *pl_dtls_free(struct pl_dtls *dtls);
/** The client's first flight; the server does nothing. */
void pl_dtls_start(struct pl_dtls *dtls);
/**
 * A datagram of the other end, of any content.
 *
 * @return 0: parts of it were given to OpenSSL, which may have dropped them as well; -EBADMSG: none
 */
int pl_dtls_receive(struct pl_dtls *dtls, const uint8_t *data, size_t size);
enum pl_dtls_state pl_dtls_state(const struct pl_dtls *dtls);
/** Of FAILED: -EKEYREJECTED: another certificate; -EPROTO. Of a broken handshake too, or 0. */
int pl_dtls_reason(const struct pl_dtls *dtls);
/** Changes with each new flight: the time until it is sent again begins anew. 0: none so far. */
uint32_t pl_dtls_flight(const struct pl_dtls *dtls);
/** Send the last flight again, in HANDSHAKE. */
void pl_dtls_resend(struct pl_dtls *dtls);
/** Tell the other end that it is over. */
void pl_dtls_close(struct pl_dtls *dtls);

/** "DTLSv1.2"; NULL before DONE. */
const char *pl_dtls_version(const struct pl_dtls *dtls);
/** @return 0: not DONE */
enum pl_srtp_profile pl_dtls_profile(const struct pl_dtls *dtls);
/** RFC 5764 4.2. @return as pl_srtp_new_dtls(); -ENOTCONN: not DONE */
int pl_dtls_make_srtp(struct pl_dtls *dtls, struct pl_srtp **ret_srtp);

#endif
