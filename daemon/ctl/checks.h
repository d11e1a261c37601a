/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_CHECKS_H
#define PL_CTL_CHECKS_H

#include "ctl.h"

/**
 * What `status` looks at besides the daemon: systemd's units of the appliance, the real-time priority
 * of the graph, the disk, the configuration file. Each finding is one plain sentence that says what is
 * wrong and what to do.
 */

struct ctl_findings {
	struct json_object *problems; /**< array of strings: something does not work */
	struct json_object *warnings; /**< array of strings: all works, but somebody should look */
};

void ctl_findings_init(struct ctl_findings *findings);
void ctl_findings_add(struct json_object *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** CTL_OK, CTL_UNWELL or CTL_WARNED */
int ctl_findings_code(const struct ctl_findings *findings);

/** The units, and what their processes got. Finds nothing on a machine that is no appliance. */
void ctl_check_units(struct ctl_findings *findings);
/** The disk that keeps the state. */
void ctl_check_disk(struct ctl_findings *findings, bool is_system);
/** Whether the daemon would take the configuration file as it is now. @param path  "": the defaults */
void ctl_check_config(struct ctl_findings *findings, const char *path);

#endif
