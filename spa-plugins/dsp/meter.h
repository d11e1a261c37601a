/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_METER_H
#define PARTYLINE_DSP_METER_H

#include <stdint.h>

#include <partyline/meters.h>

#include "kernels.h"

/**
 * Frame meter of one point: levels are added until a frame is full, then pl_meter_finish()
 * makes the figures of struct pl_meters_point (formulas: meters.h, seed facts 2.1).
 *
 * Thread: data. RT-safe.
 */
struct pl_meter {
	double sum_sq;
	float peak;
	uint32_t n_held; /**< frames since peak_hold was reached */
	struct pl_meters_point point;
};

/** What a frame is at one rate. */
struct pl_meter_frame {
	uint32_t n_frames; /**< samples, PL_METERS_FRAME_SECONDS */
	uint32_t n_hold;   /**< meter frames in 1 s */
	float fall;        /**< factor a meter frame after the hold: 20 dB in 1.7 s */
};

void pl_meter_frame_init(struct pl_meter_frame *frame, uint32_t rate_hz);

static inline void pl_meter_add(struct pl_meter *meter, const struct pl_level *level)
{
	meter->sum_sq += level->sum_sq;
	meter->peak = level->peak > meter->peak ? level->peak : meter->peak;
}

void pl_meter_finish(struct pl_meter *meter, const struct pl_meter_frame *frame);

#endif
