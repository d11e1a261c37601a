/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_TRANSPORT_H
#define PL_STREAM_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway.h"

/**
 * How the packets of a stream get to the other end and back: RTP (transport-rtp.c) or the
 * EchoStream dialect (transport-echo.c). It is made and freed on the worker's thread, and everything of it is called there; it
 * watches its descriptors with stream_worker_watch() and hands what comes to the stream's receiver.
 *
 * A transport embeds struct stream_transport as its first member.
 */
struct stream_transport;
struct stream_run;
struct stream_worker;

struct stream_transport_ops {
	/** The sender makes Opus packets without an RTP header. */
	bool raw;
	/** A packet of the sender's: pl_sender_emit_t. */
	void (*send)(struct stream_transport *transport, uint8_t *packet, size_t size,
		     size_t capacity);
	/** A transmission begins, before its first packet, or has ended, after its last one; may be NULL. */
	void (*transmit)(struct stream_transport *transport, bool on);
	/** What time asks for. @return CLOCK_MONOTONIC of when it wants to be called again; UINT64_MAX */
	uint64_t (*work)(struct stream_transport *transport, uint64_t now_nsec);
	/** Its own part: trouble, refused datagrams, bytes as sent … what the receiver cannot know. */
	void (*status)(struct stream_transport *transport, struct pl_stream_status *status);
	void (*free)(struct stream_transport *transport);
};

struct stream_transport {
	const struct stream_transport_ops *ops;
};

/** Trouble of its own is told by status, and mended by work(). @return 0 or -ENOMEM */
int transport_rtp_new(struct stream_run *run, struct stream_worker *worker,
		      struct stream_transport **ret_transport);
/** On the run's hub. Likewise */
int transport_echo_new(struct stream_run *run, struct stream_transport **ret_transport);

#endif
