/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "definition.h"

/** stream: network streams. */

static int get_streams(struct ctl *ctl, struct json_object **ret_document,
		       struct json_object **ret_streams)
{
	int code = ctl_call_gateway(ctl, "GetGateway", NULL, ret_document);

	if (code == CTL_OK)
		*ret_streams = ctl_json_member(*ret_document, "streams");
	return code;
}

static void print_stream(struct json_object *stream)
{
	struct json_object *status = ctl_json_member(stream, "status");
	struct json_object *remote = ctl_json_member(stream, "remote");
	struct json_object *echo = ctl_json_member(stream, "echostream");
	char there[300] = "-";

	if (ctl_json_string(remote, "host")[0])
		snprintf(there, sizeof(there), "%s %d", ctl_json_string(remote, "host"),
			 (int)ctl_json_double(remote, "port"));
	else if (echo)
		snprintf(there, sizeof(there), "%s %s", ctl_json_string(echo, "url"),
			 ctl_json_string(echo, "channel_id"));
	ctl_print_padded(ctl_json_string(stream, "id"), 16);
	printf("  %-10s  %-10s  %-7s  %-10s  ", ctl_json_string(stream, "endpoint"),
	       ctl_json_string(stream, "protocol"), ctl_json_string(stream, "way"),
	       ctl_json_string(status, "state"));
	ctl_print_text(there);
	if (ctl_json_string(status, "trouble")[0]) {
		fputs("  ! ", stdout);
		ctl_print_text(ctl_json_string(status, "trouble"));
	}
	putchar('\n');
}

static int list(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *document = NULL;
	struct json_object *streams;
	int code = get_streams(ctl, &document, &streams);

	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(json_object_get(streams));
		return CTL_OK;
	}
	for (size_t i = 0; ctl->ids && i < json_object_array_length(streams); i++)
		puts(ctl_json_string(json_object_array_get_idx(streams, i), "id"));
	if (ctl->ids)
		return CTL_OK;
	puts("ID                ENDPOINT    PROTOCOL    WAY      STATE       OTHER END");
	for (size_t i = 0; i < json_object_array_length(streams); i++)
		print_stream(json_object_array_get_idx(streams, i));
	return CTL_OK;
}

static int show(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *document = NULL;
	struct json_object *streams, *stream;
	int code = get_streams(ctl, &document, &streams);

	if (code != CTL_OK)
		return code;
	stream = ctl_find_id(streams, arguments[0]);
	if (!stream)
		return ctl_fail(ctl, CTL_REFUSED, "there is no stream \"%s\"", arguments[0]);
	return ctl_print_document(ctl, json_object_get(stream));
}

static int add(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *definition = NULL;
	int code = ctl_definition(ctl, n, arguments, "endpoint", &definition);

	if (code == CTL_OK)
		code = ctl_call_gateway(
			ctl, "AddStream",
			json_object_to_json_string_ext(definition, JSON_C_TO_STRING_NOSLASHESCAPE),
			NULL);
	return code == CTL_OK ? ctl_done(ctl, "added", arguments[0]) : code;
}

static int remove_one(struct ctl *ctl, int n, char *arguments[])
{
	int code = ctl_call_gateway(ctl, "RemoveStream", arguments[0], NULL);

	return code == CTL_OK ? ctl_done(ctl, "removed", arguments[0]) : code;
}

static int jitter(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *document = NULL;
	struct json_object *streams, *stream;
	struct json_object *answer;
	double safety;
	int code = CTL_OK;

	if (n > 1) {
		code = ctl_parse_number(ctl, "a safety (0 quick to 1 safe)", arguments[1], &safety);
		if (code == CTL_OK)
			code = ctl_call(ctl, CTL_PATH, CTL_GATEWAY, "SetJitter", NULL, "sd",
					arguments[0], safety);
	}
	if (code == CTL_OK)
		code = get_streams(ctl, &document, &streams);
	if (code != CTL_OK)
		return code;
	stream = ctl_find_id(streams, arguments[0]);
	if (!stream)
		return ctl_fail(ctl, CTL_REFUSED, "there is no stream \"%s\"", arguments[0]);
	safety = ctl_json_double(ctl_json_member(stream, "jitter"), "safety");
	if (!ctl->json) {
		printf("%s: jitter buffer safety %g, %.1f ms deep now\n", arguments[0], safety,
		       ctl_json_double(ctl_json_member(stream, "status"), "depth_ms"));
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "id", json_object_new_string(arguments[0]));
	json_object_object_add(answer, "safety", ctl_json_number(safety));
	ctl_json_print(answer);
	return CTL_OK;
}

/** RFC 4648, clause 4 */
static void print_base64(const unsigned char *data, size_t n)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned group = (unsigned)data[i] << 16 |
				 (i + 1 < n ? (unsigned)data[i + 1] << 8 : 0u) |
				 (i + 2 < n ? data[i + 2] : 0u);

		putchar(alphabet[group >> 18]);
		putchar(alphabet[group >> 12 & 63u]);
		putchar(i + 1 < n ? alphabet[group >> 6 & 63u] : '=');
		putchar(i + 2 < n ? alphabet[group & 63u] : '=');
	}
}

/** Key and salt: RFC 7714 12 (32 + 12 bytes), RFC 3711 (16 + 14); EchoStream's AES-256. */
static int key(struct ctl *ctl, int n, char *arguments[])
{
	static const struct {
		const char *name;
		size_t size;
	} kinds[] = {{"aes_256_gcm", 44}, {"aes_128_cm", 30}, {"echostream", 32}};
	const char *kind = n > 0 ? arguments[0] : kinds[0].name;
	unsigned char data[44];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, kind) != 0)
			continue;
		if (getrandom(data, kinds[i].size, 0) != (ssize_t)kinds[i].size)
			return ctl_fail(ctl, CTL_REFUSED, "the kernel gives no random bytes: %s",
					strerror(errno));
		if (ctl->json)
			fputs("{\"key\":\"", stdout);
		print_base64(data, kinds[i].size);
		puts(ctl->json ? "\"}" : "");
		explicit_bzero(data, sizeof(data));
		return CTL_OK;
	}
	return ctl_fail(ctl, CTL_USAGE,
			"a key is for aes_256_gcm, aes_128_cm or echostream, not for \"%s\"", kind);
}

static int sdp(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	struct json_object *answer;
	const char *text;
	int code;

	code = ctl_call(ctl, CTL_PATH, CTL_GATEWAY, "GetStreamSdp", &reply, "s", arguments[0]);
	if (code != CTL_OK)
		return code;
	if (sd_bus_message_read(reply, "s", &text) < 0)
		return ctl_fail(ctl, CTL_REFUSED, "an answer of an unknown shape");
	if (!ctl->json) {
		fputs(text, stdout);
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, "sdp", json_object_new_string(text));
	ctl_json_print(answer);
	return CTL_OK;
}

int ctl_run_stream(struct ctl *ctl, int n, char *arguments[])
{
	static const struct ctl_verb verbs[] = {
		{"add", "ID channel.N|tablet.N [NAME=VALUE…]", 2, CTL_ASSIGNMENTS_MAX, add, false},
		{"jitter", "ID [SAFETY]", 1, 2, jitter, false},
		{"key", "[aes_256_gcm|aes_128_cm|echostream]", 0, 1, key, true},
		{"list", "", 0, 0, list, false},
		{"remove", "ID", 1, 1, remove_one, false},
		{"sdp", "ID", 1, 1, sdp, false},
		{"show", "ID", 1, 1, show, false},
	};

	return ctl_run_verb(ctl, verbs, sizeof(verbs) / sizeof(verbs[0]), n, arguments);
}
