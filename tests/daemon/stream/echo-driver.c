/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "echostream-hub.h"

/*
 * echo-driver URL KEY CHANNEL…: streams of the EchoStream dialect as lines of text, for tests.
 * KEY: 64 hexadecimal digits, or "-". A stream's number is its place among the channels.
 * In:  transmit N 0|1, send N HEX, status N, leave N, join N; the end of the input ends it
 * Out: audio N HEX, sent N RESULT, status N JSON, changed
 */

#define STREAMS_MAX 8

static struct {
	struct pl_stream_def def;
	struct pl_echo_stream *stream;
	int number;
} streams[STREAMS_MAX];
static struct pl_echo_hub *hub;

static int read_hex(const char *text, uint8_t *ret_bytes, size_t size)
{
	size_t n = strlen(text) / 2;

	if (n > size)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1]};

		ret_bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return (int)n;
}

static void on_audio(void *userdata, const uint8_t *opus, size_t size, uint64_t now_nsec)
{
	const int *number = userdata;

	printf("audio %d ", *number);
	for (size_t i = 0; i < size; i++)
		printf("%02x", opus[i]);
	printf("\n");
}

static void print_status(int n)
{
	static const char *const names[] = {
		[PL_ECHO_PACKET_OVERSIZED] = "oversized",
		[PL_ECHO_PACKET_TRUNCATED] = "truncated",
		[PL_ECHO_PACKET_MALFORMED] = "malformed",
		[PL_ECHO_PACKET_NOT_AUTHENTIC] = "not_authentic",
		[PL_ECHO_PACKET_FOREIGN] = "foreign",
		[PL_ECHO_PACKET_REPLAYED] = "replayed",
	};
	struct json_object *json = json_object_new_object();
	struct pl_echo_stream_status s;

	pl_echo_stream_status(streams[n].stream, &s);
	json_object_object_add(json, "connected", json_object_new_boolean(s.is_connected));
	json_object_object_add(json, "has_key", json_object_new_boolean(s.has_key));
	json_object_object_add(json, "trouble", json_object_new_string(s.trouble));
	json_object_object_add(json, "users", json_object_new_int((int)s.n_users));
	json_object_object_add(json, "sent", json_object_new_uint64(s.n_packets_sent));
	json_object_object_add(json, "received", json_object_new_uint64(s.n_packets_received));
	json_object_object_add(json, "nonsense", json_object_new_uint64(s.n_nonsense));
	json_object_object_add(json, "opened", json_object_new_uint64(s.n_opened));
	for (unsigned i = PL_ECHO_PACKET_OVERSIZED; i < PL_ECHO_PACKET_N_VERDICTS; i++)
		json_object_object_add(json, names[i], json_object_new_uint64(s.n_refused[i]));
	printf("status %d %s\n", n, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	json_object_put(json);
}

static int join(int n)
{
	int r = pl_echo_stream_new(hub, &streams[n].def, on_audio, &streams[n].number,
				   &streams[n].stream);

	if (r < 0)
		fprintf(stderr, "echo-driver: %s: %s\n", streams[n].def.url, strerror(-r));
	return r;
}

static void obey(char *line)
{
	static uint8_t payload[PL_ECHO_OPUS_MAX];
	char *save = NULL, *verb = strtok_r(line, " \n", &save), *number, *value;
	int n;

	number = strtok_r(NULL, " \n", &save);
	value = strtok_r(NULL, " \n", &save);
	n = number ? (int)strtol(number, NULL, 10) : 0;
	if (!verb || n < 0 || n >= STREAMS_MAX)
		return;
	if (strcmp(verb, "join") == 0 && !streams[n].stream) {
		join(n);
		return;
	}
	if (!streams[n].stream)
		return;
	if (strcmp(verb, "transmit") == 0 && value) {
		pl_echo_stream_transmit(streams[n].stream, value[0] == '1');
	} else if (strcmp(verb, "send") == 0 && value) {
		int size = read_hex(value, payload, sizeof(payload));

		printf("sent %d %d\n", n,
		       size < 0 ? size
				: pl_echo_stream_send(streams[n].stream, payload, (size_t)size));
	} else if (strcmp(verb, "status") == 0) {
		print_status(n);
	} else if (strcmp(verb, "leave") == 0) {
		streams[n].stream = pl_echo_stream_free(streams[n].stream);
	}
}

static void run(void)
{
	struct pollfd polls[2] = {{.fd = pl_echo_hub_fd(hub), .events = POLLIN},
				  {.fd = 0, .events = POLLIN}};
	char line[2 * PL_ECHO_OPUS_MAX + 64];

	/* Unbuffered, so that poll() sees every line that is there. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (poll(polls, 2, -1) >= 0) {
		if (polls[0].revents && pl_echo_hub_run(hub))
			printf("changed\n");
		if (polls[1].revents) {
			if (!fgets(line, sizeof(line), stdin))
				return;
			obey(line);
		}
		fflush(stdout);
	}
}

static int define(int n, const char *url, const char *key, const char *channel_id)
{
	struct pl_stream_def *def = &streams[n].def;

	streams[n].number = n;
	def->way = PL_STREAM_BOTH;
	def->dscp = 46;
	snprintf(def->url, sizeof(def->url), "%s", url);
	snprintf(def->echo_channel_id, sizeof(def->echo_channel_id), "%s", channel_id);
	snprintf(def->affiliation_id, sizeof(def->affiliation_id), "12345");
	snprintf(def->user_name, sizeof(def->user_name), "Driver");
	snprintf(def->agency_name, sizeof(def->agency_name), "Test");
	if (strcmp(key, "-") != 0) {
		int size = read_hex(key, def->secret, sizeof(def->secret));

		def->secret_size = size > 0 ? (size_t)size : 0;
	}
	return join(n);
}

int main(int argc, char *argv[])
{
	int r;

	if (argc < 4 || argc > 3 + STREAMS_MAX) {
		fprintf(stderr, "usage: %s URL KEY CHANNEL...\n", argv[0]);
		return 2;
	}
	r = pl_echo_hub_new(&hub);
	for (int i = 0; r >= 0 && i < argc - 3; i++)
		r = define(i, argv[1], argv[2], argv[3 + i]);
	if (r >= 0)
		run();
	for (int i = 0; i < STREAMS_MAX; i++)
		pl_echo_stream_free(streams[i].stream);
	pl_echo_hub_free(hub);
	return r < 0;
}
