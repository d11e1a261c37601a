/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MIN_USEC (250u * 1000u)
#define RETRY_MAX_USEC (8u * 1000u * 1000u)
#define RETRY_ACCURACY_USEC (50u * 1000u)

#define OTHER_OWNER "another Partyline has it"
#define BUS_NAME_FLAGS 0 /* neither queue behind another daemon nor let one replace us */

/* Of the first connection, which is waited for: a bus answers in well below a millisecond. */
#define FIRST_TIMEOUT_USEC (2u * 1000u * 1000u)

static int face_connect(struct pl_face_dbus *face, bool is_first);

static const char *bus_word(const struct pl_face_dbus *face)
{
	return face->options.bus == PL_DBUS_SYSTEM ? "system" : "session";
}

static void say(struct pl_face_dbus *face, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct pl_face_dbus *face, const char *event, const char *format, ...)
{
	char message[512];
	va_list arguments;

	if (!face->options.on_log)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	face->options.on_log(face->options.log_userdata, event, message, NULL);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pl_face_dbus *face = userdata;
	int r;

	face->callers = pl_dbus_callers_free(face->callers);
	face->bus = sd_bus_close_unref(face->bus);
	r = face_connect(face, false);
	return r == -ENOMEM ? r : 0;
}

/** Try again after the present delay and double it. */
static void retry_later(struct pl_face_dbus *face)
{
	int r;

	face->owns_name = false;
	r = sd_event_source_set_time_relative(face->retry, face->retry_delay_usec);
	if (r >= 0)
		r = sd_event_source_set_enabled(face->retry, SD_EVENT_ONESHOT);
	if (r < 0)
		say(face, "dbus.error", "No timer to connect again: %s", strerror(-r));
	face->retry_delay_usec *= 2;
	if (face->retry_delay_usec > RETRY_MAX_USEC)
		face->retry_delay_usec = RETRY_MAX_USEC;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	say(face, "dbus.disconnected", "The %s bus is gone; connecting again", bus_word(face));
	retry_later(face);
	return 0;
}

static void on_name_taken(struct pl_face_dbus *face)
{
	face->owns_name = true;
	face->retry_delay_usec = RETRY_MIN_USEC;
	say(face, "dbus.connected", PL_DBUS_NAME " is on the %s bus", bus_word(face));
}

/** The first failure is told, the later tries are silent: nothing new happened. */
static bool is_news(const struct pl_face_dbus *face)
{
	return face->retry_delay_usec == RETRY_MIN_USEC;
}

static void on_name_refused(struct pl_face_dbus *face, const char *reason)
{
	if (is_news(face))
		say(face, "dbus.error",
		    "Cannot take the name " PL_DBUS_NAME " on the %s bus: %s; trying again",
		    bus_word(face), reason);
	retry_later(face);
}

static int on_name_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	const sd_bus_error *refusal = sd_bus_message_get_error(reply);
	uint32_t result = 0;

	/* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER is 1 (D-Bus specification, RequestName) */
	if (!refusal && sd_bus_message_read_basic(reply, 'u', &result) >= 0 && result == 1)
		on_name_taken(face);
	/* A connection that ended answers its pending calls itself; on_disconnected has it. */
	else if (!refusal || sd_bus_is_open(face->bus) > 0)
		on_name_refused(face, refusal ? refusal->message : OTHER_OWNER);
	return 0;
}

/**
 * The first time the name is waited for, so that whoever is told that the daemon is ready finds it
 * on the bus. Later the loop must go on while the bus thinks.
 */
static int request_name(struct pl_face_dbus *face, sd_bus *bus, bool is_first)
{
	int r;

	if (!is_first)
		return sd_bus_request_name_async(bus, NULL, PL_DBUS_NAME, BUS_NAME_FLAGS,
						 on_name_reply, face);
	r = sd_bus_set_method_call_timeout(bus, FIRST_TIMEOUT_USEC);
	if (r >= 0)
		r = sd_bus_request_name(bus, PL_DBUS_NAME, BUS_NAME_FLAGS);
	if (r >= 0)
		on_name_taken(face);
	else if (r == -EEXIST || r == -EACCES || r == -EPERM)
		on_name_refused(face, r == -EEXIST ? OTHER_OWNER : strerror(-r));
	else
		return r;
	return 0;
}

static void callers_cleanup(struct pl_dbus_callers **callers)
{
	pl_dbus_callers_free(*callers);
}

static int open_bus(struct pl_face_dbus *face, bool is_first, sd_bus **ret_bus)
{
	__attribute__((cleanup(sd_bus_close_unrefp))) sd_bus *bus = NULL;
	__attribute__((cleanup(callers_cleanup))) struct pl_dbus_callers *callers = NULL;
	int r;

	r = face->options.bus == PL_DBUS_SYSTEM
		    ? sd_bus_open_system_with_description(&bus, "partyline")
		    : sd_bus_open_user_with_description(&bus, "partyline");
	if (r >= 0)
		r = sd_bus_attach_event(bus, face->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = pl_dbus_objects_add(face, bus);
	if (r >= 0 && face->options.bus == PL_DBUS_SYSTEM)
		r = pl_dbus_callers_new(bus, face->event, face->operate_gid, &callers);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local",
					"org.freedesktop.DBus.Local", "Disconnected",
					on_disconnected, face);
	if (r >= 0)
		r = request_name(face, bus, is_first);
	if (r < 0)
		return r;
	*ret_bus = bus;
	bus = NULL;
	face->callers = callers;
	callers = NULL;
	return 0;
}

static int face_connect(struct pl_face_dbus *face, bool is_first)
{
	int r;

	r = open_bus(face, is_first, &face->bus);
	if (r >= 0) {
		pl_dbus_told_now(face);
		return 0;
	}
	if (is_news(face))
		say(face, "dbus.error", "There is no %s bus (%s); trying again", bus_word(face),
		    strerror(-r));
	retry_later(face);
	return r;
}

int pl_face_dbus_new(struct pl_control *control, sd_event *event,
		     const struct pl_face_dbus_options *options, struct pl_face_dbus **ret_face)
{
	struct pl_face_dbus *face;
	int r;

	face = calloc(1, sizeof(*face));
	if (!face)
		return -ENOMEM;
	face->control = control;
	face->event = sd_event_ref(event);
	face->options = *options;
	face->operate_gid = options->bus == PL_DBUS_SYSTEM ? pl_dbus_operate_gid() : UINT32_MAX;
	face->retry_delay_usec = RETRY_MIN_USEC;

	r = sd_event_add_time_relative(event, &face->retry, CLOCK_MONOTONIC, 0, RETRY_ACCURACY_USEC,
				       on_retry, face);
	if (r >= 0)
		r = sd_event_source_set_enabled(face->retry, SD_EVENT_OFF);
	if (r < 0) {
		pl_face_dbus_free(face);
		return r;
	}

	r = face_connect(face, true);
	if (r == -ENOMEM) {
		pl_face_dbus_free(face);
		return r;
	}
	face->listener = (struct pl_listener){.on_event = pl_dbus_on_event, .userdata = face};
	pl_control_add_listener(control, &face->listener);
	*ret_face = face;
	return 0;
}

struct pl_face_dbus *pl_face_dbus_free(struct pl_face_dbus *face)
{
	if (!face)
		return NULL;
	if (face->listener.on_event)
		pl_control_remove_listener(face->control, &face->listener);
	pl_dbus_log_done(face);
	sd_event_source_disable_unref(face->retry);
	/* Flushing waits for the bus: only one that has answered us before. */
	if (face->owns_name)
		sd_bus_flush(face->bus);
	pl_dbus_callers_free(face->callers);
	sd_bus_close_unref(face->bus);
	sd_event_unref(face->event);
	free(face);
	return NULL;
}

bool pl_face_dbus_owns_name(const struct pl_face_dbus *face)
{
	return face->owns_name;
}
