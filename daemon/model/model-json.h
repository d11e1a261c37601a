/* SPDX-License-Identifier: MIT */
#ifndef PL_MODEL_JSON_H
#define PL_MODEL_JSON_H

#include <json-c/json.h>

#include "model.h"

/**
 * The model as JSON, in two shapes: the state file (everything but the keys),
 * and the `config` and `ptt` parts of Mission Control's GET /state.
 * Every function returns a new object that the caller puts, NULL without memory.
 */

/** State file: version 1, sparse; pl_model_from_json() reads it back exactly. */
struct json_object *pl_model_to_json(const struct pl_model *model);

/**
 * Read a state file's tree into a model of the given size; rows of ids beyond it
 * are refused.
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

#endif
