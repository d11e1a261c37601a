/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_MESSAGE_H
#define PL_ECHOSTREAM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/**
 * The text messages of EchoStream's WebSocket, production dialect. Pure: text in, values out.
 * Thread: any. Shapes: the older system's C client, Python client and test server.
 */

/** What the WebSocket handshake names. */
#define PL_ECHO_SUBPROTOCOL "audio-protocol"
#define PL_ECHO_KEY_BYTES 32u
/** Of a channel's and of a WebSocket's id with its NUL; the older system allows 63 characters too. */
#define PL_ECHO_ID_MAX 64u
#define PL_ECHO_HOST_MAX 256u
/** A longer message is refused unread: a users list of a few hundred fits. */
#define PL_ECHO_MESSAGE_MAX 65536u
/** What pl_echo_message_write() needs at most: four texts, each character escaped. */
#define PL_ECHO_WRITE_MAX 4096u

/** Who speaks, as the server shows it to others. Texts are borrowed. */
struct pl_echo_identity {
	const char *affiliation_id, *user_name, *agency_name, *channel_id;
};

enum pl_echo_verb {
	PL_ECHO_CONNECT, /**< joins the channel; again every 10 s as a keep-alive */
	PL_ECHO_TRANSMIT_STARTED,
	PL_ECHO_TRANSMIT_ENDED,
};

/**
 * {"connect":{"affiliation_id","user_name","agency_name","channel_id","time"}}, likewise under
 * transmit_started and transmit_ended.
 *
 * @param time_s  seconds since 1970
 * @return length without the NUL, -ENOSPC or -ENOMEM
 */
int pl_echo_message_write(enum pl_echo_verb verb, const struct pl_echo_identity *identity,
			  uint64_t time_s, char *ret_text, size_t size);

/** Where the audio goes to, as the server tells it. */
struct pl_echo_config {
	char udp_host[PL_ECHO_HOST_MAX];
	uint16_t udp_port;                 /**< 1..65535 */
	char websocket_id[PL_ECHO_ID_MAX]; /**< a number or a text there; "" when missing */
	bool has_key;                      /**< false: missing, null, "" or "N/A" */
	uint8_t key[PL_ECHO_KEY_BYTES];    /**< AES-256 */
};

enum pl_echo_message_kind {
	PL_ECHO_CONFIG,  /**< known by udp_port and udp_host: it has no type */
	PL_ECHO_USERS,   /**< users_connected */
	PL_ECHO_ACK,     /**< type transmit_ack */
	PL_ECHO_UNKNOWN, /**< an object with other members; to be passed over */
};

struct pl_echo_message {
	enum pl_echo_message_kind kind;
	struct pl_echo_config config;
	char channel_id[PL_ECHO_ID_MAX]; /**< of an acknowledgement, "" when missing */
	bool is_ok;                      /**< of an acknowledgement: its status is "ok" */
	struct json_object *tree;        /**< owned; pl_echo_message_done() */
};

/**
 * @param ret_reason  what is wrong with it, on -EINVAL; at least 128 bytes
 * @return 0, -EINVAL, or -ENOMEM; *ret_message is untouched then
 */
int pl_echo_message_read(const char *text, size_t size, struct pl_echo_message *ret_message,
			 char *ret_reason, size_t reason_size);
/** A zeroed one is fine. */
void pl_echo_message_done(struct pl_echo_message *message);

/** How many of a users list are on that channel. Entries without a channel are on all. */
uint32_t pl_echo_message_users(const struct pl_echo_message *message, const char *channel_id);

/**
 * Base64 of RFC 4648 section 4 with padding, and nothing else in it.
 *
 * @return number of bytes, or -EINVAL (also when they are more than size)
 */
int pl_echo_base64(const char *text, size_t length, uint8_t *ret_bytes, size_t size);

#endif
