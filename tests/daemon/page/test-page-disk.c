/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "page-rig.h"

#define CHANNEL_1 "partyline.channel.1"
#define S(seconds) ((uint64_t)llround((seconds)*RIG_RATE))

/** The limit of the size of files stands in for a full disk; the real one is in test_page.py. */
static void set_room(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static struct pl_clips_status status_of(struct rig *rig)
{
	struct pl_clips_status status;

	pl_pages_ops()->status(rig->pages, &status);
	return status;
}

/* --- a disk that takes nothing ------------------------------------------------------------------- */

PL_TEST(a_full_disk_is_told_and_costs_nothing)
{
	struct rig rig;
	uint64_t end;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 5.0);
	PL_CHECK_STR(status_of(&rig).trouble, "");
	PL_CHECK_INT(status_of(&rig).n_memory_bytes, 0);
	rig.n_states = 0;
	set_room(100001);
	rig_play(&rig, 1.0);
	PL_CHECK(strstr(status_of(&rig).trouble, "a clip cannot be written to") != NULL);
	PL_CHECK_INT(rig.n_states, 1);
	rig_play(&rig, 28.0);
	/* it is over, and not lost */
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK(status_of(&rig).n_memory_bytes > S(20.0) * 2);
	set_room(RLIM_INFINITY);
	rig_play(&rig, 0.1);
	PL_CHECK_STR(status_of(&rig).trouble, "");
	PL_CHECK_INT(status_of(&rig).n_memory_bytes, 0);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(39.0)), 0);
	PL_CHECK_INT(status_of(&rig).n_lost_frames, 0);
	rig_remove(&rig);
}

PL_TEST(what_finds_no_memory_either_is_silence)
{
	int16_t *samples = NULL;
	uint64_t end, n_wrong = 0, n_silent = 0;
	struct rig rig;

	rig_make(&rig);
	rig.memory_bytes = 1000000; /* 10 s */
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 2.0);
	set_room(200000);
	rig_play(&rig, 17.0);
	PL_CHECK(status_of(&rig).n_memory_bytes <= 1000000);
	PL_CHECK(status_of(&rig).n_lost_frames > 0);
	set_room(RLIM_INFINITY);
	rig_play(&rig, 15.0);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_read(rig.told[1].path, &samples), S(39.0));
	for (uint64_t i = 0; i < S(39.0); i++) {
		int wanted = fake_audio_sample(CHANNEL_1, end - S(9.0) + i);

		n_silent += samples[i] == 0 && wanted != 0;
		n_wrong += samples[i] != 0 && samples[i] != wanted;
	}
	free(samples);
	PL_CHECK_INT(n_wrong, 0);
	/* silence that would have been silence anyway is not told apart here */
	PL_CHECK(status_of(&rig).n_lost_frames - n_silent < 100);
	PL_CHECK(n_silent > S(3.0) && n_silent < S(8.0));
	rig_remove(&rig);
}

PL_TEST(a_directory_that_is_not_there_is_waited_for)
{
	struct rig rig;
	uint64_t end;
	char path[128];
	FILE *file;

	rig_make(&rig);
	rig_add(&rig, "a");
	snprintf(path, sizeof(path), "%s/away", rig.folder);
	file = fopen(path, "we"); /* in the way */
	PL_CHECK(file != NULL);
	fclose(file);
	snprintf(rig.gateway.clips.directory, sizeof(rig.gateway.clips.directory), "%s/clips",
		 path);
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 40.0);
	PL_CHECK(strstr(status_of(&rig).trouble, "/away") != NULL);
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK_INT(unlink(path), 0);
	rig_play(&rig, 0.1);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_STR(status_of(&rig).trouble, "");
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(39.0)), 0);
	rig_remove(&rig);
}

/* --- room ------------------------------------------------------------------------------------------ */

static void make_clips(struct rig *rig, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct timespec moment = {.tv_nsec = 20000000};

		rig_page(rig, "a");
		rig_play(rig, 2.0);
		/* Their ages are what is tested; files of one age go by name, as here too. */
		nanosleep(&moment, NULL);
	}
	rig_play(rig, 0.2);
}

PL_TEST(the_oldest_clips_go)
{
	struct rig rig;
	char path[256];

	rig_make(&rig);
	rig_add(&rig, "a")->record_length_s = 1.0;
	rig.gateway.clips.keep_bytes = 3500000; /* of 960 kB each */
	rig_start(&rig);
	rig_play(&rig, 20.0);
	make_clips(&rig, 5);
	PL_CHECK_INT(rig.n_told, 10);
	PL_CHECK_INT(rig_count_files(&rig), 3);
	PL_CHECK_INT(access(rig.told[1].path, R_OK), -1);
	PL_CHECK_INT(access(rig.told[9].path, R_OK), 0);
	PL_CHECK_INT(status_of(&rig).n_clips, 3);
	PL_CHECK_INT(status_of(&rig).n_bytes, 3 * (44 + S(10.0) * 2));
	PL_CHECK_INT(
		pl_pages_ops()->clip_path(rig.pages, rig.told[9].record.clip, path, sizeof(path)),
		0);
	PL_CHECK_STR(path, rig.told[9].path);
	PL_CHECK_INT(
		pl_pages_ops()->clip_path(rig.pages, rig.told[1].record.clip, path, sizeof(path)),
		-ENOENT);
	PL_CHECK_INT(pl_pages_ops()->clip_path(rig.pages, "../pages.jsonl", path, sizeof(path)),
		     -ENOENT);
	PL_CHECK_INT(pl_pages_ops()->clip_path(rig.pages, "", path, sizeof(path)), -ENOENT);
	rig_remove(&rig);
}

PL_TEST(a_clip_that_waits_for_its_upload_stays)
{
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a")->record_length_s = 1.0;
	rig.gateway.clips.keep_bytes = 1000000;
	rig.gateway.s3.enabled = true;
	rig_start(&rig);
	rig_play(&rig, 20.0);
	make_clips(&rig, 4);
	PL_CHECK_INT(rig_count_files(&rig), 4);
	/* told: began, complete, began, complete … */
	pl_pages_ops()->clip_uploaded(rig.pages, rig.told[2].record.message_id, "https://x/2");
	make_clips(&rig, 1);
	PL_CHECK_INT(access(rig.told[3].path, R_OK), -1);
	PL_CHECK_INT(rig_count_files(&rig), 4);
	PL_CHECK_INT(access(rig.told[1].path, R_OK), 0);
	rig_remove(&rig);
}

PL_TEST(an_uploaded_clip_goes_only_if_asked)
{
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a")->record_length_s = 1.0;
	rig_add(&rig, "b")->record_length_s = 1.0;
	rig.gateway.s3.enabled = true;
	rig_start(&rig);
	rig_play(&rig, 20.0);
	make_clips(&rig, 1);
	pl_pages_ops()->clip_uploaded(rig.pages, rig.told[0].record.message_id, "");
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig_count_files(&rig), 1);

	rig.gateway.s3.delete_local = true;
	rig_apply(&rig);
	rig.n_told = 0;
	rig_page(&rig, "a");
	rig_page(&rig, "b"); /* the same clip */
	rig_play(&rig, 2.0);
	PL_CHECK_INT(rig.n_told, 4);
	PL_CHECK_STR(rig.told[2].path, rig.told[3].path);
	pl_pages_ops()->clip_uploaded(rig.pages, rig.told[0].record.message_id, "https://x/");
	pl_pages_run(rig.pages);
	PL_CHECK_INT(access(rig.told[2].path, R_OK), 0);
	pl_pages_ops()->clip_uploaded(rig.pages, rig.told[1].record.message_id, "https://x/");
	pl_pages_run(rig.pages);
	PL_CHECK_INT(access(rig.told[2].path, R_OK), -1);
	pl_pages_ops()->clip_uploaded(rig.pages, "no such", "https://x/");
	rig_remove(&rig);
}

/* --- crashes ----------------------------------------------------------------------------------------- */

/** What `rig` does in a process that ends without a word. */
static void crash(struct rig *rig, void (*what)(struct rig *rig))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		rig_start(rig);
		what(rig);
		kill(getpid(), SIGKILL);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		abort();
}

static void record_some(struct rig *rig)
{
	rig_play(rig, 20.0);
	rig_page(rig, "a");
	rig_page(rig, "b");
	rig_play(rig, 7.0);
}

PL_TEST(a_clip_that_a_crash_has_cut_is_finished)
{
	static struct pl_page_record all[4];
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_add(&rig, "b")->clip_opus = true;
	crash(&rig, record_some);
	PL_CHECK_INT(rig_count_files(&rig), 2);
	rig_start(&rig);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, 4), 2);
	PL_CHECK_STR(all[1].page_id, "a");
	PL_CHECK(!all[1].clip_complete && all[1].clip[0]);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_count_files(&rig), 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct told *told = &rig.told[i];
		bool opus = strcmp(told->record.page_id, "b") == 0;

		PL_CHECK(!told->began && told->record.clip_complete);
		PL_CHECK_STR(told->record.message_id, all[opus ? 0 : 1].message_id);
		/* Opus: what its last page holds */
		PL_CHECK_NEAR(told->record.clip_length_s, opus ? 15.0 : 16.0, opus ? 1.01 : 1e-9);
		if (!opus)
			PL_CHECK_INT(rig_compare(told->path, CHANNEL_1, 1000000 + S(11.0), S(16.0)),
				     0);
	}
	rig_stop(&rig);
	/* once */
	rig.n_told = 0;
	rig_start(&rig);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 0);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, 4), 2);
	PL_CHECK(all[0].clip_complete && all[1].clip_complete);
	rig_remove(&rig);
}

PL_TEST(a_clip_that_was_not_begun_is_forgotten)
{
	static struct pl_page_record all[4];
	char command[256];
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_add(&rig, "b");
	crash(&rig, record_some);
	snprintf(command, sizeof(command), "rm -r '%s/clips'", rig.folder);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	PL_CHECK_INT(system(command), 0);
	rig_start(&rig);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_STR(rig.told[0].record.clip, "");
	PL_CHECK_STR(rig.told[0].path, "");
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, 4), 2);
	PL_CHECK_STR(all[0].clip, "");
	rig_remove(&rig);
}

/** The file is whole, and nobody was told: half of the line that says so is there. */
static void forget_the_last_line(struct rig *rig)
{
	static char text[65536];
	char path[128], *last;
	FILE *file;
	size_t n;

	rig_play(rig, 20.0);
	rig_page(rig, "a");
	rig_play(rig, 31.0);
	snprintf(path, sizeof(path), "%s/pages.jsonl", rig->folder);
	file = fopen(path, "re");
	n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	if (file)
		fclose(file);
	if (n == 0)
		return;
	text[n - 1] = '\0';
	last = strrchr(text, '\n');
	if (last && truncate(path, last - text + 20) < 0)
		abort();
}

PL_TEST(a_clip_that_nobody_was_told_of_is_told)
{
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a");
	crash(&rig, forget_the_last_line);
	rig_start(&rig);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK(rig.told[0].record.clip_complete);
	PL_CHECK_NEAR(rig.told[0].record.clip_length_s, 39.0, 1e-9);
	PL_CHECK_INT(rig_compare(rig.told[0].path, CHANNEL_1, 1000000 + S(11.0), S(39.0)), 0);
	rig_remove(&rig);
}

PL_TEST(an_orderly_end_finishes_what_runs)
{
	static struct pl_page_record all[4];
	struct rig rig;
	uint64_t end;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 3.0);
	rig_stop(&rig);
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK_INT(rig_count_files(&rig), 1);
	/* told when there is somebody again who uploads it */
	rig_start(&rig);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(12.0)), 0);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, 4), 1);
	PL_CHECK(all[0].clip_complete);
	rig_remove(&rig);
}

/* --- the history ---------------------------------------------------------------------------------------- */

PL_TEST(a_thousand_pages_are_kept_and_the_file_stays_small)
{
	static struct pl_page_record all[PL_PAGE_HISTORY_MAX], after[PL_PAGE_HISTORY_MAX];
	struct stat st;
	struct rig rig;
	char path[128];

	rig_make(&rig);
	rig_add(&rig, "a")->record_length_s = 0.0;
	rig_start(&rig);
	for (unsigned i = 0; i < 5000; i++) {
		rig_page(&rig, "a");
		rig.audio.nsec += 1000000;
		if (i % 100 == 99)
			pl_pages_run(rig.pages);
	}
	pl_pages_run(rig.pages);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, PL_PAGE_HISTORY_MAX), 1000);
	rig_stop(&rig);
	snprintf(path, sizeof(path), "%s/pages.jsonl", rig.folder);
	PL_CHECK_INT(stat(path, &st), 0);
	PL_CHECK(st.st_size < 2500 * 300);
	rig_start(&rig);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, after, PL_PAGE_HISTORY_MAX), 1000);
	for (unsigned i = 0; i < 1000; i++) {
		PL_CHECK_STR(after[i].message_id, all[i].message_id);
		PL_CHECK_INT(after[i].ts_usec, all[i].ts_usec);
		PL_CHECK_NEAR(after[i].tone.a_hz, 1001.0, 0);
		PL_CHECK_INT(after[i].tone.endpoint.id, 1);
	}
	rig_remove(&rig);
}

PL_TEST(a_history_survives_a_full_disk)
{
	static struct pl_page_record all[PL_PAGE_HISTORY_MAX];
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a")->record_length_s = 0.0;
	rig_start(&rig);
	rig_page(&rig, "a");
	pl_pages_run(rig.pages);
	set_room(700);
	for (unsigned i = 0; i < 20; i++) {
		rig_page(&rig, "a");
		pl_pages_run(rig.pages);
	}
	PL_CHECK(strstr(status_of(&rig).trouble, "the history of pages") != NULL);
	set_room(RLIM_INFINITY);
	rig_page(&rig, "a");
	pl_pages_run(rig.pages);
	PL_CHECK_STR(status_of(&rig).trouble, "");
	rig_stop(&rig);
	rig_start(&rig);
	PL_CHECK_INT(pl_pages_ops()->history(rig.pages, all, PL_PAGE_HISTORY_MAX), 22);
	rig_remove(&rig);
}

PL_TEST_MAIN()
