/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_CARD_H
#define PL_MODULE_CARD_H

#include <stdint.h>

#include <pipewire/context.h>
#include <pipewire/properties.h>
#include <spa/utils/dict.h>

/** PCM devices of one card that get a node, both directions counted. */
#define PL_CARD_PCMS_MAX 32u

/** A sound card that is plugged in, and the nodes of its PCM devices. */
struct pl_card;

struct pl_card_setup {
	struct pw_context *context;       /**< a server's */
	const struct pw_properties *more; /**< "alsa.props" */
	/** A node has failed: call pl_card_work() soon, not from here. */
	void (*on_trouble)(void *userdata);
	void *userdata;
};

/**
 * @param udev      what the ALSA monitor says of the card: api.alsa.path, device.bus-path …
 * @param ret_card  without nodes before the first pl_card_work(); free with pl_card_free()
 * @return 0 or -ENOMEM
 *
 * Thread: main.
 */
int pl_card_new(const struct pl_card_setup *setup, const struct spa_dict *udev,
		struct pl_card **ret_card);

/**
 * Make what is missing of the nodes and due: ask ALSA for the PCM devices, open them, remove those
 * that have failed. What fails (the card is busy, say) is told once in the log, naming the card,
 * and tried again after 1, 2, 4 … s.
 *
 * @param now_ns  CLOCK_MONOTONIC
 * @return when to call again, CLOCK_MONOTONIC ns; UINT64_MAX: not before pl_card_setup.on_trouble
 *
 * Thread: main.
 */
uint64_t pl_card_work(struct pl_card *card, uint64_t now_ns);

/** For logs: the card's id, or its number while that is not known. */
const char *pl_card_get_name(const struct pl_card *card);

/** Destroys its nodes; NULL is fine. */
void pl_card_free(struct pl_card *card);

#endif
