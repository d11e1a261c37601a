/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/** tablets, channels, name: who is there and what people call them. */

#define NAME_COLUMNS 20

static void print_ids_only(struct json_object *objects)
{
	for (size_t i = 0; i < json_object_array_length(objects); i++)
		printf("%d\n", (int)ctl_json_double(json_object_array_get_idx(objects, i), "id"));
}

static void print_tablet(struct json_object *tablet)
{
	char sidetone[32], keys[256], talking[256];

	printf("%3d  ", (int)ctl_json_double(tablet, "id"));
	ctl_print_padded(ctl_json_string(tablet, "name"), NAME_COLUMNS);
	printf("  %-9s  %-5s  %-5s  %-6s  %-9s  %-12s  %s\n", ctl_json_string(tablet, "mode"),
	       ctl_json_bool(tablet, "muted") ? "muted" : "-",
	       ctl_json_bool(tablet, "talk_muted") ? "muted" : "-",
	       ctl_json_bool(tablet, "listen_muted") ? "muted" : "-",
	       ctl_db_text(sidetone, ctl_json_double(tablet, "sidetone_db"), "off"),
	       ctl_ids_text(keys, sizeof(keys), ctl_json_member(tablet, "keys")),
	       ctl_ids_text(talking, sizeof(talking), ctl_json_member(tablet, "talking")));
}

static void print_channel(struct json_object *channel)
{
	char active[256], talking[256], level[32];

	printf("%3d  ", (int)ctl_json_double(channel, "id"));
	ctl_print_padded(ctl_json_string(channel, "name"), NAME_COLUMNS);
	printf("  %-5s  %10s  %-12s  %s\n", ctl_json_bool(channel, "muted") ? "muted" : "-",
	       ctl_db_text(level, ctl_json_double(channel, "vu_db"), "silent"),
	       ctl_ids_text(active, sizeof(active), ctl_json_member(channel, "active_tablets")),
	       ctl_ids_text(talking, sizeof(talking), ctl_json_member(channel, "talking_tablets")));
}

static int list(struct ctl *ctl, const char *kind, const char *heading,
		void (*print_one)(struct json_object *object))
{
	struct json_object *objects;
	int code;

	code = ctl_get_objects(ctl, kind, &objects);
	if (code != CTL_OK)
		return code;
	if (ctl->json) {
		ctl_json_print(objects);
		return CTL_OK;
	}
	if (ctl->ids) {
		print_ids_only(objects);
	} else {
		puts(heading);
		for (size_t i = 0; i < json_object_array_length(objects); i++)
			print_one(json_object_array_get_idx(objects, i));
	}
	json_object_put(objects);
	return CTL_OK;
}

int ctl_run_tablets(struct ctl *ctl, int n, char *arguments[])
{
	return list(
		ctl, "tablet",
		" ID  NAME                  MODE       MUTE   TALK   LISTEN  SIDETONE   KEYS          TALKS ON",
		print_tablet);
}

int ctl_run_channels(struct ctl *ctl, int n, char *arguments[])
{
	return list(ctl, "channel",
		    " ID  NAME                  MUTE        LEVEL  KEYS OF       TALKING",
		    print_channel);
}

int ctl_run_name(struct ctl *ctl, int n, char *arguments[])
{
	const char *kind = arguments[0], *interface = CTL_CHANNEL;
	ctl_cleanup_json *name = NULL;
	struct json_object *answer;
	char path[64];
	uint32_t id;
	int code;

	if (strcmp(kind, "tablet") == 0)
		interface = CTL_TABLET;
	else if (strcmp(kind, "channel") != 0)
		return ctl_fail(ctl, CTL_USAGE, "channel or tablet is wanted, not \"%s\"", kind);

	code = ctl_find(ctl, kind, arguments[1], &id, path);
	if (code == CTL_OK && n > 2)
		code = ctl_set_string(ctl, path, interface, "Name", arguments[2]);
	if (code == CTL_OK)
		code = ctl_get(ctl, path, interface, "Name", &name);
	if (code != CTL_OK)
		return code;

	if (!ctl->json) {
		printf("%s %u: ", kind, id);
		ctl_print_text(json_object_get_string(name));
		putchar('\n');
		return CTL_OK;
	}
	answer = json_object_new_object();
	json_object_object_add(answer, kind, json_object_new_int64(id));
	json_object_object_add(answer, "name", json_object_get(name));
	ctl_json_print(answer);
	return CTL_OK;
}
