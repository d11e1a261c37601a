/* SPDX-License-Identifier: MIT */
#include "ice-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define LETTERS_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
/** Of a host's name; RFC 1123 2.1 and the underscore, which some have. */
#define NAME_CHARACTERS LETTERS LETTERS_UPPER DIGITS "-_."
#define ADDRESS6_CHARACTERS DIGITS "abcdefABCDEF:."

struct reading {
	const char *at; /* what is to be read */
	char *reason;
	size_t reason_size;
};

static const struct scheme {
	const char *name;
	enum pl_ice_scheme scheme;
	uint16_t port;
} schemes[] = {
	/* RFC 7064 3.2 and RFC 7065 3.2, by way of RFC 8489 8.1 and RFC 8656 3.1 */
	{"stun:", PL_ICE_STUN, 3478},
	{"turn:", PL_ICE_TURN, 3478},
	{"turns:", PL_ICE_TURNS, 5349},
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reading *reading, int r,
							const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
	vsnprintf(reading->reason, reading->reason_size, format, arguments);
	va_end(arguments);
	return r;
}

static int read_scheme(struct reading *reading, struct scheme *ret_scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i].name);

		if (strncasecmp(reading->at, schemes[i].name, length) != 0)
			continue;
		reading->at += length;
		/* RFC 7064 has no "//", and everybody writes it once. */
		if (strncmp(reading->at, "//", 2) == 0)
			return refuse(reading, -EINVAL, "must be without \"//\": %sHOST:PORT",
				      schemes[i].name);
		*ret_scheme = schemes[i];
		return 0;
	}
	if (strncasecmp(reading->at, "stuns:", 6) == 0)
		return refuse(reading, -ENOTSUP,
			      "\"stuns:\" is not supported: a \"stun:\" server, or \"turns:\"");
	return refuse(reading, -EINVAL, "must begin with \"stun:\", \"turn:\" or \"turns:\"");
}

/** @param ret_host  of size 254: the longest name that DNS has, RFC 1035 3.1 */
static int read_host(struct reading *reading, char ret_host[254], bool *ret_v6)
{
	bool v6 = *reading->at == '[';
	const char *host = reading->at + v6;
	size_t length = strspn(host, v6 ? ADDRESS6_CHARACTERS : NAME_CHARACTERS);
	struct in6_addr address;

	if (length == 0 && !v6)
		return refuse(
			reading, -EINVAL,
			"has no host: a name, an IPv4 address or an IPv6 address in brackets");
	if (length > 253)
		return refuse(reading, -EINVAL, "has a host's name of more than 253 characters");
	if (v6 && host[length] != ']')
		return refuse(reading, -EINVAL, "must end its IPv6 address with \"]\"");
	memcpy(ret_host, host, length);
	ret_host[length] = '\0';
	if (v6 && inet_pton(AF_INET6, ret_host, &address) != 1)
		return refuse(reading, -EINVAL, "has no IPv6 address in its brackets");
	for (char *c = ret_host; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	reading->at = host + length + v6;
	*ret_v6 = v6;
	return 0;
}

static int read_port(struct reading *reading, uint16_t *port)
{
	uint32_t value = 0;
	size_t length;

	if (*reading->at != ':')
		return 0;
	length = strspn(reading->at + 1, DIGITS);
	for (size_t i = 1; i <= length && value <= 65535; i++)
		value = value * 10 + (uint32_t)(reading->at[i] - '0');
	if (value < 1 || value > 65535)
		return refuse(reading, -EINVAL, "must have a port from 1 to 65535 after the \":\"");
	reading->at += 1 + length;
	*port = (uint16_t)value;
	return 0;
}

static int read_transport(struct reading *reading, enum pl_ice_scheme scheme, bool *tcp)
{
	static const char key[] = "?transport=";
	const char *value = reading->at + sizeof(key) - 1;

	if (strncasecmp(reading->at, key, sizeof(key) - 1) != 0)
		return 0;
	if (scheme == PL_ICE_STUN)
		return refuse(reading, -EINVAL, "must be without \"?transport=\" after \"stun:\"");
	if (strcasecmp(value, "tcp") == 0)
		*tcp = true;
	else if (strcasecmp(value, "udp") != 0)
		return refuse(reading, -EINVAL, "must have \"udp\" or \"tcp\" as its transport");
	else if (scheme == PL_ICE_TURNS)
		return refuse(reading, -ENOTSUP,
			      "\"turns:\" by UDP is not supported: \"?transport=tcp\"");
	reading->at = value + 3;
	return 0;
}

int pl_ice_server_read(const char *url, struct pl_ice_server *ret_server, char *ret_reason,
		       size_t reason_size)
{
	struct reading reading = {.at = url, .reason = ret_reason, .reason_size = reason_size};
	struct pl_ice_server server = {0};
	struct scheme scheme = {0};
	bool v6 = false;
	int r;

	r = read_scheme(&reading, &scheme);
	if (r < 0)
		return r;
	server.scheme = scheme.scheme;
	server.port = scheme.port;
	server.tcp = scheme.scheme == PL_ICE_TURNS;
	r = read_host(&reading, server.host, &v6);
	if (r == 0)
		r = read_port(&reading, &server.port);
	if (r == 0)
		r = read_transport(&reading, server.scheme, &server.tcp);
	if (r < 0)
		return r;
	/* The text itself is not repeated: it may have a password in it, as other URLs do. */
	if (*reading.at == '@')
		return refuse(&reading, -EINVAL,
			      "must be without a user: \"username\" and \"credential\" have it");
	if (*reading.at)
		return refuse(&reading, -EINVAL, "has characters after its end: %sHOST[:PORT]%s",
			      scheme.name,
			      server.scheme == PL_ICE_STUN ? "" : "[?transport=udp|tcp]");
	snprintf(server.url, sizeof(server.url), "%s%s%s%s:%u%s", scheme.name, v6 ? "[" : "",
		 server.host, v6 ? "]" : "", (unsigned)server.port,
		 server.scheme == PL_ICE_STUN ? ""
		 : server.tcp                 ? "?transport=tcp"
					      : "?transport=udp");
	*ret_server = server;
	return 0;
}
