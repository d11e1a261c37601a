/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/filter.h>
#include <pipewire/pipewire.h>

/*
 * Sines without an end, one a port, in the graph's own cycle; the caller links them.
 *
 *   partyline-tones NAME DBFS HZ… [KEY=VALUE…]     node NAME with these properties, ports out_1…;
 *                                                  each of DBFS, RMS
 */

#define TONES_MAX 16u

struct tones {
	struct pw_main_loop *loop;
	struct pw_filter *filter;
	void *ports[TONES_MAX];
	uint32_t n_ports;
	double peak, hz[TONES_MAX];
};

static void on_process(void *data, struct spa_io_position *position)
{
	const struct tones *tones = data;
	uint32_t n = (uint32_t)position->clock.duration;
	double rate_hz = position->clock.rate.denom;

	for (uint32_t k = 0; k < tones->n_ports; k++) {
		float *out = pw_filter_get_dsp_buffer(tones->ports[k], n);
		/* By the graph's clock: a cycle that is missed leaves a hole, and no step beyond it. */
		double turns = fmod((double)position->clock.position * tones->hz[k] / rate_hz, 1.0);

		for (uint32_t i = 0; out && i < n; i++)
			out[i] = (float)(tones->peak *
					 sin(2 * M_PI *
					     (turns + (double)i * tones->hz[k] / rate_hz)));
	}
}

static const struct pw_filter_events filter_events = {
	PW_VERSION_FILTER_EVENTS,
	.process = on_process,
};

static void on_signal(void *data, int number)
{
	struct tones *tones = data;

	pw_main_loop_quit(tones->loop);
}

static int start(struct tones *tones, const char *name, char *more[])
{
	struct pw_properties *props = pw_properties_new(
		PW_KEY_NODE_NAME, name, PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
		PW_KEY_MEDIA_ROLE, "DSP", PW_KEY_NODE_ALWAYS_PROCESS, "true", NULL);

	for (; *more; more++) {
		char *equals = strchr(*more, '=');

		if (!equals)
			continue;
		*equals = '\0';
		pw_properties_set(props, *more, equals + 1);
	}
	tones->filter = pw_filter_new_simple(pw_main_loop_get_loop(tones->loop), name, props,
					     &filter_events, tones);
	if (!tones->filter)
		return -errno;
	for (uint32_t k = 0; k < tones->n_ports; k++) {
		char port[16];

		snprintf(port, sizeof(port), "out_%u", k + 1);
		tones->ports[k] = pw_filter_add_port(
			tones->filter, PW_DIRECTION_OUTPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
			pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio",
					  PW_KEY_PORT_NAME, port, NULL),
			NULL, 0);
	}
	return pw_filter_connect(tones->filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0);
}

int main(int argc, char *argv[])
{
	static struct tones tones;
	struct pw_loop *loop;
	int r;

	pw_init(&argc, &argv);
	if (argc < 4) {
		fprintf(stderr, "partyline-tones: NAME DBFS HZ… [KEY=VALUE…]\n");
		return EXIT_FAILURE;
	}
	tones.peak = sqrt(2.0) * pow(10.0, strtod(argv[2], NULL) / 20.0);
	while (3u + tones.n_ports < (uint32_t)argc && !strchr(argv[3u + tones.n_ports], '=') &&
	       tones.n_ports < TONES_MAX) {
		tones.hz[tones.n_ports] = strtod(argv[3u + tones.n_ports], NULL);
		tones.n_ports++;
	}
	tones.loop = pw_main_loop_new(NULL);
	loop = pw_main_loop_get_loop(tones.loop);
	pw_loop_add_signal(loop, SIGTERM, on_signal, &tones);
	pw_loop_add_signal(loop, SIGINT, on_signal, &tones);
	r = start(&tones, argv[1], argv + 3 + tones.n_ports);
	if (r >= 0)
		pw_main_loop_run(tones.loop);
	else
		fprintf(stderr, "partyline-tones: %s\n", strerror(-r));
	if (tones.filter)
		pw_filter_destroy(tones.filter);
	pw_main_loop_destroy(tones.loop);
	pw_deinit();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
