/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_BINDINGS_H
#define PL_MODULE_BINDINGS_H

#include <pipewire/context.h>
#include <pipewire/core.h>

/**
 * The metadata object PL_METADATA: which sound card each channel and tablet is bound to (keys.h).
 *
 * It lives as long as the module: neither the daemon, which writes it, nor WirePlumber, which reads
 * it, takes the bindings along when it ends. Every client that sees it may read it; to write, a
 * client needs the permission w, which ordinary clients of a system session have not.
 */
struct pl_bindings;

/** @param ret_bindings  empty; free with pl_bindings_free()
 *  @return 0 or -ENOMEM
 *  Thread: main. */
int pl_bindings_new(struct pw_context *context, struct pl_bindings **ret_bindings);

/**
 * Show it to clients. Once in a server; in another process each time that it has been connected.
 *
 * @param core  NULL: the context is a server; else it is exported over the core, until
 *              pl_bindings_withdraw(), which is to come before the core goes
 * @return 0, or -EPROTO and others when the context has no libpipewire-module-metadata
 *
 * Thread: main.
 */
int pl_bindings_publish(struct pl_bindings *bindings, struct pw_core *core);

/** Take back what was exported, if it was; they stay as they are and can be published again.
 *  NULL is fine. Thread: main. */
void pl_bindings_withdraw(struct pl_bindings *bindings);

/** NULL is fine. */
void pl_bindings_free(struct pl_bindings *bindings);

#endif
