/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_TEST_GRAPH_PROPS_H
#define PARTYLINE_TEST_GRAPH_PROPS_H

#include <spa/pod/builder.h>
#include <spa/pod/dynamic.h>

#include "model.h"

/** A Props object with pairs in its params, grown as needed. */
struct pl_props {
	struct spa_pod_dynamic_builder dynamic;
	struct spa_pod_frame frames[2];
};

void pl_props_begin(struct pl_props *props);
void pl_props_double(struct pl_props *props, const char *key, double value);
void pl_props_float(struct pl_props *props, const char *key, double value);
void pl_props_bool(struct pl_props *props, const char *key, int value);
void pl_props_int(struct pl_props *props, const char *key, int value);
void pl_props_long(struct pl_props *props, const char *key, uint64_t value);
/** @return valid until pl_props_done() */
const struct spa_pod *pl_props_end(struct pl_props *props);
void pl_props_done(struct pl_props *props);

/** All settings in one message; keys too when not NULL. */
void pl_props_settings(struct pl_props *props, const struct pl_model_settings *settings,
		       const uint64_t *keys);

#endif
