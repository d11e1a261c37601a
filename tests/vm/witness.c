/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

#include "card-signal.h"
#include "graph/model.h"
#include "graph/noise.h"

/*
 * Plays noise of its own into every tablet and every channel, hears everything that comes out in
 * the same cycle, and compares each sample with the model of tests/graph, for hours if wanted:
 * nothing is recorded.
 *
 *   partyline-witness --tablets T --channels C --frames N --settings FILE [--card CHANNEL]
 *
 * Nodes: partyline-witness.play with out_1 … out_(T+C), partyline-witness.hear with in_1 … in_(T+C),
 * tablets first; the caller links them. FILE: headroom in dB, then C × T uplink gains, then T × C
 * downlink gains, as numbers. Into CHANNEL nothing is played: a sound card does, and what arrives
 * there is heard on the port in_card (the monitor of the channel's sink) and taken for the model's
 * outside input.
 *
 * The count begins when a second has been right, and ends after N frames or on SIGTERM. On
 * standard output: `steady`, `at FRAMES` about every second, at the end one line of JSON.
 *
 * It computes in the data thread: for the simulated clock, on which that takes no time.
 */

#define RATE_HZ 48000u
#define SIDES_MAX (PL_TABLETS_MAX + PL_CHANNELS_MAX)
#define NAMED_MAX 8

/* float against double, through gains and limiter; tests/graph asks for the same */
static const double tolerance = 3.2e-6; /* -110 dBFS */

struct wrong {
	uint64_t frame;
	uint32_t side;
	double heard, wanted;
};

struct witness {
	struct pw_main_loop *loop;
	struct pw_filter *play, *hear;
	struct spa_source *event;
	void *out[SIDES_MAX];
	void *in[SIDES_MAX];
	void *in_card;
	uint32_t n_tablets, n_sides;
	uint32_t card; /* side that a sound card plays into; n_sides: none */
	uint64_t n_frames_wanted;
	_Atomic uint64_t progress; /* frames counted; 0: not steady yet */
	_Atomic bool ended;

	struct {
		struct pl_model *model;
		uint64_t next_position;
		uint64_t n_right; /* frames without an error, before the count begins */
		uint64_t n_frames, n_cycles, n_gaps, n_missing;
		uint64_t n_wrong[SIDES_MAX];
		double worst;
		struct wrong wrong[NAMED_MAX];
		uint32_t n_named;
		struct pl_card_signal card_signal;
		bool steady;
	} rt; /* data thread until the filters are gone */
};

/** What SIDE says at POSITION: computed from nothing else, so both ends know it. */
static float noise(uint32_t side, uint64_t position)
{
	uint64_t state = (position + ((uint64_t)side << 48)) * 0x9e3779b97f4a7c15u;

	return 0.5f * pl_noise(&state);
}

static void on_play(void *data, struct spa_io_position *position)
{
	struct witness *w = data;
	uint32_t n = (uint32_t)position->clock.duration;

	for (uint32_t s = 0; s < w->n_sides; s++) {
		float *out = w->out[s] ? pw_filter_get_dsp_buffer(w->out[s], n) : NULL;

		for (uint32_t i = 0; out && i < n; i++)
			out[i] = noise(s, position->clock.position + i);
	}
}

static void note_wrong(struct witness *w, uint32_t side, double heard, double wanted)
{
	w->rt.n_wrong[side]++;
	if (w->rt.n_named < NAMED_MAX)
		w->rt.wrong[w->rt.n_named++] = (struct wrong){w->rt.n_frames, side, heard, wanted};
}

/** One frame; @return whether every output was as the model has it. */
static bool compare(struct witness *w, const float *const in[], const float *card, uint32_t i,
		    uint64_t position)
{
	float said[SIDES_MAX];
	double wanted[SIDES_MAX];
	bool right = true;

	for (uint32_t s = 0; s < w->n_sides; s++)
		said[s] = noise(s, position);
	if (w->card < w->n_sides)
		said[w->card] = card ? card[i] : 0.0f;
	pl_model_step(w->rt.model, said, said + w->n_tablets, wanted, wanted + w->n_tablets);
	for (uint32_t s = 0; s < w->n_sides; s++) {
		double heard = in[s] ? in[s][i] : 0.0;
		double error = fabs(heard - wanted[s]);

		/* written so that NaN is wrong */
		if (error <= tolerance) {
			if (w->rt.steady)
				w->rt.worst = fmax(w->rt.worst, error);
			continue;
		}
		right = false;
		if (w->rt.steady)
			note_wrong(w, s, heard, wanted[s]);
	}
	return right;
}

static void count(struct witness *w, bool right, const float *card, uint32_t i)
{
	if (!w->rt.steady) {
		w->rt.n_right = right ? w->rt.n_right + 1 : 0;
		w->rt.steady = w->rt.n_right >= RATE_HZ;
		return;
	}
	if (w->card < w->n_sides)
		pl_card_signal_step(&w->rt.card_signal, card ? card[i] : 0.0f, w->rt.n_frames);
	w->rt.n_frames++;
}

static void on_hear(void *data, struct spa_io_position *position)
{
	struct witness *w = data;
	uint32_t n = (uint32_t)position->clock.duration;
	uint64_t at = position->clock.position, before = w->rt.n_frames;
	const float *in[SIDES_MAX], *card = NULL;
	bool was_steady = w->rt.steady;

	if (atomic_load(&w->ended))
		return;
	if (at != w->rt.next_position) {
		w->rt.n_right = 0;
		if (w->rt.steady) {
			w->rt.n_gaps++;
			w->rt.n_missing += at - w->rt.next_position;
		}
	}
	w->rt.next_position = at + n;
	w->rt.n_cycles += w->rt.steady;
	for (uint32_t s = 0; s < w->n_sides; s++)
		in[s] = pw_filter_get_dsp_buffer(w->in[s], n);
	if (w->in_card)
		card = pw_filter_get_dsp_buffer(w->in_card, n);
	for (uint32_t i = 0; i < n && w->rt.n_frames < w->n_frames_wanted; i++)
		count(w, compare(w, in, card, i, at + i), card, i);
	if (w->rt.n_frames == w->n_frames_wanted)
		atomic_store(&w->ended, true);
	atomic_store(&w->progress, w->rt.n_frames);
	if (was_steady != w->rt.steady || before / RATE_HZ != w->rt.n_frames / RATE_HZ ||
	    w->rt.n_frames == w->n_frames_wanted)
		pw_loop_signal_event(pw_main_loop_get_loop(w->loop), w->event);
}

static const struct pw_filter_events play_events = {PW_VERSION_FILTER_EVENTS, .process = on_play};
static const struct pw_filter_events hear_events = {PW_VERSION_FILTER_EVENTS, .process = on_hear};

static void on_event(void *data, uint64_t n)
{
	struct witness *w = data;
	uint64_t frames = atomic_load(&w->progress);

	if (frames < RATE_HZ && !atomic_load(&w->ended))
		printf("steady\n");
	else
		printf("at %" PRIu64 "\n", frames);
	fflush(stdout);
	if (atomic_load(&w->ended))
		pw_main_loop_quit(w->loop);
}

static void on_signal(void *data, int number)
{
	struct witness *w = data;

	pw_main_loop_quit(w->loop);
}

static void *add_port(struct pw_filter *filter, enum pw_direction direction, const char *name)
{
	return pw_filter_add_port(filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
				  pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
						    PW_KEY_PORT_NAME, name, NULL),
				  NULL, 0);
}

static struct pw_filter *add_filter(struct witness *w, const char *name,
				    const struct pw_filter_events *events)
{
	return pw_filter_new_simple(pw_main_loop_get_loop(w->loop), name,
				    pw_properties_new(PW_KEY_NODE_NAME, name, PW_KEY_MEDIA_TYPE,
						      "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
						      PW_KEY_MEDIA_ROLE, "DSP",
						      PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL),
				    events, w);
}

static int start(struct witness *w)
{
	char name[24];
	int r;

	w->play = add_filter(w, "partyline-witness.play", &play_events);
	w->hear = add_filter(w, "partyline-witness.hear", &hear_events);
	if (!w->play || !w->hear)
		return -errno;
	for (uint32_t s = 0; s < w->n_sides; s++) {
		snprintf(name, sizeof(name), "in_%u", s + 1);
		w->in[s] = add_port(w->hear, PW_DIRECTION_INPUT, name);
		snprintf(name, sizeof(name), "out_%u", s + 1);
		if (s != w->card)
			w->out[s] = add_port(w->play, PW_DIRECTION_OUTPUT, name);
	}
	if (w->card < w->n_sides)
		w->in_card = add_port(w->hear, PW_DIRECTION_INPUT, "in_card");
	r = pw_filter_connect(w->play, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
	if (r < 0)
		return r;
	return pw_filter_connect(w->hear, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

/** The next number of the file; @return whether there is one */
static bool read_number(FILE *file, double *ret_value)
{
	char word[32], *end;

	if (fscanf(file, "%31s", word) != 1)
		return false;
	*ret_value = strtod(word, &end);
	return *end == '\0';
}

static int read_settings(struct witness *w, const char *path, uint32_t n_channels)
{
	struct pl_model_settings settings;
	FILE *file = fopen(path, "r");
	bool good;

	if (!file)
		return -errno;
	pl_model_settings_init(&settings, w->n_tablets, n_channels);
	good = read_number(file, &settings.headroom_db);
	for (uint32_t c = 0; c < n_channels; c++) {
		for (uint32_t t = 0; t < w->n_tablets; t++)
			good = good && read_number(file, &settings.uplink[c][t]);
	}
	for (uint32_t t = 0; t < w->n_tablets; t++) {
		for (uint32_t c = 0; c < n_channels; c++)
			good = good && read_number(file, &settings.downlink[t][c]);
	}
	fclose(file);
	if (!good)
		return -EINVAL;
	w->rt.model = pl_model_new(&settings, RATE_HZ);
	return w->rt.model ? 0 : -ENOMEM;
}

static int parse(struct witness *w, int argc, char *argv[])
{
	static const struct option options[] = {
		{"tablets", required_argument, NULL, 't'},
		{"channels", required_argument, NULL, 'c'},
		{"frames", required_argument, NULL, 'n'},
		{"card", required_argument, NULL, 'k'},
		{"settings", required_argument, NULL, 's'},
		{0},
	};
	uint32_t n_channels = 0, card = 0;
	const char *settings = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't':
			w->n_tablets = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			n_channels = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			w->n_frames_wanted = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			card = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			settings = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	if (w->n_tablets < 1 || w->n_tablets > PL_TABLETS_MAX || n_channels < 1 ||
	    n_channels > PL_CHANNELS_MAX || card > n_channels || !w->n_frames_wanted || !settings)
		return -EINVAL;
	w->n_sides = w->n_tablets + n_channels;
	w->card = card ? w->n_tablets + card - 1 : w->n_sides;
	return read_settings(w, settings, n_channels);
}

static void print_result(const struct witness *w)
{
	uint64_t n_wrong = 0;

	printf("{\"frames\": %" PRIu64 ", \"cycles\": %" PRIu64 ", \"gaps\": %" PRIu64
	       ", \"missing\": %" PRIu64 ", \"worst_db\": %.1f, \"wrong\": [",
	       w->rt.n_frames, w->rt.n_cycles, w->rt.n_gaps, w->rt.n_missing,
	       20.0 * log10(fmax(w->rt.worst, 1e-12)));
	for (uint32_t s = 0; s < w->n_sides; s++) {
		printf("%s%" PRIu64, s ? ", " : "", w->rt.n_wrong[s]);
		n_wrong += w->rt.n_wrong[s];
	}
	printf("], \"n_wrong\": %" PRIu64 ", \"first_wrong\": [", n_wrong);
	for (uint32_t i = 0; i < w->rt.n_named; i++)
		printf("%s[%" PRIu64 ", %u, %.9g, %.9g]", i ? ", " : "", w->rt.wrong[i].frame,
		       w->rt.wrong[i].side + 1, w->rt.wrong[i].heard, w->rt.wrong[i].wanted);
	printf("]");
	if (w->card < w->n_sides)
		pl_card_signal_print(&w->rt.card_signal);
	printf("}\n");
}

int main(int argc, char *argv[])
{
	static struct witness w;
	struct pw_loop *loop;
	int r;

	pw_init(&argc, &argv);
	r = parse(&w, argc, argv);
	if (r >= 0) {
		w.loop = pw_main_loop_new(NULL);
		loop = pw_main_loop_get_loop(w.loop);
		w.event = pw_loop_add_event(loop, on_event, &w);
		pw_loop_add_signal(loop, SIGTERM, on_signal, &w);
		pw_loop_add_signal(loop, SIGINT, on_signal, &w);
		r = start(&w);
		if (r >= 0)
			pw_main_loop_run(w.loop);
		if (w.play)
			pw_filter_destroy(w.play);
		if (w.hear)
			pw_filter_destroy(w.hear);
		pw_main_loop_destroy(w.loop);
	}
	if (r < 0)
		fprintf(stderr, "partyline-witness: %s\n", strerror(-r));
	else
		print_result(&w);
	pl_model_free(w.rt.model);
	pw_deinit();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
