/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_TONES_CONFIG_H
#define PL_ENGINE_TONES_CONFIG_H

#include <spa/pod/builder.h>

#include <partyline/tones.h>

#include "gateway-def.h"
#include "gateway.h"

/**
 * The definitions as the tone node takes them: one port for each tone input, numbers for pages.
 * A page keeps its number as long as it is defined, so that an event on its way says the right one.
 */
struct engine_tones_page {
	uint32_t number; /* from 1, never used twice */
	char page_id[PL_GATEWAY_ID_MAX];
};

struct engine_tones_config {
	uint32_t n_inputs;
	struct pl_endpoint endpoints[PL_TONE_INPUTS_MAX];
	struct engine_tones_page *pages; /* owned */
	size_t n_pages;
	uint32_t last_number;
	struct spa_pod *props; /* owned: what the node is told */
};

/**
 * @param before  the one in force; its pages' numbers are kept
 * @return 0 or -ENOMEM; free with engine_tones_config_done() in both cases
 */
int engine_tones_config_init(struct engine_tones_config *config,
			     const struct engine_tones_config *before,
			     const struct pl_gateway *gateway);
void engine_tones_config_done(struct engine_tones_config *config);

/** @return whether both have the same inputs in the same order: the node may stay */
bool engine_tones_config_same_inputs(const struct engine_tones_config *a,
				     const struct engine_tones_config *b);

/** node.name of the devices of all inputs, with spaces between. @return owned by the caller, NULL */
char *engine_tones_config_targets(const struct engine_tones_config *config);

/** What an event of the node means. @return false: nothing that control is told */
bool engine_tones_config_event(const struct engine_tones_config *config,
			       const struct pl_tones_event *event, struct pl_tone_event *ret_tone);

#endif
