/* SPDX-License-Identifier: MIT */
#ifndef PL_PANEL_MESSAGE_H
#define PL_PANEL_MESSAGE_H

#include <stdint.h>

#include "body.h"
#include "claims.h"

/**
 * What a panel says on /ws/panel: one JSON object a message, its "type" says what is in it.
 *
 *	claim  tablet (null: the next free one), label, secret, take_over
 *	leave
 *	down   channel, priority (default 1)
 *	up     channel
 *	ping   id (default 0), comes back in the pong
 *
 * Thread: any; nothing is kept between calls.
 */

enum pl_panel_type {
	PL_PANEL_CLAIM,
	PL_PANEL_LEAVE,
	PL_PANEL_DOWN,
	PL_PANEL_UP,
	PL_PANEL_PING,
	PL_PANEL_TYPE_MAX_,
};

/** Longest message, bytes. */
#define PL_PANEL_MESSAGE_MAX 1024u

struct pl_panel_message {
	enum pl_panel_type type;
	struct pl_claim_request claim; /**< of CLAIM; borrows from the body */
	uint32_t channel_id;           /**< of DOWN and UP */
	uint32_t priority;             /**< of DOWN */
	uint32_t id;                   /**< of PING */
	struct pl_body body;
};

const char *pl_panel_type_name(enum pl_panel_type type);

/**
 * @param details      array that gets one element for each thing that is wrong
 * @param ret_message  pl_panel_message_done() frees it; untouched on an error
 * @return 0, -EINVAL with something added to details, -ENOMEM
 */
int pl_panel_message_read(const char *text, size_t size, struct json_object *details,
			  struct pl_panel_message *ret_message);
void pl_panel_message_done(struct pl_panel_message *message);

#endif
