/* SPDX-License-Identifier: MIT */
#include "transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "echostream-clock.h"
#include "echostream-hub.h"
#include "opus-codec.h"
#include "stream-run.h"

/* The EchoStream dialect: a channel at a server (echostream-hub.h), whose packets have neither
 * numbers nor times and get them here. */

#define NSEC_PER_FRAME (1e9 / PL_OPUS_RATE_HZ)

struct echo {
	struct stream_transport base;
	struct stream_run *run;
	struct pl_echo_stream *stream; /* NULL: see trouble */
	char trouble[128];
	struct pl_echo_clock clock;
	uint64_t end_nsec; /* when what was heard is over unless more comes; UINT64_MAX: it is */
	uint64_t n_refused;
	int send_error;
};

static struct echo *echo_from(struct stream_transport *transport)
{
	return (struct echo *)transport;
}

static void echo_send(struct stream_transport *transport, uint8_t *packet, size_t size,
		      size_t capacity)
{
	struct echo *echo = echo_from(transport);
	int r;

	if (!echo->stream)
		return;
	r = pl_echo_stream_send(echo->stream, packet, size);
	/* Without a server the state tells; a full queue is a loss as any other. */
	echo->send_error = r == -ENOTCONN || r == -EAGAIN || r == -ENOBUFS ? 0 : -r;
}

static void echo_transmit(struct stream_transport *transport, bool on)
{
	struct echo *echo = echo_from(transport);

	if (echo->stream)
		pl_echo_stream_transmit(echo->stream, on);
}

static void on_audio(void *userdata, const uint8_t *opus, size_t size, uint64_t now_nsec)
{
	struct echo *echo = userdata;
	struct pl_receiver *receiver = echo->run->receiver;
	int frames = pl_opus_packet_frames(opus, size);
	struct pl_echo_stamp stamp;

	if (!receiver) /* no graph to hear it */
		return;
	if (frames <= 0 || !pl_echo_clock_stamp(&echo->clock, (uint32_t)frames, now_nsec, &stamp)) {
		echo->n_refused++;
		return;
	}
	pl_receiver_push_payload(receiver, stamp.sequence, stamp.timestamp, stamp.marker, opus,
				 size, now_nsec);
	echo->end_nsec = now_nsec + PL_ECHO_SILENCE_NSEC + (uint64_t)(frames * NSEC_PER_FRAME);
}

/** Nobody tells the listeners that a transmission has ended: the time does. */
static uint64_t echo_work(struct stream_transport *transport, uint64_t now_nsec)
{
	struct echo *echo = echo_from(transport);

	if (now_nsec < echo->end_nsec)
		return echo->end_nsec;
	echo->end_nsec = UINT64_MAX;
	if (echo->run->receiver)
		pl_receiver_end(echo->run->receiver);
	return UINT64_MAX;
}

static void fill_counters(const struct echo *echo, const struct pl_echo_stream_status *own,
			  struct pl_stream_status *status)
{
	status->n_packets_sent = own->n_packets_sent;
	status->n_bytes_sent = own->n_bytes_sent;
	status->n_packets_received = own->n_packets_received;
	status->n_bytes_received = own->n_bytes_received;
	status->n_refused += echo->n_refused;
	for (unsigned i = 0; i < PL_ECHO_PACKET_N_VERDICTS; i++)
		status->n_refused += own->n_refused[i];
}

static void echo_status(struct stream_transport *transport, struct pl_stream_status *status)
{
	struct echo *echo = echo_from(transport);
	struct pl_echo_stream_status own;

	if (!echo->stream) {
		status->state = PL_STREAM_FAILED;
		snprintf(status->trouble, sizeof(status->trouble), "%s", echo->trouble);
		return;
	}
	pl_echo_stream_status(echo->stream, &own);
	fill_counters(echo, &own, status);
	snprintf(status->trouble, sizeof(status->trouble), "%s", own.trouble);
	if (!status->trouble[0] && echo->send_error)
		snprintf(status->trouble, sizeof(status->trouble),
			 "nothing can be sent to the server: %s", strerror(echo->send_error));
	if (status->state == PL_STREAM_OFF)
		return;
	/* Whether anybody talks is no state: on a radio nobody does, most of the time. */
	if (status->trouble[0])
		status->state = PL_STREAM_FAILED;
	else
		status->state =
			own.is_connected && own.has_key ? PL_STREAM_RUNNING : PL_STREAM_CONNECTING;
}

static void echo_free(struct stream_transport *transport)
{
	struct echo *echo = echo_from(transport);

	pl_echo_stream_free(echo->stream);
	free(echo);
}

static const struct stream_transport_ops echo_ops = {
	.raw = true,
	.send = echo_send,
	.transmit = echo_transmit,
	.work = echo_work,
	.status = echo_status,
	.free = echo_free,
};

int transport_echo_new(struct stream_run *run, struct stream_transport **ret_transport)
{
	struct echo *echo = calloc(1, sizeof(*echo));
	int r;

	if (!echo)
		return -ENOMEM;
	echo->base.ops = &echo_ops;
	echo->run = run;
	echo->end_nsec = UINT64_MAX;
	r = pl_echo_stream_new(run->hub, &run->def, on_audio, echo, &echo->stream);
	if (r < 0)
		snprintf(echo->trouble, sizeof(echo->trouble), "it cannot join its server: %s",
			 strerror(-r));
	*ret_transport = &echo->base;
	return 0;
}
