/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "call.h"
#include "log-tail.h"
#include "system.h"

/** How the whole is, and its log. */

/** As many as a person reads at once, unless told otherwise. */
#define LOG_RECORDS 200u

int pl_api_system(struct pl_http_call *call, struct pl_error *error)
{
	call->result = pl_describe_system(call->control);
	return call->result ? 0 : -ENOMEM;
}

/** @param query  what is not given stays as it is */
static int read_log_query(struct pl_http_call *call, struct pl_log_query *query)
{
	for (size_t i = 0; i < PL_LOG_ARGUMENTS; i++) {
		const char *const loc[] = {"query", pl_log_arguments[i], NULL};
		char text[PL_LOG_EVENT_SIZE + 1];
		struct pl_error error = {0};
		int r = pl_http_call_query(call, pl_log_arguments[i], text, sizeof(text));

		if (r == -ENOENT)
			continue;
		/* What is too long for here is too long for it as well. */
		r = pl_log_query_set(query, pl_log_arguments[i], r < 0 ? "" : text, &error);
		if (r < 0) {
			int added = pl_detail_add(call->details, loc, error.message, "value_error");

			return added < 0 ? added : r;
		}
	}
	return 0;
}

int pl_api_log(struct pl_http_call *call, struct pl_error *error)
{
	struct pl_log_query query = {.n_lines = LOG_RECORDS};
	int r;

	r = pl_control_read_log(call->control, call->actor, error);
	if (r == 0)
		r = read_log_query(call, &query);
	if (r < 0)
		return r;
	call->result = pl_describe_log(call->control, &query.filter, query.n_lines);
	return call->result ? 0 : -ENOMEM;
}
