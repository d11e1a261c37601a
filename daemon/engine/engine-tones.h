/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_TONES_H
#define PL_ENGINE_TONES_H

#include <systemd/sd-event.h>

#include "engine-audio.h"
#include "engine.h"
#include "gateway-def.h"
#include "log.h"

struct pw_core;

/**
 * Listening for tones: while there are tone inputs, a node PL_NODE_TONES (PL_FACTORY_TONE) is in
 * the server, with an input for each of them, that the policy links. What it hears comes back to
 * the control input of the daemon's own node (engine-audio.h) and from there to on_tone.
 *
 * The node goes with our connection and is made anew with the next one.
 *
 * Logs: engine.tones_error, engine.tones_lost.
 *
 * Thread: the daemon's loop; on the data thread events are only copied into a ring.
 */
struct engine_tones;

/** @param audio  borrowed. @param ret_tones  engine_tones_free() */
int engine_tones_new(sd_event *event, struct engine_audio *audio, struct pl_log *log,
		     struct engine_tones **ret_tones);
/** Before the audio. @return NULL */
struct engine_tones *engine_tones_free(struct engine_tones *tones);

/** A server is there. @param core  borrowed until engine_tones_detach() */
void engine_tones_attach(struct engine_tones *tones, struct pw_core *core);
void engine_tones_detach(struct engine_tones *tones);

/** Listen for these from now on. @return 0 or -ENOMEM */
int engine_tones_apply(struct engine_tones *tones, const struct pl_gateway *gateway);

/** @param on_tone  from the loop, never from inside a call; NULL: nobody */
void engine_tones_set_listener(struct engine_tones *tones, pl_engine_tone_t on_tone,
			       void *userdata);

#endif
