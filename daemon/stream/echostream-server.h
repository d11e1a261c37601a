/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_SERVER_H
#define PL_ECHOSTREAM_SERVER_H

#include "echostream-client.h"
#include "echostream-hub.h"

/** The inside of a hub: one server and its datagrams. Thread: that of the hub. */

struct pl_echo_stream {
	struct pl_echo_stream *next; /* of the same server */
	struct pl_echo_server *server;
	struct pl_stream_def def;
	pl_echo_audio_h on_audio;
	void *userdata;
	int member;                    /* of the client */
	struct pl_echo_cipher *cipher; /* NULL: no key */
	uint64_t n_packets_sent, n_bytes_sent, n_packets_received, n_bytes_received;
	uint64_t n_refused[PL_ECHO_PACKET_N_VERDICTS];
};

struct pl_echo_server {
	struct pl_echo_server *next;
	char url[PL_URL_MAX];
	struct pl_echo_client *client;
	struct pl_echo_client_status status; /* as it was read last */
	struct pl_echo_stream *streams;      /* NULL: it is on its way out */
	struct pl_echo_window *window;
	int hub_fd;     /* epoll; borrowed */
	int changed_fd; /* eventfd: the client has news */
	int timer_fd;   /* KEEP_ALIVE */
	int socket_fd;  /* -1: it is not known where to */
	char trouble[256];
	uint64_t n_refused[PL_ECHO_PACKET_N_VERDICTS];
};

/** @param hub_fd  epoll to be woken by */
int pl_echo_server_new(int hub_fd, const char *url, struct pl_echo_server **ret_server);
struct pl_echo_server *pl_echo_server_free(struct pl_echo_server *server);
/** Its last stream has gone: the thread is told to end, and nobody waits for it. */
void pl_echo_server_end(struct pl_echo_server *server);
bool pl_echo_server_has_ended(struct pl_echo_server *server);
/** @return true: a state has changed */
bool pl_echo_server_run(struct pl_echo_server *server);
/** @return 0, -ENOTCONN, or what sendto() says */
int pl_echo_server_send(struct pl_echo_server *server, const char *datagram, size_t size);
/** The server's key if it sent one, else the stream's own. */
void pl_echo_stream_take_key(struct pl_echo_stream *stream);

#endif
