/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "rtcp.h"
#include "srtp.h"
#include "work-thread.h"

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC 1e6
#define PUBLISH_NSEC 250000000u
/** Of a compound packet of ours, with IP and UDP: RFC 3550 6.2 */
#define RTCP_AVERAGE_BYTES 130u
/** Of a talker's jitter buffer; what a browser sends has been through one process more. */
#define JITTER_SAFETY 0.5
#define JITTER_MAX_MS 300.0
#define COMPLEXITY 5u

static void notify(const struct listen_session *session)
{
	static const uint64_t one = 1;

	while (write(session->notify_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void set_state(struct listen_session *session, enum listen_session_state state)
{
	if (atomic_exchange(&session->state, (int)state) != (int)state)
		notify(session);
}

static uint64_t realtime_nsec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* --- the browser's packets -------------------------------------------------------------------- */

static void on_state(void *userdata, enum pl_peer_state state)
{
	struct listen_session *session = userdata;

	if (state == PL_PEER_CONNECTED) {
		session->connected_nsec = pl_work_now_nsec();
		set_state(session, LISTEN_SESSION_CONNECTED);
	} else if (state == PL_PEER_LOST) {
		set_state(session, LISTEN_SESSION_ENDED);
	}
	session->publish_nsec = 0;
}

static void on_rtp(void *userdata, uint8_t *packet, size_t size, uint64_t now)
{
	struct listen_session *session = userdata;

	if (session->receiver)
		pl_receiver_push(session->receiver, packet, size, now); /* it counts */
}

static void on_rtcp(void *userdata, uint8_t *packet, size_t size, uint64_t now)
{
	struct listen_session *session = userdata;
	struct pl_rtcp_compound compound;

	if (pl_rtcp_parse(packet, size, &compound) < 0) {
		session->n_refused++;
		return;
	}
	if (session->receiver) {
		pl_receiver_sender_report(session->receiver, &compound, now);
		if (compound.bye)
			pl_receiver_end(session->receiver);
	}
	if (session->sender)
		pl_sender_heard(session->sender, &compound, realtime_nsec());
}

/* --- listening -------------------------------------------------------------------------------- */

static void emit(void *userdata, uint8_t *packet, size_t size, size_t capacity)
{
	struct listen_session *session = userdata;

	session->transport->ops->send_rtp(session->transport, packet, size, capacity);
}

static void make_sender(struct listen_session *session, uint32_t rate_hz)
{
	struct pl_sender_config config = {
		.opus = session->opus,
		.rate_hz = rate_hz,
		.payload_type = session->payload_type,
		.ssrc = session->ssrc,
		.transmit = true,
		.emit = emit,
		.userdata = session,
	};

	pl_sender_start_anywhere(&config);
	/* Without memory it is tried again with the next block. */
	if (pl_sender_new(&config, &session->sender) < 0)
		session->sender = NULL;
}

static void follow_rate(struct listen_session *session, uint32_t rate_hz)
{
	if (!session->sender) {
		make_sender(session, rate_hz);
		listen_mixer_set_rate(&session->mixer, rate_hz);
	} else if (rate_hz != session->rate_hz &&
		   pl_sender_set_rate(session->sender, rate_hz) >= 0) {
		listen_mixer_set_rate(&session->mixer, rate_hz);
	}
	session->rate_hz = rate_hz;
}

void listen_session_hear(struct listen_session *session, const float *const blocks[LISTEN_PLACES],
			 uint32_t n_frames, uint32_t rate_hz)
{
	float left[LISTEN_BLOCK_MAX], right[LISTEN_BLOCK_MAX];
	const float *const planes[2] = {left, right};
	uint32_t n_voices = session->mixer.n_voices;

	if (session->fixed.talks || session->connected_nsec == 0)
		return;
	follow_rate(session, rate_hz);
	if (!session->sender)
		return;
	listen_mixer_run(&session->mixer, blocks, left, right, n_frames);
	if (session->opus.n_channels == 1)
		for (uint32_t i = 0; i < n_frames; i++)
			left[i] = 0.5f * (left[i] + right[i]);
	pl_sender_push(session->sender, planes, n_frames);
	if (session->mixer.n_voices < n_voices)
		notify(session);
}

void listen_session_set_mix(struct listen_session *session, const struct pl_mix *mix,
			    const struct pl_mix *heard)
{
	session->mix = *mix;
	session->heard = *heard;
	listen_mixer_set(&session->mixer, heard);
}

/* --- talking ---------------------------------------------------------------------------------- */

static void make_receiver(struct listen_session *session, uint32_t rate_hz)
{
	const struct pl_receiver_config config = {
		/* A tablet has one. */
		.n_channels = 1,
		.payload_type = session->payload_type,
		.rate_hz = rate_hz,
		.jitter = {.safety = JITTER_SAFETY, .max_ms = JITTER_MAX_MS},
	};

	if (!session->receiver && pl_receiver_new(&config, &session->receiver) < 0)
		session->receiver = NULL;
	else if (session->receiver)
		pl_receiver_set_rate(session->receiver, rate_hz);
	session->rate_hz = rate_hz;
	pl_playback_restart(&session->playback);
}

/** @return when the next block is to be made */
static uint64_t play(struct listen_session *session, uint64_t now, uint64_t moved_nsec)
{
	struct pl_playback *playback = &session->playback;
	struct pl_audio_time time;

	playback->audio->time(playback->port, &time);
	if (time.rate_hz == 0 || time.quantum == 0)
		return UINT64_MAX;
	if (!session->receiver || time.rate_hz != session->rate_hz)
		make_receiver(session, time.rate_hz);
	if (!session->receiver)
		return UINT64_MAX;
	return pl_playback_run(playback, session->receiver, &time, now, moved_nsec);
}

/* --- reports ---------------------------------------------------------------------------------- */

static void report_later(struct listen_session *session, uint64_t now)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)now;
	session->report_nsec =
		now + pl_rtcp_interval_ns(session->opus.bitrate_bps, 2, RTCP_AVERAGE_BYTES,
					  !session->reported, random / 4294967296.0);
}

static void send_report(struct listen_session *session, uint64_t now)
{
	struct pl_rtcp_compound compound = {.ssrc = session->ssrc};
	_Alignas(8) uint8_t packet[PL_RTCP_PACKET_MAX + PL_SRTP_TRAILER_MAX];
	int r;

	if (session->sender)
		pl_sender_fill_report(session->sender, realtime_nsec(), &compound);
	if (session->receiver && pl_receiver_report(session->receiver, now, &compound.reports[0]))
		compound.n_reports = 1;
	snprintf(compound.cname, sizeof(compound.cname), "%s", session->cname);
	r = pl_rtcp_write(&compound, packet, PL_RTCP_PACKET_MAX);
	if (r > 0)
		session->transport->ops->send_rtcp(session->transport, packet, (size_t)r,
						   sizeof(packet));
	session->reported = true;
}

static void fill_sender(const struct listen_session *session, struct pl_listen_status *status)
{
	struct pl_sender_status sender;

	pl_sender_status(session->sender, &sender);
	status->n_packets_sent = sender.n_packets;
	status->n_bytes_sent = sender.n_bytes;
	status->loss_percent = sender.remote_loss_percent;
	status->jitter_ms = sender.remote_jitter_ms;
	status->round_trip_ms = sender.round_trip_ms;
}

static void fill_receiver(const struct listen_session *session, struct pl_listen_status *status,
			  uint64_t now)
{
	struct pl_receiver_status receiver;

	pl_receiver_status(session->receiver, now, &receiver);
	status->n_packets_received = receiver.n_packets;
	status->n_bytes_received = receiver.n_bytes;
	status->n_lost = receiver.n_lost;
	status->n_concealed = receiver.jitter.n_concealed;
	status->n_refused += receiver.n_refused + receiver.jitter.n_refused;
	status->loss_percent = receiver.loss_percent;
	status->jitter_ms = receiver.jitter_ms;
	status->depth_ms = receiver.jitter.lag_ms;
}

static void publish(struct listen_session *session, uint64_t now)
{
	struct pl_listen_status status = session->fixed;
	const struct listen_network_ops *network = session->transport->ops;
	struct listen_transport_status transport;
	int state = atomic_load(&session->state);
	bool is_silent;

	network->status(session->transport, &transport);
	is_silent = now > transport.last_nsec + network->silence_ns;
	status.n_refused = transport.n_refused + session->n_refused;
	pl_net_address_text(&transport.remote, status.address);
	if (session->connected_nsec > 0)
		status.connect_ms =
			(double)(session->connected_nsec - session->opened_nsec) / NSEC_PER_MSEC;
	if (session->sender)
		fill_sender(session, &status);
	if (session->receiver)
		fill_receiver(session, &status, now);
	pthread_mutex_lock(&session->lock);
	session->status = status;
	pthread_mutex_unlock(&session->lock);

	if (state == LISTEN_SESSION_CONNECTED && is_silent)
		set_state(session, LISTEN_SESSION_LOST);
	else if (state == LISTEN_SESSION_LOST && !is_silent)
		set_state(session, LISTEN_SESSION_CONNECTED);
}

/* --- time ------------------------------------------------------------------------------------- */

uint64_t listen_session_work(struct listen_session *session, uint64_t now, uint64_t moved_nsec)
{
	struct listen_transport *transport = session->transport;
	uint64_t next, deadline;

	if (atomic_load(&session->state) == LISTEN_SESSION_ENDED)
		return UINT64_MAX;
	if (now >= transport->ops->deadline(transport))
		transport->ops->tick(transport, now);
	next = session->playback.port ? play(session, now, moved_nsec) : UINT64_MAX;
	if (session->connected_nsec > 0 && now >= session->report_nsec) {
		/* The first goes out half an interval after the connection. */
		if (session->report_nsec > 0)
			send_report(session, now);
		report_later(session, now);
	}
	if (now >= session->publish_nsec) {
		publish(session, now);
		session->publish_nsec = now + PUBLISH_NSEC;
	}
	deadline = transport->ops->deadline(transport);
	next = deadline < next ? deadline : next;
	return session->publish_nsec < next ? session->publish_nsec : next;
}

void listen_session_end(struct listen_session *session)
{
	if (session->transport && atomic_load(&session->state) != LISTEN_SESSION_ENDED)
		session->transport->ops->close_transport(session->transport);
}

/* --- life ------------------------------------------------------------------------------------- */

/** Lower-case hexadecimal. @return 0 or negative errno: without randomness there is no session */
static int random_text(char *ret_text, size_t n_bytes)
{
	uint8_t random[32];

	if (getrandom(random, n_bytes, 0) < 0)
		return -errno;
	for (size_t i = 0; i < n_bytes; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", random[i]);
	return 0;
}

static void fill_fixed(struct listen_session *session, const struct listen_session_config *config)
{
	struct pl_listen_status *fixed = &session->fixed;

	fixed->talks = config->tablet_id > 0;
	fixed->tablet_id = config->tablet_id;
	fixed->since_usec = realtime_nsec() / 1000u;
	fixed->connect_ms = fixed->loss_percent = fixed->jitter_ms = NAN;
	fixed->round_trip_ms = fixed->depth_ms = NAN;
	snprintf(fixed->actor, sizeof(fixed->actor), "%s",
		 config->actor->token ? config->actor->token : config->actor->name);
	session->status = *fixed;
}

int listen_session_connect(struct listen_session *session, struct listen_network *network,
			   const struct pl_webrtc_offer *offer, const struct pl_identity *identity)
{
	const struct listen_transport_config config = {
		.offer = offer,
		.identity = identity,
		.handlers = {.on_state = on_state, .on_rtp = on_rtp, .on_rtcp = on_rtcp},
		.userdata = session,
	};

	session->opened_nsec = pl_work_now_nsec();
	return network->ops->new (network, &config, session->opened_nsec, &session->transport);
}

void listen_session_disconnect(struct listen_session *session)
{
	listen_session_end(session);
	if (session->transport)
		session->transport = session->transport->ops->free(session->transport);
}

int listen_session_new(const struct listen_session_config *config,
		       struct listen_session **ret_session)
{
	struct listen_session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return -ENOMEM;
	pthread_mutex_init(&session->lock, NULL);
	session->notify_fd = config->notify_fd;
	session->playback.audio = config->audio;
	session->playback.port = config->playback;
	session->payload_type = config->offer->payload_type;
	memcpy(session->mid, config->offer->sections[config->offer->audio].mid,
	       sizeof(session->mid));
	session->opus = (struct pl_opus_config){
		.n_channels = config->offer->stereo ? 2 : 1,
		.ptime_ms = config->frame_ms,
		.bitrate_bps = config->bitrate_bps,
		.complexity = COMPLEXITY,
		/* Sound of all kinds, at once, and for many: speech with FEC would be later by 4 ms
		 * and cost three times as much. */
		.low_delay = true,
	};
	r = random_text(session->fixed.id, (PL_LISTEN_ID_SIZE - 1u) / 2u);
	if (r >= 0)
		r = random_text(session->cname, 16);
	if (r >= 0 && getrandom(&session->ssrc, sizeof(session->ssrc), 0) < 0)
		r = -errno;
	if (r < 0) {
		listen_session_free(session);
		return r;
	}
	fill_fixed(session, config);
	listen_mixer_init(&session->mixer, PL_OPUS_RATE_HZ);
	if (config->mix)
		listen_session_set_mix(session, config->mix, config->heard);
	*ret_session = session;
	return 0;
}

struct listen_session *listen_session_free(struct listen_session *session)
{
	if (!session)
		return NULL;
	pl_sender_free(session->sender);
	pl_receiver_free(session->receiver);
	pthread_mutex_destroy(&session->lock);
	free(session);
	return NULL;
}

void listen_session_status(struct listen_session *session, struct pl_listen_status *ret_status)
{
	int state = atomic_load(&session->state);

	pthread_mutex_lock(&session->lock);
	*ret_status = session->status;
	pthread_mutex_unlock(&session->lock);
	ret_status->mix = session->mix;
	ret_status->state =
		state == LISTEN_SESSION_ENDED ? PL_LISTEN_LOST : (enum pl_listen_state)state;
}
