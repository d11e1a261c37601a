/* SPDX-License-Identifier: MIT */
#include "echostream-message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json-strict.h"

static const char *const verb_names[] = {
	[PL_ECHO_CONNECT] = "connect",
	[PL_ECHO_TRANSMIT_STARTED] = "transmit_started",
	[PL_ECHO_TRANSMIT_ENDED] = "transmit_ended",
};

/* --- writing ------------------------------------------------------------------------------ */

static int add_text(struct json_object *object, const char *name, const char *text)
{
	return pl_json_add(object, name, json_object_new_string(text));
}

int pl_echo_message_write(enum pl_echo_verb verb, const struct pl_echo_identity *identity,
			  uint64_t time_s, char *ret_text, size_t size)
{
	struct json_object *outer = json_object_new_object(), *body = json_object_new_object();
	const char *text = NULL;
	size_t length = 0;
	int r;

	r = outer ? pl_json_add(outer, verb_names[verb], body) : -ENOMEM;
	if (!outer)
		json_object_put(body);
	if (r >= 0)
		r = add_text(body, "affiliation_id", identity->affiliation_id);
	if (r >= 0)
		r = add_text(body, "user_name", identity->user_name);
	if (r >= 0)
		r = add_text(body, "agency_name", identity->agency_name);
	if (r >= 0)
		r = add_text(body, "channel_id", identity->channel_id);
	if (r >= 0)
		r = pl_json_add(body, "time", json_object_new_int64((int64_t)time_s));
	if (r >= 0) {
		text = json_object_to_json_string_length(
			outer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
		r = !text ? -ENOMEM : length >= size ? -ENOSPC : (int)length;
	}
	if (r >= 0)
		memcpy(ret_text, text, length + 1);
	json_object_put(outer);
	return r;
}

/* --- base64 ------------------------------------------------------------------------------- */

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int pl_echo_base64(const char *text, size_t length, uint8_t *ret_bytes, size_t size)
{
	size_t n_padding = 0, n_bytes;

	if (length % 4)
		return -EINVAL;
	while (n_padding < 2 && n_padding < length && text[length - 1 - n_padding] == '=')
		n_padding++;
	n_bytes = length / 4 * 3 - n_padding;
	if (n_bytes > size || n_bytes > INT32_MAX)
		return -EINVAL;
	for (size_t i = 0, n = 0; i < length; i += 4) {
		uint32_t bits = 0;

		for (size_t k = i; k < i + 4; k++) {
			int value = k < length - n_padding ? base64_value(text[k]) : 0;

			if (value < 0)
				return -EINVAL;
			bits = bits << 6 | (uint32_t)value;
		}
		for (int shift = 16; shift >= 0; shift -= 8) {
			if (n < n_bytes)
				ret_bytes[n++] = (uint8_t)(bits >> shift);
			else if (bits >> shift & 0xffu)
				return -EINVAL; /* one meaning, one spelling */
		}
	}
	return (int)n_bytes;
}

/* --- reading ------------------------------------------------------------------------------ */

/** A text or a whole number, as text. @return false: neither, empty, or too long */
static bool get_text(struct json_object *object, const char *name, char *ret_text, size_t size)
{
	struct json_object *value;
	int n;

	if (!json_object_object_get_ex(object, name, &value))
		return false;
	if (!json_object_is_type(value, json_type_string) &&
	    !json_object_is_type(value, json_type_int))
		return false;
	if (json_object_get_string_len(value) == 0 && json_object_is_type(value, json_type_string))
		return false;
	n = snprintf(ret_text, size, "%s", json_object_get_string(value));
	if (n > 0 && (size_t)n < size)
		return true;
	ret_text[0] = '\0';
	return false;
}

/** @return what is wrong with the key, or NULL */
static const char *read_key(struct json_object *tree, struct pl_echo_config *config)
{
	struct json_object *value;
	const char *text;

	if (!json_object_object_get_ex(tree, "aes_key", &value) || !value)
		return NULL;
	if (!json_object_is_type(value, json_type_string))
		return "its aes_key is not a text";
	text = json_object_get_string(value);
	if (strcmp(text, "") == 0 || strcmp(text, "N/A") == 0)
		return NULL;
	if (pl_echo_base64(text, strlen(text), config->key, sizeof(config->key)) !=
	    (int)sizeof(config->key))
		return "its aes_key is not the base64 of 32 bytes";
	config->has_key = true;
	return NULL;
}

static const char *read_config(struct json_object *tree, struct pl_echo_config *config)
{
	struct json_object *port = NULL, *host = NULL;
	uint64_t number;

	json_object_object_get_ex(tree, "udp_port", &port);
	if (pl_json_read_uint(port, 1, UINT16_MAX, &number) < 0)
		return "its udp_port is not a number from 1 to 65535";
	config->udp_port = (uint16_t)number;
	json_object_object_get_ex(tree, "udp_host", &host);
	if (!json_object_is_type(host, json_type_string) ||
	    !get_text(tree, "udp_host", config->udp_host, sizeof(config->udp_host)))
		return "its udp_host is not a host";
	get_text(tree, "websocket_id", config->websocket_id, sizeof(config->websocket_id));
	return read_key(tree, config);
}

static const char *read_users(struct json_object *tree)
{
	struct json_object *users, *list;

	json_object_object_get_ex(tree, "users_connected", &users);
	if (!json_object_is_type(users, json_type_object) ||
	    !json_object_object_get_ex(users, "connected", &list) ||
	    !json_object_is_type(list, json_type_array))
		return "its users_connected has no list";
	return NULL;
}

static void read_ack(struct pl_echo_message *message)
{
	char status[PL_ECHO_ID_MAX];

	message->kind = PL_ECHO_ACK;
	get_text(message->tree, "channel_id", message->channel_id, sizeof(message->channel_id));
	message->is_ok = get_text(message->tree, "status", status, sizeof(status)) &&
			 strcmp(status, "ok") == 0;
}

int pl_echo_message_read(const char *text, size_t size, struct pl_echo_message *ret_message,
			 char *ret_reason, size_t reason_size)
{
	struct pl_echo_message message = {.kind = PL_ECHO_UNKNOWN};
	const char *wrong = NULL;
	char type[PL_ECHO_ID_MAX];
	int r;

	if (size > PL_ECHO_MESSAGE_MAX) {
		snprintf(ret_reason, reason_size, "a message of %zu bytes is too long", size);
		return -EINVAL;
	}
	r = pl_json_parse(text, size, &message.tree, ret_reason, reason_size);
	if (r < 0)
		return r;
	if (!json_object_is_type(message.tree, json_type_object)) {
		wrong = "it is not an object";
	} else if (json_object_object_get_ex(message.tree, "udp_port", NULL) &&
		   json_object_object_get_ex(message.tree, "udp_host", NULL)) {
		message.kind = PL_ECHO_CONFIG;
		wrong = read_config(message.tree, &message.config);
	} else if (json_object_object_get_ex(message.tree, "users_connected", NULL)) {
		message.kind = PL_ECHO_USERS;
		wrong = read_users(message.tree);
	} else if (get_text(message.tree, "type", type, sizeof(type)) &&
		   strcmp(type, "transmit_ack") == 0) {
		read_ack(&message);
	}
	if (wrong) {
		snprintf(ret_reason, reason_size, "%s", wrong);
		pl_echo_message_done(&message);
		return -EINVAL;
	}
	*ret_message = message;
	return 0;
}

void pl_echo_message_done(struct pl_echo_message *message)
{
	json_object_put(message->tree);
	message->tree = NULL;
}

uint32_t pl_echo_message_users(const struct pl_echo_message *message, const char *channel_id)
{
	struct json_object *users, *list;
	uint32_t n_users = 0;
	size_t n;

	if (message->kind != PL_ECHO_USERS)
		return 0;
	json_object_object_get_ex(message->tree, "users_connected", &users);
	json_object_object_get_ex(users, "connected", &list);
	n = json_object_array_length(list);
	for (size_t i = 0; i < n; i++) {
		struct json_object *user = json_object_array_get_idx(list, i);
		char id[PL_ECHO_ID_MAX];

		if (!json_object_is_type(user, json_type_object))
			continue;
		if (!get_text(user, "channel_id", id, sizeof(id)) || strcmp(id, channel_id) == 0)
			n_users++;
	}
	return n_users;
}
