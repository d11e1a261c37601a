/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway-def.h"
#include "stream-run.h"
#include "thread.h"

#define EVENTS_MAX 32
#define NSEC_PER_SEC UINT64_C(1000000000)
/** Below PipeWire's data threads (88), so that encoding never delays a cycle. */
#define PRIORITY 20
/** Without the right to that: as PipeWire's own threads then. */
#define NICE (-11)

struct stream_worker {
	pthread_t thread;
	int epoll_fd, wake_fd, kick_fd, timer_fd;
	int notify_fd; /* borrowed */

	/* the main loop's calls */
	pthread_mutex_t lock;
	pthread_cond_t was_called;
	void (*function)(void *userdata); /* NULL: none waits */
	void *userdata;

	struct {
		struct worker_source wake, kick, timer;
		struct stream_run *runs[PL_STREAMS_MAX];
		bool graph_moved, look, stop;
		bool unwatched; /* a source that this round's events may still point to */
		uint64_t armed_nsec;
	} own; /* the thread's */
	_Atomic uint32_t n_runs;
};

static uint64_t now_nsec(void)
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
	struct stream_worker *worker = userdata;

	empty(worker->wake_fd);
	worker->own.graph_moved = worker->own.look = true;
}

static void on_timer(void *userdata, uint64_t now)
{
	struct stream_worker *worker = userdata;

	empty(worker->timer_fd);
	worker->own.armed_nsec = UINT64_MAX;
	worker->own.look = true;
}

static void on_kick(void *userdata, uint64_t now)
{
	struct stream_worker *worker = userdata;

	empty(worker->kick_fd);
	worker->own.look = true;
	pthread_mutex_lock(&worker->lock);
	if (worker->function) {
		worker->function(worker->userdata);
		worker->function = NULL;
		pthread_cond_broadcast(&worker->was_called);
	}
	pthread_mutex_unlock(&worker->lock);
}

static void arm(struct stream_worker *worker, uint64_t nsec)
{
	struct itimerspec when = {0};

	if (nsec == worker->own.armed_nsec)
		return;
	worker->own.armed_nsec = nsec;
	if (nsec != UINT64_MAX) {
		/* 0 would disarm it. */
		nsec = nsec == 0 ? 1 : nsec;
		when.it_value.tv_sec = (time_t)(nsec / NSEC_PER_SEC);
		when.it_value.tv_nsec = (long)(nsec % NSEC_PER_SEC);
	}
	timerfd_settime(worker->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void look_at_runs(struct stream_worker *worker)
{
	uint32_t n_runs = atomic_load_explicit(&worker->n_runs, memory_order_relaxed);
	uint64_t next = UINT64_MAX;

	/* What is captured goes out first: it may come back for this cycle. */
	if (worker->own.graph_moved) {
		for (uint32_t i = 0; i < n_runs; i++)
			stream_run_capture(worker->own.runs[i]);
	}
	for (uint32_t i = 0; i < n_runs; i++) {
		uint64_t deadline =
			stream_run_work(worker->own.runs[i], now_nsec(), worker->own.graph_moved);

		next = deadline < next ? deadline : next;
	}
	worker->own.graph_moved = worker->own.look = false;
	arm(worker, next);
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
	struct stream_worker *worker = userdata;
	struct epoll_event events[EVENTS_MAX];

	set_priority();
	while (!worker->own.stop) {
		int n = epoll_wait(worker->epoll_fd, events, EVENTS_MAX, -1);
		uint64_t now = now_nsec();

		worker->own.unwatched = false;
		/* What is dropped with the rest of the round is still readable in the next one. */
		for (int i = 0; i < n && !worker->own.unwatched; i++) {
			struct worker_source *source = events[i].data.ptr;

			source->on_readable(source->userdata, now);
		}
		if (worker->own.look && !worker->own.stop)
			look_at_runs(worker);
	}
	return NULL;
}

int stream_worker_watch(struct stream_worker *worker, int fd, struct worker_source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void stream_worker_unwatch(struct stream_worker *worker, int fd)
{
	epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	worker->own.unwatched = true;
}

int stream_worker_kick_fd(const struct stream_worker *worker)
{
	return worker->kick_fd;
}

void stream_worker_notify(struct stream_worker *worker)
{
	fill(worker->notify_fd);
}

/* --- the main thread -------------------------------------------------------------------------- */

int stream_worker_wake_fd(const struct stream_worker *worker)
{
	return worker->wake_fd;
}

void stream_worker_kick(struct stream_worker *worker)
{
	fill(worker->kick_fd);
}

void stream_worker_call(struct stream_worker *worker, void (*function)(void *userdata),
			void *userdata)
{
	pthread_mutex_lock(&worker->lock);
	worker->function = function;
	worker->userdata = userdata;
	fill(worker->kick_fd);
	while (worker->function)
		pthread_cond_wait(&worker->was_called, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

struct run_args {
	struct stream_worker *worker;
	struct stream_run *run;
};

static void add_run(void *userdata)
{
	const struct run_args *args = userdata;
	struct stream_worker *worker = args->worker;
	uint32_t n = atomic_load(&worker->n_runs);

	worker->own.runs[n] = args->run;
	atomic_store(&worker->n_runs, n + 1u);
	stream_run_begin(args->run, worker);
}

static void remove_run(void *userdata)
{
	const struct run_args *args = userdata;
	struct stream_worker *worker = args->worker;
	uint32_t n = atomic_load(&worker->n_runs);

	for (uint32_t i = 0; i < n; i++) {
		if (worker->own.runs[i] != args->run)
			continue;
		worker->own.runs[i] = worker->own.runs[n - 1u];
		atomic_store(&worker->n_runs, n - 1u);
		break;
	}
	stream_run_end(args->run);
}

uint32_t stream_worker_n_runs(const struct stream_worker *worker)
{
	return atomic_load(&worker->n_runs);
}

int stream_worker_add(struct stream_worker *worker, struct stream_run *stream)
{
	struct run_args args = {.worker = worker, .run = stream};

	if (stream_worker_n_runs(worker) == PL_STREAMS_MAX)
		return -ENOSPC;
	stream_worker_call(worker, add_run, &args);
	return 0;
}

void stream_worker_remove(struct stream_worker *worker, struct stream_run *stream)
{
	struct run_args args = {.worker = worker, .run = stream};

	stream_worker_call(worker, remove_run, &args);
}

/* --- life ------------------------------------------------------------------------------------- */

static int open_fds(struct stream_worker *worker)
{
	int r;

	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (worker->epoll_fd < 0 || worker->wake_fd < 0 || worker->kick_fd < 0 ||
	    worker->timer_fd < 0)
		return -errno;
	worker->own.wake = (struct worker_source){on_wake, worker};
	worker->own.kick = (struct worker_source){on_kick, worker};
	worker->own.timer = (struct worker_source){on_timer, worker};
	worker->own.armed_nsec = UINT64_MAX;
	r = stream_worker_watch(worker, worker->wake_fd, &worker->own.wake);
	if (r >= 0)
		r = stream_worker_watch(worker, worker->kick_fd, &worker->own.kick);
	if (r >= 0)
		r = stream_worker_watch(worker, worker->timer_fd, &worker->own.timer);
	return r;
}

static void close_all(struct stream_worker *worker)
{
	const int fds[] = {worker->epoll_fd, worker->wake_fd, worker->kick_fd, worker->timer_fd};

	for (unsigned i = 0; i < 4; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	pthread_mutex_destroy(&worker->lock);
	pthread_cond_destroy(&worker->was_called);
	free(worker);
}

int stream_worker_new(int notify_fd, struct stream_worker **ret_worker)
{
	struct stream_worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->was_called, NULL);
	worker->notify_fd = notify_fd;
	r = open_fds(worker);
	if (r >= 0)
		r = pl_thread_start("streams", run, worker, &worker->thread);
	if (r < 0) {
		close_all(worker);
		return r;
	}
	*ret_worker = worker;
	return 0;
}

static void stop(void *userdata)
{
	struct stream_worker *worker = userdata;

	worker->own.stop = true;
}

struct stream_worker *stream_worker_free(struct stream_worker *worker)
{
	if (!worker)
		return NULL;
	stream_worker_call(worker, stop, worker);
	pthread_join(worker->thread, NULL);
	close_all(worker);
	return NULL;
}
