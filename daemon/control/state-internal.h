/* SPDX-License-Identifier: MIT */
#ifndef PL_STATE_INTERNAL_H
#define PL_STATE_INTERNAL_H

#include "state-file.h"

/** Only for state-file.c and state-gateway.c. */

#define PL_STATE_BOOT_ID_SIZE 40

struct pl_state_file {
	int state_dir;
	int runtime_dir;
	int lock;
	char boot_id[PL_STATE_BOOT_ID_SIZE];
	uint64_t keys[PL_TABLETS_MAX]; /* as kept last */
};

void state_report(struct pl_state_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** pl_keeper_ops.keep_gateway */
int state_keep_gateway(void *keeper, const struct pl_gateway_kept *kept);

#endif
