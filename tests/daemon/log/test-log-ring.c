/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "config.h"
#include "log-ring.h"
#include "log.h"
#include "pltest.h"

static bool add(struct log_ring *ring, const char *text)
{
	return log_ring_add(ring, PL_LOG_INFO, text, strlen(text));
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
	struct pl_log_record record;
	struct pl_log_cursor cursor;
	struct rig rig;

	rig_init(&rig);
	pl_control_log_seek(rig.control, PL_LOG_DEBUG, 5, &cursor);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), -ENOENT);
	pl_log_event(rig.log, PL_LOG_INFO, "a.a", NULL, "one");
	pl_log_event(rig.log, PL_LOG_WARNING, "a.b", NULL, "two");
	pl_log_event(rig.log, PL_LOG_INFO, "a.c", NULL, "three");
	pl_log_error(rig.log, "a.d", -EIO, NULL, NULL, "four");
	PL_CHECK_INT(rig.n_told, 4);

	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), 0);
	PL_CHECK(strstr(record.json, "\"level\":\"info\"") && strstr(record.json, "\"one\""));

	pl_control_log_seek(rig.control, PL_LOG_WARNING, 1, &cursor);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), 0);
	PL_CHECK(strstr(record.json, "\"a.d\"") && record.level == PL_LOG_ERROR);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), -ENOENT);

	pl_control_log_seek(rig.control, PL_LOG_WARNING, 100, &cursor);
	PL_CHECK_INT(pl_control_log_next(rig.control, &cursor, &record), 0);
	PL_CHECK(strstr(record.json, "\"a.b\""));

	for (unsigned i = 0; i < 2 * PL_LOG_TAIL_MAX; i++)
		pl_log_event(rig.log, PL_LOG_INFO, "a.e", NULL, "more");
	PL_CHECK_INT(pl_control_log_skip(rig.control, &cursor), PL_LOG_TAIL_MAX + 2);
	PL_CHECK_INT(pl_control_log_skip(rig.control, &cursor), 0);
	rig_done(&rig);
}

PL_TEST(the_document_has_the_newest)
{
	struct json_object *array;
	struct rig rig;

	rig_init(&rig);
	for (unsigned i = 0; i < 5; i++)
		pl_log_event(rig.log, i & 1u ? PL_LOG_WARNING : PL_LOG_DEBUG, "a.b", NULL, "%u", i);
	array = pl_describe_log(rig.control, PL_LOG_DEBUG, 3);
	PL_CHECK_INT(json_object_array_length(array), 3);
	json_object_put(array);
	array = pl_describe_log(rig.control, PL_LOG_WARNING, 3);
	PL_CHECK_INT(json_object_array_length(array), 2);
	PL_CHECK(strstr(json_object_to_json_string(json_object_array_get_idx(array, 1)),
			"\"message\": \"3\""));
	json_object_put(array);
	rig_done(&rig);
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
