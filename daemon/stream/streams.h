/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAMS_H
#define PL_STREAMS_H

#include <systemd/sd-event.h>

#include "audio.h"
#include "gateway.h"

/**
 * The gateway's network streams: brings what runs to what is defined. Each stream has a port in the
 * graph for each way; encoding, sending, receiving and decoding are done by a few threads of its own
 * (worker.h), which are there from the first stream on.
 *
 * Thread: the daemon's loop.
 */
struct pl_streams;

struct pl_streams_options {
	const struct pl_audio_ops *audio;
	void *engine; /**< what audio's functions want */
	/** a state (not a counter) has changed; never from inside a call; may be NULL */
	void (*on_changed)(void *userdata, const char *id);
	void *userdata;
};

/** @param options  copied. @return 0 or negative errno */
int pl_streams_new(sd_event *event, const struct pl_streams_options *options,
		   struct pl_streams **ret_streams);
/** Before the engine. @return NULL */
struct pl_streams *pl_streams_free(struct pl_streams *streams);

/** For struct pl_gateway_parts; the object is the struct pl_streams. */
const struct pl_stream_ops *pl_streams_get_ops(void);

#endif
