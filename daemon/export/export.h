/* SPDX-License-Identifier: MIT */
#ifndef PL_EXPORT_H
#define PL_EXPORT_H

#include <systemd/sd-event.h>

#include "gateway.h"
#include "log.h"

/**
 * Tells others of pages: a message to an MQTT broker, a clip to an S3 server. Both wait in queues
 * below STATE/export (mqtt/, s3/) until the other side has confirmed them, over restarts, power cuts
 * and days without a network; a full disk is reported and costs what could not be queued, nothing
 * else. Log: export.mqtt, export.s3 (state changed), export.lost (could not be queued).
 *
 * The MQTT message of a page has the clip's URL already, although the clip is still to be recorded:
 * it is signed for a name that is known. When the clip is uploaded, TOPIC/clip tells so.
 *
 * Thread: the daemon's one loop.
 */
struct pl_export;

struct pl_export_options {
	const char *state_directory; /**< where the queues go */
	struct pl_log *log;          /**< borrowed; may be NULL */
};

/** @param control  borrowed, outlives it; hears of it by pl_control_set_gateway_parts() */
int pl_export_new(sd_event *event, struct pl_control *control,
		  const struct pl_export_options *options, struct pl_export **ret_export);
struct pl_export *pl_export_free(struct pl_export *export);

const struct pl_export_ops *pl_export_ops(void);

#endif
