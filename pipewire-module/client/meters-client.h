/* SPDX-License-Identifier: MIT */
#ifndef PL_METERS_CLIENT_H
#define PL_METERS_CLIENT_H

#include <stdint.h>

#include <partyline/meters.h>

/**
 * The reading end of the meter page. Depends on libc only.
 *
 * With a loop: connect, wait until the descriptor is readable, receive. Without: new() does it all.
 * The page stays mapped when the server ends; data.clock_nsec then stands still. After a restart
 * of the server connect again, by the new matrix node's PL_KEY_METERS_SOCKET.
 */
struct pl_meters_client;

/**
 * @param path  value of PL_KEY_METERS_SOCKET
 * @return a non-blocking descriptor, for pl_meters_client_receive() once it is readable; the
 *         caller closes it. -ENAMETOOLONG, -ENOENT, -ECONNREFUSED …
 */
int pl_meters_client_connect(const char *path);

/**
 * Take the page from a connected descriptor and map it read-only.
 *
 * @param ret_client  free with pl_meters_client_free()
 * @return 0; -EAGAIN when it has not come yet; -ECONNRESET when the server went away; -EPROTO when
 *         what came is not a meter page of our version; or what mmap says
 */
int pl_meters_client_receive(int fd, struct pl_meters_client **ret_client);

/**
 * Connect and receive, waiting up to timeout_ms.
 *
 * @return as the two above, and -ETIMEDOUT
 */
int pl_meters_client_new(const char *path, uint32_t timeout_ms,
			 struct pl_meters_client **ret_client);

/** The page, for pl_meters_read(); as long as the client. Any thread. */
const struct pl_meters_page *pl_meters_client_get_page(const struct pl_meters_client *client);

/** Unmaps; NULL is fine. */
void pl_meters_client_free(struct pl_meters_client *client);

#endif
