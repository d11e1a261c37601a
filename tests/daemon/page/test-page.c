/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <stdlib.h>

#include "page-rig.h"

#define CHANNEL_1 "partyline.channel.1"
#define CHANNEL_2_OUT "partyline.channel.2.out"
#define S(seconds) ((uint64_t)llround((seconds)*RIG_RATE))

/** The n-th record of the history, the newest first. */
static struct pl_page_record newest(struct rig *rig, size_t n)
{
	static struct pl_page_record all[PL_PAGE_HISTORY_MAX];
	size_t n_all = pl_pages_ops()->history(rig->pages, all, PL_PAGE_HISTORY_MAX);

	return n < n_all ? all[n] : (struct pl_page_record){0};
}

static size_t count_history(struct rig *rig)
{
	static struct pl_page_record all[PL_PAGE_HISTORY_MAX];

	return pl_pages_ops()->history(rig->pages, all, PL_PAGE_HISTORY_MAX);
}

/* --- clips ------------------------------------------------------------------------------------ */

PL_TEST(a_clip_begins_before_tone_a_and_is_exact)
{
	struct rig rig;
	char wanted[64];
	uint64_t end;

	rig_make(&rig);
	rig_add(&rig, "engine-1");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "engine-1");
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK(rig.told[0].began);
	PL_CHECK_INT(strlen(rig.told[0].record.message_id), 36);
	PL_CHECK_INT(rig.told[0].record.message_id[14], '4');
	PL_CHECK_STR(rig.told[0].record.page_id, "engine-1");
	snprintf(wanted, sizeof(wanted), "defined_tone_1_1000.0_1500.0_%llu.wav",
		 (unsigned long long)(rig.told[0].record.ts_usec / 1000));
	PL_CHECK_STR(rig.told[0].record.clip, wanted);
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 1);
	rig_play(&rig, 29.9);
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 1);
	rig_play(&rig, 0.3);
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 0);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK(!rig.told[1].began && rig.told[1].record.clip_complete);
	PL_CHECK_NEAR(rig.told[1].record.clip_length_s, 39.0, 1e-9);
	/* 5 s pre-roll, 1 + 3 s of tones, 30 s */
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(39.0)), 0);
	PL_CHECK_INT(rig_count_files(&rig), 1);
	rig_remove(&rig);
}

PL_TEST(what_was_not_heard_yet_is_not_made_up)
{
	struct rig rig;
	uint64_t start;

	rig_make(&rig);
	rig_add(&rig, "engine-1");
	start = rig.audio.position;
	rig_start(&rig);
	rig_play(&rig, 6.0);
	rig_page(&rig, "engine-1");
	rig_play(&rig, 30.5);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, start, S(36.0)), 0);
	rig_remove(&rig);
}

PL_TEST(a_page_told_late_costs_nothing)
{
	struct rig rig;
	uint64_t end;
	struct pl_tone_event event;

	rig_make(&rig);
	rig_add(&rig, "engine-1");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	event = (struct pl_tone_event){
		.endpoint = {.id = 1},
		.type = PL_TONE_PAGE,
		.page_id = "engine-1",
		.begin_position = rig.audio.position - S(4.0),
		.end_position = rig.audio.position,
		.end_nsec = rig.audio.nsec,
	};
	end = rig.audio.position;
	rig_play(&rig, 8.0);
	pl_pages_ops()->tone(rig.pages, &event);
	rig_play(&rig, 22.2);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(39.0)), 0);
	rig_remove(&rig);
}

PL_TEST(again_keeps_the_longer_rest_in_one_clip)
{
	struct rig rig;
	uint64_t first;

	rig_make(&rig);
	rig_add(&rig, "engine-1");
	rig_add(&rig, "short")->record_length_s = 5.0;
	rig_start(&rig);
	rig_play(&rig, 20.0);
	first = rig_page(&rig, "engine-1");
	rig_play(&rig, 10.0);
	rig_page(&rig, "short"); /* would end sooner */
	rig_play(&rig, 10.0);
	rig_page(&rig, "engine-1");
	rig_play(&rig, 31.0);
	PL_CHECK_INT(rig.n_told, 6);
	for (unsigned i = 3; i < 6; i++) {
		PL_CHECK(!rig.told[i].began);
		PL_CHECK_STR(rig.told[i].path, rig.told[3].path);
		PL_CHECK_STR(rig.told[i].record.message_id, rig.told[i - 3].record.message_id);
	}
	PL_CHECK_INT(rig_compare(rig.told[3].path, CHANNEL_1, first - S(9.0), S(59.0)), 0);
	PL_CHECK_INT(rig_count_files(&rig), 1);
	rig_remove(&rig);
}

PL_TEST(several_endpoints_and_formats_at_once)
{
	struct pl_page_def *def;
	struct rig rig;
	uint64_t end;

	rig_make(&rig);
	rig_add(&rig, "a");
	def = rig_add(&rig, "b");
	def->source.id = 2;
	def->pre_roll_s = 1.0;
	def = rig_add(&rig, "c");
	def->source = (struct pl_endpoint){.is_tablet = true, .id = 3};
	def = rig_add(&rig, "d");
	def->clip_opus = true;
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_page(&rig, "b");
	rig_page(&rig, "c");
	rig_page(&rig, "d");
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 3);
	rig_play(&rig, 31.0);
	PL_CHECK_INT(rig.n_told, 8);
	PL_CHECK_INT(rig_count_files(&rig), 4);
	PL_CHECK_INT(rig_compare(rig.told[4].path, CHANNEL_1, end - S(9.0), S(39.0)), 0);
	PL_CHECK(strstr(rig.told[5].path, "/defined_tone_2_") != NULL);
	PL_CHECK_INT(rig_compare(rig.told[5].path, "partyline.channel.2", end - S(5.0), S(35.0)),
		     0);
	PL_CHECK(strstr(rig.told[6].path, "/defined_tone_tablet3_") != NULL);
	PL_CHECK_INT(rig_compare(rig.told[6].path, "partyline.tablet.3", end - S(9.0), S(39.0)), 0);
	PL_CHECK(strstr(rig.told[7].path, ".opus") != NULL);
	PL_CHECK_NEAR(rig.told[7].record.clip_length_s, 39.0, 1e-9);
	rig_remove(&rig);
}

PL_TEST(a_rate_that_opus_does_not_know_gives_a_wav)
{
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a")->clip_opus = true;
	rig.audio.rate_hz = 44100;
	rig_start(&rig);
	rig_play(&rig, 20.0);
	rig_page(&rig, "a");
	rig_play(&rig, 31.0);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK(strstr(rig.told[1].path, ".wav") != NULL);
	PL_CHECK_NEAR(rig.told[1].record.clip_length_s, 39.0, 1e-9);
	rig_remove(&rig);
}

/* --- what goes wrong with the audio -------------------------------------------------------------- */

PL_TEST(lost_audio_is_silence_of_its_length_and_counted)
{
	struct pl_clips_status status;
	int16_t *samples = NULL;
	uint64_t end, from;
	struct rig rig;
	int64_t n;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 7.0);
	rig.audio.loses = true;
	rig_play(&rig, 1.5);
	rig.audio.loses = false;
	rig_play(&rig, 23.0);
	PL_CHECK_INT(rig.n_told, 2);
	n = rig_read(rig.told[1].path, &samples);
	PL_CHECK_INT(n, S(39.0));
	from = end - S(9.0);
	for (uint64_t i = 0; i < S(39.0); i++) {
		bool lost = i >= S(16.0) && i < S(17.5);

		if (samples[i] != (lost ? 0 : fake_audio_sample(CHANNEL_1, from + i))) {
			PL_CHECK_INT(i, -1);
			break;
		}
	}
	free(samples);
	pl_pages_ops()->status(rig.pages, &status);
	PL_CHECK_INT(status.n_lost_frames, S(1.5));
	rig_remove(&rig);
}

PL_TEST(a_clock_that_jumps_back_costs_the_time_that_passed)
{
	int16_t *samples = NULL;
	uint64_t end, from, from_2;
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 7.0);
	/* the server was started anew: its clock too, 2 s later */
	rig.audio.position = 512;
	rig.audio.nsec += UINT64_C(2000000000);
	from_2 = 512;
	rig_play(&rig, 25.0);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_read(rig.told[1].path, &samples), S(39.0));
	from = end - S(9.0);
	PL_CHECK_INT(samples[S(16.0) - 1], fake_audio_sample(CHANNEL_1, from + S(16.0) - 1));
	for (uint64_t i = S(16.1); i < S(17.9); i++)
		PL_CHECK_INT(samples[i], 0);
	/* the length of a mark's block may be off */
	for (uint64_t i = S(18.1); i < S(39.0); i += 4801) {
		bool found = false;

		for (int64_t d = -2048; d <= 2048 && !found; d++)
			found = samples[i] ==
				fake_audio_sample(CHANNEL_1, from_2 + i - S(18.0) + (uint64_t)d);
		PL_CHECK(found);
	}
	free(samples);
	/* and pages of the new clock are found in it */
	end = rig_page(&rig, "a");
	rig_play(&rig, 31.0);
	PL_CHECK_INT(rig.n_told, 4);
	PL_CHECK_INT(rig_compare(rig.told[3].path, CHANNEL_1, end - S(9.0), S(39.0)), 0);
	rig_remove(&rig);
}

PL_TEST(a_graph_that_goes_ends_the_clip)
{
	struct rig rig;
	uint64_t end;

	rig_make(&rig);
	rig_add(&rig, "a");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 5.0);
	rig.audio.nsec += UINT64_C(39000000000);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(14.0)), 0);
	rig_remove(&rig);
}

/* --- passthrough ----------------------------------------------------------------------------------- */

PL_TEST(passthrough_begins_at_once_and_keeps_the_longer_rest)
{
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a")->passthrough_channel_id = 2;
	rig_add(&rig, "b")->passthrough_channel_id = 2;
	rig.defs[1].record_length_s = 5.0;
	rig_start(&rig);
	PL_CHECK_INT(fake_audio_count(&rig.audio, CHANNEL_2_OUT, PL_AUDIO_PLAYBACK), 1);
	PL_CHECK_INT(fake_audio_count(&rig.audio, CHANNEL_1, PL_AUDIO_CAPTURE), 1);
	rig_play(&rig, 20.0);
	PL_CHECK_INT(rig.audio.n_bridges, 0);
	rig_page(&rig, "a");
	PL_CHECK_INT(rig.audio.n_bridges, 1);
	PL_CHECK_INT(rig.told[0].record.passthrough_until_usec, rig.audio.nsec / 1000 + 30000000);
	rig_play(&rig, 10.0);
	rig_page(&rig, "b");
	PL_CHECK_INT(rig.told[1].record.passthrough_until_usec, rig.audio.nsec / 1000 + 20000000);
	rig_play(&rig, 19.9);
	PL_CHECK_INT(rig.audio.n_bridges, 1);
	rig_page(&rig, "b");
	rig_play(&rig, 4.9);
	PL_CHECK_INT(rig.audio.n_bridges, 1);
	rig_play(&rig, 0.2);
	PL_CHECK_INT(rig.audio.n_bridges, 0);
	PL_CHECK_NEAR(fake_audio_bridged(&rig.audio, CHANNEL_2_OUT), S(34.8), S(0.11));
	rig_remove(&rig);
}

PL_TEST(a_page_is_ended_by_hand)
{
	struct pl_clips_status status;
	struct rig rig;
	uint64_t end;

	rig_make(&rig);
	rig_add(&rig, "a")->passthrough_channel_id = 2;
	rig_start(&rig);
	rig_play(&rig, 20.0);
	end = rig_page(&rig, "a");
	rig_play(&rig, 4.0);
	pl_pages_ops()->status(rig.pages, &status);
	PL_CHECK_INT(status.n_recording, 1);
	pl_pages_ops()->end(rig.pages, 2); /* another */
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 1);
	pl_pages_ops()->end(rig.pages, 1);
	PL_CHECK_INT(rig.audio.n_bridges, 0);
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 0);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, end - S(9.0), S(13.0)), 0);
	pl_pages_ops()->end(rig.pages, 65);
	rig_remove(&rig);
}

PL_TEST(ports_follow_the_definitions)
{
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "a")->passthrough_channel_id = 2;
	rig_add(&rig, "event-only")->record_length_s = 0.0;
	rig.defs[1].source.id = 3;
	rig_start(&rig);
	PL_CHECK_INT(fake_audio_count(&rig.audio, "partyline.channel.3", PL_AUDIO_CAPTURE), 0);
	rig_play(&rig, 20.0);
	rig_page(&rig, "a");
	rig_play(&rig, 2.0);
	/* what does not change goes on */
	rig_add(&rig, "c")->pre_roll_s = 20.0;
	rig_apply(&rig);
	PL_CHECK_INT(rig.audio.n_bridges, 1);
	rig_play(&rig, 2.0);
	rig.gateway.n_pages = 0;
	rig_apply(&rig);
	PL_CHECK(!rig.audio.ports);
	pl_pages_run(rig.pages);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_NEAR(rig.told[1].record.clip_length_s, 13.0, 1e-9);
	rig_remove(&rig);
}

/* --- other tones -------------------------------------------------------------------------------------- */

PL_TEST(digits_are_a_page)
{
	struct pl_page_def *def;
	struct rig rig;
	uint64_t begin;

	rig_make(&rig);
	def = rig_add(&rig, "dial");
	def->kind = PL_PAGE_DTMF;
	def->a_hz = def->b_hz = 0.0;
	snprintf(def->digits, sizeof(def->digits), "*12");
	rig_start(&rig);
	rig_play(&rig, 20.0);
	rig_digits(&rig, 2, "*12");
	rig_digits(&rig, 1, "4");
	begin = rig.audio.position;
	PL_CHECK_INT(rig.n_told, 0);
	rig_digits(&rig, 1, "*12");
	PL_CHECK_INT(rig.n_told, 1);
	PL_CHECK_STR(rig.told[0].record.page_id, "dial");
	PL_CHECK(strncmp(rig.told[0].record.clip, "defined_tone_1_0.0_0.0_", 23) == 0);
	rig_play(&rig, 31.0);
	PL_CHECK_INT(rig.n_told, 2);
	/* 0.5 s of three digits */
	PL_CHECK_INT(rig_compare(rig.told[1].path, CHANNEL_1, begin - S(5.0), S(35.5)), 0);
	rig_remove(&rig);
}

PL_TEST(unknown_pairs_and_pages_without_length_are_events)
{
	const struct pl_tone_event pair = {
		.endpoint = {.id = 4},
		.type = PL_TONE_NEW_PAIR,
		.a_hz = 569.1,
		.b_hz = 879.0,
	};
	struct rig rig;

	rig_make(&rig);
	rig_add(&rig, "quiet")->record_length_s = 0.0;
	rig_start(&rig);
	rig_play(&rig, 10.0);
	pl_pages_ops()->tone(rig.pages, &pair);
	rig_page(&rig, "quiet");
	rig_play(&rig, 1.0);
	PL_CHECK_INT(rig.n_told, 2);
	PL_CHECK_STR(rig.told[0].record.page_id, "");
	PL_CHECK_STR(rig.told[0].record.clip, "");
	PL_CHECK_NEAR(rig.told[0].record.tone.b_hz, 879.0, 0);
	PL_CHECK_STR(rig.told[1].record.page_id, "quiet");
	PL_CHECK_STR(rig.told[1].record.clip, "");
	PL_CHECK_INT(count_history(&rig), 2);
	PL_CHECK_STR(newest(&rig, 0).page_id, "quiet");
	PL_CHECK_INT(rig_count_files(&rig), 0);
	PL_CHECK_INT(pl_pages_ops()->active(rig.pages), 0);
	rig_remove(&rig);
}

PL_TEST_MAIN()
