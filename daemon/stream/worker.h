/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_WORKER_H
#define PL_STREAM_WORKER_H

#include <stdint.h>

#include "work-thread.h"

/**
 * A thread on which streams are encoded, decoded, sent and received: it sleeps until the graph has
 * moved, a packet has come, a time is there, or the main loop wants something.
 */
struct stream_worker;
struct stream_run;

/**
 * @param notify_fd  eventfd of the caller, written when the state of a stream has changed; borrowed
 * @return 0 or negative errno
 */
int stream_worker_new(int notify_fd, struct stream_worker **ret_worker);
/** Its runs are removed already. @return NULL */
struct stream_worker *stream_worker_free(struct stream_worker *worker);

/* Thread: main. */

/** For ports in the graph: written once after a cycle; borrowed. */
int stream_worker_wake_fd(const struct stream_worker *worker);
/** Run function(userdata) on the worker's thread and wait for it: a few milliseconds at most. */
void stream_worker_call(struct stream_worker *worker, void (*function)(void *userdata),
			void *userdata);
/** Have it look at its runs now; does not wait. */
void stream_worker_kick(struct stream_worker *worker);
uint32_t stream_worker_n_runs(const struct stream_worker *worker);
/** @return 0 or -ENOSPC */
int stream_worker_add(struct stream_worker *worker, struct stream_run *run);
void stream_worker_remove(struct stream_worker *worker, struct stream_run *run);

/* Thread: the worker's. */

/** @param source  stays the caller's, and where it is, until it is removed. @return 0 or negative errno */
int stream_worker_watch(struct stream_worker *worker, int fd, struct pl_work_source *source);
void stream_worker_unwatch(struct stream_worker *worker, int fd);
/** An eventfd that has it look at its runs; borrowed, any thread may write it. */
int stream_worker_kick_fd(const struct stream_worker *worker);
/** The state of a stream has changed. */
void stream_worker_notify(struct stream_worker *worker);

#endif
