/* SPDX-License-Identifier: MIT */
/* The gate's kernel against a double-precision model, and its promises one by one. */
#include <math.h>
#include <stdlib.h>

#include "gate.h"

#include "pltest.h"

#define N_FRAMES 48000u
#define LIMIT 16.0f

static uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static const struct pl_gate_settings ptt = {
	.by_key = true,
	.threshold = 0.1f,
	.active = 1.0f,
	.attack_frames = 240,
	.release_frames = 480,
	.hold_frames = 1000,
};

static struct pl_gate_settings duck(void)
{
	struct pl_gate_settings s = ptt;

	s.by_level = true;
	s.idle = 1.0f;
	s.active = 0.1f;
	return s;
}

/** What gate.h says, once more. */
struct model {
	struct pl_gate_settings s;
	int key, loud;
	uint64_t now, until;
	double gain, from, to;
	uint32_t n_ramp, n_done;
};

static void model_init(struct model *m, const struct pl_gate_settings *s)
{
	memset(m, 0, sizeof(*m));
	m->s = *s;
	m->gain = m->to = (double)s->idle;
}

static void model_update(struct model *m)
{
	int active = (m->s.by_key && m->key) || (m->s.by_level && m->loud);
	double target = (double)(active ? m->s.active : m->s.idle);

	if (target == m->to)
		return;
	m->from = m->gain;
	m->to = target;
	m->n_ramp = active ? m->s.attack_frames : m->s.release_frames;
	m->n_done = 0;
}

static double model_step(struct model *m, double x, double detector)
{
	if (m->loud && m->until <= m->now)
		m->loud = 0;
	if (fabs(detector) >= (double)m->s.threshold) {
		m->loud = 1;
		m->until = m->now + 1 + m->s.hold_frames;
	}
	model_update(m);
	if (m->n_done < m->n_ramp) {
		m->n_done++;
		m->gain = m->from +
			  (m->to - m->from) * (0.5 - 0.5 * cos(M_PI * m->n_done / m->n_ramp));
	}
	m->now++;
	return m->gain * x;
}

struct signals {
	float x[N_FRAMES];
	float side[N_FRAMES];
	float y[N_FRAMES];
	float z[N_FRAMES];
	uint8_t key[N_FRAMES];
};

static struct signals *signals_new(void)
{
	struct signals *s = calloc(1, sizeof(*s));
	uint64_t random = 7;
	double loud = 0.0;

	for (uint32_t n = 0; s && n < N_FRAMES; n++) {
		if (n % 1500 == 0)
			loud = random_next(&random) % 3 ? 0.05 : 0.5;
		s->x[n] = (float)sin(n * 0.13);
		s->side[n] = (float)(loud * sin(n * 0.031));
		s->key[n] = n ? s->key[n - 1] : 0;
		if (random_next(&random) % 700 == 0)
			s->key[n] = !s->key[n];
	}
	return s;
}

/* In pieces of at most `quantum` frames, cut where the key moves too. */
static void run(const struct pl_gate_settings *settings, struct signals *s, float *dst,
		uint32_t quantum)
{
	struct pl_gate gate;
	uint32_t n = 0;

	pl_gate_init(&gate, settings);
	while (n < N_FRAMES) {
		uint32_t end = n + 1;

		pl_gate_set_key(&gate, s->key[n]);
		while (end < N_FRAMES && end - n < quantum && s->key[end] == s->key[n])
			end++;
		pl_gate_process(&gate, dst + n, s->x + n, s->side + n, LIMIT, end - n);
		n = end;
	}
}

static void compare(const struct pl_gate_settings *settings)
{
	static const uint32_t quanta[] = {1, 16, 100, 8192};
	struct signals *s = signals_new();
	struct model model;
	double error = 0.0, level = 0.0;

	PL_CHECK(s != NULL);
	run(settings, s, s->y, 256);
	model_init(&model, settings);
	for (uint32_t n = 0; n < N_FRAMES; n++) {
		double wanted;

		model.key = s->key[n];
		model_update(&model);
		wanted = model_step(&model, (double)s->x[n],
				    settings->by_level ? (double)s->side[n] : 0.0);
		error = fmax(error, fabs(wanted - (double)s->y[n]));
		level = fmax(level, fabs(wanted));
	}
	PL_EXPECT(level > 0.5);
	PL_CHECK_NEAR(error, 0.0, 1e-6);
	for (size_t i = 0; i < sizeof(quanta) / sizeof(quanta[0]); i++) {
		run(settings, s, s->z, quanta[i]);
		for (uint32_t n = 0; n < N_FRAMES; n++)
			PL_CHECK(s->y[n] == s->z[n]);
	}
	free(s);
}

PL_TEST(ptt_is_the_model)
{
	compare(&ptt);
}

PL_TEST(vox_is_the_model)
{
	struct pl_gate_settings s = ptt;

	s.by_key = false;
	s.by_level = true;
	compare(&s);
}

PL_TEST(duck_is_the_model)
{
	struct pl_gate_settings s = duck();

	compare(&s);
}

PL_TEST(at_rest_it_is_bit_exact)
{
	struct pl_gate_settings s = duck();
	struct pl_gate gate;
	float x[64], y[64];

	for (uint32_t n = 0; n < 64; n++)
		x[n] = (float)sin(n * 0.7);
	pl_gate_init(&gate, &s);
	pl_gate_process(&gate, y, x, NULL, LIMIT, 64);
	for (uint32_t n = 0; n < 64; n++)
		PL_CHECK(x[n] == y[n]);
	pl_gate_init(&gate, &ptt);
	pl_gate_process(&gate, y, x, NULL, LIMIT, 64);
	for (uint32_t n = 0; n < 64; n++)
		PL_CHECK(y[n] == 0.0f);
}

PL_TEST(bad_samples_are_silence)
{
	const float bad[] = {NAN, INFINITY, -INFINITY, 1e-41f, 100.0f, -100.0f, 0.5f};
	const float wanted[] = {0.0f, 0.0f, 0.0f, 0.0f, LIMIT, -LIMIT, 0.5f};
	struct pl_gate_settings s = duck();
	struct pl_gate gate;
	float y[7];

	s.active = 1.0f;
	pl_gate_init(&gate, &s);
	pl_gate_process(&gate, y, bad, bad, LIMIT, 7);
	for (uint32_t n = 0; n < 7; n++)
		PL_CHECK(y[n] == wanted[n]);
	PL_CHECK_INT(gate.n_bad, 5);
	/* NaN at the detector opens nothing. */
	s = ptt;
	s.by_level = true;
	pl_gate_init(&gate, &s);
	pl_gate_process(&gate, y, wanted, bad, LIMIT, 1);
	PL_CHECK(!gate.is_active);
}

PL_TEST(settings_change_along_a_ramp)
{
	struct pl_gate_settings s = duck();
	struct pl_gate gate;
	float y, last = 1.0f, one = 1.0f;

	pl_gate_init(&gate, &s);
	pl_gate_set_key(&gate, true);
	for (uint32_t n = 0; n < 300; n++) {
		pl_gate_process(&gate, &y, &one, NULL, LIMIT, 1);
		if (n == 100) {
			s.active = 0.5f;
			pl_gate_set(&gate, &s);
		}
		PL_CHECK(fabs((double)y - (double)last) <= 0.9 * sin(M_PI / 480.0) + 1e-6);
		last = y;
	}
	for (uint32_t n = 0; n < 300; n++)
		pl_gate_process(&gate, &y, &one, NULL, LIMIT, 1);
	PL_CHECK(y == 0.5f);
}

PL_TEST_MAIN()
