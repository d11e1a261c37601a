/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder.h"

/*
 * What it costs to have the last seconds of 64 inputs at hand, and to record all of them: CPU of
 * the threads that do it, beside what copying the same audio once costs in the same run.
 */

#define N_INPUTS 64u
#define RATE 48000u
#define ROUND_FRAMES (RATE / 10u)
#define KEEP_S 19.0 /* 5 s of pre-roll, tones of 4 s, 10 s for a page that is told late */
#define SECONDS 20u

struct pl_audio_port {
	uint64_t waiting;
};

static float noise[ROUND_FRAMES];
static uint64_t position;

static int port_open(void *engine, const struct pl_audio_port_info *info, int wake_fd,
		     struct pl_audio_port **ret_port)
{
	*ret_port = calloc(1, sizeof(**ret_port));
	return *ret_port ? 0 : -1;
}

static struct pl_audio_port *port_close(void *engine, struct pl_audio_port *port)
{
	free(port);
	return NULL;
}

static size_t port_read(struct pl_audio_port *port, float *samples, size_t n_frames)
{
	if (n_frames > port->waiting)
		n_frames = port->waiting;
	memcpy(samples, noise, n_frames * sizeof(*samples));
	port->waiting -= n_frames;
	return n_frames;
}

static size_t port_available(const struct pl_audio_port *port)
{
	return port->waiting;
}

static void port_time(const struct pl_audio_port *port, struct pl_audio_time *ret_time)
{
	*ret_time = (struct pl_audio_time){
		.position = position - port->waiting, .rate_hz = RATE, .quantum = 256};
}

static uint64_t now_nsec(void)
{
	return position * UINT64_C(1000000000) / RATE;
}

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/** @return CPU seconds for each second of audio */
static double run(struct pl_recorder *recorder, struct pl_writer *writer)
{
	double before = cpu_s();

	for (unsigned i = 0; i < SECONDS * 10; i++) {
		position += ROUND_FRAMES;
		for (uint32_t id = 1; id <= N_INPUTS; id++)
			pl_recorder_port(recorder, (struct pl_endpoint){.id = id})->waiting =
				ROUND_FRAMES;
		pl_recorder_work(recorder);
		if (i % 10 == 9)
			pl_writer_work(writer);
	}
	return (cpu_s() - before) / SECONDS;
}

static double copy(void)
{
	float *to = malloc(sizeof(noise) * N_INPUTS);
	double before = cpu_s();

	for (unsigned i = 0; to && i < SECONDS * 10; i++)
		for (uint32_t id = 0; id < N_INPUTS; id++) {
			memcpy(to + (size_t)id * ROUND_FRAMES, noise, sizeof(noise));
			__asm__ volatile("" ::: "memory");
		}
	free(to);
	return (cpu_s() - before) / SECONDS;
}

static void record_all(struct pl_recorder *recorder, bool opus)
{
	for (uint32_t id = 1; id <= N_INPUTS; id++) {
		char stem[64], name[256];
		const struct pl_record_request request = {
			.endpoint = {.id = id},
			.stem = stem,
			.opus = opus,
			.begin_position = position,
			.end_position = position,
			.length_s = SECONDS,
		};

		snprintf(stem, sizeof(stem), "defined_tone_%u", id);
		if (pl_recorder_record(recorder, &request, name, sizeof(name)) < 0)
			abort();
	}
}

int main(void)
{
	static const struct pl_audio_ops ops = {
		.open = port_open,
		.close = port_close,
		.read = port_read,
		.available = port_available,
		.time = port_time,
	};
	char folder[] = "/tmp/partyline-bench-XXXXXX", command[64];
	struct pl_writer_options writer_options = {.wake_fd = -1, .no_thread = true};
	struct pl_recorder_options options = {
		.audio_ops = &ops, .now_nsec = now_nsec, .no_thread = true};
	struct pl_tap_def taps[N_INPUTS];
	struct pl_recorder *recorder;
	double copying, pre_roll;

	if (!mkdtemp(folder))
		return 1;
	for (unsigned i = 0; i < ROUND_FRAMES; i++)
		noise[i] = (float)((i * 7919u) % 2001u) / 1000.0f - 1.0f;
	for (uint32_t i = 0; i < N_INPUTS; i++)
		taps[i] = (struct pl_tap_def){.endpoint = {.id = i + 1}, .keep_s = KEEP_S};
	writer_options.state_directory = folder;
	if (pl_writer_new(&writer_options, &options.writer) < 0 ||
	    pl_writer_set_place(options.writer, folder, UINT64_MAX) < 0 ||
	    pl_recorder_new(&options, &recorder) < 0 ||
	    pl_recorder_set_taps(recorder, taps, N_INPUTS) < 0)
		return 1;
	run(recorder, options.writer);
	copying = copy();
	pre_roll = run(recorder, options.writer);
	printf("pages, %u inputs at %u Hz, %.0f s of each kept:\n", N_INPUTS, RATE, KEEP_S);
	printf("  memory                  %7.1f MiB\n",
	       N_INPUTS * KEEP_S * RATE * sizeof(int16_t) / 1048576.0);
	printf("  pre-roll                %7.3f %% of a core, %.1f times a copy\n",
	       pre_roll * 100.0, pre_roll / copying);
	record_all(recorder, false);
	printf("  and %u clips as WAV     %7.3f %% of a core\n", N_INPUTS,
	       run(recorder, options.writer) * 100.0);
	record_all(recorder, true);
	printf("  and %u clips as Opus    %7.3f %% of a core\n", N_INPUTS,
	       run(recorder, options.writer) * 100.0);
	pl_recorder_free(recorder);
	pl_writer_free(options.writer);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe) */
	return system(command) != 0;
}
