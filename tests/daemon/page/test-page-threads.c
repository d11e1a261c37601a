/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <stdlib.h>
#include <unistd.h>

#include "page-rig.h"

#define S(seconds) ((uint64_t)llround((seconds)*RIG_RATE))

/* The same with the threads that the daemon has, and its loop: nothing is timed here. */

static bool both_are_complete(struct rig *rig)
{
	return rig->n_told == 4;
}

PL_TEST(clips_are_exact_with_threads_too)
{
	struct pl_clips_status status;
	struct rig rig;
	uint64_t end;

	rig_make(&rig);
	PL_CHECK_INT(sd_event_new(&rig.event), 0);
	rig_add(&rig, "a")->record_length_s = 2.0;
	rig_add(&rig, "b")->record_length_s = 3.0;
	rig.defs[1].source.id = 2;
	rig_start(&rig);
	rig_play(&rig, 10.0);
	end = rig_page(&rig, "a");
	rig_page(&rig, "b");
	PL_CHECK_INT(rig.n_told, 2);
	rig_play(&rig, 4.0);
	rig_wait(&rig, both_are_complete);
	for (unsigned i = 2; i < 4; i++) {
		bool first = strcmp(rig.told[i].record.page_id, "a") == 0;

		PL_CHECK_INT(rig_compare(rig.told[i].path,
					 first ? "partyline.channel.1" : "partyline.channel.2",
					 end - S(9.0), first ? S(11.0) : S(12.0)),
			     0);
	}
	pl_pages_ops()->status(rig.pages, &status);
	PL_CHECK_INT(status.n_lost_frames, 0);
	PL_CHECK_INT(status.n_recording, 0);
	rig_stop(&rig);
	sd_event_unref(rig.event);
	rig.event = NULL;
	rig_remove(&rig);
}

PL_TEST(threads_end_whatever_they_do)
{
	static struct pl_page_record all[4];
	struct rig rig;
	sd_event *event = NULL;

	rig_make(&rig);
	PL_CHECK_INT(sd_event_new(&event), 0);
	rig.event = event;
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 10.0);
	rig_page(&rig, "a");
	rig_play(&rig, 1.0);
	rig_stop(&rig);
	rig.event = NULL;
	sd_event_unref(event);
	rig_start(&rig);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, 4), 1);
	PL_CHECK(all[0].clip_complete);
	PL_CHECK_NEAR(all[0].clip_length_s, 10.0, 1e-9);
	rig_remove(&rig);
}

PL_TEST_MAIN()
