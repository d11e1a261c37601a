/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include "browse.h"

/** discover: the other Partylines in the network. */

#define NAME_COLUMNS 28
#define HOST_COLUMNS 20
#define VERSION_COLUMNS 8

#define TIMEOUT_S_DEFAULT 5.0
#define TIMEOUT_S_MIN 0.1
#define TIMEOUT_S_MAX 60.0

static void print_size(struct json_object *peer)
{
	struct json_object *tablets = ctl_json_member(peer, "tablets");
	struct json_object *channels = ctl_json_member(peer, "channels");

	if (tablets && channels)
		printf("%2d × %-2d  ", json_object_get_int(tablets), json_object_get_int(channels));
	else
		printf("%-9s", "-");
}

static void print_peer(struct json_object *peer)
{
	const char *version = ctl_json_string(peer, "version");

	ctl_print_padded(ctl_json_string(peer, "name"), NAME_COLUMNS);
	fputs("  ", stdout);
	ctl_print_padded(ctl_json_string(peer, "host"), HOST_COLUMNS);
	fputs("  ", stdout);
	ctl_print_padded(version[0] ? version : "-", VERSION_COLUMNS);
	fputs("  ", stdout);
	print_size(peer);
	ctl_print_text(ctl_json_string(peer, "url"));
	putchar('\n');
}

int ctl_run_discover(struct ctl *ctl, int n, char *arguments[])
{
	double timeout_s = ctl->timeout_s != 0.0 ? ctl->timeout_s : TIMEOUT_S_DEFAULT;
	ctl_cleanup_json *peers = NULL;
	char reason[256];
	int r;

	if (timeout_s < TIMEOUT_S_MIN || timeout_s > TIMEOUT_S_MAX)
		return ctl_fail(ctl, CTL_USAGE, "--timeout is %g to %g seconds, not %g",
				TIMEOUT_S_MIN, TIMEOUT_S_MAX, timeout_s);
	r = ctl_browse(timeout_s, ctl->all, &peers, reason, sizeof(reason));
	if (r < 0)
		return ctl_fail(ctl, CTL_NOT_RUNNING, "%s", reason);
	if (ctl->json) {
		ctl_json_print(json_object_get(peers));
		return CTL_OK;
	}
	if (json_object_array_length(peers) == 0)
		puts(ctl->all ? "no Partyline is announced in the network"
			      : "no other Partyline is announced in the network");
	for (size_t i = 0; i < json_object_array_length(peers); i++)
		print_peer(json_object_array_get_idx(peers, i));
	return CTL_OK;
}
