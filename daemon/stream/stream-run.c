/* SPDX-License-Identifier: MIT */
#include "stream-run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <partyline/keys.h>

/** What the rings hold: a worker that is kept waiting for longer loses audio. */
#define CAPTURE_CAPACITY 32768u
#define BLOCK_MAX 2048u
/** A gap of the capture up to this is a loss; beyond, the stream begins anew in its own time. */
#define SKIP_MAX_FRAMES 480000u
#define STATUS_NSEC 100000000u
/** "it received, and has not for 2 s": control/gateway.h */
#define SILENT_NSEC 2000000000u

/* --- sending ---------------------------------------------------------------------------------- */

static void emit(void *userdata, uint8_t *packet, size_t size, size_t capacity)
{
	struct stream_run *run = userdata;

	run->transport->ops->send(run->transport, packet, size, capacity);
}

static int make_sender(struct stream_run *run, uint32_t rate_hz)
{
	const struct pl_stream_def *def = &run->def;
	struct pl_sender_config config = {
		.opus =
			{
				.n_channels = def->n_channels,
				.ptime_ms = def->ptime_ms,
				.bitrate_bps = def->bitrate_bps,
				.complexity = def->complexity,
				.fec = def->fec,
				.dtx = def->dtx,
				.expected_loss = def->expected_loss,
			},
		.rate_hz = rate_hz,
		.payload_type = def->payload_type,
		.ssrc = run->ssrc,
		.transmit = false,
		.raw = run->transport->ops->raw,
		.emit = emit,
		.userdata = run,
	};

	pl_sender_start_anywhere(&config);
	return pl_sender_new(&config, &run->sender);
}

static void set_transmit(struct stream_run *run)
{
	bool on = atomic_load_explicit(&run->transmit, memory_order_relaxed);

	if (!run->sender || on == run->transmits)
		return;
	run->transmits = on;
	if (on && run->transport->ops->transmit)
		run->transport->ops->transmit(run->transport, true);
	pl_sender_transmit(run->sender, on);
	if (!on && run->transport->ops->transmit)
		run->transport->ops->transmit(run->transport, false);
}

/** Audio was lost before us, or another clock drives the graph. */
static void follow_position(struct stream_run *run, uint64_t position)
{
	uint64_t gap = position - run->capture_position;

	if (run->capture_running && gap > 0 && gap <= SKIP_MAX_FRAMES)
		pl_sender_skip(run->sender, gap);
	run->capture_position = position;
	run->capture_running = true;
}

void stream_run_capture(struct stream_run *run)
{
	float samples[BLOCK_MAX];
	const float *const planes[2] = {samples, samples};
	struct pl_audio_time time;
	size_t n;

	if (!run->sender)
		return;
	set_transmit(run);
	do {
		run->audio->time(run->capture, &time);
		n = run->audio->read(run->capture, samples, BLOCK_MAX);
		if (n == 0)
			break;
		if (time.position != run->capture_position || !run->capture_running)
			follow_position(run, time.position);
		pl_sender_push(run->sender, planes, (uint32_t)n);
		run->capture_position += n;
	} while (n == BLOCK_MAX);
}

/* --- receiving -------------------------------------------------------------------------------- */

static int make_receiver(struct stream_run *run, uint32_t rate_hz)
{
	const struct pl_receiver_config config = {
		/* A device of Partyline has one. */
		.n_channels = 1,
		.payload_type = run->def.payload_type,
		.rate_hz = rate_hz,
		.jitter =
			{
				.safety = run->def.jitter_safety,
				.min_ms = run->def.jitter_min_ms,
				.max_ms = run->def.jitter_max_ms,
			},
	};

	return pl_receiver_new(&config, &run->receiver);
}

/** @return when the next block is to be made */
static uint64_t play(struct stream_run *run, uint64_t now)
{
	struct pl_playback *playback = &run->playback;
	struct pl_audio_time time;

	playback->audio->time(playback->port, &time);
	if (time.rate_hz == 0 || time.quantum == 0)
		return UINT64_MAX;
	return pl_playback_run(playback, run->receiver, &time, now, run->moved_nsec);
}

void stream_run_set_jitter(struct stream_run *run, const struct pl_jitter_config *jitter)
{
	run->def.jitter_safety = jitter->safety;
	run->def.jitter_min_ms = jitter->min_ms;
	run->def.jitter_max_ms = jitter->max_ms;
	if (run->receiver)
		pl_receiver_set_jitter(run->receiver, jitter);
}

/* --- status ----------------------------------------------------------------------------------- */

static void fill_sender(struct stream_run *run, struct pl_stream_status *status)
{
	struct pl_sender_status sender;
	struct pl_audio_time time;

	pl_sender_status(run->sender, &sender);
	run->audio->time(run->capture, &time);
	status->transmitting = sender.transmitting;
	status->n_packets_sent = sender.n_packets;
	status->n_bytes_sent = sender.n_bytes;
	status->round_trip_ms = sender.round_trip_ms;
	status->remote_loss_percent = sender.remote_loss_percent;
	status->remote_jitter_ms = sender.remote_jitter_ms;
	status->latency.capture = time.rate_hz > 0 ? 1000.0 * time.quantum / time.rate_hz : 0.0;
	status->latency.packet = sender.packet_ms;
	status->latency.encode = sender.lookahead_ms + sender.resampler_ms;
}

static void fill_receiver(struct stream_run *run, struct pl_stream_status *status, uint64_t now)
{
	struct pl_receiver_status receiver;

	pl_receiver_status(run->receiver, now, &receiver);
	status->n_packets_received = receiver.n_packets;
	status->n_bytes_received = receiver.n_bytes;
	status->n_lost = receiver.n_lost;
	status->n_late = receiver.jitter.n_late;
	status->n_duplicate = receiver.jitter.n_duplicate;
	status->n_reordered = receiver.jitter.n_reordered;
	status->n_recovered = receiver.jitter.n_recovered;
	status->n_concealed = receiver.jitter.n_concealed;
	status->n_refused = receiver.n_refused + receiver.jitter.n_refused;
	status->loss_percent = receiver.loss_percent;
	status->jitter_ms = receiver.jitter_ms;
	status->depth_ms = receiver.jitter.lag_ms;
	status->target_ms = receiver.jitter.target_ms;
	status->drift_ppm = receiver.drift_ppm;
	/* What the other end adds is known by its packets. */
	status->latency.packet = receiver.packet_ms;
	status->latency.encode = receiver.lookahead_ms;
	if (isfinite(status->round_trip_ms))
		status->latency.network = status->round_trip_ms / 2.0;
	status->latency.jitter = receiver.buffer_ms;
	status->latency.decode = receiver.resampler_ms;
	status->latency.playback = run->playback.ahead_ms;
	if (!receiver.heard)
		status->state = PL_STREAM_CONNECTING;
	else if (now > receiver.last_nsec && now - receiver.last_nsec > SILENT_NSEC)
		status->state = PL_STREAM_SILENT;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 1469598103934665603u; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 1099511628211u;
	return hash;
}

static void publish(struct stream_run *run, uint64_t now)
{
	struct pl_stream_status status = {
		.state = run->rate_hz > 0 ? PL_STREAM_RUNNING : PL_STREAM_OFF,
		.round_trip_ms = NAN,
		.remote_loss_percent = NAN,
		.remote_jitter_ms = NAN,
	};
	struct pl_stream_latency *l = &status.latency;
	uint64_t n_trouble;

	if (run->sender)
		fill_sender(run, &status);
	if (run->receiver)
		fill_receiver(run, &status, now);
	l->total = l->capture + l->encode + l->packet + l->network + l->jitter + l->decode +
		   l->playback;
	if (run->transport)
		run->transport->ops->status(run->transport, &status);
	if (run->error < 0) {
		status.state = PL_STREAM_FAILED;
		snprintf(status.trouble, sizeof(status.trouble), "it cannot be made: %s",
			 strerror(-run->error));
	}
	stream_snapshot_write(&run->snapshot, &status);
	n_trouble = hash_text(status.trouble);
	if (status.state != run->state || n_trouble != run->n_trouble) {
		run->state = status.state;
		run->n_trouble = n_trouble;
		stream_worker_notify(run->worker);
	}
}

/* --- work ------------------------------------------------------------------------------------- */

/** The graph's rate is known when the first cycle is over, and may change. */
static void follow_rate(struct stream_run *run)
{
	struct pl_audio_time time;
	int r = 0;

	run->audio->time(run->capture ? run->capture : run->playback.port, &time);
	if (time.rate_hz == run->rate_hz || time.rate_hz == 0 || !run->transport)
		return;
	run->rate_hz = time.rate_hz;
	if (run->sender)
		r = pl_sender_set_rate(run->sender, time.rate_hz);
	else if (run->capture)
		r = make_sender(run, time.rate_hz);
	if (r >= 0 && run->receiver)
		r = pl_receiver_set_rate(run->receiver, time.rate_hz);
	else if (r >= 0 && run->playback.port)
		r = make_receiver(run, time.rate_hz);
	run->error = r < 0 ? r : 0;
	pl_playback_restart(&run->playback);
}

uint64_t stream_run_work(struct stream_run *run, uint64_t now_nsec, bool graph_moved)
{
	uint64_t next = UINT64_MAX, deadline;

	if (!run->transport)
		return next;
	if (graph_moved) {
		run->moved_nsec = now_nsec;
		follow_rate(run);
	}
	set_transmit(run);
	if (run->receiver)
		next = play(run, now_nsec);
	deadline = run->transport->ops->work(run->transport, now_nsec);
	next = deadline < next ? deadline : next;
	if (now_nsec >= run->status_nsec) {
		run->status_nsec = now_nsec + STATUS_NSEC;
		publish(run, now_nsec);
	}
	return run->status_nsec < next ? run->status_nsec : next;
}

void stream_run_begin(struct stream_run *run, struct stream_worker *worker)
{
	int r = run->hub ? transport_echo_new(run, &run->transport)
			 : transport_rtp_new(run, worker, &run->transport);

	if (r < 0) {
		run->transport = NULL;
		run->error = r;
		publish(run, 0);
	}
}

void stream_run_end(struct stream_run *run)
{
	if (run->sender && run->transmits) {
		atomic_store(&run->transmit, false);
		set_transmit(run);
	}
	if (run->transport)
		run->transport->ops->free(run->transport);
	run->transport = NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static int open_port(struct stream_run *run, enum pl_audio_way way, struct pl_audio_port **ret_port)
{
	const struct pl_endpoint *endpoint = &run->def.endpoint;
	bool capture = way == PL_AUDIO_CAPTURE;
	struct pl_audio_port_info info = {
		.way = way,
		.capacity = capture ? CAPTURE_CAPACITY : PL_PLAYBACK_CAPACITY,
	};
	char name[64], target[64];

	snprintf(name, sizeof(name), "stream-%s-%s", run->def.id, capture ? "send" : "receive");
	if (endpoint->is_tablet)
		snprintf(target, sizeof(target),
			 capture ? PL_NODE_TABLET_LISTEN_FMT : PL_NODE_TABLET_FMT, endpoint->id);
	else
		snprintf(target, sizeof(target),
			 capture ? PL_NODE_CHANNEL_OUT_FMT : PL_NODE_CHANNEL_FMT, endpoint->id);
	info.name = name;
	info.target = target;
	return run->audio->open(run->engine, &info, stream_worker_wake_fd(run->worker), ret_port);
}

int stream_run_new(const struct pl_stream_def *def, const struct pl_audio_ops *audio, void *engine,
		   struct stream_worker *worker, struct stream_run **ret_run)
{
	struct stream_run *run = calloc(1, sizeof(*run));
	const struct pl_stream_status off = {.state = PL_STREAM_OFF};
	uint8_t random[16] = {0};
	int r = 0;

	if (!run)
		return -ENOMEM;
	run->def = *def;
	run->audio = audio;
	run->playback.audio = audio;
	run->engine = engine;
	run->worker = worker;
	run->version = (uint64_t)time(NULL);
	atomic_init(&run->transmit, def->transmit == PL_TRANSMIT_ALWAYS);
	if (getrandom(&run->ssrc, sizeof(run->ssrc), 0) < 0 ||
	    getrandom(random, sizeof(random), 0) < 0)
		r = -errno;
	/* RFC 7022 4.2: one for each session, that tells nothing of us. */
	for (unsigned i = 0; i < sizeof(random); i++)
		snprintf(run->cname + 2 * i, 3, "%02x", random[i]);
	stream_snapshot_write(&run->snapshot, &off);
	if (r >= 0 && (def->way & PL_STREAM_SEND))
		r = open_port(run, PL_AUDIO_CAPTURE, &run->capture);
	if (r >= 0 && (def->way & PL_STREAM_RECEIVE))
		r = open_port(run, PL_AUDIO_PLAYBACK, &run->playback.port);
	if (r < 0) {
		stream_run_free(run);
		return r;
	}
	*ret_run = run;
	return 0;
}

struct stream_run *stream_run_free(struct stream_run *run)
{
	if (!run)
		return NULL;
	if (run->capture)
		run->audio->close(run->engine, run->capture);
	if (run->playback.port)
		run->audio->close(run->engine, run->playback.port);
	pl_sender_free(run->sender);
	pl_receiver_free(run->receiver);
	free(run);
	return NULL;
}
