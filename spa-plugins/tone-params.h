/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TONE_PARAMS_H
#define PARTYLINE_TONE_PARAMS_H

#include <stdint.h>

#include <spa/pod/builder.h>

#include <partyline/keys.h>

#include "pod.h"

/**
 * What the tone node is told to listen for, as plain numbers: PL_PARAM_TONE_ in keys.h.
 *
 * Thread: main.
 */
struct pl_tone_settings {
	uint32_t n_ports;
	uint64_t dtmf; /**< bit (port - 1) */
	uint32_t n_pages, n_filters, n_find;
	double pages[PL_TONE_PAGES_MAX][PL_TONE_PAGE_FIELDS];
	double filters[PL_TONE_BANDS_MAX][PL_TONE_FILTER_FIELDS];
	double find[PL_TONE_PORTS_MAX][PL_TONE_FIND_FIELDS];
};

/**
 * Read a Props object's parameters over settings. Unknown names that begin with "partyline." and
 * values out of range refuse the message; other names are passed over.
 *
 * @param settings as they are, n_ports set; undefined after an error
 * @param ret_name the parameter that was refused; set only with -EINVAL
 * @return 0 or -EINVAL
 */
int pl_tone_params_parse(struct pl_tone_settings *settings, const void *data, size_t size,
			 char ret_name[PL_POD_NAME_MAX]);

/** Props object of all of them. */
struct spa_pod *pl_tone_params_build(const struct pl_tone_settings *settings,
				     struct spa_pod_builder *builder);

/** PropInfo number `index`. @return 1, or 0 past the last */
int pl_tone_params_build_info(uint32_t index, struct spa_pod_builder *builder,
			      struct spa_pod **ret_param);

#endif
