/* SPDX-License-Identifier: MIT */
#ifndef PL_OPTIONS_H
#define PL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/** The daemon's command line. */
struct pl_options {
	const char *config_path; /**< NULL: the usual places */
	const char *address;     /**< NULL: the configuration's; likewise below: -1 */
	long port, tablets, channels;
	bool insecure_lan;
	bool system_bus;
	bool check_config;
	bool help, version;
};

/** @return 0; -EINVAL with a sentence in ret_reason */
int pl_options_parse(int argc, char *argv[], struct pl_options *ret_options, char *ret_reason,
		     size_t reason_size);
/** Puts what the command line says over the configuration. */
void pl_options_apply(const struct pl_options *options, struct pl_config *config);

extern const char pl_options_help[];

#endif
