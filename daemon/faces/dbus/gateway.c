/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "describe-gateway.h"
#include "gateway-json.h"

/** org.partyline.Partyline1.Gateway; what each member means: dbus/org.partyline.Partyline1.Gateway.xml */

#define JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/** Answer with a document, which is taken. */
static int reply_json(sd_bus_message *message, struct json_object *tree)
{
	const char *text = tree ? json_object_to_json_string_ext(tree, JSON_FLAGS) : NULL;
	int r = text ? sd_bus_reply_method_return(message, "s", text) : -ENOMEM;

	json_object_put(tree);
	return r;
}

static int method_get_gateway(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return reply_json(message, pl_describe_gateway(face->control));
}

static int method_get_sap_sessions(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return reply_json(message, pl_describe_sap(face->control));
}

static int method_get_page_history(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	uint32_t n_max;
	int r = sd_bus_message_read(message, "u", &n_max);

	return r < 0 ? r : reply_json(message, pl_describe_page_history(face->control, n_max));
}

static int method_get_stream_sdp(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	char sdp[PL_SDP_MAX] = "";
	const char *id;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &id);
	if (r < 0)
		return r;
	r = pl_control_stream_sdp(call.control, &call.actor, id, sdp, sizeof(sdp));
	if (r == -ENOENT)
		return sd_bus_error_setf(error, PL_DBUS_ERROR_NO_SUCH_ID,
					 "there is no RTP stream \"%s\"", id);
	r = pl_dbus_call_end(&call, r < 0 ? r : 0, "s", sdp);
	explicit_bzero(sdp, sizeof(sdp));
	return r;
}

/* --- definitions ----------------------------------------------------------------------- */

/** A definition from outside: what is refused is named in *error. */
static int read_definition(const char *text, sd_bus_error *error,
			   int (*read)(const struct pl_gateway_reading *reading,
				       struct json_object *tree, void *ret),
			   void *ret)
{
	char pointer[128] = "", reason[256] = "";
	const struct pl_gateway_reading reading = {
		.pointer = pointer,
		.pointer_size = sizeof(pointer),
		.reason = reason,
		.reason_size = sizeof(reason),
	};
	struct json_object *tree = NULL;
	int r;

	r = pl_json_parse(text, strlen(text), &tree, reason, sizeof(reason));
	if (r == 0)
		r = read(&reading, tree, ret);
	json_object_put(tree);
	if (r == -EINVAL)
		return sd_bus_error_setf(error, PL_DBUS_ERROR_INVALID_ARGUMENT, "%s%s%s",
					 pointer[0] ? pointer + 1 : "", pointer[0] ? " " : "",
					 reason);
	return r;
}

static int read_stream(const struct pl_gateway_reading *reading, struct json_object *tree,
		       void *ret)
{
	return pl_stream_from_json(reading, tree, ret);
}

static int read_page(const struct pl_gateway_reading *reading, struct json_object *tree, void *ret)
{
	return pl_page_from_json(reading, tree, ret);
}

static int method_add_stream(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_stream_def stream;
	struct pl_dbus_call call;
	const char *text;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &text);
	if (r >= 0)
		r = read_definition(text, error, read_stream, &stream);
	if (r < 0)
		return r;
	r = pl_control_add_stream(call.control, &call.actor, &stream, &call.error);
	explicit_bzero(stream.secret, sizeof(stream.secret));
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_add_page(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_page_def page;
	struct pl_dbus_call call;
	const char *text;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &text);
	if (r >= 0)
		r = read_definition(text, error, read_page, &page);
	if (r < 0)
		return r;
	r = pl_control_add_page(call.control, &call.actor, &page, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_remove_stream(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	const char *id;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &id);
	if (r < 0)
		return r;
	r = pl_control_remove_stream(call.control, &call.actor, id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_remove_page(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	const char *id;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &id);
	if (r < 0)
		return r;
	r = pl_control_remove_page(call.control, &call.actor, id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_page_from_record(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *message_id, *id;
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "ss", &message_id, &id);
	if (r < 0)
		return r;
	r = pl_control_page_from_record(call.control, &call.actor, message_id, id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_end_page(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	uint32_t channel_id;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "u", &channel_id);
	if (r < 0)
		return r;
	r = pl_control_end_page(call.control, &call.actor, channel_id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_set_jitter(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	const char *id;
	double safety;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "sd", &id, &safety);
	if (r < 0)
		return r;
	r = pl_control_set_jitter(call.control, &call.actor, id, safety, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

/* --- what is wrong --------------------------------------------------------------------- */

static int get_troubles(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	struct json_object *list = strcmp(property, "Troubles") == 0
					   ? pl_describe_gateway_troubles(face->control)
					   : pl_describe_gateway_warnings(face->control);
	int r = list ? sd_bus_message_open_container(reply, 'a', "s") : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < json_object_array_length(list); i++)
		r = sd_bus_message_append(
			reply, "s", json_object_get_string(json_object_array_get_idx(list, i)));
	json_object_put(list);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* --- signals ----------------------------------------------------------------------------- */

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
	const char *text = tree ? json_object_to_json_string_ext(tree, JSON_FLAGS) : NULL;

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

static void tell_tone(struct pl_face_dbus *face, const struct pl_tone_event *tone)
{
	static const char *const types[] = {"digit", "page", "new_pair"};
	char endpoint[PL_ENDPOINT_NAME_MAX];

	pl_endpoint_name(tone->endpoint, endpoint);
	tell_json(face, "ToneHeard", endpoint, types[tone->type], pl_describe_tone(tone));
}

bool pl_dbus_tell_gateway(struct pl_face_dbus *face, const struct pl_event *event)
{
	struct json_object *tree;

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
		tree = pl_describe_export(face->control);
		if (tree)
			sd_bus_emit_signal(face->bus, PL_DBUS_PATH, PL_DBUS_GATEWAY_INTERFACE,
					   "ExportChanged", "s",
					   json_object_to_json_string_ext(tree, JSON_FLAGS));
		json_object_put(tree);
		return true;
	default:
		return false;
	}
}

const sd_bus_vtable pl_dbus_gateway_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Troubles", "as", get_troubles, 0, 0),
	SD_BUS_PROPERTY("Warnings", "as", get_troubles, 0, 0),
	SD_BUS_METHOD_WITH_ARGS("GetGateway", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
				method_get_gateway, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetSapSessions", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
				method_get_sap_sessions, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetPageHistory", SD_BUS_ARGS("u", n_max), SD_BUS_RESULT("s", json),
				method_get_page_history, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetStreamSdp", SD_BUS_ARGS("s", id), SD_BUS_RESULT("s", sdp),
				method_get_stream_sdp, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("AddStream", SD_BUS_ARGS("s", definition), SD_BUS_NO_RESULT,
				method_add_stream, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("RemoveStream", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
				method_remove_stream, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetJitter", SD_BUS_ARGS("s", id, "d", safety), SD_BUS_NO_RESULT,
				method_set_jitter, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("AddPage", SD_BUS_ARGS("s", definition), SD_BUS_NO_RESULT,
				method_add_page, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("RemovePage", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
				method_remove_page, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("PageFromRecord", SD_BUS_ARGS("s", message_id, "s", id),
				SD_BUS_NO_RESULT, method_page_from_record, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("EndPage", SD_BUS_ARGS("u", channel), SD_BUS_NO_RESULT,
				method_end_page, PL_DBUS_OPEN),
	SD_BUS_SIGNAL("GatewayChanged", NULL, 0),
	SD_BUS_SIGNAL_WITH_ARGS("StreamChanged", SD_BUS_ARGS("s", id, "s", state, "s", trouble), 0),
	SD_BUS_SIGNAL_WITH_ARGS("LineChanged", SD_BUS_ARGS("s", id, "s", state, "s", trouble), 0),
	SD_BUS_SIGNAL_WITH_ARGS("ToneHeard", SD_BUS_ARGS("s", endpoint, "s", type, "s", json), 0),
	SD_BUS_SIGNAL_WITH_ARGS("PageChanged",
				SD_BUS_ARGS("s", message_id, "s", page_id, "s", json), 0),
	SD_BUS_SIGNAL_WITH_ARGS("ExportChanged", SD_BUS_ARGS("s", json), 0),
	SD_BUS_VTABLE_END,
};
