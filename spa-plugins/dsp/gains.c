/* SPDX-License-Identifier: MIT */
#include "gains.h"

float pl_gains_value(const struct pl_gains *gains, const struct pl_gains_clock *clock, uint32_t row,
		     uint32_t col)
{
	uint64_t elapsed;
	float from = gains->from[row][col], to = gains->to[row][col];

	if (!((gains->moving[row] >> col) & 1u))
		return to;
	elapsed = clock->now - gains->start[row][col];
	if (elapsed == 0)
		return from;
	return from + (to - from) * clock->shape[elapsed - 1u];
}

static void set_masks(struct pl_gains *gains, uint32_t row, uint32_t col, bool moving, bool active)
{
	uint64_t row_bit = UINT64_C(1) << row, col_bit = UINT64_C(1) << col;

	gains->moving[row] = moving ? gains->moving[row] | col_bit : gains->moving[row] & ~col_bit;
	gains->active[row] = active ? gains->active[row] | col_bit : gains->active[row] & ~col_bit;
	gains->moving_col[col] =
		moving ? gains->moving_col[col] | row_bit : gains->moving_col[col] & ~row_bit;
	gains->active_col[col] =
		active ? gains->active_col[col] | row_bit : gains->active_col[col] & ~row_bit;
}

bool pl_gains_set(struct pl_gains *gains, struct pl_gains_clock *clock, uint32_t row, uint32_t col,
		  float target)
{
	float value;

	if (gains->to[row][col] == target)
		return false;
	value = pl_gains_value(gains, clock, row, col);
	gains->to[row][col] = target;
	if (clock->snap || value == target) {
		set_masks(gains, row, col, false, target != 0.0f);
		return true;
	}
	gains->from[row][col] = value;
	gains->start[row][col] = clock->now;
	set_masks(gains, row, col, true, true);
	if (clock->now + clock->n_shape < clock->next_end)
		clock->next_end = clock->now + clock->n_shape;
	return true;
}

uint64_t pl_gains_arrive(struct pl_gains *gains, struct pl_gains_clock *clock, uint32_t row)
{
	uint64_t arrived = 0;

	for (uint64_t left = gains->moving[row]; left; left &= left - 1u) {
		uint32_t col = (uint32_t)__builtin_ctzll(left);
		uint64_t end = gains->start[row][col] + clock->n_shape;

		if (end <= clock->now) {
			set_masks(gains, row, col, false, gains->to[row][col] != 0.0f);
			arrived |= UINT64_C(1) << col;
		} else if (end < clock->next_end) {
			clock->next_end = end;
		}
	}
	return arrived;
}

void pl_gains_restart(struct pl_gains *gains, const struct pl_gains_clock *clock, uint32_t n_rows)
{
	for (uint32_t row = 0; row < n_rows; row++) {
		for (uint64_t left = gains->moving[row]; left; left &= left - 1u) {
			uint32_t col = (uint32_t)__builtin_ctzll(left);

			gains->from[row][col] = pl_gains_value(gains, clock, row, col);
			gains->start[row][col] = clock->now;
		}
	}
}
