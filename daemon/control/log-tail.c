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

void pl_control_log_seek(struct pl_control *control, enum pl_log_level level, size_t n,
			 struct pl_log_cursor *ret_cursor)
{
	uint64_t number = newest(control);
	struct pl_log_record record;

	while (n > 0 && number > 0 && get(control, number, &record) == 0) {
		if (record.level >= level)
			n--;
		number--;
	}
	*ret_cursor = (struct pl_log_cursor){.level = level, .number = number};
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
		if (get(control, ++cursor->number, &record) < 0 || record.level < cursor->level)
			continue;
		*ret_record = record;
		return 0;
	}
	return -ENOENT;
}

struct json_object *pl_describe_log(struct pl_control *control, enum pl_log_level level, size_t n)
{
	struct json_object *array = json_object_new_array();
	struct pl_log_cursor cursor;
	struct pl_log_record record;

	pl_control_log_seek(control, level, n, &cursor);
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
