/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_MATRIX_H
#define PL_ENGINE_MATRIX_H

#include <systemd/sd-event.h>

#include <partyline/meters.h>

#include "log.h"
#include "model.h"

struct pw_registry;

/**
 * The matrix node in the graph: it is found, gets the state as Props and says with its meter page what
 * of it has taken effect. Whenever one of the right size appears it gets the whole state.
 *
 * Logs: engine.size_differs, engine.refused, engine.meters_error.
 *
 * Thread: the daemon's loop.
 */
struct engine_matrix;

struct engine_matrix_options {
	uint32_t n_tablets; /**< the node must have this size, else it is left alone */
	uint32_t n_channels;
	struct pl_log *log; /**< may be NULL; borrowed */
	/** engine_matrix_is_connected() has changed; never from inside engine_matrix_apply() */
	void (*on_changed)(void *userdata);
	void *userdata;
};

/**
 * @param event    referenced
 * @param options  copied, except what is borrowed
 * @return 0 or negative errno
 */
int engine_matrix_new(sd_event *event, const struct engine_matrix_options *options,
		      struct engine_matrix **ret_matrix);
/** After engine_matrix_detach(). @return NULL */
struct engine_matrix *engine_matrix_free(struct engine_matrix *matrix);

/** A server is there. @param registry  borrowed until engine_matrix_detach() */
void engine_matrix_attach(struct engine_matrix *matrix, struct pw_registry *registry);
/** It is gone, and the node with it. */
void engine_matrix_detach(struct engine_matrix *matrix);

/**
 * The state from now on. Without a node it is kept until there is one.
 *
 * @param before  what it was; NULL: all of it is new
 * @return 0 or negative errno: nothing was sent
 */
int engine_matrix_apply(struct engine_matrix *matrix, const struct pl_model *before,
			const struct pl_model *after);
/** The same of talk keys alone. @param keys_nsec  CLOCK_MONOTONIC of the edge; 0: at the next block */
int engine_matrix_apply_keys(struct engine_matrix *matrix, const struct pl_model *before,
			     const struct pl_model *after, uint64_t keys_nsec);

/** As engine_meters_read(). */
int engine_matrix_read_meters(struct engine_matrix *matrix, struct pl_meters_data *ret_data);
/** The page shows that the state has taken effect. */
bool engine_matrix_is_connected(const struct engine_matrix *matrix);
/** With a server, and not connected: why, and what to do. Borrowed until the next call. */
const char *engine_matrix_trouble(struct engine_matrix *matrix);

#endif
