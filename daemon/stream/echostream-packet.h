/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_PACKET_H
#define PL_ECHOSTREAM_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "echostream-message.h"

/**
 * EchoStream's datagrams: one UTF-8 JSON object each,
 * {"channel_id":"555","type":"audio","data":base64(IV[12] | ciphertext | tag[16])}, the ciphertext
 * being one Opus packet under AES-256-GCM without additional data. The dialect has neither sequence
 * number nor timestamp, and channel_id is not authenticated; what can be done against replay is
 * done by the window below. Pure: no I/O, no clock.
 */

#define PL_ECHO_DATAGRAM_MAX 8192u
#define PL_ECHO_IV_BYTES 12u
#define PL_ECHO_TAG_BYTES 16u
/** The largest Opus packet, RFC 6716 3.2.1: 1275 bytes a frame; 60 ms have three */
#define PL_ECHO_OPUS_MAX 3840u
#define PL_ECHO_KEEP_ALIVE "{\"type\":\"KEEP_ALIVE\"}"

/* --- sealing ------------------------------------------------------------------------------ */

/** One key, ready for use. Thread: one at a time. */
struct pl_echo_cipher;

/** @return 0 or -ENOMEM */
int pl_echo_cipher_new(const uint8_t key[PL_ECHO_KEY_BYTES], struct pl_echo_cipher **ret_cipher);
/** Forgets the key. NULL is fine. @return NULL */
struct pl_echo_cipher *pl_echo_cipher_free(struct pl_echo_cipher *cipher);

/**
 * Write one datagram under a new random IV.
 *
 * @param opus    1..PL_ECHO_OPUS_MAX bytes
 * @param ret_iv  the IV it has
 * @return its length, -EMSGSIZE (longer than size or PL_ECHO_DATAGRAM_MAX), or -EIO: no randomness
 */
int pl_echo_packet_write(struct pl_echo_cipher *cipher, const char *channel_id, const uint8_t *opus,
			 size_t opus_size, char *ret_datagram, size_t size,
			 uint8_t ret_iv[PL_ECHO_IV_BYTES]);

/* --- opening ------------------------------------------------------------------------------ */

enum pl_echo_packet_verdict {
	PL_ECHO_PACKET_AUDIO,
	PL_ECHO_PACKET_OTHER, /**< another type, KEEP_ALIVE for one: passed over */
	PL_ECHO_PACKET_OVERSIZED, /**< above PL_ECHO_DATAGRAM_MAX, or more sound than an Opus packet has */
	PL_ECHO_PACKET_TRUNCATED, /**< data below 28 bytes, or JSON that ends too soon */
	PL_ECHO_PACKET_MALFORMED, /**< not what the dialect has */
	PL_ECHO_PACKET_NOT_AUTHENTIC,
	/* said by who calls: */
	PL_ECHO_PACKET_FOREIGN, /**< from elsewhere than the server, or of a channel that nobody has */
	PL_ECHO_PACKET_REPLAYED, /**< heard before, or an own one that came back */
	PL_ECHO_PACKET_N_VERDICTS,
};

struct pl_echo_packet {
	char channel_id[PL_ECHO_ID_MAX];
	uint8_t sealed[PL_ECHO_IV_BYTES + PL_ECHO_OPUS_MAX + PL_ECHO_TAG_BYTES];
	size_t sealed_size;
};

/**
 * Take a datagram apart; nothing is decrypted yet, so that a channel nobody has costs no cipher.
 * Never says PL_ECHO_PACKET_NOT_AUTHENTIC.
 *
 * @param size  may be one more than PL_ECHO_DATAGRAM_MAX for any longer one
 */
enum pl_echo_packet_verdict pl_echo_packet_read(const char *datagram, size_t size,
						struct pl_echo_packet *ret_packet);

/**
 * @param ret_opus  PL_ECHO_OPUS_MAX bytes; nothing of a packet that is not authentic gets there
 * @return 1..PL_ECHO_OPUS_MAX bytes, or -EBADMSG: not authentic, or empty. The comparison takes as
 *         long whatever the tag
 */
int pl_echo_packet_open(struct pl_echo_cipher *cipher, const struct pl_echo_packet *packet,
			uint8_t *ret_opus);

/* --- replay ------------------------------------------------------------------------------- */

/** Packets remembered: eleven minutes of four channels at 25 a second. */
#define PL_ECHO_WINDOW_PACKETS 65536u

/**
 * The IVs heard last, under one key: the channel is not authenticated, so all channels of a key
 * share a window. Only authentic packets are put in, so nobody without the key can push others
 * out. 64 of the 96 random bits are kept: of 10^14 good packets one is taken for a replayed one.
 */
struct pl_echo_window;

/** @return 0 or -ENOMEM */
int pl_echo_window_new(struct pl_echo_window **ret_window);
struct pl_echo_window *pl_echo_window_free(struct pl_echo_window *window);
/** @return false: it is in there already */
bool pl_echo_window_add(struct pl_echo_window *window, const uint8_t iv[PL_ECHO_IV_BYTES]);

#endif
