/* SPDX-License-Identifier: MIT */
#ifndef PL_LOG_AUDIT_H
#define PL_LOG_AUDIT_H

#include "access.h"
#include "log.h"

/**
 * The audit log: every refused call and every call of role admin, as records "audit.refused",
 * "audit.done" and "audit.failed" with {"face","from","token","role","verb","result","detail"}.
 *
 * So that strangers cannot fill the disk, refusals are written PL_AUDIT_BURST at once and then
 * one a second; how many were left out is in the next one's "left_out". What an admin does is
 * always written.
 *
 * Thread: the daemon's loop.
 */
struct pl_log_audit;

#define PL_AUDIT_BURST 200u

/** @param log  borrowed; its level and files are its own. @return 0 or -ENOMEM */
int pl_log_audit_new(struct pl_control *control, struct pl_log *log,
		     struct pl_log_audit **ret_audit);
struct pl_log_audit *pl_log_audit_free(struct pl_log_audit *audit);

#endif
