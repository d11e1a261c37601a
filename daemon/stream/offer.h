/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_OFFER_H
#define PL_STREAM_OFFER_H

#include "gateway-def.h"

/**
 * The session description of a stream: what another program needs to take it up.
 * Where it goes to, and of one that only receives, where it is awaited.
 *
 * @param version  grows whenever the description changes, RFC 8866 5.2
 * @return length; -ENOSPC; -EINVAL: a text in it cannot be written
 */
int stream_offer(const struct pl_stream_def *def, uint64_t version, bool with_key, char *ret_text,
		 size_t size);

#endif
