/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway-def.h"
#include "stream-run.h"
#include "work-thread.h"

struct stream_worker {
	struct pl_work_thread *thread;
	int notify_fd;                           /* borrowed */
	struct stream_run *runs[PL_STREAMS_MAX]; /* the thread's */
	_Atomic uint32_t n_runs;
};

/* --- the thread ------------------------------------------------------------------------------- */

static uint64_t look_at_runs(void *userdata, uint64_t now, bool graph_moved)
{
	struct stream_worker *worker = userdata;
	uint32_t n_runs = atomic_load_explicit(&worker->n_runs, memory_order_relaxed);
	uint64_t next = UINT64_MAX;

	/* What is captured goes out first: it may come back for this cycle. */
	for (uint32_t i = 0; graph_moved && i < n_runs; i++)
		stream_run_capture(worker->runs[i]);
	for (uint32_t i = 0; i < n_runs; i++) {
		uint64_t deadline =
			stream_run_work(worker->runs[i], pl_work_now_nsec(), graph_moved);

		next = deadline < next ? deadline : next;
	}
	return next;
}

int stream_worker_watch(struct stream_worker *worker, int fd, struct pl_work_source *source)
{
	return pl_work_thread_watch(worker->thread, fd, source);
}

void stream_worker_unwatch(struct stream_worker *worker, int fd)
{
	pl_work_thread_unwatch(worker->thread, fd);
}

int stream_worker_kick_fd(const struct stream_worker *worker)
{
	return pl_work_thread_kick_fd(worker->thread);
}

void stream_worker_notify(struct stream_worker *worker)
{
	static const uint64_t one = 1;

	while (write(worker->notify_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* --- the main thread -------------------------------------------------------------------------- */

int stream_worker_wake_fd(const struct stream_worker *worker)
{
	return pl_work_thread_wake_fd(worker->thread);
}

void stream_worker_kick(struct stream_worker *worker)
{
	pl_work_thread_kick(worker->thread);
}

void stream_worker_call(struct stream_worker *worker, void (*function)(void *userdata),
			void *userdata)
{
	pl_work_thread_call(worker->thread, function, userdata);
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

	worker->runs[n] = args->run;
	atomic_store(&worker->n_runs, n + 1u);
	stream_run_begin(args->run, worker);
}

static void remove_run(void *userdata)
{
	const struct run_args *args = userdata;
	struct stream_worker *worker = args->worker;
	uint32_t n = atomic_load(&worker->n_runs);

	for (uint32_t i = 0; i < n; i++) {
		if (worker->runs[i] != args->run)
			continue;
		worker->runs[i] = worker->runs[n - 1u];
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

int stream_worker_new(int notify_fd, struct stream_worker **ret_worker)
{
	struct stream_worker *worker = calloc(1, sizeof(*worker));
	const struct pl_work_options options = {
		.name = "streams",
		.work = look_at_runs,
		.userdata = worker,
	};
	int r;

	if (!worker)
		return -ENOMEM;
	worker->notify_fd = notify_fd;
	r = pl_work_thread_new(&options, &worker->thread);
	if (r < 0) {
		free(worker);
		return r;
	}
	*ret_worker = worker;
	return 0;
}

struct stream_worker *stream_worker_free(struct stream_worker *worker)
{
	if (!worker)
		return NULL;
	pl_work_thread_free(worker->thread);
	free(worker);
	return NULL;
}
