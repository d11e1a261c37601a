/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log-file.h"
#include "log-ring.h"

struct pl_log {
	char service[64];
	enum pl_log_level level;
	bool to_stderr;
	bool to_journal;
	bool said_broken; /* the file could not be written and that was said */
	struct log_file *file;
	struct log_ring *ring; /* NULL: none is kept */
	void (*on_record)(void *userdata);
	void *userdata;
};

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
static const int level_priorities[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};

int pl_log_new(const struct pl_log_options *options, struct pl_log **ret_log)
{
	struct pl_log *log;
	int r = 0;

	log = calloc(1, sizeof(*log));
	if (!log)
		return -ENOMEM;
	snprintf(log->service, sizeof(log->service), "%s", options->service);
	log->level = options->level;
	log->to_stderr = options->to_stderr;
	log->to_journal = options->to_journal;
	if (options->keep_tail)
		log->ring = log_ring_new();
	if (options->keep_tail && !log->ring) {
		free(log);
		return -ENOMEM;
	}
	if (options->file && options->file[0])
		r = log_file_open(options->file, options->rotate_bytes, options->keep_days,
				  &log->file);
	log->said_broken = r < 0;
	*ret_log = log;
	return r;
}

struct pl_log *pl_log_free(struct pl_log *log)
{
	if (!log)
		return NULL;
	log_file_close(log->file);
	log_ring_free(log->ring);
	free(log);
	return NULL;
}

void pl_log_set_level(struct pl_log *log, enum pl_log_level level)
{
	log->level = level;
}

/* --- the tail -------------------------------------------------------------------------- */

void pl_log_set_listener(struct pl_log *log, void (*on_record)(void *userdata), void *userdata)
{
	log->on_record = on_record;
	log->userdata = userdata;
}

static uint64_t newest(void *userdata)
{
	const struct pl_log *log = userdata;

	return log->ring ? log_ring_newest(log->ring) : 0;
}

static int get(void *userdata, uint64_t number, struct pl_log_record *ret_record)
{
	const struct pl_log *log = userdata;

	return log->ring ? log_ring_get(log->ring, number, ret_record) : -ENOENT;
}

const struct pl_log_ops *pl_log_get_ops(void)
{
	static const struct pl_log_ops ops = {.newest = newest, .get = get};

	return &ops;
}

/** @param record  gets its level, which elsewhere stands beside it */
static void send_to_ring(struct pl_log *log, enum pl_log_level level, const char *event_type,
			 struct json_object *record)
{
	struct json_object *name = json_object_new_string(pl_log_level_name(level));
	const char *json;
	size_t size;

	if (!name || json_object_object_add(record, "level", name) < 0) {
		json_object_put(name);
		return;
	}
	json = json_object_to_json_string_length(
		record, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
	if (json && log_ring_add(log->ring, level, event_type, json, size) && log->on_record)
		log->on_record(log->userdata);
}

/* --- records ----------------------------------------------------------------------------- */

/** @param data  taken */
static struct json_object *record_new(const struct pl_log *log, const struct timespec *ts,
				      const char *event_type, const char *message,
				      struct json_object *data, const char *error)
{
	struct json_object *record = json_object_new_object();
	char number[40];

	if (!record) {
		json_object_put(data);
		return NULL;
	}
	snprintf(number, sizeof(number), "%lld.%06ld", (long long)ts->tv_sec, ts->tv_nsec / 1000);
	/* Without memory a member is missing; there is nobody to tell. */
	json_object_object_add(record, "ts",
			       json_object_new_double_s(strtod(number, NULL), number));
	json_object_object_add(record, "service", json_object_new_string(log->service));
	json_object_object_add(record, "event_type", json_object_new_string(event_type));
	json_object_object_add(record, "message", json_object_new_string(message));
	json_object_object_add(record, "data", data ? data : json_object_new_object());
	if (error)
		json_object_object_add(record, "error", json_object_new_string(error));
	return record;
}

static void send_to_journal(const struct pl_log *log, enum pl_log_level level,
			    const char *event_type, const char *message, struct json_object *record,
			    const char *error)
{
	struct json_object *data = NULL;

	json_object_object_get_ex(record, "data", &data);
	sd_journal_send("MESSAGE=%s%s%s", message, error ? ": " : "", error ? error : "",
			"PRIORITY=%d", level_priorities[level], "SYSLOG_IDENTIFIER=%s",
			log->service, "PARTYLINE_EVENT=%s", event_type, "PARTYLINE_DATA=%s",
			json_object_to_json_string_ext(
				data, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			error ? "PARTYLINE_ERROR=%s" : NULL, error, NULL);
}

static void send_to_file(struct pl_log *log, enum pl_log_level level, const struct timespec *ts,
			 struct json_object *record)
{
	const char *json = json_object_to_json_string_ext(
		record, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char stamp[32], *line;
	struct tm tm;
	int length, r;

	localtime_r(&ts->tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	length = asprintf(&line, "%s.%03ld | %-5s | %s\n", stamp, ts->tv_nsec / 1000000,
			  level_names[level], json);
	if (length < 0)
		return;
	r = log_file_write(log->file, line, (size_t)length);
	free(line);
	if (r < 0 && !log->said_broken)
		fprintf(stderr, "partyline: the log file cannot be written: %s\n", strerror(-r));
	log->said_broken = r < 0;
}

/** @param data  taken */
static void send(struct pl_log *log, enum pl_log_level level, const char *event_type,
		 const char *error, struct json_object *data, const char *format, va_list args)
{
	struct json_object *record;
	struct timespec ts;
	char message[512];

	clock_gettime(CLOCK_REALTIME, &ts);
	vsnprintf(message, sizeof(message), format, args);
	record = record_new(log, &ts, event_type, message, data, error);
	if (!record)
		return;
	if (log->to_stderr)
		fprintf(stderr, "partyline: %s: %s%s%s\n", event_type, message, error ? ": " : "",
			error ? error : "");
	if (log->to_journal)
		send_to_journal(log, level, event_type, message, record, error);
	if (log->file)
		send_to_file(log, level, &ts, record);
	if (log->ring)
		send_to_ring(log, level, event_type, record);
	json_object_put(record);
}

void pl_log_event(struct pl_log *log, enum pl_log_level level, const char *event_type,
		  struct json_object *data, const char *format, ...)
{
	va_list args;

	if (!log || level < log->level) {
		json_object_put(data);
		return;
	}
	va_start(args, format);
	send(log, level, event_type, NULL, data, format, args);
	va_end(args);
}

void pl_log_error(struct pl_log *log, const char *event_type, int error, const char *text,
		  struct json_object *data, const char *format, ...)
{
	va_list args;

	if (!log) {
		json_object_put(data);
		return;
	}
	va_start(args, format);
	send(log, PL_LOG_ERROR, event_type, text ? text : strerror(-error), data, format, args);
	va_end(args);
}
