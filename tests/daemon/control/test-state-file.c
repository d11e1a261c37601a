/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "gateway.h"
#include "state-file.h"

static const struct pl_actor actor = {.face = "cli", .name = "test", .role = PL_ROLE_ADMIN};

struct place {
	char root[64], state[96], run[96];
};

static void place_make(struct place *p)
{
	snprintf(p->root, sizeof(p->root), "/tmp/partyline-test-XXXXXX");
	if (!mkdtemp(p->root))
		abort();
	snprintf(p->state, sizeof(p->state), "%s/a/state", p->root);
	snprintf(p->run, sizeof(p->run), "%s/run", p->root);
}

static void place_remove(const struct place *p)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", p->root);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	if (system(command) != 0)
		abort();
}

static struct pl_state_file *open_file(const struct place *p)
{
	struct pl_state_file *file = NULL;
	char reason[512];

	if (pl_state_file_open(p->state, p->run, &file, reason, sizeof(reason)) < 0)
		printf("%s\n", reason);
	return file;
}

static void put_text(const struct place *p, bool state, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", state ? p->state : p->run, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static bool is_there(const struct place *p, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", p->state, name);
	return access(path, F_OK) == 0;
}

/** Load with a file of its own, as a new process would. */
static int load(const struct place *p, uint32_t n_tablets, uint32_t n_channels,
		struct pl_model *ret_model, struct pl_state_report *ret_report)
{
	struct pl_state_file *file = open_file(p);
	int r = file ? pl_state_file_load(file, n_tablets, n_channels, 12.0, ret_model, ret_report)
		     : -EBADF;

	pl_state_file_close(file);
	return r;
}

PL_TEST(first_start_has_the_defaults_and_the_configured_headroom)
{
	struct pl_state_report report;
	struct pl_model model, wanted;
	struct pl_state_file *file;
	struct place p;

	place_make(&p);
	file = open_file(&p);
	PL_CHECK(file);
	PL_CHECK_INT(pl_state_file_load(file, 16, 4, 6.5, &model, &report), 0);
	PL_CHECK_INT(report.n_problems, 0);
	pl_model_init(&wanted, 16, 4);
	wanted.headroom_db = 6.5;
	PL_CHECK(pl_model_equal(&model, &wanted));
	pl_state_file_close(file);
	place_remove(&p);
}

PL_TEST(what_is_kept_comes_back)
{
	struct pl_state_report report;
	struct pl_model model, again;
	struct pl_state_file *file;
	struct place p;

	place_make(&p);
	file = open_file(&p);
	PL_CHECK_INT(pl_state_file_load(file, 16, 4, 12.0, &model, &report), 0);
	model.channel[2].uplink[5] = 1.0 / 3.0;
	model.tablet[3].keys = 0x6;
	strcpy(model.tablet[1].name, "Desk");
	PL_CHECK_INT(pl_state_file_keeper()->keep(file, &model, false), 0);
	model.tablet[4].keys = 0x1;
	PL_CHECK_INT(pl_state_file_keeper()->keep(file, &model, true), 0);
	pl_state_file_close(file);

	PL_CHECK_INT(load(&p, 16, 4, &again, &report), 0);
	PL_CHECK_INT(report.n_problems, 0);
	PL_CHECK(pl_model_equal(&model, &again));
	/* a smaller matrix drops what lies beyond, and is no damage */
	PL_CHECK_INT(load(&p, 4, 2, &again, &report), 0);
	PL_CHECK_INT(report.n_problems, 0);
	PL_CHECK_INT(again.tablet[3].keys, 0x2);
	place_remove(&p);
}

PL_TEST(keys_of_another_boot_are_released)
{
	struct pl_state_report report;
	struct pl_model model;
	struct place p;

	place_make(&p);
	PL_CHECK_INT(load(&p, 16, 4, &model, &report), 0);
	put_text(&p, false, "keys.json",
		 "{\"version\":1,\"keys\":{\"1\":[1]},\"boot_id\":\"another\"}");
	PL_CHECK_INT(load(&p, 16, 4, &model, &report), 0);
	PL_CHECK_INT(report.n_problems, 0);
	PL_CHECK_INT(model.tablet[0].keys, 0);
	put_text(&p, false, "keys.json", "{\"version\":1,\"keys\":{\"1\":[");
	PL_CHECK_INT(load(&p, 16, 4, &model, &report), 0);
	PL_CHECK_INT(report.n_problems, 1);
	PL_CHECK(strstr(report.problem[0], "keys.json is damaged"));
	place_remove(&p);
}

static int find_bad(const struct place *p)
{
	char command[160];

	snprintf(command, sizeof(command), "test $(ls '%s' | grep -c 'state.json.bad-') = 1",
		 p->state);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	return system(command) == 0;
}

PL_TEST(a_damaged_state_is_moved_aside_and_the_one_before_taken)
{
	static const char *const damages[] = {"", "{\"version\":1,\"headroom_db\":", "{}",
					      "{\"version\":1,\"headroom_db\":1e9}", "\x00\xff"};

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct pl_state_report report;
		struct pl_model model;
		struct pl_state_file *file;
		struct place p;

		place_make(&p);
		file = open_file(&p);
		PL_CHECK_INT(pl_state_file_load(file, 16, 4, 12.0, &model, &report), 0);
		model.headroom_db = 3.0;
		PL_CHECK_INT(pl_state_file_keeper()->keep(file, &model, false), 0);
		model.headroom_db = 4.0;
		PL_CHECK_INT(pl_state_file_keeper()->keep(file, &model, false), 0);
		pl_state_file_close(file);

		put_text(&p, true, "state.json", damages[i]);
		PL_CHECK_INT(load(&p, 16, 4, &model, &report), 0);
		PL_CHECK_INT(report.n_problems, 2);
		PL_CHECK(strstr(report.problem[0], "state.json was damaged"));
		PL_CHECK_NEAR(model.headroom_db, 3.0, 0.0);
		PL_CHECK(find_bad(&p));
		PL_CHECK(!is_there(&p, "state.json"));
		/* Nothing was kept since: the next start still finds it. */
		PL_CHECK_INT(load(&p, 16, 4, &model, &report), 0);
		PL_CHECK_NEAR(model.headroom_db, 3.0, 0.0);
		place_remove(&p);
	}
}

PL_TEST(two_daemons_do_not_share_a_state)
{
	struct pl_state_file *file, *other = NULL;
	char reason[512] = "";
	struct place p;

	place_make(&p);
	file = open_file(&p);
	PL_CHECK(file);
	PL_CHECK_INT(pl_state_file_open(p.state, p.run, &other, reason, sizeof(reason)), -EBUSY);
	PL_CHECK(strstr(reason, "another Partyline (process "));
	PL_CHECK(strstr(reason, p.state));
	PL_CHECK(!other);
	pl_state_file_close(file);
	file = open_file(&p);
	PL_CHECK(file);
	pl_state_file_close(file);
	place_remove(&p);
}

PL_TEST(a_folder_that_cannot_be_is_named)
{
	struct pl_state_file *file = NULL;
	char reason[512] = "";
	struct place p;

	place_make(&p);
	PL_CHECK_INT(pl_state_file_open("/dev/null/x", p.run, &file, reason, sizeof(reason)),
		     -ENOTDIR);
	PL_CHECK(strstr(reason, "/dev/null/x"));
	PL_CHECK(strstr(reason, "state_directory"));
	place_remove(&p);
}

/* --- kill -9 ------------------------------------------------------------------------ */

/**
 * Step n of the storm: n is in three places of the settings, its low bits are keys. All of
 * it goes by the real verbs.
 */
static int storm_step(struct pl_control *control, uint32_t n)
{
	double gain = (double)n * 1e-6, headroom_db = (double)(n % 61);
	struct pl_matrix_cell up[2] = {{1, 1, gain}, {4, 16, gain}}, down = {16, 4, gain};
	struct pl_matrix_rows uplink = {2, up}, downlink = {1, &down};
	struct pl_matrix_change change = {&uplink, &downlink, &headroom_db};
	int r;

	r = pl_control_set_matrix(control, &actor, &change, NULL);
	for (uint32_t c = 1; r == 0 && c <= 4; c++) {
		if (n & (1u << (c - 1)))
			r = pl_control_press_key(control, &actor, 1, c, 1, NULL);
		else
			r = pl_control_release_key(control, &actor, 1, c, NULL);
	}
	return r;
}

static _Noreturn void storm(const struct place *p, uint32_t first, int confirm)
{
	struct pl_state_report report;
	struct pl_control *control = NULL;
	struct pl_model model;
	struct pl_config config;
	struct pl_state_file *file = open_file(p);

	pl_config_defaults(&config);
	if (!file || pl_state_file_load(file, 16, 4, 12.0, &model, &report) < 0 ||
	    pl_control_new(&config, &model, NULL, NULL, pl_state_file_keeper(), file, &control) < 0)
		_exit(1);
	for (uint32_t n = first;; n++) {
		if (storm_step(control, n) < 0 || write(confirm, &n, sizeof(n)) != sizeof(n))
			_exit(2);
	}
}

static uint32_t settings_step(const struct pl_model *m)
{
	return (uint32_t)lround(m->channel[0].uplink[0] * 1e6);
}

/** The settings are of one step, whole. */
static bool settings_are_whole(const struct pl_model *m)
{
	uint32_t n = settings_step(m);

	return m->channel[0].uplink[0] == (double)n * 1e-6 &&
	       m->channel[3].uplink[15] == m->channel[0].uplink[0] &&
	       m->tablet[15].downlink[3] == m->channel[0].uplink[0] &&
	       m->headroom_db == (double)(n % 61) && m->channel[0].uplink_set == 1;
}

/** Keys on the way from step n to step n + 1, bit by bit. */
static bool keys_are_between(uint32_t keys, uint32_t n)
{
	for (uint32_t done = 0; done <= 4; done++) {
		uint32_t low = (1u << done) - 1u;

		if (keys == (((n + 1) & low) | (n & 0xf & ~low)))
			return true;
	}
	return false;
}

/** Steps from `first` on, each told to fd when it is kept; never returns. */
typedef void (*storm_t)(const struct place *place, uint32_t first, int fd);

/**
 * A storm in a process of its own, until `wanted` is confirmed and a moment longer: any moment within a
 * step is right.
 *
 * @param confirmed  so far
 * @return the last that was confirmed; UINT32_MAX: it did not come to its end by the signal
 */
static uint32_t storm_and_kill(const struct place *place, storm_t storm_from, uint32_t confirmed,
			       uint32_t wanted)
{
	struct timespec pause = {.tv_nsec = rand() % 3000000};
	int fds[2], status = 0;
	uint32_t n;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return UINT32_MAX;
	child = fork();
	if (child == 0) {
		close(fds[0]);
		storm_from(place, confirmed + 1, fds[1]);
	}
	close(fds[1]);
	while (child > 0 && confirmed < wanted && read(fds[0], &n, sizeof(n)) == sizeof(n))
		confirmed = n;
	nanosleep(&pause, NULL);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	while (read(fds[0], &n, sizeof(n)) == sizeof(n))
		confirmed = n;
	close(fds[0]);
	return WIFSIGNALED(status) ? confirmed : UINT32_MAX;
}

PL_TEST(kill_9_in_a_storm_loses_nothing_confirmed)
{
	struct pl_state_report report;
	struct pl_model model;
	uint32_t confirmed = 0;
	struct place p;

	place_make(&p);
	srand(2);
	for (unsigned round = 0; round < 40; round++) {
		uint32_t wanted = confirmed + 1 + (uint32_t)(rand() % 5);
		uint32_t keys, at;

		confirmed = storm_and_kill(&p, storm, confirmed, wanted);
		PL_CHECK(confirmed != UINT32_MAX);
		PL_CHECK_INT(load(&p, 16, 4, &model, &report), 0);
		PL_CHECK_INT(report.n_problems, 0);
		PL_CHECK(settings_are_whole(&model));
		at = settings_step(&model);
		keys = (uint32_t)model.tablet[0].keys;
		if (at == confirmed)
			PL_CHECK_INT(keys, confirmed & 0xf);
		else
			PL_CHECK_INT(at, confirmed + 1);
		PL_CHECK(keys_are_between(keys, confirmed));
		/* The next storm goes on from what may be half a step. */
		confirmed = at;
	}
	place_remove(&p);
}

/* --- what verbs add to the gateway ----------------------------------------------------- */

static struct pl_stream_def added_stream(uint32_t n)
{
	struct pl_stream_def stream;

	pl_stream_def_init(&stream, PL_STREAM_RTP);
	snprintf(stream.id, sizeof(stream.id), "s-%u", n);
	stream.endpoint = (struct pl_endpoint){false, 1};
	stream.way = PL_STREAM_RECEIVE;
	stream.local_port = (uint16_t)(5004 + 2 * (n % 1000));
	stream.secret_size = 44;
	memset(stream.secret, (int)(n & 0xff), stream.secret_size);
	return stream;
}

static int load_gateway(const struct place *p, struct pl_gateway_kept *ret_kept,
			struct pl_state_report *ret_report)
{
	struct pl_state_file *file = open_file(p);
	int r = file ? pl_state_file_load_gateway(file, ret_kept, ret_report) : -EBADF;

	pl_state_file_close(file);
	return r;
}

/** Step n adds the stream n, then removes the one before: at any time there are one or two. */
static _Noreturn void gateway_storm(const struct place *p, uint32_t first, int confirm)
{
	struct pl_state_report report;
	struct pl_control *control = NULL;
	struct pl_gateway_kept kept;
	struct pl_model model;
	struct pl_config config;
	struct pl_state_file *file = open_file(p);
	char id[PL_GATEWAY_ID_MAX];

	pl_config_defaults(&config);
	pl_model_init(&model, 16, 4);
	if (!file || pl_state_file_load_gateway(file, &kept, &report) < 0 ||
	    pl_control_new(&config, &model, NULL, NULL, pl_state_file_keeper(), file, &control) <
		    0 ||
	    pl_control_set_gateway_kept(control, &kept) < 0)
		_exit(1);
	for (uint32_t n = first;; n++) {
		struct pl_stream_def stream = added_stream(n);
		int r = pl_control_add_stream(control, &actor, &stream, NULL);

		if (r < 0 && r != -EEXIST)
			_exit(2);
		snprintf(id, sizeof(id), "s-%u", n - 1);
		r = pl_control_remove_stream(control, &actor, id, NULL);
		if ((r < 0 && r != -ENOENT) || write(confirm, &n, sizeof(n)) != sizeof(n))
			_exit(3);
	}
}

PL_TEST(kill_9_loses_no_stream_that_was_confirmed)
{
	uint32_t confirmed = 0;
	struct place p;

	place_make(&p);
	srand(3);
	for (unsigned round = 0; round < 20; round++) {
		struct pl_gateway_kept kept;
		struct pl_state_report report;
		struct pl_stream_def wanted;
		const struct pl_stream_def *last;

		confirmed = storm_and_kill(&p, gateway_storm, confirmed, confirmed + 2);
		PL_CHECK(confirmed != UINT32_MAX);
		PL_CHECK_INT(load_gateway(&p, &kept, &report), 0);
		PL_CHECK_INT(report.n_problems, 0);
		PL_CHECK(kept.added.n_streams == 1 || kept.added.n_streams == 2);
		last = &kept.added.streams[kept.added.n_streams - 1];
		wanted = added_stream(confirmed);
		/* Half a step is taken up again by the next storm. */
		if (strcmp(last->id, wanted.id) != 0)
			wanted = added_stream(confirmed + 1);
		wanted.origin = PL_ORIGIN_ADDED;
		PL_CHECK(pl_stream_def_equal(last, &wanted));
		pl_gateway_kept_done(&kept);
	}
	place_remove(&p);
}

PL_TEST(what_was_added_is_for_the_owner_only)
{
	struct pl_gateway_kept kept = {0}, again;
	struct pl_stream_def stream = added_stream(7);
	struct pl_state_report report;
	struct pl_state_file *file;
	char path[160];
	struct stat st;
	struct place p;

	place_make(&p);
	PL_CHECK_INT(load_gateway(&p, &again, &report), 0);
	PL_CHECK_INT(again.added.n_streams, 0);
	file = open_file(&p);
	PL_CHECK_INT(pl_gateway_add_stream(&kept.added, &stream), 0);
	PL_CHECK_INT(pl_state_file_keeper()->keep_gateway(file, &kept), 0);
	pl_state_file_close(file);
	snprintf(path, sizeof(path), "%s/gateway.json", p.state);
	PL_CHECK_INT(stat(path, &st), 0);
	PL_CHECK_INT(st.st_mode & 0777, 0600);
	PL_CHECK_INT(load_gateway(&p, &again, &report), 0);
	PL_CHECK_INT(again.added.n_streams, 1);
	PL_CHECK_INT(again.added.streams[0].secret[43], 7);
	pl_gateway_kept_done(&again);
	pl_gateway_kept_done(&kept);
	place_remove(&p);
}

PL_TEST(a_damaged_gateway_file_is_moved_aside_and_told)
{
	static const char *const texts[] = {"", "{", "[]", "{\"version\":2}",
					    "{\"version\":1,\"streams\":[{\"id\":\"A\"}]}"};
	struct pl_state_report report;
	struct pl_gateway_kept kept;
	struct place p;

	place_make(&p);
	pl_state_file_close(open_file(&p));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_text(&p, true, "gateway.json", texts[i]);
		PL_CHECK_INT(load_gateway(&p, &kept, &report), 0);
		PL_CHECK_INT(report.n_problems, 1);
		PL_CHECK(strstr(report.problem[0], "gateway.json was damaged"));
		PL_CHECK_INT(kept.added.n_streams, 0);
		PL_CHECK(!is_there(&p, "gateway.json"));
	}
	PL_CHECK(strstr(report.problem[0], "/streams/0/id"));
	place_remove(&p);
}

PL_TEST_MAIN()
