/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "pltest.h"
#include "sap-list.h"
#include "sdp.h"

#define HOUR_USEC (UINT64_C(3600) * 1000000u)

struct said {
	char text[1024];
	struct pl_sap_packet packet;
	struct lookup_address from;
};

/** Session `id` in its version, as the host .`host` says it. */
static void say(struct said *said, uint64_t id, uint64_t version, unsigned host)
{
	struct pl_sdp sdp = {
		.session_id = id,
		.session_version = version,
		.address = "239.1.2.3",
		.ttl = 1,
		.port = 5004,
		.payload_type = 96,
		.n_channels = 1,
		.is_opus = true,
		.way = PL_STREAM_SEND,
		.cipher = PL_CIPHER_NONE,
	};
	char address[32];
	int n;

	snprintf(address, sizeof(address), "192.0.2.%u", host);
	snprintf(sdp.origin, sizeof(sdp.origin), "%s", address);
	snprintf(sdp.name, sizeof(sdp.name), "session %u", (unsigned)id);
	n = pl_sdp_write(&sdp, said->text, sizeof(said->text));
	PL_EXPECT(n > 0);
	lookup_numeric(address, PL_SAP_PORT, &said->from);
	said->packet = (struct pl_sap_packet){
		.source = {192, 0, 2, (uint8_t)host},
		.hash = pl_sap_hash(said->text, (size_t)n),
		.sdp = said->text,
		.sdp_size = (size_t)n,
	};
}

PL_TEST(announced_and_taken_back)
{
	struct sap_list *list = calloc(1, sizeof(*list));
	struct said one, two;
	struct lookup_address stranger;

	say(&one, 1, 1, 1);
	say(&two, 2, 1, 2);
	sap_list_take(list, &one.packet, &one.from, 0);
	sap_list_take(list, &one.packet, &one.from, 1);
	PL_EXPECT(list->n == 1);
	PL_EXPECT(strcmp(list->sessions[0].name, "session 1") == 0);
	PL_EXPECT(strcmp(list->sessions[0].host, "239.1.2.3") == 0);
	PL_EXPECT(list->sessions[0].port == 5004);
	PL_EXPECT(list->sessions[0].is_opus);
	sap_list_take(list, &two.packet, &two.from, 2);
	PL_EXPECT(list->n == 2);

	/* nobody takes back what is another's */
	lookup_numeric("192.0.2.66", PL_SAP_PORT, &stranger);
	one.packet.is_deletion = true;
	sap_list_take(list, &one.packet, &stranger, 3);
	PL_EXPECT(list->n == 2);
	sap_list_take(list, &one.packet, &one.from, 3);
	PL_EXPECT(list->n == 1);
	PL_EXPECT(strcmp(list->sessions[0].name, "session 2") == 0);
	free(list);
}

PL_TEST(a_new_version_takes_the_place)
{
	struct sap_list *list = calloc(1, sizeof(*list));
	struct said one, two;

	say(&one, 1, 1, 1);
	say(&two, 1, 2, 1);
	PL_EXPECT(one.packet.hash != two.packet.hash);
	sap_list_take(list, &one.packet, &one.from, 0);
	sap_list_take(list, &two.packet, &two.from, 1);
	PL_EXPECT(list->n == 1);
	PL_EXPECT(strcmp(list->sessions[0].sdp, two.text) == 0);
	free(list);
}

PL_TEST(who_is_silent_for_an_hour_is_forgotten)
{
	struct sap_list *list = calloc(1, sizeof(*list));
	struct said one, two;

	say(&one, 1, 1, 1);
	say(&two, 2, 1, 2);
	sap_list_take(list, &one.packet, &one.from, 0);
	sap_list_take(list, &two.packet, &two.from, HOUR_USEC / 2);
	sap_list_forget(list, HOUR_USEC);
	PL_EXPECT(list->n == 2);
	sap_list_forget(list, HOUR_USEC + 1u);
	PL_EXPECT(list->n == 1);
	PL_EXPECT(strcmp(list->sessions[0].name, "session 2") == 0);
	free(list);
}

PL_TEST(a_flood_has_an_end)
{
	struct sap_list *list = calloc(1, sizeof(*list));
	struct said said;

	for (unsigned i = 0; i < 3 * SAP_LIST_MAX; i++) {
		say(&said, i, 1, 1u + i % 200u);
		sap_list_take(list, &said.packet, &said.from, i);
	}
	PL_EXPECT(list->n == SAP_LIST_MAX);
	/* the newest are there */
	for (size_t i = 0; i < list->n; i++)
		PL_EXPECT(list->heard[i].usec >= 2u * SAP_LIST_MAX);
	free(list);
}

PL_TEST(what_is_no_text_is_passed_over)
{
	struct sap_list *list = calloc(1, sizeof(*list));
	struct said said;

	say(&said, 1, 1, 1);
	*strstr(said.text, "session") = '\xff';
	sap_list_take(list, &said.packet, &said.from, 0);
	PL_EXPECT(list->n == 0);
	say(&said, 1, 1, 1);
	said.packet.sdp_size = 20;
	sap_list_take(list, &said.packet, &said.from, 0);
	PL_EXPECT(list->n == 0);
	free(list);
}

PL_TEST_MAIN()
