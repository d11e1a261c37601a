/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "config.h"
#include "log-ring.h"
#include "log.h"
#include "pltest.h"

static bool add(struct log_ring *ring, const char *text)
{
	return log_ring_add(ring, PL_LOG_INFO, "a.b", text, strlen(text));
}

PL_TEST(the_oldest_go)
{
	struct log_ring *ring = log_ring_new();
	struct pl_log_record record;
	char text[16];

	PL_CHECK(ring);
	PL_CHECK_INT(log_ring_newest(ring), 0);
	PL_CHECK_INT(log_ring_get(ring, 0, &record), -ENOENT);
	PL_CHECK_INT(log_ring_get(ring, 1, &record), -ENOENT);
	for (unsigned i = 1; i <= PL_LOG_TAIL_MAX + 10; i++) {
		snprintf(text, sizeof(text), "%u", i);
		PL_CHECK(add(ring, text));
	}
	PL_CHECK_INT(log_ring_newest(ring), PL_LOG_TAIL_MAX + 10);
	PL_CHECK_INT(log_ring_get(ring, 10, &record), -ENOENT);
	PL_CHECK_INT(log_ring_get(ring, 11, &record), 0);
	PL_CHECK_STR(record.json, "11");
	PL_CHECK_INT(log_ring_get(ring, PL_LOG_TAIL_MAX + 10, &record), 0);
	PL_CHECK_STR(record.json, "1010");
	PL_CHECK_INT(record.size, 4);
	PL_CHECK_INT(log_ring_get(ring, PL_LOG_TAIL_MAX + 11, &record), -ENOENT);
	log_ring_free(ring);
}

PL_TEST(memory_is_bounded)
{
	struct log_ring *ring = log_ring_new();
	char *large = malloc(LOG_RING_RECORD_MAX + 2);
	struct pl_log_record record;
	uint64_t n_there = 0;

	PL_CHECK(ring && large);
	memset(large, 'x', LOG_RING_RECORD_MAX + 1);
	large[LOG_RING_RECORD_MAX + 1] = '\0';
	PL_CHECK(!add(ring, large));
	large[LOG_RING_RECORD_MAX] = '\0';
	for (unsigned i = 0; i < PL_LOG_TAIL_MAX; i++)
		PL_CHECK(add(ring, large));
	for (uint64_t i = 1; i <= PL_LOG_TAIL_MAX; i++)
		n_there += log_ring_get(ring, i, &record) == 0;
	PL_CHECK_INT(n_there, LOG_RING_BYTES_MAX / LOG_RING_RECORD_MAX);
	free(large);
	log_ring_free(ring);
}

PL_TEST(what_is_kept_is_utf8)
{
	static const struct {
		const char *given, *kept;
	} cases[] = {
		{"B\xc3\xbchne", "B\xc3\xbchne"},
		{"cut \xc3", "cut ?"},
		{"\xff\xfe ok \xe2\x82\xac", "?? ok \xe2\x82\xac"},
		{"\xe2\x82", "??"},
	};
	struct log_ring *ring = log_ring_new();
	struct pl_log_record record;

	PL_CHECK(ring);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		PL_CHECK(add(ring, cases[i].given));
		PL_CHECK_INT(log_ring_get(ring, i + 1, &record), 0);
		PL_CHECK_STR(record.json, cases[i].kept);
	}
	log_ring_free(ring);
}

/* --- through control ------------------------------------------------------------------- */

struct rig {
	struct pl_log *log;
	struct pl_config config;
	struct pl_control *control;
	unsigned n_told;
};

static void on_record(void *userdata)
{
	struct rig *rig = userdata;

	rig->n_told++;
}

static void rig_init(struct rig *rig)
{
	const struct pl_log_options options = {.service = "partyline", .keep_tail = true};
	struct pl_model model;

	*rig = (struct rig){0};
	pl_config_defaults(&rig->config);
	pl_model_init(&model, 2, 2);
	PL_CHECK_INT(pl_log_new(&options, &rig->log), 0);
	PL_CHECK_INT(pl_control_new(&rig->config, &model, NULL, NULL, NULL, NULL, &rig->control),
		     0);
	pl_control_set_log(rig->control, pl_log_get_ops(), rig->log);
	pl_log_set_listener(rig->log, on_record, rig);
}

static void rig_done(struct rig *rig)
{
	pl_control_free(rig->control);
	pl_log_free(rig->log);
}

PL_TEST(a_reader_has_a_place_of_its_own)
{
	const struct pl_log_filter all = {0}, grave = {.level = PL_LOG_WARNING};
	struct pl_log_record record;
	struct pl_log_cursor cursor;
	struct rig rig;

	rig_init(&rig);
	pl_control_log_seek(rig.control, &all, 5, &cursor);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), -ENOENT);
	pl_log_event(rig.log, PL_LOG_INFO, "a.a", NULL, "one");
	pl_log_event(rig.log, PL_LOG_WARNING, "a.b", NULL, "two");
	pl_log_event(rig.log, PL_LOG_INFO, "a.c", NULL, "three");
	pl_log_error(rig.log, "a.d", -EIO, NULL, NULL, "four");
	PL_CHECK_INT(rig.n_told, 4);

	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), 0);
	PL_CHECK(strstr(record.json, "\"level\":\"info\"") && strstr(record.json, "\"one\""));

	pl_control_log_seek(rig.control, &grave, 1, &cursor);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), 0);
	PL_CHECK(strstr(record.json, "\"a.d\"") && record.level == PL_LOG_ERROR);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), -ENOENT);

	pl_control_log_seek(rig.control, &grave, 100, &cursor);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), 0);
	PL_CHECK(strstr(record.json, "\"a.b\""));

	for (unsigned i = 0; i < 2 * PL_LOG_TAIL_MAX; i++)
		pl_log_event(rig.log, PL_LOG_INFO, "a.e", NULL, "more");
	PL_CHECK_INT(pl_control_log_skip(rig.control, &cursor), PL_LOG_TAIL_MAX + 2);
	PL_CHECK_INT(pl_control_log_skip(rig.control, &cursor), 0);
	rig_done(&rig);
}

static struct json_object *records_of(struct json_object *document)
{
	return json_object_object_get(document, "records");
}

PL_TEST(the_document_has_the_newest)
{
	const struct pl_log_filter all = {0}, grave = {.level = PL_LOG_WARNING};
	struct json_object *document;
	struct rig rig;

	rig_init(&rig);
	for (unsigned i = 0; i < 5; i++)
		pl_log_event(rig.log, i & 1u ? PL_LOG_WARNING : PL_LOG_DEBUG, "a.b", NULL, "%u", i);
	document = pl_describe_log(rig.control, &all, 3);
	PL_CHECK_INT(json_object_array_length(records_of(document)), 3);
	json_object_put(document);
	document = pl_describe_log(rig.control, &grave, 3);
	PL_CHECK_INT(json_object_array_length(records_of(document)), 2);
	PL_CHECK(strstr(
		json_object_to_json_string(json_object_array_get_idx(records_of(document), 1)),
		"\"message\": \"3\""));
	json_object_put(document);
	rig_done(&rig);
}

static void check_event(struct pl_control *control, const char *event, size_t n)
{
	struct pl_log_query query = {.n_lines = PL_LOG_TAIL_MAX};
	struct json_object *document;
	struct pl_error error;

	PL_CHECK_INT(pl_log_query_set(&query, "event", event, &error), 0);
	document = pl_describe_log(control, &query.filter, query.n_lines);
	PL_CHECK_INT(json_object_array_length(records_of(document)), n);
	json_object_put(document);
}

PL_TEST(an_event_is_asked_for_by_its_name_or_its_area)
{
	struct rig rig;

	rig_init(&rig);
	pl_log_event(rig.log, PL_LOG_INFO, "name.updated", NULL, "one");
	pl_log_event(rig.log, PL_LOG_INFO, "name.updated.twice", NULL, "two");
	pl_log_event(rig.log, PL_LOG_INFO, "names.updated", NULL, "three");
	check_event(rig.control, "name", 2);
	check_event(rig.control, "name.updated", 2);
	check_event(rig.control, "name.updated.twice", 1);
	check_event(rig.control, "nam", 0);
	rig_done(&rig);
}

PL_TEST(what_cannot_be_asked_for_is_refused)
{
	static const struct {
		const char *name, *value;
		int code;
	} cases[] = {
		{"lines", "0", 0},
		{"lines", "1000", 0},
		{"lines", "1001", -EINVAL},
		{"lines", "99999999999999999999", -EINVAL},
		{"lines", "-1", -EINVAL},
		{"lines", "", -EINVAL},
		{"lines", "7x", -EINVAL},
		{"level", "warning", 0},
		{"level", "loud", -EINVAL},
		{"event", "ws.log.connected", 0},
		{"event", "", -EINVAL},
		{"event", "a b", -EINVAL},
		{"event", "0123456789012345678901234567890123456789012345678901234567890123",
		 -EINVAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_log_query query = {.n_lines = 7}, before = query;
		struct pl_error error = {0};

		PL_CHECK_INT(pl_log_query_set(&query, cases[i].name, cases[i].value, &error),
			     cases[i].code);
		if (cases[i].code == 0)
			continue;
		PL_CHECK_STR(error.field + 1, cases[i].name);
		PL_CHECK_INT(query.n_lines, before.n_lines);
		PL_CHECK_STR(query.filter.event, "");
	}
}

PL_TEST(who_is_no_admin_reads_nothing)
{
	const struct pl_actor talker = {.face = "http", .name = "x", .role = PL_ROLE_OPERATE};
	const struct pl_actor admin = {.face = "http", .name = "x", .role = PL_ROLE_ADMIN};
	struct pl_error error;
	struct rig rig;

	rig_init(&rig);
	PL_CHECK_INT(pl_control_read_log(rig.control, &talker, &error), -EPERM);
	PL_CHECK_INT(pl_control_read_log(rig.control, &admin, &error), 0);
	rig_done(&rig);
}

PL_TEST_MAIN()
