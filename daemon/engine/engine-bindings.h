/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_BINDINGS_H
#define PL_ENGINE_BINDINGS_H

#include "model.h"

struct pw_core;
struct pw_registry;

/**
 * Writes the model's bindings into the metadata object PL_METADATA: all of them when it appears,
 * each change as it comes; keys that mean nothing any more are taken out. Without the object
 * nothing happens until there is one. Thread: the daemon's loop.
 */
struct engine_bindings;

int engine_bindings_new(struct engine_bindings **ret_bindings);
struct engine_bindings *engine_bindings_free(struct engine_bindings *bindings);

/** A server is there. @param core, registry  borrowed until engine_bindings_detach() */
void engine_bindings_attach(struct engine_bindings *bindings, struct pw_core *core,
			    struct pw_registry *registry);
void engine_bindings_detach(struct engine_bindings *bindings);

/** These bindings from now on. @param model  copied as far as it is needed */
int engine_bindings_set(struct engine_bindings *bindings, const struct pl_model *model);

/** "partyline.channel.3.capture" @param ret_key  at least PL_BINDING_KEY_MAX bytes */
void engine_binding_key(struct pl_endpoint endpoint, enum pl_direction direction, char *ret_key);
/** {"device":"card:ID,0","port":0} @param ret_value  at least PL_BINDING_VALUE_MAX bytes */
void engine_binding_value(const struct pl_binding *binding, char *ret_value);
/** @return true for a key that this writes, of whatever id */
bool engine_binding_is_key(const char *key);

#define PL_BINDING_KEY_MAX 64u
/* each byte of a name may become six: \u0000 */
#define PL_BINDING_VALUE_MAX (PL_DEVICE_NAME_MAX * 6u + 64u)

#endif
