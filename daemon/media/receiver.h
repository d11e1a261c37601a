/* SPDX-License-Identifier: MIT */
#ifndef PL_RECEIVER_H
#define PL_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jitter.h"
#include "rtcp.h"

/**
 * Packets in, samples of the graph out: jitter buffer, decoder, drift, resampler and reception
 * statistics of one stream. No sockets, no threads, no clock of its own.
 *
 * Thread: one. Nothing is allocated after _new and _set_rate.
 */

struct pl_receiver;

struct pl_receiver_config {
	uint8_t n_channels;   /**< 1 or 2, of what comes out */
	uint8_t payload_type; /**< others are refused */
	uint32_t rate_hz;     /**< of the graph, 8000..192000 */
	struct pl_jitter_config jitter;
};

/** @return 0; -EINVAL; -ENOMEM */
int pl_receiver_new(const struct pl_receiver_config *config, struct pl_receiver **ret_receiver);
/** @return NULL */
struct pl_receiver *pl_receiver_free(struct pl_receiver *receiver);
/** The graph's rate has changed. @return 0; on error the rate stays */
int pl_receiver_set_rate(struct pl_receiver *receiver, uint32_t rate_hz);
/** Live. */
void pl_receiver_set_jitter(struct pl_receiver *receiver, const struct pl_jitter_config *jitter);

/**
 * An RTP packet, in the clear. A new SSRC is taken up with its second packet in order when the one
 * so far has been silent for 100 ms.
 *
 * @param now_nsec  CLOCK_MONOTONIC of its arrival
 * @return 0, also for a late packet or a duplicate; -EBADMSG: no RTP or no Opus; -EPROTOTYPE: another payload
 *         type; -EXDEV: an SSRC or a place in the stream that is not (yet) believed
 */
int pl_receiver_push(struct pl_receiver *receiver, const uint8_t *data, size_t size,
		     uint64_t now_nsec);
/** An Opus packet that came otherwise than by RTP; both numbers are the caller's. */
int pl_receiver_push_payload(struct pl_receiver *receiver, uint16_t sequence, uint32_t timestamp,
			     bool marker, const uint8_t *payload, size_t size, uint64_t now_nsec);
/** The sender has stopped for now: no concealment of what does not come. */
void pl_receiver_end(struct pl_receiver *receiver);
/** An RTCP packet of the sender, in the clear. */
void pl_receiver_sender_report(struct pl_receiver *receiver, const struct pl_rtcp_compound *rtcp,
			       uint64_t now_nsec);
/** Our report about it. @return false: nothing was heard so far */
bool pl_receiver_report(struct pl_receiver *receiver, uint64_t now_nsec,
			struct pl_rtcp_report *ret_report);

/**
 * The next samples of the graph; call it once a cycle, after all packets that are there were
 * pushed. Silence while there is nothing. Finite always.
 *
 * @param dst       one plane for each channel
 * @param n_frames  of the graph's rate; any number
 * @param now_nsec  CLOCK_MONOTONIC
 */
void pl_receiver_pull(struct pl_receiver *receiver, float *const dst[], uint32_t n_frames,
		      uint64_t now_nsec);

/**
 * The graph went on by so many frames without a pull, or played silence instead of what was pulled:
 * what is played from now on is later by that, and is to catch up. Without it the buffer takes its
 * new lag for the one it wants, until the old ones are forgotten.
 *
 * @param n_frames  of the graph's rate
 */
void pl_receiver_skip(struct pl_receiver *receiver, uint64_t n_frames);

struct pl_receiver_status {
	struct pl_jitter_status jitter;
	uint64_t n_packets, n_bytes; /**< RTP, headers included */
	uint64_t n_lost, n_refused;
	double loss_percent; /**< last 10 s */
	double jitter_ms;    /**< RFC 3550 6.4.1 */
	double drift_ppm;
	bool heard;          /**< anything so far */
	uint64_t last_nsec;  /**< arrival of the last packet; 0 */
	uint32_t ssrc;       /**< 0 */
	uint64_t n_restarts; /**< SSRC changes and jumps that were followed */
	/* latency by stage, ms */
	double packet_ms;    /**< duration of a packet */
	double buffer_ms;    /**< mean wait of a packet in the jitter buffer */
	double lookahead_ms; /**< of the encoder that made what comes, by the packets' mode */
	double resampler_ms;
};
void pl_receiver_status(const struct pl_receiver *receiver, uint64_t now_nsec,
			struct pl_receiver_status *ret_status);

#endif
