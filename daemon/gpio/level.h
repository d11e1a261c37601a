/* SPDX-License-Identifier: MIT */
#ifndef PL_GPIO_LEVEL_H
#define PL_GPIO_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Whether something is heard: a level at or above a threshold, and for the hang time after it.
 * Pure; times are ns of CLOCK_MONOTONIC.
 */
struct pl_gpio_level {
	float threshold; /**< linear peak, full scale 1.0 */
	uint64_t hang_nsec;
	bool active;
	uint64_t loud_nsec; /**< the last time that it was loud */
};

/** Silent. @param threshold_db  dBFS peak */
void pl_gpio_level_init(struct pl_gpio_level *level, double threshold_db, uint64_t hang_nsec);

/** @param peak  linear, now; NaN is silence. @return active */
bool pl_gpio_level_update(struct pl_gpio_level *level, float peak, uint64_t now_nsec);

#endif
