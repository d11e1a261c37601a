/* SPDX-License-Identifier: MIT */
/* The tone node: audio goes through untouched, what is heard comes out with its place in time. */
#include <math.h>
#include <stdlib.h>

#include <spa/utils/dict.h>

#include <partyline/tones.h>

#include "cpu-host.h"
#include "host.h"
#include "random.h"

#include "pltest.h"

#define N_EVENTS_MAX 256u

struct heard {
	struct pl_tones_event event[N_EVENTS_MAX];
	uint64_t at[N_EVENTS_MAX]; /* the end of the cycle that told it */
	uint32_t n;
};

static int init(struct host *h, const char *n_ports, uint32_t n)
{
	struct spa_dict_item items[] = {
		SPA_DICT_ITEM_INIT(PL_KEY_TONE_PORTS, n_ports),
		SPA_DICT_ITEM_INIT(PL_KEY_TONE_TARGETS, "partyline.channel.1 partyline.tablet.2"),
	};
	int r;

	r = host_init_node(h, PL_FACTORY_TONE, &SPA_DICT_INIT_ARRAY(items), n, pl_host_cpu_flags());
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < n; i++) {
		host_link(h, SPA_DIRECTION_INPUT, i, true);
		host_link(h, SPA_DIRECTION_OUTPUT, i, true);
	}
	host_link(h, SPA_DIRECTION_OUTPUT, n, true);
	return 0;
}

static int set_dtmf(struct host *h, uint64_t ports)
{
	struct host_props p;

	host_props_begin(&p);
	host_props_bits(&p, PL_PARAM_TONE_DTMF, ports);
	return host_props_send(h, &p);
}

/** Digit 6 (770 and 1477 Hz) from position on. */
static double six(double position, double rate_hz)
{
	double t = 2.0 * M_PI * position / rate_hz;

	return 0.1 * sin(770.0 * t) + 0.1 * sin(1477.0 * t + 1.0);
}

static void listen(struct host *h, uint32_t n_frames, uint32_t n_ports, struct heard *heard)
{
	struct pl_tones_reader reader = {NULL, 0};
	uint32_t size;
	const void *data = host_events(h, &size);

	PL_EXPECT(data != NULL && pl_tones_open(&reader, data, size));
	while (data && heard->n < N_EVENTS_MAX && pl_tones_next(&reader, &heard->event[heard->n])) {
		PL_EXPECT(heard->event[heard->n].port <= n_ports);
		heard->at[heard->n++] = h->position.clock.position;
	}
}

/** A digit of 60 ms on port 2 at each half second, noise that is not heard on port 1. */
static void run(struct host *h, uint32_t quantum, uint32_t rate_hz, double seconds,
		struct heard *heard)
{
	uint64_t end = h->position.clock.position + (uint64_t)(seconds * rate_hz);

	while (h->position.clock.position < end) {
		uint64_t position = h->position.clock.position;
		uint32_t n = quantum ? quantum : 16u + pl_random_below(4000);

		for (uint32_t i = 0; i < n; i++) {
			uint64_t p = (position + i) % (rate_hz / 2u);
			bool on = p >= rate_hz / 10u && p < rate_hz / 10u + rate_hz * 6u / 100u;

			host_in(h, 0)[i] = (float)pl_random_uniform(-1e-3, 1e-3);
			host_in(h, 1)[i] = on ? (float)six((double)p, rate_hz) : 0.0f;
		}
		PL_EXPECT(host_process(h, n, rate_hz) >= 0);
		for (uint32_t i = 0; i < 2; i++)
			PL_EXPECT(host_out(h, i) &&
				  memcmp(host_out(h, i), host_in(h, i), n * sizeof(float)) == 0);
		listen(h, n, 2, heard);
	}
}

static void check_heard(const struct heard *heard, uint32_t rate_hz, uint32_t n_digits,
			uint64_t start_position, uint32_t quantum_max)
{
	double ms = 1000.0 / rate_hz;

	PL_CHECK_INT(heard->n, 2 * n_digits);
	for (uint32_t i = 0; i < heard->n; i++) {
		const struct pl_tones_event *e = &heard->event[i];
		uint64_t press = start_position + (i / 2u) * (rate_hz / 2u) + rate_hz / 10u;
		double begin = (double)press;
		double end = begin + rate_hz * 0.06;
		bool is_end = i % 2u == 1u;

		PL_CHECK_INT(e->kind, is_end ? PL_TONES_DIGIT_END : PL_TONES_DIGIT);
		PL_CHECK_INT(e->port, 2);
		PL_CHECK_INT(e->id, '6');
		PL_CHECK_NEAR(((double)e->begin_position - begin) * ms, 0.0, 3.0);
		PL_CHECK_NEAR(e->a_hz, 770.0, 1.0);
		PL_CHECK_NEAR(e->b_hz, 1477.0, 1.0);
		PL_CHECK_NEAR(e->level_db, -20.0, 0.5);
		if (is_end) {
			PL_CHECK_NEAR(((double)e->end_position - end) * ms, 0.0, 3.0);
			PL_CHECK_NEAR(e->a_length_s, 0.06, 0.005);
		}
		/* Told within 50 ms of the begin, 40 of the end, and the cycle that was under way. */
		PL_CHECK((double)heard->at[i] - (is_end ? end : begin) <
			 (is_end ? 0.042 : 0.052) * rate_hz + quantum_max);
		/* position and nsec say the same time */
		PL_CHECK_NEAR((double)e->nsec / 1e6,
			      (double)(is_end ? e->end_position : e->begin_position) * ms, 0.01);
	}
}

PL_TEST(any_rate_and_quantum)
{
	static const uint32_t rates[] = {8000, 11025, 16000, 44100, 48000, 96000, 192000};
	static const uint32_t quanta[] = {16, 64, 100, 256, 1024, 8192, 0};

	for (uint32_t r = 0; r < SPA_N_ELEMENTS(rates); r++) {
		struct host h = {0};
		struct heard *heard = calloc(1, sizeof(*heard));
		int ok = init(&h, "2", 2);

		PL_EXPECT(ok >= 0 && set_dtmf(&h, 2) >= 0);
		h.position.clock.position = 0;
		h.position.clock.nsec = 0;
		if (ok >= 0 && heard) {
			run(&h, quanta[r], rates[r], 2.0, heard);
			check_heard(heard, rates[r], 4, 0, quanta[r] ? quanta[r] : 4016u);
		}
		free(heard);
		host_done(&h);
	}
}

PL_TEST(definitions_come_and_go_while_it_runs)
{
	struct host h = {0};
	struct heard *heard = calloc(1, sizeof(*heard));
	uint64_t position;

	if (!heard)
		abort();
	PL_EXPECT(init(&h, "2", 2) >= 0);
	run(&h, 256, 48000, 1.0, heard);
	PL_EXPECT(heard->n == 0);
	PL_EXPECT(set_dtmf(&h, 2) >= 0);
	/* The clock goes on from anywhere. */
	h.position.clock.position = position = 48000u * 1000u;
	h.position.clock.nsec = UINT64_C(1000) * SPA_NSEC_PER_SEC;
	run(&h, 256, 48000, 1.0, heard);
	check_heard(heard, 48000, 2, position, 256);
	/* Another port's definition changes in the middle of a digit: it is heard all the same. */
	heard->n = 0;
	position = h.position.clock.position = 48000u * 2000u;
	h.position.clock.nsec = UINT64_C(2000) * SPA_NSEC_PER_SEC;
	run(&h, 256, 48000, 0.12, heard);
	PL_EXPECT(heard->n == 0 && set_dtmf(&h, 3) >= 0);
	run(&h, 256, 48000, 0.3, heard);
	check_heard(heard, 48000, 1, position, 256);
	heard->n = 0;
	PL_EXPECT(set_dtmf(&h, 0) >= 0);
	run(&h, 256, 48000, 1.0, heard);
	PL_EXPECT(heard->n == 0);
	free(heard);
	host_done(&h);
}

/* A page on port 2 and a group call on port 1, at once; each in the time of the graph. */
PL_TEST(pages_are_told)
{
	static const double pages[] = {2, 11, 1000, 1500, 1, 1, 10, 10, 1, 12, 600, 0, 2, 0, 6, 0};
	struct host h = {0};
	struct host_props p;
	struct heard *heard = calloc(1, sizeof(*heard));
	bool told[2] = {false, false};

	if (!heard)
		abort();
	PL_EXPECT(init(&h, "2", 2) >= 0);
	host_props_begin(&p);
	host_props_doubles(&p, PL_PARAM_TONE_PAGES, pages, SPA_N_ELEMENTS(pages));
	PL_EXPECT(host_props_send(&h, &p) >= 0);
	h.position.clock.position = 480000;
	h.position.clock.nsec = 10 * SPA_NSEC_PER_SEC;
	while (h.position.clock.position < 480000u + 5u * 48000u) {
		uint64_t first = h.position.clock.position - 480000u;

		for (uint32_t i = 0; i < 1024; i++) {
			double t = (double)(first + i) / 48000.0;
			double hz = t < 1.5 ? 1000.0 : 1500.0;
			bool on = t >= 0.5 && t < 2.5, group = t >= 1.0 && t < 3.0;

			host_in(&h, 0)[i] = group ? (float)(0.1 * sin(2.0 * M_PI * 600.0 * t)) : 0;
			host_in(&h, 1)[i] = on ? (float)(0.1 * sin(2.0 * M_PI * hz * t)) : 0;
		}
		PL_EXPECT(host_process(&h, 1024, 48000) >= 0);
		listen(&h, 1024, 2, heard);
	}
	PL_EXPECT(heard->n == 2);
	for (uint32_t i = 0; i < heard->n; i++) {
		const struct pl_tones_event *e = &heard->event[i];
		double begin_s = ((double)e->begin_position - 480000.0) / 48000.0;

		printf("# port %u kind %u id %u begin %.3f s\n", e->port, (unsigned)e->kind, e->id,
		       begin_s);
		if (e->kind == PL_TONES_TWO_TONE) {
			told[0] = e->port == 2 && e->id == 11 && fabs(begin_s - 0.5) < 0.05 &&
				  fabs(e->a_hz - 1000.0) < 2.0 && fabs(e->b_hz - 1500.0) < 2.0;
		} else {
			told[1] = e->kind == PL_TONES_LONG && e->port == 1 && e->id == 12 &&
				  fabs(begin_s - 1.0) < 0.05 && fabs(e->a_hz - 600.0) < 2.0;
		}
		/* Within a second of the tone's end, and not before its length has passed. */
		PL_EXPECT(heard->at[i] > 480000u + 96000u && heard->at[i] < 480000u + 4u * 48000u);
	}
	PL_EXPECT(told[0] && told[1]);
	free(heard);
	host_done(&h);
}

PL_TEST(bad_definitions_change_nothing)
{
	static const struct {
		const char *name;
		double fields[9];
		uint32_t n;
	} bad[] = {
		{PL_PARAM_TONE_PAGES, {3, 1, 1000, 1500, 1, 3, 10, 10}, 8}, /* no such port */
		{PL_PARAM_TONE_PAGES, {1, 0, 1000, 1500, 1, 3, 10, 10}, 8}, /* no id */
		{PL_PARAM_TONE_PAGES, {1, 1, 100, 1500, 1, 3, 10, 10}, 8},  /* too low */
		{PL_PARAM_TONE_PAGES, {1, 1, 1000, 1500, 1, 3, 0, 10}, 8},  /* no tolerance */
		{PL_PARAM_TONE_PAGES, {1, 1, 1000, 1500, 1, 3, 10, 200}, 8},
		{PL_PARAM_TONE_PAGES, {1, 1, 1000, 0, 1, 3, 10, 0}, 8},
		{PL_PARAM_TONE_PAGES, {1, 1, 1000, 1500, 1, 3, 10}, 7}, /* a field is missing */
		{PL_PARAM_TONE_FILTERS, {1, 3, 1000, 0}, 4},            /* no such type */
		{PL_PARAM_TONE_FIND, {1, 0.1, 3}, 3},                   /* too short */
	};
	struct host h = {0};
	struct host_props p;

	PL_EXPECT(init(&h, "2", 2) >= 0);
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(bad); i++) {
		host_props_begin(&p);
		host_props_bits(&p, PL_PARAM_TONE_DTMF, 1);
		host_props_doubles(&p, bad[i].name, bad[i].fields, bad[i].n);
		PL_EXPECT(host_props_send(&h, &p) == -EINVAL);
		PL_EXPECT(strstr(h.last_log, bad[i].name) != NULL);
	}
	PL_EXPECT(set_dtmf(&h, 4) == -EINVAL);
	host_done(&h);
	PL_EXPECT(init(&h, "65", 2) == -EINVAL);
	host_done(&h);
}

/* What other processes write into a control buffer: nothing is read beyond it. */
PL_TEST(damaged_events_are_passed_over)
{
	uint8_t *bytes = malloc(PL_TONES_HEAD_SIZE + 3u * PL_TONES_EVENT_SIZE);
	struct spa_pod_builder b =
		SPA_POD_BUILDER_INIT(bytes, PL_TONES_HEAD_SIZE + 3u * PL_TONES_EVENT_SIZE);
	struct pl_tones_event event = {.port = 3, .kind = PL_TONES_TWO_TONE, .id = 7}, got = {0};
	struct pl_tones_reader reader;
	struct spa_pod_frame frame;
	uint32_t size, n = 0;

	spa_pod_builder_push_sequence(&b, &frame, 0);
	for (uint32_t i = 0; i < 3; i++)
		pl_tones_encode(&b, i, &event);
	PL_EXPECT(spa_pod_builder_pop(&b, &frame) != NULL);
	size = b.state.offset;
	PL_EXPECT(pl_tones_open(&reader, bytes, size));
	for (n = 0; pl_tones_next(&reader, &got); n++)
		PL_EXPECT(got.port == 3 && got.id == 7 && got.kind == PL_TONES_TWO_TONE);
	PL_EXPECT(n == 3);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t cut = pl_random_below(size + 1u);
		uint8_t *copy = malloc(cut ? cut : 1u);

		memcpy(copy, bytes, cut);
		for (uint32_t k = 0; cut && k < i % 4u; k++)
			copy[pl_random_below(cut)] = (uint8_t)pl_random_next();
		if (pl_tones_open(&reader, copy, cut)) {
			for (n = 0; pl_tones_next(&reader, &got); n++) {
				PL_EXPECT(got.port >= 1 && got.port <= PL_TONE_PORTS_MAX);
				PL_EXPECT(got.kind < PL_TONES_KIND_MAX_);
			}
			PL_EXPECT(n <= 3);
		}
		free(copy);
	}
	free(bytes);
}

PL_TEST_MAIN()
