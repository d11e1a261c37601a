/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_MATRIX_PARAMS_H
#define PARTYLINE_MATRIX_PARAMS_H

#include <stdint.h>

#include <spa/pod/builder.h>
#include <spa/pod/pod.h>

#include "mixer.h"
#include "pod.h"
#include "targets.h"

/** What one Props message asks for. Keys live on the data thread; only changes travel. */
struct pl_matrix_update {
	struct pl_matrix_settings settings;
	uint64_t key_mask[PL_TABLETS_MAX]; /**< bit channel: this message sets the key */
	uint64_t keys[PL_TABLETS_MAX];
	/** bit channel: this one may wait for its sample; all keys at once do not */
	uint64_t timed_mask[PL_TABLETS_MAX];
	uint64_t keys_nsec; /**< when they moved, CLOCK_MONOTONIC; 0: now */
};

/** Settings as they are, no key touched. */
void pl_matrix_update_init(struct pl_matrix_update *update,
			   const struct pl_matrix_settings *settings);

/**
 * Read the parameters of a Props object into an update, as keys.h documents them.
 * Names that do not start with "partyline." belong to others and are passed over.
 *
 * @param update    as pl_matrix_update_init() made it; undefined after an error
 * @param ret_name  the parameter that was refused, for the log; set only with -EINVAL
 * @return 0, or -EINVAL: nothing of the message may be used. Thread: main.
 */
int pl_matrix_params_parse(struct pl_matrix_update *update, const void *data, size_t size,
			   char ret_name[PL_POD_NAME_MAX]);

/** All parameters as one Props object. @param keys one word a tablet. Thread: main. */
struct spa_pod *pl_matrix_params_build(const struct pl_matrix_settings *settings,
				       const uint64_t *keys, struct spa_pod_builder *builder);

/** PropInfo number `index`. @return 1, or 0 past the last. Thread: main. */
int pl_matrix_params_build_info(uint32_t index, struct spa_pod_builder *builder,
				struct spa_pod **ret_param);

/**
 * Talk key events of a control port's sequence.
 *
 * @param data       bytes of the sequence, not trusted; NULL: none
 * @param ret_n_bad  refused events: malformed, out of range, out of order, more than fit
 * @return events written, at most n_max. Thread: data. RT-safe.
 */
uint32_t pl_matrix_params_parse_control(const void *data, size_t size, uint32_t n_frames,
					uint32_t n_tablets, uint32_t n_channels,
					struct pl_mixer_event *events, uint32_t n_max,
					uint32_t *ret_n_bad);

#endif
