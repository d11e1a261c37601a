/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_CLOCK_H
#define PL_ECHOSTREAM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Sequence numbers and timestamps for packets that have none. All there is to go by is when a
 * packet comes: one that comes a packet's length later than those before it let expect stands
 * behind a loss, and gets the numbers that leave room for it. A packet that was only delayed that
 * long is taken for one behind a loss once; the ones behind it then come early, which a jitter buffer
 * takes for jitter. So timestamps never run away from the time in either direction, and the drift
 * of the sender's clock stays in them. After a silence the numbering goes on with the marker.
 *
 * Plain data, zeroed to begin with. Thread: one. Frames are of 48 kHz.
 */

/** Of nothing: then somebody has stopped to talk. */
#define PL_ECHO_SILENCE_NSEC UINT64_C(200000000)
/** So far ahead of the time that two must be talking at once; the dialect cannot tell them apart. */
#define PL_ECHO_AHEAD_FRAMES_MAX 19200.0

struct pl_echo_clock {
	bool is_running;
	uint16_t sequence;   /**< of the next packet, if none is missing */
	uint64_t position;   /**< likewise, frames; its low 32 bits are the timestamp */
	uint64_t last_nsec;  /**< of the last packet's arrival */
	uint64_t begin_nsec; /**< of the first one's since the last silence */
	uint64_t begin_position;
	double slide;    /**< frames that the sender's clock has gained since then, measured */
	double late_min; /**< of the packets since look_nsec */
	uint64_t look_nsec;
	uint64_t n_missing; /**< packets, so far */
};

struct pl_echo_stamp {
	uint16_t sequence;
	uint32_t timestamp;
	bool marker; /**< the first one after a silence */
};

/**
 * @param frames    duration of the packet, 120..5760
 * @param now_nsec  CLOCK_MONOTONIC of its arrival
 * @return false: too far ahead, to be dropped
 */
bool pl_echo_clock_stamp(struct pl_echo_clock *clock, uint32_t frames, uint64_t now_nsec,
			 struct pl_echo_stamp *ret_stamp);

#endif
