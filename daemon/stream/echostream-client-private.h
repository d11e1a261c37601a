/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_CLIENT_PRIVATE_H
#define PL_ECHOSTREAM_CLIENT_PRIVATE_H

#include <pthread.h>

#include <libwebsockets.h>

#include "echostream-client.h"

/** What a member wants, as the other threads say it. */
struct pl_echo_wish {
	bool used;
	uint32_t serial; /**< another member has another one */
	bool transmit;
	bool was_short;                   /**< pressed and released before the thread had looked */
	struct pl_echo_identity identity; /**< its texts are below */
	char affiliation_id[PL_ECHO_ID_MAX], user_name[PL_ECHO_ID_MAX];
	char agency_name[PL_ECHO_ID_MAX], channel_id[PL_ECHO_ID_MAX];
};

/** Between the threads; whoever is last frees it. */
struct pl_echo_notes {
	pthread_mutex_t lock;
	pthread_cond_t has_ended;
	unsigned n_refs;
	bool quit, ended;
	int changed_fd; /**< -1: nobody listens any more */
	uint32_t n_serials;
	struct pl_echo_wish wishes[PL_ECHO_MEMBERS_MAX];
	struct pl_echo_client_status status;
	struct lws_context *context;   /**< NULL when the thread has ended */
	struct pl_echo_socket *socket; /**< the thread's own */
	char *url;                     /**< taken apart by libwebsockets, in place */
	const char *scheme, *host, *path;
	int port;
};

struct pl_echo_notes *pl_echo_notes_unref(struct pl_echo_notes *notes);
/** The thread. @param userdata  struct pl_echo_notes, a reference */
void *pl_echo_socket_run(void *userdata);

#endif
