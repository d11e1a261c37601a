/* SPDX-License-Identifier: MIT */
#ifndef PL_JITTER_TARGET_H
#define PL_JITTER_TARGET_H

#include <stdbool.h>
#include <stdint.h>

/**
 * How much lag a stream needs: a histogram of what each packet would have needed, that forgets, and
 * a quantile of it. Bins of 0.25 ms. A burst of packets behind a late one counts little more than the
 * late one. Plain data; thread: one.
 */

#define PL_TARGET_BIN 12.0 /**< frames of 48 kHz */
#define PL_TARGET_BINS 4096u

struct pl_jitter_target {
	double safety, min_frames, max_frames;
	bool started;
	double base;   /**< lag of the left edge of bin 0 */
	double weight; /**< of the next packet; grows instead of all bins shrinking */
	double total;
	float bins[PL_TARGET_BINS];
	uint32_t n_noted;
	double low, wanted; /**< lags: of the fastest packets, the aim */
	double last_lag;
	bool stalled; /**< the last one that did not wait behind another came too late */
};

void pl_jitter_target_init(struct pl_jitter_target *target);
/** Another stream: its timestamps begin elsewhere. */
void pl_jitter_target_forget(struct pl_jitter_target *target);
/** Live. */
void pl_jitter_target_set(struct pl_jitter_target *target, double safety, double min_ms,
			  double max_ms);
/**
 * @param lag     that this packet needed: clock - timestamp
 * @param frames  of a packet
 */
void pl_jitter_target_note(struct pl_jitter_target *target, double lag, uint32_t frames);
/** What the stream should lag; pl_jitter_target_low() plus min .. max. */
double pl_jitter_target_wanted(const struct pl_jitter_target *target);
/** What the fastest 2 % needed. */
double pl_jitter_target_low(const struct pl_jitter_target *target);

#endif
