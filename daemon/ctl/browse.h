/* SPDX-License-Identifier: MIT */
#ifndef PL_CTL_BROWSE_H
#define PL_CTL_BROWSE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/**
 * Ask avahi-daemon for every Partyline that is announced now.
 *
 * Its cache answers at once, other machines within a second; it is over when Avahi says so and
 * each of the found ones has told its address, at the latest after timeout_s.
 *
 * @param with_local  also those of this machine
 * @param ret_peers   array, by name; put by the caller
 * @param ret_reason  one plain sentence, on any error
 * @return 0; -ESRCH without avahi-daemon or a system bus, -EIO when it refuses
 */
int ctl_browse(double timeout_s, bool with_local, struct json_object **ret_peers, char *ret_reason,
	       size_t reason_size);

#endif
