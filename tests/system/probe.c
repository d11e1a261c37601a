/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

/*
 * A real client of the graph that loses nothing: records any number of ports sample by sample and
 * plays a file of float samples into another, both in the graph's own cycle.
 *
 *   partyline-probe --inputs K --frames N --output FILE [--play FILE] [--name NAME]
 *                   [--freewheel FACTOR]
 *
 * Ports: in_1 … in_K and, with --play, out_1; the caller links them. A line on standard input
 * starts it; at N frames, at the end of standard input or on SIGTERM it writes the recording (K
 * interleaved float channels, host byte order) and prints one line of JSON. With --freewheel it
 * joins the freewheeling driver: every sample is then waited for, however busy the machine is, at
 * FACTOR times real time at the most. While it runs it prints `at FRAMES` about every 4800 frames.
 */

#define INPUTS_MAX 160
#define PROGRESS_FRAMES 4800u
#define FRAMES_MAX (3600ull * 192000ull)

struct probe {
	struct pw_main_loop *loop;
	struct pw_filter *filter;
	struct spa_source *end_event, *progress_event;
	void *inputs[INPUTS_MAX];
	void *output;
	uint32_t n_inputs;
	uint64_t n_frames_wanted;
	const char *output_path;
	const char *name;
	double freewheel;
	float *played; /* n_frames_wanted samples, zero beyond the file's end */
	float *recorded;
	_Atomic bool armed;
	_Atomic uint64_t progress; /* frames, for printing */

	struct {
		uint64_t n_frames;
		uint64_t n_cycles;
		uint64_t n_gaps; /* cycles that do not follow on the one before */
		uint64_t first_position, next_position;
		uint64_t first_nsec; /* CLOCK_MONOTONIC of the first cycle */
		uint32_t rate_hz;
		bool ended;
	} rt; /* data thread until the filter is disconnected */
};

/** A freewheeling test must leave some of the machine to others. */
static void throttle(const struct probe *probe, uint32_t n_samples, uint32_t rate_hz)
{
	double seconds = n_samples / (probe->freewheel * rate_hz);
	struct timespec pause = {.tv_sec = (time_t)seconds,
				 .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void on_process(void *data, struct spa_io_position *position)
{
	struct probe *probe = data;
	uint32_t n = (uint32_t)position->clock.duration;
	uint32_t rate_hz = position->clock.rate.denom;
	float *out = probe->output ? pw_filter_get_dsp_buffer(probe->output, n) : NULL;
	uint64_t at = probe->rt.n_frames;
	bool running = atomic_load(&probe->armed) && !probe->rt.ended;
	uint32_t n_now = 0;

	if (running) {
		n_now = (uint32_t)SPA_MIN((uint64_t)n, probe->n_frames_wanted - at);
		if (probe->rt.n_cycles == 0) {
			probe->rt.first_position = position->clock.position;
			probe->rt.first_nsec = position->clock.nsec;
		} else if (position->clock.position != probe->rt.next_position) {
			probe->rt.n_gaps++;
		}
		probe->rt.next_position = position->clock.position + n;
		probe->rt.rate_hz = rate_hz;
		probe->rt.n_cycles++;
	}
	for (uint32_t k = 0; k < probe->n_inputs; k++) {
		const float *in = pw_filter_get_dsp_buffer(probe->inputs[k], n);

		for (uint32_t i = 0; i < n_now; i++)
			probe->recorded[(at + i) * probe->n_inputs + k] = in ? in[i] : 0.0f;
	}
	if (out) {
		memset(out, 0, n * sizeof(float));
		if (n_now > 0 && probe->played)
			memcpy(out, probe->played + at, n_now * sizeof(float));
	}
	probe->rt.n_frames += n_now;
	if (at / PROGRESS_FRAMES != probe->rt.n_frames / PROGRESS_FRAMES) {
		atomic_store(&probe->progress, probe->rt.n_frames);
		pw_loop_signal_event(pw_main_loop_get_loop(probe->loop), probe->progress_event);
	}
	if (running && probe->rt.n_frames == probe->n_frames_wanted) {
		probe->rt.ended = true;
		pw_loop_signal_event(pw_main_loop_get_loop(probe->loop), probe->end_event);
	}
	if (probe->freewheel > 0)
		throttle(probe, n, rate_hz);
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
};

static void on_end(void *data, uint64_t count)
{
	struct probe *probe = data;

	pw_main_loop_quit(probe->loop);
}

static void on_progress(void *data, uint64_t count)
{
	struct probe *probe = data;

	printf("at %llu\n", (unsigned long long)atomic_load(&probe->progress));
	fflush(stdout);
}

static void on_signal(void *data, int number)
{
	on_end(data, 1);
}

static void on_stdin(void *data, int fd, uint32_t mask)
{
	struct probe *probe = data;
	char text[64];

	if (read(fd, text, sizeof(text)) > 0)
		atomic_store(&probe->armed, true);
	else
		pw_main_loop_quit(probe->loop);
}

static int load_played(struct probe *probe, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return -errno;
	probe->played = calloc(probe->n_frames_wanted + 1, sizeof(float));
	if (!probe->played) {
		fclose(file);
		return -ENOMEM;
	}
	(void)!fread(probe->played, sizeof(float), probe->n_frames_wanted, file);
	fclose(file);
	return 0;
}

static void *add_port(struct probe *probe, enum pw_direction direction, uint32_t number)
{
	char name[16];

	snprintf(name, sizeof(name), "%s_%u", direction == PW_DIRECTION_INPUT ? "in" : "out",
		 number);
	return pw_filter_add_port(probe->filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
				  pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
						    PW_KEY_PORT_NAME, name, NULL),
				  NULL, 0);
}

static int start(struct probe *probe, bool plays)
{
	struct pw_loop *loop = pw_main_loop_get_loop(probe->loop);
	struct pw_properties *props = pw_properties_new(
		PW_KEY_NODE_NAME, probe->name, PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
		"Filter", PW_KEY_MEDIA_ROLE, "DSP", PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL);

	if (probe->freewheel > 0)
		pw_properties_set(props, PW_KEY_NODE_GROUP, "pipewire.freewheel");
	probe->filter = pw_filter_new_simple(loop, probe->name, props, &filter_events, probe);
	if (!probe->filter)
		return -errno;
	for (uint32_t k = 0; k < probe->n_inputs; k++)
		probe->inputs[k] = add_port(probe, PW_DIRECTION_INPUT, k + 1);
	if (plays)
		probe->output = add_port(probe, PW_DIRECTION_OUTPUT, 1);
	return pw_filter_connect(probe->filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

static int finish(struct probe *probe)
{
	size_t n = probe->rt.n_frames * probe->n_inputs;
	FILE *file = fopen(probe->output_path, "wb");

	if (!file)
		return -errno;
	if (fwrite(probe->recorded, sizeof(float), n, file) != n || fclose(file) != 0)
		return -EIO;
	printf("{\"frames\": %llu, \"cycles\": %llu, \"gaps\": %llu, \"rate\": %u, "
	       "\"first_position\": %llu, \"first_nsec\": %llu}\n",
	       (unsigned long long)probe->rt.n_frames, (unsigned long long)probe->rt.n_cycles,
	       (unsigned long long)probe->rt.n_gaps, probe->rt.rate_hz,
	       (unsigned long long)probe->rt.first_position,
	       (unsigned long long)probe->rt.first_nsec);
	return 0;
}

static int parse(struct probe *probe, int argc, char *argv[], const char **ret_play)
{
	static const struct option options[] = {
		{"inputs", required_argument, NULL, 'i'},
		{"frames", required_argument, NULL, 'n'},
		{"output", required_argument, NULL, 'o'},
		{"play", required_argument, NULL, 'p'},
		{"freewheel", required_argument, NULL, 'f'},
		{"name", required_argument, NULL, 'm'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			probe->n_inputs = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			probe->n_frames_wanted = strtoull(optarg, NULL, 10);
			break;
		case 'o':
			probe->output_path = optarg;
			break;
		case 'p':
			*ret_play = optarg;
			break;
		case 'f':
			probe->freewheel = strtod(optarg, NULL);
			break;
		case 'm':
			probe->name = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	if (probe->n_inputs > INPUTS_MAX || probe->n_frames_wanted > FRAMES_MAX ||
	    probe->n_frames_wanted == 0 || !probe->output_path)
		return -EINVAL;
	return 0;
}

int main(int argc, char *argv[])
{
	static struct probe probe = {.name = "probe"};
	const char *play = NULL;
	struct pw_loop *loop;
	int r;

	pw_init(&argc, &argv);
	r = parse(&probe, argc, argv, &play);
	if (r >= 0 && play)
		r = load_played(&probe, play);
	if (r < 0) {
		fprintf(stderr, "partyline-probe: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	probe.recorded = calloc(probe.n_frames_wanted * probe.n_inputs + 1, sizeof(float));
	if (!probe.recorded)
		return EXIT_FAILURE;
	/* Touched now, so that the data thread meets no page fault. */
	memset(probe.recorded, 0, probe.n_frames_wanted * probe.n_inputs * sizeof(float));

	probe.loop = pw_main_loop_new(NULL);
	loop = pw_main_loop_get_loop(probe.loop);
	probe.progress_event = pw_loop_add_event(loop, on_progress, &probe);
	probe.end_event = pw_loop_add_event(loop, on_end, &probe);
	pw_loop_add_signal(loop, SIGTERM, on_signal, &probe);
	pw_loop_add_signal(loop, SIGINT, on_signal, &probe);
	pw_loop_add_io(loop, STDIN_FILENO, SPA_IO_IN | SPA_IO_HUP, false, on_stdin, &probe);
	r = start(&probe, play != NULL);
	if (r >= 0)
		pw_main_loop_run(probe.loop);
	if (probe.filter)
		pw_filter_destroy(probe.filter);
	if (r >= 0)
		r = finish(&probe);
	if (r < 0)
		fprintf(stderr, "partyline-probe: %s\n", strerror(-r));
	pw_main_loop_destroy(probe.loop);
	pw_deinit();
	free(probe.played);
	free(probe.recorded);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
