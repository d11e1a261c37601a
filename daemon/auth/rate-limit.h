/* SPDX-License-Identifier: MIT */
#ifndef PL_RATE_LIMIT_H
#define PL_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * How often wrong credentials may come: per address and overall, in constant memory.
 *
 * An address (IPv6: its /64, which is what one household or one attacker has) may be wrong
 * PL_RATE_BURST times, then once every PL_RATE_PERIOD_S seconds; until then whatever credential it
 * shows is not looked at. All addresses together may be wrong PL_RATE_ALL_BURST times, then
 * PL_RATE_ALL_PER_S times a second; until then only addresses that have shown a right one lately
 * are listened to, so that nobody locks out those who work here.
 *
 * Time is the caller's, so that tests need not wait. Thread: one.
 */

#define PL_RATE_BURST 10.0
#define PL_RATE_PERIOD_S 6.0
#define PL_RATE_ALL_BURST 200.0
#define PL_RATE_ALL_PER_S 2.0
#define PL_RATE_ADDRESSES 1024u

struct pl_rate_limit {
	struct pl_rate_entry {
		uint8_t key[16];
		bool used;
		bool good; /**< has shown a right one */
		double left;
		uint64_t at_usec;
	} entry[PL_RATE_ADDRESSES];
	double left;
	uint64_t at_usec;
};

void pl_rate_limit_init(struct pl_rate_limit *limit);
/**
 * @param address   IPv6, or IPv4 mapped into it
 * @param now_usec  of a clock that never goes back
 * @return 0: look at the credential; else the seconds to wait
 */
uint32_t pl_rate_limit_wait_s(struct pl_rate_limit *limit, const uint8_t address[16],
			      uint64_t now_usec);
/** What came of it. */
void pl_rate_limit_note(struct pl_rate_limit *limit, const uint8_t address[16], uint64_t now_usec,
			bool right);

#endif
