/* SPDX-License-Identifier: MIT */
#ifndef PL_MODULE_CARDS_H
#define PL_MODULE_CARDS_H

#include <stddef.h>

#include <pipewire/context.h>
#include <pipewire/properties.h>

/** Sound cards that get nodes. */
#define PL_CARDS_MAX 32u

/**
 * The machine's sound cards as nodes of the server, and the timer that drives them.
 *
 * The nodes are the server's own: they come and go with the plug, and neither the daemon nor
 * WirePlumber takes part. A timer of the highest priority drives the group PL_NODE_GROUP and what
 * is linked to it; a card follows with its own rate matching, so that none that is unplugged ever
 * takes the clock of the others along.
 */
struct pl_cards;

/**
 * Begin to watch, and make nodes for the cards that are there.
 *
 * @param context     a server's; borrowed until pl_cards_free()
 * @param more        "alsa.props"; borrowed likewise
 * @param ret_cards   free with pl_cards_free()
 * @param ret_reason  on error: what is missing
 * @return 0, -ENOENT when a plugin or module of PipeWire is missing, or what it says
 *
 * Thread: main. A card that cannot be opened is no error; it is tried again.
 */
int pl_cards_new(struct pw_context *context, const struct pw_properties *more,
		 struct pl_cards **ret_cards, char *ret_reason, size_t reason_size);

/** NULL is fine. */
void pl_cards_free(struct pl_cards *cards);

#endif
