/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "echostream-clock.h"
#include "pltest.h"

#define FRAMES 1920u
#define PACKET_NSEC UINT64_C(40000000)
#define START UINT64_C(1000000000000)

struct network {
	double loss;      /* share */
	double jitter_ms; /* uniform */
	double ppm;       /* of the sender's clock */
};

static uint64_t random_state;

static double uniform(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(random_state >> 11) / 9007199254740992.0;
}

struct result {
	struct pl_echo_clock clock;
	unsigned n_lost, n_refused, n_backward;
	double error_ms_min, error_ms_max; /* of the timestamps against the true ones */
};

/** n packets of one talk through a network that keeps their order. */
static struct result talk(const struct network *network, unsigned n)
{
	struct result result = {.error_ms_min = INFINITY, .error_ms_max = -INFINITY};
	uint64_t arrival = START;
	uint32_t first = 0, last = 0;
	bool has_first = false;

	random_state = 4711;
	for (unsigned i = 0; i < n; i++) {
		double sent = (double)i * (double)PACKET_NSEC * (1.0 - network->ppm * 1e-6);
		uint64_t came = START + (uint64_t)(sent + uniform() * network->jitter_ms * 1e6);
		struct pl_echo_stamp stamp;
		double error;

		if (i > 0 && uniform() < network->loss) {
			result.n_lost++;
			continue;
		}
		arrival = came > arrival ? came : arrival;
		if (!pl_echo_clock_stamp(&result.clock, FRAMES, arrival, &stamp)) {
			result.n_refused++;
			continue;
		}
		if (!has_first)
			first = stamp.timestamp;
		else if ((int32_t)(stamp.timestamp - last) < (int32_t)FRAMES)
			result.n_backward++;
		has_first = true;
		last = stamp.timestamp;
		error = (double)(stamp.timestamp - first) / 48.0 - (double)i * 40.0;
		result.error_ms_min = fmin(result.error_ms_min, error);
		result.error_ms_max = fmax(result.error_ms_max, error);
	}
	return result;
}

PL_TEST(nothing_lost_nothing_missing)
{
	struct result r = talk(&(struct network){0}, 10000);

	PL_EXPECT(r.clock.n_missing == 0 && r.n_refused == 0 && r.n_backward == 0);
	PL_EXPECT(r.error_ms_min == 0.0 && r.error_ms_max == 0.0);
}

PL_TEST(what_is_lost_is_missing_where_it_was)
{
	static const double jitters[] = {0.0, 10.0, 25.0};

	for (unsigned i = 0; i < 3; i++) {
		struct result r =
			talk(&(struct network){.loss = 0.05, .jitter_ms = jitters[i]}, 15000);

		PL_EXPECT(r.n_lost > 600);
		PL_EXPECT(r.clock.n_missing <= r.n_lost + 1 && r.clock.n_missing >= r.n_lost - 6);
		/* never more than a packet from the truth, after ten minutes as in the first second */
		PL_EXPECT(r.error_ms_min >= -40.0 && r.error_ms_max <= 40.0);
		PL_EXPECT(r.n_refused == 0 && r.n_backward == 0);
	}
}

PL_TEST(delay_is_no_loss)
{
	static const double jitters[] = {20.0, 60.0, 120.0, 190.0};

	for (unsigned i = 0; i < 4; i++) {
		struct result r = talk(&(struct network){.jitter_ms = jitters[i]}, 90000);

		/* taken for missing: what makes up for the greatest delay, once */
		PL_EXPECT((double)r.clock.n_missing <= jitters[i] / 40.0 + 1.0);
		PL_EXPECT(r.error_ms_min >= -40.0 && r.error_ms_max <= jitters[i] + 40.0);
		PL_EXPECT(r.n_refused == 0 && r.n_backward == 0);
	}
}

PL_TEST(an_hour_of_another_clock)
{
	static const double ppms[] = {-200.0, 200.0};

	for (unsigned i = 0; i < 2; i++) {
		struct result r = talk(&(struct network){.jitter_ms = 10.0, .ppm = ppms[i]}, 90000);

		PL_EXPECT(r.clock.n_missing == 0);
		PL_EXPECT(r.error_ms_min == 0.0 && r.error_ms_max == 0.0);
		r = talk(&(struct network){.loss = 0.1, .jitter_ms = 10.0, .ppm = ppms[i]}, 90000);
		PL_EXPECT(r.error_ms_min >= -40.0 && r.error_ms_max <= 40.0);
	}
}

PL_TEST(silence_keeps_its_length)
{
	struct pl_echo_clock clock = {0};
	struct pl_echo_stamp a, b;

	PL_CHECK(pl_echo_clock_stamp(&clock, FRAMES, START, &a));
	PL_EXPECT(a.marker);
	PL_CHECK(pl_echo_clock_stamp(&clock, FRAMES, START + PACKET_NSEC, &b));
	PL_EXPECT(!b.marker && b.sequence == 1 && b.timestamp - a.timestamp == FRAMES);
	PL_CHECK(pl_echo_clock_stamp(&clock, FRAMES, START + 10000000000u, &b));
	PL_EXPECT(b.marker && b.sequence == 2);
	PL_CHECK_NEAR(b.timestamp - a.timestamp, 480000, 1);
	PL_EXPECT(clock.n_missing == 0);
	/* and the anchor is new: 30 ms later than the grid of before is no delay */
	PL_CHECK(pl_echo_clock_stamp(&clock, FRAMES, START + 20030000000u, &b));
	PL_CHECK(pl_echo_clock_stamp(&clock, FRAMES, START + 20070000000u, &b));
	PL_EXPECT(clock.n_missing == 0 && b.sequence == 4);
}

PL_TEST(two_at_once_are_too_many)
{
	struct pl_echo_clock clock = {0};
	struct pl_echo_stamp stamp;
	unsigned n_refused = 0;

	for (unsigned i = 0; i < 1000; i++)
		n_refused +=
			!pl_echo_clock_stamp(&clock, FRAMES, START + i * PACKET_NSEC / 2, &stamp);
	/* half of them, but for what may be ahead */
	PL_EXPECT(n_refused >= 485 && n_refused <= 500);
}

PL_TEST_MAIN()
