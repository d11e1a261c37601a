/* SPDX-License-Identifier: MIT */
#include "publisher.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"
#include "worker.h"

#define END_SECONDS 1

struct pl_publisher {
	sd_event_source *source;
	pl_publisher_changed_h on_changed;
	void *userdata;
	struct pl_notes *notes;
	pthread_t thread;
	bool has_thread;
};

struct pl_notes *pl_notes_unref(struct pl_notes *notes)
{
	unsigned n_refs;

	if (!notes)
		return NULL;
	pthread_mutex_lock(&notes->lock);
	n_refs = --notes->n_refs;
	pthread_mutex_unlock(&notes->lock);
	if (n_refs > 0)
		return NULL;
	if (notes->to_worker >= 0)
		close(notes->to_worker);
	if (notes->to_loop >= 0)
		close(notes->to_loop);
	pthread_cond_destroy(&notes->has_ended);
	pthread_mutex_destroy(&notes->lock);
	free(notes);
	return NULL;
}

static int notes_new(struct pl_notes **ret_notes)
{
	struct pl_notes *notes;
	pthread_condattr_t monotonic;
	int r = 0;

	notes = calloc(1, sizeof(*notes));
	if (!notes)
		return -ENOMEM;
	pthread_mutex_init(&notes->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&notes->has_ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	notes->n_refs = 1;
	notes->to_worker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	notes->to_loop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (notes->to_worker < 0 || notes->to_loop < 0)
		r = -errno;
	if (r < 0) {
		pl_notes_unref(notes);
		return r;
	}
	*ret_notes = notes;
	return 0;
}

static int on_status(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct pl_publisher *publisher = userdata;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		publisher->on_changed(publisher->userdata);
	return 0;
}

int pl_publisher_new(sd_event *event, pl_publisher_changed_h on_changed, void *userdata,
		     struct pl_publisher **ret_publisher)
{
	struct pl_publisher *publisher;
	int r;

	publisher = calloc(1, sizeof(*publisher));
	if (!publisher)
		return -ENOMEM;
	publisher->on_changed = on_changed;
	publisher->userdata = userdata;
	r = notes_new(&publisher->notes);
	if (r >= 0)
		r = sd_event_add_io(event, &publisher->source, publisher->notes->to_loop, EPOLLIN,
				    on_status, publisher);
	if (r < 0) {
		pl_publisher_free(publisher);
		return r;
	}
	*ret_publisher = publisher;
	return 0;
}

static int start_thread(struct pl_publisher *publisher)
{
	int r;

	publisher->notes->n_refs++;
	r = pl_thread_start("avahi", pl_worker_run, publisher->notes, &publisher->thread);
	if (r < 0) {
		publisher->notes->n_refs--;
		return r;
	}
	publisher->has_thread = true;
	return 0;
}

static void wake(struct pl_notes *notes)
{
	uint64_t one = 1;
	ssize_t n = write(notes->to_worker, &one, sizeof(one));

	/* A counter that is full has woken it already. */
	(void)n;
}

int pl_publisher_set(struct pl_publisher *publisher, const struct pl_service *service)
{
	struct pl_notes *notes = publisher->notes;
	int r = 0;

	pthread_mutex_lock(&notes->lock);
	notes->wanted = *service;
	pthread_mutex_unlock(&notes->lock);
	if (service->publish && !publisher->has_thread)
		r = start_thread(publisher);
	wake(notes);
	return r;
}

void pl_publisher_read(struct pl_publisher *publisher, struct pl_publisher_status *ret_status)
{
	pthread_mutex_lock(&publisher->notes->lock);
	*ret_status = publisher->notes->status;
	pthread_mutex_unlock(&publisher->notes->lock);
}

/** A thread that an avahi-daemon holds up is left to itself: it has its own reference. */
static void end_thread(struct pl_publisher *publisher)
{
	struct pl_notes *notes = publisher->notes;
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += END_SECONDS;
	pthread_mutex_lock(&notes->lock);
	notes->quit = true;
	wake(notes);
	while (!notes->ended && r == 0)
		r = pthread_cond_timedwait(&notes->has_ended, &notes->lock, &until);
	if (notes->ended)
		r = 0;
	pthread_mutex_unlock(&notes->lock);
	if (r == 0)
		pthread_join(publisher->thread, NULL);
	else
		pthread_detach(publisher->thread);
}

struct pl_publisher *pl_publisher_free(struct pl_publisher *publisher)
{
	if (!publisher)
		return NULL;
	if (publisher->has_thread)
		end_thread(publisher);
	sd_event_source_disable_unref(publisher->source);
	pl_notes_unref(publisher->notes);
	free(publisher);
	return NULL;
}
