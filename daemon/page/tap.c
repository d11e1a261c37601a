/* SPDX-License-Identifier: MIT */
#include "tap.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_FRAMES 1024u
/** A gap that is longer is another clock, or was a graph that stood still. */
#define GAP_SECONDS_MAX 60u

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- recordings ------------------------------------------------------------------------------ */

static void end_recording(struct pl_recording *recording)
{
	pl_clip_end(recording->clip);
	free(recording);
}

void pl_tap_end(struct pl_tap *tap)
{
	struct pl_recording *recording;

	while ((recording = tap->recordings)) {
		tap->recordings = recording->next;
		end_recording(recording);
	}
}

struct pl_tap *pl_tap_free(struct pl_tap *tap)
{
	if (!tap)
		return NULL;
	pl_tap_end(tap);
	pl_ring_done(&tap->ring);
	free(tap);
	return NULL;
}

int pl_tap_record(struct pl_tap *tap, struct pl_writer *writer, const char *name, uint64_t begin,
		  struct pl_recording **ret_recording)
{
	struct pl_recording *recording = calloc(1, sizeof(*recording));
	int r;

	if (!recording)
		return -ENOMEM;
	r = pl_clip_open(writer, name, tap->rate_hz, &recording->clip);
	if (r < 0) {
		free(recording);
		return r;
	}
	snprintf(recording->name, sizeof(recording->name), "%s", name);
	recording->begin = begin > tap->ring.begin ? begin : tap->ring.begin;
	recording->fed = recording->begin;
	recording->next = tap->recordings;
	tap->recordings = recording;
	*ret_recording = recording;
	return 0;
}

void pl_tap_catch_up(struct pl_tap *tap, struct pl_recording *recording)
{
	const int16_t *samples;
	uint64_t n;

	while (recording->fed < recording->end &&
	       (n = pl_ring_peek(&tap->ring, recording->fed, recording->end - recording->fed,
				 &samples)) > 0) {
		pl_clip_feed(recording->clip, samples, n, false);
		recording->fed += n;
	}
}

static void end_recordings_that_are_over(struct pl_tap *tap, uint64_t now_nsec)
{
	struct pl_recording **at = &tap->recordings, *recording;

	while ((recording = *at)) {
		if (recording->fed < recording->end && now_nsec < recording->deadline_nsec) {
			at = &recording->next;
			continue;
		}
		*at = recording->next;
		end_recording(recording);
	}
}

/* --- samples --------------------------------------------------------------------------------- */

/** Silence is fed to the recordings by its length: the ring may be shorter. */
static void push_silence(struct pl_tap *tap, uint64_t n)
{
	uint64_t at = tap->ring.end;

	for (struct pl_recording *r = tap->recordings; r; r = r->next) {
		uint64_t to = min(r->end, at + n);

		if (r->fed >= to)
			continue;
		pl_clip_feed(r->clip, NULL, to - r->fed, true);
		r->fed = to;
	}
	pl_ring_push(&tap->ring, NULL, n);
}

static void push(struct pl_tap *tap, const int16_t *samples, uint64_t n)
{
	pl_ring_push(&tap->ring, samples, n);
	for (struct pl_recording *r = tap->recordings; r; r = r->next)
		pl_tap_catch_up(tap, r);
}

static void convert(const float *samples, size_t n, int16_t *ret_samples)
{
	for (size_t i = 0; i < n; i++) {
		float v = samples[i] * 32767.0f;

		v = v > 32767.0f ? 32767.0f : v;
		v = v < -32767.0f ? -32767.0f : v;
		v = v == v ? v : 0.0f; /* NaN */
		ret_samples[i] = (int16_t)(v + (v < 0.0f ? -0.5f : 0.5f));
	}
}

static uint64_t ring_frames(const struct pl_tap *tap, double keep_s)
{
	return (uint64_t)ceil(keep_s * tap->rate_hz);
}

int pl_tap_keep(struct pl_tap *tap, double keep_s)
{
	int r = 0;

	if (tap->rate_hz > 0)
		r = pl_ring_resize(&tap->ring, ring_frames(tap, keep_s));
	if (r == 0)
		tap->keep_s = keep_s;
	return r;
}

/** Another rate is another time: nothing goes on across it. */
static int start(struct pl_tap *tap, const struct pl_audio_time *time)
{
	int r;

	pl_tap_end(tap);
	tap->rate_hz = time->rate_hz;
	r = pl_ring_resize(&tap->ring, ring_frames(tap, tap->keep_s));
	if (r < 0) {
		tap->rate_hz = 0;
		return r;
	}
	tap->shift = 0;
	pl_ring_restart(&tap->ring, time->position);
	return 0;
}

/** Audio that was lost, and a graph's clock that has jumped, become silence of the right length. */
static void bridge_gap(struct pl_tap *tap, const struct pl_audio_time *time)
{
	uint64_t max = (uint64_t)GAP_SECONDS_MAX * tap->rate_hz;
	uint64_t count = time->position + tap->shift;
	uint64_t passed, to;

	if (count == tap->ring.end)
		return;
	if (count > tap->ring.end && count - tap->ring.end <= max) {
		push_silence(tap, count - tap->ring.end);
		return;
	}
	passed = time->nsec > tap->mark_nsec ? time->nsec - tap->mark_nsec : 0;
	to = tap->mark_count + (uint64_t)llround((double)passed * 1e-9 * tap->rate_hz);
	if (to > tap->ring.end)
		push_silence(tap, min(to - tap->ring.end, max));
	tap->shift = tap->ring.end - time->position;
}

void pl_tap_run(struct pl_tap *tap, const struct pl_audio_ops *ops, uint64_t now_nsec)
{
	float samples[BLOCK_FRAMES];
	int16_t pcm[BLOCK_FRAMES];
	struct pl_audio_time time;
	size_t n;

	for (;;) {
		/* The port's next sample has its position from before it is read. */
		ops->time(tap->port, &time);
		if (time.rate_hz == 0 || ops->available(tap->port) == 0)
			break;
		if (time.rate_hz != tap->rate_hz && start(tap, &time) < 0)
			break;
		bridge_gap(tap, &time);
		tap->mark_count = tap->ring.end;
		tap->mark_nsec = time.nsec;
		n = ops->read(tap->port, samples, BLOCK_FRAMES);
		if (n == 0)
			break;
		convert(samples, n, pcm);
		push(tap, pcm, n);
	}
	end_recordings_that_are_over(tap, now_nsec);
}
