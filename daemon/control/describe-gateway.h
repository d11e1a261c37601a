/* SPDX-License-Identifier: MIT */
#ifndef PL_DESCRIBE_GATEWAY_H
#define PL_DESCRIBE_GATEWAY_H

#include <json-c/json.h>

#include "gateway.h"

/**
 * The gateway's documents that more than one face shows. Each returns a new object that the caller
 * puts; NULL without memory. No secret is in any of them.
 */

/** {"trouble", "streams":[…], "gpio":{"lines":[…]}, "tones":{"inputs","pages"}, "export":{…}} */
struct json_object *pl_describe_gateway(struct pl_control *control);
/** [stream]: its definition, with "origin" and "status" */
struct json_object *pl_describe_streams(struct pl_control *control);
struct json_object *pl_describe_stream(struct pl_control *control,
				       const struct pl_stream_def *stream);
/** [line]: its definition, with "origin" and "status" */
struct json_object *pl_describe_lines(struct pl_control *control);
struct json_object *pl_describe_line(struct pl_control *control, const struct pl_line_def *line);
/** [page]: its definition, with "origin" */
struct json_object *pl_describe_pages(struct pl_control *control);
struct json_object *pl_describe_page(const struct pl_page_def *page);
/** [record], newest first. @param n_max  up to PL_PAGE_HISTORY_MAX */
struct json_object *pl_describe_page_history(struct pl_control *control, size_t n_max);
/** {"endpoint","type","digit"|"page_id","a_hz",…} */
struct json_object *pl_describe_tone(const struct pl_tone_event *tone);
/** {"message_id","ts","page_id","tone":{…},"clip","clip_length_s","clip_complete","clip_uploaded","clip_url"} */
struct json_object *pl_describe_page_record(const struct pl_page_record *record);
/** [{"name","ts","length_s","bytes","endpoint","page_ids","uploaded"}], newest first */
struct json_object *pl_describe_clips(struct pl_control *control);
/** {"mqtt":{…}|null,"s3":{…}|null,"clips":{…}|null} */
struct json_object *pl_describe_export(struct pl_control *control);
/** [{"name","host","port","payload_type","channels","ptime_ms","opus","sdp"}] */
struct json_object *pl_describe_sap(struct pl_control *control);

/** ["one plain sentence", …]: what does not work, of streams, lines, MQTT, S3, clips and definitions */
struct json_object *pl_describe_gateway_troubles(struct pl_control *control);
/** The same of what works and somebody should know: streams in the clear. */
struct json_object *pl_describe_gateway_warnings(struct pl_control *control);

/** "off", "connecting", "running", "silent", "failed" */
const char *pl_stream_state_name(enum pl_stream_state state);
/** "missing", "busy", "inactive", "active", "stuck" */
const char *pl_line_state_name(enum pl_line_state state);

#endif
