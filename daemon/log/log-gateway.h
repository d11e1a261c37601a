/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_GATEWAY_H
#define PL_LOG_GATEWAY_H

#include <json-c/json.h>

#include "control.h"
#include "log.h"

/** Write one event of the gateway; only for log-events.c. @param data  taken */
void log_gateway_event(struct pl_log *log, struct pl_control *control, const struct pl_event *event,
		       struct json_object *data);

#endif
