/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

/** What was made for so many leaves while the next one's is made: an encoder takes 50 us. */
#define QUEUE_MAX 16u
/** Room for a burst: the packets of 100 browsers that were all asleep for 50 ms. */
#define BUFFER_BYTES (1024 * 1024)
/** DSCP "expedited forwarding" for audio, RFC 8837 5; the upper six bits. */
#define TRAFFIC_CLASS (46 << 2)

struct control {
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
					    CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct datagram {
	struct sockaddr_storage remote;
	struct control control;
	_Alignas(8) uint8_t data[PL_PEER_DATAGRAM_MAX];
};

struct listen_socket {
	int fd, family;
	struct pl_net_address bound; /* all of it 0 but family and port: any */
	struct datagram in[LISTEN_SOCKET_BATCH], out[QUEUE_MAX];
	struct iovec in_parts[LISTEN_SOCKET_BATCH], out_parts[QUEUE_MAX];
	struct mmsghdr in_messages[LISTEN_SOCKET_BATCH], out_messages[QUEUE_MAX];
	uint32_t n_out;
};

/* --- which of our addresses ------------------------------------------------------------------- */

static void read_local(const struct listen_socket *s, struct msghdr *message,
		       struct pl_net_address *ret_local)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(s->bound.port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(s->bound.port)};

	*ret_local = (struct pl_net_address){0};
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			v6.sin6_addr = info.ipi6_addr;
			v6.sin6_scope_id = info.ipi6_ifindex;
			pl_net_address_read((const struct sockaddr *)&v6, ret_local);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			v4.sin_addr = info.ipi_addr;
			pl_net_address_read((const struct sockaddr *)&v4, ret_local);
		}
	}
}

/** @return bytes of it */
static size_t write_local(const struct listen_socket *s, const struct pl_net_address *local,
			  struct control *ret_control)
{
	struct msghdr message = {.msg_control = ret_control,
				 .msg_controllen = sizeof(*ret_control)};
	struct sockaddr_storage address;
	struct cmsghdr *c;

	if (local->family == 0 || pl_net_address_write(local, s->family, &address) == 0)
		return 0;
	memset(ret_control, 0, sizeof(*ret_control));
	c = CMSG_FIRSTHDR(&message);
	if (s->family == AF_INET6) {
		struct in6_pktinfo info = {.ipi6_ifindex = local->scope_id};

		info.ipi6_addr = ((const struct sockaddr_in6 *)&address)->sin6_addr;
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		return CMSG_SPACE(sizeof(info));
	}
	struct in_pktinfo info = {.ipi_spec_dst = ((const struct sockaddr_in *)&address)->sin_addr};

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return CMSG_SPACE(sizeof(info));
}

/* --- in and out ------------------------------------------------------------------------------- */

unsigned listen_socket_receive(struct listen_socket *s, listen_datagram_t on_datagram,
			       void *userdata)
{
	int n;

	for (unsigned i = 0; i < LISTEN_SOCKET_BATCH; i++) {
		s->in_parts[i] = (struct iovec){s->in[i].data, sizeof(s->in[i].data)};
		s->in_messages[i].msg_hdr = (struct msghdr){
			.msg_name = &s->in[i].remote,
			.msg_namelen = sizeof(s->in[i].remote),
			.msg_iov = &s->in_parts[i],
			.msg_iovlen = 1,
			.msg_control = &s->in[i].control,
			.msg_controllen = sizeof(s->in[i].control),
		};
	}
	n = recvmmsg(s->fd, s->in_messages, LISTEN_SOCKET_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct msghdr *message = &s->in_messages[i].msg_hdr;
		struct pl_net_path path;

		if ((message->msg_flags & MSG_TRUNC) ||
		    !pl_net_address_read((const struct sockaddr *)&s->in[i].remote, &path.remote))
			continue;
		read_local(s, message, &path.local);
		on_datagram(userdata, &path, s->in[i].data, s->in_messages[i].msg_len);
	}
	return n < 0 ? 0 : (unsigned)n;
}

void listen_socket_flush(struct listen_socket *s)
{
	uint32_t at = 0;

	while (at < s->n_out) {
		int n = sendmmsg(s->fd, s->out_messages + at, s->n_out - at, MSG_DONTWAIT);

		/* One that cannot be sent is lost, and does not keep back those behind it: its
		 * network is away, or the queue is full. */
		at += n > 0 ? (uint32_t)n : 1u;
	}
	s->n_out = 0;
}

void listen_socket_send(struct listen_socket *s, const struct pl_net_path *path,
			const uint8_t *data, size_t size)
{
	struct datagram *out = &s->out[s->n_out];
	socklen_t n_remote = pl_net_address_write(&path->remote, s->family, &out->remote);
	size_t n_control;

	if (n_remote == 0 || size > sizeof(out->data))
		return;
	n_control = write_local(s, &path->local, &out->control);
	memcpy(out->data, data, size);
	s->out_parts[s->n_out] = (struct iovec){out->data, size};
	s->out_messages[s->n_out].msg_hdr = (struct msghdr){
		.msg_name = &out->remote,
		.msg_namelen = n_remote,
		.msg_iov = &s->out_parts[s->n_out],
		.msg_iovlen = 1,
		.msg_control = n_control > 0 ? &out->control : NULL,
		.msg_controllen = n_control,
	};
	if (++s->n_out == QUEUE_MAX)
		listen_socket_flush(s);
}

/* --- where it can be reached ------------------------------------------------------------------ */

static bool is_any(const struct pl_net_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->byte, zero, sizeof(zero)) == 0;
}

/** IPv4 first: what a browser's own network has for certain. */
static unsigned rank_of(const struct ifaddrs *entry, const struct pl_net_address *address)
{
	if (entry->ifa_flags & IFF_LOOPBACK)
		return 2;
	return address->family == AF_INET ? 0 : 1;
}

static void collect(const struct listen_socket *s, const struct ifaddrs *list, unsigned rank,
		    struct pl_net_address *ret_addresses, uint32_t n_max, uint32_t *n)
{
	for (const struct ifaddrs *e = list; e && *n < n_max; e = e->ifa_next) {
		struct pl_net_address address;

		if (!e->ifa_addr || !(e->ifa_flags & IFF_UP) ||
		    !pl_net_address_read(e->ifa_addr, &address) ||
		    pl_net_address_is_link_local(&address) ||
		    (address.family == AF_INET6 && s->family == AF_INET) ||
		    rank_of(e, &address) != rank)
			continue;
		address.port = s->bound.port;
		address.scope_id = 0;
		ret_addresses[(*n)++] = address;
	}
}

uint32_t listen_socket_candidates(const struct listen_socket *s,
				  struct pl_net_address *ret_addresses, uint32_t n_max)
{
	struct ifaddrs *list;
	uint32_t n = 0;

	if (!is_any(&s->bound)) {
		ret_addresses[0] = s->bound;
		return n_max > 0 ? 1 : 0;
	}
	if (getifaddrs(&list) < 0)
		return 0;
	for (unsigned rank = 0; rank < 2; rank++)
		collect(s, list, rank, ret_addresses, n_max, &n);
	if (n == 0)
		collect(s, list, 2, ret_addresses, n_max, &n);
	freeifaddrs(list);
	return n;
}

/* --- life ------------------------------------------------------------------------------------- */

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int read_address(const char *text, uint16_t port, struct pl_net_address *ret_address)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (strcmp(text, "localhost") == 0)
		text = "127.0.0.1";
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		pl_net_address_read((const struct sockaddr *)&v4, ret_address);
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		pl_net_address_read((const struct sockaddr *)&v6, ret_address);
	else
		return -EINVAL;
	return 0;
}

static int prepare(struct listen_socket *s)
{
	int r = 0;

	if (s->family == AF_INET6) {
		r = set(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		if (r >= 0)
			r = set(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set(s->fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS);
	} else {
		r = set(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
	}
	/* Wishes: without them it works as well as it can. */
	set(s->fd, IPPROTO_IP, IP_TOS, TRAFFIC_CLASS);
	set(s->fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	set(s->fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
	return r;
}

static int bind_it(struct listen_socket *s)
{
	struct sockaddr_storage address;
	socklen_t size = pl_net_address_write(&s->bound, s->family, &address);

	if (bind(s->fd, (const struct sockaddr *)&address, size) < 0)
		return -errno;
	size = sizeof(address);
	if (getsockname(s->fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	s->bound.port =
		ntohs(s->family == AF_INET ? ((const struct sockaddr_in *)&address)->sin_port
					   : ((const struct sockaddr_in6 *)&address)->sin6_port);
	return 0;
}

int listen_socket_open(const char *address, uint16_t port, struct listen_socket **ret_socket)
{
	struct listen_socket *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->fd = -1;
	r = read_address(address, port, &s->bound);
	if (r >= 0) {
		s->family = s->bound.family;
		s->fd = socket(s->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
		r = s->fd < 0 ? -errno : prepare(s);
	}
	if (r >= 0)
		r = bind_it(s);
	if (r < 0) {
		listen_socket_close(s);
		return r;
	}
	*ret_socket = s;
	return 0;
}

struct listen_socket *listen_socket_close(struct listen_socket *s)
{
	if (!s)
		return NULL;
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	return NULL;
}

int listen_socket_fd(const struct listen_socket *s)
{
	return s->fd;
}

uint16_t listen_socket_port(const struct listen_socket *s)
{
	return s->bound.port;
}
