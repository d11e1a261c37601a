/* SPDX-License-Identifier: MIT */
#include "log-ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

struct slot {
	enum pl_log_level level;
	size_t size;
	char *json; /**< with its event behind its NUL */
};

/** Record n is in slot n % PL_LOG_TAIL_MAX; there are [oldest, newest]. */
struct log_ring {
	uint64_t oldest, newest;
	size_t n_bytes;
	struct slot slots[PL_LOG_TAIL_MAX];
};

struct log_ring *log_ring_new(void)
{
	struct log_ring *ring = calloc(1, sizeof(*ring));

	if (ring)
		ring->oldest = 1;
	return ring;
}

static void drop_oldest(struct log_ring *ring)
{
	struct slot *slot = &ring->slots[ring->oldest++ % PL_LOG_TAIL_MAX];

	ring->n_bytes -= slot->size;
	free(slot->json);
	*slot = (struct slot){0};
}

struct log_ring *log_ring_free(struct log_ring *ring)
{
	if (!ring)
		return NULL;
	while (ring->oldest <= ring->newest)
		drop_oldest(ring);
	free(ring);
	return NULL;
}

/** Names that clients gave may be anything, and a message may have been cut within a character. */
static void make_utf8(char *text, size_t size)
{
	uint32_t code;

	for (size_t i = 0; i < size;) {
		size_t n = pl_utf8_read(text + i, size - i, &code);

		if (n == 0)
			text[i] = '?';
		i += n > 0 ? n : 1;
	}
}

bool log_ring_add(struct log_ring *ring, enum pl_log_level level, const char *event,
		  const char *json, size_t size)
{
	size_t event_size = strlen(event) + 1;
	char *copy;

	if (size > LOG_RING_RECORD_MAX)
		return false;
	copy = malloc(size + 1 + event_size);
	if (!copy)
		return false;
	memcpy(copy, json, size);
	copy[size] = '\0';
	memcpy(copy + size + 1, event, event_size);
	make_utf8(copy, size);
	while (ring->oldest <= ring->newest &&
	       (ring->newest - ring->oldest + 1 == PL_LOG_TAIL_MAX ||
		ring->n_bytes + size > LOG_RING_BYTES_MAX))
		drop_oldest(ring);
	ring->newest++;
	ring->slots[ring->newest % PL_LOG_TAIL_MAX] =
		(struct slot){.level = level, .size = size, .json = copy};
	ring->n_bytes += size;
	return true;
}

uint64_t log_ring_newest(const struct log_ring *ring)
{
	return ring->newest;
}

int log_ring_get(const struct log_ring *ring, uint64_t number, struct pl_log_record *ret_record)
{
	const struct slot *slot = &ring->slots[number % PL_LOG_TAIL_MAX];

	if (number < ring->oldest || number > ring->newest)
		return -ENOENT;
	*ret_record = (struct pl_log_record){
		.level = slot->level,
		.size = slot->size,
		.json = slot->json,
		.event = slot->json + slot->size + 1,
	};
	return 0;
}
