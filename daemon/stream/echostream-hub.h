/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_HUB_H
#define PL_ECHOSTREAM_HUB_H

#include "echostream-packet.h"
#include "gateway-def.h"

/**
 * Streams of the EchoStream dialect: Opus packets in, Opus packets out. Streams with the same URL
 * share a server: one WebSocket (in a thread of its own, echostream-client.h), one UDP socket from
 * a port of the system's choice, one window against replay. Datagrams are taken from the server's
 * address and port only.
 *
 * A KEEP_ALIVE goes out as soon as the server has told where to, and every 10 s: it also tells the
 * server, and the address translators on the way, where we are.
 *
 * Thread: one at a time for a hub and all that belongs to it; nothing waits but pl_echo_hub_free().
 */
struct pl_echo_hub;
struct pl_echo_stream;

/** @return 0, -ENOMEM, or negative errno */
int pl_echo_hub_new(struct pl_echo_hub **ret_hub);
/** Its streams are freed already. Waits for up to a second for the threads. @return NULL */
struct pl_echo_hub *pl_echo_hub_free(struct pl_echo_hub *hub);
/** Readable (level-triggered) when pl_echo_hub_run() is to be called; borrowed. */
int pl_echo_hub_fd(const struct pl_echo_hub *hub);
/** @return true: a state (not a counter) of some stream has changed */
bool pl_echo_hub_run(struct pl_echo_hub *hub);

/**
 * An Opus packet that is authentic and new. Called by pl_echo_hub_run(); it may send, but not free
 * streams.
 *
 * @param now_nsec  CLOCK_MONOTONIC
 */
typedef void (*pl_echo_audio_h)(void *userdata, const uint8_t *opus, size_t size,
				uint64_t now_nsec);

/**
 * @param def  url, echo_channel_id, affiliation_id, user_name, agency_name, way, dscp, and as the
 *             secret the key for a server that sends none; copied
 * @return 0, -EINVAL (the URL), -ENOMEM, -ENOSPC (PL_ECHO_MEMBERS_MAX at one server)
 */
int pl_echo_stream_new(struct pl_echo_hub *hub, const struct pl_stream_def *def,
		       pl_echo_audio_h on_audio, void *userdata,
		       struct pl_echo_stream **ret_stream);
/** NULL is fine. @return NULL */
struct pl_echo_stream *pl_echo_stream_free(struct pl_echo_stream *stream);

/** Tells the server at once that a transmission begins, or, after the last packet, that it ended. */
void pl_echo_stream_transmit(struct pl_echo_stream *stream, bool transmit);
/**
 * @return 0; -ENOTCONN: the server has not told where to, or there is no key; else what sendto()
 *         says. The packet is lost then
 */
int pl_echo_stream_send(struct pl_echo_stream *stream, const uint8_t *opus, size_t size);

struct pl_echo_stream_status {
	bool is_connected; /**< the WebSocket is up and the server has told where audio goes */
	bool has_key;
	char trouble[256]; /**< one plain sentence, "" */
	uint32_t n_users;  /**< on its channel, as the server tells, itself included */
	uint64_t n_packets_sent, n_bytes_sent; /**< datagrams of audio, without IP and UDP */
	uint64_t n_packets_received, n_bytes_received; /**< likewise, those that were taken */
	/** Not taken: not authentic and replayed ones of its channel, all others of its server. */
	uint64_t n_refused[PL_ECHO_PACKET_N_VERDICTS];
	uint64_t n_nonsense; /**< messages of its server that were not understood */
	uint64_t n_opened;   /**< connections made to its server */
};
void pl_echo_stream_status(const struct pl_echo_stream *stream,
			   struct pl_echo_stream_status *ret_status);

#endif
