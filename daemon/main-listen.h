/* SPDX-License-Identifier: MIT */
#ifndef PL_MAIN_LISTEN_H
#define PL_MAIN_LISTEN_H

#include <systemd/sd-event.h>

#include "control.h"
#include "engine.h"

/** Browsers that listen and talk, made and wired to control: only for main.c. */
struct pl_main_listen;

/** After the engine and control, before the faces. @return 0 or negative errno */
int pl_main_listen_new(sd_event *event, struct pl_control *control, struct pl_engine *engine,
		       struct pl_main_listen **ret_listen);
/** Before the engine and control. @return NULL */
struct pl_main_listen *pl_main_listen_free(struct pl_main_listen *listen);

#endif
