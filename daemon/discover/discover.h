/* SPDX-License-Identifier: MIT */
#ifndef PL_DISCOVER_H
#define PL_DISCOVER_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "control.h"
#include "log.h"

/**
 * Announces this Partyline in the local network (DNS-SD over multicast DNS, by avahi-daemon), so
 * that people and programs find it without an address: _partyline._tcp, _micwise._tcp (Mic-Wise's
 * clients look for it) and _http._tcp (the web page), with _https._tcp besides when the port
 * speaks TLS. TXT: version, path, tls=0|1, channels, tablets, id.
 *
 * "discover"/"publish" of the configuration decides: "auto" (default) announces a server that
 * others can reach, and nothing when it listens on the loopback only, as an entry that nobody
 * can open helps nobody; "always" also then, for a server behind a proxy that hands on the same
 * port; "never" nothing. It is taken over on reload.
 *
 * Thread: the daemon's one loop.
 */
struct pl_discover;

struct pl_discover_options {
	uint16_t port;      /**< that the server has */
	bool tls;           /**< the port speaks TLS */
	struct pl_log *log; /**< borrowed; may be NULL */
};

/**
 * @param control       borrowed, outlives it; hears of it by pl_control_set_discover()
 * @param ret_discover  pl_discover_free() withdraws what is announced
 */
int pl_discover_new(sd_event *event, struct pl_control *control,
		    const struct pl_discover_options *options, struct pl_discover **ret_discover);
struct pl_discover *pl_discover_free(struct pl_discover *discover);

#endif
