/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_PEER_H
#define PL_CTL_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <avahi-common/address.h>
#include <avahi-common/strlst.h>
#include <json-c/json.h>

/** What another machine announces; every byte of it is what that machine likes. */

/**
 * Note what one answer told; answers by several networks or protocols become one peer.
 *
 * @param peers      array as ctl_browse() gives it
 * @param interface  that the answer came by; a link-local address means nothing without it
 * @return 0 or -ENOMEM
 */
int peers_add(struct json_object *peers, const char *name, const char *host,
	      const AvahiAddress *address, AvahiIfIndex interface, uint16_t port,
	      AvahiStringList *txt, bool is_local);

/** By name. */
void peers_sort(struct json_object *peers);

#endif
