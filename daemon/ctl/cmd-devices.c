/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

/** devices, bind, unbind: sound cards and what is plugged into them. */

static struct json_object *part(struct json_object *tuple, size_t i)
{
	return json_object_get(json_object_array_get_idx(tuple, i));
}

/** ("channel", 3, 0) to {"kind","id","port"} */
static struct json_object *describe_use(struct json_object *use)
{
	struct json_object *described = json_object_new_object();

	json_object_object_add(described, "kind", part(use, 0));
	json_object_object_add(described, "id", part(use, 1));
	json_object_object_add(described, "port", part(use, 2));
	return described;
}

/** One of Manager.Devices, in the shape of HTTP's GET /api/devices. */
static struct json_object *describe_device(struct json_object *device)
{
	static const char *const keys[] = {"direction", "names",   "description",
					   "ports",     "rate_hz", "state"};
	struct json_object *described = json_object_new_object();
	struct json_object *bound = json_object_new_array();
	struct json_object *uses = json_object_array_get_idx(device, 6);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_object_add(described, keys[i], part(device, i));
	for (size_t i = 0; uses && i < json_object_array_length(uses); i++)
		json_object_array_add(bound, describe_use(json_object_array_get_idx(uses, i)));
	json_object_object_add(described, "bound", bound);
	return described;
}

int ctl_get_devices(struct ctl *ctl, struct json_object **ret_devices)
{
	ctl_cleanup_json *list = NULL;
	struct json_object *devices;
	int code;

	code = ctl_get(ctl, CTL_PATH, CTL_MANAGER, "Devices", &list);
	if (code != CTL_OK)
		return code;
	devices = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(list); i++)
		json_object_array_add(devices, describe_device(json_object_array_get_idx(list, i)));
	*ret_devices = devices;
	return CTL_OK;
}

/* --- the table ------------------------------------------------------------------- */

#define NAME_COLUMNS_MIN 20

static const char *name_at(struct json_object *device, size_t i)
{
	struct json_object *names = ctl_json_member(device, "names");

	if (i >= json_object_array_length(names))
		return NULL;
	return json_object_get_string(json_object_array_get_idx(names, i));
}

static int name_columns(struct json_object *devices)
{
	int columns = NAME_COLUMNS_MIN;

	for (size_t i = 0; i < json_object_array_length(devices); i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		const char *name;

		for (size_t n = 0; (name = name_at(device, n)); n++)
			if ((int)strlen(name) > columns)
				columns = (int)strlen(name);
	}
	return columns;
}

static void print_number(const char *key, struct json_object *device, int width)
{
	int number = (int)ctl_json_double(device, key);

	if (number > 0)
		printf("%*d  ", width, number);
	else
		printf("%*s  ", width, "-");
}

/** "channel 3, tablet 2 port 1" or "-" */
static void uses_text(struct json_object *uses, char *ret_text, size_t size)
{
	size_t used = 0;

	snprintf(ret_text, size, "-");
	for (size_t i = 0; i < json_object_array_length(uses) && used + 1 < size; i++) {
		struct json_object *use = json_object_array_get_idx(uses, i);
		int port = (int)ctl_json_double(use, "port");
		int n = snprintf(ret_text + used, size - used, "%s%s %d", i ? ", " : "",
				 ctl_json_string(use, "kind"), (int)ctl_json_double(use, "id"));

		used += n > 0 ? (size_t)n : 0;
		if (port > 0 && used < size) {
			n = snprintf(ret_text + used, size - used, " port %d", port);
			used += n > 0 ? (size_t)n : 0;
		}
	}
}

static void print_device(struct json_object *device, int columns)
{
	char bound[1024];
	const char *name;

	uses_text(ctl_json_member(device, "bound"), bound, sizeof(bound));
	ctl_print_padded(name_at(device, 0), columns);
	printf("  %-9s  ", ctl_json_string(device, "direction"));
	print_number("ports", device, 5);
	print_number("rate_hz", device, 6);
	printf("%-7s  %-20s  ", ctl_json_string(device, "state"), bound);
	ctl_print_text(ctl_json_string(device, "description"));
	putchar('\n');
	for (size_t i = 1; (name = name_at(device, i)); i++) {
		printf("  ");
		ctl_print_text(name);
		putchar('\n');
	}
}

static bool has_name(struct json_object *devices, size_t n_devices, const char *name)
{
	for (size_t i = 0; i < n_devices; i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		const char *other;

		for (size_t n = 0; (other = name_at(device, n)); n++)
			if (strcmp(other, name) == 0)
				return true;
	}
	return false;
}

/** Every name once: a card has the same one in both directions. */
static void print_names(struct json_object *devices)
{
	for (size_t i = 0; i < json_object_array_length(devices); i++) {
		struct json_object *device = json_object_array_get_idx(devices, i);
		const char *name;

		for (size_t n = 0; (name = name_at(device, n)); n++)
			if (!has_name(devices, i, name))
				puts(name);
	}
}

static void show(struct ctl *ctl, struct json_object *devices)
{
	int columns = name_columns(devices);

	if (ctl->json) {
		ctl_json_print(json_object_get(devices));
		return;
	}
	if (ctl->ids) {
		print_names(devices);
	} else {
		printf("%-*s  DIRECTION  PORTS    RATE  STATE    BOUND TO              DESCRIPTION\n",
		       columns, "DEVICE");
		for (size_t i = 0; i < json_object_array_length(devices); i++)
			print_device(json_object_array_get_idx(devices, i), columns);
	}
	fflush(stdout);
}

static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	bool *changed = userdata;

	*changed = true;
	return 0;
}

/** Until partyline leaves the bus, which the next question finds out. */
static int watch(struct ctl *ctl, struct json_object *shown)
{
	ctl_cleanup_json *last = json_object_get(shown);
	bool changed = true; /* between the first list and the match something may have happened */
	int code, r;

	r = sd_bus_add_match(ctl->bus, NULL,
			     "type='signal',sender='" CTL_NAME "',path='" CTL_PATH "'", on_change,
			     &changed);
	if (r >= 0)
		r = sd_bus_add_match(ctl->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" CTL_NAME "'",
				     on_change, &changed);
	while (r >= 0) {
		struct json_object *now;

		if (changed) {
			changed = false;
			code = ctl_get_devices(ctl, &now);
			if (code != CTL_OK)
				return code;
			if (!json_object_equal(last, now)) {
				if (!ctl->json)
					putchar('\n');
				show(ctl, now);
			}
			json_object_put(last);
			last = now;
		}
		r = sd_bus_process(ctl->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(ctl->bus, UINT64_MAX);
	}
	return ctl_fail(ctl, CTL_NOT_RUNNING, "cannot watch the bus: %s", strerror(-r));
}

int ctl_run_devices(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_json *devices = NULL;
	int code;

	code = ctl_get_devices(ctl, &devices);
	if (code != CTL_OK)
		return code;
	show(ctl, devices);
	return ctl->watch ? watch(ctl, devices) : CTL_OK;
}

/* --- bind and unbind ----------------------------------------------------------------- */

struct target {
	const char *kind, *interface, *direction;
	uint32_t id;
	char path[64];
};

/** @param target  kind and direction as the caller's words are; the rest is filled in */
static int find_target(struct ctl *ctl, const char *id, struct target *target)
{
	if (strcmp(target->kind, "tablet") == 0)
		target->interface = CTL_TABLET;
	else if (strcmp(target->kind, "channel") == 0)
		target->interface = CTL_CHANNEL;
	else
		return ctl_fail(ctl, CTL_USAGE, "channel or tablet is wanted, not \"%s\"",
				target->kind);
	if (strcmp(target->direction, "capture") != 0 && strcmp(target->direction, "playback") != 0)
		return ctl_fail(ctl, CTL_USAGE, "capture or playback is wanted, not \"%s\"",
				target->direction);
	return ctl_find(ctl, target->kind, id, &target->id, target->path);
}

static int show_binding(struct ctl *ctl, const struct target *target, const char *note)
{
	ctl_cleanup_json *binding = NULL;
	struct json_object *answer;
	const char *device;
	int code, port;

	code = ctl_get(ctl, target->path, target->interface,
		       strcmp(target->direction, "capture") == 0 ? "Capture" : "Playback",
		       &binding);
	if (code != CTL_OK)
		return code;
	device = json_object_get_string(json_object_array_get_idx(binding, 0));
	port = json_object_get_int(json_object_array_get_idx(binding, 1));
	if (ctl->json) {
		answer = json_object_new_object();
		json_object_object_add(answer, target->kind, json_object_new_int64(target->id));
		json_object_object_add(answer, "direction",
				       json_object_new_string(target->direction));
		json_object_object_add(answer, "device", part(binding, 0));
		json_object_object_add(answer, "port", part(binding, 1));
		json_object_object_add(answer, "note", json_object_new_string(note));
		ctl_json_print(answer);
		return CTL_OK;
	}
	printf("%s %u %s: ", target->kind, target->id, target->direction);
	ctl_print_text(device[0] ? device : "not bound");
	if (device[0] && port > 0)
		printf(", port %d", port);
	putchar('\n');
	if (note[0]) {
		printf("note: ");
		ctl_print_text(note);
		putchar('\n');
	}
	return CTL_OK;
}

int ctl_run_bind(struct ctl *ctl, int n, char *arguments[])
{
	ctl_cleanup_message *reply = NULL;
	struct target target = {.kind = arguments[0], .direction = arguments[2]};
	const char *note = "";
	int code, r;

	code = find_target(ctl, arguments[1], &target);
	if (code == CTL_OK && n > 3) {
		code = ctl_call(ctl, target.path, target.interface, "Bind", &reply, "ssu",
				target.direction, arguments[3], ctl->port);
		r = code == CTL_OK ? sd_bus_message_read(reply, "s", &note) : 0;
		if (r < 0)
			return ctl_fail(ctl, CTL_REFUSED, "a note of an unknown shape: %s",
					strerror(-r));
	}
	return code == CTL_OK ? show_binding(ctl, &target, note) : code;
}

int ctl_run_unbind(struct ctl *ctl, int n, char *arguments[])
{
	struct target target = {.kind = arguments[0], .direction = arguments[2]};
	int code;

	code = find_target(ctl, arguments[1], &target);
	if (code == CTL_OK)
		code = ctl_call(ctl, target.path, target.interface, "Unbind", NULL, "s",
				target.direction);
	return code == CTL_OK ? show_binding(ctl, &target, "") : code;
}
