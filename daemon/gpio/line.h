/* SPDX-License-Identifier: MIT */
#ifndef PL_GPIO_LINE_H
#define PL_GPIO_LINE_H

#include <gpiod.h>
#include <systemd/sd-event.h>

#include "chips.h"
#include "gateway.h"
#include "key.h"
#include "level.h"

/**
 * One line, from its definition to the kernel: found, requested, read, polled, set, lost. What a
 * key or an output means is in gpio.c. Thread: the daemon's loop.
 */
struct pl_gpio_line {
	struct pl_line_def def;
	struct pl_gpio_place place;         /**< where it is, while there is a request */
	struct gpiod_line_request *request; /**< NULL: missing or busy */
	struct gpiod_edge_event_buffer *events;
	sd_event_source *source;
	bool is_busy, is_polled;
	char trouble[256];

	struct pl_gpio_key key;     /**< input */
	unsigned long seqno;        /**< of the last edge */
	uint64_t next_poll_nsec;    /**< UINT64_MAX: it has interrupts */
	struct pl_gpio_level level; /**< output by meters */
	bool is_on;                 /**< output: active */

	/** the key moved; from within every call below but pl_gpio_line_open() */
	void (*on_key)(struct pl_gpio_line *line, const struct pl_gpio_key_change *change);
	void *userdata;

	enum pl_line_state told; /**< state that listeners know */
	struct pl_gpio_line *next;
};

static inline bool pl_gpio_line_is_key(const struct pl_gpio_line *line)
{
	return line->def.function == PL_LINE_KEY;
}

/** @param def  copied */
int pl_gpio_line_new(const struct pl_line_def *def, struct pl_gpio_line **ret_line);
/** Closes it. */
struct pl_gpio_line *pl_gpio_line_free(struct pl_gpio_line *line);

/**
 * Find and request it; an output is inactive then. A key takes the contact's state as an edge of
 * now, which the next pl_gpio_line_run() acts on.
 *
 * @param handler  called when the line is readable or gone; userdata is the line
 * @return 0; or why not, which `trouble` and `is_busy` tell too
 */
int pl_gpio_line_open(struct pl_gpio_line *line, sd_event *event, sd_event_io_handler_t handler);

/** An output is set inactive first; a key is left as it is. */
void pl_gpio_line_close(struct pl_gpio_line *line);

/** Take the edges that wait. @return 0, or negative: the line is gone */
int pl_gpio_line_read(struct pl_gpio_line *line);

/** What time has brought: debounce, hold-off, time-out, a look at a line without interrupts. */
int pl_gpio_line_run(struct pl_gpio_line *line);

/** ns of CLOCK_MONOTONIC when pl_gpio_line_run() is due, UINT64_MAX: not by time */
uint64_t pl_gpio_line_next(const struct pl_gpio_line *line);

/** @return 0, or negative: the line is gone */
int pl_gpio_line_set(struct pl_gpio_line *line, bool on);

enum pl_line_state pl_gpio_line_state(const struct pl_gpio_line *line);

uint64_t pl_gpio_now_nsec(void);

#endif
