/* SPDX-License-Identifier: MIT */
#ifndef PL_GPIO_KEY_H
#define PL_GPIO_KEY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * From the edges of a contact to a talk key: debounce, hold-off, latch, time-out of a stuck key.
 * Pure: time comes in, changes come out; all times are ns of CLOCK_MONOTONIC.
 *
 * Order of use, so that what ran out before an edge comes before it:
 *
 *	while (pl_gpio_key_step(&key, edge_nsec, &change)) …
 *	pl_gpio_key_edge(&key, closed, edge_nsec);
 *	while (pl_gpio_key_step(&key, now_nsec, &change)) …
 *	wake up at pl_gpio_key_next(&key)
 *
 * A contact counts as closed or open once it has been so for the debounce time without an edge.
 * Thread: any one.
 */
struct pl_gpio_key {
	struct pl_gpio_key_options {
		uint64_t debounce_nsec; /**< 0: the edges are clean */
		uint64_t hold_off_nsec; /**< a key that is let go stays down for that long */
		uint64_t timeout_nsec;  /**< a key that is down for longer is released; 0: off */
		bool latch;             /**< each closing toggles the key */
	} options;

	bool raw; /**< as the last edge said */
	uint64_t raw_nsec;
	bool closed; /**< the contact, debounced */
	bool down;   /**< the talk key */
	bool stuck;  /**< timed out, and the contact is closed still */
	uint64_t down_nsec;
	uint64_t release_nsec; /**< end of the hold-off; UINT64_MAX: none */
	uint64_t n_edges;
	uint64_t n_bounces; /**< edges that came to nothing */
};

struct pl_gpio_key_change {
	bool down;
	uint64_t nsec; /**< when it became so */
};

/** Open and up. @param options  copied */
void pl_gpio_key_init(struct pl_gpio_key *key, const struct pl_gpio_key_options *options);

/** The contact moved, or is said to be so again, which is nothing new. */
void pl_gpio_key_edge(struct pl_gpio_key *key, bool closed, uint64_t nsec);

/** The next thing that time has brought up to now. @return false: nothing more */
bool pl_gpio_key_step(struct pl_gpio_key *key, uint64_t now_nsec,
		      struct pl_gpio_key_change *ret_change);

/** When there is something for pl_gpio_key_step(); UINT64_MAX: not without an edge. */
uint64_t pl_gpio_key_next(const struct pl_gpio_key *key);

/** Latch: somebody else has pressed or released the key. */
void pl_gpio_key_sync(struct pl_gpio_key *key, bool down, uint64_t now_nsec);

/**
 * Not a latch, just begun: the key is down from before, by this contact. One that is open, or opens
 * before it was closed for the debounce time, lets go as ever.
 */
void pl_gpio_key_take_over(struct pl_gpio_key *key, uint64_t now_nsec);

#endif
