/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_CLIENT_H
#define PL_ECHOSTREAM_CLIENT_H

#include <sys/socket.h>

#include "echostream-link.h"

/**
 * The WebSocket of one server, for all of its channels, in a thread of its own: looking up names and
 * shaking hands may take seconds, and neither the daemon's loop nor the audio waits for it.
 *
 * wss:// checks the server's certificate and name against the machine's authorities. Every 20 s
 * without a word a ping, and 20 s without an answer end the connection; then, and whenever else it
 * is lost, it is made anew as echostream-link.h has it.
 *
 * Thread: any for each function; none of them waits but pl_echo_client_free().
 */
struct pl_echo_client;

/**
 * @param url         ws:// or wss://, host, optional port, path
 * @param changed_fd  eventfd of the caller, written when anything that can be read here has
 *                    changed; it must stay open until pl_echo_client_free() has returned
 * @return 0, -EINVAL (the URL), -ENOMEM, or what pthread_create() says
 */
int pl_echo_client_new(const char *url, int changed_fd, struct pl_echo_client **ret_client);
/**
 * Transmissions are told to have ended if the connection is up. Waits for the thread for up to a
 * second; should it be looking up a name for longer, it ends by itself later.
 *
 * NULL is fine. @return NULL
 */
struct pl_echo_client *pl_echo_client_free(struct pl_echo_client *client);

/** Tells the thread to end, and does not wait for it; from then on only _has_ended and _free. */
void pl_echo_client_end(struct pl_echo_client *client);
bool pl_echo_client_has_ended(struct pl_echo_client *client);

/** As pl_echo_link_join() */
int pl_echo_client_join(struct pl_echo_client *client, const struct pl_echo_identity *identity);
void pl_echo_client_leave(struct pl_echo_client *client, int member);
void pl_echo_client_transmit(struct pl_echo_client *client, int member, bool transmit);

/** Where the audio goes to. */
struct pl_echo_target {
	struct sockaddr_storage address;
	socklen_t address_size; /**< 0: not known */
	bool has_key;
	uint8_t key[PL_ECHO_KEY_BYTES];
};

struct pl_echo_client_status {
	enum pl_echo_link_state state;
	char trouble[256];   /**< one plain sentence, "" */
	uint64_t n_opened;   /**< connections that were made */
	uint64_t n_nonsense; /**< messages that were not understood and passed over */
	struct pl_echo_target target;
	uint32_t n_users[PL_ECHO_MEMBERS_MAX]; /**< on the member's channel, itself included */
};
void pl_echo_client_status(struct pl_echo_client *client, struct pl_echo_client_status *ret_status);

#endif
