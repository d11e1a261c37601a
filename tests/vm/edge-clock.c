/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

/*
 * When talk gates move, to the sample, in the time of CLOCK_MONOTONIC.
 *
 *   partyline-edge-clock
 *
 * Nodes: partyline-edge-clock.play with out_steady (0.5 all the time) and out_tone (1 kHz), and
 * partyline-edge-clock.hear with in_1 … in_4; the caller links them. What comes in is silent or
 * steady, and moves in between. On standard output a line for each time that it begins to move:
 *
 *   open PORT NSEC
 *   close PORT NSEC
 *
 * It computes in the data thread: for the simulated clock, on which that takes no time.
 */

#define N_PORTS 4u
#define EVENTS_MAX 65536u
#define TONE_HZ 1000.0

enum state { CLOSED, OPENING, OPEN, CLOSING };

struct ear {
	void *port;
	enum state state;
	float last;
};

struct edge_clock {
	struct pw_main_loop *loop;
	struct pw_filter *play, *hear;
	void *out_steady, *out_tone;
	struct spa_source *event;
	struct ear ears[N_PORTS]; /* data thread */
	struct {
		bool open;
		unsigned port;
		uint64_t nsec;
	} events[EVENTS_MAX];
	_Atomic unsigned n_events;
	unsigned n_printed;
};

static void on_play(void *data, struct spa_io_position *position)
{
	struct edge_clock *c = data;
	uint32_t n = (uint32_t)position->clock.duration;
	float *steady = pw_filter_get_dsp_buffer(c->out_steady, n);
	float *tone = pw_filter_get_dsp_buffer(c->out_tone, n);

	for (uint32_t i = 0; i < n; i++) {
		double seconds =
			(double)(position->clock.position + i) / position->clock.rate.denom;

		if (steady)
			steady[i] = 0.5f;
		if (tone)
			tone[i] = (float)(0.5 * sin(2.0 * M_PI * fmod(TONE_HZ * seconds, 1.0)));
	}
}

static void note(struct edge_clock *c, unsigned port, bool open, uint64_t nsec)
{
	unsigned n = atomic_load(&c->n_events);

	if (n == EVENTS_MAX)
		return;
	c->events[n].open = open;
	c->events[n].port = port;
	c->events[n].nsec = nsec;
	atomic_store(&c->n_events, n + 1);
	pw_loop_signal_event(pw_main_loop_get_loop(c->loop), c->event);
}

static void listen(struct edge_clock *c, unsigned port, float x, uint64_t nsec)
{
	struct ear *ear = &c->ears[port];

	switch (ear->state) {
	case CLOSED:
		if (x != 0.0f) {
			ear->state = OPENING;
			note(c, port + 1, true, nsec);
		}
		break;
	case OPENING:
		if (x == ear->last)
			ear->state = x == 0.0f ? CLOSED : OPEN;
		break;
	case OPEN:
		if (x != ear->last) {
			ear->state = CLOSING;
			note(c, port + 1, false, nsec);
		}
		break;
	case CLOSING:
		if (x == 0.0f)
			ear->state = CLOSED;
		break;
	}
	ear->last = x;
}

static void on_hear(void *data, struct spa_io_position *position)
{
	struct edge_clock *c = data;
	uint32_t n = (uint32_t)position->clock.duration;

	for (unsigned p = 0; p < N_PORTS; p++) {
		const float *in = pw_filter_get_dsp_buffer(c->ears[p].port, n);

		for (uint32_t i = 0; in && i < n; i++)
			listen(c, p, in[i],
			       position->clock.nsec +
				       i * SPA_NSEC_PER_SEC / position->clock.rate.denom);
	}
}

static void on_event(void *data, uint64_t count)
{
	struct edge_clock *c = data;

	for (; c->n_printed < atomic_load(&c->n_events); c->n_printed++)
		printf("%s %u %" PRIu64 "\n", c->events[c->n_printed].open ? "open" : "close",
		       c->events[c->n_printed].port, c->events[c->n_printed].nsec);
	fflush(stdout);
}

static void on_signal(void *data, int number)
{
	struct edge_clock *c = data;

	pw_main_loop_quit(c->loop);
}

static void *add_port(struct pw_filter *filter, enum pw_direction direction, const char *name)
{
	return pw_filter_add_port(filter, direction, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
				  pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
						    PW_KEY_PORT_NAME, name, NULL),
				  NULL, 0);
}

static struct pw_filter *add_filter(struct edge_clock *c, const char *name,
				    const struct pw_filter_events *events)
{
	return pw_filter_new_simple(pw_main_loop_get_loop(c->loop), name,
				    pw_properties_new(PW_KEY_NODE_NAME, name, PW_KEY_MEDIA_TYPE,
						      "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
						      PW_KEY_MEDIA_ROLE, "DSP",
						      PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL),
				    events, c);
}

static int start(struct edge_clock *c)
{
	static const struct pw_filter_events play_events = {PW_VERSION_FILTER_EVENTS,
							    .process = on_play};
	static const struct pw_filter_events hear_events = {PW_VERSION_FILTER_EVENTS,
							    .process = on_hear};
	char name[16];
	int r;

	c->play = add_filter(c, "partyline-edge-clock.play", &play_events);
	c->hear = add_filter(c, "partyline-edge-clock.hear", &hear_events);
	if (!c->play || !c->hear)
		return -errno;
	c->out_steady = add_port(c->play, PW_DIRECTION_OUTPUT, "out_steady");
	c->out_tone = add_port(c->play, PW_DIRECTION_OUTPUT, "out_tone");
	for (unsigned p = 0; p < N_PORTS; p++) {
		snprintf(name, sizeof(name), "in_%u", p + 1);
		c->ears[p].port = add_port(c->hear, PW_DIRECTION_INPUT, name);
	}
	r = pw_filter_connect(c->play, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
	return r < 0 ? r : pw_filter_connect(c->hear, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

int main(int argc, char *argv[])
{
	static struct edge_clock c;
	int r;

	pw_init(&argc, &argv);
	c.loop = pw_main_loop_new(NULL);
	c.event = pw_loop_add_event(pw_main_loop_get_loop(c.loop), on_event, &c);
	pw_loop_add_signal(pw_main_loop_get_loop(c.loop), SIGTERM, on_signal, &c);
	r = start(&c);
	if (r >= 0)
		pw_main_loop_run(c.loop);
	else
		fprintf(stderr, "partyline-edge-clock: %s\n", strerror(-r));
	if (c.play)
		pw_filter_destroy(c.play);
	if (c.hear)
		pw_filter_destroy(c.hear);
	pw_main_loop_destroy(c.loop);
	pw_deinit();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
