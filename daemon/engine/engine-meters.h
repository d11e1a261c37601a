/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_METERS_H
#define PL_ENGINE_METERS_H

#include <systemd/sd-event.h>

#include <partyline/meters.h>

/** Fetching and reading the meter page. Thread: the daemon's loop. */
struct engine_meters;

/** The page is there, or cannot be had: r < 0. */
typedef void (*engine_meters_h)(void *userdata, int r);

/**
 * Asks for the page; does not wait for it.
 *
 * @param path  PL_KEY_METERS_SOCKET of the matrix node
 */
int engine_meters_new(sd_event *event, const char *path, engine_meters_h on_page, void *userdata,
		      struct engine_meters **ret_meters);
struct engine_meters *engine_meters_free(struct engine_meters *meters);

/** Serial that has taken effect, 0 without a page. */
uint64_t engine_meters_serial(const struct engine_meters *meters);

/**
 * The newest values. When the graph has stood still for longer than PL_METERS_STALE_USEC (its
 * clock_nsec does not move on), all levels are silence: nothing sounds there.
 *
 * @param now_usec  CLOCK_MONOTONIC
 * @return 0, -ENODATA without a page, -EAGAIN when the writer was always inside
 */
int engine_meters_read(struct engine_meters *meters, uint64_t now_usec,
		       struct pl_meters_data *ret_data);

#define PL_METERS_STALE_USEC 1000000u

#endif
