/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "page-rig.h"

/* The clips that are there are known without a look at the disk, and can be deleted. */

/** @return its size, or 0: it is not listed */
static uint64_t size_of(struct rig *rig, const char *name, unsigned *ret_n)
{
	struct pl_clip_info *clips = NULL;
	uint64_t size = 0;
	int n = pl_pages_ops()->clips(rig->pages, &clips);

	for (int i = 0; i < n; i++)
		if (strcmp(clips[i].name, name) == 0)
			size = clips[i].n_bytes;
	free(clips);
	*ret_n = (unsigned)n;
	return size;
}

/** A page of its own for each clip. */
static void record(struct rig *rig, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		rig_play(rig, 10.0);
		rig_page(rig, "a");
		rig_play(rig, 31.0);
	}
}

static void start(struct rig *rig)
{
	rig_make(rig);
	rig_add(rig, "a");
	rig_start(rig);
}

PL_TEST(a_clip_is_listed_when_it_is_told_and_until_it_is_removed)
{
	char path[PL_PATH_MAX];
	struct stat st = {0};
	const char *name;
	struct rig rig;
	unsigned n;

	start(&rig);
	record(&rig, 2);
	PL_CHECK_INT(rig.n_told, 4);
	name = rig.told[1].record.clip;
	stat(rig.told[1].path, &st);
	PL_CHECK(st.st_size > 0);
	PL_CHECK_INT(size_of(&rig, name, &n), st.st_size);
	PL_CHECK_INT(n, 2);
	PL_CHECK_INT(pl_pages_ops()->clip_path(rig.pages, name, path, sizeof(path)), 0);

	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, name), 0);
	PL_CHECK_INT(size_of(&rig, name, &n), 0);
	PL_CHECK_INT(n, 1);
	PL_CHECK_INT(pl_pages_ops()->clip_path(rig.pages, name, path, sizeof(path)), -ENOENT);
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, name), -ENOENT);
	/* told as what it is now: a page without a clip */
	PL_CHECK_INT(rig.n_told, 5);
	PL_CHECK_STR(rig.told[4].record.message_id, rig.told[1].record.message_id);
	PL_CHECK_STR(rig.told[4].record.clip, "");
	PL_CHECK(!rig.told[4].record.clip_complete && !rig.told[4].began);
	rig_play(&rig, 0.2);
	PL_CHECK_INT(rig_count_files(&rig), 1);
	PL_CHECK_INT(size_of(&rig, rig.told[3].record.clip, &n), st.st_size);
	PL_CHECK_INT(n, 1);
	rig_remove(&rig);
}

PL_TEST(what_was_removed_stays_so)
{
	struct pl_page_record records[4];
	struct rig rig;
	unsigned n;

	start(&rig);
	record(&rig, 2);
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, rig.told[1].record.clip), 0);
	rig_stop(&rig);
	rig_start(&rig);
	rig_play(&rig, 0.2);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, records, 4), 2);
	PL_CHECK_STR(records[1].clip, "");
	PL_CHECK(records[0].clip_complete);
	PL_CHECK(size_of(&rig, records[0].clip, &n) > 0);
	PL_CHECK_INT(n, 1);
	rig_remove(&rig);
}

PL_TEST(a_clip_of_several_pages_goes_for_all_of_them)
{
	struct pl_page_record records[2];
	struct rig rig;

	start(&rig);
	rig_play(&rig, 10.0);
	rig_page(&rig, "a");
	rig_play(&rig, 10.0);
	rig_page(&rig, "a");
	rig_play(&rig, 31.0);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, records, 2), 2);
	PL_CHECK_STR(records[0].clip, records[1].clip);
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, records[0].clip), 0);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, records, 2), 2);
	PL_CHECK(!records[0].clip[0] && !records[1].clip[0]);
	rig_remove(&rig);
}

PL_TEST(what_waits_for_its_upload_and_what_is_recorded_now_are_not_removed)
{
	struct pl_page_record newest;
	const char *name;
	struct rig rig;

	start(&rig);
	rig.gateway.s3.enabled = true;
	rig_apply(&rig);
	record(&rig, 1);
	name = rig.told[1].record.clip;
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, name), -EBUSY);
	pl_pages_ops()->clip_uploaded(rig.pages, rig.told[1].record.message_id, "");
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, name), 0);

	rig_page(&rig, "a");
	rig_play(&rig, 1.0);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, &newest, 1), 1);
	PL_CHECK(newest.clip[0]);
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, newest.clip), -ENOENT);
	PL_CHECK_INT(pl_pages_ops()->remove_clip(rig.pages, ""), -ENOENT);
	rig_remove(&rig);
}

PL_TEST(what_goes_for_want_of_room_is_not_listed)
{
	struct rig rig;
	unsigned n;

	start(&rig);
	rig.gateway.clips.keep_bytes = 4000000; /* of 3.7 MB each */
	rig_apply(&rig);
	record(&rig, 3);
	rig_play(&rig, 0.2);
	PL_CHECK_INT(size_of(&rig, rig.told[1].record.clip, &n), 0);
	PL_CHECK_INT(n, 1);
	PL_CHECK(size_of(&rig, rig.told[5].record.clip, &n) > 0);
	rig_remove(&rig);
}

PL_TEST_MAIN()
