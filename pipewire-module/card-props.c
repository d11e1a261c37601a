/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <pipewire/keys.h>
#include <spa/support/plugin.h>
#include <spa/utils/keys.h>
#include <spa/utils/names.h>
#include <spa/utils/string.h>

#include <partyline/keys.h>

#include "card-props.h"

#define BACKOFF_BUSY_MAX_S 60u
#define BACKOFF_BROKEN_MAX_S 3600u
#define NODE_NAME_MAX 128

/* ctype.h would ask the locale. */
static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

int pl_card_node_name(const struct pl_card_pcm_id *pcm, char *ret_name, size_t size)
{
	const char *format =
		pcm->is_playback ? PL_NODE_CARD_PLAYBACK_FMT : PL_NODE_CARD_CAPTURE_FMT;
	char id[64];

	snprintf(id, sizeof(id), "%s", pcm->card_id);
	for (char *c = id; *c; c++)
		if (!is_name_character(*c))
			*c = '_';
	return snprintf(ret_name, size, format, id, pcm->device);
}

/* What a session manager would say of the card too, and what a binding is matched with. */
static void copy_card(struct pw_properties *props, const struct spa_dict *card)
{
	const struct spa_dict_item *item;

	spa_dict_for_each (item, card) {
		if (spa_streq(item->key, PW_KEY_DEVICE_API) ||
		    spa_streq(item->key, "device.enum.api"))
			continue;
		if (spa_strstartswith(item->key, "device.") ||
		    spa_strstartswith(item->key, SPA_KEY_API_ALSA_CARD "."))
			pw_properties_set(props, item->key, item->value);
	}
}

static void set_description(struct pw_properties *props, const struct pl_card_pcm_id *pcm,
			    const struct spa_dict *card, const struct spa_dict *dict)
{
	const char *name = spa_dict_lookup(card, SPA_KEY_API_ALSA_CARD_NAME);
	const char *pcm_name = spa_dict_lookup(dict, SPA_KEY_API_ALSA_PCM_NAME);

	if (!name || !name[0])
		name = pcm->card_id;
	pw_properties_set(props, PW_KEY_NODE_NICK, name);
	if (pcm_name && spa_strstartswith(pcm_name, name))
		pw_properties_set(props, PW_KEY_NODE_DESCRIPTION, pcm_name);
	else if (pcm_name && pcm_name[0])
		pw_properties_setf(props, PW_KEY_NODE_DESCRIPTION, "%s %s", name, pcm_name);
	else
		pw_properties_set(props, PW_KEY_NODE_DESCRIPTION, name);
}

/** Samples that a card has ready beyond a quantum. PipeWire's 32 are less than the steps in which a
 * card driven by the kernel's tick counts (48 at 48 kHz): then a block is skipped now and again. */
#define HEADROOM "64"

static void set_policy(struct pw_properties *props)
{
	/* The timer drives; a card follows with a rate of its own. Below 1 it is never taken for
	 * the driver of others. */
	pw_properties_set(props, PW_KEY_PRIORITY_DRIVER, "0");
	pw_properties_set(props, PW_KEY_PRIORITY_SESSION, "-1");
	pw_properties_set(props, "api.alsa.headroom", HEADROOM);
	/* WirePlumber neither configures the node anew when it starts, which would cost samples, nor
	 * links a stream to it. */
	pw_properties_set(props, "wireplumber.is-virtual", "true");
}

struct pw_properties *pl_card_node_props(const struct pl_card_pcm_id *pcm,
					 const struct spa_dict *card, const struct spa_dict *dict,
					 const struct spa_dict *more)
{
	struct pw_properties *props = pw_properties_new(NULL, NULL);
	char name[NODE_NAME_MAX];

	if (!props)
		return NULL;
	copy_card(props, card);
	pw_properties_update(props, dict);
	pw_properties_set(props, SPA_KEY_OBJECT_PATH, NULL);
	set_description(props, pcm, card, dict);
	pw_properties_set(props, SPA_KEY_API_ALSA_CARD_ID, pcm->card_id);
	pw_properties_setf(props, "alsa.device", "%u", pcm->device);
	pw_properties_set(props, "alsa.card", pw_properties_get(props, SPA_KEY_API_ALSA_PCM_CARD));
	set_policy(props);

	pw_properties_update(props, more);

	pl_card_node_name(pcm, name, sizeof(name));
	pw_properties_set(props, PW_KEY_NODE_NAME, name);
	pw_properties_set(props, PW_KEY_MEDIA_CLASS,
			  pcm->is_playback ? "Audio/Sink" : "Audio/Source");
	pw_properties_set(props, PW_KEY_DEVICE_API, "alsa");
	pw_properties_set(props, SPA_KEY_FACTORY_NAME,
			  pcm->is_playback ? SPA_NAME_API_ALSA_PCM_SINK
					   : SPA_NAME_API_ALSA_PCM_SOURCE);
	pw_properties_set(props, SPA_KEY_LIBRARY_NAME, PL_CARD_SPA_LIBRARY);
	/* By its id: numbers are given anew with each plugging in. */
	pw_properties_setf(props, SPA_KEY_API_ALSA_PATH, "hw:%s,%u", pcm->card_id, pcm->device);
	pw_properties_set(props, PL_KEY_ROLE, PL_ROLE_CARD);
	return props;
}

uint32_t pl_card_backoff_s(uint32_t n_failures, bool is_busy)
{
	const uint32_t max_s = is_busy ? BACKOFF_BUSY_MAX_S : BACKOFF_BROKEN_MAX_S;
	uint32_t wait_s = 1;

	while (n_failures > 1 && wait_s < max_s) {
		wait_s *= 2;
		n_failures--;
	}
	return SPA_MIN(wait_s, max_s);
}
