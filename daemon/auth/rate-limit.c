/* SPDX-License-Identifier: MIT */
#include "rate-limit.h"

#include <math.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void key_of(const uint8_t address[16], uint8_t ret_key[16])
{
	memcpy(ret_key, address, 16);
	if (memcmp(address, mapped, sizeof(mapped)) != 0)
		memset(ret_key + 8, 0, 8);
}

static double filled(double left, uint64_t since_usec, uint64_t now_usec, double per_s, double max)
{
	left += (double)(now_usec - since_usec) * 1e-6 * per_s;
	return left > max ? max : left;
}

static struct pl_rate_entry *find(struct pl_rate_limit *limit, const uint8_t key[16])
{
	for (unsigned i = 0; i < PL_RATE_ADDRESSES; i++)
		if (limit->entry[i].used && memcmp(limit->entry[i].key, key, 16) == 0)
			return &limit->entry[i];
	return NULL;
}

/** A free place, else the oldest that has never been right, else the oldest. */
static struct pl_rate_entry *take(struct pl_rate_limit *limit, const uint8_t key[16])
{
	struct pl_rate_entry *best = NULL;

	for (unsigned i = 0; i < PL_RATE_ADDRESSES; i++) {
		struct pl_rate_entry *e = &limit->entry[i];

		if (!e->used) {
			best = e;
			break;
		}
		if (!best || (best->good && !e->good) ||
		    (best->good == e->good && e->at_usec < best->at_usec))
			best = e;
	}
	memset(best, 0, sizeof(*best));
	memcpy(best->key, key, 16);
	best->used = true;
	best->left = PL_RATE_BURST;
	return best;
}

void pl_rate_limit_init(struct pl_rate_limit *limit)
{
	memset(limit, 0, sizeof(*limit));
	limit->left = PL_RATE_ALL_BURST;
}

/** What sums of seconds may be off by. */
#define ROUNDING_S 1e-6

static uint32_t wait_for(double left, double per_s)
{
	double wait_s = (1.0 - left) / per_s - ROUNDING_S;

	return wait_s <= 0.0 ? 0 : (uint32_t)ceil(wait_s);
}

uint32_t pl_rate_limit_wait_s(struct pl_rate_limit *limit, const uint8_t address[16],
			      uint64_t now_usec)
{
	struct pl_rate_entry *e;
	uint8_t key[16];
	uint32_t wait = 0;
	double left;

	key_of(address, key);
	e = find(limit, key);
	if (e) {
		left = filled(e->left, e->at_usec, now_usec, 1.0 / PL_RATE_PERIOD_S, PL_RATE_BURST);
		wait = wait_for(left, 1.0 / PL_RATE_PERIOD_S);
	}
	if (wait > 0 || (e && e->good))
		return wait;
	left = filled(limit->left, limit->at_usec, now_usec, PL_RATE_ALL_PER_S, PL_RATE_ALL_BURST);
	return wait_for(left, PL_RATE_ALL_PER_S);
}

void pl_rate_limit_note(struct pl_rate_limit *limit, const uint8_t address[16], uint64_t now_usec,
			bool right)
{
	struct pl_rate_entry *e;
	uint8_t key[16];

	key_of(address, key);
	e = find(limit, key);
	if (!e)
		e = take(limit, key);
	e->left = filled(e->left, e->at_usec, now_usec, 1.0 / PL_RATE_PERIOD_S, PL_RATE_BURST);
	e->at_usec = now_usec;
	if (right) {
		e->good = true;
		return;
	}
	e->left = e->left > 1.0 ? e->left - 1.0 : 0.0;
	limit->left =
		filled(limit->left, limit->at_usec, now_usec, PL_RATE_ALL_PER_S, PL_RATE_ALL_BURST);
	limit->at_usec = now_usec;
	limit->left = limit->left > 1.0 ? limit->left - 1.0 : 0.0;
}
