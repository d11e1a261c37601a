/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avahi-common/malloc.h>

/** One character of UTF-8 (RFC 3629, 4). @return its bytes, 0 when it is none */
static size_t utf8_length(const unsigned char *c)
{
	unsigned char min = 0x80, max = 0xbf;
	size_t n;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	n = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	/* no longer than need be, no surrogate, nothing beyond U+10FFFF */
	if (c[0] == 0xe0)
		min = 0xa0;
	else if (c[0] == 0xed)
		max = 0x9f;
	else if (c[0] == 0xf0)
		min = 0x90;
	else if (c[0] == 0xf4)
		max = 0x8f;
	if (c[1] < min || c[1] > max)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/** JSON is UTF-8, other people's bytes may be anything. @return NULL without memory */
static struct json_object *text_new(const char *text)
{
	struct json_object *value;
	char *copy = strdup(text);

	if (!copy)
		return NULL;
	for (char *c = copy; *c;) {
		size_t n = utf8_length((const unsigned char *)c);

		if (n == 0) {
			*c = '?';
			n = 1;
		}
		c += n;
	}
	value = json_object_new_string(copy);
	free(copy);
	return value;
}

/** @return the value of a key of the TXT record, freed with avahi_free(); NULL when it has none */
static char *find(AvahiStringList *txt, const char *key)
{
	AvahiStringList *entry = avahi_string_list_find(txt, key);
	char *found = NULL, *value = NULL;
	size_t size = 0;

	if (!entry || avahi_string_list_get_pair(entry, &found, &value, &size) < 0)
		return NULL;
	avahi_free(found);
	/* A NUL would only cut the text for us. */
	if (value && strlen(value) != size) {
		avahi_free(value);
		value = NULL;
	}
	return value;
}

/** Text, or null. */
static void add_text(struct json_object *peer, AvahiStringList *txt, const char *key)
{
	char *value = find(txt, key);

	json_object_object_add(peer, key, value ? text_new(value) : NULL);
	avahi_free(value);
}

/** A whole number up to 64, or null. */
static void add_count(struct json_object *peer, AvahiStringList *txt, const char *key)
{
	char *value = find(txt, key), *end = NULL;
	struct json_object *number = NULL;
	unsigned long count;

	if (value && value[0] >= '0' && value[0] <= '9') {
		errno = 0;
		count = strtoul(value, &end, 10);
		if (!errno && !*end && count <= 64)
			number = json_object_new_int((int)count);
	}
	json_object_object_add(peer, key, number);
	avahi_free(value);
}

static bool is_link_local(const AvahiAddress *address)
{
	const uint8_t *bytes = address->data.ipv6.address;

	return address->proto == AVAHI_PROTO_INET6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

/** "192.0.2.1", "2001:db8::1", "fe80::1%eth0" */
static void print_address(const AvahiAddress *address, AvahiIfIndex interface, char *ret_text,
			  size_t size)
{
	char text[AVAHI_ADDRESS_STR_MAX], scope[IF_NAMESIZE] = "";

	avahi_address_snprint(text, sizeof(text), address);
	if (is_link_local(address) && interface > 0)
		if_indextoname((unsigned)interface, scope);
	snprintf(ret_text, size, "%s%s%s", text, scope[0] ? "%" : "", scope);
}

/** How good an address is to show: IPv4 is what people recognise, link-local the last resort. */
static int rank(const char *address)
{
	if (!strchr(address, ':'))
		return 2;
	return strchr(address, '%') ? 0 : 1;
}

/** The path of the web page; nothing that would lead elsewhere. */
static void add_url(struct json_object *peer, const char *address, uint16_t port, bool tls,
		    AvahiStringList *txt)
{
	char *path = find(txt, "path");
	bool is_path = path && path[0] == '/' &&
		       strspn(path, "/-._~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(path);
	const char *scope = strchr(address, '%');
	char url[512];

	/* RFC 6874: the sign before a zone is itself escaped in a URL. */
	snprintf(url, sizeof(url), "%s://%s%.*s%s%s%s:%u%.255s", tls ? "https" : "http",
		 strchr(address, ':') ? "[" : "", (int)(scope ? scope - address : 64), address,
		 scope ? "%25" : "", scope ? scope + 1 : "", strchr(address, ':') ? "]" : "", port,
		 is_path ? path : "/");
	json_object_object_add(peer, "url", json_object_new_string(url));
	avahi_free(path);
}

static const char *string_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value ? json_object_get_string(value) : "";
}

/** Two networks may each have one of this name: on different hosts. */
static struct json_object *find_peer(struct json_object *peers, const char *name, const char *host)
{
	for (size_t i = 0; i < json_object_array_length(peers); i++) {
		struct json_object *peer = json_object_array_get_idx(peers, i);

		if (strcmp(string_of(peer, "name"), name) == 0 &&
		    strcmp(string_of(peer, "host"), host) == 0)
			return peer;
	}
	return NULL;
}

/** Takes both texts. */
static struct json_object *new_peer(struct json_object *peers, struct json_object *name,
				    struct json_object *host)
{
	struct json_object *peer = json_object_new_object();

	if (!peer || json_object_array_add(peers, peer) < 0) {
		json_object_put(peer);
		json_object_put(name);
		json_object_put(host);
		return NULL;
	}
	json_object_object_add(peer, "name", name);
	json_object_object_add(peer, "host", host);
	json_object_object_add(peer, "address", NULL);
	json_object_object_add(peer, "addresses", json_object_new_array());
	return peer;
}

/** @return true when the address is the best so far */
static bool add_address(struct json_object *peer, const char *address)
{
	struct json_object *addresses = NULL;
	const char *best = string_of(peer, "address");

	json_object_object_get_ex(peer, "addresses", &addresses);
	for (size_t i = 0; addresses && i < json_object_array_length(addresses); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(addresses, i)),
			   address) == 0)
			return false;
	if (addresses)
		json_object_array_add(addresses, json_object_new_string(address));
	return !best[0] || rank(address) > rank(best);
}

int peers_add(struct json_object *peers, const char *name, const char *host,
	      const AvahiAddress *address, AvahiIfIndex interface, uint16_t port,
	      AvahiStringList *txt, bool is_local)
{
	struct json_object *name_text = text_new(name), *host_text = text_new(host), *peer;
	char text[AVAHI_ADDRESS_STR_MAX + IF_NAMESIZE + 1];
	char *tls;

	if (!name_text || !host_text) {
		json_object_put(name_text);
		json_object_put(host_text);
		return -ENOMEM;
	}
	peer = find_peer(peers, json_object_get_string(name_text),
			 json_object_get_string(host_text));
	if (peer) {
		json_object_put(name_text);
		json_object_put(host_text);
	} else {
		peer = new_peer(peers, name_text, host_text);
	}
	if (!peer)
		return -ENOMEM;
	print_address(address, interface, text, sizeof(text));
	if (!add_address(peer, text))
		return 0;

	tls = find(txt, "tls");
	json_object_object_add(peer, "address", json_object_new_string(text));
	json_object_object_add(peer, "port", json_object_new_int(port));
	add_url(peer, text, port, tls && strcmp(tls, "1") == 0, txt);
	json_object_object_add(peer, "tls", json_object_new_boolean(tls && strcmp(tls, "1") == 0));
	add_text(peer, txt, "version");
	add_count(peer, txt, "channels");
	add_count(peer, txt, "tablets");
	add_text(peer, txt, "id");
	json_object_object_add(peer, "is_local", json_object_new_boolean(is_local));
	avahi_free(tls);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(string_of(*(struct json_object *const *)a, "name"),
		      string_of(*(struct json_object *const *)b, "name"));
}

void peers_sort(struct json_object *peers)
{
	json_object_array_sort(peers, compare);
}
