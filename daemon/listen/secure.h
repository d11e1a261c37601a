/* SPDX-License-Identifier: MIT */
#ifndef PL_SECURE_H
#define PL_SECURE_H

#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "peer-state.h"

/**
 * What is said to a browser over whatever path there is: DTLS-SRTP (RFC 5763, 5764) and SRTP both
 * ways. Finding the path, and seeing that it still leads to the same browser, is somebody else's:
 * pl_peer's (ICE-lite) or libnice's.
 *
 * Thread: one for each. Nothing is allocated for a datagram once it is CONNECTED, but by libsrtp2
 * for an SSRC that was not heard before.
 */
struct pl_secure;

/** No handler may free it or give it another datagram; sending is allowed. NULL: not called. */
struct pl_secure_handlers {
	/** A datagram to be sent. @param data borrowed for the call, at most PL_PEER_DATAGRAM_MAX */
	void (*on_send)(void *userdata, const uint8_t *data, size_t size);
	/** The state has changed to this one; each comes at most once, in their order. */
	void (*on_state)(void *userdata, enum pl_peer_state state);
	/** Authentic, seen for the first time, in the clear. @param packet borrowed, writable */
	void (*on_rtp)(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec);
	void (*on_rtcp)(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec);
};

struct pl_secure_config {
	const struct pl_identity *identity;              /**< outlives it */
	uint8_t remote_fingerprint[PL_FINGERPRINT_SIZE]; /**< SHA-256, of the offer */
	enum pl_dtls_role role;
	/** from _new until CONNECTED; 0: 30 s */
	uint64_t connect_timeout_ns;
	struct pl_secure_handlers handlers;
	void *userdata;
};

/** @param now_nsec  CLOCK_MONOTONIC, here and everywhere below. @return 0; -ENOMEM */
int pl_secure_new(const struct pl_secure_config *config, uint64_t now_nsec,
		  struct pl_secure **ret_secure);
/** Says nothing to the browser; pl_secure_close() does. @return NULL */
struct pl_secure *pl_secure_free(struct pl_secure *secure);

/** There is a path: WAITING becomes CONNECTING. Later on, or without memory, nothing happens. */
void pl_secure_start(struct pl_secure *secure, uint64_t now_nsec);
/**
 * A datagram that came by a checked path.
 *
 * @param data  may be changed in place; 4-byte aligned
 * @return 0: it was of use; -EPERM: not authentic; -EALREADY: seen before; -EBADMSG: neither DTLS nor
 *         SRTP; -ENOTCONN: too early, or LOST
 */
int pl_secure_receive(struct pl_secure *secure, uint8_t *data, size_t size, uint64_t now_nsec);
/** Time went on; not before pl_secure_deadline() is there anything to do. */
void pl_secure_tick(struct pl_secure *secure, uint64_t now_nsec);
/** When pl_secure_tick() is wanted next; UINT64_MAX: never, as things are. */
uint64_t pl_secure_deadline(const struct pl_secure *secure);

/** As pl_peer_send_rtp(). */
int pl_secure_send_rtp(struct pl_secure *secure, uint8_t *packet, size_t size, size_t capacity);
int pl_secure_send_rtcp(struct pl_secure *secure, uint8_t *packet, size_t size, size_t capacity);

/** The path is gone: LOST for this reason, a negative errno. Not twice. */
void pl_secure_lose(struct pl_secure *secure, int reason);
/** Tells the browser that it is over and becomes LOST with -ECANCELED. Not twice. */
void pl_secure_close(struct pl_secure *secure);

enum pl_peer_state pl_secure_state(const struct pl_secure *secure);

struct pl_secure_status {
	enum pl_peer_state state;
	int reason;          /**< as that of struct pl_peer_status */
	const char *cipher;  /**< "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"; NULL */
	const char *dtls;    /**< "DTLSv1.2"; NULL */
	uint64_t connect_ns; /**< from _start until CONNECTED; 0 */
	uint64_t last_nsec;  /**< of the last RTP or RTCP, at first of CONNECTED; 0 */
};
void pl_secure_status(const struct pl_secure *secure, struct pl_secure_status *ret_status);

#endif
