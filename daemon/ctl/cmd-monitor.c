/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>

/** monitor: every change as it comes, whichever face made it. */

/* More crosspoints of one change than this are only counted in the text. */
#define N_CROSSPOINTS_SHOWN 16u

struct watch {
	struct ctl *ctl;
	sd_event *loop; /* a closed bus has lost its own reference */
};

static struct json_object *event_new(const char *word)
{
	struct json_object *event = json_object_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_object_object_add(
		event, "ts",
		json_object_new_double((double)now.tv_sec + (double)now.tv_nsec / 1e9));
	json_object_object_add(event, "event", json_object_new_string(word));
	return event;
}

static void print_time(void)
{
	struct timespec now;
	struct tm local;
	char text[16];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(text, sizeof(text), "%T", &local);
	printf("%s.%03ld  ", text, now.tv_nsec / 1000000);
}

static void say(struct ctl *ctl, const char *event, const char *text)
{
	if (ctl->json) {
		ctl_json_print(event_new(event));
		return;
	}
	print_time();
	puts(text);
	fflush(stdout);
}

/* --- PropertiesChanged ------------------------------------------------------------- */

/** "…/tablet/3" to "tablet" and 3; the root's objects are named by their interface and have id 0. */
static void object_of(const char *path, const char *interface, char object[16], unsigned *ret_id)
{
	const char *word = path + strlen(CTL_PATH), *slash = strrchr(path, '/');
	const char *dot = strrchr(interface, '.');

	*ret_id = 0;
	if (strncmp(path, CTL_PATH "/", sizeof(CTL_PATH)) == 0 && slash > word) {
		snprintf(object, 16, "%.*s", (int)(slash - word - 1), word + 1);
		*ret_id = (unsigned)strtoul(slash + 1, NULL, 10);
		return;
	}
	ctl_snake_case(dot ? dot + 1 : interface, object, 16);
}

/** "card:ID,0 capture running, …": of Manager.Devices what a line has room for */
static void print_devices(struct json_object *devices)
{
	size_t n_devices = json_object_array_length(devices);

	for (size_t i = 0; i < n_devices; i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		struct json_object *names = json_object_array_get_idx(device, 1);

		printf("%s", i ? ", " : "");
		ctl_print_text(json_object_get_string(json_object_array_get_idx(names, 0)));
		printf(" %s %s", json_object_get_string(json_object_array_get_idx(device, 0)),
		       json_object_get_string(json_object_array_get_idx(device, 5)));
	}
	puts(n_devices ? "" : "none");
	fflush(stdout);
}

static void print_property(struct ctl *ctl, const char *object, unsigned id, const char *property,
			   struct json_object *value)
{
	struct json_object *event;

	if (!ctl->json) {
		print_time();
		printf("%s", object);
		if (id > 0)
			printf(" %u", id);
		printf(" %s: ", property);
		if (strcmp(property, "devices") == 0) {
			print_devices(value);
			return;
		}
		ctl_print_text(
			json_object_is_type(value, json_type_string)
				? json_object_get_string(value)
				: json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
		putchar('\n');
		fflush(stdout);
		return;
	}
	event = event_new("changed");
	json_object_object_add(event, "object", json_object_new_string(object));
	if (id > 0)
		json_object_object_add(event, "id", json_object_new_int64(id));
	json_object_object_add(event, "property", json_object_new_string(property));
	json_object_object_add(event, "value", json_object_get(value));
	ctl_json_print(event);
}

static int print_properties(struct ctl *ctl, sd_bus_message *message)
{
	ctl_cleanup_json *changed = NULL;
	const char *interface;
	char object[16];
	unsigned id;
	int r;

	r = sd_bus_message_read(message, "s", &interface);
	if (r >= 0)
		r = ctl_json_from_message(message, &changed);
	if (r < 0)
		return r;
	object_of(sd_bus_message_get_path(message), interface, object, &id);
	json_object_object_foreach (changed, property, value) {
		char name[64];

		ctl_snake_case(property, name, sizeof(name));
		print_property(ctl, object, id, name, value);
	}
	return 0;
}

/* --- the signals of our own ---------------------------------------------------------- */

static int print_key(struct ctl *ctl, sd_bus_message *message)
{
	struct json_object *event;
	uint32_t tablet_id, channel_id;
	int down, r;

	r = sd_bus_message_read(message, "uub", &tablet_id, &channel_id, &down);
	if (r < 0)
		return r;
	if (!ctl->json) {
		print_time();
		printf("tablet %u channel %u key: %s\n", tablet_id, channel_id,
		       down ? "down" : "up");
		fflush(stdout);
		return 0;
	}
	event = event_new("key");
	json_object_object_add(event, "tablet", json_object_new_int64(tablet_id));
	json_object_object_add(event, "channel", json_object_new_int64(channel_id));
	json_object_object_add(event, "down", json_object_new_boolean(down));
	ctl_json_print(event);
	return 0;
}

static void print_cells(const char *direction, struct json_object *cells)
{
	size_t n_cells = json_object_array_length(cells);
	char text[32];

	if (n_cells > N_CROSSPOINTS_SHOWN) {
		print_time();
		printf("%s: %zu crosspoints\n", direction, n_cells);
		return;
	}
	for (size_t i = 0; i < n_cells; i++) {
		struct json_object *cell = json_object_array_get_idx(cells, i);

		print_time();
		printf("%s tablet %d channel %d: %s\n", direction,
		       json_object_get_int(json_object_array_get_idx(cell, 0)),
		       json_object_get_int(json_object_array_get_idx(cell, 1)),
		       ctl_db_text(text, json_object_get_double(json_object_array_get_idx(cell, 2)),
				   "off"));
	}
}

static int print_matrix(struct ctl *ctl, sd_bus_message *message)
{
	ctl_cleanup_json *uplink = NULL;
	ctl_cleanup_json *downlink = NULL;
	struct json_object *event;
	int r;

	r = ctl_json_from_message(message, &uplink);
	if (r >= 0)
		r = ctl_json_from_message(message, &downlink);
	if (r < 0)
		return r;
	if (!ctl->json) {
		print_cells("uplink", uplink);
		print_cells("downlink", downlink);
		fflush(stdout);
		return 0;
	}
	event = event_new("matrix");
	json_object_object_add(event, "uplink", json_object_get(uplink));
	json_object_object_add(event, "downlink", json_object_get(downlink));
	ctl_json_print(event);
	return 0;
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct ctl *ctl = userdata;
	int r = 0;

	if (sd_bus_message_is_signal(message, CTL_PROPERTIES, "PropertiesChanged"))
		r = print_properties(ctl, message);
	else if (sd_bus_message_is_signal(message, CTL_MANAGER, "KeyChanged"))
		r = print_key(ctl, message);
	else if (sd_bus_message_is_signal(message, CTL_MATRIX, "MatrixChanged"))
		r = print_matrix(ctl, message);
	else if (sd_bus_message_is_signal(message, CTL_MANAGER, "ConfigReloaded"))
		say(ctl, "config_reloaded", "the configuration was read again");
	/* A shape that a newer daemon sends is no reason to stop watching. */
	if (r < 0)
		fprintf(stderr, "partylinectl: %s of an unknown shape\n",
			sd_bus_message_get_member(message));
	return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;

	if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
		return 0;
	if (after[0])
		say(userdata, "came", "partyline is on the bus");
	else
		say(userdata, "left", "partyline has left the bus");
	return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;

	return sd_event_exit(watch->loop, ctl_fail(watch->ctl, CTL_NOT_RUNNING, "the bus is gone"));
}

static int add_matches(struct watch *watch)
{
	struct ctl *ctl = watch->ctl;
	int r;

	r = sd_bus_add_match(ctl->bus, NULL,
			     "type='signal',sender='" CTL_NAME "',path_namespace='" CTL_PATH "'",
			     on_signal, ctl);
	if (r >= 0)
		r = sd_bus_add_match(ctl->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
				     "arg0='" CTL_NAME "'",
				     on_owner_changed, ctl);
	if (r >= 0)
		r = sd_bus_match_signal(ctl->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_disconnected, watch);
	return r;
}

int ctl_run_monitor(struct ctl *ctl, int n, char *arguments[])
{
	__attribute__((cleanup(sd_event_unrefp))) sd_event *loop = NULL;
	struct watch watch = {.ctl = ctl};
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	r = sd_event_new(&loop);
	watch.loop = loop;
	if (r >= 0)
		r = sd_event_add_signal(loop, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(loop, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = add_matches(&watch);
	if (r >= 0)
		r = sd_bus_attach_event(ctl->bus, loop, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return ctl_fail(ctl, CTL_NOT_RUNNING, "cannot watch the bus: %s", strerror(-r));

	say(ctl, "watching", "watching partyline; Ctrl-C ends");
	r = sd_event_loop(loop);
	return r < 0 ? ctl_fail(ctl, CTL_NOT_RUNNING, "the loop broke: %s", strerror(-r)) : r;
}
