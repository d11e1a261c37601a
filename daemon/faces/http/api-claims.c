/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "call.h"
#include "claims.h"
#include "documents.h"

/** Who has which tablet; /ws/panel is where they claim it. */

int pl_api_claims(struct pl_http_call *call, struct pl_error *error)
{
	uint32_t n_tablets = pl_control_model(call->control)->n_tablets;
	struct json_object *list = json_object_new_array();

	call->result = json_object_new_object();
	if (!call->result || !list) {
		json_object_put(list);
		return -ENOMEM;
	}
	for (uint32_t id = 1; id <= n_tablets; id++) {
		struct json_object *claim = pl_document_claim(call->control, id);

		if (!claim)
			continue;
		json_object_object_add(claim, "tablet", json_object_new_int64(id));
		json_object_array_add(list, claim);
	}
	json_object_object_add(call->result, "claims", list);
	return 0;
}

int pl_api_release_claim(struct pl_http_call *call, struct pl_error *error)
{
	int r = pl_control_release_claim(call->control, call->actor, call->arg[0], error);

	return r < 0 ? r : pl_api_claims(call, error);
}
