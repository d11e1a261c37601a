/* SPDX-License-Identifier: MIT */
#ifndef PL_LISTEN_SOCKET_H
#define PL_LISTEN_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "net-address.h"

/**
 * The one UDP port of all sessions: IPv4 and IPv6, any number of interfaces. Each datagram comes with
 * the address of ours that it was sent to, and what is sent goes out from the address that is asked
 * for. What is to be sent is collected and goes out in one system call.
 *
 * Thread: _open, _close and _candidates: main; the others: the one that works.
 */
struct listen_socket;

/**
 * @param address  to bind: an IP address; "0.0.0.0" and "::" are all of this machine's ("::" both
 *                 families); "localhost"
 * @param port     0: any free one
 * @return 0; -EINVAL: no IP address; -EADDRINUSE; -EADDRNOTAVAIL; other negative errno
 */
int listen_socket_open(const char *address, uint16_t port, struct listen_socket **ret_socket);
/** @return NULL */
struct listen_socket *listen_socket_close(struct listen_socket *socket);

int listen_socket_fd(const struct listen_socket *socket);
uint16_t listen_socket_port(const struct listen_socket *socket);

/**
 * Where it can be reached now, best first: addresses of interfaces that are up; of those that are not
 * link-local; of the loopback only when there is no other, or when it is bound to it.
 *
 * @return number written
 */
uint32_t listen_socket_candidates(const struct listen_socket *socket,
				  struct pl_net_address *ret_addresses, uint32_t n_max);

typedef void (*listen_datagram_t)(void *userdata, const struct pl_net_path *path, uint8_t *data,
				  size_t size);
/** What has come, LISTEN_SOCKET_BATCH datagrams at the most. @return their number */
unsigned listen_socket_receive(struct listen_socket *socket, listen_datagram_t on_datagram,
			       void *userdata);
#define LISTEN_SOCKET_BATCH 32u

/** Copied; sent by _flush, or when there is no more room. A full queue of the kernel is a loss. */
void listen_socket_send(struct listen_socket *socket, const struct pl_net_path *path,
			const uint8_t *data, size_t size);
void listen_socket_flush(struct listen_socket *socket);

#endif
