/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_H
#define PL_ENGINE_H

#include <systemd/sd-event.h>

#include "audio.h"
#include "control.h"
#include "gateway.h"
#include "log.h"

/**
 * The audio engine seen from control: a client of PipeWire that finds the matrix node,
 * sends it the state as Props and reads its meter page. It mixes nothing.
 *
 * Without a server, and whenever one goes away, it connects again by itself, first after
 * 100 ms, then doubling to 2 s; whenever a matrix of the right size appears it gets the whole
 * state, and the bindings to sound cards go to the metadata object that the policy reads. It counts
 * as connected once the meter page shows that the state has taken effect.
 *
 * Logs: engine.waiting, engine.size_differs, engine.refused, engine.meters_error, and those of its parts.
 *
 * Thread: the daemon's loop. Only what engine-audio-node.h says runs on a data thread, and that only
 * while somebody has an audio port open.
 */
struct pl_engine;

struct pl_engine_options {
	const char *remote; /**< name or path of PipeWire's socket; "": the usual one */
	uint32_t n_tablets; /**< the matrix must have this size, else it is left alone */
	uint32_t n_channels;
	struct pl_log *log; /**< may be NULL; borrowed */

	/** is_connected has changed; never from inside a call of the engine */
	void (*on_changed)(void *userdata);
	/** another list of sound cards; never from inside a call of the engine; may be NULL */
	void (*on_devices_changed)(void *userdata);
	void *userdata;
};

/**
 * @param event    referenced
 * @param options  copied, except what is borrowed
 * @return 0 also without a server; -ENOMEM or what PipeWire's library says
 */
int pl_engine_new(sd_event *event, const struct pl_engine_options *options,
		  struct pl_engine **ret_engine);
struct pl_engine *pl_engine_free(struct pl_engine *engine);

/** For pl_control_new(); the object is the struct pl_engine. */
const struct pl_engine_ops *pl_engine_get_ops(void);

/** Audio ports for the daemon's other parts; the object is the struct pl_engine. */
const struct pl_audio_ops *pl_engine_get_audio_ops(void);

/** Tones in the graph; the object is the struct pl_engine. */
const struct pl_tone_ops *pl_engine_get_tone_ops(void);

/** A tone was heard. Thread: the daemon's loop, never from inside a call of the engine. */
typedef void (*pl_engine_tone_t)(void *userdata, const struct pl_tone_event *event);
/** @param on_tone  NULL: nobody listens */
void pl_engine_set_tone_listener(struct pl_engine *engine, pl_engine_tone_t on_tone,
				 void *userdata);

#endif
