/* SPDX-License-Identifier: MIT */
#ifndef PL_GPIO_H
#define PL_GPIO_H

#include <systemd/sd-event.h>

#include "gateway.h"
#include "log.h"

/**
 * GPIO lines: talk keys in, PTT, tally, carrier and page out, by the kernel's character devices.
 *
 * A key is pressed and released with the time that the kernel gives the edge, so that it acts on its
 * sample. Chips come and go: a line that goes releases its key, one that comes is taken up; who uses
 * a line that is wanted is asked again each second. An output is inactive when it is requested, and
 * again when the definition or the daemon goes; in between it is what pl_gpio_ops.outputs() made it.
 *
 * Several lines may be one key: it is down while one of them is. The first pl_gpio_ops.apply() of a
 * daemon takes over the keys it finds held: one whose line is open, or not there,
 * is released.
 *
 * Logs: gpio.refused, gpio.lost.
 *
 * Thread: the daemon's loop.
 */
struct pl_gpio;

/**
 * @param event    referenced
 * @param control  borrowed; outlives it
 * @param log      may be NULL; borrowed
 */
int pl_gpio_new(sd_event *event, struct pl_control *control, struct pl_log *log,
		struct pl_gpio **ret_gpio);
/** Releases the keys its lines hold. */
struct pl_gpio *pl_gpio_free(struct pl_gpio *gpio);

/** For pl_control_set_gateway_parts(); the object is the struct pl_gpio. */
const struct pl_gpio_ops *pl_gpio_get_ops(void);

#endif
