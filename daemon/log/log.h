/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_H
#define PL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "log-tail.h"

/**
 * Records of what happens, for the journal, stderr and a file of JSON lines. Faces, engine
 * and main.c log; kernels, model and control return errors.
 *
 * A record is Mission Control's: {"ts","service","event_type","message","data"[,"error"]}.
 * The file has lines "YYYY-MM-DD HH:mm:ss.SSS | LEVEL | {record}" in local time. The journal
 * gets MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, PARTYLINE_EVENT, PARTYLINE_DATA (JSON) and
 * PARTYLINE_ERROR.
 *
 * Thread: the daemon's loop. Nothing here fails to the caller: a full disk costs
 * records, not the intercom; it is said once on stderr.
 */
struct pl_log;

struct pl_log_options {
	const char *service;     /**< "partyline" */
	enum pl_log_level level; /**< lowest that is written */
	const char *file;        /**< NULL or "": none; folders are made */
	uint64_t rotate_bytes;   /**< a file that would grow beyond this is renamed; 0 = never */
	uint32_t keep_days;      /**< renamed files older than this are deleted; 0 = never */
	bool to_stderr;
	bool to_journal; /**< without a journal nothing happens */
	bool keep_tail;  /**< the newest stay in memory: pl_log_get_ops() */
};

/** @return 0, -ENOMEM, or the error of opening the file: *ret_log is there all the same, and tries it again with every record */
int pl_log_new(const struct pl_log_options *options, struct pl_log **ret_log);
struct pl_log *pl_log_free(struct pl_log *log);

void pl_log_set_level(struct pl_log *log, enum pl_log_level level);

/** The newest records, for pl_control_set_log(); with options.keep_tail. */
const struct pl_log_ops *pl_log_get_ops(void);
/** After each record that is kept. @param on_record  must not log; NULL: nobody */
void pl_log_set_listener(struct pl_log *log, void (*on_record)(void *userdata), void *userdata);

/**
 * @param log         NULL: nothing happens
 * @param event_type  "area.event"
 * @param data        taken; NULL = {}
 */
void pl_log_event(struct pl_log *log, enum pl_log_level level, const char *event_type,
		  struct json_object *data, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/** The same at level error, with "error": the words for a negative errno, or `text` when not NULL. */
void pl_log_error(struct pl_log *log, const char *event_type, int error, const char *text,
		  struct json_object *data, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

#endif
