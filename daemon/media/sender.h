/* SPDX-License-Identifier: MIT */
#ifndef PL_SENDER_H
#define PL_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opus-codec.h"
#include "rtcp.h"

/**
 * Samples of the graph in, RTP packets of Opus out (RFC 7587). The timestamp follows the samples
 * that were pushed, sent or not, so that a silence keeps its length; the first packet after one has
 * the marker bit (RFC 3551 4.1).
 *
 * Thread: one. Nothing is allocated after _new and _set_rate.
 */

struct pl_sender;

/**
 * A packet to be protected and sent.
 *
 * @param packet    the sender's own buffer, 8-byte aligned, may be changed in place
 * @param capacity  of it: at least size + PL_SRTP_TRAILER_MAX
 */
typedef void (*pl_sender_emit_t)(void *userdata, uint8_t *packet, size_t size, size_t capacity);

struct pl_sender_config {
	struct pl_opus_config opus;
	uint32_t rate_hz; /**< of the graph, 8000..192000 */
	uint8_t payload_type;
	uint32_t ssrc; /**< these three are to be random, RFC 3550 5.1 */
	uint16_t sequence;
	uint32_t timestamp;
	bool transmit; /**< from the start */
	bool raw;      /**< Opus packets without an RTP header, for other dialects */
	pl_sender_emit_t emit;
	void *userdata;
};

/**
 * Random sequence number and timestamp, RFC 3550 5.1; without randomness they are 0, which is
 * allowed. Never waits.
 */
void pl_sender_start_anywhere(struct pl_sender_config *config);
/** @return 0; -EINVAL; -ENOMEM */
int pl_sender_new(const struct pl_sender_config *config, struct pl_sender **ret_sender);
/** @return NULL */
struct pl_sender *pl_sender_free(struct pl_sender *sender);
/** The graph's rate has changed. @return 0; on error the rate stays */
int pl_sender_set_rate(struct pl_sender *sender, uint32_t rate_hz);
/**
 * On: what is pushed next begins the first packet, faded in over 1 ms. Off: the packet that was
 * begun is faded out, filled with silence and emitted, and what the encoder still holds with it.
 */
void pl_sender_transmit(struct pl_sender *sender, bool on);
/** @param src one plane for each channel; any number of frames of the graph's rate */
void pl_sender_push(struct pl_sender *sender, const float *const src[], uint32_t n_frames);
/** Audio of that length was lost before the sender: time goes on. Graph's rate. */
void pl_sender_skip(struct pl_sender *sender, uint64_t n_frames);
/** Another SSRC: it collided with the peer's, RFC 3550 8.2. */
void pl_sender_set_ssrc(struct pl_sender *sender, uint32_t ssrc);

/**
 * The first part of our report: ssrc, counters, timestamp and NTP time; RR when nothing was sent
 * since the last two. Reports and CNAME are the caller's.
 *
 * @param realtime_nsec  CLOCK_REALTIME
 */
void pl_sender_fill_report(struct pl_sender *sender, uint64_t realtime_nsec,
			   struct pl_rtcp_compound *ret_compound);
/** What the other end says; its loss goes to the encoder's FEC. */
void pl_sender_heard(struct pl_sender *sender, const struct pl_rtcp_compound *rtcp,
		     uint64_t realtime_nsec);

struct pl_sender_status {
	bool transmitting;
	uint64_t n_packets, n_bytes; /**< RTP, headers included, without SRTP's */
	double packet_ms, lookahead_ms, resampler_ms;
	double round_trip_ms, remote_loss_percent, remote_jitter_ms; /**< NaN: not known */
};
void pl_sender_status(const struct pl_sender *sender, struct pl_sender_status *ret_status);

#endif
