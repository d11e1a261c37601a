/* SPDX-License-Identifier: MIT */
#include "echostream-clock.h"

#include <math.h>

#define FRAMES_PER_NSEC 48e-6
/** Of a packet's length: what comes later than that stands behind a loss. */
#define LATE_SHARE 0.75
/** The expectation follows the earliest packets of so long a time, this much at once: 500 ppm. */
#define LOOK_NSEC UINT64_C(5000000000)
#define SLIDE_FRAMES_MAX 120.0

/** Frames by which a packet that comes now is later than expected. */
static double lateness(const struct pl_echo_clock *clock, uint64_t now_nsec)
{
	return (double)(now_nsec - clock->begin_nsec) * FRAMES_PER_NSEC + clock->slide -
	       (double)(clock->position - clock->begin_position);
}

static void begin(struct pl_echo_clock *clock, uint64_t now_nsec)
{
	/* The silence keeps its length. */
	if (clock->is_running)
		clock->position += (uint64_t)fmax(lateness(clock, now_nsec), 0.0);
	clock->is_running = true;
	clock->begin_nsec = clock->look_nsec = now_nsec;
	clock->begin_position = clock->position;
	clock->slide = 0.0;
	clock->late_min = INFINITY;
}

/** Whole packets by which all were early were taken for missing and were not: they are no drift. */
static void look(struct pl_echo_clock *clock, double late, uint32_t frames, uint64_t now_nsec)
{
	clock->late_min = fmin(clock->late_min, late);
	if (now_nsec - clock->look_nsec < LOOK_NSEC)
		return;
	late = clock->late_min;
	if (late < 0.0)
		late += round(-late / frames) * frames;
	clock->slide -= fmax(fmin(late, SLIDE_FRAMES_MAX), -SLIDE_FRAMES_MAX);
	clock->late_min = INFINITY;
	clock->look_nsec = now_nsec;
}

bool pl_echo_clock_stamp(struct pl_echo_clock *clock, uint32_t frames, uint64_t now_nsec,
			 struct pl_echo_stamp *ret_stamp)
{
	bool is_first =
		!clock->is_running ||
		now_nsec - clock->last_nsec > PL_ECHO_SILENCE_NSEC + frames / FRAMES_PER_NSEC;
	double late;

	if (is_first)
		begin(clock, now_nsec);
	late = lateness(clock, now_nsec);
	if (late < -PL_ECHO_AHEAD_FRAMES_MAX)
		return false;
	if (late >= LATE_SHARE * frames) {
		uint32_t n = (uint32_t)(late / frames + (1.0 - LATE_SHARE));

		clock->sequence = (uint16_t)(clock->sequence + n);
		clock->position += (uint64_t)n * frames;
		clock->n_missing += n;
		late -= (double)n * frames;
	}
	look(clock, late, frames, now_nsec);
	*ret_stamp = (struct pl_echo_stamp){
		.sequence = clock->sequence++,
		.timestamp = (uint32_t)clock->position,
		.marker = is_first,
	};
	clock->position += frames;
	clock->last_nsec = now_nsec;
	return true;
}
