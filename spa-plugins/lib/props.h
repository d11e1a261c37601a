/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_LIB_PROPS_H
#define PARTYLINE_LIB_PROPS_H

#include "pod.h"

/** What our nodes are told: names and values in SPA_PROP_params of a Props object. */

#define PL_PROPS_PREFIX "partyline."

/** One parameter. @return false to refuse the whole message */
typedef bool (*pl_props_h)(void *userdata, const char *name, const struct pl_pod *value);

/**
 * Read a Props object. A name that is too long for us is somebody else's and is passed over.
 *
 * @param on_param  called for each pair in its order; what it has done before a refusal is the
 *                  caller's to forget
 * @param ret_name  the parameter that was refused, "params" or "props" when the message itself is
 *                  broken; set only with -EINVAL
 * @return 0 or -EINVAL. Thread: main
 */
int pl_props_read(const void *data, size_t size, pl_props_h on_param, void *userdata,
		  char ret_name[PL_POD_NAME_MAX]);

/** Whether a name that we do not know may be passed over: it is not one of ours. */
bool pl_props_is_foreign(const char *name);

#endif
