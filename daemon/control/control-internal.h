/* SPDX-License-Identifier: MIT */
#ifndef PL_CONTROL_INTERNAL_H
#define PL_CONTROL_INTERNAL_H

#include <errno.h>
#include <time.h>

#include "access.h"
#include "claims.h"
#include "config.h"
#include "control.h"
#include "gateway.h"
#include "listen.h"
#include "log-tail.h"
#include "system.h"

/** Only for the files of daemon/control. */

struct pl_control {
	const struct pl_config *config; /* what main gave, or &reloaded */
	struct pl_config reloaded;

	struct pl_model model;
	struct pl_model next; /* what the running verb makes of it */
	/** of what is being kept: too large for a stack that cannot grow when memory is short */
	struct pl_model kept;

	const struct pl_engine_ops *engine_ops;
	void *engine;
	const struct pl_keeper_ops *keeper_ops;
	void *keeper;
	const struct pl_discover_ops *discover_ops;
	void *discover;
	const struct pl_access_ops *access_ops;
	void *access;
	const struct pl_listen_ops *listen_ops;
	void *listen;
	pl_audit_h on_audit;
	void *audit_userdata;
	struct pl_listener *listeners;
	const struct pl_log_ops *log_ops;
	void *log;
	struct pl_log_follower *followers;
	struct pl_about about;
	uint64_t started_usec; /* CLOCK_REALTIME */

	struct control_gateway {
		struct pl_gateway_parts parts;
		struct pl_gateway_kept kept;
		struct pl_gateway active; /* what the parts have */
		bool built;
		char trouble[512];
	} gateway;

	struct control_claims {
		/* of tablet id - 1 */
		struct control_claim {
			uint64_t session; /* 0: free */
			char secret[PL_CLAIM_SECRET_SIZE];
			char label[PL_NAME_MAX], peer[PL_CLAIM_PEER_SIZE];
			uint64_t since_usec; /* CLOCK_REALTIME */
			uint64_t heard_usec; /* CLOCK_MONOTONIC; when away: of the end */
			bool is_connected, is_silent;
			uint64_t keys; /* pressed by the claim: not kept, released with it */
		} claim[PL_TABLETS_MAX];
		uint64_t n_sessions;
	} claims;

	/* Ring: the newest is at (n_records - 1) % PL_KEY_HISTORY_MAX. */
	struct pl_key_record history[PL_KEY_HISTORY_MAX];
	uint64_t n_records;

	/* CLOCK_MONOTONIC of the press, for keys that are held */
	uint64_t pressed_usec[PL_TABLETS_MAX][PL_CHANNELS_MAX];
};

/** Fill *ret_error (may be NULL). @return code */
int error_set(struct pl_error *ret_error, int code, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * Begin a verb: check the role, copy the model to control->next.
 * Then the verb changes control->next and calls control_commit().
 */
#define control_begin(control, actor, role, ret_error)                                             \
	control_begin_verb(control, actor, role, __func__, ret_error)
/** A refusal is audited here. @param verb  name of the function */
int control_begin_verb(struct pl_control *control, const struct pl_actor *actor, enum pl_role role,
		       const char *verb, struct pl_error *ret_error);
/**
 * The last words of every verb of role admin, `return control_audited(…)`: the outcome goes into
 * the audit log. A role that is too small control_begin() has written down already.
 *
 * @return r
 */
#define control_audited(control, actor, r, error)                                                  \
	control_audited_verb(control, actor, __func__, r, error)

void control_audit_verb(struct pl_control *control, const struct pl_actor *actor,
			const char *function, int r, const struct pl_error *error);

static inline int control_audited_verb(struct pl_control *control, const struct pl_actor *actor,
				       const char *function, int r, const struct pl_error *error)
{
	if (r != -EPERM)
		control_audit_verb(control, actor, function, r, error);
	return r;
}

/** Keep, apply, tell: change.c. On an error nothing has changed. @param priority for KEY_DOWN */
int control_commit(struct pl_control *control, const struct pl_actor *actor, uint32_t priority,
		   struct pl_error *ret_error);

/** Keep the model as it is: talk keys that were a claim's alone are somebody else's as well. */
int control_keep_keys(struct pl_control *control, struct pl_error *ret_error);

/** pl_control_press_key() @param by_claim  of the tablet: the key ends with it, unless it is down already */
int control_press_key(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		      uint32_t channel_id, uint32_t priority, bool by_claim,
		      struct pl_error *ret_error);

/* claims.c */
/** Keys of claims end with the daemon: take them out of what is kept. */
void control_claims_keep_out(const struct pl_control *control, struct pl_model *model);
/** Whether all keys that differ between model and next are of claims. */
bool control_claims_have_all_changes(const struct pl_control *control);
/** Who has released what, claims do not hold any more. */
void control_claims_keys_changed(struct pl_control *control);
/** Those that a claim on the tablet holds; without a claim none. @return 0 or a refusal of control_commit() */
int control_claims_release_keys(struct pl_control *control, const struct pl_actor *actor,
				uint32_t tablet_id);

int check_tablet(const struct pl_control *control, uint32_t tablet_id, struct pl_error *ret_error);
int check_channel(const struct pl_control *control, uint32_t channel_id,
		  struct pl_error *ret_error);
int check_endpoint(const struct pl_control *control, struct pl_endpoint endpoint,
		   struct pl_error *ret_error);
/** False for NaN. */
int check_range(double value, double min, double max, const char *field,
		struct pl_error *ret_error);

/** @return -ENOSPC, -ENOMEM or -EIO with a sentence that names the folder */
int control_fail_kept(const struct pl_control *control, int r, bool keys_only,
		      struct pl_error *ret_error);

uint64_t control_now_usec(clockid_t clock);

void control_emit(struct pl_control *control, const struct pl_event *event);
/**
 * An event for each difference of a change: events.c.
 *
 * @param base  before and after, and what all of them have; after is control's model already
 */
void control_emit_difference(struct pl_control *control, const struct pl_event *base);

#endif
