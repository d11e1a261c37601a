/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_RUN_H
#define PL_STREAM_RUN_H

#include "audio.h"
#include "echostream-hub.h"
#include "gateway.h"
#include "playback.h"
#include "receiver.h"
#include "sender.h"
#include "snapshot.h"
#include "transport.h"
#include "worker.h"

/** A stream that is defined and running: from the graph's ports to the network and back. */

struct stream_run {
	struct pl_stream_def def; /* set before it begins; jitter's values are the worker's then */
	const struct pl_audio_ops *audio;
	void *engine;
	struct pl_audio_port *capture; /* NULL unless it sends */
	struct stream_worker *worker;
	struct pl_echo_hub *hub; /* borrowed; EchoStream only */
	uint64_t version;        /* of its session description: CLOCK_REALTIME, s */
	uint32_t ssrc;
	char cname[33];

	_Atomic bool transmit; /* main: it shall send now */
	struct stream_snapshot snapshot;
	enum pl_stream_state told; /* main: of the last event */
	char told_trouble[256];

	/* the worker's */
	int error; /* negative errno of what could not be made; 0 */
	struct stream_transport *transport;
	struct pl_sender *sender;     /* NULL until the graph's rate is known */
	struct pl_receiver *receiver; /* likewise */
	uint32_t rate_hz;
	bool transmits;
	uint64_t capture_position; /* expected next */
	bool capture_running;
	uint64_t moved_nsec;         /* when the graph last did */
	struct pl_playback playback; /* its port: main's; NULL unless it receives */
	uint64_t status_nsec;        /* of the next publication */
	enum pl_stream_state state;
	uint64_t n_trouble; /* hash of the last one that was published */
};

/**
 * Opens the ports and makes what is needed; nothing runs until stream_worker_add(). Thread: main.
 *
 * @return 0 or negative errno
 */
int stream_run_new(const struct pl_stream_def *def, const struct pl_audio_ops *audio, void *engine,
		   struct stream_worker *worker, struct stream_run **ret_run);
/** After stream_worker_remove(). @return NULL */
struct stream_run *stream_run_free(struct stream_run *run);

/* Thread: the worker's. */
void stream_run_begin(struct stream_run *run, struct stream_worker *worker);
void stream_run_end(struct stream_run *run);
/** The graph has moved: send what it gave. */
void stream_run_capture(struct stream_run *run);
/** Play, report, and what time asks for. @return CLOCK_MONOTONIC of when to call it again at the latest */
uint64_t stream_run_work(struct stream_run *run, uint64_t now_nsec, bool graph_moved);
void stream_run_set_jitter(struct stream_run *run, const struct pl_jitter_config *jitter);

#endif
