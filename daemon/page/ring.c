/* SPDX-License-Identifier: MIT */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void pl_ring_done(struct pl_ring *ring)
{
	free(ring->samples);
	memset(ring, 0, sizeof(*ring));
}

void pl_ring_restart(struct pl_ring *ring, uint64_t position)
{
	ring->begin = ring->end = position;
}

uint64_t pl_ring_peek(const struct pl_ring *ring, uint64_t position, uint64_t n_max,
		      const int16_t **ret_samples)
{
	uint64_t at;

	if (ring->capacity == 0 || position >= ring->end)
		return 0;
	at = position % ring->capacity;
	*ret_samples = ring->samples + at;
	return min(n_max, min(ring->end - position, ring->capacity - at));
}

void pl_ring_push(struct pl_ring *ring, const int16_t *samples, uint64_t n)
{
	if (n > ring->capacity) {
		if (samples)
			samples += n - ring->capacity;
		ring->end += n - ring->capacity;
		n = ring->capacity;
	}
	while (n > 0) {
		uint64_t at = ring->end % ring->capacity;
		uint64_t part = min(n, ring->capacity - at);

		if (samples) {
			memcpy(ring->samples + at, samples, part * sizeof(*samples));
			samples += part;
		} else {
			memset(ring->samples + at, 0, part * sizeof(*samples));
		}
		ring->end += part;
		n -= part;
	}
	if (ring->end - ring->begin > ring->capacity)
		ring->begin = ring->end - ring->capacity;
}

int pl_ring_resize(struct pl_ring *ring, uint64_t capacity)
{
	struct pl_ring other = {.capacity = capacity};
	const int16_t *samples;
	uint64_t n;

	if (capacity == ring->capacity)
		return 0;
	other.samples = calloc(capacity ? capacity : 1, sizeof(*other.samples));
	if (!other.samples)
		return -ENOMEM;
	pl_ring_restart(&other, ring->begin);
	while ((n = pl_ring_peek(ring, other.end, UINT64_MAX, &samples)) > 0)
		pl_ring_push(&other, samples, n);
	pl_ring_done(ring);
	*ring = other;
	return 0;
}
