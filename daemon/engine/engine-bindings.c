/* SPDX-License-Identifier: MIT */
#include "engine-bindings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/extensions/metadata.h>
#include <pipewire/pipewire.h>
#include <spa/utils/json.h>

struct engine_bindings {
	struct pw_properties *wanted; /* key to value */
	struct pw_properties *known;  /* what the object has of our keys */

	struct pw_core *core; /* NULL: no server */
	struct spa_hook core_listener;
	struct pw_registry *registry;
	struct spa_hook registry_listener;

	struct pw_metadata *metadata; /* NULL: no such object */
	struct spa_hook metadata_listener;
	uint32_t metadata_id;
	int sync_seq;
	bool is_synced; /* all that the object had is in `known` */
};

/* --- keys and values ---------------------------------------------------------------- */

static const char *format_of(bool is_tablet, enum pl_direction direction)
{
	if (is_tablet)
		return direction == PL_CAPTURE ? PL_KEY_TABLET_CAPTURE_FMT
					       : PL_KEY_TABLET_PLAYBACK_FMT;
	return direction == PL_CAPTURE ? PL_KEY_CHANNEL_CAPTURE_FMT : PL_KEY_CHANNEL_PLAYBACK_FMT;
}

void engine_binding_key(struct pl_endpoint endpoint, enum pl_direction direction, char *ret_key)
{
	/* The four formats are the contract's own, with one %u each. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(ret_key, PL_BINDING_KEY_MAX, format_of(endpoint.is_tablet, direction),
		 endpoint.id);
#pragma GCC diagnostic pop
}

void engine_binding_value(const struct pl_binding *binding, char *ret_value)
{
	char device[PL_DEVICE_NAME_MAX * 6u + 3u];

	spa_json_encode_string(device, sizeof(device), binding->device);
	snprintf(ret_value, PL_BINDING_VALUE_MAX, "{\"device\":%s,\"port\":%u}", device,
		 binding->port);
}

bool engine_binding_is_key(const char *key)
{
	for (unsigned i = 0; i < 2u * PL_DIRECTION_MAX_; i++) {
		const char *format = format_of(i & 1u, i >> 1), *hole = strstr(format, "%u");
		size_t n = (size_t)(hole - format), n_digits;

		if (strncmp(key, format, n) != 0)
			continue;
		n_digits = strspn(key + n, "0123456789");
		if (n_digits > 0 && strcmp(key + n + n_digits, hole + 2) == 0)
			return true;
	}
	return false;
}

/* --- bringing the object to what is wanted -------------------------------------------- */

static void write_key(struct engine_bindings *bindings, const char *key, const char *value)
{
	pw_metadata_set_property(bindings->metadata, PW_ID_CORE, key,
				 value ? PL_BINDING_TYPE : NULL, value);
}

static void write_difference(struct engine_bindings *bindings)
{
	const struct spa_dict_item *item;

	if (!bindings->metadata || !bindings->is_synced)
		return;
	spa_dict_for_each (item, &bindings->known->dict)
		if (!pw_properties_get(bindings->wanted, item->key))
			write_key(bindings, item->key, NULL);
	spa_dict_for_each (item, &bindings->wanted->dict) {
		const char *is = pw_properties_get(bindings->known, item->key);

		if (!is || strcmp(is, item->value) != 0)
			write_key(bindings, item->key, item->value);
	}
	/* What the object says next of these keys is our own word coming back. */
	pw_properties_clear(bindings->known);
	pw_properties_update(bindings->known, &bindings->wanted->dict);
}

static int want(struct pw_properties *wanted, const struct pl_model *model, bool is_tablet,
		uint32_t n)
{
	char key[PL_BINDING_KEY_MAX], value[PL_BINDING_VALUE_MAX];

	for (uint32_t id = 1; id <= n; id++) {
		struct pl_endpoint endpoint = {.is_tablet = is_tablet, .id = id};

		for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++) {
			const struct pl_binding *binding = pl_model_binding(model, endpoint, d);

			if (!pl_binding_is_set(binding))
				continue;
			engine_binding_key(endpoint, d, key);
			engine_binding_value(binding, value);
			if (pw_properties_set(wanted, key, value) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

int engine_bindings_set(struct engine_bindings *bindings, const struct pl_model *model)
{
	struct pw_properties *wanted = pw_properties_new(NULL, NULL);
	int r = wanted ? 0 : -ENOMEM;

	if (r == 0)
		r = want(wanted, model, false, model->n_channels);
	if (r == 0)
		r = want(wanted, model, true, model->n_tablets);
	if (r < 0) {
		pw_properties_free(wanted);
		return r;
	}
	pw_properties_free(bindings->wanted);
	bindings->wanted = wanted;
	write_difference(bindings);
	return 0;
}

/* --- the object ---------------------------------------------------------------------- */

static int on_property(void *userdata, uint32_t subject, const char *key, const char *type,
		       const char *value)
{
	struct engine_bindings *bindings = userdata;

	/* No key: everything of the subject was taken out. */
	if (subject == PW_ID_CORE && !key)
		pw_properties_clear(bindings->known);
	else if (subject == PW_ID_CORE && engine_binding_is_key(key))
		pw_properties_set(bindings->known, key, value);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

static void forget_metadata(struct engine_bindings *bindings)
{
	if (!bindings->metadata)
		return;
	spa_hook_remove(&bindings->metadata_listener);
	pw_proxy_destroy((struct pw_proxy *)bindings->metadata);
	bindings->metadata = NULL;
	bindings->is_synced = false;
	pw_properties_clear(bindings->known);
}

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct engine_bindings *bindings = userdata;
	const char *name = props ? spa_dict_lookup(props, PW_KEY_METADATA_NAME) : NULL;

	if (bindings->metadata || strcmp(type, PW_TYPE_INTERFACE_Metadata) != 0 || !name ||
	    strcmp(name, PL_METADATA) != 0)
		return;
	bindings->metadata = pw_registry_bind(bindings->registry, id, type, PW_VERSION_METADATA, 0);
	if (!bindings->metadata)
		return;
	bindings->metadata_id = id;
	pw_metadata_add_listener(bindings->metadata, &bindings->metadata_listener, &metadata_events,
				 bindings);
	/* Behind all that it has. */
	bindings->sync_seq = pw_core_sync(bindings->core, PW_ID_CORE, 0);
}

static void on_global_remove(void *userdata, uint32_t id)
{
	struct engine_bindings *bindings = userdata;

	if (bindings->metadata && bindings->metadata_id == id)
		forget_metadata(bindings);
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

static void on_core_done(void *userdata, uint32_t id, int seq)
{
	struct engine_bindings *bindings = userdata;

	if (!bindings->metadata || id != PW_ID_CORE || seq != bindings->sync_seq)
		return;
	bindings->is_synced = true;
	write_difference(bindings);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.done = on_core_done,
};

void engine_bindings_attach(struct engine_bindings *bindings, struct pw_core *core,
			    struct pw_registry *registry)
{
	bindings->core = core;
	bindings->registry = registry;
	pw_core_add_listener(core, &bindings->core_listener, &core_events, bindings);
	pw_registry_add_listener(registry, &bindings->registry_listener, &registry_events,
				 bindings);
}

void engine_bindings_detach(struct engine_bindings *bindings)
{
	if (!bindings || !bindings->core)
		return;
	forget_metadata(bindings);
	spa_hook_remove(&bindings->registry_listener);
	spa_hook_remove(&bindings->core_listener);
	bindings->core = NULL;
	bindings->registry = NULL;
}

/* --- life ------------------------------------------------------------------------------ */

int engine_bindings_new(struct engine_bindings **ret_bindings)
{
	struct engine_bindings *bindings;

	bindings = calloc(1, sizeof(*bindings));
	if (!bindings)
		return -ENOMEM;
	bindings->wanted = pw_properties_new(NULL, NULL);
	bindings->known = pw_properties_new(NULL, NULL);
	if (!bindings->wanted || !bindings->known) {
		engine_bindings_free(bindings);
		return -ENOMEM;
	}
	*ret_bindings = bindings;
	return 0;
}

struct engine_bindings *engine_bindings_free(struct engine_bindings *bindings)
{
	if (!bindings)
		return NULL;
	engine_bindings_detach(bindings);
	pw_properties_free(bindings->wanted);
	pw_properties_free(bindings->known);
	free(bindings);
	return NULL;
}
