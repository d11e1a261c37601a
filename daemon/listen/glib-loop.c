/* SPDX-License-Identifier: MIT */
#include "glib-loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC INT64_C(1000000)
#define MSEC_PER_SEC 1000
/** Rounds that are run at once: sound has its turn in between. */
#define ROUNDS_MAX 16
/** Then all descriptors are asked for anew: one may have been closed and its number used again. */
#define RENEW_NSEC NSEC_PER_SEC

struct listen_glib_loop {
	struct pl_work_thread *thread;
	struct pl_work_source source;
	GMainContext *context;
	int epoll_fd, timer_fd;
	GPollFD *asked, *watched; /* what the context asks for; what epoll looks at */
	gint n_asked, n_watched, capacity;
	gint priority;
	uint64_t renewed_nsec;
};

/* --- what is waited for ----------------------------------------------------------------------- */

static uint32_t epoll_events(gushort events)
{
	return (events & G_IO_IN ? EPOLLIN : 0u) | (events & G_IO_OUT ? EPOLLOUT : 0u) |
	       (events & G_IO_PRI ? EPOLLPRI : 0u);
}

static bool is_same(const struct listen_glib_loop *loop)
{
	if (loop->n_asked != loop->n_watched)
		return false;
	for (gint i = 0; i < loop->n_asked; i++)
		if (loop->asked[i].fd != loop->watched[i].fd ||
		    loop->asked[i].events != loop->watched[i].events)
			return false;
	return true;
}

/** Those that are closed are gone by themselves. */
static void watch_what_is_asked(struct listen_glib_loop *loop)
{
	for (gint i = 0; i < loop->n_watched; i++)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->watched[i].fd, NULL);
	for (gint i = 0; i < loop->n_asked; i++) {
		struct epoll_event event = {.events = epoll_events(loop->asked[i].events)};

		epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->asked[i].fd, &event);
	}
	if (loop->n_asked > 0)
		memcpy(loop->watched, loop->asked, (size_t)loop->n_asked * sizeof(GPollFD));
	loop->n_watched = loop->n_asked;
}

/** @param ms  -1: nothing is waited for but descriptors */
static void arm(const struct listen_glib_loop *loop, gint ms)
{
	struct itimerspec when = {0};

	if (ms >= 0) {
		when.it_value.tv_sec = ms / MSEC_PER_SEC;
		when.it_value.tv_nsec = ms % MSEC_PER_SEC * NSEC_PER_MSEC;
		/* 0 would disarm it. */
		if (ms == 0)
			when.it_value.tv_nsec = 1;
	}
	timerfd_settime(loop->timer_fd, 0, &when, NULL);
}

static bool make_room(struct listen_glib_loop *loop, gint n)
{
	GPollFD *asked, *watched;

	if (n <= loop->capacity)
		return true;
	asked = realloc(loop->asked, (size_t)n * sizeof(*asked));
	if (asked)
		loop->asked = asked;
	watched = realloc(loop->watched, (size_t)n * sizeof(*watched));
	if (watched)
		loop->watched = watched;
	if (!asked || !watched)
		return false;
	loop->capacity = n;
	return true;
}

/** @return ms until the context wants to be looked at; -1: never */
static gint ask(struct listen_glib_loop *loop)
{
	gint ms = -1, n;

	g_main_context_prepare(loop->context, &loop->priority);
	while ((n = g_main_context_query(loop->context, loop->priority, &ms, loop->asked,
					 loop->capacity)) > loop->capacity)
		if (!make_room(loop, n))
			break; /* the rest is looked at when there is memory again */
	loop->n_asked = n < loop->capacity ? n : loop->capacity;
	return ms;
}

/* --- turns ------------------------------------------------------------------------------------ */

void listen_glib_loop_turn(struct listen_glib_loop *loop)
{
	uint64_t now = pl_work_now_nsec();
	gint ms = 0;

	for (int i = 0; i < ROUNDS_MAX; i++) {
		ms = ask(loop);
		if (g_poll(loop->asked, (guint)loop->n_asked, 0) < 0)
			for (gint k = 0; k < loop->n_asked; k++)
				loop->asked[k].revents = 0;
		if (!g_main_context_check(loop->context, loop->priority, loop->asked,
					  loop->n_asked))
			break;
		g_main_context_dispatch(loop->context);
		ms = 0;
	}
	if (!is_same(loop) || now >= loop->renewed_nsec + RENEW_NSEC) {
		watch_what_is_asked(loop);
		loop->renewed_nsec = now;
	}
	arm(loop, ms);
}

static void on_readable(void *userdata, uint64_t now)
{
	struct listen_glib_loop *loop = userdata;
	uint64_t n;

	while (read(loop->timer_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	listen_glib_loop_turn(loop);
}

GMainContext *listen_glib_loop_context(const struct listen_glib_loop *loop)
{
	return loop->context;
}

/* --- life ------------------------------------------------------------------------------------- */

static int open_fds(struct listen_glib_loop *loop)
{
	struct epoll_event event = {.events = EPOLLIN};

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->timer_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) < 0)
		return -errno;
	return pl_work_thread_watch(loop->thread, loop->epoll_fd, &loop->source);
}

int listen_glib_loop_new(struct pl_work_thread *thread, struct listen_glib_loop **ret_loop)
{
	struct listen_glib_loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	loop->thread = thread;
	loop->source = (struct pl_work_source){on_readable, loop};
	loop->context = g_main_context_new();
	g_main_context_push_thread_default(loop->context);
	r = open_fds(loop);
	if (r < 0) {
		listen_glib_loop_free(loop);
		return r;
	}
	listen_glib_loop_turn(loop);
	*ret_loop = loop;
	return 0;
}

struct listen_glib_loop *listen_glib_loop_free(struct listen_glib_loop *loop)
{
	if (!loop)
		return NULL;
	if (loop->epoll_fd >= 0) {
		pl_work_thread_unwatch(loop->thread, loop->epoll_fd);
		close(loop->epoll_fd);
	}
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	g_main_context_pop_thread_default(loop->context);
	g_main_context_unref(loop->context);
	free(loop->asked);
	free(loop->watched);
	free(loop);
	return NULL;
}
