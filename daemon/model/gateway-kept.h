/* SPDX-License-Identifier: MIT */
#ifndef PL_GATEWAY_KEPT_H
#define PL_GATEWAY_KEPT_H

#include <json-c/json.h>

#include "gateway-def.h"
#include "gateway-json.h"

/** What verbs have changed about the gateway: kept in the state directory, with keys. */
struct pl_gateway_kept {
	struct pl_gateway added; /**< streams and pages of PL_ORIGIN_ADDED, nothing else */
	/** How safe a configured stream was set: as long as the configuration says what it said. */
	struct pl_kept_jitter {
		char id[PL_GATEWAY_ID_MAX];
		double safety, configured;
	} jitter[PL_STREAMS_MAX];
	size_t n_jitter;
};

/** A zeroed structure is fine for these. */
void pl_gateway_kept_done(struct pl_gateway_kept *kept);
/** @return 0 or -ENOMEM; *ret_kept is untouched then */
int pl_gateway_kept_copy(const struct pl_gateway_kept *kept, struct pl_gateway_kept *ret_kept);

/** {"version":1, "streams":[…], "pages":[…], "jitter":[{"id","safety","configured"}]}, with keys */
struct json_object *pl_gateway_kept_to_json(const struct pl_gateway_kept *kept);
/** @return 0, -EINVAL with pointer and reason of `reading`, or -ENOMEM */
int pl_gateway_kept_from_json(const struct pl_gateway_reading *reading, struct json_object *tree,
			      struct pl_gateway_kept *ret_kept);

#endif
