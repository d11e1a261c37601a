/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "echostream-link.h"
#include "fuzz.h"

/* What a server says: first to a reader, then to a link in the middle of a conversation, which can go
 * on whatever it was. */

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_it(const char *text, size_t size)
{
	struct pl_echo_message message = {.kind = PL_ECHO_UNKNOWN};
	char reason[128] = "";

	if (pl_echo_message_read(text, size, &message, reason, sizeof(reason)) < 0) {
		require(reason[0] && !message.tree);
		return;
	}
	require(pl_echo_message_users(&message, "555") <= size);
	if (message.kind == PL_ECHO_CONFIG)
		require(message.config.udp_port > 0 && message.config.udp_host[0] &&
			strnlen(message.config.websocket_id, PL_ECHO_ID_MAX) < PL_ECHO_ID_MAX);
	pl_echo_message_done(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pl_echo_identity identity = {"1", "name", "agency", "555"};
	static char text[PL_ECHO_WRITE_MAX];
	struct pl_echo_link *link;
	char reason[128];
	size_t length;
	int r;

	read_it((const char *)data, size);
	require(pl_echo_link_new(size, &link) == 0);
	require(pl_echo_link_join(link, &identity, 0) == 0);
	require(pl_echo_link_next(link, 0, 0, text, &length) == PL_ECHO_DO_CONNECT);
	pl_echo_link_opened(link, 0);
	r = pl_echo_link_message(link, (const char *)data, size, reason, sizeof(reason));
	require((r > 0 && r & (int)PL_ECHO_CHANGED_CONFIG) == (pl_echo_link_config(link) != NULL));
	pl_echo_link_transmit(link, 0, true);
	require(pl_echo_link_next(link, 0, 0, text, &length) == PL_ECHO_DO_SEND);
	require(pl_echo_link_next(link, 0, 0, text, &length) == PL_ECHO_DO_SEND);
	pl_echo_link_free(link);
	return 0;
}
