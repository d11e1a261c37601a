/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_RANDOM_H
#define PARTYLINE_TEST_RANDOM_H

#include <stdint.h>

/* The same numbers in every run: xorshift64* (Vigna 2014). One state a test program. */

static uint64_t pl_random_state = 1;

static inline void pl_random_seed(uint64_t seed)
{
	pl_random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1u;
}

static inline uint32_t pl_random_next(void)
{
	pl_random_state ^= pl_random_state >> 12;
	pl_random_state ^= pl_random_state << 25;
	pl_random_state ^= pl_random_state >> 27;
	return (uint32_t)((pl_random_state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

static inline uint32_t pl_random_below(uint32_t n)
{
	return n > 1u ? pl_random_next() % n : 0;
}

static inline double pl_random_uniform(double from, double to)
{
	return from + (to - from) * pl_random_next() / 4294967296.0;
}

#endif
