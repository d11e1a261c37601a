/* SPDX-License-Identifier: MIT */
#ifndef PL_STATE_FILE_H
#define PL_STATE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "gateway-kept.h"

/**
 * Keeps the state in files:
 *
 * STATE_DIRECTORY/state.json      settings: written beside, fsync, rename, fsync of the folder, all
 *                                 before a verb returns. Survives a power cut.
 * STATE_DIRECTORY/state.json.old  the settings before the last change, taken when state.json is
 *                                 damaged from outside or gone
 * STATE_DIRECTORY/state.json.bad-TIME  what was damaged, moved aside
 * STATE_DIRECTORY/gateway.json    streams and pages that verbs have added, with their keys; written
 *                                 and moved aside likewise
 * STATE_DIRECTORY/state.lock      held by the running daemon
 * RUNTIME_DIRECTORY/keys.json     talk keys that are held: by rename, without fsync. They survive
 *                                 kill -9 of the daemon but not a restart of the machine, told by
 *                                 its boot id: a hand on a key from before a power cut has long
 *                                 let go, and a microphone that opens by itself is worse than a
 *                                 key that must be pressed again. For the same reason a
 *                                 keys.json that cannot be read releases all keys, and one that
 *                                 cannot be written when a key is released is deleted.
 */
struct pl_state_file;

/** What was found wrong while loading, for the log; one sentence each. */
struct pl_state_report {
	unsigned n_problems;
	char problem[4][512];
};

/**
 * Makes the folders and takes the lock.
 *
 * @param ret_reason  a sentence that names the folder and the way out, on any error
 * @return 0, -EBUSY when another daemon has the lock, or another negative errno
 */
int pl_state_file_open(const char *state_directory, const char *runtime_directory,
		       struct pl_state_file **ret_file, char *ret_reason, size_t reason_size);
struct pl_state_file *pl_state_file_close(struct pl_state_file *file);

/**
 * The state that was kept last, brought to this size; without one, pl_model_init() with
 * the configuration's headroom.
 *
 * @return 0, also when there were problems (see *ret_report); negative errno when there is a
 *         state that may not be read: starting without it would lose it
 */
int pl_state_file_load(struct pl_state_file *file, uint32_t n_tablets, uint32_t n_channels,
		       double headroom_db, struct pl_model *ret_model,
		       struct pl_state_report *ret_report);

/**
 * What verbs have added to the gateway; empty when there is nothing, or what there was is damaged.
 *
 * @param ret_kept  done by the caller
 * @return as pl_state_file_load()
 */
int pl_state_file_load_gateway(struct pl_state_file *file, struct pl_gateway_kept *ret_kept,
			       struct pl_state_report *ret_report);

/** The keeper for pl_control_new(); its object is the struct pl_state_file. */
const struct pl_keeper_ops *pl_state_file_keeper(void);

#endif
