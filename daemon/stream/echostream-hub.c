/* SPDX-License-Identifier: MIT */
#include "echostream-hub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "echostream-server.h"

struct pl_echo_hub {
	int epoll_fd;
	struct pl_echo_server *servers;
};

int pl_echo_hub_new(struct pl_echo_hub **ret_hub)
{
	struct pl_echo_hub *hub = calloc(1, sizeof(*hub));
	int r;

	if (!hub)
		return -ENOMEM;
	hub->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (hub->epoll_fd < 0) {
		r = -errno;
		free(hub);
		return r;
	}
	*ret_hub = hub;
	return 0;
}

/** Servers whose thread has ended, or all of them. */
static void reap(struct pl_echo_hub *hub, bool all)
{
	struct pl_echo_server **link = &hub->servers;

	while (*link) {
		struct pl_echo_server *server = *link;

		if (server->streams || (!all && !pl_echo_server_has_ended(server))) {
			link = &server->next;
			continue;
		}
		*link = server->next;
		pl_echo_server_free(server);
	}
}

struct pl_echo_hub *pl_echo_hub_free(struct pl_echo_hub *hub)
{
	if (!hub)
		return NULL;
	reap(hub, true);
	close(hub->epoll_fd);
	free(hub);
	return NULL;
}

int pl_echo_hub_fd(const struct pl_echo_hub *hub)
{
	return hub->epoll_fd;
}

bool pl_echo_hub_run(struct pl_echo_hub *hub)
{
	struct pl_echo_server *next;
	bool changed = false;

	for (struct pl_echo_server *server = hub->servers; server; server = next) {
		next = server->next;
		changed |= pl_echo_server_run(server);
	}
	reap(hub, false);
	return changed;
}

static int get_server(struct pl_echo_hub *hub, const char *url, struct pl_echo_server **ret_server)
{
	struct pl_echo_server *server;
	int r;

	for (server = hub->servers; server; server = server->next) {
		/* one that nobody uses any more is on its way out */
		if (server->streams && strcmp(server->url, url) == 0) {
			*ret_server = server;
			return 0;
		}
	}
	r = pl_echo_server_new(hub->epoll_fd, url, &server);
	if (r < 0)
		return r;
	server->next = hub->servers;
	hub->servers = server;
	*ret_server = server;
	return 0;
}

int pl_echo_stream_new(struct pl_echo_hub *hub, const struct pl_stream_def *def,
		       pl_echo_audio_h on_audio, void *userdata, struct pl_echo_stream **ret_stream)
{
	const struct pl_echo_identity identity = {def->affiliation_id, def->user_name,
						  def->agency_name, def->echo_channel_id};
	struct pl_echo_stream *stream;
	int r;

	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->def = *def;
	stream->on_audio = on_audio;
	stream->userdata = userdata;
	r = get_server(hub, def->url, &stream->server);
	if (r >= 0)
		r = pl_echo_client_join(stream->server->client, &identity);
	if (r < 0) {
		if (stream->server && !stream->server->streams)
			pl_echo_server_end(stream->server);
		explicit_bzero(stream, sizeof(*stream));
		free(stream);
		return r;
	}
	stream->member = r;
	stream->next = stream->server->streams;
	stream->server->streams = stream;
	pl_echo_stream_take_key(stream);
	*ret_stream = stream;
	return 0;
}

struct pl_echo_stream *pl_echo_stream_free(struct pl_echo_stream *stream)
{
	struct pl_echo_stream **link;

	if (!stream)
		return NULL;
	for (link = &stream->server->streams; *link != stream; link = &(*link)->next)
		;
	*link = stream->next;
	pl_echo_client_leave(stream->server->client, stream->member);
	if (!stream->server->streams)
		pl_echo_server_end(stream->server);
	pl_echo_cipher_free(stream->cipher);
	explicit_bzero(stream, sizeof(*stream));
	free(stream);
	return NULL;
}

void pl_echo_stream_transmit(struct pl_echo_stream *stream, bool transmit)
{
	pl_echo_client_transmit(stream->server->client, stream->member, transmit);
}

int pl_echo_stream_send(struct pl_echo_stream *stream, const uint8_t *opus, size_t size)
{
	char datagram[PL_ECHO_DATAGRAM_MAX + 1];
	uint8_t iv[PL_ECHO_IV_BYTES];
	int length, r;

	if (!stream->cipher || stream->server->socket_fd < 0)
		return -ENOTCONN;
	length = pl_echo_packet_write(stream->cipher, stream->def.echo_channel_id, opus, size,
				      datagram, sizeof(datagram), iv);
	if (length < 0)
		return length;
	/* One that is sent back is no news. */
	pl_echo_window_add(stream->server->window, iv);
	r = pl_echo_server_send(stream->server, datagram, (size_t)length);
	if (r < 0)
		return r;
	stream->n_packets_sent++;
	stream->n_bytes_sent += (uint64_t)length;
	return 0;
}

void pl_echo_stream_status(const struct pl_echo_stream *stream,
			   struct pl_echo_stream_status *ret_status)
{
	const struct pl_echo_server *server = stream->server;
	struct pl_echo_client_status client;

	pl_echo_client_status(server->client, &client);
	*ret_status = (struct pl_echo_stream_status){
		.is_connected = client.state == PL_ECHO_LINK_OPEN && server->socket_fd >= 0,
		.has_key = stream->cipher,
		.n_users = client.n_users[stream->member],
		.n_packets_sent = stream->n_packets_sent,
		.n_bytes_sent = stream->n_bytes_sent,
		.n_packets_received = stream->n_packets_received,
		.n_bytes_received = stream->n_bytes_received,
		.n_nonsense = client.n_nonsense,
		.n_opened = client.n_opened,
	};
	for (unsigned i = 0; i < PL_ECHO_PACKET_N_VERDICTS; i++)
		ret_status->n_refused[i] = server->n_refused[i] + stream->n_refused[i];
	snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", client.trouble);
	if (server->trouble[0])
		snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", server->trouble);
	else if (client.target.address_size > 0 && !stream->cipher)
		snprintf(ret_status->trouble, sizeof(ret_status->trouble),
			 "the server sends no key; give the stream's echostream.key");
}
