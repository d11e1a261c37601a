/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_PARAMS_H
#define PARTYLINE_PARAMS_H

#include <stdint.h>

#include <spa/pod/builder.h>

#include "pod.h"

/** largest whole number up to which a double holds all of them: 2^53 */
#define PL_PARAM_LONG_MAX 9007199254740992.0

/**
 * Parameters of a node that are single numbers, in a table: how each is read, checked, written
 * and described. Values are doubles in an array of the same order.
 *
 * Thread: main.
 */
struct pl_param {
	const char *name;
	const char *description;
	uint32_t type;            /**< SPA_TYPE_Bool, Int, Long or Double */
	double def, min, max;     /**< a Long within +-PL_PARAM_LONG_MAX */
	const char *const *words; /**< Int: names of its values from 0 to max; NULL: none */
};

/**
 * Read a Props object's parameters. Unknown names that begin with "partyline." and values out of
 * range refuse the message; other names are passed over.
 *
 * @param values as they are; undefined after an error
 * @param ret_name the parameter that was refused; set only with -EINVAL
 * @return 0 or -EINVAL
 */
int pl_params_parse(const struct pl_param *params, uint32_t n_params, double *values,
		    const void *data, size_t size, char ret_name[PL_POD_NAME_MAX]);

/** Key and value of each parameter into the struct that is open in the builder. */
void pl_params_build(const struct pl_param *params, uint32_t n_params, const double *values,
		     struct spa_pod_builder *builder);

/** PropInfo number `index`. @return 1, or 0 past the last */
int pl_params_build_info(const struct pl_param *params, uint32_t n_params, uint32_t index,
			 struct spa_pod_builder *builder, struct spa_pod **ret_param);

#endif
