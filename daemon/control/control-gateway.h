/* SPDX-License-Identifier: MIT */
#ifndef PL_CONTROL_GATEWAY_INTERNAL_H
#define PL_CONTROL_GATEWAY_INTERNAL_H

#include "control-internal.h"

/** Only for the files of daemon/control. */

/**
 * What a configuration's definitions and the kept ones make together; those that do not fit are
 * left out and told in *ret_trouble.
 *
 * @param ret_active  done by the caller
 * @return 0 or -ENOMEM
 */
int control_gateway_build(const struct pl_control *control, const struct pl_gateway *configured,
			  const struct pl_gateway_kept *kept, struct pl_gateway *ret_active,
			  char *ret_trouble, size_t size);

/**
 * Go over to other definitions: hand them to the parts, tell. Takes *active and *kept on success
 * (kept may be NULL: stays).
 *
 * @return 0, or -ENOMEM and the like of a part; nothing has changed then
 */
int control_gateway_switch(struct pl_control *control, const struct pl_actor *actor,
			   struct pl_gateway *active, struct pl_gateway_kept *kept,
			   const char *trouble, struct pl_error *ret_error);

void control_gateway_done(struct pl_control *control);
/** @return 0, -ENOENT: it is not in the history, or -ENOMEM */
int control_gateway_find_record(struct pl_control *control, const char *message_id,
				struct pl_page_record *ret_record);
/** Talk keys have changed. */
void control_gateway_keys_changed(struct pl_control *control);
/** One of a type, about one stream, line or page. */
void control_gateway_emit(struct pl_control *control, const struct pl_actor *actor,
			  enum pl_event_type type, const char *id);

#endif
