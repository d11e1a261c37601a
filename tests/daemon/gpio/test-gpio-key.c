/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <stdlib.h>

#include "key.h"
#include "level.h"

#define MS UINT64_C(1000000)

/* Edges and time go in, the key's changes are written down. */
struct bench {
	struct pl_gpio_key key;
	struct pl_gpio_key_change changes[64];
	unsigned n_changes;
};

static void begin(struct bench *b, uint64_t debounce_ms, uint64_t hold_off_ms, uint64_t timeout_ms,
		  bool latch)
{
	const struct pl_gpio_key_options options = {
		.debounce_nsec = debounce_ms * MS,
		.hold_off_nsec = hold_off_ms * MS,
		.timeout_nsec = timeout_ms * MS,
		.latch = latch,
	};

	memset(b, 0, sizeof(*b));
	pl_gpio_key_init(&b->key, &options);
}

static void run(struct bench *b, uint64_t ms)
{
	struct pl_gpio_key_change change;

	while (pl_gpio_key_step(&b->key, ms * MS, &change))
		if (b->n_changes < 64)
			b->changes[b->n_changes++] = change;
}

static void edge(struct bench *b, uint64_t ms, bool closed)
{
	run(b, ms);
	pl_gpio_key_edge(&b->key, closed, ms * MS);
	run(b, ms);
}

#define CHECK_CHANGE(b, i, is_down, ms)                                                            \
	do {                                                                                       \
		PL_CHECK((b)->n_changes > (i));                                                    \
		PL_CHECK((b)->changes[i].down == (is_down));                                       \
		PL_CHECK_INT((b)->changes[i].nsec, (ms)*MS);                                       \
	} while (0)

PL_TEST(clean_edges_act_at_once)
{
	struct bench b;

	begin(&b, 0, 0, 0, false);
	edge(&b, 10, true);
	CHECK_CHANGE(&b, 0, true, 10);
	PL_CHECK(pl_gpio_key_next(&b.key) == UINT64_MAX);
	edge(&b, 25, false);
	CHECK_CHANGE(&b, 1, false, 25);
	PL_CHECK_INT(b.n_changes, 2);
	PL_CHECK_INT(b.key.n_edges, 2);
	PL_CHECK_INT(b.key.n_bounces, 0);
}

PL_TEST(bounce_is_one_press)
{
	struct bench b;

	begin(&b, 5, 0, 0, false);
	for (unsigned i = 0; i < 7; i++)
		edge(&b, 100 + i, i % 2 == 0);
	PL_CHECK_INT(b.n_changes, 0);
	PL_CHECK_INT(pl_gpio_key_next(&b.key), 111 * MS);
	run(&b, 110);
	PL_CHECK_INT(b.n_changes, 0);
	run(&b, 111);
	CHECK_CHANGE(&b, 0, true, 111);
	/* Heard of late, and still at its time. */
	for (unsigned i = 0; i < 5; i++)
		edge(&b, 200 + i, i % 2 != 0);
	run(&b, 500);
	CHECK_CHANGE(&b, 1, false, 209);
	PL_CHECK_INT(b.n_changes, 2);
	PL_CHECK_INT(b.key.n_edges, 12);
	PL_CHECK_INT(b.key.n_bounces, 10);
}

PL_TEST(a_spike_is_nothing)
{
	struct bench b;

	begin(&b, 5, 0, 0, false);
	edge(&b, 10, true);
	edge(&b, 12, false);
	run(&b, 1000);
	PL_CHECK_INT(b.n_changes, 0);
	PL_CHECK_INT(b.key.n_bounces, 2);
	PL_CHECK(pl_gpio_key_next(&b.key) == UINT64_MAX);
}

PL_TEST(what_ran_out_before_an_edge_comes_before_it)
{
	struct bench b;

	begin(&b, 5, 0, 0, false);
	edge(&b, 10, true);
	/* The loop slept: both edges are read at once, 90 ms later. */
	edge(&b, 60, false);
	run(&b, 100);
	CHECK_CHANGE(&b, 0, true, 15);
	CHECK_CHANGE(&b, 1, false, 65);
}

PL_TEST(an_edge_said_twice_is_one)
{
	struct bench b;

	begin(&b, 5, 0, 0, false);
	edge(&b, 10, true);
	edge(&b, 14, true);
	run(&b, 15);
	CHECK_CHANGE(&b, 0, true, 15);
	PL_CHECK_INT(b.key.n_edges, 1);
}

PL_TEST(hold_off_keeps_the_key_down)
{
	struct bench b;

	begin(&b, 0, 300, 0, false);
	edge(&b, 1000, true);
	edge(&b, 2000, false);
	PL_CHECK_INT(b.n_changes, 1);
	PL_CHECK_INT(pl_gpio_key_next(&b.key), 2300 * MS);
	/* Pressed again meanwhile: it never went up. */
	edge(&b, 2200, true);
	run(&b, 3000);
	PL_CHECK_INT(b.n_changes, 1);
	edge(&b, 3000, false);
	run(&b, 3299);
	PL_CHECK_INT(b.n_changes, 1);
	run(&b, 5000);
	CHECK_CHANGE(&b, 1, false, 3300);
}

PL_TEST(a_stuck_key_is_released_until_it_comes_up)
{
	struct bench b;

	begin(&b, 5, 300, 60000, false);
	edge(&b, 0, true);
	run(&b, 60004);
	PL_CHECK_INT(b.n_changes, 1);
	PL_CHECK(!b.key.stuck);
	run(&b, 60005);
	CHECK_CHANGE(&b, 1, false, 60005);
	PL_CHECK(b.key.stuck);
	run(&b, 500000);
	PL_CHECK_INT(b.n_changes, 2);
	PL_CHECK(pl_gpio_key_next(&b.key) == UINT64_MAX);
	/* Noise of the contact does not free it. */
	edge(&b, 600000, false);
	edge(&b, 600002, true);
	run(&b, 600100);
	PL_CHECK(b.key.stuck);
	PL_CHECK_INT(b.n_changes, 2);
	edge(&b, 700000, false);
	run(&b, 700005);
	PL_CHECK(!b.key.stuck);
	PL_CHECK_INT(b.n_changes, 2);
	edge(&b, 800000, true);
	run(&b, 800005);
	CHECK_CHANGE(&b, 2, true, 800005);
}

PL_TEST(time_out_ends_a_hold_off_too)
{
	struct bench b;

	begin(&b, 0, 5000, 6000, false);
	edge(&b, 0, true);
	edge(&b, 2000, false);
	run(&b, 10000);
	CHECK_CHANGE(&b, 1, false, 6000);
	PL_CHECK(!b.key.stuck);
	PL_CHECK_INT(b.n_changes, 2);
}

PL_TEST(latch_toggles)
{
	struct bench b;

	begin(&b, 5, 0, 0, true);
	edge(&b, 0, true);
	edge(&b, 100, false);
	run(&b, 200);
	CHECK_CHANGE(&b, 0, true, 5);
	PL_CHECK_INT(b.n_changes, 1);
	edge(&b, 1000, true);
	edge(&b, 1100, false);
	run(&b, 1200);
	CHECK_CHANGE(&b, 1, false, 1005);
	PL_CHECK_INT(b.n_changes, 2);
}

PL_TEST(latch_with_hold_off_can_be_taken_back)
{
	struct bench b;

	begin(&b, 0, 300, 0, true);
	edge(&b, 0, true);
	edge(&b, 50, false);
	edge(&b, 1000, true); /* off in 300 ms … */
	edge(&b, 1050, false);
	edge(&b, 1200, true); /* … or not */
	edge(&b, 1250, false);
	run(&b, 3000);
	PL_CHECK_INT(b.n_changes, 1);
	edge(&b, 4000, true);
	run(&b, 5000);
	CHECK_CHANGE(&b, 1, false, 4300);
}

PL_TEST(latch_follows_what_others_do)
{
	struct bench b;

	begin(&b, 0, 0, 10000, true);
	edge(&b, 0, true);
	edge(&b, 50, false);
	pl_gpio_key_sync(&b.key, false, 1000 * MS);
	edge(&b, 2000, true);
	edge(&b, 2050, false);
	CHECK_CHANGE(&b, 1, true, 2000);
	pl_gpio_key_sync(&b.key, false, 3000 * MS);
	pl_gpio_key_sync(&b.key, true, 4000 * MS);
	/* Nobody's hand is on it: the time-out counts from when it was pressed. */
	run(&b, 20000);
	CHECK_CHANGE(&b, 2, false, 14000);
	PL_CHECK(!b.key.stuck);
	/* Not for a momentary key: its contact decides. */
	begin(&b, 0, 0, 0, false);
	edge(&b, 0, true);
	pl_gpio_key_sync(&b.key, false, 1);
	PL_CHECK(b.key.down);
}

/** Any edges at any times: the key is down as the contact is once all has come to rest. */
PL_TEST(a_key_from_before_ends_with_its_contact)
{
	static const struct {
		bool is_closed;           /* at 100 ms, when it is taken over */
		uint64_t opens_ms, up_ms; /* 0: never opens */
	} rows[] = {{true, 103, 113}, {true, 500, 510}, {false, 0, 110}, {true, 0, 2100}};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;

		begin(&b, 10, 0, 2000, false);
		pl_gpio_key_edge(&b.key, rows[i].is_closed, 100 * MS);
		pl_gpio_key_take_over(&b.key, 100 * MS);
		PL_CHECK(b.key.down);
		run(&b, 102);
		PL_CHECK(b.n_changes == 0);
		if (rows[i].opens_ms)
			edge(&b, rows[i].opens_ms, false);
		run(&b, 3000);
		PL_CHECK(b.n_changes == 1);
		CHECK_CHANGE(&b, 0, false, rows[i].up_ms);
		PL_CHECK(b.key.stuck == (rows[i].is_closed && !rows[i].opens_ms));
	}
}

PL_TEST(whatever_the_contact_does_the_key_ends_with_it)
{
	srand(5);
	for (unsigned round = 0; round < 2000; round++) {
		struct bench b;
		uint64_t now = 0, last_nsec = 0;
		bool closed = false, was_down = false;
		uint64_t hold_off = round % 3 == 0 ? 40 : 0;

		begin(&b, round % 4 * 5, hold_off, 0, false);
		for (unsigned i = 0; i < 40; i++) {
			now += (uint64_t)(rand() % 12);
			closed = rand() % 2;
			b.n_changes = 0;
			edge(&b, now, closed);
			for (unsigned c = 0; c < b.n_changes; c++) {
				PL_CHECK(b.changes[c].down != was_down);
				PL_CHECK(b.changes[c].nsec >= last_nsec);
				PL_CHECK(b.changes[c].nsec <= now * MS);
				was_down = b.changes[c].down;
				last_nsec = b.changes[c].nsec;
			}
		}
		run(&b, now + 1000);
		PL_CHECK(b.key.down == closed);
		PL_CHECK(b.key.n_bounces <= b.key.n_edges);
		PL_CHECK(pl_gpio_key_next(&b.key) == UINT64_MAX);
	}
}

PL_TEST(level_with_threshold_and_hang)
{
	struct pl_gpio_level level;

	pl_gpio_level_init(&level, -40.0, 300 * MS);
	PL_CHECK(!pl_gpio_level_update(&level, 0.0099f, 1 * MS));
	PL_CHECK(pl_gpio_level_update(&level, 0.0101f, 20 * MS));
	PL_CHECK(pl_gpio_level_update(&level, 0.0f, 319 * MS));
	PL_CHECK(!pl_gpio_level_update(&level, 0.0f, 320 * MS));
	PL_CHECK(!pl_gpio_level_update(&level, NAN, 330 * MS));
	PL_CHECK(pl_gpio_level_update(&level, 1.0f, 340 * MS));
	PL_CHECK(pl_gpio_level_update(&level, NAN, 350 * MS));

	pl_gpio_level_init(&level, -20.0, 0);
	PL_CHECK(pl_gpio_level_update(&level, 0.2f, 1));
	PL_CHECK(!pl_gpio_level_update(&level, 0.05f, 1));
}

PL_TEST_MAIN()
