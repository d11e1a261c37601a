/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <stdlib.h>

#include "cpu-host.h"
#include "host.h"
#include "kernels.h"
#include "model.h"
#include "random.h"

/* The node from the built plugin against the double-precision model. */

/** -120 dBFS */
#define ERROR_MAX 1e-6

struct scene {
	struct host host;
	struct model model;
	uint32_t quantum;
	double worst;
	uint64_t hash; /**< FNV-1a of all output bits */
};

static void scene_init(struct scene *s, uint32_t n_tablets, uint32_t n_channels, uint32_t rate_hz,
		       uint32_t quantum, uint32_t cpu_flags)
{
	char tablets[8], channels[8];

	memset(s, 0, sizeof(*s));
	snprintf(tablets, sizeof(tablets), "%u", n_tablets);
	snprintf(channels, sizeof(channels), "%u", n_channels);
	if (host_init(&s->host, tablets, channels, cpu_flags) < 0)
		exit(1);
	host_link_all(&s->host);
	model_init(&s->model, n_tablets, n_channels, rate_hz);
	s->quantum = quantum;
	s->hash = UINT64_C(0xcbf29ce484222325);
}

static void send_model(struct scene *s)
{
	const struct model *m = &s->model;
	struct host_props p;
	float flat[PL_TABLETS_MAX * PL_CHANNELS_MAX];
	uint32_t n = 0;

	host_props_begin(&p);
	host_props_double(&p, PL_PARAM_HEADROOM_DB, m->headroom_db);
	for (uint32_t c = 0; c < m->n_channels; c++) {
		for (uint32_t t = 0; t < m->n_tablets; t++)
			flat[n++] = m->uplink[c][t];
	}
	host_props_floats(&p, PL_PARAM_UPLINK, flat, n);
	n = 0;
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		for (uint32_t c = 0; c < m->n_channels; c++)
			flat[n++] = m->downlink[t][c];
	}
	host_props_floats(&p, PL_PARAM_DOWNLINK, flat, n);
	host_props_longs(&p, PL_PARAM_KEYS, m->keys, m->n_tablets);
	host_props_ints(&p, PL_PARAM_MODES, m->modes, m->n_tablets);
	host_props_bits(&p, PL_PARAM_TABLET_MUTE, m->tablet_mute);
	host_props_bits(&p, PL_PARAM_TALK_MUTE, m->talk_mute);
	host_props_bits(&p, PL_PARAM_LISTEN_MUTE, m->listen_mute);
	host_props_bits(&p, PL_PARAM_CHANNEL_MUTE, m->channel_mute);
	host_props_floats(&p, PL_PARAM_SIDETONE, m->sidetone, m->n_tablets);
	host_props_bool(&p, PL_PARAM_PARTY_LINE, m->party_line);
	host_props_double(&p, PL_PARAM_RAMP_MS, m->ramp_ms);
	host_props_double(&p, PL_PARAM_VOX_THRESHOLD_DB, m->vox_threshold_db);
	host_props_double(&p, PL_PARAM_VOX_HANG_MS, m->vox_hang_ms);
	PL_CHECK_INT(host_props_send(&s->host, &p), 0);
	model_changed(&s->model);
}

static uint64_t random_bits(uint32_t n_bits, double density)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < n_bits; i++)
		bits |= (uint64_t)(pl_random_uniform(0, 1) < density) << i;
	return bits;
}

static void randomise(struct model *m)
{
	double density = pl_random_uniform(0.1, 1.0);

	m->headroom_db = pl_random_uniform(0.0, 20.0);
	for (uint32_t t = 0; t < m->n_tablets; t++) {
		for (uint32_t c = 0; c < m->n_channels; c++) {
			bool up = pl_random_uniform(0, 1) < density;
			bool down = pl_random_uniform(0, 1) < density;

			m->uplink[c][t] = up ? (float)pl_random_uniform(0.0, 2.0) : 0.0f;
			m->downlink[t][c] = down ? (float)pl_random_uniform(0.0, 2.0) : 0.0f;
		}
		m->modes[t] = (int32_t)pl_random_below(PL_TALK_MODE_MAX_);
		m->keys[t] = random_bits(m->n_channels, 0.5);
		m->sidetone[t] = pl_random_below(2) ? (float)pl_random_uniform(0.0, 1.0) : 0.0f;
	}
	m->tablet_mute = random_bits(m->n_tablets, 0.1);
	m->talk_mute = random_bits(m->n_tablets, 0.1);
	m->listen_mute = random_bits(m->n_tablets, 0.1);
	m->channel_mute = random_bits(m->n_channels, 0.1);
	m->party_line = pl_random_below(4) != 0;
	m->vox_threshold_db = pl_random_uniform(-30.0, -5.0);
	m->vox_hang_ms = pl_random_uniform(0.0, 5.0);
}

/** Bursts of sine, so that voices start and stop, and some noise; a function of the sample. */
static float signal_at(struct scene *s, uint32_t port, uint64_t n)
{
	double hz = 200.0 + 37.0 * port, envelope, noise;

	envelope = 0.5 + 0.5 * sin(2.0 * M_PI * (n + 911.0 * port) / (3000.0 + 100.0 * port));
	noise = (double)((n * 2654435761u + port * 40503u) % 65536u) / 65536.0 - 0.5;
	return (float)(0.7 * envelope * envelope * sin(2.0 * M_PI * hz * n / s->model.rate_hz) +
		       0.02 * noise);
}

struct edge {
	uint64_t at;
	uint32_t tablet, channel;
	bool held;
};

/** Samples that the next block starts with the given edges in it, against the model. */
static void run_block(struct scene *s, uint32_t n_frames, const struct edge *edges,
		      uint32_t n_edges)
{
	struct model *m = &s->model;
	uint32_t n_audio = m->n_tablets + m->n_channels, e = 0;
	struct host_props control;
	double listen[PL_TABLETS_MAX], out[PL_CHANNELS_MAX];
	float x[HOST_PORTS_MAX];
	uint64_t start = m->now;

	for (uint32_t i = 0; i < n_audio; i++) {
		for (uint32_t n = 0; n < n_frames; n++)
			host_in(&s->host, i)[n] = signal_at(s, i, start + n);
	}
	host_control_begin(&control);
	for (uint32_t i = 0; i < n_edges; i++) {
		host_control_key(&control, (uint32_t)(edges[i].at - start), edges[i].tablet + 1u,
				 edges[i].channel + 1u, edges[i].held);
	}
	host_control_end(&s->host, &control);
	PL_CHECK(host_process(&s->host, n_frames, m->rate_hz) >= 0);

	for (uint32_t n = 0; n < n_frames; n++) {
		for (; e < n_edges && edges[e].at == start + n; e++) {
			uint64_t b = UINT64_C(1) << edges[e].channel;
			uint64_t *keys = &m->keys[edges[e].tablet];

			*keys = edges[e].held ? *keys | b : *keys & ~b;
			model_changed(m);
		}
		for (uint32_t i = 0; i < n_audio; i++)
			x[i] = host_in(&s->host, i)[n];
		model_step(m, x, x + m->n_tablets, listen, out);
		for (uint32_t i = 0; i < n_audio; i++) {
			float is = host_out(&s->host, i)[n];
			double right = i < m->n_tablets ? listen[i] : out[i - m->n_tablets];
			uint32_t bits;

			s->worst = fmax(s->worst, fabs(is - right));
			if (!isfinite(is))
				s->worst = INFINITY;
			memcpy(&bits, &is, sizeof(bits));
			s->hash = (s->hash ^ bits) * UINT64_C(0x100000001b3);
		}
	}
}

/** Blocks of the scene's quantum with random edges and, every now and then, random tables. */
static void run_random(struct scene *s, uint64_t n_samples, uint64_t n_between)
{
	uint64_t n_next = 0;
	struct edge edges[16];

	while (s->model.now < n_samples) {
		uint32_t n_edges = pl_random_below(SPA_N_ELEMENTS(edges)), last = 0;

		if (s->model.now >= n_next) {
			randomise(&s->model);
			send_model(s);
			n_next = s->model.now + n_between;
		}
		for (uint32_t i = 0; i < n_edges; i++) {
			last += pl_random_below(s->quantum - last);
			edges[i] = (struct edge){
				.at = s->model.now + last,
				.tablet = pl_random_below(s->model.n_tablets),
				.channel = pl_random_below(s->model.n_channels),
				.held = pl_random_below(2),
			};
		}
		run_block(s, s->quantum, edges, n_edges);
		if (pl_test_failed)
			return;
	}
}

static void check_size(uint32_t n_tablets, uint32_t n_channels, uint32_t rate_hz, uint32_t quantum,
		       uint32_t flags, uint64_t n_samples)
{
	struct scene *s = calloc(1, sizeof(*s));

	scene_init(s, n_tablets, n_channels, rate_hz, quantum, flags);
	run_random(s, n_samples, n_samples / 5u);
	if (!(s->worst < ERROR_MAX))
		PL_FAIL_("%ux%u, %u Hz, quantum %u, flags %x: error %g", n_tablets, n_channels,
			 rate_hz, quantum, flags, s->worst);
	host_done(&s->host);
	free(s);
}

#define FOREACH_FLAGS(flags_)                                                                      \
	for (uint32_t i_ = 0; pl_kernels_at(i_); i_++)                                             \
		for (uint32_t flags_ = pl_kernels_at(i_)->cpu_flags, once_ = 1;                    \
		     once_ && !(flags_ & ~pl_host_cpu_flags()); once_ = 0)

PL_TEST(sizes)
{
	static const uint32_t sizes[][2] = {{1, 1},  {1, 64}, {64, 1}, {2, 3},
					    {16, 4}, {5, 17}, {33, 7}, {64, 64}};

	pl_random_seed(1);
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(sizes); i++) {
		FOREACH_FLAGS (flags) {
			uint32_t work = sizes[i][0] * sizes[i][1];

			check_size(sizes[i][0], sizes[i][1], 48000, 256, flags,
				   work > 1000 ? 2560 : 10240);
		}
	}
}

PL_TEST(quanta)
{
	static const uint32_t quanta[] = {16, 17, 64, 100, 256, 1024, 8192};

	pl_random_seed(2);
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
		FOREACH_FLAGS (flags)
			check_size(7, 3, 48000, quanta[i], flags, 20000);
	}
}

PL_TEST(rates)
{
	static const uint32_t rates[] = {8000, 11025, 16000, 44100, 48000, 88200, 96000, 192000};

	pl_random_seed(3);
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(rates); i++)
		check_size(6, 4, rates[i], 128, pl_host_cpu_flags(), 20000);
}

/* Another ramp length while ramps run: they go on from where they are. */
PL_TEST(ramp_length)
{
	static const double lengths_ms[] = {1.0, 50.0, 2.5, 7.0, 1000.0};
	struct scene *s = calloc(1, sizeof(*s));

	pl_random_seed(4);
	scene_init(s, 4, 3, 48000, 64, pl_host_cpu_flags());
	for (uint32_t i = 0; i < SPA_N_ELEMENTS(lengths_ms); i++) {
		randomise(&s->model);
		s->model.ramp_ms = lengths_ms[i];
		send_model(s);
		run_random(s, s->model.now + 200, 64);
	}
	PL_EXPECT(s->worst < ERROR_MAX);
	host_done(&s->host);
	free(s);
}

/** The same signal, tables and edges, cut into blocks in another way. */
static uint64_t hash_at(uint32_t quantum, uint32_t flags, double *worst)
{
	enum { N_SAMPLES = 3 * 8192, N_EDGES = 300 };
	struct scene *s = calloc(1, sizeof(*s));
	struct edge *edges = calloc(N_EDGES, sizeof(*edges));
	uint64_t hash;
	uint32_t e = 0;

	pl_random_seed(5);
	scene_init(s, 9, 5, 48000, quantum, flags);
	s->model.vox_hang_ms = 3.0;
	s->model.vox_threshold_db = -12.0;
	for (uint32_t t = 0; t < 9; t++) {
		s->model.modes[t] = t % 4;
		s->model.sidetone[t] = 0.1f * t;
	}
	send_model(s);
	for (uint32_t i = 0; i < N_EDGES; i++) {
		edges[i].at = i * (uint64_t)N_SAMPLES / N_EDGES + pl_random_below(40);
		edges[i].tablet = pl_random_below(9);
		edges[i].channel = pl_random_below(5);
		edges[i].held = pl_random_below(2);
	}
	while (s->model.now < N_SAMPLES) {
		uint64_t left = N_SAMPLES - s->model.now;
		uint32_t n = left < quantum ? (uint32_t)left : quantum, first = e;

		while (e < N_EDGES && edges[e].at < s->model.now + n)
			e++;
		run_block(s, n, edges + first, e - first);
	}
	*worst = s->worst;
	/* Outputs are hashed sample by sample: the order does not depend on the blocks. */
	hash = s->hash;
	host_done(&s->host);
	free(edges);
	free(s);
	return hash;
}

PL_TEST(same_bits_at_any_quantum)
{
	static const uint32_t quanta[] = {8192, 16, 100, 64, 1024, 257, 8192};

	FOREACH_FLAGS (flags) {
		uint64_t first = 0;

		for (uint32_t i = 0; i < SPA_N_ELEMENTS(quanta); i++) {
			double worst;
			uint64_t hash = hash_at(quanta[i], flags, &worst);

			PL_CHECK(worst < ERROR_MAX);
			if (i == 0)
				first = hash;
			PL_CHECK(hash == first);
		}
	}
}

PL_TEST_MAIN()
