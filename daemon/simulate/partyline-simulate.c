/* SPDX-License-Identifier: MIT */

/*
 * Simulated tablets: one process, one real playback stream a tablet, each a sine of its own
 * (Mission Control's: 300 + 10 * id Hz at 0.05), so that meters move without a microphone.
 */

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <partyline/keys.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

/** Mission Control's simulation, seed document section 4 */
#define BASE_HZ 300.0
#define STEP_HZ 10.0
#define AMPLITUDE 0.05f

#define RATE_HZ 48000u
/** Wait between two tries to reach the server. */
#define RETRY_NSEC (500 * SPA_NSEC_PER_MSEC)

struct simulator;

struct tablet {
	struct simulator *simulator;
	uint32_t id;
	struct pw_stream *stream;
	struct spa_hook listener;
	struct {
		double phase; /**< cycles, 0..1 */
	} rt;                 /* data thread only */
};

struct simulator {
	struct pw_main_loop *loop;
	struct pw_context *context;
	struct pw_core *core;
	struct spa_hook core_listener;
	struct spa_source *retry;
	bool said_waiting;
	uint32_t n_tablets;
	struct tablet tablets[PL_TABLETS_MAX];
};

static void on_process(void *userdata)
{
	struct tablet *tablet = userdata;
	double step = (BASE_HZ + STEP_HZ * tablet->id) / RATE_HZ;
	double phase = tablet->rt.phase;
	struct pw_buffer *buffer = pw_stream_dequeue_buffer(tablet->stream);
	struct spa_data *data;
	uint32_t n_frames;
	float *out;

	if (!buffer)
		return;
	data = &buffer->buffer->datas[0];
	out = data->data;
	if (out) {
		n_frames = data->maxsize / sizeof(float);
		if (buffer->requested)
			n_frames = SPA_MIN(n_frames, (uint32_t)buffer->requested);
		for (uint32_t i = 0; i < n_frames; i++) {
			out[i] = AMPLITUDE * sinf((float)(2.0 * M_PI * phase));
			phase += step;
			if (phase >= 1.0)
				phase -= 1.0;
		}
		tablet->rt.phase = phase;
		data->chunk->offset = 0;
		data->chunk->stride = sizeof(float);
		data->chunk->size = n_frames * sizeof(float);
	}
	pw_stream_queue_buffer(tablet->stream, buffer);
}

static const struct pw_stream_events stream_events = {
	PW_VERSION_STREAM_EVENTS,
	.process = on_process,
};

static int tablet_connect(struct tablet *tablet)
{
	uint8_t space[1024];
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(space, sizeof(space));
	const struct spa_pod *params[1];
	struct pw_properties *properties;

	properties = pw_properties_new(PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY,
				       "Playback", PW_KEY_MEDIA_ROLE, "Communication", NULL);
	if (!properties)
		return -ENOMEM;
	pw_properties_setf(properties, PW_KEY_APP_NAME, "Simulated tablet %u", tablet->id);
	pw_properties_setf(properties, PW_KEY_NODE_NAME, "partyline-simulate.%u", tablet->id);
	pw_properties_setf(properties, PW_KEY_NODE_DESCRIPTION, "Simulated tablet %u", tablet->id);
	pw_properties_setf(properties, PW_KEY_TARGET_OBJECT, PL_NODE_TABLET_FMT, tablet->id);
	/* Without its device the stream waits; it must never fall to the speakers. */
	pw_properties_set(properties, "node.dont-fallback", "true");
	pw_properties_set(properties, "node.linger", "true");

	tablet->stream = pw_stream_new(tablet->simulator->core, "simulated tablet", properties);
	if (!tablet->stream)
		return -errno;
	pw_stream_add_listener(tablet->stream, &tablet->listener, &stream_events, tablet);

	params[0] = spa_format_audio_raw_build(
		&builder, SPA_PARAM_EnumFormat,
		&SPA_AUDIO_INFO_RAW_INIT(.format = SPA_AUDIO_FORMAT_F32, .channels = 1,
					 .rate = RATE_HZ, .position = {SPA_AUDIO_CHANNEL_MONO}));
	return pw_stream_connect(tablet->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
				 PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
					 PW_STREAM_FLAG_RT_PROCESS,
				 params, 1);
}

static void simulator_disconnect(struct simulator *simulator)
{
	for (uint32_t i = 0; i < simulator->n_tablets; i++) {
		struct tablet *tablet = &simulator->tablets[i];

		if (!tablet->stream)
			continue;
		spa_hook_remove(&tablet->listener);
		pw_stream_destroy(tablet->stream);
		tablet->stream = NULL;
	}
	if (simulator->core) {
		spa_hook_remove(&simulator->core_listener);
		pw_core_disconnect(simulator->core);
		simulator->core = NULL;
	}
}

static void retry_later(struct simulator *simulator)
{
	struct timespec wait = {.tv_nsec = RETRY_NSEC};

	pw_loop_update_timer(pw_main_loop_get_loop(simulator->loop), simulator->retry, &wait, NULL,
			     false);
}

static void on_core_error(void *userdata, uint32_t id, int seq, int res, const char *message)
{
	struct simulator *simulator = userdata;

	/* Only the loss of the server concerns us; the streams live and die with it. */
	if (id == PW_ID_CORE && res == -EPIPE) {
		fprintf(stderr, "partyline-simulate: PipeWire has gone; waiting for it\n");
		retry_later(simulator);
	}
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.error = on_core_error,
};

static int simulator_connect(struct simulator *simulator)
{
	int r;

	simulator->core = pw_context_connect(simulator->context, NULL, 0);
	if (!simulator->core)
		return -errno;
	pw_core_add_listener(simulator->core, &simulator->core_listener, &core_events, simulator);
	for (uint32_t i = 0; i < simulator->n_tablets; i++) {
		r = tablet_connect(&simulator->tablets[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void on_retry(void *userdata, uint64_t expirations)
{
	struct simulator *simulator = userdata;
	int r;

	simulator_disconnect(simulator);
	r = simulator_connect(simulator);
	if (r < 0) {
		if (!simulator->said_waiting)
			fprintf(stderr,
				"partyline-simulate: no PipeWire yet (%s); waiting for it\n",
				strerror(-r));
		simulator->said_waiting = true;
		simulator_disconnect(simulator);
		retry_later(simulator);
		return;
	}
	simulator->said_waiting = false;
}

static void on_signal(void *userdata, int signal_number)
{
	struct simulator *simulator = userdata;

	pw_main_loop_quit(simulator->loop);
}

static int simulator_run(struct simulator *simulator)
{
	struct pw_loop *loop;
	int r = -ENOMEM;

	simulator->loop = pw_main_loop_new(NULL);
	if (!simulator->loop)
		return -errno;
	loop = pw_main_loop_get_loop(simulator->loop);
	pw_loop_add_signal(loop, SIGINT, on_signal, simulator);
	pw_loop_add_signal(loop, SIGTERM, on_signal, simulator);
	simulator->retry = pw_loop_add_timer(loop, on_retry, simulator);
	simulator->context = pw_context_new(loop, NULL, 0);
	if (simulator->retry && simulator->context) {
		on_retry(simulator, 1);
		r = pw_main_loop_run(simulator->loop);
		simulator_disconnect(simulator);
	}
	if (simulator->context)
		pw_context_destroy(simulator->context);
	pw_main_loop_destroy(simulator->loop);
	return r;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: partyline-simulate [--tablets N]\n"
		"\n"
		"Play a sine of 300 + 10 * id Hz at 0.05 into each of the tablets 1 to N of a running\n"
		"Partyline. Waits for PipeWire, and again when it restarts. Ends with Ctrl-C.\n"
		"\n"
		"  -t, --tablets N   1 to %u (default %u)\n"
		"  -h, --help        this text\n",
		PL_TABLETS_MAX, PL_TABLETS_DEFAULT);
}

static int parse_arguments(int argc, char *argv[], uint32_t *ret_n_tablets)
{
	static const struct option options[] = {
		{"tablets", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {0}};
	uint32_t n_tablets = PL_TABLETS_DEFAULT;
	int option;

	while ((option = getopt_long(argc, argv, "t:h", options, NULL)) >= 0) {
		switch (option) {
		case 't':
			if (!spa_atou32(optarg, &n_tablets, 10) || n_tablets < 1 ||
			    n_tablets > PL_TABLETS_MAX) {
				fprintf(stderr,
					"partyline-simulate: --tablets is 1 to %u, not '%s'\n",
					PL_TABLETS_MAX, optarg);
				return -EINVAL;
			}
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "partyline-simulate: unexpected argument '%s'\n", argv[optind]);
		return -EINVAL;
	}
	*ret_n_tablets = n_tablets;
	return 1;
}

int main(int argc, char *argv[])
{
	struct simulator simulator = {0};
	int r;

	r = parse_arguments(argc, argv, &simulator.n_tablets);
	if (r <= 0)
		return r < 0 ? 2 : 0;
	for (uint32_t i = 0; i < simulator.n_tablets; i++) {
		simulator.tablets[i].simulator = &simulator;
		simulator.tablets[i].id = i + 1;
	}
	pw_init(&argc, &argv);
	r = simulator_run(&simulator);
	pw_deinit();
	if (r < 0) {
		fprintf(stderr, "partyline-simulate: %s\n", strerror(-r));
		return 1;
	}
	return 0;
}
