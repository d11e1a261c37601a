/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_TAIL_H
#define PL_LOG_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "control.h"

/**
 * What the daemon has said lately, for whoever looks after it from afar: the newest records of the
 * log since the daemon's start. Who calls from where is in them, so they are for the role admin.
 *
 * A record is JSON text, {"ts","level","service","event_type","message","data"[,"error"]}; records
 * are numbered from 1 on.
 *
 * Thread: the daemon's one loop.
 */

enum pl_log_level {
	PL_LOG_DEBUG,
	PL_LOG_INFO,
	PL_LOG_WARNING,
	PL_LOG_ERROR,
};
/** debug, info, warning, error. @return 0 or -EINVAL */
int pl_log_level_from_name(const char *name, enum pl_log_level *ret_level);
const char *pl_log_level_name(enum pl_log_level level);

/** So many are kept at most. */
#define PL_LOG_TAIL_MAX 1000u
/** Bytes of a filter's event, with the final NUL. */
#define PL_LOG_EVENT_SIZE 64u

/** Strings are borrowed until the loop turns. */
struct pl_log_record {
	enum pl_log_level level;
	size_t size;
	const char *json;
	const char *event; /**< "area.event" */
};

/** Which records a reader wants. */
struct pl_log_filter {
	enum pl_log_level level; /**< the lowest */
	char event
		[PL_LOG_EVENT_SIZE]; /**< "name.updated": these; "name": all of this area; "": all */
};

/** What a reader asks for, in the words of whichever face. */
struct pl_log_query {
	struct pl_log_filter filter;
	uint32_t n_lines; /**< of the past */
};
/** The names of a query's arguments. */
#define PL_LOG_ARGUMENTS 3u
extern const char *const pl_log_arguments[PL_LOG_ARGUMENTS];
/**
 * Take one argument of a query.
 *
 * @param name  one of pl_log_arguments: "lines" (0 .. PL_LOG_TAIL_MAX), "level" or "event" (as in
 *              the filter; letters, digits, "_", "-" and ".")
 * @return 0; -EINVAL with pl_error.field "/NAME" and what it should be
 */
int pl_log_query_set(struct pl_log_query *query, const char *name, const char *value,
		     struct pl_error *ret_error);

/** Implemented by daemon/log. */
struct pl_log_ops {
	/** Number of the newest record; 0: none yet. */
	uint64_t (*newest)(void *log);
	/** @return 0, or -ENOENT: not there any more, or not yet */
	int (*get)(void *log, uint64_t number, struct pl_log_record *ret_record);
};

/** @param log  borrowed; NULL ops: there is none, as at first */
void pl_control_set_log(struct pl_control *control, const struct pl_log_ops *ops, void *log);
/** For the log: there is a new record. Tells the followers. */
void pl_control_log_changed(struct pl_control *control);

/** Told of new records. It must not log, nor call a verb. */
struct pl_log_follower {
	void (*on_record)(void *userdata);
	void *userdata;
	struct pl_log_follower *next; /**< control's */
};
void pl_control_follow_log(struct pl_control *control, struct pl_log_follower *follower);
void pl_control_unfollow_log(struct pl_control *control, struct pl_log_follower *follower);

/**
 * May this caller read the log? Role: admin. To be asked before the functions below.
 *
 * @return 0 or -EPERM
 */
int pl_control_read_log(struct pl_control *control, const struct pl_actor *actor,
			struct pl_error *ret_error);

/** A reader's place in the log. */
struct pl_log_cursor {
	struct pl_log_filter filter;
	uint64_t number; /**< of the record that it had last */
};
/** The place before the newest n records that the filter lets through. */
void pl_control_log_seek(struct pl_control *control, const struct pl_log_filter *filter, size_t n,
			 struct pl_log_cursor *ret_cursor);
/** Move on to the oldest record that is still there. @return how many were gone, of whatever kind */
uint64_t pl_control_log_skip(struct pl_control *control, struct pl_log_cursor *cursor);
/** The next record. @return 0, or -ENOENT: that was the newest */
int pl_control_log_next(struct pl_control *control, struct pl_log_cursor *cursor,
			struct pl_log_record *ret_record);
/** {"records": [record, …]}, the newest n of these, oldest first; NULL without memory. */
struct json_object *pl_describe_log(struct pl_control *control, const struct pl_log_filter *filter,
				    size_t n);

#endif
