/* SPDX-License-Identifier: MIT */
#include "binding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

static const char *const direction_names[PL_DIRECTION_MAX_] = {
	[PL_CAPTURE] = "capture",
	[PL_PLAYBACK] = "playback",
};

static int refuse(const char **ret_reason, const char *reason)
{
	if (ret_reason)
		*ret_reason = reason;
	return -EINVAL;
}

static const char *kind_of(const char *text)
{
	static const char *const kinds[] = {PL_BINDING_BY_CARD, PL_BINDING_BY_PATH,
					    PL_BINDING_BY_SERIAL};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(text, kinds[i], strlen(kinds[i])) == 0)
			return kinds[i];
	return NULL;
}

static bool is_card_id(const char *text, size_t n)
{
	if (n == 0 || n > PL_CARD_ID_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '_' && c != '-')
			return false;
	}
	return true;
}

/** "0" to "255", no sign, no leading zero */
static int read_pcm_device(const char *text, uint32_t *ret_device)
{
	uint32_t device = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		device = device * 10u + (uint32_t)(*text - '0');
		if (device > PL_PCM_DEVICE_MAX)
			return -EINVAL;
	}
	*ret_device = device;
	return 0;
}

int pl_device_name_read(const char *text, char ret_name[PL_DEVICE_NAME_MAX],
			const char **ret_reason)
{
	const char *kind = kind_of(text), *comma = strrchr(text, ',');
	char name[PL_DEVICE_NAME_MAX];
	size_t n_kind, n_value;
	uint32_t device = 0;
	int n;

	if (strnlen(text, PL_DEVICE_NAME_MAX) >= PL_DEVICE_NAME_MAX)
		return refuse(ret_reason, "the name of a device has at most 255 bytes");
	if (!pl_utf8_is_plain(text))
		return refuse(ret_reason,
			      "the name of a device is UTF-8 text without control characters");
	if (!kind)
		return refuse(
			ret_reason,
			"a device is named card:ID, path:BUSPATH or serial:SERIAL, each with "
			",DEV or without; \"partylinectl devices\" lists those that are there");
	if (comma && read_pcm_device(comma + 1, &device) < 0)
		return refuse(ret_reason,
			      "behind the comma stands the number of the PCM device, 0 to 255");
	n_kind = strlen(kind);
	n_value = (comma ? (size_t)(comma - text) : strlen(text)) - n_kind;
	if (strcmp(kind, PL_BINDING_BY_CARD) == 0 && !is_card_id(text + n_kind, n_value))
		return refuse(ret_reason, "ALSA's card ids are 1 to 15 letters, digits, - and _");
	if (n_value == 0)
		return refuse(ret_reason, "behind the colon stands what names the device");
	n = snprintf(name, sizeof(name), "%.*s,%u", (int)(n_kind + n_value), text, device);
	if (n < 0 || (size_t)n >= sizeof(name))
		return refuse(ret_reason, "the name of a device has at most 255 bytes");
	memset(ret_name, 0, PL_DEVICE_NAME_MAX);
	memcpy(ret_name, name, (size_t)n);
	return 0;
}

int pl_device_name_make(const char *by, const char *value, uint32_t pcm_device,
			char ret_name[PL_DEVICE_NAME_MAX])
{
	char text[PL_DEVICE_NAME_MAX];
	int n;

	memset(ret_name, 0, PL_DEVICE_NAME_MAX);
	n = snprintf(text, sizeof(text), "%s%s,%u", by, value, pcm_device);
	if (value[0] == '\0' || n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;
	return pl_device_name_read(text, ret_name, NULL);
}

bool pl_binding_equal(const struct pl_binding *a, const struct pl_binding *b)
{
	return a->port == b->port && strcmp(a->device, b->device) == 0;
}

const char *pl_direction_name(enum pl_direction direction)
{
	return (unsigned)direction < PL_DIRECTION_MAX_ ? direction_names[direction] : NULL;
}

int pl_direction_from_name(const char *name, enum pl_direction *ret_direction)
{
	for (unsigned i = 0; i < PL_DIRECTION_MAX_; i++) {
		if (strcmp(name, direction_names[i]) != 0)
			continue;
		*ret_direction = (enum pl_direction)i;
		return 0;
	}
	return -EINVAL;
}
