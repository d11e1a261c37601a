/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdarg.h>

int pl_dbus_call_begin(struct pl_dbus_call *call, struct pl_face_dbus *face,
		       sd_bus_message *message, sd_bus_error *error, const char *types, ...)
{
	va_list arguments;
	int r = 0;

	*call = (struct pl_dbus_call){
		.control = face->control, .message = message, .bus_error = error};
	if (types) {
		va_start(arguments, types);
		r = sd_bus_message_readv(message, types, arguments);
		va_end(arguments);
	}
	return r < 0 ? r : pl_dbus_actor_from_message(face, message, &call->actor, error);
}

int pl_dbus_call_result(const struct pl_dbus_call *call, int r)
{
	return pl_dbus_result(r, &call->error, call->bus_error);
}

int pl_dbus_call_end(const struct pl_dbus_call *call, int r, const char *types, ...)
{
	va_list values;

	r = pl_dbus_call_result(call, r);
	if (r < 0)
		return r;
	va_start(values, types);
	r = sd_bus_reply_method_returnv(call->message, types, values);
	va_end(values);
	return r;
}

int pl_dbus_reply_json(sd_bus_message *message, struct json_object *document)
{
	const char *text =
		document ? json_object_to_json_string_ext(document, PL_DBUS_JSON_FLAGS) : NULL;
	int r = text ? sd_bus_reply_method_return(message, "s", text) : -ENOMEM;

	json_object_put(document);
	return r;
}
