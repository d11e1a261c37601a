/* SPDX-License-Identifier: MIT */
#include "log-tail.h"

#include <errno.h>
#include <string.h>

#include "control-internal.h"
#include "json-strict.h"

static const char *const level_names[] = {"debug", "info", "warning", "error"};

int pl_log_level_from_name(const char *name, enum pl_log_level *ret_level)
{
	for (unsigned i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret_level = (enum pl_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *pl_log_level_name(enum pl_log_level level)
{
	return level_names[level];
}

/* --- what is asked for ---------------------------------------------------------------- */

const char *const pl_log_arguments[PL_LOG_ARGUMENTS] = {"lines", "level", "event"};

static int set_lines(struct pl_log_query *query, const char *value, struct pl_error *ret_error)
{
	size_t size = strlen(value);
	uint32_t n_lines = 0;

	for (size_t i = 0; i < size && value[i] >= '0' && value[i] <= '9'; i++)
		n_lines = n_lines > PL_LOG_TAIL_MAX ? n_lines
						    : 10 * n_lines + (uint32_t)(value[i] - '0');
	if (size == 0 || strspn(value, "0123456789") != size || n_lines > PL_LOG_TAIL_MAX)
		return error_set(ret_error, -EINVAL, "/lines",
				 "Input should be an integer from 0 to %u", PL_LOG_TAIL_MAX);
	query->n_lines = n_lines;
	return 0;
}

static int set_event(struct pl_log_query *query, const char *value, struct pl_error *ret_error)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t size = strlen(value);

	if (size == 0 || size >= PL_LOG_EVENT_SIZE || strspn(value, characters) != size)
		return error_set(ret_error, -EINVAL, "/event",
				 "Input should be an event or its area, as 'name.updated' or "
				 "'name', of at most %u letters",
				 PL_LOG_EVENT_SIZE - 1);
	memcpy(query->filter.event, value, size + 1);
	return 0;
}

int pl_log_query_set(struct pl_log_query *query, const char *name, const char *value,
		     struct pl_error *ret_error)
{
	if (strcmp(name, "lines") == 0)
		return set_lines(query, value, ret_error);
	if (strcmp(name, "event") == 0)
		return set_event(query, value, ret_error);
	if (pl_log_level_from_name(value, &query->filter.level) < 0)
		return error_set(ret_error, -EINVAL, "/level",
				 "Input should be 'debug', 'info', 'warning' or 'error'");
	return 0;
}

/* --- following ------------------------------------------------------------------------ */

void pl_control_set_log(struct pl_control *control, const struct pl_log_ops *ops, void *log)
{
	control->log_ops = ops;
	control->log = log;
}

void pl_control_log_changed(struct pl_control *control)
{
	for (struct pl_log_follower *f = control->followers; f; f = f->next)
		f->on_record(f->userdata);
}

void pl_control_follow_log(struct pl_control *control, struct pl_log_follower *follower)
{
	follower->next = control->followers;
	control->followers = follower;
}

void pl_control_unfollow_log(struct pl_control *control, struct pl_log_follower *follower)
{
	for (struct pl_log_follower **f = &control->followers; *f; f = &(*f)->next) {
		if (*f != follower)
			continue;
		*f = follower->next;
		return;
	}
}

int pl_control_read_log(struct pl_control *control, const struct pl_actor *actor,
			struct pl_error *ret_error)
{
	int r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);

	return control_audited(control, actor, r, ret_error);
}

/* --- reading ------------------------------------------------------------------------- */

static uint64_t newest(const struct pl_control *control)
{
	return control->log_ops ? control->log_ops->newest(control->log) : 0;
}

static int get(const struct pl_control *control, uint64_t number, struct pl_log_record *ret_record)
{
	return control->log_ops->get(control->log, number, ret_record);
}

static bool lets_through(const struct pl_log_filter *filter, const struct pl_log_record *record)
{
	size_t size = strlen(filter->event);

	if (record->level < filter->level)
		return false;
	return size == 0 || (strncmp(record->event, filter->event, size) == 0 &&
			     (record->event[size] == '\0' || record->event[size] == '.'));
}

void pl_control_log_seek(struct pl_control *control, const struct pl_log_filter *filter, size_t n,
			 struct pl_log_cursor *ret_cursor)
{
	uint64_t number = newest(control);
	struct pl_log_record record;

	while (n > 0 && number > 0 && get(control, number, &record) == 0) {
		if (lets_through(filter, &record))
			n--;
		number--;
	}
	*ret_cursor = (struct pl_log_cursor){.filter = *filter, .number = number};
}

uint64_t pl_control_log_skip(struct pl_control *control, struct pl_log_cursor *cursor)
{
	uint64_t last = newest(control), before = cursor->number;
	struct pl_log_record record;

	while (cursor->number < last && get(control, cursor->number + 1, &record) < 0)
		cursor->number++;
	return cursor->number - before;
}

int pl_control_log_next(struct pl_control *control, struct pl_log_cursor *cursor,
			struct pl_log_record *ret_record)
{
	uint64_t last = newest(control);
	struct pl_log_record record;

	while (cursor->number < last) {
		if (get(control, ++cursor->number, &record) < 0 ||
		    !lets_through(&cursor->filter, &record))
			continue;
		*ret_record = record;
		return 0;
	}
	return -ENOENT;
}

static struct json_object *describe_records(struct pl_control *control,
					    const struct pl_log_filter *filter, size_t n)
{
	struct json_object *array = json_object_new_array();
	struct pl_log_cursor cursor;
	struct pl_log_record record;

	pl_control_log_seek(control, filter, n, &cursor);
	while (array && pl_control_log_next(control, &cursor, &record) == 0) {
		struct json_object *value = NULL;
		char reason[64];
		int r = pl_json_parse(record.json, record.size, &value, reason, sizeof(reason));

		if (r == 0 && json_object_array_add(array, value) < 0)
			r = -ENOMEM;
		/* What is no JSON nobody can be shown. */
		if (r == 0 || r == -EINVAL)
			continue;
		json_object_put(value);
		json_object_put(array);
		return NULL;
	}
	return array;
}

struct json_object *pl_describe_log(struct pl_control *control, const struct pl_log_filter *filter,
				    size_t n)
{
	struct json_object *records = describe_records(control, filter, n);
	struct json_object *document = records ? json_object_new_object() : NULL;

	if (document && json_object_object_add(document, "records", records) == 0)
		return document;
	json_object_put(document);
	json_object_put(records);
	return NULL;
}
