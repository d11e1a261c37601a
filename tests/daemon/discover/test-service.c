/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <net/if.h>
#include <unistd.h>

#include <avahi-common/malloc.h>

#include "service.h"

PL_TEST(names_fit_into_a_label)
{
	char name[PL_SERVICE_NAME_SIZE], host[256];

	pl_service_default_name("stage", name);
	PL_CHECK_STR(name, "Partyline on stage");
	memset(host, 'x', 70);
	host[70] = '\0';
	pl_service_default_name(host, name);
	PL_CHECK_INT(strlen(name), 63);

	/* 13 bytes, then 49, then two-byte characters: the 64th byte would be half a character */
	memset(host, 'x', 49);
	snprintf(host + 49, sizeof(host) - 49, "ñññ");
	pl_service_default_name(host, name);
	PL_CHECK_INT(strlen(name), 62);
	PL_CHECK_INT(name[61], 'x');
}

PL_TEST(ids_are_steady_and_tell_instances_apart)
{
	char one[PL_SERVICE_ID_SIZE], again[PL_SERVICE_ID_SIZE], two[PL_SERVICE_ID_SIZE];

	pl_service_id("/var/lib/partyline", one);
	pl_service_id("/var/lib/partyline", again);
	pl_service_id("/home/x/.local/state/partyline", two);
	PL_CHECK_INT(strlen(one), 32);
	PL_CHECK_INT(strspn(one, "0123456789abcdef"), 32);
	if (access("/etc/machine-id", R_OK) == 0)
		PL_CHECK_STR(again, one);
	PL_CHECK(strcmp(one, two) != 0);
}

PL_TEST(the_interface_is_the_one_that_has_the_address)
{
	AvahiProtocol protocol;
	AvahiIfIndex interface;

	pl_service_place("0.0.0.0", &interface, &protocol);
	PL_CHECK_INT(interface, AVAHI_IF_UNSPEC);
	PL_CHECK_INT(protocol, AVAHI_PROTO_INET);
	pl_service_place("::", &interface, &protocol);
	PL_CHECK_INT(interface, AVAHI_IF_UNSPEC);
	PL_CHECK_INT(protocol, AVAHI_PROTO_UNSPEC);
	/* Nobody here has it (RFC 5737, RFC 3849). */
	pl_service_place("192.0.2.77", &interface, &protocol);
	PL_CHECK_INT(interface, AVAHI_IF_UNSPEC);
	PL_CHECK_INT(protocol, AVAHI_PROTO_INET);
	pl_service_place("2001:db8::77", &interface, &protocol);
	PL_CHECK_INT(interface, AVAHI_IF_UNSPEC);
	PL_CHECK_INT(protocol, AVAHI_PROTO_INET6);
}

static void check_record(AvahiStringList *txt, const char *key, const char *wanted)
{
	AvahiStringList *entry = avahi_string_list_find(txt, key);
	char *value = NULL;

	PL_CHECK(entry);
	PL_CHECK_INT(avahi_string_list_get_pair(entry, NULL, &value, NULL), 0);
	PL_CHECK_STR(value, wanted);
	avahi_free(value);
}

PL_TEST(records_say_what_the_service_is)
{
	struct pl_service service = {.tls = true,
				     .n_tablets = 64,
				     .n_channels = 1,
				     .id = "0123456789abcdef0123456789abcdef"};
	AvahiStringList *txt = NULL;

	PL_CHECK_INT(pl_service_txt(&service, &txt), 0);
	PL_CHECK_INT(avahi_string_list_length(txt), 6);
	check_record(txt, "version", PL_VERSION);
	check_record(txt, "path", "/");
	check_record(txt, "tls", "1");
	check_record(txt, "tablets", "64");
	check_record(txt, "channels", "1");
	check_record(txt, "id", service.id);
	avahi_string_list_free(txt);
}

PL_TEST(tls_has_a_type_more)
{
	struct pl_service service = {.tls = false};
	unsigned n = 0;

	for (const char *const *type = pl_service_types(&service); *type; type++, n++)
		PL_CHECK(strcmp(*type, "_https._tcp") != 0);
	PL_CHECK_INT(n, 3);
	service.tls = true;
	PL_CHECK_STR(pl_service_types(&service)[3], "_https._tcp");
	PL_CHECK(!pl_service_types(&service)[4]);
}

PL_TEST_MAIN()
