/* SPDX-License-Identifier: MIT */
#ifndef PL_DEMUX_H
#define PL_DEMUX_H

#include <stddef.h>
#include <stdint.h>

#include "net-address.h"
#include "peer.h"

/**
 * Many peers on one port: whose a datagram is. STUN requests are by our user name fragment, which
 * comes first in their USERNAME; all else is by the address that such a request came from
 * (RFC 7983 tells them apart). Where two peers were checked from the same address, it is the later
 * one's: a browser or a NAT has used the port again.
 *
 * Thread: one, that of its peers.
 */

struct pl_demux;

/** @return 0; -ENOMEM */
int pl_demux_new(uint32_t n_peers_max, struct pl_demux **ret_demux);
/** The peers stay. @return NULL */
struct pl_demux *pl_demux_free(struct pl_demux *demux);
/** Borrowed until pl_demux_remove(). @return 0; -ENOSPC */
int pl_demux_add(struct pl_demux *demux, struct pl_peer *peer);
/** Before it is freed; one that is not in it is no error. */
void pl_demux_remove(struct pl_demux *demux, const struct pl_peer *peer);

/**
 * Give a datagram to its peer.
 *
 * @param data      may be changed in place; 4-byte aligned
 * @param ret_peer  whose it was, also when it refused it; NULL: nobody's. May be NULL
 * @return as pl_peer_receive(); -ENOENT: nobody's
 */
int pl_demux_receive(struct pl_demux *demux, const struct pl_net_path *path, uint8_t *data,
		     size_t size, uint64_t now_nsec, struct pl_peer **ret_peer);

#endif
