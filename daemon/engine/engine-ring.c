/* SPDX-License-Identifier: MIT */
#include "engine-ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 64u
#define CAPACITY_MAX (1u << 24)
#define NSEC_PER_SEC 1e9

enum { WORD_INDEX, WORD_POSITION, WORD_NSEC, WORD_RATE, WORD_QUANTUM, WORD_RATE_DIFF };

int engine_ring_init(struct engine_ring *ring, enum pl_audio_way way, uint32_t capacity)
{
	uint32_t size = CAPACITY_MIN;

	if (capacity > CAPACITY_MAX)
		return -ENOMEM;
	while (size < capacity)
		size *= 2u;
	memset(ring, 0, sizeof(*ring));
	ring->samples = calloc(size, sizeof(float));
	if (!ring->samples)
		return -ENOMEM;
	ring->way = way;
	ring->capacity = size;
	return 0;
}

void engine_ring_done(struct engine_ring *ring)
{
	free(ring->samples);
	ring->samples = NULL;
}

/** @param to_ring  else from it */
static void copy(struct engine_ring *ring, uint64_t index, float *samples, size_t n, bool to_ring)
{
	while (n > 0) {
		size_t at = index & (ring->capacity - 1u);
		size_t n_now = ring->capacity - at < n ? ring->capacity - at : n;

		if (to_ring)
			memcpy(ring->samples + at, samples, n_now * sizeof(float));
		else
			memcpy(samples, ring->samples + at, n_now * sizeof(float));
		samples += n_now;
		index += n_now;
		n -= n_now;
	}
}

/* --- the clock ---------------------------------------------------------------------------- */

/* Each word is stored with release and loaded with acquire: who sees a new one also sees that the
 * sequence is odd, and looks again. */

static void clock_publish(struct engine_ring *ring, const struct engine_cycle *cycle,
			  uint64_t index)
{
	uint32_t sequence = atomic_load_explicit(&ring->sequence, memory_order_relaxed);
	uint64_t words[6] = {
		[WORD_INDEX] = index,
		[WORD_POSITION] = cycle->position + cycle->n_frames,
		[WORD_NSEC] = cycle->nsec,
		[WORD_RATE] = cycle->rate_hz,
		[WORD_QUANTUM] = cycle->n_frames,
	};

	memcpy(&words[WORD_RATE_DIFF], &cycle->rate_diff, sizeof(cycle->rate_diff));
	atomic_store_explicit(&ring->sequence, sequence + 1u, memory_order_relaxed);
	for (unsigned i = 0; i < 6; i++)
		atomic_store_explicit(&ring->words[i], words[i], memory_order_release);
	atomic_store_explicit(&ring->sequence, sequence + 2u, memory_order_release);
}

static void clock_read(const struct engine_ring *ring, struct engine_ring_clock *ret_clock)
{
	uint32_t before, after;
	uint64_t words[6];

	do {
		before = atomic_load_explicit(&ring->sequence, memory_order_acquire);
		for (unsigned i = 0; i < 6; i++)
			words[i] = atomic_load_explicit(&ring->words[i], memory_order_acquire);
		after = atomic_load_explicit(&ring->sequence, memory_order_relaxed);
	} while (before != after || (before & 1u));
	*ret_clock = (struct engine_ring_clock){
		.index = words[WORD_INDEX],
		.position = words[WORD_POSITION],
		.nsec = words[WORD_NSEC],
		.rate_hz = (uint32_t)words[WORD_RATE],
		.quantum = (uint32_t)words[WORD_QUANTUM],
	};
	memcpy(&ret_clock->rate_diff, &words[WORD_RATE_DIFF], sizeof(ret_clock->rate_diff));
}

/* --- data thread -------------------------------------------------------------------------- */

/** @return false: the owner has not read the ones before */
static bool push_jump(struct engine_ring *ring, uint64_t index, uint64_t position)
{
	uint32_t write = atomic_load_explicit(&ring->jump_write, memory_order_relaxed);
	uint32_t read = atomic_load_explicit(&ring->jump_read, memory_order_acquire);

	if (write - read >= ENGINE_RING_JUMPS)
		return false;
	ring->jumps[write % ENGINE_RING_JUMPS] = (struct engine_ring_jump){index, position};
	atomic_store_explicit(&ring->jump_write, write + 1u, memory_order_release);
	return true;
}

static void add_relaxed(_Atomic uint64_t *counter, uint64_t n)
{
	/* one writer */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

void engine_ring_push(struct engine_ring *ring, const struct engine_cycle *cycle,
		      const float *samples)
{
	uint64_t write = atomic_load_explicit(&ring->write_index, memory_order_relaxed);
	uint64_t read = atomic_load_explicit(&ring->read_index, memory_order_acquire);
	uint64_t room = ring->capacity - (write - read);
	bool in_order = ring->rt.running && ring->rt.next_position == cycle->position;
	uint64_t n = cycle->n_frames;

	if (n > room)
		n = room;
	if (n > 0 && !in_order && !push_jump(ring, write, cycle->position))
		n = 0;
	if (n > 0 && samples) {
		copy(ring, write, (float *)samples, n, true);
	} else {
		for (uint64_t i = 0; i < n; i++)
			ring->samples[(write + i) & (ring->capacity - 1u)] = 0.0f;
	}
	ring->rt.running = true;
	ring->rt.next_position = cycle->position + n;
	if (n < cycle->n_frames)
		add_relaxed(&ring->n_dropped, cycle->n_frames - n);
	/* The clock first: who sees the samples can place them. */
	clock_publish(ring, cycle, write + n);
	atomic_store_explicit(&ring->write_index, write + n, memory_order_release);
}

bool engine_ring_pull(struct engine_ring *ring, const struct engine_cycle *cycle, float *samples)
{
	uint64_t read = atomic_load_explicit(&ring->read_index, memory_order_relaxed);
	uint64_t write = atomic_load_explicit(&ring->write_index, memory_order_acquire);
	uint64_t n = write - read;

	if (n > cycle->n_frames)
		n = cycle->n_frames;
	if (samples) {
		copy(ring, read, samples, n, false);
		memset(samples + n, 0, (cycle->n_frames - n) * sizeof(float));
	}
	if (n < cycle->n_frames)
		add_relaxed(&ring->n_starved, cycle->n_frames - n);
	clock_publish(ring, cycle, read + n);
	atomic_store_explicit(&ring->read_index, read + n, memory_order_release);
	return n > 0;
}

/* --- the owner's thread ------------------------------------------------------------------- */

/** Take the jumps that lie before or at the next sample. @return samples until the one after these */
static uint64_t take_jumps(struct engine_ring *ring, uint64_t index)
{
	uint32_t read = atomic_load_explicit(&ring->jump_read, memory_order_relaxed);
	uint32_t write = atomic_load_explicit(&ring->jump_write, memory_order_acquire);

	for (; read != write && ring->jumps[read % ENGINE_RING_JUMPS].index <= index; read++) {
		ring->owner.base = ring->jumps[read % ENGINE_RING_JUMPS];
		ring->owner.known = true;
	}
	atomic_store_explicit(&ring->jump_read, read, memory_order_release);
	return read != write ? ring->jumps[read % ENGINE_RING_JUMPS].index - index : UINT64_MAX;
}

size_t engine_ring_read(struct engine_ring *ring, float *samples, size_t n_frames)
{
	uint64_t read = atomic_load_explicit(&ring->read_index, memory_order_relaxed);
	uint64_t write = atomic_load_explicit(&ring->write_index, memory_order_acquire);
	uint64_t until_jump;
	size_t n = write - read < n_frames ? (size_t)(write - read) : n_frames;

	if (ring->way != PL_AUDIO_CAPTURE)
		return 0;
	until_jump = take_jumps(ring, read);
	if (until_jump < n)
		n = (size_t)until_jump;
	copy(ring, read, samples, n, false);
	take_jumps(ring, read + n);
	atomic_store_explicit(&ring->read_index, read + n, memory_order_release);
	return n;
}

size_t engine_ring_write(struct engine_ring *ring, const float *samples, size_t n_frames)
{
	uint64_t write = atomic_load_explicit(&ring->write_index, memory_order_relaxed);
	uint64_t read = atomic_load_explicit(&ring->read_index, memory_order_acquire);
	uint64_t room = ring->capacity - (write - read);
	size_t n = room < n_frames ? (size_t)room : n_frames;

	if (ring->way != PL_AUDIO_PLAYBACK)
		return 0;
	copy(ring, write, (float *)samples, n, true);
	if (n < n_frames)
		add_relaxed(&ring->n_dropped, n_frames - n);
	atomic_store_explicit(&ring->write_index, write + n, memory_order_release);
	return n;
}

size_t engine_ring_available(const struct engine_ring *ring)
{
	uint64_t read = atomic_load_explicit(&ring->read_index, memory_order_acquire);
	uint64_t write = atomic_load_explicit(&ring->write_index, memory_order_acquire);

	return (size_t)(write - read);
}

/** Beginning of the cycle that holds `position`; quantum and rate as they were last. */
static uint64_t cycle_nsec(const struct engine_ring_clock *clock, uint64_t position)
{
	int64_t begin = (int64_t)(clock->position - clock->quantum);
	int64_t away = (int64_t)position - begin, n_cycles;
	double seconds;

	if (clock->quantum == 0 || clock->rate_hz == 0)
		return clock->nsec;
	/* towards the past */
	n_cycles = away >= 0 ? away / clock->quantum
			     : -((-away + clock->quantum - 1) / clock->quantum);
	seconds = (double)n_cycles * clock->quantum / (double)clock->rate_hz;
	if (clock->rate_diff > 0.0)
		seconds /= clock->rate_diff;
	return (uint64_t)((int64_t)clock->nsec + (int64_t)(seconds * NSEC_PER_SEC));
}

void engine_ring_time(struct engine_ring *ring, struct pl_audio_time *ret_time)
{
	struct engine_ring_clock clock;
	uint64_t position, index;

	clock_read(ring, &clock);
	if (ring->way == PL_AUDIO_CAPTURE) {
		index = atomic_load_explicit(&ring->read_index, memory_order_relaxed);
		take_jumps(ring, index);
		/* Nothing was read or written yet: the first sample is still to come. */
		position = ring->owner.known
				   ? ring->owner.base.position + (index - ring->owner.base.index)
				   : clock.position;
	} else {
		index = atomic_load_explicit(&ring->write_index, memory_order_relaxed);
		position = clock.position + (index - clock.index);
	}
	*ret_time = (struct pl_audio_time){
		.position = position,
		.nsec = cycle_nsec(&clock, position),
		.rate_hz = clock.rate_hz,
		.quantum = clock.quantum,
		.rate_diff = clock.rate_diff > 0.0 ? clock.rate_diff : 1.0,
		.n_dropped = atomic_load_explicit(&ring->n_dropped, memory_order_relaxed),
		.n_starved = atomic_load_explicit(&ring->n_starved, memory_order_relaxed),
	};
}
