/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_EVENTS_H
#define PL_LOG_EVENTS_H

#include "control.h"
#include "log.h"

/**
 * Logs every event of control under Mission Control's names: matrix.updated, channel.mute,
 * tablet.mute, ptt.request, ptt.release, config.reload, engine.start, engine.stopped; and
 * name.updated. Each has "by" in its data: face and name of the caller. A reload also sets the
 * log's level.
 */
struct pl_log_events;

int pl_log_events_new(struct pl_control *control, struct pl_log *log,
		      struct pl_log_events **ret_events);
struct pl_log_events *pl_log_events_free(struct pl_log_events *events);

#endif
