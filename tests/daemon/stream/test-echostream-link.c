/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "echostream-link.h"
#include "pltest.h"

#define SECOND UINT64_C(1000000)

static char text[PL_ECHO_WRITE_MAX], reason[128];
static size_t length;

static int join(struct pl_echo_link *link, const char *channel_id, uint64_t now)
{
	const struct pl_echo_identity identity = {"1", "n", "a", channel_id};

	return pl_echo_link_join(link, &identity, now);
}

static enum pl_echo_action next(struct pl_echo_link *link, uint64_t now)
{
	return pl_echo_link_next(link, now, now / SECOND, text, &length);
}

static int message(struct pl_echo_link *link, const char *m)
{
	return pl_echo_link_message(link, m, strlen(m), reason, sizeof(reason));
}

/** It says this verb for this channel now. */
static bool says(struct pl_echo_link *link, uint64_t now, const char *verb, const char *channel_id)
{
	char head[64], tail[64];

	if (next(link, now) != PL_ECHO_DO_SEND || length != strlen(text))
		return false;
	snprintf(head, sizeof(head), "{\"%s\":{", verb);
	snprintf(tail, sizeof(tail), "\"channel_id\":\"%s\",\"time\":%u}}", channel_id,
		 (unsigned)(now / SECOND));
	return strncmp(text, head, strlen(head)) == 0 && length > strlen(tail) &&
	       strcmp(text + length - strlen(tail), tail) == 0;
}

static bool is_silent(struct pl_echo_link *link, uint64_t now)
{
	return next(link, now) == PL_ECHO_DO_NOTHING;
}

/** Runs it up to the time: every deadline once. @return how often it spoke */
static unsigned run_until(struct pl_echo_link *link, uint64_t until)
{
	unsigned n = 0;

	for (uint64_t now; (now = pl_echo_link_deadline(link)) <= until; n++)
		if (next(link, now) == PL_ECHO_DO_NOTHING)
			break;
	return n;
}

PL_TEST(four_channels_join_and_are_kept_alive)
{
	static const char *const ids[] = {"555", "556", "557", "558"};
	struct pl_echo_link *link;
	uint64_t now = 100 * SECOND;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	PL_CHECK(is_silent(link, now));
	PL_CHECK(pl_echo_link_deadline(link) == UINT64_MAX);
	for (int i = 0; i < 4; i++)
		PL_CHECK_INT(join(link, ids[i], now), i);
	PL_CHECK(pl_echo_link_deadline(link) <= now);
	PL_CHECK_INT(next(link, now), PL_ECHO_DO_CONNECT);
	PL_CHECK(is_silent(link, now + 5 * SECOND));
	now += 5 * SECOND;
	pl_echo_link_opened(link, now);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 4; i++) {
			uint64_t due = now + PL_ECHO_REST_USEC + i * PL_ECHO_PACE_USEC;

			due += (unsigned)round * PL_ECHO_KEEP_ALIVE_USEC;
			PL_CHECK(pl_echo_link_deadline(link) == due);
			PL_CHECK(is_silent(link, due - 1));
			PL_CHECK(says(link, due, "connect", ids[i]));
			PL_CHECK(is_silent(link, due));
		}
	}
	pl_echo_link_free(link);
}

PL_TEST(sixty_four_channels_all_stay_alive)
{
	struct pl_echo_link *link;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	for (unsigned i = 0; i < PL_ECHO_MEMBERS_MAX; i++) {
		char id[8];

		snprintf(id, sizeof(id), "%u", i);
		PL_CHECK(join(link, id, 0) >= 0);
	}
	PL_CHECK_INT(join(link, "more", 0), -ENOSPC);
	PL_CHECK_INT(next(link, 0), PL_ECHO_DO_CONNECT);
	pl_echo_link_opened(link, 0);
	PL_CHECK_INT(run_until(link, 10 * SECOND), 64);
	PL_CHECK_INT(run_until(link, 20 * SECOND), 64);
	pl_echo_link_free(link);
}

PL_TEST(a_key_waits_for_nothing)
{
	struct pl_echo_link *link;
	uint64_t now = SECOND;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	join(link, "555", now);
	join(link, "556", now);
	PL_CHECK_INT(next(link, now), PL_ECHO_DO_CONNECT);
	/* before the WebSocket is open: told as soon as it is, after who it is */
	pl_echo_link_transmit(link, 1, true);
	PL_CHECK(is_silent(link, now));
	pl_echo_link_opened(link, now);
	PL_CHECK(pl_echo_link_deadline(link) == 0);
	PL_CHECK(says(link, now, "connect", "556"));
	PL_CHECK(says(link, now, "transmit_started", "556"));
	PL_CHECK(is_silent(link, now));
	/* between paced messages */
	PL_CHECK(says(link, now + PL_ECHO_REST_USEC, "connect", "555"));
	pl_echo_link_transmit(link, 0, true);
	pl_echo_link_transmit(link, 1, false);
	PL_CHECK(says(link, now + PL_ECHO_REST_USEC, "transmit_started", "555"));
	PL_CHECK(says(link, now + PL_ECHO_REST_USEC, "transmit_ended", "556"));
	PL_CHECK(is_silent(link, now + PL_ECHO_REST_USEC));
	pl_echo_link_free(link);
}

PL_TEST(a_short_press_is_told_of)
{
	struct pl_echo_link *link;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	join(link, "555", 0);
	next(link, 0);
	/* while there is no connection it is not */
	pl_echo_link_transmit(link, 0, true);
	pl_echo_link_transmit(link, 0, false);
	pl_echo_link_opened(link, 0);
	PL_CHECK(is_silent(link, 0));
	pl_echo_link_transmit(link, 0, true);
	pl_echo_link_transmit(link, 0, false);
	PL_CHECK(says(link, 0, "connect", "555"));
	PL_CHECK(says(link, 0, "transmit_started", "555"));
	PL_CHECK(says(link, 0, "transmit_ended", "555"));
	PL_CHECK(is_silent(link, 0));
	pl_echo_link_transmit(link, 0, true);
	pl_echo_link_leave(link, 0);
	PL_CHECK(says(link, 0, "transmit_started", "555"));
	PL_CHECK(says(link, 0, "transmit_ended", "555"));
	PL_CHECK(pl_echo_link_deadline(link) == UINT64_MAX);
	pl_echo_link_free(link);
}

PL_TEST(a_held_key_outlives_the_connection)
{
	struct pl_echo_link *link;
	uint64_t now = SECOND;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	join(link, "555", now);
	next(link, now);
	pl_echo_link_opened(link, now);
	pl_echo_link_transmit(link, 0, true);
	PL_CHECK(says(link, now, "connect", "555"));
	PL_CHECK(says(link, now, "transmit_started", "555"));
	pl_echo_link_closed(link, now);
	now = pl_echo_link_deadline(link);
	PL_CHECK_INT(next(link, now), PL_ECHO_DO_CONNECT);
	pl_echo_link_opened(link, now);
	PL_CHECK(says(link, now, "connect", "555"));
	PL_CHECK(says(link, now, "transmit_started", "555"));
	/* and one that is let go meanwhile is not told of */
	pl_echo_link_closed(link, now);
	pl_echo_link_transmit(link, 0, false);
	now = pl_echo_link_deadline(link);
	next(link, now);
	pl_echo_link_opened(link, now);
	PL_CHECK(is_silent(link, now));
	PL_CHECK(says(link, now + PL_ECHO_REST_USEC, "connect", "555"));
	PL_CHECK(is_silent(link, now + PL_ECHO_REST_USEC));
	pl_echo_link_free(link);
}

/** Delay until it connects again after this failure, seconds. */
static double fail(struct pl_echo_link *link, uint64_t *now)
{
	uint64_t began = *now;

	pl_echo_link_closed(link, *now);
	*now = pl_echo_link_deadline(link);
	if (!is_silent(link, *now - 1) || next(link, *now) != PL_ECHO_DO_CONNECT)
		return -1.0;
	return (double)(*now - began) / (double)SECOND;
}

PL_TEST(one_second_doubled_up_to_sixty)
{
	static const double delays[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	double spread = 0.0;

	for (uint64_t seed = 0; seed < 50; seed++) {
		struct pl_echo_link *link;
		uint64_t now = 10 * SECOND;

		PL_CHECK_INT(pl_echo_link_new(seed * 7919, &link), 0);
		join(link, "555", now);
		PL_CHECK_INT(next(link, now), PL_ECHO_DO_CONNECT);
		for (unsigned i = 0; i < 9; i++) {
			double delay = fail(link, &now);

			PL_CHECK(delay >= 0.8 * delays[i] && delay <= delays[i]);
			spread = fmax(spread, 1.0 - delay / delays[i]);
		}
		/* open is not yet success: a server may close at once each time */
		pl_echo_link_opened(link, now);
		PL_CHECK(fail(link, &now) > 40.0);
		pl_echo_link_opened(link, now);
		PL_CHECK_INT(message(link, "{\"udp_host\":\"h\",\"udp_port\":1}"),
			     PL_ECHO_CHANGED_CONFIG);
		PL_CHECK(fail(link, &now) <= 1.0);
		PL_CHECK(fail(link, &now) <= 2.0);
		pl_echo_link_free(link);
	}
	PL_CHECK(spread > 0.15);
}

PL_TEST(what_the_server_says)
{
	struct pl_echo_link *link;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	join(link, "555", 0);
	join(link, "556", 0);
	next(link, 0);
	pl_echo_link_opened(link, 0);
	PL_CHECK(pl_echo_link_config(link) == NULL);
	PL_CHECK_INT(message(link, "nonsense"), -EINVAL);
	PL_CHECK(strstr(reason, "not JSON") != NULL);
	PL_CHECK_INT(message(link, "{\"type\":\"transmit_ack\"}"), 0);
	PL_CHECK_INT(message(link, "{\"udp_host\":\"h\",\"udp_port\":1}"), PL_ECHO_CHANGED_CONFIG);
	PL_CHECK_INT(message(link, "{\"udp_host\":\"h\",\"udp_port\":1}"), 0);
	PL_CHECK_INT(message(link, "{\"udp_host\":\"h\",\"udp_port\":0}"), -EINVAL);
	PL_CHECK_INT(pl_echo_link_config(link)->udp_port, 1);
	PL_CHECK_INT(message(link, "{\"udp_host\":\"h\",\"udp_port\":2}"), PL_ECHO_CHANGED_CONFIG);
	PL_CHECK_INT(pl_echo_link_config(link)->udp_port, 2);
	PL_CHECK_INT(
		message(link, "{\"users_connected\":{\"connected\":[{\"channel_id\":\"556\"}]}}"),
		PL_ECHO_CHANGED_USERS);
	PL_CHECK_INT(pl_echo_link_users(link, 0), 0);
	PL_CHECK_INT(pl_echo_link_users(link, 1), 1);
	pl_echo_link_closed(link, 0);
	PL_CHECK_INT(pl_echo_link_users(link, 1), 0);
	PL_CHECK_INT(pl_echo_link_config(link)->udp_port, 2);
	pl_echo_link_free(link);
}

PL_TEST(who_leaves_has_ended)
{
	struct pl_echo_link *link;

	PL_CHECK_INT(pl_echo_link_new(1, &link), 0);
	join(link, "555", 0);
	next(link, 0);
	pl_echo_link_opened(link, 0);
	pl_echo_link_transmit(link, 0, true);
	PL_CHECK(says(link, 0, "connect", "555"));
	PL_CHECK(says(link, 0, "transmit_started", "555"));
	pl_echo_link_leave(link, 0);
	PL_CHECK(says(link, 0, "transmit_ended", "555"));
	PL_CHECK(is_silent(link, 100 * SECOND));
	PL_CHECK(pl_echo_link_deadline(link) == UINT64_MAX);
	PL_CHECK_INT(join(link, "777", 0), 0);
	PL_CHECK(says(link, 100 * SECOND, "connect", "777"));
	pl_echo_link_free(link);
}

PL_TEST_MAIN()
