/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include "peer.h"

static AvahiAddress address_of(const char *text)
{
	AvahiAddress address = {0};

	avahi_address_parse(text, AVAHI_PROTO_UNSPEC, &address);
	return address;
}

static int add(struct json_object *peers, const char *name, const char *host, const char *address,
	       AvahiStringList *txt)
{
	AvahiAddress parsed = address_of(address);

	return peers_add(peers, name, host, &parsed, 1, 8000, txt, false);
}

static const char *text_of(struct json_object *peers, size_t i, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(json_object_array_get_idx(peers, i), key, &value);
	return value ? json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
								     JSON_C_TO_STRING_NOSLASHESCAPE)
		     : "null";
}

PL_TEST(answers_of_one_machine_are_one_peer)
{
	struct json_object *peers = json_object_new_array();
	AvahiStringList *txt = avahi_string_list_new("tls=1", "path=/x", "channels=4", "tablets=16",
						     "version=1.2.3", "id=ab", NULL);

	PL_CHECK_INT(add(peers, "b", "b.local", "fe80::1", txt), 0);
	PL_CHECK_STR(text_of(peers, 0, "url"), "\"https://[fe80::1%25lo]:8000/x\"");
	PL_CHECK_INT(add(peers, "b", "b.local", "2001:db8::1", txt), 0);
	PL_CHECK_STR(text_of(peers, 0, "url"), "\"https://[2001:db8::1]:8000/x\"");
	PL_CHECK_INT(add(peers, "b", "b.local", "192.0.2.1", txt), 0);
	PL_CHECK_INT(add(peers, "b", "b.local", "2001:db8::1", txt), 0);
	PL_CHECK_INT(add(peers, "b", "other.local", "192.0.2.2", txt), 0);
	PL_CHECK_INT(add(peers, "a", "a.local", "192.0.2.3", txt), 0);
	peers_sort(peers);
	PL_CHECK_INT(json_object_array_length(peers), 3);
	PL_CHECK_STR(text_of(peers, 0, "name"), "\"a\"");
	PL_CHECK_STR(text_of(peers, 1, "url"), "\"https://192.0.2.1:8000/x\"");
	PL_CHECK_STR(text_of(peers, 1, "addresses"),
		     "[\"fe80::1%lo\",\"2001:db8::1\",\"192.0.2.1\"]");
	PL_CHECK_STR(text_of(peers, 1, "tls"), "true");
	PL_CHECK_STR(text_of(peers, 1, "channels"), "4");
	PL_CHECK_STR(text_of(peers, 1, "tablets"), "16");
	PL_CHECK_STR(text_of(peers, 1, "version"), "\"1.2.3\"");
	PL_CHECK_STR(text_of(peers, 1, "id"), "\"ab\"");
	avahi_string_list_free(txt);
	json_object_put(peers);
}

PL_TEST(what_is_not_told_is_null)
{
	struct json_object *peers = json_object_new_array();

	PL_CHECK_INT(add(peers, "b", "b.local", "192.0.2.1", NULL), 0);
	PL_CHECK_STR(text_of(peers, 0, "version"), "null");
	PL_CHECK_STR(text_of(peers, 0, "channels"), "null");
	PL_CHECK_STR(text_of(peers, 0, "id"), "null");
	PL_CHECK_STR(text_of(peers, 0, "tls"), "false");
	PL_CHECK_STR(text_of(peers, 0, "url"), "\"http://192.0.2.1:8000/\"");
	json_object_put(peers);
}

PL_TEST(rubbish_stays_harmless)
{
	static const struct {
		const char *entry, *key, *wanted;
	} cases[] = {
		{"tablets=65", "tablets", "null"},
		{"tablets=-1", "tablets", "null"},
		{"tablets=4x", "tablets", "null"},
		{"tablets=99999999999999999999999", "tablets", "null"},
		{"tablets=", "tablets", "null"},
		{"tablets", "tablets", "null"},
		{"path=//evil.example/", "url", "\"http://192.0.2.1:8000//evil.example/\""},
		{"path=@evil.example/", "url", "\"http://192.0.2.1:8000/\""},
		{"path=/ x\n", "url", "\"http://192.0.2.1:8000/\""},
		{"version=\xff\x31", "version", "\"?1\""},
		{"version=\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "version", "\"?????????\""},
		{"version=ñ€😀", "version", "\"ñ€😀\""},
		{"version=\xf0\x9f\x98", "version", "\"???\""},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *peers = json_object_new_array();
		AvahiStringList *txt = avahi_string_list_new(cases[i].entry, NULL);

		PL_CHECK_INT(add(peers, "n\xfe", "h", "192.0.2.1", txt), 0);
		PL_CHECK_STR(text_of(peers, 0, "name"), "\"n?\"");
		PL_CHECK_STR(text_of(peers, 0, cases[i].key), cases[i].wanted);
		avahi_string_list_free(txt);
		json_object_put(peers);
	}
}

PL_TEST(a_value_with_a_nul_is_none)
{
	struct json_object *peers = json_object_new_array();
	AvahiStringList *txt =
		avahi_string_list_add_pair_arbitrary(NULL, "version", (const uint8_t *)"1\0002", 3);

	PL_CHECK_INT(add(peers, "n", "h", "192.0.2.1", txt), 0);
	PL_CHECK_STR(text_of(peers, 0, "version"), "null");
	avahi_string_list_free(txt);
	json_object_put(peers);
}

PL_TEST_MAIN()
