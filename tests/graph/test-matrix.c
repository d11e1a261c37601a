/* SPDX-License-Identifier: MIT */
/* The matrix in the graph against the double-precision model: random gains, mutes, modes and
 * keys, set by Props at block boundaries and by the control port at single samples. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix-graph.h"
#include "model.h"
#include "noise.h"
#include "props.h"

#include "pltest.h"

#define N_STOPS_MAX 16u
#define N_EVENTS_MAX 64u
/** frames; longer than any ramp, so that the model may begin at rest */
#define N_PREROLL 4096u
/** -120 dBFS */
#define ERROR_MAX 1e-6
#define RATE_HZ 48000u

enum flavour {
	DENSE,  /**< every crosspoint, changes by Props and by control port */
	SPARSE, /**< one crosspoint in ten */
	EVENTS, /**< dense, and only the control port changes anything */
};

/** One change by Props, and where it took effect. */
struct change {
	struct pl_model_settings settings;
	uint64_t key_mask[PL_TABLETS_MAX];
	uint64_t keys[PL_TABLETS_MAX];
	uint32_t frame;
};

struct key_event {
	uint32_t frame;
	uint32_t tablet;
	uint32_t channel;
	int held;
	char key[48];
};

struct scenario {
	uint64_t random;
	enum flavour flavour;
	uint32_t n_tablets;
	uint32_t n_channels;
	struct pl_graph *graph;
	struct pl_model_settings first;
	struct change changes[N_STOPS_MAX];
	uint32_t stops[N_STOPS_MAX];
	uint32_t n_stops;
	struct key_event keys[N_EVENTS_MAX];
	struct pl_event events[N_EVENTS_MAX];
	uint32_t n_events;
	struct pl_planes source;
	struct pl_planes sink;
};

static uint32_t below(struct scenario *s, uint32_t limit)
{
	return limit > 0 ? (uint32_t)(pl_random(&s->random) % limit) : 0;
}

static double random_gain(struct scenario *s)
{
	double u = pl_random_unit(&s->random);

	if (s->flavour == SPARSE && below(s, 10) != 0)
		return 0.0;
	return below(s, 8) == 0 ? 0.0 : u * u * 4.0;
}

/* One in eight. */
static uint64_t random_mutes(struct scenario *s, uint32_t n)
{
	uint64_t mutes = 0;

	for (uint32_t i = 0; i < n; i++)
		mutes |= (uint64_t)(below(s, 8) == 0) << i;
	return mutes;
}

static void random_settings(struct scenario *s, struct pl_model_settings *settings)
{
	for (uint32_t t = 0; t < s->n_tablets; t++) {
		for (uint32_t c = 0; c < s->n_channels; c++) {
			settings->uplink[c][t] = random_gain(s);
			settings->downlink[t][c] = random_gain(s);
		}
		settings->modes[t] = below(s, PL_TALK_MODE_MAX_);
		settings->sidetone[t] = below(s, 2) ? pl_random_unit(&s->random) : 0.0;
	}
	settings->headroom_db = pl_random_unit(&s->random) * 20.0;
	settings->tablet_mute = random_mutes(s, s->n_tablets);
	settings->talk_mute = random_mutes(s, s->n_tablets);
	settings->listen_mute = random_mutes(s, s->n_tablets);
	settings->channel_mute = random_mutes(s, s->n_channels);
	settings->party_line = below(s, 4) != 0;
	settings->vox_threshold_db = -6.0 - 30.0 * pl_random_unit(&s->random);
	settings->vox_hang_ms = 20.0 * pl_random_unit(&s->random);
}

/* Loud, quiet and silent stretches, so that vox has something to do; and a little rubbish. */
static void fill_source(struct scenario *s)
{
	static const float bad[] = {NAN, INFINITY, -INFINITY, 1e-40f, 20.0f, -1e30f};
	uint32_t n_frames = s->source.n_frames;

	for (uint32_t p = 0; p < s->source.n_planes; p++) {
		float *x = s->source.plane[p];
		float amplitude = 0.0f;

		for (uint32_t n = 0; n < n_frames; n++) {
			if (n % 2000 == 0)
				amplitude = below(s, 3) ? (float)pl_random_unit(&s->random) : 0.0f;
			x[n] = amplitude * pl_noise(&s->random);
		}
		for (uint32_t i = 0; i < 8; i++)
			x[below(s, n_frames)] = bad[below(s, SPA_N_ELEMENTS(bad))];
	}
}

static void plan_stops(struct scenario *s, uint32_t n_frames)
{
	uint32_t frame = 0;

	s->n_stops = s->flavour == EVENTS ? 0 : 10;
	for (uint32_t i = 0; i < s->n_stops; i++) {
		/* Some follow at once, in the middle of the ramps of the one before. */
		frame += below(s, 3) ? below(s, n_frames / s->n_stops) : below(s, 200);
		s->stops[i] = frame;
	}
}

static void plan_events(struct scenario *s, uint32_t n_frames)
{
	uint32_t frame = 0;

	s->n_events = 48;
	for (uint32_t i = 0; i < s->n_events; i++) {
		struct key_event *key = &s->keys[i];

		frame += below(s, 4) ? below(s, n_frames / s->n_events) : below(s, 2);
		key->frame = frame;
		key->tablet = below(s, s->n_tablets);
		key->channel = below(s, s->n_channels);
		key->held = (int)below(s, 2);
		snprintf(key->key, sizeof(key->key), PL_PARAM_KEY_FMT, key->tablet + 1,
			 key->channel + 1);
		s->events[i] = (struct pl_event){
			.frame = frame,
			.key = key->key,
			.is_bool = 1,
			.value = key->held,
		};
	}
}

static uint64_t mask_of(uint32_t n)
{
	return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

/* What a change touches: the whole matrix or one thing of it. */
static void plan_change(struct scenario *s, struct change *change)
{
	struct pl_model_settings *settings = &change->settings;
	uint32_t t = below(s, s->n_tablets);

	switch (below(s, 6)) {
	case 0:
		settings->tablet_mute ^= UINT64_C(1) << t;
		break;
	case 1:
		settings->channel_mute ^= UINT64_C(1) << below(s, s->n_channels);
		break;
	case 2:
		change->key_mask[t] = UINT64_MAX;
		change->keys[t] = pl_random(&s->random) & mask_of(s->n_channels);
		break;
	case 3:
		settings->ramp_ms = 1.0 + 9.0 * pl_random_unit(&s->random);
		break;
	default:
		random_settings(s, settings);
		break;
	}
}

static int send(struct scenario *s, const struct pl_model_settings *settings, const uint64_t *mask,
		const uint64_t *keys)
{
	struct pl_props props;
	char key[48];
	int r;

	pl_props_begin(&props);
	pl_props_settings(&props, settings, NULL);
	for (uint32_t t = 0; mask && t < s->n_tablets; t++) {
		for (uint32_t c = 0; c < s->n_channels && mask[t]; c++) {
			snprintf(key, sizeof(key), PL_PARAM_KEY_FMT, t + 1, c + 1);
			pl_props_bool(&props, key, (int)((keys[t] >> c) & 1u));
		}
	}
	r = pl_graph_set_props(s->graph, PL_NODE_MATRIX, pl_props_end(&props));
	pl_props_done(&props);
	return r;
}

static int on_stop(void *userdata, uint32_t index, uint32_t frame)
{
	struct scenario *s = userdata;
	struct change *change = &s->changes[index];

	change->settings = index ? s->changes[index - 1].settings : s->first;
	memset(change->key_mask, 0, sizeof(change->key_mask));
	plan_change(s, change);
	change->frame = frame;
	return send(s, &change->settings, change->key_mask, change->keys);
}

static int run_graph(struct scenario *s, uint32_t quantum)
{
	struct pl_server_options server = {.rate_hz = RATE_HZ, .quantum = quantum};
	struct pl_run run = {
		.n_frames = s->source.n_frames,
		.preroll_frames = N_PREROLL,
		.source = (const float *const *)s->source.plane,
		.sink = s->sink.plane,
		.events = s->events,
		.n_events = s->n_events,
		.stops = s->stops,
		.n_stops = s->n_stops,
		.on_stop = on_stop,
		.userdata = s,
	};
	spa_autoptr(pl_graph) graph = NULL;
	int r;

	r = pl_matrix_graph_new(s->n_tablets, s->n_channels, &server, &graph);
	if (r < 0)
		return r;
	s->graph = graph;
	r = pl_graph_start(graph);
	if (r >= 0)
		r = send(s, &s->first, NULL, NULL);
	if (r >= 0)
		r = pl_graph_run(graph, &run);
	s->graph = NULL;
	if (r < 0)
		return r;
	return run.quantum == quantum && run.rate_hz == RATE_HZ ? 0 : -EINVAL;
}

struct difference {
	double max;
	double level; /**< largest output, to know that there was something to compare */
	uint32_t plane;
	uint32_t frame;
};

static void compare(struct difference *d, const struct pl_planes *sink, uint32_t first,
		    const double *wanted, uint32_t n, uint32_t frame)
{
	for (uint32_t i = 0; i < n; i++) {
		double is = (double)sink->plane[first + i][frame], e = fabs(is - wanted[i]);

		d->level = fmax(d->level, fabs(is));
		/* Written so that NaN counts. */
		if (!(e <= d->max)) {
			d->max = isnan(e) ? INFINITY : e;
			d->plane = first + i;
			d->frame = frame;
		}
	}
}

/* Messages that arrive before the same block act as one: the newest value of each thing. Only
 * that the ramp time was another in between shows. @return changes used up */
static uint32_t apply_changes(struct pl_model *model, const struct scenario *s, uint32_t first)
{
	struct change merged = {.frame = s->changes[first].frame};
	double ramp_ms = first ? s->changes[first - 1].settings.ramp_ms : s->first.ramp_ms;
	uint32_t i = first;

	for (; i < s->n_stops && s->changes[i].frame == merged.frame; i++) {
		const struct change *change = &s->changes[i];

		if (change->settings.ramp_ms != ramp_ms)
			pl_model_restart(model);
		ramp_ms = change->settings.ramp_ms;
		merged.settings = change->settings;
		for (uint32_t t = 0; t < s->n_tablets; t++) {
			merged.key_mask[t] |= change->key_mask[t];
			merged.keys[t] = (merged.keys[t] & ~change->key_mask[t]) |
					 (change->keys[t] & change->key_mask[t]);
		}
	}
	pl_model_set(model, &merged.settings, merged.key_mask, merged.keys);
	return i - first;
}

static int run_model(const struct scenario *s, struct difference *ret_difference)
{
	struct pl_model *model = pl_model_new(&s->first, RATE_HZ);
	float talk[PL_TABLETS_MAX], channel_in[PL_CHANNELS_MAX];
	double listen[PL_TABLETS_MAX], channel_out[PL_CHANNELS_MAX];
	struct difference d = {0};
	uint32_t change = 0, key = 0;

	if (!model)
		return -ENOMEM;
	for (uint32_t n = 0; n < s->source.n_frames; n++) {
		if (change < s->n_stops && s->changes[change].frame == n)
			change += apply_changes(model, s, change);
		for (; key < s->n_events && s->keys[key].frame == n; key++)
			pl_model_key(model, s->keys[key].tablet, s->keys[key].channel,
				     s->keys[key].held);
		for (uint32_t t = 0; t < s->n_tablets; t++)
			talk[t] = s->source.plane[t][n];
		for (uint32_t c = 0; c < s->n_channels; c++)
			channel_in[c] = s->source.plane[s->n_tablets + c][n];
		pl_model_step(model, talk, channel_in, listen, channel_out);
		compare(&d, &s->sink, 0, listen, s->n_tablets, n);
		compare(&d, &s->sink, s->n_tablets, channel_out, s->n_channels, n);
	}
	pl_model_free(model);
	*ret_difference = d;
	return 0;
}

static void plan(struct scenario *s, enum flavour flavour, uint32_t n_tablets, uint32_t n_channels)
{
	s->random = 0x50415254u + flavour + n_tablets * 8u;
	s->flavour = flavour;
	s->n_tablets = n_tablets;
	s->n_channels = n_channels;
	pl_model_settings_init(&s->first, n_tablets, n_channels);
	random_settings(s, &s->first);
	fill_source(s);
	plan_stops(s, s->source.n_frames);
	plan_events(s, s->source.n_frames);
}

/* One scenario; ret_hash: of the graph's output. */
static void check(enum flavour flavour, uint32_t n_tablets, uint32_t n_channels, uint32_t quantum,
		  uint32_t n_frames, uint64_t *ret_hash)
{
	struct scenario *s = calloc(1, sizeof(*s));
	struct difference d = {0};

	*ret_hash = 0;
	PL_CHECK(s != NULL);
	PL_CHECK(pl_planes_init(&s->source, n_tablets + n_channels, n_frames) == 0);
	PL_CHECK(pl_planes_init(&s->sink, n_tablets + n_channels, n_frames) == 0);
	plan(s, flavour, n_tablets, n_channels);
	PL_CHECK_INT(run_graph(s, quantum), 0);
	PL_CHECK_INT(run_model(s, &d), 0);
	*ret_hash = pl_planes_hash(&s->sink);
	printf("# %ux%u %s quantum %u: error %.1f dBFS (plane %u, frame %u), hash %016" PRIx64 "\n",
	       n_tablets, n_channels,
	       flavour == DENSE    ? "dense"
	       : flavour == SPARSE ? "sparse"
				   : "events",
	       quantum, 20.0 * log10(d.max + 1e-20), d.plane, d.frame, *ret_hash);
	PL_EXPECT(d.level > 0.1);
	PL_EXPECT(d.max < ERROR_MAX);
	pl_planes_done(&s->source);
	pl_planes_done(&s->sink);
	free(s);
}

static const uint32_t quanta[] = {16, 64, 100, 256, 1024, 8192};

static void check_twice(enum flavour flavour, uint32_t n_tablets, uint32_t n_channels,
			uint32_t n_frames)
{
	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		uint64_t first, second;

		check(flavour, n_tablets, n_channels, quanta[i], n_frames, &first);
		check(flavour, n_tablets, n_channels, quanta[i], n_frames, &second);
		PL_EXPECT(first == second);
	}
}

PL_TEST(dense_16x4)
{
	check_twice(DENSE, 16, 4, 48000);
}

PL_TEST(sparse_16x4)
{
	check_twice(SPARSE, 16, 4, 24000);
}

PL_TEST(one_by_one)
{
	check_twice(DENSE, 1, 1, 24000);
}

PL_TEST(key_events_do_not_depend_on_the_quantum)
{
	uint64_t first = 0, hash;

	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		check(EVENTS, 16, 4, quanta[i], 24000, &hash);
		if (i == 0)
			first = hash;
		PL_EXPECT(hash == first);
	}
}

PL_TEST(largest_64x64)
{
	uint64_t first, second, hash;

	check(DENSE, 64, 64, 256, 9600, &first);
	check(DENSE, 64, 64, 256, 9600, &second);
	PL_EXPECT(first == second);
	check(DENSE, 64, 64, 8192, 16384, &hash);
	check(SPARSE, 64, 64, 100, 4800, &hash);
}

PL_TEST_MAIN()
