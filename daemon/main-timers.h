/* SPDX-License-Identifier: MIT */
#ifndef PL_MAIN_TIMERS_H
#define PL_MAIN_TIMERS_H

#include <systemd/sd-event.h>

#include "control.h"

/**
 * Time for control, which has none of its own: talk keys that were held for too long, and tablets of
 * whom nothing is heard any more. Only for main.c.
 */
struct pl_main_timers;

/** After control; keys from before a crash may have a timer to run out at once. @return 0 or negative errno */
int pl_main_timers_new(sd_event *event, struct pl_control *control,
		       struct pl_main_timers **ret_timers);
/** Before control. @return NULL */
struct pl_main_timers *pl_main_timers_free(struct pl_main_timers *timers);

#endif
