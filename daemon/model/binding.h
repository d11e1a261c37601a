/* SPDX-License-Identifier: MIT */
#ifndef PL_BINDING_H
#define PL_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include <partyline/keys.h>

/**
 * What a channel or tablet is plugged into: a sound card by a name that survives unplugging, in
 * one of the three ways of partyline/keys.h. Whether such a card is there is not a question here.
 */

/** With the terminator: udev's ID_SERIAL may be long */
#define PL_DEVICE_NAME_MAX 256u
/** ALSA's card ids; a letter, digit, '_' or '-' each */
#define PL_CARD_ID_MAX 15u
/** Number of a PCM device */
#define PL_PCM_DEVICE_MAX 255u

struct pl_binding {
	char device[PL_DEVICE_NAME_MAX]; /**< as pl_device_name_read() writes it; "" = not bound */
	uint32_t port;                   /**< 0 = all, 1..PL_BINDING_PORT_MAX; 0 when not bound */
};

/** Seen from the card: capture goes into the intercom, playback comes out of it. */
enum pl_direction { PL_CAPTURE, PL_PLAYBACK, PL_DIRECTION_MAX_ };

/**
 * Read a device's name: "card:ID", "path:BUSPATH" or "serial:SERIAL", with ",DEV" or without.
 *
 * @param ret_name    the same name in its one full form, with ",DEV": two names of the same kind
 *                    mean the same device when they are the same text
 * @param ret_reason  a literal: what is wrong, on -EINVAL; may be NULL
 * @return 0, or -EINVAL; *ret_name is untouched then
 */
int pl_device_name_read(const char *text, char ret_name[PL_DEVICE_NAME_MAX],
			const char **ret_reason);

/**
 * Name a device that is there. @param by one of PL_BINDING_BY_*
 * @return 0, or -EINVAL when no valid name comes of it; then *ret_name is ""
 */
int pl_device_name_make(const char *by, const char *value, uint32_t pcm_device,
			char ret_name[PL_DEVICE_NAME_MAX]);

bool pl_binding_equal(const struct pl_binding *a, const struct pl_binding *b);

static inline bool pl_binding_is_set(const struct pl_binding *binding)
{
	return binding->device[0] != '\0';
}

/** "capture" or "playback" */
const char *pl_direction_name(enum pl_direction direction);
/** @return 0, or -EINVAL for another word */
int pl_direction_from_name(const char *name, enum pl_direction *ret_direction);

#endif
