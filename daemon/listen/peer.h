/* SPDX-License-Identifier: MIT */
#ifndef PL_PEER_H
#define PL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "net-address.h"
#include "peer-state.h"

/**
 * One browser's connection: ICE-lite (RFC 8445 2.5), DTLS-SRTP (RFC 5763, 5764) and SRTP both ways.
 * Datagrams and time go in; datagrams, states and plain RTP and RTCP come out by handlers. No
 * socket, no clock, no thread of its own.
 *
 * Whatever comes without the right password or key changes nothing and costs a lookup and a hash:
 * STUN is answered for those who know both passwords, DTLS and SRTP are heard on paths that were
 * checked, a handshake is begun again at most PL_PEER_HANDSHAKES_MAX times before CONNECTED and
 * never afterwards.
 *
 * Several paths may be checked at the same time; media goes by the one that the browser nominated
 * last, so that it may change its address (another network) in the middle of a word.
 *
 * Thread: one for each peer. Nothing is allocated for a datagram once it is CONNECTED, but by
 * libsrtp2 for an SSRC that was not heard before.
 */

struct pl_peer;

/** Of a user name fragment and a password, RFC 8839 5.4, with the NUL. */
#define PL_ICE_UFRAG_SIZE 257u
#define PL_ICE_PWD_SIZE 257u
#define PL_PEER_PATHS_MAX 8u

/**
 * No handler may free the peer or give it another datagram; sending is allowed. A handler that is
 * NULL is not called.
 */
struct pl_peer_handlers {
	/** A datagram to be sent. @param data borrowed for the call, at most PL_PEER_DATAGRAM_MAX */
	void (*on_send)(void *userdata, const struct pl_net_path *path, const uint8_t *data,
			size_t size);
	/** The state has changed to this one; each comes at most once, in their order. */
	void (*on_state)(void *userdata, enum pl_peer_state state);
	/** Authentic, seen for the first time, in the clear. @param packet borrowed, writable */
	void (*on_rtp)(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec);
	void (*on_rtcp)(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec);
};

struct pl_peer_config {
	const struct pl_identity *identity; /**< outlives the peer */
	/** of the offer */
	const char *remote_ufrag, *remote_pwd;
	uint8_t remote_fingerprint[PL_FINGERPRINT_SIZE]; /**< SHA-256 */
	enum pl_dtls_role role;
	/** from _new until CONNECTED; 0: 30 s */
	uint64_t connect_timeout_ns;
	/**
	 * without a valid request on the path in use, RFC 7675; 0: 30 s, as it says. One second
	 * later it is LOST: what came while our own thread was kept from running is heard first
	 */
	uint64_t consent_timeout_ns;
	struct pl_peer_handlers handlers;
	void *userdata;
};

/**
 * Our user name fragment and password are made here, at random.
 *
 * @param now_nsec  CLOCK_MONOTONIC, here and everywhere below
 * @return 0; -EINVAL: ufrag or password of the offer is not by RFC 8839 5.4; -ENOMEM
 */
int pl_peer_new(const struct pl_peer_config *config, uint64_t now_nsec, struct pl_peer **ret_peer);
/** Says nothing to the browser; pl_peer_close() does. @return NULL */
struct pl_peer *pl_peer_free(struct pl_peer *peer);

/** For the answer. */
const char *pl_peer_ufrag(const struct pl_peer *peer);
const char *pl_peer_pwd(const struct pl_peer *peer);
/** Of the offer, or of the last restart. */
const char *pl_peer_remote_ufrag(const struct pl_peer *peer);
/** Whether a check's USERNAME begins with a name of ours that is still heard. */
bool pl_peer_is_called(const struct pl_peer *peer, const char *username, size_t size);

/**
 * ICE restart, RFC 8839 4.4.1.1.1: the browser has new names, and so have we. Keys and media go on: by
 * the path in use until another one is nominated with the new names, from then on the former ones
 * are strangers'. Consent goes on as well: it is not this that gives it.
 *
 * @return 0; -EINVAL: as pl_peer_new(); -ENOTCONN: LOST; -ENOMEM. Then nothing has changed
 */
int pl_peer_restart(struct pl_peer *peer, const char *remote_ufrag, const char *remote_pwd);

/**
 * A datagram that came for it, as pl_demux_receive() finds out.
 *
 * @param data  may be changed in place; 4-byte aligned
 * @return 1: it is a checked path that this request came by, see pl_demux; 0: it was of use;
 *         -EPERM: not authentic, or by a path that was not checked; -EALREADY: seen before;
 *         -EBADMSG: nothing that we know; -ENOTCONN: too early, or LOST
 */
int pl_peer_receive(struct pl_peer *peer, const struct pl_net_path *path, uint8_t *data,
		    size_t size, uint64_t now_nsec);
/** Time went on; not before pl_peer_deadline() is there anything to do. */
void pl_peer_tick(struct pl_peer *peer, uint64_t now_nsec);
/** When pl_peer_tick() is wanted next; UINT64_MAX: never (LOST). Changes with what is received. */
uint64_t pl_peer_deadline(const struct pl_peer *peer);

/**
 * Protect and send. The packet is changed in place.
 *
 * @param packet    4-byte aligned
 * @param capacity  of the buffer: size + PL_SRTP_TRAILER_MAX is enough
 * @return 0; -ENOTCONN: not CONNECTED; else as pl_srtp_protect()
 */
int pl_peer_send_rtp(struct pl_peer *peer, uint8_t *packet, size_t size, size_t capacity);
int pl_peer_send_rtcp(struct pl_peer *peer, uint8_t *packet, size_t size, size_t capacity);

/** Tells the browser that it is over and becomes LOST with -ECANCELED. Not twice. */
void pl_peer_close(struct pl_peer *peer);

struct pl_peer_status {
	enum pl_peer_state state;
	/**
	 * Of LOST, else 0. -ETIMEDOUT: nobody came, or the handshake did not end in time;
	 * -EHOSTUNREACH: no consent any more; -ECONNRESET: closed by the browser; -EKEYREJECTED:
	 * another certificate than the offer's; -EPROTO: the handshake failed, no cipher in common;
	 * -ECANCELED: closed by us
	 */
	int reason;
	struct pl_net_path path;   /**< in use; remote.family 0: none so far */
	const char *cipher;        /**< "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"; NULL */
	const char *dtls;          /**< "DTLSv1.2"; NULL */
	uint64_t connect_ns;       /**< from the first valid request until CONNECTED; 0 */
	uint64_t last_nsec;        /**< of the last authentic datagram; 0 */
	uint64_t n_received;       /**< datagrams of use */
	uint64_t n_refused;        /**< others */
	uint64_t n_sent;           /**< datagrams, all kinds */
	uint32_t n_paths_switched; /**< after CONNECTED */
};
void pl_peer_status(const struct pl_peer *peer, struct pl_peer_status *ret_status);

#endif
