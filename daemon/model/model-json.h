/* SPDX-License-Identifier: MIT */
#ifndef PL_MODEL_JSON_H
#define PL_MODEL_JSON_H

#include <json-c/json.h>

#include "json-strict.h"
#include "model.h"

/**
 * The model as JSON, in two shapes: the state file (everything but the keys),
 * and the `config` and `ptt` parts of Mission Control's GET /state.
 * Every function returns a new object that the caller puts, NULL without memory.
 */

/**
 * State file: {"version":1, "headroom_db", "party_line", "ramp_ms",
 * "vox":{"threshold_db","hang_ms"}, "talk_timeout_s", "busy_refusal",
 * "tablet_mute":{"1":true}, "channel_mute":{…}, "talk_mute":[ids], "listen_mute":[ids],
 * "uplink":{"channel":{"tablet":gain}}, "downlink":{"tablet":{"channel":gain}},
 * "tablets":{"1":{"name","mode","sidetone","capture","playback"}},
 * "channels":{"1":{"name","capture","playback"}}}; capture and playback are
 * {"device":"card:ID,DEV","port":0..64}, see binding.h.
 * Sparse: rows that are everyone-to-everyone at the default gain are left out, as are
 * tablets and channels without name or setting of their own; a row that is there holds all
 * of its crosspoints. pl_model_from_json() reads it back exactly.
 */
struct json_object *pl_model_to_json(const struct pl_model *model);

/**
 * Read a state file's tree into a model of the given size, without keys; ids beyond it,
 * unknown members, wrong types and values out of range are refused. Every member but
 * "version" may be missing and has pl_model_init()'s value then.
 *
 * @param ret_pointer  JSON pointer of what was refused, at least 128 bytes
 * @return 0, or -EINVAL; *ret_model is untouched then
 */
int pl_model_from_json(struct json_object *tree, uint32_t n_tablets, uint32_t n_channels,
		       struct pl_model *ret_model, char *ret_pointer, size_t pointer_size);

/** {"headroom_db","tablet_mute","channel_mute","uplink","downlink"}: ids as string keys */
struct json_object *pl_model_describe_config(const struct pl_model *model);

/** {"1":[tablet ids, sorted], …} for every channel */
struct json_object *pl_model_describe_keys(const struct pl_model *model);

/** Keys file: {"version":1,"keys":{"channel":[tablet ids]}}, channels without keys left out. */
struct json_object *pl_model_keys_to_json(const struct pl_model *model);
/** Sets the keys of *model from that. Errors as pl_model_from_json(); *model is untouched then. */
int pl_model_keys_from_json(struct json_object *tree, struct pl_model *model, char *ret_pointer,
			    size_t pointer_size);

#endif
