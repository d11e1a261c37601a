/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "json-strict.h"
#include "log-events.h"
#include "log.h"

static const struct pl_actor admin = {.face = "http", .name = "10.0.0.1", .role = PL_ROLE_ADMIN};

struct place {
	char folder[64];
	char file[96];
};

static void place_make(struct place *p)
{
	snprintf(p->folder, sizeof(p->folder), "/tmp/partyline-test-XXXXXX");
	if (!mkdtemp(p->folder))
		abort();
	snprintf(p->file, sizeof(p->file), "%s/a/system.log", p->folder);
}

static void place_remove(const struct place *p)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", p->folder);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	if (system(command) != 0)
		abort();
}

static struct pl_log *open_log(const struct place *p, enum pl_log_level level,
			       uint64_t rotate_bytes)
{
	struct pl_log_options options = {.service = "partyline",
					 .level = level,
					 .file = p->file,
					 .rotate_bytes = rotate_bytes,
					 .keep_days = 10};
	struct pl_log *log = NULL;

	if (pl_log_new(&options, &log) < 0)
		PL_FAIL_("no log");
	return log;
}

/** Line n of the file, from 0, without its end. */
static const char *read_line(const char *file, unsigned n, char *line, size_t size)
{
	FILE *f = fopen(file, "re");
	bool found = false;

	if (!f)
		return NULL;
	for (unsigned i = 0; i <= n; i++)
		found = fgets(line, (int)size, f) != NULL;
	fclose(f);
	if (!found)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/** Checks stamp and level; @return the record's tree */
static struct json_object *record_of(const char *line, const char *level)
{
	static const char shape[] = "dddd-dd-dd dd:dd:dd.ddd | ";
	struct json_object *tree = NULL;
	char wanted[16], reason[128];

	for (size_t i = 0; line && shape[i]; i++) {
		bool digit = line[i] >= '0' && line[i] <= '9';

		if (shape[i] == 'd' ? !digit : line[i] != shape[i]) {
			PL_FAIL_("stamp of %s", line);
			return NULL;
		}
	}
	snprintf(wanted, sizeof(wanted), "%-5s | ", level);
	if (!line || strncmp(line + sizeof(shape) - 1, wanted, strlen(wanted)) != 0) {
		PL_FAIL_("level of %s", line ? line : "(nothing)");
		return NULL;
	}
	line += sizeof(shape) - 1 + strlen(wanted);
	if (pl_json_parse(line, strlen(line), &tree, reason, sizeof(reason)) < 0)
		PL_FAIL_("%s: %s", line, reason);
	return tree;
}

static const char *member(struct json_object *tree, const char *key)
{
	struct json_object *value = NULL;

	if (!tree || !json_object_object_get_ex(tree, key, &value))
		return "(none)";
	return json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

PL_TEST(lines_are_mission_controls)
{
	struct json_object *record, *data = json_object_new_object();
	struct pl_log *log;
	struct place p;
	char line[2048];

	place_make(&p);
	log = open_log(&p, PL_LOG_INFO, 0);
	json_object_object_add(data, "a", json_object_new_int(1));
	pl_log_event(log, PL_LOG_INFO, "api.startup", data, "Up with %d \"quotes\"", 2);
	pl_log_event(log, PL_LOG_DEBUG, "health.check", NULL, "not written");
	pl_log_error(log, "ws.vu.error", -ECONNRESET, NULL, NULL, "A client");
	pl_log_set_level(log, PL_LOG_DEBUG);
	pl_log_event(log, PL_LOG_DEBUG, "health.check", NULL, "written");
	pl_log_free(log);

	record = record_of(read_line(p.file, 0, line, sizeof(line)), "INFO");
	PL_CHECK_INT(json_object_object_length(record), 5);
	PL_CHECK_NEAR(strtod(member(record, "ts"), NULL), (double)time(NULL), 120.0);
	PL_CHECK_STR(member(record, "service"), "partyline");
	PL_CHECK_STR(member(record, "event_type"), "api.startup");
	PL_CHECK_STR(member(record, "message"), "Up with 2 \"quotes\"");
	PL_CHECK_STR(member(record, "data"), "{\"a\":1}");
	json_object_put(record);

	record = record_of(read_line(p.file, 1, line, sizeof(line)), "ERROR");
	PL_CHECK_STR(member(record, "event_type"), "ws.vu.error");
	PL_CHECK_STR(member(record, "data"), "{}");
	PL_CHECK_STR(member(record, "error"), "Connection reset by peer");
	json_object_put(record);
	record = record_of(read_line(p.file, 2, line, sizeof(line)), "DEBUG");
	PL_CHECK_STR(member(record, "event_type"), "health.check");
	json_object_put(record);
	PL_CHECK(!read_line(p.file, 3, line, sizeof(line)));
	place_remove(&p);
}

static unsigned count_files(const struct place *p, off_t *ret_largest)
{
	char folder[80], path[400];
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/a", p->folder);
	dir = opendir(folder);
	*ret_largest = 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (dir && (entry = readdir(dir))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		n++;
		if (st.st_size > *ret_largest)
			*ret_largest = st.st_size;
	}
	if (dir)
		closedir(dir);
	return n;
}

PL_TEST(full_files_are_renamed_and_old_ones_deleted)
{
	char old[160], foreign[160];
	struct timespec ages[2] = {{0, 0}, {0, 0}};
	struct pl_log *log;
	struct place p;
	off_t largest;
	int fd;

	place_make(&p);
	log = open_log(&p, PL_LOG_INFO, 4096);
	for (unsigned i = 0; i < 200; i++)
		pl_log_event(log, PL_LOG_INFO, "api.startup", NULL, "record %u", i);
	PL_CHECK(count_files(&p, &largest) >= 5);
	PL_CHECK(largest > 3500 && largest <= 4096);
	pl_log_free(log);

	/* One of eleven days ago goes, a stranger's file stays. */
	snprintf(old, sizeof(old), "%s/a/system.2020-01-01_00-00-00_000000.log", p.folder);
	snprintf(foreign, sizeof(foreign), "%s/a/system.notes.log", p.folder);
	ages[0].tv_sec = ages[1].tv_sec = time(NULL) - (time_t)11 * 86400;
	for (unsigned i = 0; i < 2; i++) {
		fd = open(i ? foreign : old, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		PL_CHECK(fd >= 0 && futimens(fd, ages) == 0);
		close(fd);
	}
	log = open_log(&p, PL_LOG_INFO, 4096);
	PL_CHECK(access(old, F_OK) < 0);
	PL_CHECK(access(foreign, F_OK) == 0);
	pl_log_free(log);
	place_remove(&p);
}

PL_TEST(a_log_that_cannot_be_written_is_no_obstacle)
{
	struct pl_log_options options = {.service = "partyline", .file = "/dev/null/x/system.log"};
	struct pl_log *log = NULL;

	PL_CHECK_INT(pl_log_new(&options, &log), -ENOTDIR);
	PL_CHECK(log);
	pl_log_event(log, PL_LOG_INFO, "api.startup", NULL, "goes nowhere");
	pl_log_free(log);
	pl_log_event(NULL, PL_LOG_INFO, "api.startup", json_object_new_object(), "no log at all");
}

static bool connected;

static int apply(void *engine, const struct pl_model *before, const struct pl_model *after)
{
	return 0;
}

static bool is_connected(void *engine)
{
	return connected;
}

PL_TEST(every_change_is_logged_under_its_name)
{
	static const struct {
		const char *level, *event, *data;
	} wanted[] = {
		{"INFO", "matrix.updated",
		 "{\"by\":\"http 10.0.0.1\",\"uplink_changed\":false,\"downlink_changed\":false,"
		 "\"headroom_changed\":true}"},
		{"INFO", "channel.mute", "{\"by\":\"http 10.0.0.1\",\"channel\":2,\"mute\":true}"},
		{"INFO", "tablet.mute",
		 "{\"by\":\"http 10.0.0.1\",\"tablet_id\":3,\"mute\":true,\"talk_mute\":false,"
		 "\"listen_mute\":false}"},
		{"INFO", "ptt.request",
		 "{\"by\":\"http 10.0.0.1\",\"tablet_id\":1,\"channel\":4,\"priority\":9}"},
		{"INFO", "ptt.release",
		 "{\"by\":\"http 10.0.0.1\",\"tablet_id\":1,\"channel\":4,\"priority\":1}"},
		{"INFO", "name.updated",
		 "{\"by\":\"http 10.0.0.1\",\"tablet_id\":1,\"name\":\"Desk\"}"},
		{"WARNING", "engine.stopped", "{\"by\":\"internal\"}"},
		{"INFO", "engine.start", "{\"by\":\"internal\"}"},
	};
	static const struct pl_engine_ops ops = {.apply = apply, .is_connected = is_connected};
	struct pl_log_events *events = NULL;
	struct pl_control *control = NULL;
	struct pl_config config;
	struct pl_model model;
	struct pl_log *log;
	struct place p;
	char line[2048];

	place_make(&p);
	log = open_log(&p, PL_LOG_INFO, 0);
	pl_config_defaults(&config);
	pl_model_init(&model, 16, 4);
	PL_CHECK_INT(pl_control_new(&config, &model, &ops, NULL, NULL, NULL, &control), 0);
	PL_CHECK_INT(pl_log_events_new(control, log, &events), 0);
	PL_CHECK_INT(pl_control_set_headroom(control, &admin, 6.0, NULL), 0);
	PL_CHECK_INT(pl_control_set_channel_mute(control, &admin, 2, true, NULL), 0);
	PL_CHECK_INT(pl_control_set_tablet_mute(control, &admin, 3, true, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(control, &admin, 1, 4, 9, NULL), 0);
	PL_CHECK_INT(pl_control_release_key(control, &admin, 1, 4, NULL), 0);
	PL_CHECK_INT(pl_control_set_tablet_name(control, &admin, 1, "Desk", NULL), 0);
	pl_control_engine_changed(control);
	connected = true;
	pl_control_engine_changed(control);
	pl_log_events_free(events);
	pl_control_free(control);
	pl_log_free(log);

	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct json_object *record =
			record_of(read_line(p.file, i, line, sizeof(line)), wanted[i].level);

		PL_CHECK_STR(member(record, "event_type"), wanted[i].event);
		PL_CHECK_STR(member(record, "data"), wanted[i].data);
		json_object_put(record);
	}
	place_remove(&p);
}

PL_TEST_MAIN()
