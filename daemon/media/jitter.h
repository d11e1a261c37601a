/* SPDX-License-Identifier: MIT */
#ifndef PL_JITTER_H
#define PL_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Adaptive jitter buffer: puts packets in order and says what to decode next.
 *
 * Its time is the number of 48 kHz samples that were played so far ("clock", in the sender's
 * samples), not a wall clock: a packet with timestamp t that comes while the clock is c needs that
 * what is played lags by at least c - t, whatever made it late, be it the network, a thread or a
 * graph's quantum. The wanted lag is a quantile of these, more or less cautious by `safety`:
 *
 *	safety 0    0.98 of what came in the last second or so
 *	safety 0.5  0.999 of the last ten seconds
 *	safety 1    0.99998 of the last minute, and one packet more
 *
 * What is missing is made up by FEC out of the next packet, else by concealment, after
 * PL_JITTER_CONCEAL_MAX frames by silence. A packet that comes after its time, while its place is
 * still made up, is played all the same and the lag grows by that; what is too much shrinks again
 * by playing faster (pl_jitter_excess() is for the resampler). Gaps of DTX (RFC 7587 3.1.3: no gap
 * in sequence numbers) are no losses. After silence the wanted lag is met at once.
 *
 * Thread: one. Nothing is allocated after _new. Times are frames of 48 kHz.
 */

#define PL_JITTER_PACKETS_MAX 256u
#define PL_JITTER_PAYLOAD_MAX 1500u
/** 120 ms made up at most, fading out over the last 80 by who decodes. */
#define PL_JITTER_CONCEAL_MAX 5760u

struct pl_jitter;

struct pl_jitter_config {
	double safety;         /**< 0..1 */
	double min_ms, max_ms; /**< of the lag against the fastest packets; 0..500 */
};

/** @return 0; -ENOMEM */
int pl_jitter_new(const struct pl_jitter_config *config, struct pl_jitter **ret_jitter);
/** @return NULL */
struct pl_jitter *pl_jitter_free(struct pl_jitter *jitter);
/** Live; values out of range are brought into it. */
void pl_jitter_set(struct pl_jitter *jitter, const struct pl_jitter_config *config);
/** As after _new, but counters stay. */
void pl_jitter_reset(struct pl_jitter *jitter);

struct pl_jitter_packet {
	uint16_t sequence;
	uint32_t timestamp;
	bool marker;
	const uint8_t *payload; /**< copied */
	size_t size;            /**< 1..PL_JITTER_PAYLOAD_MAX */
	uint32_t frames;        /**< its duration */
	bool has_fec;           /**< for the one before */
};

enum pl_jitter_verdict {
	PL_JITTER_TAKEN,
	PL_JITTER_LATE,
	PL_JITTER_DUPLICATE,
	PL_JITTER_REFUSED,   /**< size or duration impossible, or far from the stream so far */
	PL_JITTER_RESTARTED, /**< two in a row far away: the stream begins anew with this one */
};

/** @param clock  frames played so far */
enum pl_jitter_verdict pl_jitter_push(struct pl_jitter *jitter,
				      const struct pl_jitter_packet *packet, double clock);

struct pl_jitter_step {
	enum pl_jitter_action {
		PL_JITTER_DECODE,  /**< payload */
		PL_JITTER_FEC,     /**< payload is the next packet; its redundancy gives `frames` */
		PL_JITTER_CONCEAL, /**< a loss: `frames` by concealment */
		PL_JITTER_COMFORT, /**< DTX: likewise, but no loss */
		PL_JITTER_SILENCE,
	} action;
	const uint8_t *payload; /**< valid until the next call */
	size_t size;
	uint32_t frames; /**< 1..5760; of a pause not always a multiple of 120 */
	/** sound was left out before this: cross-fade */
	bool skipped;
	/** frames made up in this gap before this step */
	uint32_t made_up;
};

/**
 * What to make sound of next.
 *
 * @param clock  frames played so far
 * @param held   frames that were decoded and not yet played
 */
void pl_jitter_next(struct pl_jitter *jitter, double clock, double held,
		    struct pl_jitter_step *ret_step);
/** Frames by which the lag is more than wanted; negative: less; 0 while there is no stream. */
double pl_jitter_excess(const struct pl_jitter *jitter, double clock, double held);
/** The caller left out frames of what it decoded. */
void pl_jitter_dropped(struct pl_jitter *jitter, uint32_t frames);
/** Nothing but silence is to be expected: the sender said so (BYE, end of transmission). */
void pl_jitter_end(struct pl_jitter *jitter);

struct pl_jitter_status {
	uint64_t n_late, n_duplicate, n_reordered, n_refused;
	uint64_t n_recovered;   /**< packets that FEC gave back */
	uint64_t n_concealed;   /**< packets' worth of concealment, rounded up a gap */
	uint64_t n_skipped;     /**< frames left out */
	uint32_t n_packets;     /**< waiting */
	uint32_t packet_frames; /**< of the last packet; 0: none yet */
	bool playing;           /**< not in silence */
	double wait_ms;         /**< a packet's on average, now */
	double lag_ms;          /**< against the fastest packets: what the buffer adds */
	double target_ms;       /**< what it aims at */
};
void pl_jitter_status(const struct pl_jitter *jitter, double clock, double held,
		      struct pl_jitter_status *ret_status);
/** The timestamp of what pl_jitter_push() took last, extended; for drift. */
int64_t pl_jitter_last_timestamp(const struct pl_jitter *jitter);

#endif
