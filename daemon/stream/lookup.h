/* SPDX-License-Identifier: MIT */
#ifndef PL_STREAM_LOOKUP_H
#define PL_STREAM_LOOKUP_H

#include <netdb.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * The address of a name. Asking the network may take half a minute: it is done by a thread of its
 * own, which nobody waits for.
 */
struct lookup;

struct lookup_address {
	struct sockaddr_storage address;
	socklen_t size; /**< 0: none */
};

/** Numbers only: does not wait. @param port  network order is made. @return 0 or -EINVAL: it is a name */
int lookup_numeric(const char *host, uint16_t port, struct lookup_address *ret_address);

/**
 * @param done_fd  eventfd of the caller, written once when the answer is there; duplicated
 * @param ret_lookup  lookup_free()
 * @return 0 or negative errno
 */
int lookup_new(const char *host, uint16_t port, int done_fd, struct lookup **ret_lookup);
/** Its thread ends by itself. @return NULL */
struct lookup *lookup_free(struct lookup *lookup);

/** @return 0; -EAGAIN: not yet; -EHOSTUNREACH: no such name, or no answer */
int lookup_result(struct lookup *lookup, struct lookup_address *ret_address);

#endif
