/* SPDX-License-Identifier: MIT */
#include "log-audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct pl_log_audit {
	struct pl_control *control;
	struct pl_log *log;
	double left; /* refusals that may be written now */
	time_t at_s;
	uint64_t n_left_out;
};

static bool is_refused(const struct pl_audit *audit)
{
	return audit->result == -EPERM || audit->result == -EACCES || audit->result == -EAGAIN;
}

/** @return true when this refusal is to be written */
static bool has_room(struct pl_log_audit *log)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	log->left += (double)(now.tv_sec - log->at_s);
	log->at_s = now.tv_sec;
	if (log->left > (double)PL_AUDIT_BURST)
		log->left = (double)PL_AUDIT_BURST;
	if (log->left < 1.0) {
		log->n_left_out++;
		return false;
	}
	log->left -= 1.0;
	return true;
}

static void add_text(struct json_object *data, const char *key, const char *text)
{
	json_object_object_add(data, key, text ? json_object_new_string(text) : NULL);
}

static void on_audit(void *userdata, const struct pl_audit *audit)
{
	struct pl_log_audit *log = userdata;
	const struct pl_actor *actor = audit->actor;
	bool refused = is_refused(audit);
	struct json_object *data;

	if (refused && !has_room(log))
		return;
	data = json_object_new_object();
	if (!data)
		return;
	add_text(data, "face", actor->face);
	add_text(data, "from", actor->name);
	add_text(data, "token", actor->token);
	add_text(data, "role", pl_role_name(actor->role));
	add_text(data, "verb", audit->verb);
	add_text(data, "result", audit->result < 0 ? strerror(-audit->result) : "done");
	add_text(data, "detail", audit->detail);
	if (log->n_left_out > 0)
		json_object_object_add(data, "left_out",
				       json_object_new_int64((int64_t)log->n_left_out));
	log->n_left_out = 0;
	pl_log_event(log->log, audit->result < 0 ? PL_LOG_WARNING : PL_LOG_INFO,
		     refused             ? "audit.refused"
		     : audit->result < 0 ? "audit.failed"
					 : "audit.done",
		     data, "%s by %s %s%s%s: %s", audit->verb, actor->face,
		     actor->token ? actor->token : "", actor->token ? " at " : "", actor->name,
		     refused             ? "refused"
		     : audit->result < 0 ? "failed"
					 : "done");
}

int pl_log_audit_new(struct pl_control *control, struct pl_log *log,
		     struct pl_log_audit **ret_audit)
{
	struct pl_log_audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return -ENOMEM;
	audit->control = control;
	audit->log = log;
	audit->left = (double)PL_AUDIT_BURST;
	pl_control_set_audit(control, on_audit, audit);
	*ret_audit = audit;
	return 0;
}

struct pl_log_audit *pl_log_audit_free(struct pl_log_audit *audit)
{
	if (!audit)
		return NULL;
	pl_control_set_audit(audit->control, NULL, NULL);
	free(audit);
	return NULL;
}
