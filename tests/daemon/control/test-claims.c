/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>

#include "bench.h"
#include "claims.h"

/* Time is the tests' own: nothing here waits, and no machine is too slow for it. */
#define SECOND UINT64_C(1000000)
#define BEGIN (UINT64_C(1000) * SECOND)

static const struct pl_actor anna = {.face = "ws", .name = "10.0.0.7", .role = PL_ROLE_OPERATE};
static const struct pl_actor bert = {.face = "ws", .name = "10.0.0.8", .role = PL_ROLE_OPERATE};
static const struct pl_actor viewer = {.face = "ws", .name = "10.0.0.9", .role = PL_ROLE_VIEW};
static const struct pl_actor admin = {.face = "cli", .name = "root", .role = PL_ROLE_ADMIN};
static const struct pl_actor gpio = {.face = "gpio", .name = "", .role = PL_ROLE_OPERATE};

/* What control told of, since bench_start(). */
static struct step {
	enum pl_claim_step step;
	uint32_t tablet_id;
	uint64_t keys; /* of the tablet, by then */
} steps[64];
static unsigned n_steps, n_up;

static void on_event(void *userdata, const struct pl_event *event)
{
	n_up += event->type == PL_EVENT_KEY_UP;
	if (event->type == PL_EVENT_CLAIM && n_steps < sizeof(steps) / sizeof(steps[0]))
		steps[n_steps++] = (struct step){
			.step = event->claim_step,
			.tablet_id = event->tablet_id,
			.keys = event->after->tablet[event->tablet_id - 1].keys,
		};
}

static void bench_start(struct bench *b)
{
	n_steps = n_up = 0;
	if (bench_init(b, 4, 3, on_event, NULL) < 0)
		PL_FAIL_("no control");
}

static uint64_t keys(const struct bench *b, uint32_t tablet_id)
{
	return pl_control_model(b->control)->tablet[tablet_id - 1].keys;
}

static int claim(struct bench *b, const struct pl_actor *actor, uint32_t tablet_id,
		 struct pl_claim *ret_claim)
{
	const struct pl_claim_request request = {.tablet_id = tablet_id};

	return pl_control_claim(b->control, actor, &request, BEGIN, ret_claim, &b->error);
}

static int press(struct bench *b, const struct pl_claim *c, uint32_t channel_id)
{
	return pl_control_press_claimed_key(b->control, &anna, c, channel_id, 1, &b->error);
}

/* --- whose it is ------------------------------------------------------------------------------- */

PL_TEST(a_free_tablet_is_claimed)
{
	const struct pl_claim_request request = {.tablet_id = 2, .label = "Anna's tablet"};
	struct pl_claim_info info;
	struct pl_claim c = {0};
	struct bench b;

	bench_start(&b);
	PL_CHECK(!pl_control_get_claim(b.control, 2, NULL));
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, BEGIN, &c, &b.error), 0);
	PL_CHECK_INT(c.tablet_id, 2);
	PL_CHECK_INT(strlen(c.secret), PL_CLAIM_SECRET_SIZE - 1);
	PL_CHECK(pl_control_get_claim(b.control, 2, &info));
	PL_CHECK_STR(info.label, "Anna's tablet");
	PL_CHECK_STR(info.peer, "10.0.0.7");
	PL_CHECK(info.present && info.keys == 0 && info.since_usec > 0);
	PL_CHECK(info.session == c.session);
	PL_CHECK_INT(n_steps, 1);
	PL_CHECK_INT(steps[0].step, PL_CLAIM_TAKEN);
	PL_CHECK_INT(steps[0].tablet_id, 2);
	bench_done(&b);
}

PL_TEST(a_taken_tablet_is_refused_by_name_and_the_holder_stays)
{
	const struct pl_claim_request first = {.tablet_id = 1, .label = "Anna"};
	struct pl_claim a, other = {.tablet_id = 77};
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &first, BEGIN, &a, &b.error), 0);
	PL_CHECK_INT(claim(&b, &bert, 1, &other), -EBUSY);
	PL_CHECK_STR(b.error.field, "/tablet");
	PL_CHECK(strstr(b.error.message, "\"Anna\" at 10.0.0.7"));
	PL_CHECK_INT(other.tablet_id, 77);
	PL_CHECK_INT(press(&b, &a, 1), 0);
	PL_CHECK_INT(n_steps, 1);
	bench_done(&b);
}

PL_TEST(taking_over_releases_the_keys_and_ends_the_first_claim)
{
	struct pl_claim_request request = {.tablet_id = 1, .take_over = true};
	struct pl_claim a, t;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(press(&b, &a, 2), 0);
	PL_CHECK_INT(pl_control_claim(b.control, &bert, &request, BEGIN, &t, &b.error), 0);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(b.engine_model.tablet[0].keys, 0);
	PL_CHECK_INT(steps[1].step, PL_CLAIM_TAKEN_OVER);
	PL_CHECK_INT(steps[1].keys, 0);
	PL_CHECK(strcmp(a.secret, t.secret) != 0);
	PL_CHECK(!pl_control_claim_has_secret(b.control, 1, a.secret));
	PL_CHECK(pl_control_claim_has_secret(b.control, 1, t.secret));
	/* the first has no hand in it any more */
	PL_CHECK_INT(press(&b, &a, 1), -ESTALE);
	PL_CHECK_INT(pl_control_claim_heard(b.control, &a, BEGIN), -ESTALE);
	PL_CHECK_INT(press(&b, &t, 1), 0);
	PL_CHECK_INT(pl_control_release_claimed_key(b.control, &anna, &a, 1, &b.error), -ESTALE);
	pl_control_claim_closed(b.control, &anna, &a, BEGIN);
	pl_control_leave_claim(b.control, &anna, &a);
	PL_CHECK_INT(keys(&b, 1), 1);
	/* taking over what nobody has is claiming */
	request.tablet_id = 3;
	PL_CHECK_INT(pl_control_claim(b.control, &bert, &request, BEGIN, &t, &b.error), 0);
	PL_CHECK_INT(steps[2].step, PL_CLAIM_TAKEN);
	bench_done(&b);
}

PL_TEST(the_next_free_one_has_no_sound_card)
{
	struct pl_claim a, c;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(pl_control_bind(b.control, &admin, (struct pl_endpoint){true, 2}, PL_PLAYBACK,
				     "card:Desk", 0, &b.error),
		     0);
	PL_CHECK_INT(claim(&b, &anna, 0, &a), 0);
	PL_CHECK_INT(a.tablet_id, 1);
	PL_CHECK_INT(claim(&b, &anna, 0, &c), 0);
	PL_CHECK_INT(c.tablet_id, 3);
	PL_CHECK_INT(claim(&b, &anna, 0, &c), 0);
	PL_CHECK_INT(c.tablet_id, 4);
	PL_CHECK_INT(claim(&b, &anna, 0, &c), -EBUSY);
	PL_CHECK(strstr(b.error.message, "by its number"));
	/* asked for by number it is not refused */
	PL_CHECK_INT(claim(&b, &anna, 2, &c), 0);
	pl_control_leave_claim(b.control, &anna, &a);
	PL_CHECK_INT(claim(&b, &anna, 0, &c), 0);
	PL_CHECK_INT(c.tablet_id, 1);
	bench_done(&b);
}

PL_TEST(bad_requests_change_nothing)
{
	struct pl_claim_request request = {.tablet_id = 5};
	struct pl_claim c = {.tablet_id = 77};
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, BEGIN, &c, &b.error), -ENOENT);
	PL_CHECK_STR(b.error.message, "no tablet 5; tablets are 1 to 4");
	request = (struct pl_claim_request){.tablet_id = 1, .label = "two\nlines"};
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, BEGIN, &c, &b.error), -EINVAL);
	PL_CHECK_STR(b.error.field, "/label");
	request = (struct pl_claim_request){.take_over = true};
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, BEGIN, &c, &b.error), -EINVAL);
	PL_CHECK_STR(b.error.field, "/take_over");
	PL_CHECK_INT(claim(&b, &viewer, 1, &c), -EPERM);
	PL_CHECK_INT(pl_control_release_claim(b.control, &anna, 1, &b.error), -EPERM);
	PL_CHECK_INT(pl_control_release_claim(b.control, &admin, 0, &b.error), -ENOENT);
	PL_CHECK_INT(pl_control_release_claim(b.control, &admin, 5, &b.error), -ENOENT);
	PL_CHECK_INT(c.tablet_id, 77);
	PL_CHECK_INT(n_steps, 0);
	PL_CHECK(!pl_control_get_claim(b.control, 0, NULL));
	PL_CHECK(!pl_control_get_claim(b.control, 5, NULL));
	/* a claim that never was */
	PL_CHECK_INT(press(&b, &(struct pl_claim){.tablet_id = 1}, 1), -ESTALE);
	PL_CHECK_INT(press(&b, &(struct pl_claim){.tablet_id = 65, .session = 1}, 1), -ESTALE);
	PL_CHECK(!pl_control_claim_has_secret(b.control, 1, ""));
	PL_CHECK_INT(claim(&b, &anna, 1, &c), 0);
	PL_CHECK(!pl_control_claim_has_secret(b.control, 1, ""));
	PL_CHECK(!pl_control_claim_has_secret(b.control, 2, c.secret));
	PL_CHECK_INT(press(&b, &c, 4), -ENOENT);
	PL_CHECK_STR(b.error.field, "/channel");
	PL_CHECK_INT(press(&b, &c, 0), -ENOENT);
	PL_CHECK_INT(keys(&b, 1), 0);
	bench_done(&b);
}

PL_TEST(an_administrator_frees_a_tablet)
{
	struct pl_claim a;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(pl_control_release_claim(b.control, &admin, 1, &b.error), 0);
	PL_CHECK_INT(n_steps, 0); /* nobody had it */
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(press(&b, &a, 3), 0);
	PL_CHECK_INT(pl_control_release_claim(b.control, &admin, 1, &b.error), 0);
	PL_CHECK_INT(steps[1].step, PL_CLAIM_RELEASED);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(press(&b, &a, 3), -ESTALE);
	PL_CHECK_INT(claim(&b, &bert, 1, &a), 0);
	bench_done(&b);
}

/* --- coming back ------------------------------------------------------------------------------- */

PL_TEST(who_has_the_secret_comes_back)
{
	struct pl_claim_request request = {.tablet_id = 1, .label = "Anna"};
	struct pl_claim a, again;
	struct pl_claim_info info;
	uint64_t since;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, BEGIN, &a, &b.error), 0);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	since = info.since_usec;
	PL_CHECK_INT(press(&b, &a, 1), 0);
	pl_control_claim_closed(b.control, &anna, &a, BEGIN + SECOND);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(steps[1].step, PL_CLAIM_AWAY);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK(!info.present);
	/* kept for its holder: others are told so */
	PL_CHECK_INT(claim(&b, &bert, 1, &again), -EBUSY);
	PL_CHECK(strstr(b.error.message, "kept a few seconds for \"Anna\""));
	request = (struct pl_claim_request){.secret = a.secret}; /* it need not know the number */
	PL_CHECK_INT(
		pl_control_claim(b.control, &bert, &request, BEGIN + 9 * SECOND, &again, &b.error),
		0);
	PL_CHECK_INT(again.tablet_id, 1);
	PL_CHECK_STR(again.secret, a.secret);
	PL_CHECK(again.session != a.session);
	PL_CHECK_INT(steps[2].step, PL_CLAIM_BACK);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK(info.present && info.since_usec == since);
	PL_CHECK_STR(info.label, "Anna");
	PL_CHECK_STR(info.peer, "10.0.0.8");
	/* the keys wait for a hand */
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(press(&b, &a, 1), -ESTALE);
	PL_CHECK_INT(press(&b, &again, 1), 0);
	bench_done(&b);
}

PL_TEST(a_newer_connection_ends_the_older_ones_keys)
{
	struct pl_claim_request request = {.tablet_id = 1};
	struct pl_claim a, again;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(press(&b, &a, 1), 0);
	request.secret = a.secret; /* the old connection is not known to be dead yet */
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, BEGIN, &again, &b.error), 0);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(press(&b, &again, 2), 0);
	pl_control_claim_closed(b.control, &anna, &a, BEGIN + SECOND); /* now it is */
	PL_CHECK_INT(keys(&b, 1), 2);
	bench_done(&b);
}

PL_TEST(a_secret_that_fits_nothing_is_as_none)
{
	struct pl_claim_request request = {.tablet_id = 1,
					   .secret = "00000000000000000000000000000000"};
	struct pl_claim a, c;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(pl_control_claim(b.control, &bert, &request, BEGIN, &c, &b.error), -EBUSY);
	request.tablet_id = 2; /* as after a restart of the daemon */
	PL_CHECK_INT(pl_control_claim(b.control, &bert, &request, BEGIN, &c, &b.error), 0);
	PL_CHECK(strcmp(c.secret, request.secret) != 0);
	/* another tablet's secret is none of this one */
	request = (struct pl_claim_request){.tablet_id = 1, .secret = c.secret};
	PL_CHECK_INT(pl_control_claim(b.control, &bert, &request, BEGIN, &c, &b.error), -EBUSY);
	bench_done(&b);
}

PL_TEST(nobody_comes_back)
{
	struct pl_claim_request request = {.tablet_id = 1};
	struct pl_claim a, c;
	uint64_t end = BEGIN + SECOND + PL_CLAIM_KEEP_USEC;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	pl_control_claim_closed(b.control, &anna, &a, BEGIN + SECOND);
	PL_CHECK(pl_control_run_claims(b.control, BEGIN + SECOND) == end);
	PL_CHECK(pl_control_run_claims(b.control, end - 1) == end);
	PL_CHECK(pl_control_get_claim(b.control, 1, NULL));
	PL_CHECK(pl_control_run_claims(b.control, end) == UINT64_MAX);
	PL_CHECK(!pl_control_get_claim(b.control, 1, NULL));
	PL_CHECK_INT(n_steps, 3);
	PL_CHECK_INT(steps[2].step, PL_CLAIM_EXPIRED);
	PL_CHECK_INT(claim(&b, &bert, 1, &c), 0);
	request.secret = a.secret; /* too late */
	PL_CHECK_INT(pl_control_claim(b.control, &anna, &request, end, &c, &b.error), -EBUSY);
	bench_done(&b);
}

/* --- keys and silence --------------------------------------------------------------------------- */

PL_TEST(silence_releases_the_keys_within_a_second)
{
	struct pl_claim a;
	struct pl_claim_info info;
	uint64_t heard = BEGIN + 3 * SECOND, due = heard + PL_CLAIM_SILENCE_USEC;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK(pl_control_run_claims(b.control, BEGIN) == BEGIN + PL_CLAIM_SILENCE_USEC);
	PL_CHECK_INT(press(&b, &a, 1), 0);
	PL_CHECK_INT(press(&b, &a, 3), 0);
	PL_CHECK_INT(pl_control_claim_heard(b.control, &a, heard), 0);
	/* the timer comes at the old time, and is told the new one */
	PL_CHECK(pl_control_run_claims(b.control, BEGIN + PL_CLAIM_SILENCE_USEC) == due);
	PL_CHECK_INT(keys(&b, 1), 5);
	PL_CHECK(due <= heard + SECOND);
	PL_CHECK(pl_control_run_claims(b.control, due - 1) == due);
	PL_CHECK_INT(keys(&b, 1), 5);
	PL_CHECK(pl_control_run_claims(b.control, due) == heard + PL_CLAIM_KEEP_USEC);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(b.engine_model.tablet[0].keys, 0);
	PL_CHECK_INT(n_up, 2);
	PL_CHECK_INT(steps[1].step, PL_CLAIM_SILENT);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK(!info.present);
	/* told once */
	pl_control_run_claims(b.control, due + SECOND);
	PL_CHECK_INT(n_steps, 2);
	/* heard again: it is there, its keys stay up */
	PL_CHECK_INT(pl_control_claim_heard(b.control, &a, due + 2 * SECOND), 0);
	PL_CHECK_INT(steps[2].step, PL_CLAIM_BACK);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(press(&b, &a, 1), 0);
	/* and for good */
	pl_control_run_claims(b.control, due + 2 * SECOND + PL_CLAIM_KEEP_USEC);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK(!pl_control_get_claim(b.control, 1, NULL));
	bench_done(&b);
}

PL_TEST(other_hands_keys_are_not_touched)
{
	struct pl_claim a, t;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(claim(&b, &bert, 2, &t), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 1, 1, 1, &b.error), 0);
	PL_CHECK_INT(press(&b, &a, 1), 0); /* down already: it stays the GPIO key's */
	PL_CHECK_INT(press(&b, &a, 2), 0);
	PL_CHECK_INT(press(&b, &a, 2), 0); /* its own again: still its own */
	PL_CHECK_INT(press(&b, &a, 3), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 1, 3, 1, &b.error), 0); /* two hands */
	PL_CHECK_INT(press(&b, &t, 1), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 3, 2, 1, &b.error), 0);
	pl_control_claim_closed(b.control, &anna, &a, BEGIN);
	PL_CHECK_INT(keys(&b, 1), 5); /* 1 and 3 are held by the GPIO line */
	PL_CHECK_INT(keys(&b, 2), 1);
	PL_CHECK_INT(keys(&b, 3), 2);
	bench_done(&b);
}

PL_TEST(a_key_that_was_released_elsewhere_is_not_the_claims_any_more)
{
	struct pl_claim a;
	struct pl_claim_info info;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(press(&b, &a, 1), 0);
	PL_CHECK_INT(pl_control_release_key(b.control, &gpio, 1, 1, &b.error), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 1, 1, 1, &b.error), 0);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK_INT(info.keys, 0);
	pl_control_leave_claim(b.control, &anna, &a);
	PL_CHECK_INT(keys(&b, 1), 1);
	bench_done(&b);
}

PL_TEST(the_rules_of_talk_keys_hold)
{
	struct pl_claim a, t;
	struct pl_claim_info info;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	PL_CHECK_INT(claim(&b, &bert, 2, &t), 0);
	PL_CHECK_INT(pl_control_set_busy_refusal(b.control, &admin, true, &b.error), 0);
	PL_CHECK_INT(press(&b, &a, 1), 0);
	PL_CHECK_INT(press(&b, &t, 1), -EBUSY);
	PL_CHECK(strstr(b.error.message, "tablet 1 holds its key"));
	PL_CHECK(pl_control_get_claim(b.control, 2, &info));
	PL_CHECK_INT(info.keys, 0);
	/* the time-out timer */
	PL_CHECK_INT(pl_control_set_talk_timeout(b.control, &admin, 5.0, &b.error), 0);
	pl_control_run_timeouts(b.control, UINT64_MAX / 2);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK_INT(info.keys, 0);
	/* leaving latch mode */
	PL_CHECK_INT(pl_control_set_mode(b.control, &anna, 1, PL_TALK_MODE_LATCH, &b.error), 0);
	PL_CHECK_INT(press(&b, &a, 2), 0);
	PL_CHECK_INT(pl_control_set_mode(b.control, &anna, 1, PL_TALK_MODE_MOMENTARY, &b.error), 0);
	PL_CHECK_INT(keys(&b, 1), 0);
	PL_CHECK_INT(press(&b, &a, 2), 0);
	PL_CHECK_INT(pl_control_release_claimed_key(b.control, &anna, &a, 2, &b.error), 0);
	PL_CHECK_INT(keys(&b, 1), 0);
	/* everything up, and everything new */
	PL_CHECK_INT(press(&b, &a, 2), 0);
	PL_CHECK_INT(pl_control_release_all(b.control, &anna, 0, &b.error), 0);
	PL_CHECK_INT(press(&b, &a, 2), 0);
	PL_CHECK_INT(pl_control_reset(b.control, &admin, &b.error), 0);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK_INT(info.keys, 0);
	bench_done(&b);
}

/* --- what is kept, and what can fail ---------------------------------------------------------------- */

PL_TEST(keys_of_claims_end_with_the_daemon)
{
	struct pl_claim a;
	struct bench b;
	unsigned n_kept;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	n_kept = b.n_kept;
	PL_CHECK_INT(press(&b, &a, 1), 0);
	PL_CHECK_INT(b.n_kept, n_kept);
	/* what others change does not keep it either */
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 1, 2, 1, &b.error), 0);
	PL_CHECK_INT(b.kept_model.tablet[0].keys, 2);
	PL_CHECK_INT(pl_control_set_headroom(b.control, &anna, 9.0, &b.error), 0);
	PL_CHECK_INT(b.kept_model.tablet[0].keys, 2);
	/* in two hands: the other one's is kept */
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 1, 1, 1, &b.error), 0);
	PL_CHECK_INT(b.kept_model.tablet[0].keys, 3);
	bench_done(&b);
}

PL_TEST(a_full_disk_holds_no_key_down)
{
	struct pl_claim a;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	b.keep_result = -ENOSPC;
	PL_CHECK_INT(press(&b, &a, 1), 0);
	PL_CHECK_INT(pl_control_press_key(b.control, &gpio, 1, 1, 1, &b.error), -ENOSPC);
	pl_control_claim_closed(b.control, &anna, &a, BEGIN); /* so it is still the claim's alone */
	PL_CHECK_INT(keys(&b, 1), 0);
	bench_done(&b);
}

PL_TEST(what_the_engine_refuses_is_tried_again)
{
	struct pl_claim a;
	uint64_t now = BEGIN + SECOND;
	struct pl_claim_info info;
	struct bench b;

	bench_start(&b);
	PL_CHECK_INT(claim(&b, &anna, 1, &a), 0);
	b.apply_result = -EIO;
	PL_CHECK_INT(press(&b, &a, 1), -EIO);
	PL_CHECK(pl_control_get_claim(b.control, 1, &info));
	PL_CHECK_INT(info.keys, 0);
	b.apply_result = 0;
	PL_CHECK_INT(press(&b, &a, 1), 0);
	b.apply_result = -EIO;
	pl_control_claim_closed(b.control, &anna, &a, now);
	PL_CHECK_INT(keys(&b, 1), 1);
	PL_CHECK(pl_control_run_claims(b.control, now) == now + PL_CLAIM_RETRY_USEC);
	/* also when the claim is over */
	now += PL_CLAIM_KEEP_USEC;
	pl_control_run_claims(b.control, now);
	PL_CHECK(!pl_control_get_claim(b.control, 1, NULL));
	PL_CHECK_INT(keys(&b, 1), 1);
	b.apply_result = 0;
	PL_CHECK(pl_control_run_claims(b.control, now + PL_CLAIM_RETRY_USEC) == UINT64_MAX);
	PL_CHECK_INT(keys(&b, 1), 0);
	bench_done(&b);
}

PL_TEST_MAIN()
