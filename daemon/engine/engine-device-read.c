/* SPDX-License-Identifier: MIT */
#include "engine-devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/keys.h>
#include <spa/utils/keys.h>

#include "utf8.h"

/** How libspa-alsa names the nodes of its card profiles: "alsa:acp:ID:INDEX:playback" */
#define ACP_PATH "alsa:acp:"

struct source {
	const struct spa_dict *node, *device;
};

/** The node's own word, else its device's. @return NULL for none, or an empty one */
static const char *lookup(const struct source *source, const char *key)
{
	const char *value = spa_dict_lookup(source->node, key);

	if ((!value || !value[0]) && source->device)
		value = spa_dict_lookup(source->device, key);
	return value && value[0] ? value : NULL;
}

/** Our own channels and tablets are none; a card that the module made is one. */
static bool is_card(const struct source *source)
{
	const char *role = spa_dict_lookup(source->node, PL_KEY_ROLE);
	const char *api = lookup(source, PW_KEY_DEVICE_API);

	if (role && strcmp(role, PL_ROLE_CARD) != 0)
		return false;
	return lookup(source, SPA_KEY_API_ALSA_CARD_ID) || lookup(source, "alsa.card") ||
	       (api && strncmp(api, "alsa", 4) == 0);
}

/** A node of a card profile has the PCM's id in alsa.id; its card's is in its path. */
static void read_card(const struct source *source, uint32_t pcm, struct pl_device *ret_device)
{
	const char *id = lookup(source, SPA_KEY_API_ALSA_CARD_ID);
	const char *path = spa_dict_lookup(source->node, SPA_KEY_OBJECT_PATH);
	char of_path[PL_CARD_ID_MAX + 1];

	if (!id && path && strncmp(path, ACP_PATH, strlen(ACP_PATH)) == 0) {
		path += strlen(ACP_PATH);
		snprintf(of_path, sizeof(of_path), "%.*s", (int)strcspn(path, ":"), path);
		id = of_path;
	}
	if (!id)
		id = lookup(source, "alsa.id");
	if (id)
		pl_device_name_make(PL_BINDING_BY_CARD, id, pcm, ret_device->card);
}

/** What does not fit or is no text for people is cut or becomes '?'. */
static void copy_description(const char *text, char ret_text[PL_DEVICE_DESCRIPTION_MAX])
{
	size_t size = strlen(text), n_out = 0, n;
	uint32_t code;

	for (; size > 0; text += n, size -= n) {
		n = pl_utf8_read(text, size, &code);
		if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			n = n ? n : 1;
			if (n_out + 1 < PL_DEVICE_DESCRIPTION_MAX)
				ret_text[n_out++] = '?';
			continue;
		}
		if (n_out + n >= PL_DEVICE_DESCRIPTION_MAX)
			break;
		memcpy(ret_text + n_out, text, n);
		n_out += n;
	}
	ret_text[n_out] = '\0';
}

static bool read_direction(const struct source *source, enum pl_direction *ret_direction)
{
	const char *class = spa_dict_lookup(source->node, PW_KEY_MEDIA_CLASS);

	if (class && strcmp(class, "Audio/Source") == 0)
		*ret_direction = PL_CAPTURE;
	else if (class && strcmp(class, "Audio/Sink") == 0)
		*ret_direction = PL_PLAYBACK;
	else
		return false;
	return true;
}

bool engine_device_read(const struct spa_dict *node, const struct spa_dict *device,
			struct pl_device *ret_device)
{
	struct source source = {.node = node, .device = device};
	struct pl_device d = {0};
	const char *text;
	uint32_t pcm;

	if (!read_direction(&source, &d.direction) || !is_card(&source))
		return false;
	text = lookup(&source, SPA_KEY_API_ALSA_PCM_DEVICE);
	if (!text)
		text = lookup(&source, "alsa.device");
	pcm = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	read_card(&source, pcm, &d);
	text = lookup(&source, PW_KEY_DEVICE_BUS_PATH);
	if (text)
		pl_device_name_make(PL_BINDING_BY_PATH, text, pcm, d.path);
	text = lookup(&source, PW_KEY_DEVICE_SERIAL);
	if (text)
		pl_device_name_make(PL_BINDING_BY_SERIAL, text, pcm, d.serial);
	if (!d.card[0] && !d.path[0] && !d.serial[0])
		return false;
	text = lookup(&source, PW_KEY_NODE_DESCRIPTION);
	if (!text)
		text = lookup(&source, PW_KEY_NODE_NAME);
	copy_description(text ? text : "", d.description);
	*ret_device = d;
	return true;
}
