/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clip-file.h"
#include "tap.h"
#include "thread.h"

/** How often the ports are emptied, and what they hold: 10 times that, whatever the rate. */
#define ROUND_MS 100
#define PORT_FRAMES 65536u
/** A clip that waits for audio that much longer than it should last has no graph any more. */
#define GRACE_NSEC UINT64_C(10000000000)
/** A clip that others have made longer than this is not made longer still: WAV ends at 4 GiB. */
#define CLIP_SECONDS_MAX (4u * 3600u)
/** Tones that lie further from what is heard now are of another clock. */
#define TONE_AGE_SECONDS 60u
#define TONE_AHEAD_SECONDS 10u

struct pl_recorder {
	struct pl_recorder_options options;
	pthread_mutex_t lock;
	pthread_cond_t kick; /* CLOCK_MONOTONIC */
	pthread_t thread;
	bool has_thread;
	/* lock */
	bool quit;
	struct pl_tap *taps;
};

static uint64_t system_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static bool same(struct pl_endpoint a, struct pl_endpoint b)
{
	return a.is_tablet == b.is_tablet && a.id == b.id;
}

static struct pl_tap *find(struct pl_recorder *rec, struct pl_endpoint endpoint)
{
	for (struct pl_tap *tap = rec->taps; tap; tap = tap->next)
		if (same(tap->endpoint, endpoint))
			return tap;
	return NULL;
}

/* --- the thread -------------------------------------------------------------------------------- */

void pl_recorder_work(struct pl_recorder *rec)
{
	uint64_t now = rec->options.now_nsec();

	pthread_mutex_lock(&rec->lock);
	for (struct pl_tap *tap = rec->taps; tap; tap = tap->next)
		pl_tap_run(tap, rec->options.audio_ops, now);
	pthread_mutex_unlock(&rec->lock);
}

static void *run(void *userdata)
{
	struct pl_recorder *rec = userdata;
	struct timespec until;
	bool quit = false;

	clock_gettime(CLOCK_MONOTONIC, &until);
	while (!quit) {
		pl_recorder_work(rec);
		until.tv_nsec += ROUND_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_mutex_lock(&rec->lock);
		while (!rec->quit &&
		       pthread_cond_timedwait(&rec->kick, &rec->lock, &until) != ETIMEDOUT)
			;
		quit = rec->quit;
		pthread_mutex_unlock(&rec->lock);
	}
	return NULL;
}

/* --- life ---------------------------------------------------------------------------------------- */

int pl_recorder_new(const struct pl_recorder_options *options, struct pl_recorder **ret_recorder)
{
	struct pl_recorder *rec = calloc(1, sizeof(*rec));
	pthread_condattr_t attr;

	if (!rec)
		return -ENOMEM;
	rec->options = *options;
	if (!rec->options.now_nsec)
		rec->options.now_nsec = system_now;
	pthread_mutex_init(&rec->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&rec->kick, &attr);
	pthread_condattr_destroy(&attr);
	*ret_recorder = rec;
	return 0;
}

struct pl_recorder *pl_recorder_free(struct pl_recorder *rec)
{
	if (!rec)
		return NULL;
	pl_recorder_set_taps(rec, NULL, 0);
	pthread_cond_destroy(&rec->kick);
	pthread_mutex_destroy(&rec->lock);
	free(rec);
	return NULL;
}

/** There is a thread while there is something to listen to. */
static int set_thread(struct pl_recorder *rec, bool wanted)
{
	int r;

	if (rec->options.no_thread || wanted == rec->has_thread)
		return 0;
	if (wanted) {
		rec->quit = false;
		r = pl_thread_start("pl-page-listen", run, rec, &rec->thread);
		if (r < 0)
			return r;
		rec->has_thread = true;
		return 0;
	}
	pthread_mutex_lock(&rec->lock);
	rec->quit = true;
	pthread_cond_signal(&rec->kick);
	pthread_mutex_unlock(&rec->lock);
	pthread_join(rec->thread, NULL);
	rec->has_thread = false;
	return 0;
}

/* --- taps ------------------------------------------------------------------------------------------ */

static int add_tap(struct pl_recorder *rec, const struct pl_tap_def *def)
{
	char name[64], target[64];
	struct pl_audio_port_info info = {
		.way = PL_AUDIO_CAPTURE,
		.name = name,
		.target = target,
		.capacity = PORT_FRAMES,
	};
	struct pl_tap *tap;
	int r;

	snprintf(name, sizeof(name), "page-%s-%u", def->endpoint.is_tablet ? "tablet" : "channel",
		 def->endpoint.id);
	snprintf(target, sizeof(target),
		 def->endpoint.is_tablet ? PL_NODE_TABLET_FMT : PL_NODE_CHANNEL_FMT,
		 def->endpoint.id);
	tap = calloc(1, sizeof(*tap));
	if (!tap)
		return -ENOMEM;
	tap->endpoint = def->endpoint;
	tap->keep_s = def->keep_s;
	r = rec->options.audio_ops->open(rec->options.audio, &info, -1, &tap->port);
	if (r < 0) {
		free(tap);
		return r;
	}
	pthread_mutex_lock(&rec->lock);
	tap->next = rec->taps;
	rec->taps = tap;
	pthread_mutex_unlock(&rec->lock);
	return 0;
}

static const struct pl_tap_def *wanted(const struct pl_tap_def *defs, size_t n,
				       struct pl_endpoint endpoint)
{
	for (size_t i = 0; i < n; i++)
		if (same(defs[i].endpoint, endpoint))
			return &defs[i];
	return NULL;
}

/** Those that nobody wants any more leave the list. */
static void remove_taps(struct pl_recorder *rec, const struct pl_tap_def *defs, size_t n)
{
	struct pl_tap *gone = NULL, **at, *tap;

	pthread_mutex_lock(&rec->lock);
	for (at = &rec->taps; (tap = *at);) {
		if (wanted(defs, n, tap->endpoint)) {
			at = &tap->next;
			continue;
		}
		*at = tap->next;
		tap->next = gone;
		gone = tap;
	}
	pthread_mutex_unlock(&rec->lock);
	while ((tap = gone)) {
		gone = tap->next;
		rec->options.audio_ops->close(rec->options.audio, tap->port);
		pl_tap_free(tap);
	}
}

int pl_recorder_set_taps(struct pl_recorder *rec, const struct pl_tap_def *defs, size_t n_taps)
{
	int r = 0;

	if (n_taps == 0)
		set_thread(rec, false);
	remove_taps(rec, defs, n_taps);
	for (size_t i = 0; i < n_taps; i++) {
		struct pl_tap *tap = find(rec, defs[i].endpoint);
		int r_one = 0;

		if (!tap) {
			r_one = add_tap(rec, &defs[i]);
		} else {
			pthread_mutex_lock(&rec->lock);
			r_one = pl_tap_keep(tap, defs[i].keep_s);
			pthread_mutex_unlock(&rec->lock);
		}
		r = r < 0 ? r : r_one;
	}
	if (rec->taps) {
		int r_thread = set_thread(rec, true);

		r = r < 0 ? r : r_thread;
	}
	return r;
}

struct pl_audio_port *pl_recorder_port(struct pl_recorder *rec, struct pl_endpoint endpoint)
{
	struct pl_tap *tap = find(rec, endpoint);

	return tap ? tap->port : NULL;
}

/* --- clips ------------------------------------------------------------------------------------------ */

/** Where the tones lie among the samples that the tap has numbered. */
static void place_tones(const struct pl_tap *tap, const struct pl_record_request *request,
			uint64_t *ret_begin, uint64_t *ret_end)
{
	uint64_t now = tap->ring.end;
	uint64_t end = request->end_position + tap->shift; /* may wrap: shift may be below zero */
	uint64_t length = request->end_position - request->begin_position;

	if (end > now + (uint64_t)TONE_AHEAD_SECONDS * tap->rate_hz ||
	    now > end + (uint64_t)TONE_AGE_SECONDS * tap->rate_hz)
		end = now;
	if (request->begin_position > request->end_position ||
	    length > (uint64_t)TONE_AGE_SECONDS * 2 * tap->rate_hz)
		length = 0;
	*ret_end = end;
	*ret_begin = end > length ? end - length : 0;
}

static struct pl_recording *find_recording(const struct pl_tap *tap, bool opus, uint64_t end)
{
	for (struct pl_recording *r = tap->recordings; r; r = r->next)
		if (r->opus == opus && end - r->begin < (uint64_t)CLIP_SECONDS_MAX * tap->rate_hz)
			return r;
	return NULL;
}

static int record(struct pl_recorder *rec, struct pl_tap *tap,
		  const struct pl_record_request *request, char *ret_name, size_t size)
{
	bool opus = request->opus && pl_clip_rate_is_opus(tap->rate_hz);
	uint64_t begin, end, deadline, pre_roll;
	struct pl_recording *recording;
	int r = 0;

	place_tones(tap, request, &begin, &end);
	pre_roll = (uint64_t)llround(request->pre_roll_s * tap->rate_hz);
	begin = begin > pre_roll ? begin - pre_roll : 0;
	end += (uint64_t)llround(request->length_s * tap->rate_hz);
	deadline = rec->options.now_nsec() + (uint64_t)(request->length_s * 1e9) + GRACE_NSEC;
	recording = find_recording(tap, opus, end);
	if (!recording) {
		snprintf(ret_name, size, "%s.%s", request->stem, opus ? "opus" : "wav");
		r = pl_tap_record(tap, rec->options.writer, ret_name, begin, &recording);
		if (r < 0)
			return r;
		recording->opus = opus;
		r = 1;
	}
	snprintf(ret_name, size, "%s", recording->name);
	if (end > recording->end)
		recording->end = end;
	if (deadline > recording->deadline_nsec)
		recording->deadline_nsec = deadline;
	pl_tap_catch_up(tap, recording);
	return r;
}

int pl_recorder_record(struct pl_recorder *rec, const struct pl_record_request *request,
		       char *ret_name, size_t size)
{
	struct pl_tap *tap = find(rec, request->endpoint);
	int r = -ENODATA;

	if (!tap)
		return r;
	pthread_mutex_lock(&rec->lock);
	/* What the port holds already may be what the page is about. */
	pl_tap_run(tap, rec->options.audio_ops, rec->options.now_nsec());
	if (tap->rate_hz > 0)
		r = record(rec, tap, request, ret_name, size);
	pthread_mutex_unlock(&rec->lock);
	return r;
}

void pl_recorder_end(struct pl_recorder *rec, struct pl_endpoint endpoint)
{
	struct pl_tap *tap = find(rec, endpoint);

	if (!tap)
		return;
	pthread_mutex_lock(&rec->lock);
	pl_tap_run(tap, rec->options.audio_ops, rec->options.now_nsec());
	pl_tap_end(tap);
	pthread_mutex_unlock(&rec->lock);
}

uint32_t pl_recorder_count(struct pl_recorder *rec)
{
	uint32_t n = 0;

	pthread_mutex_lock(&rec->lock);
	for (const struct pl_tap *tap = rec->taps; tap; tap = tap->next)
		for (const struct pl_recording *r = tap->recordings; r; r = r->next)
			n++;
	pthread_mutex_unlock(&rec->lock);
	return n;
}
