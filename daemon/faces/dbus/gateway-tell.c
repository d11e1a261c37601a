/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <stdio.h>

#include "describe-gateway.h"

/** Signals of org.partyline.Partyline1.Gateway. */

static void tell(struct pl_face_dbus *face, const char *member, const char *a, const char *b,
		 const char *c)
{
	sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_GATEWAY_INTERFACE, member, "sss", a, b,
			   c);
}

/** With a document as the last argument, which is taken. */
static void tell_json(struct pl_face_dbus *face, const char *member, const char *a, const char *b,
		      struct json_object *tree)
{
	const char *text = tree ? json_object_to_json_string_ext(tree, PL_DBUS_JSON_FLAGS) : NULL;

	if (text)
		tell(face, member, a, b, text);
	json_object_put(tree);
}

static void tell_stream(struct pl_face_dbus *face, const char *id)
{
	struct pl_stream_status status;

	if (pl_control_stream_status(face->control, id, &status) == 0)
		tell(face, "StreamChanged", id, pl_stream_state_name(status.state), status.trouble);
}

static void tell_line(struct pl_face_dbus *face, const char *id)
{
	struct pl_line_status status;

	if (pl_control_line_status(face->control, id, &status) == 0)
		tell(face, "LineChanged", id, pl_line_state_name(status.state), status.trouble);
}

static void tell_export(struct pl_face_dbus *face)
{
	struct json_object *tree = pl_describe_export(face->control);

	if (tree)
		sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_GATEWAY_INTERFACE,
				   "ExportChanged", "s",
				   json_object_to_json_string_ext(tree, PL_DBUS_JSON_FLAGS));
	json_object_put(tree);
}

static void tell_tone(struct pl_face_dbus *face, const struct pl_tone_event *tone)
{
	static const char *const types[] = {"digit", "page", "new_pair"};
	char endpoint[PL_ENDPOINT_NAME_MAX];

	pl_endpoint_name(tone->endpoint, endpoint);
	tell_json(face, "ToneHeard", endpoint, types[tone->type], pl_describe_tone(tone));
}

bool pl_dbus_tell_gateway(struct pl_face_dbus *face, const struct pl_event *event)
{
	switch (event->type) {
	case PL_EVENT_GATEWAY:
		sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_GATEWAY_INTERFACE,
				   "GatewayChanged", NULL);
		return true;
	case PL_EVENT_STREAM:
		tell_stream(face, event->gateway_id);
		return true;
	case PL_EVENT_LINE:
		tell_line(face, event->gateway_id);
		return true;
	case PL_EVENT_TONE:
		tell_tone(face, event->tone);
		return true;
	case PL_EVENT_PAGE:
		tell_json(face, "PageChanged", event->page->message_id, event->page->page_id,
			  pl_describe_page_record(event->page));
		return true;
	case PL_EVENT_EXPORT:
		tell_export(face);
		return true;
	default:
		return false;
	}
}
