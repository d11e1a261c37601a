/* SPDX-License-Identifier: MIT */
#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

/** 2^64 has 20 digits, so that names sort as numbers. */
#define ITEM_FMT "%020" PRIu64 ".json"
#define ITEM_LENGTH 25
#define NAME_SIZE 40

struct pl_spool {
	pthread_mutex_t lock;
	int folder;
	uint64_t n_max;
	uint64_t next_id;
	uint64_t n_dropped;
	uint64_t *ids; /* rising */
	size_t n_ids, n_room;
};

static bool read_name(const char *name, uint64_t *ret_id)
{
	char again[NAME_SIZE];
	uint64_t id;

	if (strlen(name) != ITEM_LENGTH || strspn(name, "0123456789") != ITEM_LENGTH - 5)
		return false;
	id = strtoull(name, NULL, 10);
	snprintf(again, sizeof(again), ITEM_FMT, id);
	if (strcmp(again, name) != 0 || id == 0 || id == UINT64_MAX)
		return false;
	*ret_id = id;
	return true;
}

static int add_id(struct pl_spool *spool, uint64_t id)
{
	if (spool->n_ids == spool->n_room) {
		size_t n_room = spool->n_room ? spool->n_room * 2 : 64;
		uint64_t *ids = realloc(spool->ids, n_room * sizeof(*ids));

		if (!ids)
			return -ENOMEM;
		spool->ids = ids;
		spool->n_room = n_room;
	}
	spool->ids[spool->n_ids++] = id;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int find_items(struct pl_spool *spool)
{
	struct dirent *entry;
	int fd, r = 0;
	uint64_t id;
	DIR *dir;

	fd = dup(spool->folder);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	/* One thread reads this handle. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (r == 0 && (entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);

		if (read_name(entry->d_name, &id))
			r = add_id(spool, id);
		else if (n > 4 && strcmp(entry->d_name + n - 4, ".new") == 0)
			unlinkat(spool->folder, entry->d_name, 0); /* was never confirmed */
	}
	closedir(dir);
	if (spool->n_ids > 0)
		qsort(spool->ids, spool->n_ids, sizeof(*spool->ids), compare_ids);
	spool->next_id = spool->n_ids > 0 ? spool->ids[spool->n_ids - 1] + 1 : 1;
	return r;
}

int pl_spool_open(const char *path, uint64_t n_max, struct pl_spool **ret_spool)
{
	struct pl_spool *spool;
	int r;

	spool = calloc(1, sizeof(*spool));
	if (!spool)
		return -ENOMEM;
	pthread_mutex_init(&spool->lock, NULL);
	spool->folder = -1;
	spool->n_max = n_max;
	r = pl_folder_open(path, &spool->folder);
	if (r == 0)
		r = find_items(spool);
	if (r < 0) {
		pl_spool_close(spool);
		return r;
	}
	*ret_spool = spool;
	return 0;
}

struct pl_spool *pl_spool_close(struct pl_spool *spool)
{
	if (!spool)
		return NULL;
	if (spool->folder >= 0)
		close(spool->folder);
	pthread_mutex_destroy(&spool->lock);
	free(spool->ids);
	free(spool);
	return NULL;
}

/** The place of the first id above `after`. */
static size_t find_after(const struct pl_spool *spool, uint64_t after)
{
	size_t low = 0, high = spool->n_ids;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spool->ids[middle] > after)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void remove_at(struct pl_spool *spool, size_t place)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), ITEM_FMT, spool->ids[place]);
	unlinkat(spool->folder, name, 0);
	memmove(&spool->ids[place], &spool->ids[place + 1],
		(spool->n_ids - place - 1) * sizeof(*spool->ids));
	spool->n_ids--;
}

int pl_spool_put(struct pl_spool *spool, const char *text, size_t size)
{
	char name[NAME_SIZE];
	int r;

	if (size > PL_SPOOL_ITEM_MAX)
		return -EFBIG;
	pthread_mutex_lock(&spool->lock);
	snprintf(name, sizeof(name), ITEM_FMT, spool->next_id);
	r = add_id(spool, spool->next_id);
	if (r == 0) {
		r = pl_file_write(spool->folder, name, text, size);
		if (r < 0)
			spool->n_ids--;
		else
			spool->next_id++;
	}
	while (spool->n_max > 0 && spool->n_ids > spool->n_max) {
		remove_at(spool, 0);
		spool->n_dropped++;
	}
	pthread_mutex_unlock(&spool->lock);
	return r;
}

int pl_spool_next(struct pl_spool *spool, uint64_t after, uint64_t *ret_id, char **ret_text,
		  size_t *ret_size)
{
	char name[NAME_SIZE], aside[NAME_SIZE * 2];
	int r = -ENOENT;
	size_t place;

	pthread_mutex_lock(&spool->lock);
	place = find_after(spool, after);
	while (place < spool->n_ids) {
		snprintf(name, sizeof(name), ITEM_FMT, spool->ids[place]);
		r = pl_file_read(spool->folder, name, PL_SPOOL_ITEM_MAX, ret_text, ret_size);
		if (r == 0 || r == -ENOMEM)
			break;
		if (r != -ENOENT)
			pl_file_move_aside(spool->folder, name, aside, sizeof(aside));
		remove_at(spool, place);
		spool->n_dropped++;
		r = -ENOENT;
	}
	if (r == 0)
		*ret_id = spool->ids[place];
	pthread_mutex_unlock(&spool->lock);
	return r;
}

void pl_spool_remove(struct pl_spool *spool, uint64_t id)
{
	size_t place;

	pthread_mutex_lock(&spool->lock);
	place = find_after(spool, id - 1);
	if (place < spool->n_ids && spool->ids[place] == id)
		remove_at(spool, place);
	pthread_mutex_unlock(&spool->lock);
}

uint64_t pl_spool_count(struct pl_spool *spool)
{
	uint64_t n;

	pthread_mutex_lock(&spool->lock);
	n = spool->n_ids;
	pthread_mutex_unlock(&spool->lock);
	return n;
}

uint64_t pl_spool_dropped(struct pl_spool *spool)
{
	uint64_t n;

	pthread_mutex_lock(&spool->lock);
	n = spool->n_dropped;
	pthread_mutex_unlock(&spool->lock);
	return n;
}
