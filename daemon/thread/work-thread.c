/* SPDX-License-Identifier: MIT */
#include "work-thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"

#define EVENTS_MAX 32
#define NSEC_PER_SEC UINT64_C(1000000000)
/** Below PipeWire's data threads (88), so that encoding never delays a cycle. */
#define PRIORITY 20
/** Without the right to that: as PipeWire's own threads then. */
#define NICE (-11)

struct pl_work_thread {
	pthread_t thread;
	struct pl_work_options options;
	int epoll_fd, wake_fd, kick_fd, timer_fd;

	/* the main loop's calls */
	pthread_mutex_t lock;
	pthread_cond_t was_called;
	void (*function)(void *userdata); /* NULL: none waits */
	void *userdata;

	struct {
		struct pl_work_source wake, kick, timer;
		bool graph_moved, look, stop;
		bool unwatched; /* a source that this round's events may still point to */
		uint64_t armed_nsec;
	} own; /* the thread's */
};

uint64_t pl_work_now_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void empty(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static void fill(int fd)
{
	static const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void on_wake(void *userdata, uint64_t now)
{
	struct pl_work_thread *thread = userdata;

	empty(thread->wake_fd);
	thread->own.graph_moved = thread->own.look = true;
}

static void on_timer(void *userdata, uint64_t now)
{
	struct pl_work_thread *thread = userdata;

	empty(thread->timer_fd);
	thread->own.armed_nsec = UINT64_MAX;
	thread->own.look = true;
}

static void on_kick(void *userdata, uint64_t now)
{
	struct pl_work_thread *thread = userdata;

	empty(thread->kick_fd);
	thread->own.look = true;
	pthread_mutex_lock(&thread->lock);
	if (thread->function) {
		thread->function(thread->userdata);
		thread->function = NULL;
		pthread_cond_broadcast(&thread->was_called);
	}
	pthread_mutex_unlock(&thread->lock);
}

static void arm(struct pl_work_thread *thread, uint64_t nsec)
{
	struct itimerspec when = {0};

	if (nsec == thread->own.armed_nsec)
		return;
	thread->own.armed_nsec = nsec;
	if (nsec != UINT64_MAX) {
		/* 0 would disarm it. */
		nsec = nsec == 0 ? 1 : nsec;
		when.it_value.tv_sec = (time_t)(nsec / NSEC_PER_SEC);
		when.it_value.tv_nsec = (long)(nsec % NSEC_PER_SEC);
	}
	timerfd_settime(thread->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void set_priority(void)
{
	const struct sched_param param = {.sched_priority = PRIORITY};

	if (pthread_setschedparam(pthread_self(), SCHED_RR | SCHED_RESET_ON_FORK, &param) == 0)
		return;
	/* Of this thread only; without the right to it as it is. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}

static void *run(void *userdata)
{
	struct pl_work_thread *thread = userdata;
	struct epoll_event events[EVENTS_MAX];

	set_priority();
	while (!thread->own.stop) {
		int n = epoll_wait(thread->epoll_fd, events, EVENTS_MAX, -1);
		uint64_t now = pl_work_now_nsec();

		thread->own.unwatched = false;
		/* What is dropped with the rest of the round is still readable in the next one. */
		for (int i = 0; i < n && !thread->own.unwatched; i++) {
			struct pl_work_source *source = events[i].data.ptr;

			source->on_readable(source->userdata, now);
		}
		if (thread->own.look && !thread->own.stop) {
			bool graph_moved = thread->own.graph_moved;

			thread->own.graph_moved = thread->own.look = false;
			arm(thread, thread->options.work(thread->options.userdata,
							 pl_work_now_nsec(), graph_moved));
		}
	}
	return NULL;
}

int pl_work_thread_watch(struct pl_work_thread *thread, int fd, struct pl_work_source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(thread->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void pl_work_thread_unwatch(struct pl_work_thread *thread, int fd)
{
	epoll_ctl(thread->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	thread->own.unwatched = true;
}

int pl_work_thread_kick_fd(const struct pl_work_thread *thread)
{
	return thread->kick_fd;
}

/* --- the main thread -------------------------------------------------------------------------- */

int pl_work_thread_wake_fd(const struct pl_work_thread *thread)
{
	return thread->wake_fd;
}

void pl_work_thread_kick(struct pl_work_thread *thread)
{
	fill(thread->kick_fd);
}

void pl_work_thread_call(struct pl_work_thread *thread, void (*function)(void *userdata),
			 void *userdata)
{
	pthread_mutex_lock(&thread->lock);
	thread->function = function;
	thread->userdata = userdata;
	fill(thread->kick_fd);
	while (thread->function)
		pthread_cond_wait(&thread->was_called, &thread->lock);
	pthread_mutex_unlock(&thread->lock);
}

/* --- life ------------------------------------------------------------------------------------- */

static int open_fds(struct pl_work_thread *thread)
{
	int r;

	thread->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	thread->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	thread->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (thread->epoll_fd < 0 || thread->wake_fd < 0 || thread->kick_fd < 0 ||
	    thread->timer_fd < 0)
		return -errno;
	thread->own.wake = (struct pl_work_source){on_wake, thread};
	thread->own.kick = (struct pl_work_source){on_kick, thread};
	thread->own.timer = (struct pl_work_source){on_timer, thread};
	thread->own.armed_nsec = UINT64_MAX;
	r = pl_work_thread_watch(thread, thread->wake_fd, &thread->own.wake);
	if (r >= 0)
		r = pl_work_thread_watch(thread, thread->kick_fd, &thread->own.kick);
	if (r >= 0)
		r = pl_work_thread_watch(thread, thread->timer_fd, &thread->own.timer);
	return r;
}

static void close_all(struct pl_work_thread *thread)
{
	const int fds[] = {thread->epoll_fd, thread->wake_fd, thread->kick_fd, thread->timer_fd};

	for (unsigned i = 0; i < 4; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	pthread_mutex_destroy(&thread->lock);
	pthread_cond_destroy(&thread->was_called);
	free(thread);
}

int pl_work_thread_new(const struct pl_work_options *options, struct pl_work_thread **ret_thread)
{
	struct pl_work_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (!thread)
		return -ENOMEM;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->was_called, NULL);
	thread->options = *options;
	r = open_fds(thread);
	if (r >= 0)
		r = pl_thread_start(options->name, run, thread, &thread->thread);
	if (r < 0) {
		close_all(thread);
		return r;
	}
	*ret_thread = thread;
	return 0;
}

static void stop(void *userdata)
{
	struct pl_work_thread *thread = userdata;

	thread->own.stop = true;
}

struct pl_work_thread *pl_work_thread_free(struct pl_work_thread *thread)
{
	if (!thread)
		return NULL;
	pl_work_thread_call(thread, stop, thread);
	pthread_join(thread->thread, NULL);
	close_all(thread);
	return NULL;
}
