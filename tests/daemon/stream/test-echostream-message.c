/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "echostream-message.h"
#include "pltest.h"

static char reason[128];

static int read_text(const char *text, struct pl_echo_message *ret_message)
{
	return pl_echo_message_read(text, strlen(text), ret_message, reason, sizeof(reason));
}

/** What a config is, or that it is refused. */
static int read_config(const char *text, struct pl_echo_config *ret_config)
{
	struct pl_echo_message message;
	int r = read_text(text, &message);

	if (r < 0)
		return r;
	r = message.kind == PL_ECHO_CONFIG ? 0 : -ENOENT;
	*ret_config = message.config;
	pl_echo_message_done(&message);
	return r;
}

#define KEY_AA "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="

PL_TEST(what_is_written)
{
	const struct pl_echo_identity identity = {"12345", "EchoStream", "Python", "555"};
	char text[PL_ECHO_WRITE_MAX];

	PL_CHECK(pl_echo_message_write(PL_ECHO_CONNECT, &identity, 1763557764, text,
				       sizeof(text)) == (int)strlen(text));
	PL_CHECK_STR(text,
		     "{\"connect\":{\"affiliation_id\":\"12345\",\"user_name\":\"EchoStream\","
		     "\"agency_name\":\"Python\",\"channel_id\":\"555\",\"time\":1763557764}}");
	PL_CHECK(pl_echo_message_write(PL_ECHO_TRANSMIT_STARTED, &identity, 1, text, sizeof(text)) >
		 0);
	PL_CHECK_STR(
		text,
		"{\"transmit_started\":{\"affiliation_id\":\"12345\",\"user_name\":"
		"\"EchoStream\",\"agency_name\":\"Python\",\"channel_id\":\"555\",\"time\":1}}");
	PL_CHECK(pl_echo_message_write(PL_ECHO_TRANSMIT_ENDED, &identity, 2, text, sizeof(text)) >
		 0);
	PL_CHECK(strncmp(text, "{\"transmit_ended\":{", 19) == 0);
	PL_CHECK_INT(pl_echo_message_write(PL_ECHO_CONNECT, &identity, 2, text, 100), -ENOSPC);
}

PL_TEST(texts_are_escaped)
{
	const struct pl_echo_identity identity = {"a\"b", "c\\d", "e\nf/\xc3\xa4", "1"};
	char text[PL_ECHO_WRITE_MAX];
	struct json_object *outer, *tree;

	PL_CHECK(pl_echo_message_write(PL_ECHO_CONNECT, &identity, 0, text, sizeof(text)) > 0);
	outer = json_tokener_parse(text);
	tree = json_object_object_get(outer, "connect");
	PL_CHECK(tree != NULL);
	PL_EXPECT(strcmp(json_object_get_string(json_object_object_get(tree, "affiliation_id")),
			 "a\"b") == 0);
	PL_EXPECT(strcmp(json_object_get_string(json_object_object_get(tree, "agency_name")),
			 "e\nf/\xc3\xa4") == 0);
	json_object_put(outer);
}

PL_TEST(where_the_audio_goes)
{
	struct pl_echo_config config;

	PL_CHECK_INT(read_config("{\"udp_port\":50123,\"udp_host\":\"10.0.0.1\",\"websocket_id\":7,"
				 "\"aes_key\":\"" KEY_AA "\"}",
				 &config),
		     0);
	PL_CHECK_INT(config.udp_port, 50123);
	PL_CHECK_STR(config.udp_host, "10.0.0.1");
	PL_CHECK_STR(config.websocket_id, "7");
	PL_CHECK(config.has_key);
	for (unsigned i = 0; i < sizeof(config.key); i++)
		PL_CHECK_INT(config.key[i], 0xaa);
	PL_CHECK_INT(read_config("{\"websocket_id\":\"ws-7\",\"udp_host\":\"h\",\"udp_port\":1}",
				 &config),
		     0);
	PL_CHECK_STR(config.websocket_id, "ws-7");
	PL_CHECK(!config.has_key);
	PL_CHECK_INT(read_config("{\"udp_host\":\"h\",\"udp_port\":1}", &config), 0);
	PL_CHECK_STR(config.websocket_id, "");
}

PL_TEST(no_key_of_the_servers)
{
	static const char *const values[] = {"\"\"", "\"N/A\"", "null"};
	struct pl_echo_config config;
	char text[128];

	for (unsigned i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "{\"udp_host\":\"h\",\"udp_port\":1,\"aes_key\":%s}",
			 values[i]);
		PL_CHECK_INT(read_config(text, &config), 0);
		PL_CHECK(!config.has_key);
	}
}

PL_TEST(refused_with_the_reason)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "not JSON"},
		{"[]", "not an object"},
		{"7", "not an object"},
		{"null", "not an object"},
		{"{\"udp_host\":\"h\",\"udp_port\":0}", "udp_port"},
		{"{\"udp_host\":\"h\",\"udp_port\":65536}", "udp_port"},
		{"{\"udp_host\":\"h\",\"udp_port\":\"5\"}", "udp_port"},
		{"{\"udp_host\":\"\",\"udp_port\":5}", "udp_host"},
		{"{\"udp_host\":[],\"udp_port\":5}", "udp_host"},
		{"{\"udp_host\":5,\"udp_port\":5}", "udp_host"},
		{"{\"udp_host\":\"h\",\"udp_port\":5,\"aes_key\":7}", "aes_key"},
		{"{\"udp_host\":\"h\",\"udp_port\":5,\"aes_key\":\"c2hvcnQ=\"}", "aes_key"},
		{"{\"users_connected\":[]}", "users_connected"},
		{"{\"users_connected\":{\"connected\":{}}}", "users_connected"},
		{"{\"a\":1,\"a\":2}", "not JSON"},
		{"{\"a\":1} {}", "not JSON"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_echo_message message = {.kind = PL_ECHO_ACK};

		PL_CHECK_INT(read_text(cases[i].text, &message), -EINVAL);
		PL_CHECK(strstr(reason, cases[i].why) != NULL);
		PL_CHECK_INT(message.kind, PL_ECHO_ACK);
	}
}

PL_TEST(too_long_is_not_read)
{
	static char text[PL_ECHO_MESSAGE_MAX + 2];
	struct pl_echo_message message;

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "{}", 2);
	PL_CHECK_INT(read_text(text, &message), -EINVAL);
	text[PL_ECHO_MESSAGE_MAX] = '\0';
	PL_CHECK_INT(read_text(text, &message), 0);
	PL_CHECK_INT(message.kind, PL_ECHO_UNKNOWN);
	pl_echo_message_done(&message);
}

PL_TEST(users_of_a_channel)
{
	struct pl_echo_message message;

	PL_CHECK_INT(read_text("{\"users_connected\":{\"total\":4,\"connected\":["
			       "{\"id\":\"1\",\"channel_id\":\"555\"},{\"channel_id\":555},"
			       "{\"channel_id\":\"556\"},7,{\"id\":\"9\"}]}}",
			       &message),
		     0);
	PL_CHECK_INT(message.kind, PL_ECHO_USERS);
	PL_EXPECT(pl_echo_message_users(&message, "555") == 3);
	PL_EXPECT(pl_echo_message_users(&message, "556") == 2);
	PL_EXPECT(pl_echo_message_users(&message, "557") == 1);
	pl_echo_message_done(&message);
}

PL_TEST(acknowledgements_and_what_is_not_known)
{
	struct pl_echo_message message;

	PL_CHECK_INT(
		read_text("{\"type\":\"transmit_ack\",\"channel_id\":\"555\",\"status\":\"ok\","
			  "\"time\":1}",
			  &message),
		0);
	PL_CHECK_INT(message.kind, PL_ECHO_ACK);
	PL_EXPECT(message.is_ok);
	PL_EXPECT(strcmp(message.channel_id, "555") == 0);
	pl_echo_message_done(&message);
	PL_CHECK_INT(read_text("{\"type\":\"news\",\"udp_port\":1}", &message), 0);
	PL_CHECK_INT(message.kind, PL_ECHO_UNKNOWN);
	PL_EXPECT(pl_echo_message_users(&message, "555") == 0);
	pl_echo_message_done(&message);
}

PL_TEST(base64_to_the_letter)
{
	uint8_t bytes[8];

	PL_CHECK_INT(pl_echo_base64("", 0, bytes, sizeof(bytes)), 0);
	PL_CHECK_INT(pl_echo_base64("Zg==", 4, bytes, sizeof(bytes)), 1);
	PL_CHECK_INT(pl_echo_base64("Zm8=", 4, bytes, sizeof(bytes)), 2);
	PL_CHECK_INT(pl_echo_base64("Zm9vYmFy", 8, bytes, sizeof(bytes)), 6);
	PL_CHECK(memcmp(bytes, "foobar", 6) == 0);
	PL_CHECK_INT(pl_echo_base64("+/+/", 4, bytes, sizeof(bytes)), 3);
	PL_CHECK_INT(pl_echo_base64("Zm9vYmFy", 8, bytes, 5), -EINVAL);
	for (unsigned i = 0; i < 9; i++) {
		static const char *const bad[] = {
			"Zg=", "Zg", "Zh==", "Z===", "====", "Z=g=", "Zg\n=", " Zg=", "Zg_-"};

		PL_CHECK_INT(pl_echo_base64(bad[i], strlen(bad[i]), bytes, sizeof(bytes)), -EINVAL);
	}
}

PL_TEST_MAIN()
