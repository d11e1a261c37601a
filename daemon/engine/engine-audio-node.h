/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_AUDIO_NODE_H
#define PL_ENGINE_AUDIO_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include <spa/node/node.h>
#include <spa/support/plugin.h>

#include "engine-ring.h"

/**
 * One SPA node of the daemon, whose ports come and go: its process function is the daemon's only
 * code on a data thread.
 *
 * There are three of them, because PipeWire orders nodes, not ports: a stream that sends what a
 * channel carries and plays into it would close a circle through a node with both kinds of ports,
 * and the link that closes it delays a whole cycle.
 */
struct engine_audio_node;

enum engine_audio_node_kind {
	ENGINE_NODE_CAPTURE,  /**< inputs only, into rings; and the control input */
	ENGINE_NODE_PLAYBACK, /**< outputs only, from rings */
	ENGINE_NODE_BRIDGE,   /**< input k goes into output k */
};

/** Ports of one kind */
#define ENGINE_AUDIO_PORTS_MAX 256u
/** Different eventfds */
#define ENGINE_AUDIO_WAKES_MAX 16u

/**
 * What came in at the control input in a cycle.
 *
 * @param data  bytes of other processes: nothing of them is checked yet. NULL: none
 * Thread: data. RT-safe: it must not allocate, lock, log or wait.
 */
typedef void (*engine_audio_events_t)(void *userdata, const struct engine_cycle *cycle,
				      const void *data, uint32_t size);

/** A capture or playback port, or the two of a bridge. Owned by who adds it. */
struct engine_audio_slot {
	struct engine_ring *ring; /**< capture, playback */
	int wake_fd;              /**< -1: none */
	uint32_t id;              /**< of its port; set when it is added */
	_Atomic bool bridge_open; /**< any thread */
	struct {
		double phase;      /* of the ramp, 0 closed .. 1 open */
	} rt;                      /* data thread */
	_Atomic bool bridge_heard; /**< the ramp is not at 0 */
};

/**
 * @param support, n_support  of the PipeWire context: data loop, log, CPU
 * @param events  capture: called every cycle; NULL: no control input
 * @param ret_node  owned by the caller; engine_audio_node_free()
 * @return 0 or negative errno
 */
int engine_audio_node_new(enum engine_audio_node_kind kind, const struct spa_support *support,
			  uint32_t n_support, engine_audio_events_t events, void *events_userdata,
			  struct engine_audio_node **ret_node);
/** Nothing refers to its struct spa_node any more. @return NULL */
struct engine_audio_node *engine_audio_node_free(struct engine_audio_node *node);

struct spa_node *engine_audio_node_spa(struct engine_audio_node *node);

/**
 * Main thread. The data thread uses the slot until engine_audio_node_remove() has returned.
 * @param input_target, output_target  PL_KEY_PORT_TARGET of the ports; NULL where the kind has none;
 * borrowed until the slot is removed
 * @return 0 or -ENOSPC
 */
int engine_audio_node_add(struct engine_audio_node *node, struct engine_audio_slot *slot,
			  const char *name, const char *input_target, const char *output_target);
void engine_audio_node_remove(struct engine_audio_node *node, struct engine_audio_slot *slot);

#endif
