/* SPDX-License-Identifier: MIT */
#include "main-timers.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "claims.h"

struct pl_main_timers {
	sd_event *event;
	struct pl_control *control;
	struct pl_listener listener;
	sd_event_source *talk, *claims;
};

/** What is due in control, and when the next is: UINT64_MAX: never. CLOCK_MONOTONIC, µs */
typedef uint64_t (*run_t)(struct pl_control *control, uint64_t now_usec);

static int run(struct pl_main_timers *timers, sd_event_source *source, run_t run_due)
{
	uint64_t now, next;

	sd_event_now(timers->event, CLOCK_MONOTONIC, &now);
	next = run_due(timers->control, now);
	if (next == UINT64_MAX)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	sd_event_source_set_time(source, next);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/** Which one is due next is looked up by the timer itself, outside of the verb. */
static void wind(sd_event_source *source)
{
	sd_event_source_set_time(source, 0);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_talk(sd_event_source *source, uint64_t usec, void *userdata)
{
	return run(userdata, source, pl_control_run_timeouts);
}

static int on_claims(sd_event_source *source, uint64_t usec, void *userdata)
{
	return run(userdata, source, pl_control_run_claims);
}

static void on_control_event(void *userdata, const struct pl_event *event)
{
	struct pl_main_timers *timers = userdata;

	switch (event->type) {
	case PL_EVENT_KEY_DOWN:
	case PL_EVENT_MATRIX:
		if (event->after->talk_timeout_s > 0.0)
			wind(timers->talk);
		break;
	case PL_EVENT_CLAIM:
		wind(timers->claims);
		break;
	default:
		break;
	}
}

int pl_main_timers_new(sd_event *event, struct pl_control *control,
		       struct pl_main_timers **ret_timers)
{
	struct pl_main_timers *timers = calloc(1, sizeof(*timers));
	int r;

	if (!timers)
		return -ENOMEM;
	timers->event = sd_event_ref(event);
	timers->control = control;
	r = sd_event_add_time(event, &timers->talk, CLOCK_MONOTONIC, 0, 0, on_talk, timers);
	if (r >= 0)
		r = sd_event_add_time(event, &timers->claims, CLOCK_MONOTONIC, 0, 1000, on_claims,
				      timers);
	/* After everything else of a turn: what a machine that stood still has received is read first. */
	if (r >= 0)
		r = sd_event_source_set_priority(timers->claims, SD_EVENT_PRIORITY_IDLE);
	if (r < 0) {
		pl_main_timers_free(timers);
		return r;
	}
	timers->listener = (struct pl_listener){.on_event = on_control_event, .userdata = timers};
	pl_control_add_listener(control, &timers->listener);
	*ret_timers = timers;
	return 0;
}

struct pl_main_timers *pl_main_timers_free(struct pl_main_timers *timers)
{
	if (!timers)
		return NULL;
	if (timers->listener.on_event)
		pl_control_remove_listener(timers->control, &timers->listener);
	sd_event_source_disable_unref(timers->talk);
	sd_event_source_disable_unref(timers->claims);
	sd_event_unref(timers->event);
	free(timers);
	return NULL;
}
