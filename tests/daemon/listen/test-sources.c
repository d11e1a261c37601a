/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fake-audio.h"
#include "pltest.h"
#include "sources.h"

#define N 3u

struct rig {
	struct fake_audio audio;
	struct listen_sources *sources;
	struct {
		uint32_t place;
		char target[LISTEN_NAME_MAX];
	} used[N];
	uint64_t n_heard;     /* frames so far */
	uint64_t n_wrong;     /* samples that are neither of their place in time nor silence */
	uint64_t n_silent[N]; /* frames in which a source was silent */
};

static void rig_init(struct rig *rig)
{
	*rig = (struct rig){.sources = calloc(1, sizeof(*rig->sources))};
	fake_audio_init(&rig->audio);
	rig->sources->audio = fake_audio_ops();
}

static void rig_done(struct rig *rig)
{
	free(rig->sources);
	fake_audio_done(&rig->audio);
}

static void open_one(struct rig *rig, unsigned i, enum pl_mix_kind kind, uint32_t id)
{
	char name[LISTEN_NAME_MAX];
	const struct pl_audio_port_info info = {
		.way = PL_AUDIO_CAPTURE,
		.name = name,
		.target = rig->used[i].target,
		.capacity = 32768,
	};

	rig->used[i].place = listen_place(kind, id);
	listen_source_names(kind, id, NULL, name, rig->used[i].target);
	fake_audio_ops()->open(&rig->audio, &info, -1, &rig->sources->ports[rig->used[i].place]);
}

static void check_block(struct rig *rig, uint64_t begin, uint32_t n)
{
	for (unsigned i = 0; i < N; i++) {
		const float *block = rig->sources->blocks[rig->used[i].place];

		if (!rig->used[i].target[0])
			continue;
		for (uint32_t k = 0; k < n; k++) {
			float wanted =
				(float)fake_audio_sample(rig->used[i].target, begin + k) / 32767.0f;

			if (!block || block[k] == 0.0f)
				rig->n_silent[i] += wanted != 0.0f;
			else
				rig->n_wrong += block[k] != wanted;
		}
	}
}

/** All that is there now. */
static void hear(struct rig *rig)
{
	uint32_t n;

	while ((n = listen_sources_next(rig->sources)) > 0) {
		check_block(rig, rig->sources->position - n, n);
		rig->n_heard += n;
	}
}

static void play(struct rig *rig, uint64_t n)
{
	fake_audio_play(&rig->audio, n);
	hear(rig);
}

PL_TEST(all_sources_are_at_one_place_in_time)
{
	struct rig rig;

	rig_init(&rig);
	open_one(&rig, 0, PL_MIX_TABLET_TALK, 1);
	open_one(&rig, 1, PL_MIX_CHANNEL_OUT, 4);
	for (unsigned i = 0; i < 40; i++)
		play(&rig, i % 3 ? 256 : 1024);
	PL_EXPECT(rig.n_heard == rig.audio.position - 1000000);
	PL_EXPECT(rig.n_wrong == 0 && rig.n_silent[0] == 0 && rig.n_silent[1] == 0);
	PL_EXPECT(rig.sources->rate_hz == 48000);
	/* who looks late gets all of it, in blocks */
	for (unsigned i = 0; i < 10; i++)
		fake_audio_play(&rig.audio, 1000);
	hear(&rig);
	PL_EXPECT(rig.n_heard == rig.audio.position - 1000000);
	PL_EXPECT(rig.n_wrong == 0 && rig.n_silent[0] == 0 && rig.n_silent[1] == 0);
	rig_done(&rig);
}

PL_TEST(a_source_that_comes_later_joins_in)
{
	struct rig rig;

	rig_init(&rig);
	open_one(&rig, 0, PL_MIX_TABLET_LISTEN, 64);
	play(&rig, 256);
	play(&rig, 256);
	open_one(&rig, 1, PL_MIX_CHANNEL_IN, 1);
	for (unsigned i = 0; i < 20; i++)
		play(&rig, 256);
	PL_EXPECT(rig.n_heard == 22u * 256u);
	PL_EXPECT(rig.n_wrong == 0 && rig.n_silent[0] == 0);
	/* what it had before it was opened it cannot have */
	PL_EXPECT(rig.n_silent[1] == 0);
	rig_done(&rig);
}

PL_TEST(what_was_lost_is_silence_of_that_length)
{
	struct rig rig;

	rig_init(&rig);
	open_one(&rig, 0, PL_MIX_TABLET_TALK, 2);
	open_one(&rig, 1, PL_MIX_TABLET_TALK, 3);
	play(&rig, 512);
	rig.audio.loses = true;
	play(&rig, 700);
	rig.audio.loses = false;
	for (unsigned i = 0; i < 10; i++)
		play(&rig, 512);
	PL_EXPECT(rig.n_heard == 512u + 700u + 10u * 512u);
	PL_EXPECT(rig.n_wrong == 0);
	PL_EXPECT(rig.n_silent[0] >= 690 && rig.n_silent[0] <= 700);
	rig_done(&rig);
}

PL_TEST(another_clock_begins_anew)
{
	struct rig rig;
	uint64_t before;

	rig_init(&rig);
	open_one(&rig, 0, PL_MIX_CHANNEL_OUT, 1);
	open_one(&rig, 1, PL_MIX_CHANNEL_OUT, 2);
	play(&rig, 1024);
	/* back, as another driver's clock may be */
	rig.audio.position = 5000;
	before = rig.n_heard;
	for (unsigned i = 0; i < 10; i++)
		play(&rig, 1024);
	PL_EXPECT(rig.n_heard == before + 10u * 1024u);
	PL_EXPECT(rig.n_wrong == 0 && rig.n_silent[0] == 0 && rig.n_silent[1] == 0);
	/* and far ahead */
	rig.audio.position = 900000000;
	before = rig.n_heard;
	for (unsigned i = 0; i < 10; i++)
		play(&rig, 1024);
	PL_EXPECT(rig.n_heard == before + 10u * 1024u);
	PL_EXPECT(rig.n_wrong == 0 && rig.n_silent[0] == 0 && rig.n_silent[1] == 0);
	rig_done(&rig);
}

PL_TEST(without_a_source_there_is_nothing)
{
	struct rig rig;

	rig_init(&rig);
	play(&rig, 1024);
	PL_EXPECT(rig.n_heard == 0);
	open_one(&rig, 0, PL_MIX_CHANNEL_OUT, 1);
	PL_EXPECT(listen_sources_next(rig.sources) == 0);
	play(&rig, 1024);
	PL_EXPECT(rig.n_heard == 1024 && rig.n_silent[0] == 0);
	rig_done(&rig);
}

PL_TEST_MAIN()
