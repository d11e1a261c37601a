/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

/*
 * Rows of tones into the graph, and what tones come back out of it.
 *
 *   partyline-tone-rows N
 *
 * Nodes: partyline-tone-rows.play with out_1 … out_N and partyline-tone-rows.hear with in_1 … in_N,
 * N up to 8; the caller links them. Each output says tones of half a second each, without a pause, in
 * a row that differs from output to output and is known by the position of the graph's clock. On
 * standard output a line for each 100 ms of an input where anything is heard:
 *
 *   NSEC POSITION PORT TONE LEVEL_DB SHARE
 *
 * NSEC, POSITION: CLOCK_MONOTONIC and the graph's clock of the end of the 100 ms; TONE 0..7 is the
 * nearest one; LEVEL_DB: RMS in dBFS; SHARE of the tone in the whole power, 0 for none of them.
 *
 * It computes and prints in the data thread: for the simulated clock, on which that takes no time.
 */

#define RATE 48000u
#define N_PORTS_MAX 8u
#define N_TONES 8u
#define TONE_FRAMES (RATE / 2)
#define BLOCK 4800u
#define AMPLITUDE 0.25f
#define POWER_MIN 1e-6

struct ear {
	void *port;
	float block[BLOCK];
	uint32_t n;
};

struct rows {
	struct pw_main_loop *loop;
	struct pw_filter *play, *hear;
	unsigned n_ports;
	void *outs[N_PORTS_MAX];
	struct ear ears[N_PORTS_MAX];
	float sine[RATE]; /* one second of 1 Hz: all tones are whole numbers of it */
};

static const uint32_t tones_hz[N_TONES] = {400, 500, 630, 800, 1000, 1250, 1600, 2000};

/* --- saying ------------------------------------------------------------------------------- */

/** Each next one is another one, and no two outputs say the same for two in a row. */
static uint32_t tone_at(unsigned port, uint64_t position)
{
	return (uint32_t)((position / TONE_FRAMES) * 3u + port * 2u) % N_TONES;
}

static void on_play(void *data, struct spa_io_position *position)
{
	struct rows *rows = data;
	uint32_t n = (uint32_t)position->clock.duration;

	for (unsigned p = 0; p < rows->n_ports; p++) {
		float *out = pw_filter_get_dsp_buffer(rows->outs[p], n);

		for (uint32_t i = 0; out && i < n; i++) {
			uint64_t at = position->clock.position + i;

			out[i] =
				AMPLITUDE * rows->sine[at % RATE * tones_hz[tone_at(p, at)] % RATE];
		}
	}
}

/* --- hearing ------------------------------------------------------------------------------ */

/** Mean square that a sine of this frequency has in the block. */
static double power_at(const float *samples, double frequency_hz)
{
	double step = 2.0 * M_PI * frequency_hz / RATE;
	double c = cos(step), s = sin(step), x = 1.0, y = 0.0, re = 0.0, im = 0.0;

	for (uint32_t i = 0; i < BLOCK; i++) {
		double turned = x * c - y * s;

		re += (double)samples[i] * x;
		im += (double)samples[i] * y;
		y = x * s + y * c;
		x = turned;
	}
	return 2.0 * (re * re + im * im) / ((double)BLOCK * BLOCK);
}

/** By its zeros upwards. @return 0: too few */
static double frequency_of(const float *samples)
{
	double first = 0.0, last = 0.0;
	uint32_t n = 0;

	for (uint32_t i = 1; i < BLOCK; i++) {
		if (samples[i - 1] >= 0.0f || samples[i] < 0.0f)
			continue;
		last = i - (double)samples[i] / ((double)samples[i] - (double)samples[i - 1]);
		if (n++ == 0)
			first = last;
	}
	return n > 2 ? (n - 1) * RATE / (last - first) : 0.0;
}

static void judge(const struct rows *rows, unsigned port, uint64_t nsec, uint64_t position)
{
	const float *block = rows->ears[port].block;
	double power = 0.0, share = 0.0, frequency_hz = frequency_of(block);
	uint32_t tone = 0;

	for (uint32_t i = 0; i < BLOCK; i++)
		power += (double)block[i] * (double)block[i] / BLOCK;
	if (power < POWER_MIN)
		return;
	for (uint32_t i = 1; i < N_TONES; i++)
		if (fabs(tones_hz[i] - frequency_hz) < fabs(tones_hz[tone] - frequency_hz))
			tone = i;
	/* A jitter buffer that has too much plays up to 3 per cent faster. */
	if (fabs(tones_hz[tone] - frequency_hz) < 0.05 * tones_hz[tone])
		share = power_at(block, frequency_hz) / power;
	printf("%" PRIu64 " %" PRIu64 " %u %u %.2f %.3f\n", nsec, position, port + 1, tone,
	       10.0 * log10(power), share);
}

static void on_hear(void *data, struct spa_io_position *position)
{
	struct rows *rows = data;
	uint32_t n = (uint32_t)position->clock.duration;

	for (unsigned p = 0; p < rows->n_ports; p++) {
		struct ear *ear = &rows->ears[p];
		const float *in = pw_filter_get_dsp_buffer(ear->port, n);

		for (uint32_t i = 0; i < n; i++) {
			ear->block[ear->n++] = in ? in[i] : 0.0f;
			if (ear->n < BLOCK)
				continue;
			ear->n = 0;
			judge(rows, p,
			      position->clock.nsec + (uint64_t)(i + 1) * SPA_NSEC_PER_SEC / RATE,
			      position->clock.position + i + 1);
		}
	}
}

/* --- life --------------------------------------------------------------------------------- */

static void on_signal(void *data, int number)
{
	struct rows *rows = data;

	pw_main_loop_quit(rows->loop);
}

static void *add_port(struct pw_filter *filter, enum pw_direction direction, unsigned port)
{
	bool out = direction == PW_DIRECTION_OUTPUT;
	char name[16];

	snprintf(name, sizeof(name), "%s_%u", out ? "out" : "in", port + 1);
	return pw_filter_add_port(filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
				  pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
						    PW_KEY_PORT_NAME, name, NULL),
				  NULL, 0);
}

static struct pw_filter *add_filter(struct rows *rows, const char *name,
				    const struct pw_filter_events *events)
{
	return pw_filter_new_simple(pw_main_loop_get_loop(rows->loop), name,
				    pw_properties_new(PW_KEY_NODE_NAME, name, PW_KEY_MEDIA_TYPE,
						      "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
						      PW_KEY_MEDIA_ROLE, "DSP",
						      PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL),
				    events, rows);
}

static int start(struct rows *rows)
{
	static const struct pw_filter_events play_events = {PW_VERSION_FILTER_EVENTS,
							    .process = on_play};
	static const struct pw_filter_events hear_events = {PW_VERSION_FILTER_EVENTS,
							    .process = on_hear};
	int r;

	rows->play = add_filter(rows, "partyline-tone-rows.play", &play_events);
	rows->hear = add_filter(rows, "partyline-tone-rows.hear", &hear_events);
	if (!rows->play || !rows->hear)
		return -errno;
	for (unsigned p = 0; p < rows->n_ports; p++) {
		rows->outs[p] = add_port(rows->play, PW_DIRECTION_OUTPUT, p);
		rows->ears[p].port = add_port(rows->hear, PW_DIRECTION_INPUT, p);
	}
	r = pw_filter_connect(rows->play, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
	return r < 0 ? r : pw_filter_connect(rows->hear, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

int main(int argc, char *argv[])
{
	static struct rows rows;
	int r;

	rows.n_ports = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (rows.n_ports == 0 || rows.n_ports > N_PORTS_MAX) {
		fprintf(stderr, "usage: partyline-tone-rows N\n");
		return 2;
	}
	for (uint32_t i = 0; i < RATE; i++)
		rows.sine[i] = (float)sin(2.0 * M_PI * i / RATE);
	pw_init(&argc, &argv);
	rows.loop = pw_main_loop_new(NULL);
	pw_loop_add_signal(pw_main_loop_get_loop(rows.loop), SIGTERM, on_signal, &rows);
	r = start(&rows);
	if (r >= 0)
		pw_main_loop_run(rows.loop);
	else
		fprintf(stderr, "partyline-tone-rows: %s\n", strerror(-r));
	if (rows.play)
		pw_filter_destroy(rows.play);
	if (rows.hear)
		pw_filter_destroy(rows.hear);
	pw_main_loop_destroy(rows.loop);
	pw_deinit();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
