/* SPDX-License-Identifier: MIT */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pltest.h"

static char folder[64];

static struct pl_spool *open_new(uint64_t n_max)
{
	struct pl_spool *spool = NULL;

	snprintf(folder, sizeof(folder), "/tmp/partyline-spool-XXXXXX");
	if (!mkdtemp(folder) || pl_spool_open(folder, n_max, &spool) < 0)
		return NULL;
	return spool;
}

static struct pl_spool *open_again(uint64_t n_max)
{
	struct pl_spool *spool = NULL;

	return pl_spool_open(folder, n_max, &spool) < 0 ? NULL : spool;
}

static void remove_all(struct pl_spool *spool)
{
	uint64_t id;
	char *text;
	size_t size;

	while (pl_spool_next(spool, 0, &id, &text, &size) == 0) {
		free(text);
		pl_spool_remove(spool, id);
	}
	pl_spool_close(spool);
	rmdir(folder);
}

/** @return true when the first item behind `after` is this text; its id in *ret_id */
static bool next_is(struct pl_spool *spool, uint64_t after, const char *expected, uint64_t *ret_id)
{
	char *text = NULL;
	size_t size = 0;
	bool same;

	if (pl_spool_next(spool, after, ret_id, &text, &size) < 0)
		return false;
	same = size == strlen(expected) && strcmp(text, expected) == 0;
	free(text);
	return same;
}

PL_TEST(items_come_in_order_and_stay_until_removed)
{
	struct pl_spool *spool = open_new(0);
	uint64_t first, second;

	PL_CHECK(spool);
	PL_CHECK(!next_is(spool, 0, "one", &first));
	PL_CHECK(pl_spool_put(spool, "one", 3) == 0 && pl_spool_put(spool, "two", 3) == 0);
	PL_CHECK(next_is(spool, 0, "one", &first) && next_is(spool, 0, "one", &first));
	PL_CHECK(next_is(spool, first, "two", &second) && second > first);
	PL_CHECK(!next_is(spool, second, "", &first));
	pl_spool_remove(spool, second);
	pl_spool_remove(spool, second);
	PL_CHECK(pl_spool_count(spool) == 1);
	remove_all(spool);
}

PL_TEST(they_survive_a_restart)
{
	struct pl_spool *spool = open_new(0);
	uint64_t id;

	PL_CHECK(spool);
	for (int i = 0; i < 12; i++) {
		char text[16];

		snprintf(text, sizeof(text), "item %d", i);
		PL_CHECK(pl_spool_put(spool, text, strlen(text)) == 0);
	}
	PL_CHECK(next_is(spool, 0, "item 0", &id));
	pl_spool_remove(spool, id);
	pl_spool_close(spool);
	spool = open_again(0);
	PL_CHECK(spool && pl_spool_count(spool) == 11);
	PL_CHECK(pl_spool_put(spool, "last", 4) == 0);
	for (int i = 1; i < 12; i++) {
		char text[16];

		snprintf(text, sizeof(text), "item %d", i);
		PL_CHECK(next_is(spool, 0, text, &id));
		pl_spool_remove(spool, id);
	}
	PL_CHECK(next_is(spool, 0, "last", &id));
	remove_all(spool);
}

PL_TEST(beyond_its_bound_the_oldest_goes_and_is_counted)
{
	struct pl_spool *spool = open_new(2);
	uint64_t id;

	PL_CHECK(spool);
	PL_CHECK(pl_spool_put(spool, "a", 1) == 0 && pl_spool_put(spool, "b", 1) == 0);
	PL_CHECK(pl_spool_dropped(spool) == 0);
	PL_CHECK(pl_spool_put(spool, "c", 1) == 0);
	PL_CHECK(pl_spool_count(spool) == 2 && pl_spool_dropped(spool) == 1);
	PL_CHECK(next_is(spool, 0, "b", &id));
	remove_all(spool);
}

PL_TEST(what_cannot_be_read_is_passed_over)
{
	struct pl_spool *spool = open_new(0);
	char path[128];
	uint64_t id;
	int fd;

	PL_CHECK(spool);
	PL_CHECK(pl_spool_put(spool, "a", 1) == 0 && pl_spool_put(spool, "b", 1) == 0 &&
		 pl_spool_put(spool, "c", 1) == 0);
	snprintf(path, sizeof(path), "%s/00000000000000000001.json", folder);
	PL_CHECK(unlink(path) == 0);
	snprintf(path, sizeof(path), "%s/00000000000000000002.json", folder);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	PL_CHECK(fd >= 0 && ftruncate(fd, PL_SPOOL_ITEM_MAX + 1) == 0);
	close(fd);
	PL_CHECK(next_is(spool, 0, "c", &id));
	PL_CHECK(pl_spool_count(spool) == 1 && pl_spool_dropped(spool) == 2);
	snprintf(path, sizeof(path), "rm -f %s/*.bad-*", folder);
	PL_CHECK(system(path) == 0); /* NOLINT(cert-env33-c,concurrency-mt-unsafe) */
	remove_all(spool);
}

PL_TEST(other_files_are_left_alone)
{
	struct pl_spool *spool = open_new(0);
	static const char *const names[] = {"1.json", "0000000000000000000x.json",
					    "00000000000000000000.json", "notes"};
	char path[128];

	PL_CHECK(spool);
	pl_spool_close(spool);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		PL_CHECK(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
	}
	spool = open_again(0);
	PL_CHECK(spool && pl_spool_count(spool) == 0);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		PL_CHECK(unlink(path) == 0);
	}
	remove_all(spool);
}

PL_TEST(too_large_is_refused)
{
	struct pl_spool *spool = open_new(0);
	static char big[PL_SPOOL_ITEM_MAX + 1];

	PL_CHECK(spool);
	PL_CHECK(pl_spool_put(spool, big, sizeof(big)) == -EFBIG && pl_spool_count(spool) == 0);
	remove_all(spool);
}

PL_TEST_MAIN()
