/* SPDX-License-Identifier: MIT */
#ifndef PL_SYSTEM_H
#define PL_SYSTEM_H

#include <stddef.h>

#include <json-c/json.h>

#include "control.h"

/**
 * How the whole is, for whoever looks after it: versions, the graph, the disk, what is wrong in plain
 * sentences. Thread: the daemon's one loop.
 */

#define PL_VERSIONS_MAX 16u

/** What only the program itself knows. */
struct pl_about {
	/** A part of what runs here; the first without a name ends them. */
	struct pl_version {
		const char *name, *version; /**< literals, or as long-lived */
	} versions[PL_VERSIONS_MAX];
};

/** The daemon begins now. @param about  copied */
void pl_control_set_about(struct pl_control *control, const struct pl_about *about);

/** {"ts","started","host","system","kernel","config_file","published_name","versions","graph","memory_bytes",
 * "disk","troubles","warnings"}, see openapi.json; NULL without memory. Role: view. */
struct json_object *pl_describe_system(struct pl_control *control);

/** What does not work now, one plain sentence without a full stop each. NULL without memory */
struct json_object *pl_describe_troubles(struct pl_control *control);
/** What works and somebody should look at. */
struct json_object *pl_describe_warnings(struct pl_control *control);

#endif
