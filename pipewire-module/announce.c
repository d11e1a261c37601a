/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include <pipewire/array.h>
#include <pipewire/log.h>
#include <pipewire/proxy.h>
#include <spa/utils/string.h>

#include "announce.h"

struct change {
	uint32_t subject;
	char *key; /* NULL: all of the subject are gone */
	char *type;
	char *value; /* NULL: gone */
};

struct pl_announcer {
	struct pw_core *core;
	struct pw_proxy *proxy;
	struct spa_hook core_listener;
	struct spa_hook metadata_listener;

	struct pw_array changes; /* of struct change: not yet known to have been told to everyone */
	int sync_seq;            /* of the sync that was sent after them */
	bool is_disturbed;       /* a client was being bound since then */
};

static void change_clear(struct change *change)
{
	free(change->key);
	free(change->type);
	free(change->value);
}

static void changes_clear(struct pl_announcer *announcer)
{
	struct change *change;

	pw_array_for_each(change, &announcer->changes) change_clear(change);
	pw_array_reset(&announcer->changes);
}

/* What a newer change says of the same need not be told again. */
static void changes_forget(struct pl_announcer *announcer, uint32_t subject, const char *key)
{
	struct change *change = pw_array_first(&announcer->changes);

	while (pw_array_check(&announcer->changes, change)) {
		if (change->subject == subject && (!key || spa_streq(change->key, key))) {
			change_clear(change);
			pw_array_remove(&announcer->changes, change);
		} else {
			change++;
		}
	}
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* The proxy has been told of it before: its listener is the older one. */
static int on_property(void *data, uint32_t subject, const char *key, const char *type,
		       const char *value)
{
	struct pl_announcer *announcer = data;
	struct change *change;

	/* Who was bound until now is, by the answer to his ping, before the server hears of this. */
	if (pw_array_get_len(&announcer->changes, struct change) == 0)
		announcer->is_disturbed = false;
	changes_forget(announcer, subject, key);
	change = pw_array_add(&announcer->changes, sizeof(*change));
	if (!change)
		return -ENOMEM;
	*change = (struct change){subject, copy(key), copy(type), copy(value)};
	announcer->sync_seq = pw_core_sync(announcer->core, PW_ID_CORE, 0);
	return 0;
}

static const struct pw_metadata_events metadata_events = {
	PW_VERSION_METADATA_EVENTS,
	.property = on_property,
};

/* As the object that it exports would tell it. */
static void tell_again(struct pl_announcer *announcer)
{
	const struct spa_interface *exported = (struct spa_interface *)announcer->proxy;
	const struct pw_metadata_events *events = exported->cb.funcs;
	const struct change *change;

	pw_array_for_each(change, &announcer->changes) events->property(
		exported->cb.data, change->subject, change->key, change->type, change->value);
	announcer->sync_seq = pw_core_sync(announcer->core, PW_ID_CORE, 0);
}

static void on_core_ping(void *data, uint32_t id, int seq)
{
	struct pl_announcer *announcer = data;

	if (id == pw_proxy_get_id(announcer->proxy))
		announcer->is_disturbed = true;
}

static void on_core_done(void *data, uint32_t id, int seq)
{
	struct pl_announcer *announcer = data;
	bool was_disturbed = announcer->is_disturbed;

	if (id != PW_ID_CORE || seq != announcer->sync_seq)
		return;
	announcer->is_disturbed = false;
	if (was_disturbed && pw_array_get_len(&announcer->changes, struct change) > 0)
		tell_again(announcer);
	else
		changes_clear(announcer);
}

static const struct pw_core_events core_events = {
	PW_VERSION_CORE_EVENTS,
	.ping = on_core_ping,
	.done = on_core_done,
};

int pl_announcer_new(struct pw_core *core, struct pw_proxy *proxy, struct pw_metadata *metadata,
		     struct pl_announcer **ret_announcer)
{
	struct pl_announcer *announcer;

	announcer = calloc(1, sizeof(*announcer));
	if (!announcer)
		return -ENOMEM;
	announcer->core = core;
	announcer->proxy = proxy;
	pw_array_init(&announcer->changes, 16 * sizeof(struct change));
	pw_core_add_listener(core, &announcer->core_listener, &core_events, announcer);
	pw_metadata_add_listener(metadata, &announcer->metadata_listener, &metadata_events,
				 announcer);
	*ret_announcer = announcer;
	return 0;
}

void pl_announcer_free(struct pl_announcer *announcer)
{
	if (!announcer)
		return;
	spa_hook_remove(&announcer->metadata_listener);
	spa_hook_remove(&announcer->core_listener);
	changes_clear(announcer);
	pw_array_clear(&announcer->changes);
	free(announcer);
}
