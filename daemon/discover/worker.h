/* SPDX-License-Identifier: MIT */
#ifndef PL_WORKER_H
#define PL_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "publisher.h"

/** What the publisher and its thread share: only for these two files. */
struct pl_notes {
	pthread_mutex_t lock; /* held to copy, never over a call of Avahi */
	unsigned n_refs;
	bool quit;
	bool ended;               /* the thread is done with everything that may block */
	pthread_cond_t has_ended; /* on CLOCK_MONOTONIC */
	struct pl_service wanted;
	struct pl_publisher_status status;
	int to_worker; /* eventfd: `quit` or `wanted` has changed */
	int to_loop;   /* eventfd: `status` has changed */
};

struct pl_notes *pl_notes_unref(struct pl_notes *notes);

/** The thread's function. @param userdata  struct pl_notes; gives back one reference */
void *pl_worker_run(void *userdata);

#endif
