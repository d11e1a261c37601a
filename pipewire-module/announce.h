/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_ANNOUNCE_H
#define PL_MODULE_ANNOUNCE_H

#include <pipewire/core.h>
#include <pipewire/extensions/metadata.h>

/**
 * See that every client hears of every change of a metadata object that another process exports.
 *
 * While a client is being bound to such an object, PipeWire's server hands changes to that client
 * alone, and those that were bound before never hear of them (module-metadata/metadata.c: pending).
 * For each client that binds the server pings the exporter. So a change counts as told once the
 * server has answered a sync that was sent after it and no ping came before that answer; else it is
 * told again. Who has heard of it already hears the same value twice.
 *
 * Thread of all functions: main.
 */
struct pl_announcer;

/**
 * @param core, proxy, metadata  `proxy` exports `metadata` over `core`; all outlive the announcer
 * @param ret_announcer          empty; free with pl_announcer_free()
 * @return 0 or -ENOMEM
 */
int pl_announcer_new(struct pw_core *core, struct pw_proxy *proxy, struct pw_metadata *metadata,
		     struct pl_announcer **ret_announcer);

/** NULL is fine. */
void pl_announcer_free(struct pl_announcer *announcer);

#endif
