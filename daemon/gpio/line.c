/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC UINT64_C(1000000000)
/** Edges the kernel keeps for us: 16 ms of the worst contact, at 4 kHz. */
#define EVENTS_MAX 64u
/** The kernel's own "not supported", which has no name here. */
#define KERNEL_ENOTSUPP 524

uint64_t pl_gpio_now_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

int pl_gpio_line_new(const struct pl_line_def *def, struct pl_gpio_line **ret_line)
{
	struct pl_gpio_line *line = calloc(1, sizeof(*line));

	if (!line)
		return -ENOMEM;
	line->events = gpiod_edge_event_buffer_new(EVENTS_MAX);
	if (!line->events) {
		free(line);
		return -ENOMEM;
	}
	line->def = *def;
	line->next_poll_nsec = UINT64_MAX;
	pl_gpio_level_init(&line->level, def->threshold_db, def->hang_ms * NSEC_PER_MSEC);
	pl_gpio_key_init(&line->key, &(struct pl_gpio_key_options){0});
	snprintf(line->trouble, sizeof(line->trouble), "it was not looked for yet");
	*ret_line = line;
	return 0;
}

struct pl_gpio_line *pl_gpio_line_free(struct pl_gpio_line *line)
{
	if (!line)
		return NULL;
	pl_gpio_line_close(line);
	gpiod_edge_event_buffer_free(line->events);
	free(line);
	return NULL;
}

/* --- the request ------------------------------------------------------------------------ */

/**
 * The kernel is not asked to debounce: it counts in ticks of its clock (5 ms become 8 to 12 at 250 Hz),
 * and gives the edge the time at which it was through with it.
 */
static void describe(const struct pl_line_def *def, bool with_edges,
		     struct gpiod_line_settings *settings)
{
	static const enum gpiod_line_bias biases[] = {
		[PL_PULL_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
		[PL_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[PL_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
		[PL_PULL_NONE] = GPIOD_LINE_BIAS_DISABLED,
	};

	gpiod_line_settings_set_active_low(settings, def->active_low);
	gpiod_line_settings_set_bias(settings, biases[def->pull]);
	if (def->function != PL_LINE_KEY) {
		gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
		gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_INACTIVE);
		return;
	}
	gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
	gpiod_line_settings_set_event_clock(settings, GPIOD_LINE_CLOCK_MONOTONIC);
	if (with_edges)
		gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
}

static int ask(struct gpiod_chip *chip, const struct pl_line_def *def, uint32_t offset,
	       bool with_edges, struct gpiod_line_request **ret_request)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *config = gpiod_line_config_new();
	struct gpiod_request_config *request_config = gpiod_request_config_new();
	struct gpiod_line_request *request = NULL;
	char consumer[PL_GATEWAY_ID_MAX + 16];
	int r = -ENOMEM;

	if (settings && config && request_config) {
		snprintf(consumer, sizeof(consumer), "partyline %s", def->id);
		gpiod_request_config_set_consumer(request_config, consumer);
		gpiod_request_config_set_event_buffer_size(request_config, EVENTS_MAX);
		describe(def, with_edges, settings);
		errno = EINVAL;
		if (gpiod_line_config_add_line_settings(config, &offset, 1, settings) == 0)
			request = gpiod_chip_request_lines(chip, request_config, config);
		r = request ? 0 : -errno;
	}
	gpiod_request_config_free(request_config);
	gpiod_line_config_free(config);
	gpiod_line_settings_free(settings);
	if (r >= 0)
		*ret_request = request;
	return r;
}

/** The chip, or this line of it, has no interrupts. */
static bool is_without_edges(int r)
{
	return r == -ENXIO || r == -EOPNOTSUPP || r == -EINVAL || r == -ENOSYS ||
	       r == -KERNEL_ENOTSUPP;
}

static int request(struct pl_gpio_line *line, struct gpiod_chip *chip)
{
	int r;

	line->is_polled = false;
	r = ask(chip, &line->def, line->place.offset, true, &line->request);
	if (!pl_gpio_line_is_key(line) || !is_without_edges(r))
		return r;
	line->is_polled = true;
	return ask(chip, &line->def, line->place.offset, false, &line->request);
}

static void say_why_not(struct pl_gpio_line *line, int r)
{
	char consumer[64];

	if (r == -EBUSY) {
		line->is_busy = true;
		pl_gpio_consumer(&line->place, consumer, sizeof(consumer));
		snprintf(line->trouble, sizeof(line->trouble),
			 "line %u of %s is in use by %s%s%s; end that, or take another line",
			 line->place.offset, line->place.title, consumer[0] ? "\"" : "",
			 consumer[0] ? consumer : "another program", consumer[0] ? "\"" : "");
	} else {
		snprintf(line->trouble, sizeof(line->trouble), "line %u of %s cannot be used: %s",
			 line->place.offset, line->place.title, strerror(-r));
	}
}

static void begin_key(struct pl_gpio_line *line)
{
	const struct pl_line_def *def = &line->def;
	const struct pl_gpio_key_options options = {
		.debounce_nsec = def->debounce_us * UINT64_C(1000),
		.hold_off_nsec = def->hold_off_ms * NSEC_PER_MSEC,
		.timeout_nsec = def->timeout_s * NSEC_PER_SEC,
		.latch = def->mode == PL_LINE_LATCH,
	};
	struct pl_gpio_key before = line->key;

	pl_gpio_key_init(&line->key, &options);
	line->key.n_edges = before.n_edges;
	line->key.n_bounces = before.n_bounces;
	line->seqno = 0;
	line->next_poll_nsec = line->is_polled ? pl_gpio_now_nsec() : UINT64_MAX;
}

int pl_gpio_line_open(struct pl_gpio_line *line, sd_event *event, sd_event_io_handler_t handler)
{
	struct gpiod_chip *chip;
	int r;

	line->is_busy = false;
	r = pl_gpio_find(&line->def, &line->place, line->trouble, sizeof(line->trouble));
	if (r < 0)
		return r;
	chip = gpiod_chip_open(line->place.path);
	r = chip ? request(line, chip) : -errno;
	if (chip)
		gpiod_chip_close(chip);
	if (r < 0) {
		say_why_not(line, r);
		return r;
	}
	line->trouble[0] = '\0';
	line->is_on = false;
	if (!pl_gpio_line_is_key(line))
		return 0;
	begin_key(line);
	if (!line->is_polled) {
		r = sd_event_add_io(event, &line->source, gpiod_line_request_get_fd(line->request),
				    EPOLLIN, handler, line);
		/* A key goes before whoever else wants something. */
		if (r >= 0)
			r = sd_event_source_set_priority(line->source, SD_EVENT_PRIORITY_IMPORTANT);
	}
	if (r >= 0) {
		int value = gpiod_line_request_get_value(line->request, line->place.offset);

		/* A latch waits for somebody to press it. */
		if (value == GPIOD_LINE_VALUE_ACTIVE && !line->key.options.latch)
			pl_gpio_key_edge(&line->key, true, pl_gpio_now_nsec());
		else if (value == GPIOD_LINE_VALUE_ACTIVE)
			line->key.raw = line->key.closed = true;
		r = value == GPIOD_LINE_VALUE_ERROR ? -ENODEV : 0;
	}
	if (r < 0) {
		say_why_not(line, r);
		pl_gpio_line_close(line);
	}
	return r;
}

void pl_gpio_line_close(struct pl_gpio_line *line)
{
	line->source = sd_event_source_disable_unref(line->source);
	if (!line->request)
		return;
	if (!pl_gpio_line_is_key(line))
		pl_gpio_line_set(line, false);
	gpiod_line_request_release(line->request);
	line->request = NULL;
	line->next_poll_nsec = UINT64_MAX;
}

/* --- input ------------------------------------------------------------------------------ */

static void run_key(struct pl_gpio_line *line, uint64_t until_nsec)
{
	struct pl_gpio_key_change change;

	while (pl_gpio_key_step(&line->key, until_nsec, &change))
		line->on_key(line, &change);
}

static void take_edge(struct pl_gpio_line *line, bool closed, uint64_t nsec)
{
	run_key(line, nsec);
	pl_gpio_key_edge(&line->key, closed, nsec);
}

/** Look at the line itself, after edges that are not there to be read. */
static int look(struct pl_gpio_line *line)
{
	int value = gpiod_line_request_get_value(line->request, line->place.offset);

	if (value == GPIOD_LINE_VALUE_ERROR)
		return -errno;
	take_edge(line, value == GPIOD_LINE_VALUE_ACTIVE, pl_gpio_now_nsec());
	return 0;
}

int pl_gpio_line_read(struct pl_gpio_line *line)
{
	bool has_gap = false;
	int n, r = 0;

	n = gpiod_line_request_read_edge_events(line->request, line->events, EVENTS_MAX);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct gpiod_edge_event *event =
			gpiod_edge_event_buffer_get_event(line->events, (unsigned long)i);
		unsigned long seqno = gpiod_edge_event_get_line_seqno(event);

		has_gap = has_gap || seqno != line->seqno + 1;
		line->seqno = seqno;
		take_edge(line,
			  gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
			  gpiod_edge_event_get_timestamp_ns(event));
	}
	if (has_gap)
		r = look(line);
	run_key(line, pl_gpio_now_nsec());
	return r;
}

int pl_gpio_line_run(struct pl_gpio_line *line)
{
	uint64_t now = pl_gpio_now_nsec();
	int r = 0;

	if (!line->request || !pl_gpio_line_is_key(line))
		return 0;
	if (now >= line->next_poll_nsec) {
		r = look(line);
		line->next_poll_nsec = now + line->def.poll_ms * NSEC_PER_MSEC;
	}
	run_key(line, now);
	return r;
}

uint64_t pl_gpio_line_next(const struct pl_gpio_line *line)
{
	uint64_t next = pl_gpio_key_next(&line->key);

	if (!line->request || !pl_gpio_line_is_key(line))
		return UINT64_MAX;
	return line->next_poll_nsec < next ? line->next_poll_nsec : next;
}

/* --- output ----------------------------------------------------------------------------- */

int pl_gpio_line_set(struct pl_gpio_line *line, bool on)
{
	if (!line->request || line->is_on == on)
		return 0;
	if (gpiod_line_request_set_value(line->request, line->place.offset,
					 on ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE) <
	    0)
		return -errno;
	line->is_on = on;
	return 0;
}

enum pl_line_state pl_gpio_line_state(const struct pl_gpio_line *line)
{
	if (!line->request)
		return line->is_busy ? PL_LINE_BUSY : PL_LINE_MISSING;
	if (!pl_gpio_line_is_key(line))
		return line->is_on ? PL_LINE_ACTIVE : PL_LINE_INACTIVE;
	if (line->key.stuck)
		return PL_LINE_STUCK;
	return line->key.down ? PL_LINE_ACTIVE : PL_LINE_INACTIVE;
}
