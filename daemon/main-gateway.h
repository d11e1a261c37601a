/* SPDX-License-Identifier: MIT */
#ifndef PL_MAIN_GATEWAY_H
#define PL_MAIN_GATEWAY_H

#include <systemd/sd-event.h>

#include "control.h"
#include "engine.h"
#include "log.h"
#include "state-file.h"

/** The gateway's parts, made and wired to control: only for main.c. */
struct pl_main_gateway;

struct pl_main_gateway_options {
	sd_event *event;
	struct pl_control *control;
	struct pl_engine *engine;
	struct pl_state_file *state_file;
	struct pl_log *log;
};

/**
 * After the engine and control, before the faces.
 *
 * @param ret_reason  for people, on any error
 */
int pl_main_gateway_new(const struct pl_main_gateway_options *options,
			struct pl_main_gateway **ret_gateway, char *ret_reason, size_t size);
/** Before the engine and control. */
struct pl_main_gateway *pl_main_gateway_free(struct pl_main_gateway *gateway);

#endif
