/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_NOISE_H
#define PARTYLINE_TEST_GRAPH_NOISE_H

#include <stdint.h>

/** Next number of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014): the same on every machine. */
static inline uint64_t pl_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/** 0 <= x < 1 */
static inline double pl_random_unit(uint64_t *state)
{
	return (double)(pl_random(state) >> 11) * 0x1p-53;
}

/** -1 <= x < 1 */
static inline float pl_noise(uint64_t *state)
{
	return (float)((double)(int64_t)pl_random(state) * 0x1p-63);
}

#endif
