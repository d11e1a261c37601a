/* SPDX-License-Identifier: MIT */
#ifndef PL_GPIO_CHIPS_H
#define PL_GPIO_CHIPS_H

#include <stddef.h>
#include <stdint.h>

#include "gateway-def.h"

/**
 * Which line of which chip a definition means. Nothing is kept: chips come and go.
 */

#define PL_GPIO_DEV "/dev"
/** names of chips in PL_GPIO_DEV */
#define PL_GPIO_CHIP_PREFIX "gpiochip"

struct pl_gpio_place {
	char path[96];  /**< "/dev/gpiochip0" */
	char title[96]; /**< "gpiochip0 [pinctrl-bcm2711]" */
	uint32_t offset;
};

/**
 * Look for a line.
 *
 * The chip is given as its name, path, number or label; "" is the first that has a line of that
 * name, in the order of their numbers; with a line number it is the Raspberry Pi's own (whose line
 * numbers are the BCM numbers), else the first with so many lines.
 *
 * @param ret_place    set when found
 * @param ret_trouble  else: one plain sentence without a full stop
 * @return 0, -ENOENT, or -EACCES when a chip could not be looked into
 */
int pl_gpio_find(const struct pl_line_def *def, struct pl_gpio_place *ret_place, char *ret_trouble,
		 size_t trouble_size);

/** Who uses a line: the consumer's name, "" when nobody says. */
void pl_gpio_consumer(const struct pl_gpio_place *place, char *ret_name, size_t size);

#endif
