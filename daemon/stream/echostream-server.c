/* SPDX-License-Identifier: MIT */
#include "echostream-server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/** Datagrams in a row, so that a flood cannot keep the other streams waiting. */
#define DATAGRAMS_MAX 64

static uint64_t now_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* --- life --------------------------------------------------------------------------------- */

static int watch(struct pl_echo_server *server, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(server->hub_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int pl_echo_server_new(int hub_fd, const char *url, struct pl_echo_server **ret_server)
{
	struct pl_echo_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->hub_fd = hub_fd;
	server->socket_fd = -1;
	snprintf(server->url, sizeof(server->url), "%s", url);
	server->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r = server->changed_fd < 0 || server->timer_fd < 0 ? -errno : 0;
	if (r >= 0)
		r = watch(server, server->changed_fd);
	if (r >= 0)
		r = watch(server, server->timer_fd);
	if (r >= 0)
		r = pl_echo_window_new(&server->window);
	if (r >= 0)
		r = pl_echo_client_new(url, server->changed_fd, &server->client);
	if (r < 0) {
		pl_echo_server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

static void close_socket(struct pl_echo_server *server)
{
	if (server->socket_fd >= 0)
		close(server->socket_fd);
	server->socket_fd = -1;
}

struct pl_echo_server *pl_echo_server_free(struct pl_echo_server *server)
{
	if (!server)
		return NULL;
	pl_echo_client_free(server->client);
	close_socket(server);
	if (server->changed_fd >= 0)
		close(server->changed_fd);
	if (server->timer_fd >= 0)
		close(server->timer_fd);
	pl_echo_window_free(server->window);
	explicit_bzero(server, sizeof(*server));
	free(server);
	return NULL;
}

void pl_echo_server_end(struct pl_echo_server *server)
{
	pl_echo_client_end(server->client);
	close_socket(server);
}

bool pl_echo_server_has_ended(struct pl_echo_server *server)
{
	return pl_echo_client_has_ended(server->client);
}

/* --- where to ----------------------------------------------------------------------------- */

static int open_socket(struct pl_echo_server *server)
{
	int family = server->status.target.address.ss_family, r;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int tos = server->streams->def.dscp << 2;

	if (fd < 0)
		return -errno;
	/* A network that knows no classes carries it all the same. */
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else
		setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	r = watch(server, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	server->socket_fd = fd;
	return 0;
}

static void keep_alive(struct pl_echo_server *server)
{
	const struct itimerspec every = {
		.it_value.tv_sec = PL_ECHO_KEEP_ALIVE_USEC / 1000000u,
		.it_interval.tv_sec = PL_ECHO_KEEP_ALIVE_USEC / 1000000u,
	};

	timerfd_settime(server->timer_fd, 0, &every, NULL);
	pl_echo_server_send(server, PL_ECHO_KEEP_ALIVE, sizeof(PL_ECHO_KEEP_ALIVE) - 1);
}

void pl_echo_stream_take_key(struct pl_echo_stream *stream)
{
	const struct pl_echo_target *target = &stream->server->status.target;
	const uint8_t *key = NULL;

	if (target->has_key)
		key = target->key;
	else if (stream->def.secret_size == PL_ECHO_KEY_BYTES)
		key = stream->def.secret;
	stream->cipher = pl_echo_cipher_free(stream->cipher);
	/* Without memory it is as without a key, until the server says it again. */
	if (key)
		pl_echo_cipher_new(key, &stream->cipher);
}

static void take_target(struct pl_echo_server *server)
{
	int r;

	close_socket(server);
	r = open_socket(server);
	if (r < 0)
		snprintf(server->trouble, sizeof(server->trouble), "no socket for the audio: %s",
			 strerror(-r));
	else
		server->trouble[0] = '\0';
	for (struct pl_echo_stream *stream = server->streams; stream; stream = stream->next)
		pl_echo_stream_take_key(stream);
	keep_alive(server);
}

static bool is_same_target(const struct pl_echo_target *a, const struct pl_echo_target *b)
{
	return a->address_size == b->address_size && a->has_key == b->has_key &&
	       memcmp(&a->address, &b->address, a->address_size) == 0 &&
	       memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static void look_at_client(struct pl_echo_server *server)
{
	struct pl_echo_target before = server->status.target;

	pl_echo_client_status(server->client, &server->status);
	if (server->status.target.address_size > 0 &&
	    !is_same_target(&before, &server->status.target))
		take_target(server);
}

/* --- datagrams ---------------------------------------------------------------------------- */

int pl_echo_server_send(struct pl_echo_server *server, const char *datagram, size_t size)
{
	const struct pl_echo_target *target = &server->status.target;

	if (server->socket_fd < 0)
		return -ENOTCONN;
	if (sendto(server->socket_fd, datagram, size, 0, (const struct sockaddr *)&target->address,
		   target->address_size) < 0)
		return -errno;
	return 0;
}

static bool is_from(const struct sockaddr_storage *from, const struct sockaddr_storage *server)
{
	const struct sockaddr_in *a4 = (const void *)from, *b4 = (const void *)server;
	const struct sockaddr_in6 *a6 = (const void *)from, *b6 = (const void *)server;

	if (from->ss_family != server->ss_family)
		return false;
	if (from->ss_family == AF_INET6)
		return memcmp(&a6->sin6_port, &b6->sin6_port, sizeof(a6->sin6_port)) == 0 &&
		       memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
	return memcmp(&a4->sin_port, &b4->sin_port, sizeof(a4->sin_port)) == 0 &&
	       memcmp(&a4->sin_addr, &b4->sin_addr, sizeof(a4->sin_addr)) == 0;
}

/** For one stream. @param is_new  what the window says: asked once, for the first that opens it */
static enum pl_echo_packet_verdict hand_over(struct pl_echo_stream *stream,
					     const struct pl_echo_packet *packet, size_t size,
					     int *is_new)
{
	uint8_t opus[PL_ECHO_OPUS_MAX];
	int n = stream->cipher ? pl_echo_packet_open(stream->cipher, packet, opus) : -EBADMSG;

	if (n < 0)
		return PL_ECHO_PACKET_NOT_AUTHENTIC;
	if (*is_new < 0)
		*is_new = pl_echo_window_add(stream->server->window, packet->sealed);
	if (!*is_new)
		return PL_ECHO_PACKET_REPLAYED;
	stream->n_packets_received++;
	stream->n_bytes_received += size;
	stream->on_audio(stream->userdata, opus, (size_t)n, now_nsec());
	return PL_ECHO_PACKET_AUDIO;
}

static void take_datagram(struct pl_echo_server *server, const char *datagram, size_t size,
			  const struct sockaddr_storage *from)
{
	struct pl_echo_packet packet;
	enum pl_echo_packet_verdict verdict = PL_ECHO_PACKET_FOREIGN;
	bool is_ours = false;
	int is_new = -1;

	if (is_from(from, &server->status.target.address))
		verdict = pl_echo_packet_read(datagram, size, &packet);
	if (verdict == PL_ECHO_PACKET_OTHER)
		return;
	if (verdict != PL_ECHO_PACKET_AUDIO) {
		server->n_refused[verdict]++;
		return;
	}
	for (struct pl_echo_stream *stream = server->streams; stream; stream = stream->next) {
		if (strcmp(stream->def.echo_channel_id, packet.channel_id) != 0)
			continue;
		is_ours = true;
		if (!(stream->def.way & PL_STREAM_RECEIVE))
			continue;
		verdict = hand_over(stream, &packet, size, &is_new);
		if (verdict != PL_ECHO_PACKET_AUDIO)
			stream->n_refused[verdict]++;
	}
	if (!is_ours)
		server->n_refused[PL_ECHO_PACKET_FOREIGN]++;
}

static void receive(struct pl_echo_server *server)
{
	/* One byte more, so that a longer one can be told from one that just fits. */
	char datagram[PL_ECHO_DATAGRAM_MAX + 1];
	struct sockaddr_storage from = {0};

	for (int i = 0; i < DATAGRAMS_MAX && server->socket_fd >= 0; i++) {
		socklen_t from_size = sizeof(from);
		ssize_t n = recvfrom(server->socket_fd, datagram, sizeof(datagram), 0,
				     (struct sockaddr *)&from, &from_size);

		/* An unreachable port is told once, and what comes behind it is read. */
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n >= 0)
			take_datagram(server, datagram, (size_t)n, &from);
	}
}

static bool take_event(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

bool pl_echo_server_run(struct pl_echo_server *server)
{
	bool has_news = take_event(server->changed_fd), is_time = take_event(server->timer_fd);

	if (!server->streams)
		return false;
	if (has_news)
		look_at_client(server);
	if (is_time)
		keep_alive(server);
	receive(server);
	return has_news;
}
