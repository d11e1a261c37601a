/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#include "bench.h"

static const struct pl_actor admin = {.face = "cli", .name = "t", .role = PL_ROLE_ADMIN};
static const struct pl_actor operator_ = {.face = "http", .name = "t", .role = PL_ROLE_OPERATE};
static const struct pl_actor viewer = {.face = "ws", .name = "t", .role = PL_ROLE_VIEW};

/* What control told of, since bench_start(). */
static struct pl_event events[300];
static unsigned n_events;
static bool event_before_applied; /* a listener heard of it before engine and keeper had it */

static void on_event(void *userdata, const struct pl_event *event)
{
	const struct bench *b = userdata;

	if (!pl_model_equal(event->after, &b->kept_model) ||
	    !pl_model_equal(event->after, pl_control_model(b->control)))
		event_before_applied = true;
	if (event->change >= PL_CHANGE_VALUE && !pl_model_equal(event->after, &b->engine_model))
		event_before_applied = true;
	if (n_events < sizeof(events) / sizeof(events[0]))
		events[n_events++] = *event;
}

static void bench_start(struct bench *b, uint32_t n_tablets, uint32_t n_channels)
{
	n_events = 0;
	event_before_applied = false;
	if (bench_init(b, n_tablets, n_channels, on_event, b) < 0)
		PL_FAIL_("no control");
}

static void bench_stop(struct bench *b)
{
	PL_EXPECT(!b->applied_before_kept);
	PL_EXPECT(!event_before_applied);
	bench_done(b);
}

static unsigned count(enum pl_event_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_events; i++)
		n += events[i].type == type;
	return n;
}

PL_TEST(the_engine_gets_the_initial_state)
{
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(b.n_applied, 1);
	PL_CHECK(pl_model_equal(&b.engine_model, pl_control_model(b.control)));
	PL_CHECK(pl_control_engine_is_connected(b.control));
	bench_stop(&b);
}

PL_TEST(one_crosspoint)
{
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(pl_control_set_uplink(b.control, &operator_, 2, 7, 0.5, &b.error), 0);
	PL_CHECK_NEAR(pl_control_model(b.control)->channel[1].uplink[6], 0.5, 0.0);
	PL_CHECK_INT(n_events, 1);
	PL_CHECK_INT(events[0].type, PL_EVENT_MATRIX);
	PL_CHECK_INT(events[0].change, PL_CHANGE_VALUE);
	PL_CHECK(events[0].uplink_changed && !events[0].downlink_changed);
	PL_CHECK_INT(pl_control_set_downlink(b.control, &operator_, 16, 4, 10.0, &b.error), 0);
	PL_CHECK(!events[1].uplink_changed && events[1].downlink_changed);
	/* the same again: nothing to do, nothing kept */
	PL_CHECK_INT(pl_control_set_downlink(b.control, &operator_, 16, 4, 10.0, &b.error), 0);
	PL_CHECK_INT(n_events, 2);
	PL_CHECK_INT(b.n_kept, 2);
	bench_stop(&b);
}

PL_TEST(set_matrix_replaces_whole_parts)
{
	struct pl_matrix_cell cells[] = {{1, 1, 0.2}, {1, 2, 0.0}, {4, 16, 1.5}};
	struct pl_matrix_rows rows = {3, cells};
	struct pl_matrix_change change = {.uplink = &rows};
	const struct pl_model *m;
	double headroom_db = 6.0;
	struct bench b;

	bench_start(&b, 16, 4);
	m = pl_control_model(b.control);
	PL_CHECK_INT(pl_control_set_matrix(b.control, &operator_, &change, &b.error), 0);
	PL_CHECK_NEAR(m->channel[0].uplink[0], 0.2, 0.0);
	PL_CHECK_INT(m->channel[0].uplink_set, 3);
	PL_CHECK_INT(m->channel[1].uplink_set, 0);
	PL_CHECK_NEAR(m->channel[1].uplink[0], 0.0, 0.0);
	PL_CHECK_NEAR(m->channel[3].uplink[15], 1.5, 0.0);
	PL_CHECK(pl_model_downlink_is_default(m, 0));
	PL_CHECK_NEAR(m->headroom_db, 12.0, 0.0);
	PL_CHECK_INT(b.n_applied, 2);

	change = (struct pl_matrix_change){.headroom_db = &headroom_db};
	PL_CHECK_INT(pl_control_set_matrix(b.control, &operator_, &change, &b.error), 0);
	PL_CHECK_INT(m->channel[0].uplink_set, 3);
	PL_CHECK(events[1].headroom_changed && !events[1].uplink_changed);

	/* an empty part clears it */
	rows.n_cells = 0;
	change = (struct pl_matrix_change){.downlink = &rows};
	PL_CHECK_INT(pl_control_set_matrix(b.control, &operator_, &change, &b.error), 0);
	PL_CHECK_INT(m->tablet[15].downlink_set, 0);
	bench_stop(&b);
}

/** A bad cell anywhere: refused with its place, nothing of the rest is applied. */
PL_TEST(set_matrix_is_all_or_nothing)
{
	static const struct {
		struct pl_matrix_cell cell;
		bool uplink;
		int code;
		const char *field;
	} cases[] = {
		{{5, 1, 0.5}, true, -ENOENT, "/uplink/5"},
		{{0, 1, 0.5}, true, -ENOENT, "/uplink/0"},
		{{1, 17, 0.5}, true, -ENOENT, "/uplink/1/17"},
		{{1, 0, 0.5}, true, -ENOENT, "/uplink/1/0"},
		{{1, 1, -0.001}, true, -EINVAL, "/uplink/1/1"},
		{{1, 1, 10.001}, true, -EINVAL, "/uplink/1/1"},
		{{1, 1, NAN}, true, -EINVAL, "/uplink/1/1"},
		{{1, 1, INFINITY}, true, -EINVAL, "/uplink/1/1"},
		{{17, 1, 0.5}, false, -ENOENT, "/downlink/17"},
		{{16, 5, 0.5}, false, -ENOENT, "/downlink/16/5"},
	};
	struct bench b;

	bench_start(&b, 16, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_matrix_cell cells[] = {{1, 1, 0.9}, cases[i].cell};
		struct pl_matrix_rows rows = {2, cells}, good = {1, cells};
		struct pl_matrix_change change = {
			.uplink = cases[i].uplink ? &rows : &good,
			.downlink = cases[i].uplink ? &good : &rows,
		};

		PL_CHECK_INT(pl_control_set_matrix(b.control, &operator_, &change, &b.error),
			     cases[i].code);
		PL_CHECK_INT(b.error.code, cases[i].code);
		PL_CHECK_STR(b.error.field, cases[i].field);
		PL_CHECK(b.error.message[0]);
	}
	PL_CHECK_INT(n_events, 0);
	PL_CHECK_INT(b.n_kept, 0);
	PL_CHECK_INT(b.n_applied, 1);
	bench_stop(&b);
}

PL_TEST(bad_values_are_refused_by_every_verb)
{
	struct pl_control *c;
	struct pl_model before;
	struct bench b;

	bench_start(&b, 16, 4);
	c = b.control;
	before = *pl_control_model(c);
#define REFUSED(call, wanted_code, wanted_field)                                                   \
	do {                                                                                       \
		PL_CHECK_INT(call, wanted_code);                                                   \
		PL_CHECK_STR(b.error.field, wanted_field);                                         \
	} while (0)
	REFUSED(pl_control_set_uplink(c, &admin, 5, 1, 0.1, &b.error), -ENOENT, "/channel");
	REFUSED(pl_control_set_uplink(c, &admin, 1, 17, 0.1, &b.error), -ENOENT, "/tablet_id");
	REFUSED(pl_control_set_uplink(c, &admin, 1, 1, 11.0, &b.error), -EINVAL, "/gain");
	REFUSED(pl_control_set_downlink(c, &admin, 1, 0, 0.1, &b.error), -ENOENT, "/channel");
	REFUSED(pl_control_set_uniform(c, &admin, 20.5, &b.error), -EINVAL, "/gain_db");
	REFUSED(pl_control_set_headroom(c, &admin, 61.0, &b.error), -EINVAL, "/headroom_db");
	REFUSED(pl_control_set_headroom(c, &admin, -1.0, &b.error), -EINVAL, "/headroom_db");
	REFUSED(pl_control_set_channel_mute(c, &admin, 99, true, &b.error), -ENOENT, "/channel");
	REFUSED(pl_control_set_tablet_mute(c, &admin, 0, true, &b.error), -ENOENT, "/tablet_id");
	REFUSED(pl_control_set_talk_mute(c, &admin, 17, true, &b.error), -ENOENT, "/tablet_id");
	REFUSED(pl_control_set_listen_mute(c, &admin, 17, true, &b.error), -ENOENT, "/tablet_id");
	REFUSED(pl_control_set_mode(c, &admin, 1, PL_TALK_MODE_MAX_, &b.error), -EINVAL, "/mode");
	REFUSED(pl_control_set_sidetone(c, &admin, 1, 1.1, &b.error), -EINVAL, "/sidetone");
	REFUSED(pl_control_set_tablet_name(c, &admin, 1, "\xff", &b.error), -EINVAL, "/name");
	REFUSED(pl_control_set_channel_name(c, &admin, 1, "a\nb", &b.error), -EINVAL, "/name");
	REFUSED(pl_control_set_ramp(c, &admin, 0.5, &b.error), -EINVAL, "/ramp_ms");
	REFUSED(pl_control_set_vox(c, &admin, 1.0, 300.0, &b.error), -EINVAL, "/threshold_db");
	REFUSED(pl_control_set_vox(c, &admin, -40.0, 1e5, &b.error), -EINVAL, "/hang_ms");
	REFUSED(pl_control_set_talk_timeout(c, &admin, 3601.0, &b.error), -EINVAL, "/timeout_s");
	REFUSED(pl_control_press_key(c, &admin, 17, 1, 1, &b.error), -ENOENT, "/tablet_id");
	REFUSED(pl_control_press_key(c, &admin, 1, 5, 1, &b.error), -ENOENT, "/channel");
	REFUSED(pl_control_release_key(c, &admin, 1, 5, &b.error), -ENOENT, "/channel");
	REFUSED(pl_control_release_all(c, &admin, 17, &b.error), -ENOENT, "/tablet_id");
#undef REFUSED
	/* without a place for the error as well */
	PL_CHECK_INT(pl_control_set_headroom(c, &admin, NAN, NULL), -EINVAL);
	PL_CHECK(pl_model_equal(pl_control_model(c), &before));
	PL_CHECK_INT(n_events + b.n_kept, 0);
	bench_stop(&b);
}

PL_TEST(roles)
{
	struct pl_matrix_change nothing = {0};
	struct pl_control *c;
	struct bench b;

	bench_start(&b, 16, 4);
	c = b.control;
	PL_CHECK_INT(pl_control_set_matrix(c, &viewer, &nothing, &b.error), -EPERM);
	PL_CHECK(strstr(b.error.message, "operate"));
	PL_CHECK_INT(pl_control_set_uplink(c, &viewer, 1, 1, 0.1, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_downlink(c, &viewer, 1, 1, 0.1, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_uniform(c, &viewer, -6.0, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_headroom(c, &viewer, 6.0, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_channel_mute(c, &viewer, 1, true, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_tablet_mute(c, &viewer, 1, true, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_talk_mute(c, &viewer, 1, true, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_listen_mute(c, &viewer, 1, true, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_mode(c, &viewer, 1, PL_TALK_MODE_VOX, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_sidetone(c, &viewer, 1, 0.1, NULL), -EPERM);
	PL_CHECK_INT(pl_control_press_key(c, &viewer, 1, 1, 1, NULL), -EPERM);
	PL_CHECK_INT(pl_control_release_key(c, &viewer, 1, 1, NULL), -EPERM);
	PL_CHECK_INT(pl_control_release_all(c, &viewer, 0, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_tablet_name(c, &operator_, 1, "x", NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_channel_name(c, &operator_, 1, "x", NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_party_line(c, &operator_, false, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_ramp(c, &operator_, 10.0, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_vox(c, &operator_, -50.0, 100.0, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_talk_timeout(c, &operator_, 10.0, NULL), -EPERM);
	PL_CHECK_INT(pl_control_set_busy_refusal(c, &operator_, true, NULL), -EPERM);
	PL_CHECK_INT(pl_control_reload_config(c, &operator_, NULL), -EPERM);
	PL_CHECK_INT(pl_control_reset(c, &operator_, NULL), -EPERM);
	PL_CHECK_INT(n_events + b.n_kept, 0);
	bench_stop(&b);
}

PL_TEST(mutes_are_told_one_by_one)
{
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(pl_control_set_channel_mute(b.control, &operator_, 3, true, NULL), 0);
	PL_CHECK_INT(events[0].type, PL_EVENT_CHANNEL_MUTE);
	PL_CHECK_INT(events[0].channel_id, 3);
	PL_CHECK_INT(events[0].tablet_id, 0);
	PL_CHECK_INT(events[0].ts_usec > 0, 1);
	PL_CHECK_INT(pl_control_set_tablet_mute(b.control, &operator_, 16, true, NULL), 0);
	PL_CHECK_INT(pl_control_set_talk_mute(b.control, &operator_, 16, true, NULL), 0);
	PL_CHECK_INT(pl_control_set_listen_mute(b.control, &operator_, 15, true, NULL), 0);
	PL_CHECK_INT(count(PL_EVENT_TABLET_MUTE), 3);
	PL_CHECK_INT(events[3].tablet_id, 15);
	/* a first "false" is shown in the documents from now on, but nothing is heard of it */
	PL_CHECK_INT(pl_control_set_channel_mute(b.control, &operator_, 1, false, NULL), 0);
	PL_CHECK_INT(events[4].type, PL_EVENT_CHANNEL_MUTE);
	PL_CHECK_INT(events[4].change, PL_CHANGE_NONE);
	PL_CHECK_INT(pl_control_model(b.control)->channel_mute_set, 5);
	PL_CHECK_INT(b.n_applied, 5);
	bench_stop(&b);
}

PL_TEST(the_time_of_a_key_reaches_the_engine)
{
	struct pl_actor line = {.face = "gpio", .name = "t", .role = PL_ROLE_OPERATE};
	struct bench b;

	bench_start(&b, 16, 4);
	line.key_nsec = 12345;
	PL_CHECK_INT(pl_control_press_key(b.control, &line, 1, 2, 1, NULL), 0);
	PL_CHECK_INT(b.keys_nsec, 12345);
	line.key_nsec = 23456;
	PL_CHECK_INT(pl_control_release_key(b.control, &line, 1, 2, NULL), 0);
	PL_CHECK_INT(b.keys_nsec, 23456);
	PL_CHECK_INT(b.n_applied, 3);

	/* Who does not know the time, and what is not about keys, does not speak of any. */
	b.keys_nsec = 0;
	line.key_nsec = 0;
	PL_CHECK_INT(pl_control_press_key(b.control, &line, 1, 2, 1, NULL), 0);
	line.key_nsec = 34567;
	PL_CHECK_INT(pl_control_set_channel_mute(b.control, &line, 1, true, NULL), 0);
	PL_CHECK_INT(b.keys_nsec, 0);
	PL_CHECK_INT(b.n_applied, 5);
	bench_stop(&b);
}

PL_TEST(keys_and_their_history)
{
	struct pl_key_record records[PL_KEY_HISTORY_MAX + 1];
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 2, 7, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 2, 9, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 5, 2, 1, NULL), 0);
	PL_CHECK_INT(pl_control_release_key(b.control, &operator_, 1, 2, NULL), 0);
	PL_CHECK_INT(pl_control_release_key(b.control, &operator_, 1, 2, NULL), 0);
	PL_CHECK_INT(n_events, 3);
	PL_CHECK_INT(events[0].type, PL_EVENT_KEY_DOWN);
	PL_CHECK_INT(events[0].priority, 7);
	PL_CHECK_INT(events[2].type, PL_EVENT_KEY_UP);
	PL_CHECK_INT(b.n_kept_keys_only, 3);

	PL_CHECK_INT(pl_control_key_history(b.control, records, PL_KEY_HISTORY_MAX), 3);
	PL_CHECK(records[0].down && records[0].tablet_id == 1 && records[0].channel_id == 2 &&
		 records[0].priority == 7 && records[0].ts_usec > 0);
	PL_CHECK(!records[2].down && records[2].priority == 1);

	for (unsigned i = 0; i < PL_KEY_HISTORY_MAX; i++)
		PL_CHECK_INT(i % 2 ? pl_control_release_key(b.control, &operator_, 3, 3, NULL)
				   : pl_control_press_key(b.control, &operator_, 3, 3, i, NULL),
			     0);
	PL_CHECK_INT(pl_control_key_history(b.control, records, PL_KEY_HISTORY_MAX + 1),
		     PL_KEY_HISTORY_MAX);
	PL_CHECK_INT(records[0].priority, 0);
	PL_CHECK_INT(records[998].priority, 998);
	PL_CHECK_INT(pl_control_key_history(b.control, records, 2), 2);
	PL_CHECK_INT(records[0].priority, 998);

	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 1, 1, NULL), 0);
	PL_CHECK_INT(pl_control_release_all(b.control, &operator_, 0, NULL), 0);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[0].keys, 0);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[4].keys, 0);
	bench_stop(&b);
}

PL_TEST(leaving_latch_releases)
{
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(pl_control_set_mode(b.control, &operator_, 2, PL_TALK_MODE_LATCH, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 2, 1, 1, NULL), 0);
	PL_CHECK_INT(pl_control_set_mode(b.control, &operator_, 2, PL_TALK_MODE_LATCH, NULL), 0);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[1].keys, 1);
	PL_CHECK_INT(pl_control_set_mode(b.control, &operator_, 2, PL_TALK_MODE_MOMENTARY, NULL),
		     0);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[1].keys, 0);
	PL_CHECK_INT(count(PL_EVENT_KEY_UP), 1);
	PL_CHECK_INT(count(PL_EVENT_MATRIX), 2);
	bench_stop(&b);
}

PL_TEST(busy_refusal)
{
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 1, 1, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 2, 1, 1, NULL), 0);
	PL_CHECK_INT(pl_control_set_busy_refusal(b.control, &admin, true, NULL), 0);
	/* who is on stays on, and may press again */
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 2, 1, 1, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 3, 1, 1, &b.error), -EBUSY);
	PL_CHECK_STR(b.error.field, "/channel");
	PL_CHECK_STR(b.error.message, "channel 1 is busy: tablet 1 holds its key");
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 3, 2, 1, &b.error), 0);
	PL_CHECK_INT(pl_control_release_all(b.control, &operator_, 1, NULL), 0);
	PL_CHECK_INT(pl_control_release_all(b.control, &operator_, 2, NULL), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 3, 1, 1, &b.error), 0);
	bench_stop(&b);
}

static uint64_t monotonic_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

PL_TEST(time_out_timer)
{
	uint64_t early, late, next;
	struct bench b;

	bench_start(&b, 16, 4);
	early = monotonic_usec();
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 2, 1, NULL), 0);
	late = monotonic_usec();
	PL_CHECK(pl_control_run_timeouts(b.control, late + 1000000000u) == UINT64_MAX);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[0].keys, 2);

	PL_CHECK_INT(pl_control_set_talk_timeout(b.control, &admin, 30.0, NULL), 0);
	next = pl_control_run_timeouts(b.control, late);
	PL_CHECK(next >= early + 30000000u && next <= late + 30000000u);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[0].keys, 2);

	/* Without a disk the key must still be tried again. */
	b.keep_result = -ENOSPC;
	PL_CHECK(pl_control_run_timeouts(b.control, next) <= next + 1000000u);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[0].keys, 2);
	b.keep_result = 0;

	PL_CHECK(pl_control_run_timeouts(b.control, next) == UINT64_MAX);
	PL_CHECK_INT(pl_control_model(b.control)->tablet[0].keys, 0);
	PL_CHECK_INT(events[n_events - 1].type, PL_EVENT_KEY_UP);
	PL_CHECK_STR(events[n_events - 1].actor->name, "time-out timer");
	bench_stop(&b);
}

PL_TEST(a_refusal_names_the_folder_and_the_way_out)
{
	static const struct {
		int keep_result, code;
		const char *message;
	} cases[] = {
		{-ENOSPC, -ENOSPC, "no space left in \"/s\"; make room there"},
		{-EDQUOT, -ENOSPC, "no space left in \"/s\"; make room there"},
		{-ENOMEM, -ENOMEM, "this machine is out of memory"},
		{-EROFS, -EIO, "could not be kept in \"/s\" and nothing has changed: Read-only"},
	};

	for (unsigned i = 0; i < 4; i++) {
		struct bench b;

		bench_start(&b, 16, 4);
		snprintf(b.config.state_directory, sizeof(b.config.state_directory), "/s");
		snprintf(b.config.runtime_directory, sizeof(b.config.runtime_directory), "/r");
		b.keep_result = cases[i].keep_result;
		PL_CHECK_INT(pl_control_set_headroom(b.control, &operator_, 3.0, &b.error),
			     cases[i].code);
		PL_CHECK_INT(b.error.code, cases[i].code);
		PL_CHECK(strstr(b.error.message, cases[i].message));
		if (cases[i].code == -ENOSPC) {
			pl_control_press_key(b.control, &operator_, 1, 1, 1, &b.error);
			PL_CHECK(strstr(b.error.message, "in \"/r\""));
		}
		bench_stop(&b);
	}
}

PL_TEST(what_cannot_be_kept_does_not_happen)
{
	struct pl_model before;
	struct bench b;

	bench_start(&b, 16, 4);
	before = *pl_control_model(b.control);
	b.keep_result = -ENOSPC;
	PL_CHECK_INT(pl_control_set_headroom(b.control, &operator_, 3.0, &b.error), -ENOSPC);
	PL_CHECK_INT(b.error.code, -ENOSPC);
	PL_CHECK(strstr(b.error.message, "no space left"));
	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 1, 1, &b.error), -ENOSPC);
	PL_CHECK(pl_model_equal(pl_control_model(b.control), &before));
	PL_CHECK(pl_model_equal(&b.engine_model, &before));
	PL_CHECK(pl_model_equal(&b.kept_model, &before));
	PL_CHECK_INT(n_events, 0);
	b.keep_result = 0;
	PL_CHECK_INT(pl_control_set_headroom(b.control, &operator_, 3.0, &b.error), 0);
	bench_stop(&b);
}

PL_TEST(what_the_engine_refuses_is_taken_back)
{
	struct pl_model before;
	struct bench b;

	bench_start(&b, 16, 4);
	before = *pl_control_model(b.control);
	b.apply_result = -EPROTO;
	PL_CHECK_INT(pl_control_set_headroom(b.control, &operator_, 3.0, &b.error), -EIO);
	PL_CHECK(strstr(b.error.message, "engine"));
	PL_CHECK(pl_model_equal(pl_control_model(b.control), &before));
	PL_CHECK(pl_model_equal(&b.kept_model, &before));
	PL_CHECK_INT(n_events, 0);
	/* a name is nothing for the engine */
	PL_CHECK_INT(pl_control_set_tablet_name(b.control, &admin, 1, "Desk", &b.error), 0);
	PL_CHECK_INT(events[0].type, PL_EVENT_NAME);
	PL_CHECK_INT(events[0].change, PL_CHANGE_NONE);
	bench_stop(&b);
}

PL_TEST(uniform_and_reset)
{
	struct pl_model wanted;
	struct bench b;

	bench_start(&b, 16, 4);
	PL_CHECK_INT(pl_control_set_uniform(b.control, &operator_, -6.0, NULL), 0);
	PL_CHECK_NEAR(pl_control_model(b.control)->tablet[15].downlink[3], 0.5011872336272722,
		      1e-15);
	PL_CHECK_INT(pl_control_set_uniform(b.control, &operator_, -240.0, NULL), 0);
	PL_CHECK_NEAR(pl_control_model(b.control)->channel[3].uplink[15], 0.0, 0.0);
	PL_CHECK_INT(pl_control_set_uniform(b.control, &operator_, -12.0, NULL), 0);
	PL_CHECK(pl_model_uplink_is_default(pl_control_model(b.control), 3));

	PL_CHECK_INT(pl_control_press_key(b.control, &operator_, 1, 1, 1, NULL), 0);
	PL_CHECK_INT(pl_control_set_channel_mute(b.control, &operator_, 1, true, NULL), 0);
	PL_CHECK_INT(pl_control_set_tablet_name(b.control, &admin, 1, "Desk", NULL), 0);
	PL_CHECK_INT(pl_control_set_headroom(b.control, &admin, 1.0, NULL), 0);
	n_events = 0;
	PL_CHECK_INT(pl_control_reset(b.control, &admin, NULL), 0);
	PL_CHECK_INT(count(PL_EVENT_MATRIX), 1);
	PL_CHECK_INT(count(PL_EVENT_CHANNEL_MUTE), 1);
	PL_CHECK_INT(count(PL_EVENT_KEY_UP), 1);
	PL_CHECK_INT(count(PL_EVENT_NAME), 1);
	pl_model_init(&wanted, 16, 4);
	PL_CHECK(pl_model_equal(pl_control_model(b.control), &wanted));
	bench_stop(&b);
}

static void remove_me(void *userdata, const struct pl_event *event)
{
	struct pl_listener **both = userdata;

	pl_control_remove_listener((struct pl_control *)both[1], both[0]);
	both[0] = NULL;
}

PL_TEST(a_listener_may_remove_itself)
{
	struct pl_listener once;
	void *both[2];
	struct bench b;

	bench_start(&b, 2, 2);
	once = (struct pl_listener){.on_event = remove_me, .userdata = both};
	both[0] = &once;
	both[1] = b.control;
	pl_control_remove_listener(b.control, &b.listener);
	pl_control_add_listener(b.control, &once);
	pl_control_add_listener(b.control, &b.listener);
	PL_CHECK_INT(pl_control_set_headroom(b.control, &admin, 1.0, NULL), 0);
	PL_CHECK(!both[0]);
	PL_CHECK_INT(pl_control_set_headroom(b.control, &admin, 2.0, NULL), 0);
	PL_CHECK_INT(n_events, 2);
	pl_control_engine_changed(b.control);
	PL_CHECK_INT(events[2].type, PL_EVENT_ENGINE);
	bench_stop(&b);
}

PL_TEST(change_classes)
{
	struct pl_model a, b;

	pl_model_init(&a, 16, 4);
	b = a;
	PL_CHECK_INT(pl_change_class(&a, &b), PL_CHANGE_NONE);
	b.busy_refusal = true;
	b.talk_timeout_s = 3.0;
	PL_CHECK_INT(pl_change_class(&a, &b), PL_CHANGE_NONE);
	b.tablet[0].sidetone = 0.1;
	PL_CHECK_INT(pl_change_class(&a, &b), PL_CHANGE_VALUE);
	b.n_tablets = 17;
	PL_CHECK_INT(pl_change_class(&a, &b), PL_CHANGE_DEVICE);
}

PL_TEST_MAIN()
