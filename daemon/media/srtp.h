/* SPDX-License-Identifier: MIT */
#ifndef PL_SRTP_H
#define PL_SRTP_H

#include <stddef.h>
#include <stdint.h>

#include "gateway-def.h"

/**
 * SRTP and SRTCP with keys that both ends have: AEAD_AES_256_GCM and AEAD_AES_128_GCM (RFC 7714),
 * AES_CM_128_HMAC_SHA1_80 (RFC 3711), by libsrtp2. One object protects what one stream sends and
 * receives. With the key of a configuration or of SDP both directions share it, as their SSRCs
 * differ (RFC 3711 9.1); with those of DTLS each has its own.
 *
 * With a shared key, a receiver that comes late, or that heard nothing for more than 32768 packets,
 * cannot know the sender's roll-over counter (RFC 3711 3.3.1); it is found by trying
 * PL_SRTP_ROC_TRIES values with each packet that fails, while no packet is authentic. With DTLS both
 * ends begin together.
 *
 * Thread: one. Nothing is allocated for a packet of a source that is known.
 */

struct pl_srtp;

/** A protected packet is at most so much longer: tag, SRTCP index, rounded up. */
#define PL_SRTP_TRAILER_MAX 24u
#define PL_SRTP_ROC_TRIES 16u
/** Sources remembered against replay; then the one that came first is forgotten. */
#define PL_SRTP_SOURCES_MAX 64u

/** Bytes of key and salt; 0: none. */
size_t pl_srtp_secret_size(enum pl_stream_cipher cipher);
/** Of SDP, RFC 4568 6.2 and RFC 7714 14.2; NULL: none. */
const char *pl_srtp_suite(enum pl_stream_cipher cipher);

/**
 * @param cipher  PL_CIPHER_NONE: packets pass as they are
 * @param secret  key then salt; copied
 * @return 0; -EINVAL: wrong size; -ENOMEM; -EOPNOTSUPP: libsrtp2 was built without the cipher
 */
int pl_srtp_new(enum pl_stream_cipher cipher, const uint8_t *secret, size_t size,
		struct pl_srtp **ret_srtp);

/** Protection profiles of DTLS-SRTP by their numbers, RFC 5764 4.1.2 and RFC 7714 14.2. */
enum pl_srtp_profile {
	PL_SRTP_AES_128_CM = 0x0001,  /**< 80 bits of HMAC-SHA1; 16 + 14 bytes of key and salt */
	PL_SRTP_AES_128_GCM = 0x0007, /**< 16 + 12 bytes */
};

/** Bytes of key and salt; 0: no profile of ours. */
size_t pl_srtp_profile_secret_size(enum pl_srtp_profile profile);
/** "AEAD_AES_128_GCM"; NULL: no profile of ours. */
const char *pl_srtp_profile_name(enum pl_srtp_profile profile);
/**
 * A key for each direction. A counter that is ahead by more than 32768 packets is not looked for.
 *
 * @param send_secret  key then salt of what we protect; copied, as the other
 * @param size         of each
 * @return as pl_srtp_new()
 */
int pl_srtp_new_dtls(enum pl_srtp_profile profile, const uint8_t *send_secret,
		     const uint8_t *receive_secret, size_t size, struct pl_srtp **ret_srtp);
/** @return NULL */
struct pl_srtp *pl_srtp_free(struct pl_srtp *srtp);

/**
 * In place, 4-byte aligned.
 *
 * @param capacity  of the buffer: size + PL_SRTP_TRAILER_MAX is enough
 * @return new size; -ENOSPC; -EINVAL: no RTP packet; -EKEYEXPIRED: too much under one key
 */
int pl_srtp_protect(struct pl_srtp *srtp, uint8_t *packet, size_t size, size_t capacity);
int pl_srtp_protect_rtcp(struct pl_srtp *srtp, uint8_t *packet, size_t size, size_t capacity);

/**
 * In place.
 *
 * @return new size; -EBADMSG: too short or no RTP; -EPERM: not authentic; -EALREADY: seen before,
 *         or too old to know (window of 128 packets)
 */
int pl_srtp_unprotect(struct pl_srtp *srtp, uint8_t *packet, size_t size);
int pl_srtp_unprotect_rtcp(struct pl_srtp *srtp, uint8_t *packet, size_t size);

#endif
