/* SPDX-License-Identifier: MIT */
#ifndef PL_WORK_THREAD_H
#define PL_WORK_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/**
 * A thread that works on sound and packets: it sleeps until the graph has moved, a descriptor is
 * readable, a time is there, or the main loop wants something. Its priority is below PipeWire's data
 * threads, where it may have one.
 */
struct pl_work_thread;

/** What a descriptor that is readable calls. Thread: the work thread. */
struct pl_work_source {
	void (*on_readable)(void *userdata, uint64_t now_nsec);
	void *userdata;
};

struct pl_work_options {
	const char *name; /**< at most 15 characters */
	/**
	 * When the graph has moved, a time is there or somebody kicked it; not after a source was
	 * read. Thread: the work thread.
	 *
	 * @param graph_moved  the wake descriptor was written
	 * @return CLOCK_MONOTONIC of when to call it again at the latest, ns; UINT64_MAX
	 */
	uint64_t (*work)(void *userdata, uint64_t now_nsec, bool graph_moved);
	void *userdata;
};

/** @return 0 or negative errno */
int pl_work_thread_new(const struct pl_work_options *options, struct pl_work_thread **ret_thread);
/** Ends the thread. @return NULL */
struct pl_work_thread *pl_work_thread_free(struct pl_work_thread *thread);

/* Thread: main. */

/** For ports in the graph: an eventfd that is written once after a cycle; borrowed. */
int pl_work_thread_wake_fd(const struct pl_work_thread *thread);
/** Run function(userdata) there and wait for it: a few milliseconds at most. */
void pl_work_thread_call(struct pl_work_thread *thread, void (*function)(void *userdata),
			 void *userdata);
/** Have it work() now; does not wait. Any thread. */
void pl_work_thread_kick(struct pl_work_thread *thread);

/* Thread: the work thread. */

/** @param source  stays the caller's, and where it is, until it is removed. @return 0 or negative errno */
int pl_work_thread_watch(struct pl_work_thread *thread, int fd, struct pl_work_source *source);
void pl_work_thread_unwatch(struct pl_work_thread *thread, int fd);
/** An eventfd that has it work(); borrowed, any thread may write it. */
int pl_work_thread_kick_fd(const struct pl_work_thread *thread);

/** CLOCK_MONOTONIC */
uint64_t pl_work_now_nsec(void);

#endif
