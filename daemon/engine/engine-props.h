/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_PROPS_H
#define PL_ENGINE_PROPS_H

#include <spa/pod/pod.h>

#include "model.h"

/**
 * The Props message that brings the matrix from one state to another: the smallest one. Up
 * to PL_PROPS_CELLS_MAX changed crosspoints or keys go one by one, more as the whole array.
 *
 * @param before   NULL: everything
 * @param serial   PL_PARAM_SERIAL of the message
 * @param keys_nsec  PL_PARAM_KEYS_NSEC of the message; 0: none
 * @param ret_pod  the caller frees it with free()
 * @return 1; 0 when nothing differs that the matrix knows (*ret_pod is untouched); -ENOMEM
 */
int engine_props_build(const struct pl_model *before, const struct pl_model *after, int64_t serial,
		       uint64_t keys_nsec, struct spa_pod **ret_pod);

#define PL_PROPS_CELLS_MAX 16u

#endif
