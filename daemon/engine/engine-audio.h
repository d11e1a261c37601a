/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_AUDIO_H
#define PL_ENGINE_AUDIO_H

#include <systemd/sd-event.h>

#include <pipewire/loop.h>

#include "audio.h"
#include "engine-audio-node.h"
#include "log.h"

/**
 * The daemon's own nodes in the graph (PL_NODE_GATEWAY …) and their ports: implements audio.h.
 *
 * It is a client of its own beside the engine's, with a data thread, and only there while somebody
 * has a port open. A port outlives the graph: it is put into the next one.
 *
 * Logs: engine.audio_error.
 *
 * Thread: the daemon's loop, but for what audio.h says.
 */
struct engine_audio;

/** @param log  may be NULL; borrowed. @param ret_audio  engine_audio_free() */
int engine_audio_new(sd_event *event, struct pw_loop *loop, struct pl_log *log,
		     struct engine_audio **ret_audio);
/** Ports that are still open are closed. @return NULL */
struct engine_audio *engine_audio_free(struct engine_audio *audio);

/** There is a server, or there is none any more. Never from a callback of PipeWire's. */
void engine_audio_attach(struct engine_audio *audio);
void engine_audio_detach(struct engine_audio *audio);

/**
 * Have a control input PL_PORT_TONE_EVENTS, linked from the node PL_NODE_TONES.
 * @param events  called on the data thread (engine-audio-node.h); NULL: no such port any more; when
 *                this returns the former is not called again
 */
void engine_audio_set_events(struct engine_audio *audio, engine_audio_events_t events,
			     void *userdata);

/* For struct pl_audio_ops. */
int engine_audio_open(struct engine_audio *audio, const struct pl_audio_port_info *info,
		      int wake_fd, struct pl_audio_port **ret_port);
void engine_audio_close(struct engine_audio *audio, struct pl_audio_port *port);
int engine_audio_bridge(struct engine_audio *audio, struct pl_audio_port *capture,
			struct pl_audio_port *playback, bool open);
struct engine_ring *engine_audio_ring(struct pl_audio_port *port);

#endif
