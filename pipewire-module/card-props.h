/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_CARD_PROPS_H
#define PL_MODULE_CARD_PROPS_H

#include <stdbool.h>
#include <stdint.h>

#include <pipewire/properties.h>
#include <spa/utils/dict.h>

/** library.name of PipeWire's ALSA factories, below SPA_PLUGIN_DIR */
#define PL_CARD_SPA_LIBRARY "alsa/libspa-alsa"

/** One direction of one PCM device of a sound card. */
struct pl_card_pcm_id {
	const char *card_id; /**< ALSA's, for example "USB" */
	uint32_t device;     /**< number of the PCM device, from 0 */
	bool is_playback;
};

/**
 * Write the node's name, alsa_input.partyline.CARD.DEVICE or alsa_output.…, the same wherever and
 * whenever the card is plugged in. What is no letter, digit, "-" or "_" in the card's id becomes
 * "_".
 *
 * @return as snprintf()
 *
 * Thread: any.
 */
int pl_card_node_name(const struct pl_card_pcm_id *pcm, char *ret_name, size_t size);

/**
 * Properties of the node of a PCM device, for the factory "adapter".
 *
 * @param card  what udev and ALSA say of the card: api.alsa.card.id, .name …, device.bus-path …
 * @param dict  what ALSA says of the PCM device: api.alsa.pcm.card, .name …
 * @param more  from the configuration; goes before all but name, role, media class and path
 * @return owned by the caller; NULL: out of memory
 *
 * Thread: any.
 */
struct pw_properties *pl_card_node_props(const struct pl_card_pcm_id *pcm,
					 const struct spa_dict *card, const struct spa_dict *dict,
					 const struct spa_dict *more);

/**
 * Seconds until the next try after n_failures in a row, 1, 2, 4 …: at most 60 when other programs
 * have the card, which costs nothing to ask; 3600 when it is broken, and PipeWire's plugins fill
 * the log with each try.
 *
 * Thread: any.
 */
uint32_t pl_card_backoff_s(uint32_t n_failures, bool is_busy);

#endif
