/* SPDX-License-Identifier: MIT */
#ifndef PL_MAIN_ABOUT_H
#define PL_MAIN_ABOUT_H

#include "control.h"

/** Tells control what this program is made of: its version and those of its libraries, as they run. */
void pl_main_tell_about(struct pl_control *control);

#endif
