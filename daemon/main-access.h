/* SPDX-License-Identifier: MIT */
#ifndef PL_MAIN_ACCESS_H
#define PL_MAIN_ACCESS_H

#include <systemd/sd-event.h>

#include "control.h"
#include "log.h"

/**
 * Tokens and certificates, made and wired to control. The certificate is looked after once a minute and
 * when the configuration was read again. Only for main.c.
 *
 * Logs: auth.certificate, auth.error, and what the store says.
 */
struct pl_main_access;

/**
 * After control, before the faces.
 *
 * @param log         borrowed
 * @param ret_reason  for people, on any error
 */
int pl_main_access_new(sd_event *event, struct pl_control *control, struct pl_log *log,
		       struct pl_main_access **ret_access, char *ret_reason, size_t size);
/** After the faces, before control. @return NULL */
struct pl_main_access *pl_main_access_free(struct pl_main_access *access);

#endif
