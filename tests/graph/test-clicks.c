/* SPDX-License-Identifier: MIT */
/* Gains, mutes and keys that change under a 1 kHz tone leave no step that a 5 ms raised cosine
 * does not make.
 *
 * With y = g s, s a tone of amplitude A and angular frequency w, and |g| <= 1 moving along raised
 * cosines of L samples, retargeted at any time, |g[n] - g[n-1]| <= d = sin(pi / 2L) and hence
 *   |y[n] - y[n-1]| <= A (2 sin(w/2) + d)
 * which a hard cut exceeds by far. Much sharper is what a notch at w leaves, which is nothing of
 * a steady tone:
 *   y[n] - 2 cos(w) y[n-1] + y[n-2] = (g[n] - g[n-1]) s[n] - (g[n-1] - g[n-2]) s[n-2]
 *   and its magnitude <= A (2 sin(w) d + d), as the two differences differ by d at most.
 * With k coefficients in a row (uplink, party line, downlink) d becomes k d. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "matrix-graph.h"
#include "model.h"
#include "noise.h"
#include "props.h"

#include "pltest.h"

#define RATE_HZ 48000u
#define TONE_HZ 1000.0
/** small, so that the limiter's curvature stays below the bounds */
#define AMPLITUDE 0.05
#define N_FRAMES 480000u
#define N_RAMP 240.0 /* 5 ms */
/** single precision, and the limiter's third harmonic at this amplitude (1.3e-5) */
#define SLACK 5e-6

/* Tablet 1 talks the tone into channel 1, tablet 2 listens. Planes: two tablets, two channels. */
enum {
	PLANE_LISTEN = 1,
	PLANE_CHANNEL = 2,
	N_PLANES = 4,
};

struct storm {
	uint64_t random;
	struct pl_graph *graph;
	struct pl_model_settings settings;
	struct pl_planes source;
	struct pl_planes sink;
	uint32_t n_messages;
};

static int storm_init(struct storm *s)
{
	int r;

	memset(s, 0, sizeof(*s));
	s->random = 3;
	r = pl_planes_init(&s->source, N_PLANES, N_FRAMES);
	if (r < 0)
		return r;
	r = pl_planes_init(&s->sink, N_PLANES, N_FRAMES);
	if (r < 0)
		return r;
	for (uint32_t n = 0; n < N_FRAMES; n++)
		s->source.plane[0][n] =
			(float)(AMPLITUDE * sin(2.0 * M_PI * TONE_HZ * n / RATE_HZ));
	pl_model_settings_init(&s->settings, 2, 2);
	memset(s->settings.uplink, 0, sizeof(s->settings.uplink));
	memset(s->settings.downlink, 0, sizeof(s->settings.downlink));
	s->settings.headroom_db = 0.0;
	s->settings.uplink[0][0] = 1.0;
	s->settings.downlink[1][0] = 1.0;
	return 0;
}

static void storm_done(struct storm *s)
{
	pl_planes_done(&s->source);
	pl_planes_done(&s->sink);
}

static int send(struct storm *s, const uint64_t *keys)
{
	struct pl_props props;
	int r;

	pl_props_begin(&props);
	pl_props_settings(&props, &s->settings, keys);
	r = pl_graph_set_props(s->graph, PL_NODE_MATRIX, pl_props_end(&props));
	pl_props_done(&props);
	return r;
}

static void change_one(struct storm *s)
{
	struct pl_model_settings *settings = &s->settings;

	switch (pl_random(&s->random) % 8) {
	case 0:
		settings->tablet_mute = 1 + pl_random(&s->random) % 3;
		break;
	case 1:
		settings->channel_mute = 1;
		break;
	case 2:
		settings->talk_mute = 1;
		break;
	case 3:
		settings->listen_mute = 2;
		break;
	case 4:
		settings->party_line = 0;
		break;
	case 5:
		settings->headroom_db = 12.0 * pl_random_unit(&s->random);
		break;
	case 6:
		settings->modes[0] = PL_TALK_MODE_MOMENTARY;
		break;
	default:
		settings->uplink[0][0] = pl_random_unit(&s->random);
		settings->downlink[1][0] = pl_random_unit(&s->random);
		break;
	}
}

static int send_random(struct storm *s)
{
	struct pl_model_settings *settings = &s->settings;
	uint64_t keys[PL_TABLETS_MAX] = {pl_random(&s->random) & 1u};

	/* Every other message makes everything loud again, so that each change has much to move. */
	if (s->n_messages % 2) {
		settings->tablet_mute = settings->talk_mute = 0;
		settings->listen_mute = settings->channel_mute = 0;
		settings->party_line = 1;
		settings->headroom_db = 0.0;
		settings->modes[0] = PL_TALK_MODE_OPEN;
		settings->uplink[0][0] = settings->downlink[1][0] = 1.0;
	} else {
		change_one(s);
	}
	s->n_messages++;
	return send(s, keys);
}

struct steps {
	double step;  /**< largest difference of two samples */
	double notch; /**< largest output of the notch */
	double level;
	uint32_t n_moving; /**< samples at which the notch hears a gain move */
};

static void measure(const float *y, struct steps *ret)
{
	double c = 2.0 * cos(2.0 * M_PI * TONE_HZ / RATE_HZ);
	struct steps steps = {0};

	for (uint32_t n = 2; n < N_FRAMES; n++) {
		double notch = fabs((double)y[n] - c * (double)y[n - 1] + (double)y[n - 2]);

		steps.step = fmax(steps.step, fabs((double)y[n] - (double)y[n - 1]));
		steps.notch = fmax(steps.notch, notch);
		steps.level = fmax(steps.level, fabs((double)y[n]));
		steps.n_moving += notch > SLACK;
	}
	*ret = steps;
}

/* @return whether the bounds hold */
static int check(const struct storm *s, uint32_t plane, uint32_t n_factors, const char *what)
{
	double w = 2.0 * M_PI * TONE_HZ / RATE_HZ, d = n_factors * sin(M_PI / (2.0 * N_RAMP));
	double step_max = AMPLITUDE * (2.0 * sin(w / 2.0) + d) + SLACK;
	double notch_max = AMPLITUDE * (2.0 * sin(w) * d + d) + SLACK;
	struct steps steps;

	measure(s->sink.plane[plane], &steps);
	printf("# %s, %u factors: step %.6f of %.6f, notch %.6f of %.6f, %u samples moving\n", what,
	       n_factors, steps.step, step_max, steps.notch, notch_max, steps.n_moving);
	/* Or nothing has been shown. */
	PL_EXPECT(steps.level > 0.5 * AMPLITUDE);
	PL_EXPECT(steps.n_moving > 2.0 * N_RAMP);
	return steps.step <= step_max && steps.notch <= notch_max;
}

static int run_props(struct storm *s, uint32_t quantum)
{
	struct pl_server_options server = {.rate_hz = RATE_HZ, .quantum = quantum};
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = 4096,
		.source = (const float *const *)s->source.plane,
		.sink = s->sink.plane,
	};
	spa_autoptr(pl_graph) graph = NULL;
	int r;

	r = pl_matrix_graph_new(2, 2, &server, &graph);
	if (r < 0)
		return r;
	s->graph = graph;
	r = pl_graph_start(graph);
	if (r >= 0)
		r = send(s, NULL);
	if (r >= 0)
		r = pl_graph_run_start(graph, &run);
	while (r >= 0 && pl_graph_run_active(graph))
		r = send_random(s);
	return r < 0 ? r : pl_graph_run_wait(graph);
}

PL_TEST(props_storm)
{
	static const uint32_t quanta[] = {64, 1024};
	struct storm s;

	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		PL_CHECK_INT(storm_init(&s), 0);
		PL_CHECK_INT(run_props(&s, quanta[i]), 0);
		printf("# quantum %u, %u messages\n", quanta[i], s.n_messages);
		PL_EXPECT(s.n_messages > 20);
		PL_EXPECT(check(&s, PLANE_CHANNEL, 1, "Props, channel"));
		PL_EXPECT(check(&s, PLANE_LISTEN, 3, "Props, listener"));
		storm_done(&s);
	}
}

#define N_EVENTS 4000u

static int run_keys(struct storm *s, uint32_t quantum)
{
	static struct pl_event events[N_EVENTS];
	struct pl_server_options server = {.rate_hz = RATE_HZ, .quantum = quantum};
	struct pl_run run = {
		.n_frames = N_FRAMES,
		.preroll_frames = 4096,
		.source = (const float *const *)s->source.plane,
		.sink = s->sink.plane,
		.events = events,
	};
	spa_autoptr(pl_graph) graph = NULL;
	uint32_t frame = 0;
	int r;

	/* Mostly whole ramps, sometimes several edges within one. */
	for (; run.n_events < N_EVENTS; run.n_events++) {
		frame += 1 + (uint32_t)(pl_random(&s->random) % (run.n_events % 16 ? 400 : 4));
		if (frame >= N_FRAMES)
			break;
		events[run.n_events] = (struct pl_event){
			.frame = frame,
			.key = "partyline.key.1.1",
			.is_bool = 1,
			.value = (double)(run.n_events % 2 == 0),
		};
	}
	s->settings.modes[0] = PL_TALK_MODE_MOMENTARY;
	s->n_messages = run.n_events;
	r = pl_matrix_graph_new(2, 2, &server, &graph);
	if (r < 0)
		return r;
	s->graph = graph;
	r = pl_graph_start(graph);
	if (r >= 0)
		r = send(s, NULL);
	return r < 0 ? r : pl_graph_run(graph, &run);
}

PL_TEST(key_storm)
{
	static const uint32_t quanta[] = {100, 1024};
	struct storm s;

	for (size_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		PL_CHECK_INT(storm_init(&s), 0);
		PL_CHECK_INT(run_keys(&s, quanta[i]), 0);
		printf("# quantum %u, %u edges\n", quanta[i], s.n_messages);
		PL_EXPECT(s.n_messages > 1000);
		PL_EXPECT(check(&s, PLANE_CHANNEL, 1, "keys, channel"));
		/* Only the uplink moves: the same bound holds for the listener. */
		PL_EXPECT(check(&s, PLANE_LISTEN, 1, "keys, listener"));
		storm_done(&s);
	}
}

/* The bounds are worth something: ramps of 1 ms break them. */
PL_TEST(short_ramps_are_noticed)
{
	struct storm s;

	PL_CHECK_INT(storm_init(&s), 0);
	s.settings.ramp_ms = 1.0;
	PL_CHECK_INT(run_keys(&s, 256), 0);
	PL_EXPECT(!check(&s, PLANE_CHANNEL, 1, "1 ms, channel"));
	storm_done(&s);
}

PL_TEST_MAIN()
