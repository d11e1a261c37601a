/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_FACTORIES_H
#define PARTYLINE_FACTORIES_H

#include <spa/support/plugin.h>

/* One line a node; plugin.c lists them. */
extern const struct spa_handle_factory pl_matrix_factory;
extern const struct spa_handle_factory pl_gate_factory;
extern const struct spa_handle_factory pl_meter_factory;
extern const struct spa_handle_factory pl_tone_factory;

#endif
