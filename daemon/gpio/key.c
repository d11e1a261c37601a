/* SPDX-License-Identifier: MIT */
#include "key.h"

#include <string.h>

#define NEVER UINT64_MAX

void pl_gpio_key_init(struct pl_gpio_key *key, const struct pl_gpio_key_options *options)
{
	memset(key, 0, sizeof(*key));
	key->options = *options;
	key->release_nsec = NEVER;
}

void pl_gpio_key_edge(struct pl_gpio_key *key, bool closed, uint64_t nsec)
{
	if (closed == key->raw)
		return;
	key->n_edges++;
	/* Back before it counted: neither this edge nor the one before it was anything. */
	if (key->raw != key->closed)
		key->n_bounces += 2;
	key->raw = closed;
	key->raw_nsec = nsec;
}

static bool move(struct pl_gpio_key *key, bool down, uint64_t nsec,
		 struct pl_gpio_key_change *ret_change)
{
	key->release_nsec = NEVER;
	if (down)
		key->down_nsec = nsec;
	if (key->down == down)
		return false;
	key->down = down;
	*ret_change = (struct pl_gpio_key_change){.down = down, .nsec = nsec};
	return true;
}

static bool let_go(struct pl_gpio_key *key, uint64_t nsec, struct pl_gpio_key_change *ret_change)
{
	if (key->options.hold_off_nsec == 0)
		return move(key, false, nsec, ret_change);
	if (key->down)
		key->release_nsec = nsec + key->options.hold_off_nsec;
	return false;
}

/** The contact has come to rest. @return true when the key moved */
static bool settle(struct pl_gpio_key *key, uint64_t nsec, struct pl_gpio_key_change *ret_change)
{
	key->closed = key->raw;
	if (!key->closed) {
		key->stuck = false;
		return !key->options.latch && let_go(key, nsec, ret_change);
	}
	if (key->options.latch && key->down && key->release_nsec == NEVER)
		return let_go(key, nsec, ret_change);
	return move(key, true, nsec, ret_change);
}

static uint64_t settles_nsec(const struct pl_gpio_key *key)
{
	return key->raw == key->closed ? NEVER : key->raw_nsec + key->options.debounce_nsec;
}

static uint64_t times_out_nsec(const struct pl_gpio_key *key)
{
	if (!key->down || key->options.timeout_nsec == 0)
		return NEVER;
	return key->down_nsec + key->options.timeout_nsec;
}

bool pl_gpio_key_step(struct pl_gpio_key *key, uint64_t now_nsec,
		      struct pl_gpio_key_change *ret_change)
{
	for (;;) {
		uint64_t settles = settles_nsec(key), times_out = times_out_nsec(key);

		if (pl_gpio_key_next(key) > now_nsec)
			return false;
		if (key->release_nsec <= settles && key->release_nsec <= times_out)
			return move(key, false, key->release_nsec, ret_change);
		if (times_out <= settles) {
			key->stuck = key->closed;
			return move(key, false, times_out, ret_change);
		}
		if (settle(key, settles, ret_change))
			return true;
	}
}

uint64_t pl_gpio_key_next(const struct pl_gpio_key *key)
{
	uint64_t next = key->release_nsec, other = settles_nsec(key);

	next = other < next ? other : next;
	other = times_out_nsec(key);
	return other < next ? other : next;
}

void pl_gpio_key_sync(struct pl_gpio_key *key, bool down, uint64_t now_nsec)
{
	if (!key->options.latch || key->down == down)
		return;
	key->down = down;
	key->down_nsec = now_nsec;
	key->release_nsec = NEVER;
}

void pl_gpio_key_take_over(struct pl_gpio_key *key, uint64_t now_nsec)
{
	key->closed = key->down = true;
	key->down_nsec = now_nsec;
	if (!key->raw)
		key->raw_nsec = now_nsec;
}
