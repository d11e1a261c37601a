/* SPDX-License-Identifier: MIT */
#ifndef PL_DESCRIBE_H
#define PL_DESCRIBE_H

#include <json-c/json.h>

#include "control.h"

/**
 * The documents that more than one face shows (Mission Control's shapes, field by
 * field). Each returns a new object that the caller puts; NULL without memory.
 */

/** {"status":"ok","ts","num_channels","num_tablets","fs","frame_size","config":{"fs","frame_size","headroom_db"}} */
struct json_object *pl_describe_health(struct pl_control *control);
/** {"ts","vu_db":{"tablets":{"1":dB},"channels":{…}},"config":{…},"ptt":{"timestamp","channels"}} */
struct json_object *pl_describe_state(struct pl_control *control);
/** {"ts","vu_db":{"tablets":{"1":dB,…},"channels":{…}}}: tablets = listen mix, channels = party line */
struct json_object *pl_describe_vu(struct pl_control *control);
/** {"timestamp","channels":{"1":[ids]}} */
struct json_object *pl_describe_ptt(struct pl_control *control);
/** {"tablet_id","channel","ptt_state","channel_state":{"channel","state","active_tablets"},"tablet_channels"} */
struct json_object *pl_describe_key(struct pl_control *control, uint32_t tablet_id,
				    uint32_t channel_id);
/** {"fs","frame_size","headroom_db"}: what the configuration file says */
struct json_object *pl_describe_config_file(struct pl_control *control);

/** {"devices":[{"direction","names":[…],"description","ports","rate_hz","state","bound":[{"kind","id","port"}]}]} */
struct json_object *pl_describe_devices(struct pl_control *control);
/** {"device","port"}; NULL (the JSON value null) when not bound */
struct json_object *pl_describe_binding(const struct pl_binding *binding);
/** "idle", "running", "error" or "missing" */
const char *pl_device_state_name(enum pl_device_state state);
/** Its names, the best for people first. @return their number, 0..3 */
unsigned pl_device_names(const struct pl_device *device, const char *ret_names[3]);

/** Linear to dBFS as Mission Control: 20 log10(max(x * 1.0000001, 1e-12)) */
double pl_level_db(double linear);

#endif
