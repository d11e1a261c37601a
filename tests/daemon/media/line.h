/* SPDX-License-Identifier: MIT */
#ifndef TEST_LINE_H
#define TEST_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "receiver.h"
#include "sender.h"

/**
 * A line that is not there: a sender and a receiver, each in a graph with a clock and a quantum of
 * its own, and a network between them that delays, loses, doubles and reorders. All time is
 * simulated and all chance is seeded: the same run gives the same samples.
 */

struct line_config {
	struct pl_opus_config opus;
	struct pl_jitter_config jitter;
	uint32_t send_rate_hz, send_quantum;
	uint32_t receive_rate_hz, receive_quantum;
	double send_ppm;         /**< the sender's graph against the receiver's */
	double receive_offset_s; /**< when the receiver's first cycle is */
	/* network */
	double delay_ms;
	double jitter_ms;  /**< mean of an exponential distribution on top */
	double loss;       /**< 0..1 */
	double burst;      /**< mean length of a loss, packets, at least 1 (Gilbert's model) */
	double duplicates; /**< 0..1 */
	double reorder;    /**< 0..1: so many are held back by 1..3 packets */
	uint64_t seed;
};

typedef float (*line_signal)(void *userdata, uint64_t position);
/** Samples as they are played. */
typedef void (*line_heard)(void *userdata, const float *samples, uint32_t n_frames,
			   uint64_t position);

struct line;

/** Mono, 64 kbit/s, 5 ms, 48 kHz and 256 frames at both ends, 1 ms of network. */
void line_defaults(struct line_config *config);
struct line *line_new(const struct line_config *config);
struct line *line_free(struct line *line);
void line_run(struct line *line, double seconds, line_signal signal, line_heard heard,
	      void *userdata);
/** Between runs. */
void line_network(struct line *line, const struct line_config *config);
struct pl_sender *line_sender(struct line *line);
struct pl_receiver *line_receiver(struct line *line);
uint64_t line_now(const struct line *line);
uint64_t line_n_lost(const struct line *line);
/** Between runs: the network delivers nothing for so long, then all of it. */
void line_hold(struct line *line, double seconds);
/** Between runs: the receiver's graph misses so many cycles. */
void line_miss_cycles(struct line *line, uint32_t n);
/** Between runs: it comes back as another one, with another SSRC. */
void line_restart_sender(struct line *line, uint32_t ssrc);

double line_random(uint64_t *state);

#endif
