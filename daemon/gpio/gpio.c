/* SPDX-License-Identifier: MIT */
#include "gpio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "line.h"

#define NSEC_PER_MSEC UINT64_C(1000000)
/** How often a line that is missing or busy is asked for; one that is plugged in comes at once. */
#define RETRY_NSEC (1000u * NSEC_PER_MSEC)
#define NEVER UINT64_MAX

struct pl_gpio {
	sd_event *event;
	struct pl_control *control;
	struct pl_log *log;
	struct pl_gpio_line *lines; /* in the order of their definitions */
	struct pl_listener listener;
	sd_event_source *timer, *soon, *watch;
	uint64_t retry_nsec;           /* when next; NEVER */
	uint64_t page_channels;        /* bit (channel - 1) */
	uint64_t owed[PL_TABLETS_MAX]; /* releases to be made, bit (channel - 1) */
	bool has_applied;
};

static int do_soon(struct pl_gpio *gpio)
{
	return sd_event_source_set_enabled(gpio->soon, SD_EVENT_ONESHOT);
}

/* --- keys ------------------------------------------------------------------------------- */

static bool same_key(const struct pl_line_def *a, const struct pl_line_def *b)
{
	return a->function == PL_LINE_KEY && b->function == PL_LINE_KEY &&
	       a->tablet_id == b->tablet_id && a->channel_id == b->channel_id;
}

static bool is_down_elsewhere(const struct pl_gpio *gpio, const struct pl_gpio_line *line)
{
	for (const struct pl_gpio_line *other = gpio->lines; other; other = other->next)
		if (other != line && other->key.down && same_key(&other->def, &line->def))
			return true;
	return false;
}

static bool has_key(const struct pl_gpio *gpio, const struct pl_line_def *def)
{
	const struct pl_model *model = pl_control_model(gpio->control);

	return def->function == PL_LINE_KEY && def->tablet_id >= 1 &&
	       def->tablet_id <= model->n_tablets && def->channel_id >= 1 &&
	       def->channel_id <= model->n_channels &&
	       (model->tablet[def->tablet_id - 1].keys & pl_mask_bit(def->channel_id));
}

/** A disk that is full must not keep a key held: what fails is tried again. */
static void owe_release(struct pl_gpio *gpio, const struct pl_line_def *def)
{
	if (def->tablet_id < 1 || def->tablet_id > PL_TABLETS_MAX)
		return;
	gpio->owed[def->tablet_id - 1] |= pl_mask_bit(def->channel_id);
}

static int release(struct pl_gpio *gpio, const char *id, uint32_t tablet_id, uint32_t channel_id,
		   uint64_t nsec)
{
	const struct pl_actor actor = {
		.face = "gpio", .name = id, .role = PL_ROLE_OPERATE, .key_nsec = nsec};

	return pl_control_release_key(gpio->control, &actor, tablet_id, channel_id, NULL);
}

static void press_line(struct pl_gpio *gpio, struct pl_gpio_line *line, uint64_t nsec)
{
	const struct pl_line_def *def = &line->def;
	const struct pl_actor actor = {
		.face = "gpio", .name = def->id, .role = PL_ROLE_OPERATE, .key_nsec = nsec};
	struct pl_error error;
	int r;

	line->trouble[0] = '\0';
	r = pl_control_press_key(gpio->control, &actor, def->tablet_id, def->channel_id, 1, &error);
	if (r >= 0) {
		gpio->owed[def->tablet_id - 1] &= ~pl_mask_bit(def->channel_id);
		return;
	}
	snprintf(line->trouble, sizeof(line->trouble), "%.255s", error.message);
	pl_log_event(gpio->log, PL_LOG_WARNING, "gpio.refused", NULL,
		     "Line \"%s\" was pressed, and refused: %s", def->id, error.message);
	/* The next closing is a new try, not the end of something. */
	pl_gpio_key_sync(&line->key, false, nsec);
}

static void release_line(struct pl_gpio *gpio, struct pl_gpio_line *line, uint64_t nsec)
{
	const struct pl_line_def *def = &line->def;

	if (is_down_elsewhere(gpio, line))
		return;
	if (release(gpio, def->id, def->tablet_id, def->channel_id, nsec) < 0)
		owe_release(gpio, def);
}

static void on_key(struct pl_gpio_line *line, const struct pl_gpio_key_change *change)
{
	struct pl_gpio *gpio = line->userdata;

	if (change->down)
		press_line(gpio, line, change->nsec);
	else
		release_line(gpio, line, change->nsec);
}

static void pay_releases(struct pl_gpio *gpio)
{
	for (uint32_t t = 0; t < PL_TABLETS_MAX; t++) {
		for (uint64_t left = gpio->owed[t]; left; left &= left - 1u) {
			uint32_t channel_id = (uint32_t)__builtin_ctzll(left) + 1;
			int r = release(gpio, "", t + 1, channel_id, 0);

			if (r >= 0 || r == -ENOENT)
				gpio->owed[t] &= ~pl_mask_bit(channel_id);
		}
	}
}

static bool owes(const struct pl_gpio *gpio)
{
	for (uint32_t t = 0; t < PL_TABLETS_MAX; t++)
		if (gpio->owed[t])
			return true;
	return false;
}

/* --- lines that go and come -------------------------------------------------------------- */

static void lose(struct pl_gpio *gpio, struct pl_gpio_line *line)
{
	bool was_down = line->key.down;

	pl_gpio_line_close(line);
	line->key.down = line->key.closed = line->key.raw = line->key.stuck = false;
	snprintf(line->trouble, sizeof(line->trouble), "%s has gone", line->place.title);
	pl_log_event(gpio->log, PL_LOG_WARNING, "gpio.lost", NULL, "Line \"%s\": %s", line->def.id,
		     line->trouble);
	if (was_down)
		release_line(gpio, line, pl_gpio_now_nsec());
	do_soon(gpio);
}

static int on_line(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pl_gpio_line *line = userdata;
	int r = 0;

	if (revents & EPOLLIN)
		r = pl_gpio_line_read(line);
	if (r < 0 || (revents & (EPOLLERR | EPOLLHUP)))
		lose(line->userdata, line);
	return do_soon(line->userdata);
}

static void follow(struct pl_gpio *gpio, struct pl_gpio_line *line, const struct pl_model *model,
		   const struct pl_meters_data *meters);

static void open_line(struct pl_gpio *gpio, struct pl_gpio_line *line)
{
	const struct pl_line_def *def = &line->def;

	if (pl_gpio_line_open(line, gpio->event, on_line) < 0)
		return;
	if (!pl_gpio_line_is_key(line)) {
		follow(gpio, line, pl_control_model(gpio->control), NULL);
		return;
	}
	if (!gpio->has_applied && def->mode == PL_LINE_MOMENTARY && has_key(gpio, def))
		pl_gpio_key_take_over(&line->key, pl_gpio_now_nsec());
	else
		pl_gpio_key_sync(&line->key, has_key(gpio, def), pl_gpio_now_nsec());
}

static void open_lines(struct pl_gpio *gpio)
{
	for (struct pl_gpio_line *line = gpio->lines; line; line = line->next)
		if (!line->request)
			open_line(gpio, line);
}

static int on_watch(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct pl_gpio *gpio = userdata;
	char path[sizeof(gpio->lines->place.path)];

	if (event->len == 0 ||
	    strncmp(event->name, PL_GPIO_CHIP_PREFIX, strlen(PL_GPIO_CHIP_PREFIX)) != 0)
		return 0;
	snprintf(path, sizeof(path), PL_GPIO_DEV "/%.80s", event->name);
	if (event->mask & IN_DELETE) {
		for (struct pl_gpio_line *line = gpio->lines; line; line = line->next)
			if (line->request && strcmp(line->place.path, path) == 0)
				lose(gpio, line);
	}
	open_lines(gpio);
	return do_soon(gpio);
}

/* --- outputs ----------------------------------------------------------------------------- */

static bool is_keyed(const struct pl_model *model, uint32_t channel_id)
{
	for (uint32_t t = 0; t < model->n_tablets; t++)
		if (model->tablet[t].keys & pl_mask_bit(channel_id))
			return true;
	return false;
}

/** The loudest of those who talk on the channel: what its own meter shows hangs on gains and headroom. */
static float talk_peak(const struct pl_model *model, const struct pl_meters_data *meters,
		       uint32_t channel_id)
{
	float peak = 0.0f;

	for (uint32_t t = 0; t < model->n_tablets; t++)
		if ((meters->talking[t] & pl_mask_bit(channel_id)) &&
		    meters->tablet_talk[t].peak > peak)
			peak = meters->tablet_talk[t].peak;
	return peak;
}

/** @param meters  NULL: what hangs on them stays as it is */
static void follow(struct pl_gpio *gpio, struct pl_gpio_line *line, const struct pl_model *model,
		   const struct pl_meters_data *meters)
{
	uint32_t channel_id = line->def.channel_id;
	bool on = line->is_on;

	if (channel_id < 1 || channel_id > model->n_channels || pl_gpio_line_is_key(line))
		return;
	if (line->def.function == PL_LINE_PTT_OUT) {
		on = is_keyed(model, channel_id);
	} else if (line->def.function == PL_LINE_PAGE) {
		on = (gpio->page_channels & pl_mask_bit(channel_id)) != 0;
	} else if (meters) {
		float peak = line->def.function == PL_LINE_TALLY
				     ? talk_peak(model, meters, channel_id)
				     : meters->channel_in[channel_id - 1].peak;

		on = pl_gpio_level_update(&line->level, peak, pl_gpio_now_nsec());
	}
	if (pl_gpio_line_set(line, on) < 0)
		lose(gpio, line);
}

static void follow_all(struct pl_gpio *gpio, const struct pl_model *model,
		       const struct pl_meters_data *meters)
{
	for (struct pl_gpio_line *line = gpio->lines; line; line = line->next)
		if (line->request)
			follow(gpio, line, model, meters);
}

/* --- the loop ---------------------------------------------------------------------------- */

/** A latch toggles what the key is, whoever made it so. */
static void on_event(void *userdata, const struct pl_event *event)
{
	struct pl_gpio *gpio = userdata;
	uint64_t now = pl_gpio_now_nsec();

	if (event->type != PL_EVENT_KEY_DOWN && event->type != PL_EVENT_KEY_UP)
		return;
	for (struct pl_gpio_line *line = gpio->lines; line; line = line->next)
		if (pl_gpio_line_is_key(line) && line->def.tablet_id == event->tablet_id &&
		    line->def.channel_id == event->channel_id)
			pl_gpio_key_sync(&line->key, event->type == PL_EVENT_KEY_DOWN, now);
	do_soon(gpio);
}

static void tell(struct pl_gpio *gpio)
{
	for (struct pl_gpio_line *line = gpio->lines; line; line = line->next) {
		enum pl_line_state state = pl_gpio_line_state(line);

		if (state == line->told)
			continue;
		line->told = state;
		pl_control_line_changed(gpio->control, line->def.id);
	}
}

static void wind_timer(struct pl_gpio *gpio)
{
	uint64_t next = gpio->retry_nsec;

	for (const struct pl_gpio_line *line = gpio->lines; line; line = line->next) {
		uint64_t of_line = pl_gpio_line_next(line);

		next = of_line < next ? of_line : next;
	}
	if (next == NEVER) {
		sd_event_source_set_enabled(gpio->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(gpio->timer, next / 1000u + (next % 1000u != 0));
	sd_event_source_set_enabled(gpio->timer, SD_EVENT_ONESHOT);
}

static bool lacks_lines(const struct pl_gpio *gpio)
{
	for (const struct pl_gpio_line *line = gpio->lines; line; line = line->next)
		if (!line->request)
			return true;
	return false;
}

static void run(struct pl_gpio *gpio)
{
	uint64_t now = pl_gpio_now_nsec();

	if (gpio->retry_nsec <= now) {
		gpio->retry_nsec = NEVER;
		open_lines(gpio);
	}
	for (struct pl_gpio_line *line = gpio->lines; line; line = line->next)
		if (pl_gpio_line_run(line) < 0)
			lose(gpio, line);
	pay_releases(gpio);
	if (!lacks_lines(gpio) && !owes(gpio))
		gpio->retry_nsec = NEVER;
	else if (gpio->retry_nsec == NEVER)
		gpio->retry_nsec = now + RETRY_NSEC;
	tell(gpio);
	wind_timer(gpio);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	run(userdata);
	return 0;
}

static int on_soon(sd_event_source *source, void *userdata)
{
	run(userdata);
	return 0;
}

/* --- for control ------------------------------------------------------------------------- */

static void drop_lines(struct pl_gpio *gpio, struct pl_gpio_line *lines)
{
	struct pl_gpio_line *next;

	for (; lines; lines = next) {
		next = lines->next;
		if (lines->key.down && !is_down_elsewhere(gpio, lines))
			owe_release(gpio, &lines->def);
		pl_gpio_line_free(lines);
	}
}

/** Take the line of an equal definition out of the list. */
static struct pl_gpio_line *take_line(struct pl_gpio_line **list, const struct pl_line_def *def)
{
	for (; *list; list = &(*list)->next) {
		struct pl_gpio_line *line = *list;

		if (!pl_line_def_equal(&line->def, def))
			continue;
		*list = line->next;
		return line;
	}
	return NULL;
}

/** Held by a line before the daemon crashed, which is not there any more to let go of it. */
static void let_go_of_lost(struct pl_gpio *gpio)
{
	for (const struct pl_gpio_line *line = gpio->lines; line; line = line->next)
		if (!line->request && line->def.mode == PL_LINE_MOMENTARY &&
		    has_key(gpio, &line->def) && !is_down_elsewhere(gpio, line))
			owe_release(gpio, &line->def);
}

/** Called from within a verb: keys are pressed and released soon, not here. */
static int gpio_apply(void *object, const struct pl_gateway *before, const struct pl_gateway *after)
{
	struct pl_gpio *gpio = object;
	struct pl_gpio_line *made[PL_LINES_MAX], *old = gpio->lines, **end = &gpio->lines;
	int r;

	if (after->n_lines > PL_LINES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < after->n_lines; i++) {
		r = pl_gpio_line_new(&after->lines[i], &made[i]);
		if (r < 0) {
			while (i-- > 0)
				pl_gpio_line_free(made[i]);
			return r;
		}
		made[i]->on_key = on_key;
		made[i]->userdata = gpio;
	}
	for (size_t i = 0; i < after->n_lines; i++) {
		struct pl_gpio_line *kept = take_line(&old, &after->lines[i]);

		if (kept)
			pl_gpio_line_free(made[i]);
		*end = kept ? kept : made[i];
		end = &(*end)->next;
	}
	*end = NULL;
	drop_lines(gpio, old);
	open_lines(gpio);
	if (!gpio->has_applied)
		let_go_of_lost(gpio);
	gpio->has_applied = true;
	return do_soon(gpio);
}

static int gpio_status(void *object, const char *id, struct pl_line_status *ret_status)
{
	const struct pl_gpio *gpio = object;
	const struct pl_gpio_line *line = gpio->lines;

	while (line && strcmp(line->def.id, id) != 0)
		line = line->next;
	if (!line)
		return -ENOENT;
	*ret_status = (struct pl_line_status){
		.state = pl_gpio_line_state(line),
		.offset = line->request ? (int32_t)line->place.offset : -1,
		.polled = line->request && line->is_polled,
		.n_edges = line->key.n_edges,
		.n_bounces = line->key.n_bounces,
	};
	if (line->request)
		snprintf(ret_status->chip, sizeof(ret_status->chip), "%.63s", line->place.title);
	snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", line->trouble);
	return 0;
}

static void gpio_outputs(void *object, const struct pl_model *model,
			 const struct pl_meters_data *meters, uint64_t page_channels)
{
	struct pl_gpio *gpio = object;

	gpio->page_channels = page_channels;
	follow_all(gpio, model, meters);
	do_soon(gpio);
}

const struct pl_gpio_ops *pl_gpio_get_ops(void)
{
	static const struct pl_gpio_ops ops = {
		.apply = gpio_apply,
		.status = gpio_status,
		.outputs = gpio_outputs,
	};

	return &ops;
}

/* --- life -------------------------------------------------------------------------------- */

static int add_sources(struct pl_gpio *gpio)
{
	int r;

	/* Accurate to the microsecond: the default is a quarter of a second. */
	r = sd_event_add_time(gpio->event, &gpio->timer, CLOCK_MONOTONIC, 0, 1, on_timer, gpio);
	if (r >= 0)
		r = sd_event_source_set_enabled(gpio->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(gpio->timer, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_add_defer(gpio->event, &gpio->soon, on_soon, gpio);
	if (r >= 0)
		r = sd_event_source_set_enabled(gpio->soon, SD_EVENT_OFF);
	if (r < 0)
		return r;
	/* Without it a chip that comes is found a little later, by asking. */
	sd_event_add_inotify(gpio->event, &gpio->watch, PL_GPIO_DEV,
			     IN_CREATE | IN_ATTRIB | IN_MOVED_TO | IN_DELETE, on_watch, gpio);
	return 0;
}

int pl_gpio_new(sd_event *event, struct pl_control *control, struct pl_log *log,
		struct pl_gpio **ret_gpio)
{
	struct pl_gpio *gpio = calloc(1, sizeof(*gpio));
	int r;

	if (!gpio)
		return -ENOMEM;
	gpio->event = sd_event_ref(event);
	gpio->control = control;
	gpio->log = log;
	gpio->retry_nsec = NEVER;
	gpio->listener = (struct pl_listener){.on_event = on_event, .userdata = gpio};
	pl_control_add_listener(control, &gpio->listener);
	r = add_sources(gpio);
	if (r < 0) {
		pl_gpio_free(gpio);
		return r;
	}
	*ret_gpio = gpio;
	return 0;
}

struct pl_gpio *pl_gpio_free(struct pl_gpio *gpio)
{
	struct pl_gpio_line *lines;

	if (!gpio)
		return NULL;
	lines = gpio->lines;
	gpio->lines = NULL;
	drop_lines(gpio, lines);
	pay_releases(gpio);
	pl_control_remove_listener(gpio->control, &gpio->listener);
	sd_event_source_disable_unref(gpio->watch);
	sd_event_source_disable_unref(gpio->soon);
	sd_event_source_disable_unref(gpio->timer);
	sd_event_unref(gpio->event);
	free(gpio);
	return NULL;
}
