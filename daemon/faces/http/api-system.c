/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "call.h"
#include "log-tail.h"
#include "system.h"

/** How the whole is, and its log. */

/** As many as a person reads at once; /ws/log has all of them. */
#define LOG_RECORDS 200u

int pl_api_system(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_system(call->control);
	return call->result ? 0 : -ENOMEM;
}

int pl_api_log(struct pl_http_call *call, struct pl_error *error)
{
	struct json_object *records;
	int r;

	r = pl_control_read_log(call->control, call->actor, error);
	if (r < 0)
		return r;
	records = pl_describe_log(call->control, PL_LOG_DEBUG, LOG_RECORDS);
	call->result = records ? json_object_new_object() : NULL;
	if (!call->result) {
		json_object_put(records);
		return -ENOMEM;
	}
	json_object_object_add(call->result, "records", records);
	return 0;
}
