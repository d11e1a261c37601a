/* SPDX-License-Identifier: MIT */
#include "level.h"

#include <math.h>

void pl_gpio_level_init(struct pl_gpio_level *level, double threshold_db, uint64_t hang_nsec)
{
	*level = (struct pl_gpio_level){
		.threshold = (float)pow(10.0, threshold_db / 20.0),
		.hang_nsec = hang_nsec,
	};
}

bool pl_gpio_level_update(struct pl_gpio_level *level, float peak, uint64_t now_nsec)
{
	if (peak >= level->threshold) {
		level->active = true;
		level->loud_nsec = now_nsec;
	} else if (level->active && now_nsec - level->loud_nsec >= level->hang_nsec) {
		level->active = false;
	}
	return level->active;
}
