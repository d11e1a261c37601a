/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_EVENT_H
#define PL_PAGE_EVENT_H

#include "gateway.h"

/** What is told of a page over MQTT. Pure. */

/**
 * EchoStream's payload, with more behind it:
 *
 *	{"message_id":UUID,"timestamp":ms since 1970 of the end of the last tone,"device_id",
 *	 "event_type":"defined_tones_detected"|"new_tone_detected",
 *	 "tone_details":{"tone_a":Hz,"tone_b":Hz[,"digits":"123"]},
 *	 "endpoint":"channel.1"[,"channel":1][,"tone_id":id][,"name"][,"alert"]
 *	 [,"clip":file name][,"clip_url":URL]}
 *
 * As EchoStream, a defined page has the frequencies of its definition and an unknown pair those that
 * were heard; a long tone has tone_b 0.
 *
 * @param page   its definition; NULL for an unknown pair, or one that is gone
 * @return freed by the caller; NULL without memory
 */
char *pl_page_event_text(const struct pl_page_record *record, const struct pl_page_def *page,
			 const char *device_id, const char *clip_url);
/** {"message_id","timestamp":ms now,"device_id","event_type":"clip_uploaded","clip_url","key"} */
char *pl_clip_event_text(const char *message_id, const char *device_id, const char *url,
			 const char *key, uint64_t now_usec);

#endif
