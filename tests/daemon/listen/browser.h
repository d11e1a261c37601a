/* SPDX-License-Identifier: MIT */
#ifndef TEST_BROWSER_H
#define TEST_BROWSER_H

#include "browser-keys.h"
#include "demux.h"

/*
 * The other side of a connection, by OpenSSL alone and the RFCs: connectivity checks, DTLS, keys.
 * A wire between it and a peer loses, keeps and forges what a test wants, in a time of its own.
 */

#define WIRE_MAX 256u
#define DATAGRAM_MAX 2048u

struct datagram {
	struct pl_net_path path;
	size_t size;
	uint8_t data[DATAGRAM_MAX] __attribute__((aligned(8)));
};

struct browser {
	/* how it is to be; set before browser_open() */
	bool is_server;
	bool has_rsa;
	const char *profiles; /**< of use_srtp; NULL: none */
	uint32_t mtu;         /**< 0: 1200 */
	bool has_wrong_fingerprint;
	uint64_t connect_timeout_ns, consent_timeout_ns;

	struct pl_net_path path;
	const char *ufrag, *pwd;
	SSL_CTX *context;
	SSL *ssl;
	struct pl_srtp *srtp;
	bool is_done, is_closed, has_failed;
	uint8_t peer_fingerprint[PL_FINGERPRINT_SIZE];

	struct pl_identity *identity;
	struct pl_peer *peer;
	uint64_t now_nsec;
	uint32_t lose_nth;             /**< of all datagrams, from 1; 0: none */
	uint32_t n_datagrams;          /**< so far, both ways */
	struct datagram out[WIRE_MAX]; /**< of the peer, not yet delivered */
	uint32_t n_out;
	struct datagram sent[WIRE_MAX]; /**< all that went to the peer, for repetition */
	uint32_t n_sent;
	/* what the peer told */
	enum pl_peer_state states[8];
	uint32_t n_states;
	uint32_t n_rtp, n_rtcp;
	uint8_t packet[DATAGRAM_MAX];
	size_t packet_size;
	size_t largest; /**< datagram of the peer */
};

struct pl_net_path make_path(uint8_t host, uint16_t port);

/** Makes the peer as well. Aborts when the machine has no memory. */
void browser_open(struct browser *browser, struct pl_identity *identity);
void browser_close(struct browser *browser);

/** STUN. @return size */
size_t browser_check(const struct browser *browser, bool nominates, uint8_t *ret_data);
/** @return what the peer said */
int browser_send(struct browser *browser, const uint8_t *data, size_t size);
int browser_send_from(struct browser *browser, const struct pl_net_path *path, const uint8_t *data,
		      size_t size);
/** A check, delivered, and what came back of it. @return what the peer said */
int browser_send_check(struct browser *browser, bool nominates);
/** Let everything on the wire arrive, both ways, until it is quiet. */
void browser_settle(struct browser *browser);
/** Time goes on to the next deadline of the peer or the next repetition of the browser. */
void browser_wait(struct browser *browser);
/** Check, shake hands; with as much waiting as a lossy wire needs. @return both have keys */
bool browser_connect(struct browser *browser);
/** A packet of RTP under the browser's key. @return size */
size_t browser_make_rtp(struct browser *browser, uint16_t sequence, uint8_t *ret_data);

#endif
