/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *bus_word(const struct ctl *ctl)
{
	return ctl->is_system_bus ? "system" : "session";
}

/* --- connecting ------------------------------------------------------------------ */

/** @return 1 when Partyline is on that bus, 0 when not, negative errno without a bus */
static int try_bus(bool is_system, sd_bus **ret_bus)
{
	__attribute__((cleanup(sd_bus_flush_close_unrefp))) sd_bus *bus = NULL;
	ctl_cleanup_message *reply = NULL;
	int r, has_owner;

	r = is_system ? sd_bus_open_system(&bus) : sd_bus_open_user(&bus);
	if (r < 0)
		return r;
	r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
			       "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s", CTL_NAME);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "b", &has_owner);
	if (r < 0 || !has_owner)
		return r < 0 ? r : 0;
	*ret_bus = bus;
	bus = NULL;
	return 1;
}

static int fail_not_running(struct ctl *ctl, int session_result)
{
	switch (ctl->bus_choice) {
	case CTL_BUS_SYSTEM:
		return ctl_fail(ctl, CTL_NOT_RUNNING,
				"partyline is not running on the system bus; start it with "
				"\"systemctl start partyline.target\"");
	case CTL_BUS_SESSION:
		if (session_result < 0)
			break;
		return ctl_fail(ctl, CTL_NOT_RUNNING,
				"partyline is not running on the session bus; start it with "
				"\"systemctl --user start partyline\"");
	case CTL_BUS_AUTO:
		return ctl_fail(
			ctl, CTL_NOT_RUNNING,
			"partyline is not running, neither on the session bus nor on the system bus; start "
			"it with \"systemctl --user start partyline\"; for an instance of \"./dev "
			"run\" first say: eval \"$(./dev env)\"");
	}
	return ctl_fail(ctl, CTL_NOT_RUNNING,
			"there is no session bus (%s); is DBUS_SESSION_BUS_ADDRESS right? With "
			"--system the system bus is asked",
			strerror(-session_result));
}

int ctl_connect(struct ctl *ctl)
{
	int r = 0, session_result = 0;

	if (ctl->bus_choice != CTL_BUS_SYSTEM) {
		r = session_result = try_bus(false, &ctl->bus);
		ctl->is_system_bus = false;
	}
	if (r <= 0 && ctl->bus_choice != CTL_BUS_SESSION) {
		r = try_bus(true, &ctl->bus);
		ctl->is_system_bus = true;
	}
	return r > 0 ? CTL_OK : fail_not_running(ctl, session_result);
}

/* --- calls ------------------------------------------------------------------------- */

static int fail_call(struct ctl *ctl, int r, const sd_bus_error *error)
{
	char message[512];

	if (sd_bus_error_has_name(error, CTL_NAME ".Error.NotPermitted") ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED)) {
		snprintf(
			message, sizeof(message),
			"%s; on the system bus root is admin and the group \"partyline\" may operate, "
			"unless polkit has other rules",
			error->message);
		return ctl_fail_named(ctl, CTL_NOT_PERMITTED, error->name, message);
	}
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED) || r == -ENOTCONN ||
	    r == -ECONNRESET) {
		snprintf(message, sizeof(message), "partyline has left the %s bus", bus_word(ctl));
		return ctl_fail_named(ctl, CTL_NOT_RUNNING, error->name, message);
	}
	return ctl_fail_named(ctl, CTL_REFUSED, error->name,
			      error->message ? error->message : strerror(-r));
}

int ctl_call_message(struct ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply)
{
	__attribute__((cleanup(sd_bus_error_free))) sd_bus_error error = SD_BUS_ERROR_NULL;
	ctl_cleanup_message *reply = NULL;
	int r;

	sd_bus_message_set_auto_start(call, false);
	r = sd_bus_call(ctl->bus, call, 0, &error, &reply);
	if (r < 0)
		return fail_call(ctl, r, &error);
	if (ret_reply) {
		*ret_reply = reply;
		reply = NULL;
	}
	return CTL_OK;
}

static int fail_local(struct ctl *ctl, int r)
{
	return ctl_fail(ctl, CTL_REFUSED, "cannot speak with the %s bus: %s", bus_word(ctl),
			strerror(-r));
}

int ctl_call(struct ctl *ctl, const char *path, const char *interface, const char *member,
	     sd_bus_message **ret_reply, const char *types, ...)
{
	ctl_cleanup_message *call = NULL;
	va_list arguments;
	int r;

	r = sd_bus_message_new_method_call(ctl->bus, &call, CTL_NAME, path, interface, member);
	if (r >= 0 && types) {
		va_start(arguments, types);
		r = sd_bus_message_appendv(call, types, arguments);
		va_end(arguments);
	}
	if (r < 0)
		return fail_local(ctl, r);
	return ctl_call_message(ctl, call, ret_reply);
}

int ctl_get(struct ctl *ctl, const char *path, const char *interface, const char *property,
	    struct json_object **ret_value)
{
	ctl_cleanup_message *reply = NULL;
	int code, r;

	code = ctl_call(ctl, path, CTL_PROPERTIES, "Get", &reply, "ss", interface, property);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, ret_value);
	return r < 0 ? fail_local(ctl, r) : CTL_OK;
}

static struct json_object *snake_keys(struct json_object *properties)
{
	struct json_object *values = json_object_new_object();

	json_object_object_foreach (properties, property, value) {
		char name[64];

		ctl_snake_case(property, name, sizeof(name));
		json_object_object_add(values, name, json_object_get(value));
	}
	return values;
}

int ctl_get_all(struct ctl *ctl, const char *path, const char *interface,
		struct json_object **ret_values)
{
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *properties = NULL;
	int code, r;

	code = ctl_call(ctl, path, CTL_PROPERTIES, "GetAll", &reply, "s", interface);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, &properties);
	if (r < 0)
		return fail_local(ctl, r);
	*ret_values = snake_keys(properties);
	return CTL_OK;
}

int ctl_set_bool(struct ctl *ctl, const char *path, const char *interface, const char *property,
		 bool value)
{
	return ctl_call(ctl, path, CTL_PROPERTIES, "Set", NULL, "ssv", interface, property, "b",
			(int)value);
}

int ctl_set_double(struct ctl *ctl, const char *path, const char *interface, const char *property,
		   double value)
{
	return ctl_call(ctl, path, CTL_PROPERTIES, "Set", NULL, "ssv", interface, property, "d",
			value);
}

int ctl_set_string(struct ctl *ctl, const char *path, const char *interface, const char *property,
		   const char *value)
{
	return ctl_call(ctl, path, CTL_PROPERTIES, "Set", NULL, "ssv", interface, property, "s",
			value);
}

/* --- objects ------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	double x = ctl_json_double(*(struct json_object *const *)a, "id");
	double y = ctl_json_double(*(struct json_object *const *)b, "id");

	return (x > y) - (x < y);
}

int ctl_get_objects(struct ctl *ctl, const char *kind, struct json_object **ret_objects)
{
	const char *interface = strcmp(kind, "tablet") == 0 ? CTL_TABLET : CTL_CHANNEL;
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *managed = NULL;
	struct json_object *objects;
	int code, r;

	code = ctl_call(ctl, CTL_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
			&reply, NULL);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, &managed);
	if (r < 0)
		return fail_local(ctl, r);

	objects = json_object_new_array();
	json_object_object_foreach (managed, path, interfaces) {
		struct json_object *properties = ctl_json_member(interfaces, interface);

		(void)path;
		if (properties)
			json_object_array_add(objects, snake_keys(properties));
	}
	json_object_array_sort(objects, compare_ids);
	*ret_objects = objects;
	return CTL_OK;
}

int ctl_find(struct ctl *ctl, const char *kind, const char *text, uint32_t *ret_id, char *ret_path)
{
	bool is_tablet = strcmp(kind, "tablet") == 0;
	ctl_cleanup_json *n_objects = NULL;
	uint32_t id;
	int64_t n;
	int code;

	code = ctl_parse_id(ctl, is_tablet ? "TABLET" : "CHANNEL", text, &id);
	if (code != CTL_OK)
		return code;
	code = ctl_get(ctl, CTL_PATH, CTL_MANAGER, is_tablet ? "NTablets" : "NChannels",
		       &n_objects);
	if (code != CTL_OK)
		return code;
	n = json_object_get_int64(n_objects);
	if (id < 1 || id > n) {
		char message[128];

		snprintf(message, sizeof(message), "there is no %s %u; %ss are 1 to %d", kind, id,
			 kind, (int)n);
		return ctl_fail_named(ctl, CTL_REFUSED,
				      is_tablet ? CTL_NAME ".Error.NoSuchTablet"
						: CTL_NAME ".Error.NoSuchChannel",
				      message);
	}
	*ret_id = id;
	snprintf(ret_path, 64, CTL_PATH "/%s/%u", kind, id);
	return CTL_OK;
}
