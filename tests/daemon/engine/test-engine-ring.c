/* SPDX-License-Identifier: MIT */
#include "engine-ring.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "pltest.h"

#define RATE_HZ 48000u
#define Q 64u

static struct engine_cycle cycle_at(uint64_t position)
{
	return (struct engine_cycle){
		.position = position,
		.nsec = 1000000000u + position * 1000000000u / RATE_HZ,
		.n_frames = Q,
		.rate_hz = RATE_HZ,
		.rate_diff = 1.0,
	};
}

/** Each sample is its own position. */
static void push(struct engine_ring *ring, uint64_t position)
{
	struct engine_cycle cycle = cycle_at(position);
	float samples[Q];

	for (unsigned i = 0; i < Q; i++)
		samples[i] = (float)(position + i);
	engine_ring_push(ring, &cycle, samples);
}

PL_TEST(capacity_is_a_power_of_two)
{
	struct engine_ring ring;

	PL_CHECK_INT(engine_ring_init(&ring, PL_AUDIO_CAPTURE, 1000), 0);
	PL_CHECK_INT(ring.capacity, 1024);
	engine_ring_done(&ring);
	PL_CHECK_INT(engine_ring_init(&ring, PL_AUDIO_CAPTURE, UINT32_MAX), -ENOMEM);
}

PL_TEST(capture_tells_where_its_samples_lie)
{
	struct engine_ring ring;
	struct pl_audio_time time;
	float samples[Q];

	PL_CHECK_INT(engine_ring_init(&ring, PL_AUDIO_CAPTURE, 256), 0);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.rate_hz, 0);
	push(&ring, 6400);
	push(&ring, 6464);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 6400);
	PL_CHECK_INT(time.rate_hz, RATE_HZ);
	PL_CHECK_INT(time.quantum, Q);
	PL_CHECK_NEAR(time.nsec, cycle_at(6400).nsec, 2);
	PL_CHECK_INT(engine_ring_available(&ring), 128);
	PL_CHECK_INT(engine_ring_read(&ring, samples, 10), 10);
	PL_CHECK(samples[0] == 6400.0f && samples[9] == 6409.0f);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 6410);
	PL_CHECK_NEAR(time.nsec, cycle_at(6400).nsec, 2);
	PL_CHECK_INT(engine_ring_read(&ring, samples, 60), 60);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 6470);
	PL_CHECK_NEAR(time.nsec, cycle_at(6464).nsec, 2);
	engine_ring_done(&ring);
}

PL_TEST(a_full_ring_drops_the_newest_and_the_position_jumps)
{
	struct engine_ring ring;
	struct pl_audio_time time;
	float samples[200];

	PL_CHECK_INT(engine_ring_init(&ring, PL_AUDIO_CAPTURE, 128), 0);
	for (uint64_t i = 0; i < 4; i++)
		push(&ring, i * Q);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.n_dropped, 2 * Q);
	PL_CHECK_INT(engine_ring_read(&ring, samples, 30), 30);
	/* 30 of the next 64 have room */
	push(&ring, 4 * Q);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 30);
	PL_CHECK_INT(time.n_dropped, 2 * Q + 34);
	PL_CHECK_INT(engine_ring_read(&ring, samples, 98), 98);
	PL_CHECK(samples[97] == 127.0f);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 4 * Q);
	push(&ring, 5 * Q);
	/* a read stops where samples are missing */
	PL_CHECK_INT(engine_ring_read(&ring, samples, 200), 30);
	PL_CHECK(samples[0] == 256.0f && samples[29] == 285.0f);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 320);
	PL_CHECK_INT(engine_ring_read(&ring, samples, 200), Q);
	PL_CHECK(samples[0] == 320.0f);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 6 * Q);
	engine_ring_done(&ring);
}

PL_TEST(more_jumps_than_are_kept_cost_samples_not_their_place)
{
	struct engine_ring ring;
	struct pl_audio_time time;
	float sample;
	unsigned n = 0;

	PL_CHECK_INT(engine_ring_init(&ring, PL_AUDIO_CAPTURE, 1u << 16), 0);
	for (uint64_t i = 0; i < 100; i++)
		push(&ring, i * 1000u);
	do {
		engine_ring_time(&ring, &time);
		if (engine_ring_read(&ring, &sample, 1) == 0)
			break;
		PL_CHECK(sample == (float)time.position);
	} while (++n < 100000);
	PL_CHECK_INT(n, ENGINE_RING_JUMPS * Q);
	PL_CHECK_INT(time.n_dropped, (100u - ENGINE_RING_JUMPS) * Q);
	engine_ring_done(&ring);
}

PL_TEST(playback_gives_silence_for_what_is_missing)
{
	struct engine_cycle cycle = cycle_at(960);
	struct engine_ring ring;
	struct pl_audio_time time;
	float samples[Q];

	for (unsigned i = 0; i < Q; i++)
		samples[i] = 1.0f;
	PL_CHECK_INT(engine_ring_init(&ring, PL_AUDIO_PLAYBACK, 100), 0);
	PL_CHECK(!engine_ring_pull(&ring, &cycle, samples));
	PL_CHECK(samples[0] == 0.0f && samples[Q - 1] == 0.0f);
	samples[0] = 5.0f;
	PL_CHECK_INT(engine_ring_write(&ring, samples, 40), 40);
	engine_ring_time(&ring, &time);
	/* the next cycle's first 40 are taken */
	PL_CHECK_INT(time.position, 960 + Q + 40);
	PL_CHECK_INT(time.n_starved, Q);
	cycle = cycle_at(960 + Q);
	PL_CHECK(engine_ring_pull(&ring, &cycle, samples));
	PL_CHECK(samples[0] == 5.0f && samples[40] == 0.0f);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.position, 960 + 2 * Q);
	PL_CHECK_INT(time.n_starved, Q + 24);
	for (unsigned i = 0; i < 3; i++)
		engine_ring_write(&ring, samples, Q);
	engine_ring_time(&ring, &time);
	PL_CHECK_INT(time.n_dropped, Q);
	/* nobody is linked: what was for that time is gone with it */
	cycle = cycle_at(960 + 2 * Q);
	PL_CHECK(engine_ring_pull(&ring, &cycle, NULL));
	PL_CHECK_INT(engine_ring_available(&ring), Q);
	engine_ring_done(&ring);
}

struct race {
	struct engine_ring ring;
	_Atomic bool stop;
};

static void *push_all(void *userdata)
{
	struct race *race = userdata;

	for (uint64_t i = 0; i < 4000; i++) {
		/* now and then the graph's clock jumps */
		push(&race->ring, (i + i / 500u * 3u) * Q);
		if (i % 7 == 0)
			sched_yield();
	}
	atomic_store(&race->stop, true);
	return NULL;
}

PL_TEST(each_sample_has_its_position_under_a_racing_writer)
{
	struct race race = {.stop = false};
	struct pl_audio_time time;
	unsigned n_read = 0;
	pthread_t thread;
	float sample;

	PL_CHECK_INT(engine_ring_init(&race.ring, PL_AUDIO_CAPTURE, 512), 0);
	PL_CHECK_INT(pthread_create(&thread, NULL, push_all, &race), 0);
	while (true) {
		bool stop = atomic_load(&race.stop);

		if (engine_ring_available(&race.ring) == 0) {
			if (stop)
				break;
			sched_yield();
			continue;
		}
		engine_ring_time(&race.ring, &time);
		engine_ring_read(&race.ring, &sample, 1);
		if (sample != (float)time.position) {
			PL_EXPECT(sample == (float)time.position);
			break;
		}
		n_read++;
	}
	pthread_join(thread, NULL);
	PL_EXPECT(n_read > Q);
	engine_ring_done(&race.ring);
}

PL_TEST_MAIN()
