/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "peer.h"

/* What a machine of the network announces: first its name, up to a NUL, then the TXT record as it
 * is on the wire. What comes of it is one peer, and JSON that can be read again. */

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const AvahiAddress address = {.proto = AVAHI_PROTO_INET6, .data = {.ipv6 = {{0xfe, 0x80}}}};
	struct json_object *peers = json_object_new_array(), *again;
	AvahiStringList *txt = NULL;
	char name[64] = "";
	size_t n = 0;

	while (n < size && data[n] && n < sizeof(name) - 1) {
		name[n] = (char)data[n];
		n++;
	}
	if (n < size && avahi_string_list_parse(data + n, size - n, &txt) < 0)
		txt = NULL;
	require(peers_add(peers, name, name, &address, 1, 1, txt, false) == 0);
	require(peers_add(peers, name, name, &address, 1, 1, txt, false) == 0);
	peers_sort(peers);
	require(json_object_array_length(peers) == 1);
	again = json_tokener_parse(
		json_object_to_json_string_ext(peers, JSON_C_TO_STRING_NOSLASHESCAPE));
	require(again && json_object_equal(again, peers));
	json_object_put(again);
	json_object_put(peers);
	avahi_string_list_free(txt);
	return 0;
}
