/* SPDX-License-Identifier: MIT */
#include "writer-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"

/** Audio goes to the disk this often; after trouble it is tried again as often. */
#define ROUND_MS 1000

/* --- names ---------------------------------------------------------------------------------- */

void pl_names_done(struct pl_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
	memset(names, 0, sizeof(*names));
}

int pl_names_add(struct pl_names *names, const char *name)
{
	char **list = reallocarray(names->names, names->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	names->names = list;
	list[names->n] = strdup(name);
	if (!list[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

int pl_names_copy(struct pl_names *names, const char *const *list, size_t n)
{
	struct pl_names copy = {0};

	for (size_t i = 0; i < n; i++) {
		if (pl_names_add(&copy, list[i]) < 0) {
			pl_names_done(&copy);
			return -ENOMEM;
		}
	}
	pl_names_done(names);
	*names = copy;
	return 0;
}

bool pl_names_have(const struct pl_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->names[i], name) == 0)
			return true;
	return false;
}

/* --- between the threads ---------------------------------------------------------------------- */

void pl_writer_lock(struct pl_writer *w)
{
	pthread_mutex_lock(&w->lock);
}

void pl_writer_unlock(struct pl_writer *w)
{
	pthread_mutex_unlock(&w->lock);
}

void pl_writer_kick(struct pl_writer *w)
{
	w->kicked = true;
	pthread_cond_signal(&w->kick);
}

static void wake_owner(struct pl_writer *w)
{
	uint64_t one = 1;

	if (w->wake_fd >= 0 && write(w->wake_fd, &one, sizeof(one)) < 0)
		return; /* it has not read the last one yet */
}

void pl_writer_tell(struct pl_writer *w, const struct pl_writer_news *news)
{
	struct pl_note *note = calloc(1, sizeof(*note));

	if (!note)
		return; /* the next start finds the clip */
	note->news = *news;
	pl_writer_lock(w);
	if (!w->news.first)
		w->news.end = &w->news.first;
	*w->news.end = note;
	w->news.end = &note->next;
	pl_writer_unlock(w);
	wake_owner(w);
}

bool pl_writer_take_news(struct pl_writer *w, struct pl_writer_news *ret_news)
{
	struct pl_note *note;

	pl_writer_lock(w);
	note = w->news.first;
	if (note)
		w->news.first = note->next;
	pl_writer_unlock(w);
	if (!note)
		return false;
	*ret_news = note->news;
	free(note);
	return true;
}

void pl_writer_fail(struct pl_writer *w, const char *what, const char *path, int error)
{
	if (!w->disk.trouble[0])
		snprintf(w->disk.trouble, sizeof(w->disk.trouble), "%s \"%.120s\": %s; %s", what,
			 path, strerror(-error),
			 error == -ENOSPC || error == -EDQUOT
				 ? "make room there, until then it waits in memory"
				 : "until that is mended it waits in memory");
}

void pl_writer_status(struct pl_writer *w, struct pl_clips_status *ret_status)
{
	pl_writer_lock(w);
	*ret_status = w->status;
	ret_status->n_memory_bytes = w->memory;
	pl_writer_unlock(w);
}

/* --- rounds ---------------------------------------------------------------------------------- */

/** @return nothing is left to do */
static bool do_round(struct pl_writer *w)
{
	bool differs, idle;

	w->disk.trouble[0] = '\0';
	w->disk.round++;
	/* First what a crash left: new clips may have the room that it frees. */
	pl_writer_do_store(w);
	pl_writer_do_lines(w);
	pl_writer_do_clips(w);

	pl_writer_lock(w);
	differs = strcmp(w->status.trouble, w->disk.trouble) != 0;
	memcpy(w->status.trouble, w->disk.trouble, sizeof(w->status.trouble));
	idle = !w->clips && !w->lines.size && !w->disk.lines.size && !w->removals.n &&
	       !w->recover_wanted && !w->disk.recover.n && !w->sweep_wanted;
	pl_writer_unlock(w);
	if (differs)
		wake_owner(w);
	return idle;
}

bool pl_writer_work(struct pl_writer *w)
{
	return do_round(w);
}

/** With the lock. @param idle  wait until there is something */
static void wait_for_work(struct pl_writer *w, bool idle)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ROUND_MS / 1000;
	while (!w->kicked && !w->quit) {
		if (idle)
			pthread_cond_wait(&w->kick, &w->lock);
		else if (pthread_cond_timedwait(&w->kick, &w->lock, &until) == ETIMEDOUT)
			break;
	}
	w->kicked = false;
}

static void *run(void *userdata)
{
	struct pl_writer *w = userdata;
	bool idle = false, quit = false;

	while (!quit) {
		pl_writer_lock(w);
		wait_for_work(w, idle);
		quit = w->quit;
		pl_writer_unlock(w);
		idle = do_round(w);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

static int start_thread(struct pl_writer *w)
{
	int r = pl_thread_start("pl-page-disk", run, w, &w->thread);

	if (r < 0)
		return r;
	w->has_thread = true;
	return 0;
}

int pl_writer_new(const struct pl_writer_options *options, struct pl_writer **ret_writer)
{
	pthread_condattr_t attr;
	struct pl_writer *w;
	int r = 0;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->kick, &attr);
	pthread_condattr_destroy(&attr);
	w->wake_fd = options->wake_fd;
	w->memory_max = options->memory_bytes ? options->memory_bytes : PL_WRITER_MEMORY_BYTES;
	w->disk.folder = w->disk.file = -1;
	w->disk.state_directory = strdup(options->state_directory);
	if (!w->disk.state_directory)
		r = -ENOMEM;
	else if (!options->no_thread)
		r = start_thread(w);
	if (r < 0) {
		pl_writer_free(w);
		return r;
	}
	*ret_writer = w;
	return 0;
}

void pl_writer_stop(struct pl_writer *w)
{
	pl_writer_lock(w);
	w->quit = true;
	pl_writer_kick(w);
	pl_writer_unlock(w);
	if (w->has_thread)
		pthread_join(w->thread, NULL);
	else
		do_round(w);
	w->has_thread = false;
}

struct pl_writer *pl_writer_free(struct pl_writer *w)
{
	struct pl_writer_news news;
	struct pl_clip *clip;

	if (!w)
		return NULL;
	if (w->has_thread)
		pl_writer_stop(w);
	while ((clip = w->clips)) {
		w->clips = clip->next;
		pl_clip_free(clip);
	}
	while (pl_writer_take_news(w, &news))
		;
	pl_names_done(&w->protected);
	pl_names_done(&w->removals);
	pl_names_done(&w->recover);
	pl_names_done(&w->disk.recover);
	free(w->present);
	free(w->lines.text);
	free(w->disk.lines.text);
	free(w->directory);
	free(w->disk.state_directory);
	if (w->disk.file >= 0)
		close(w->disk.file);
	if (w->disk.folder >= 0)
		close(w->disk.folder);
	pthread_cond_destroy(&w->kick);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

int pl_writer_set_place(struct pl_writer *w, const char *directory, uint64_t keep_bytes)
{
	char *copy = strdup(directory);

	if (!copy)
		return -ENOMEM;
	pl_writer_lock(w);
	free(w->directory);
	w->directory = copy;
	w->keep_bytes = keep_bytes;
	w->sweep_wanted = true;
	pl_writer_kick(w);
	pl_writer_unlock(w);
	return 0;
}

int pl_writer_protect(struct pl_writer *w, const char *const *names, size_t n_names)
{
	int r;

	pl_writer_lock(w);
	r = pl_names_copy(&w->protected, names, n_names);
	pl_writer_unlock(w);
	return r;
}

void pl_writer_remove(struct pl_writer *w, const char *name)
{
	pl_writer_lock(w);
	pl_writer_drop_present(w, name);
	if (pl_names_add(&w->removals, name) == 0)
		pl_writer_kick(w);
	pl_writer_unlock(w);
}

void pl_writer_recover(struct pl_writer *w, const char *const *names, size_t n_names)
{
	pl_writer_lock(w);
	if (pl_names_copy(&w->recover, names, n_names) == 0) {
		w->recover_wanted = true;
		pl_writer_kick(w);
	}
	pl_writer_unlock(w);
}
