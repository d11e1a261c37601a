/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include <pipewire/impl.h>
#include <pipewire/impl-metadata.h>

#include <partyline/keys.h>

#include "announce.h"
#include "bindings.h"

struct pl_bindings {
	struct pw_impl_metadata *metadata; /* NULL once it is destroyed */
	struct spa_hook metadata_listener;
	/* Of the process that exports it; else NULL */
	struct pw_proxy *proxy;
	struct pl_announcer *announcer;
};

static void on_metadata_destroy(void *data)
{
	struct pl_bindings *bindings = data;

	spa_hook_remove(&bindings->metadata_listener);
	bindings->metadata = NULL;
}

static const struct pw_impl_metadata_events metadata_events = {
	PW_VERSION_IMPL_METADATA_EVENTS,
	.destroy = on_metadata_destroy,
};

int pl_bindings_new(struct pw_context *context, struct pl_bindings **ret_bindings)
{
	struct pl_bindings *bindings;

	bindings = calloc(1, sizeof(*bindings));
	if (!bindings)
		return -ENOMEM;
	bindings->metadata = pw_context_create_metadata(context, PL_METADATA, NULL, 0);
	if (!bindings->metadata) {
		free(bindings);
		return -ENOMEM;
	}
	pw_impl_metadata_add_listener(bindings->metadata, &bindings->metadata_listener,
				      &metadata_events, bindings);
	*ret_bindings = bindings;
	return 0;
}

int pl_bindings_publish(struct pl_bindings *bindings, struct pw_core *core)
{
	const struct spa_dict props =
		SPA_DICT_ITEMS(SPA_DICT_ITEM(PW_KEY_METADATA_NAME, PL_METADATA));
	struct pw_metadata *metadata;
	int r;

	if (!bindings->metadata)
		return -ENOENT;
	if (!core)
		return pw_impl_metadata_register(bindings->metadata, NULL);
	metadata = pw_impl_metadata_get_implementation(bindings->metadata);
	bindings->proxy = pw_core_export(core, PW_TYPE_INTERFACE_Metadata, &props, metadata, 0);
	if (!bindings->proxy)
		return errno > 0 ? -errno : -EIO;
	r = pl_announcer_new(core, bindings->proxy, metadata, &bindings->announcer);
	if (r < 0)
		pl_bindings_withdraw(bindings);
	return r;
}

void pl_bindings_withdraw(struct pl_bindings *bindings)
{
	if (!bindings)
		return;
	pl_announcer_free(bindings->announcer);
	bindings->announcer = NULL;
	if (bindings->proxy)
		pw_proxy_destroy(bindings->proxy);
	bindings->proxy = NULL;
}

void pl_bindings_free(struct pl_bindings *bindings)
{
	if (!bindings)
		return;
	pl_bindings_withdraw(bindings);
	if (bindings->metadata)
		pw_impl_metadata_destroy(bindings->metadata);
	free(bindings);
}
