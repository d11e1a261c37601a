/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"

/** meters: live bars on a terminal, lines of text or JSON elsewhere. */

#define HZ_SCREEN 20.0
#define HZ_JSON 10.0
#define HZ_TEXT 1.0
#define HZ_MAX 60.0
/* Names and mutes change rarely: they are asked for this often. */
#define OBJECTS_USEC (1000u * 1000u)

struct meters {
	struct ctl *ctl;
	struct screen screen;
	struct termios saved;
	bool is_raw;
	bool is_screen;
	uint64_t period_usec;
	uint64_t objects_due_usec;
	struct json_object *tablets, *channels;
};

/* --- text --------------------------------------------------------------------------- */

static void print_point(const char *label, struct json_object *point)
{
	char vu[32], peak[32];

	printf("  %s %10s peak %10s", label,
	       ctl_db_text(vu, ctl_json_double(point, "vu_db"), "silent"),
	       ctl_db_text(peak, ctl_json_double(point, "peak_hold_db"), "silent"));
}

static void print_meter(const char *kind, struct json_object *meter, const char *first,
			const char *second, const char *keys, const char *talking)
{
	char key_text[256], talk_text[256];

	printf("%-7s %2d", kind, (int)ctl_json_double(meter, "id"));
	print_point(first, ctl_json_member(meter, first));
	print_point(second, ctl_json_member(meter, second));
	printf("  keys %s  talking %s\n",
	       ctl_ids_text(key_text, sizeof(key_text), ctl_json_member(meter, keys)),
	       ctl_ids_text(talk_text, sizeof(talk_text), ctl_json_member(meter, talking)));
}

static void print_meters(struct json_object *meters)
{
	struct json_object *channels = ctl_json_member(meters, "channels");
	struct json_object *tablets = ctl_json_member(meters, "tablets");

	for (size_t i = 0; i < json_object_array_length(channels); i++)
		print_meter("channel", json_object_array_get_idx(channels, i), "outside", "line",
			    "active_tablets", "talking_tablets");
	for (size_t i = 0; i < json_object_array_length(tablets); i++)
		print_meter("tablet", json_object_array_get_idx(tablets, i), "talk", "listen",
			    "keys", "talking");
	fflush(stdout);
}

/* --- one picture ---------------------------------------------------------------------- */

static int refresh_objects(struct meters *meters, uint64_t now_usec)
{
	struct json_object *tablets, *channels;
	int code;

	if (now_usec < meters->objects_due_usec)
		return CTL_OK;
	code = ctl_get_objects(meters->ctl, "tablet", &tablets);
	if (code != CTL_OK)
		return code;
	json_object_put(meters->tablets);
	meters->tablets = tablets;
	code = ctl_get_objects(meters->ctl, "channel", &channels);
	if (code != CTL_OK)
		return code;
	json_object_put(meters->channels);
	meters->channels = channels;
	meters->objects_due_usec = now_usec + OBJECTS_USEC;
	return CTL_OK;
}

static int show(struct meters *meters, uint64_t now_usec)
{
	struct json_object *data;
	int code;

	code = ctl_get_meters(meters->ctl, &data);
	if (code != CTL_OK)
		return code;
	if (meters->ctl->json) {
		ctl_json_print(data);
		return CTL_OK;
	}
	if (meters->is_screen) {
		code = refresh_objects(meters, now_usec);
		if (code == CTL_OK)
			screen_draw(&meters->screen, data, meters->tablets, meters->channels);
	} else {
		print_meters(data);
	}
	json_object_put(data);
	return code;
}

/* --- the loop -------------------------------------------------------------------------- */

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct meters *meters = userdata;
	int code, r;

	code = show(meters, usec);
	if (code != CTL_OK)
		return sd_event_exit(sd_event_source_get_event(source), code);
	r = sd_event_source_set_time_relative(source, meters->period_usec);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	char keys[64];
	ssize_t n = read(fd, keys, sizeof(keys));

	if (n <= 0 || memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n) ||
	    memchr(keys, 3, (size_t)n))
		return sd_event_exit(sd_event_source_get_event(source), CTL_OK);
	return 0;
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct meters *meters = userdata;

	screen_measure(&meters->screen);
	return 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	return sd_event_exit(sd_event_source_get_event(source), CTL_OK);
}

static void enter_screen(struct meters *meters)
{
	struct termios raw;

	screen_measure(&meters->screen);
	if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &meters->saved) == 0) {
		raw = meters->saved;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		meters->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	/* A message on this page would be lost with it: it waits until the page is given back. */
	meters->ctl->is_deferring = true;
	screen_enter();
}

static void leave_screen(struct meters *meters)
{
	screen_leave();
	if (meters->is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &meters->saved);
	ctl_fail_deferred(meters->ctl);
}

static int add_sources(struct meters *meters, sd_event *loop)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	r = sd_event_add_time_relative(loop, NULL, CLOCK_MONOTONIC, 0, 1000, on_tick, meters);
	if (r >= 0)
		r = sd_event_add_signal(loop, NULL, SIGINT, on_end, NULL);
	if (r >= 0)
		r = sd_event_add_signal(loop, NULL, SIGTERM, on_end, NULL);
	if (r >= 0 && meters->is_screen)
		r = sd_event_add_signal(loop, NULL, SIGWINCH, on_resize, meters);
	if (r >= 0 && meters->is_raw)
		r = sd_event_add_io(loop, NULL, STDIN_FILENO, EPOLLIN, on_input, meters);
	return r;
}

static int run_live(struct meters *meters)
{
	__attribute__((cleanup(sd_event_unrefp))) sd_event *loop = NULL;
	int r;

	if (meters->is_screen)
		enter_screen(meters);
	r = sd_event_new(&loop);
	if (r >= 0)
		r = add_sources(meters, loop);
	if (r >= 0)
		r = sd_event_loop(loop);
	if (meters->is_screen)
		leave_screen(meters);
	json_object_put(meters->tablets);
	json_object_put(meters->channels);
	if (r < 0)
		return ctl_fail(meters->ctl, CTL_REFUSED, "the loop broke: %s", strerror(-r));
	return r;
}

int ctl_run_meters(struct ctl *ctl, int n, char *arguments[])
{
	struct meters meters = {.ctl = ctl, .is_screen = !ctl->json && isatty(STDOUT_FILENO)};
	double hz = ctl->hz;

	if (ctl->once) {
		meters.is_screen = false;
		return show(&meters, 0);
	}
	if (hz == 0.0)
		hz = ctl->json ? HZ_JSON : meters.is_screen ? HZ_SCREEN : HZ_TEXT;
	if (!(hz > 0.0) || hz > HZ_MAX)
		return ctl_fail(ctl, CTL_USAGE, "--hz is more than 0 and at most %g", HZ_MAX);
	meters.period_usec = (uint64_t)llround(1e6 / hz);
	return run_live(&meters);
}
