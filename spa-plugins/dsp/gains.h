/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_GAINS_H
#define PARTYLINE_DSP_GAINS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels.h"

/**
 * A table of up to 64 x 64 coefficients, each with its own ramp.
 *
 * Thread: data. RT-safe (but for nothing: there is no allocation at all).
 */

#define PL_GAINS_MAX 64u

/** The ramp's shape and the clock, shared by all tables of a mixer. */
struct pl_gains_clock {
	uint64_t now;       /**< samples processed */
	uint64_t next_end;  /**< first sample at which some ramp has arrived; UINT64_MAX: none */
	const float *shape; /**< see pl_matrix_targets */
	uint32_t n_shape;
	bool snap; /**< changes hold at once: nothing has been heard yet */
};

struct pl_gains {
	uint64_t moving[PL_GAINS_MAX];     /**< per row, bit column */
	uint64_t active[PL_GAINS_MAX];     /**< per row: moving or not zero */
	uint64_t moving_col[PL_GAINS_MAX]; /**< per column, bit row */
	uint64_t active_col[PL_GAINS_MAX];
	float to[PL_GAINS_MAX][PL_GAINS_MAX]; /**< the value, when not moving */
	float from[PL_GAINS_MAX][PL_GAINS_MAX];
	uint64_t start[PL_GAINS_MAX][PL_GAINS_MAX];
};

/**
 * Give a coefficient a new target; a ramp starts at clock->now from its present value.
 * @return whether anything changed
 */
bool pl_gains_set(struct pl_gains *gains, struct pl_gains_clock *clock, uint32_t row, uint32_t col,
		  float target);

/** Value at the sample before clock->now. */
float pl_gains_value(const struct pl_gains *gains, const struct pl_gains_clock *clock, uint32_t row,
		     uint32_t col);

/** Coefficients of a row whose ramp has arrived stand at their target. @return their bits */
uint64_t pl_gains_arrive(struct pl_gains *gains, struct pl_gains_clock *clock, uint32_t row);

/** Start every ramp again from its present value: the shape is about to change. */
void pl_gains_restart(struct pl_gains *gains, const struct pl_gains_clock *clock, uint32_t n_rows);

/** The coefficient from clock->now on, as the kernels take it; also for one that stands. */
static inline struct pl_ramp_term pl_gains_term(const struct pl_gains *gains,
						const struct pl_gains_clock *clock, uint32_t row,
						uint32_t col, uint32_t src)
{
	struct pl_ramp_term term = {.from = gains->to[row][col], .shape = clock->shape, .src = src};

	if ((gains->moving[row] >> col) & 1u) {
		term.from = gains->from[row][col];
		term.delta = gains->to[row][col] - term.from;
		term.shape += clock->now - gains->start[row][col];
	}
	return term;
}

#endif
