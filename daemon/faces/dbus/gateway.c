/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "describe-gateway.h"
#include "gateway-json.h"

/** org.partyline.Partyline1.Gateway; what each member means: dbus/org.partyline.Partyline1.Gateway.xml */

static int method_get_gateway(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return pl_dbus_reply_json(message, pl_describe_gateway(face->control));
}

static int method_get_sap_sessions(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return pl_dbus_reply_json(message, pl_describe_sap(face->control));
}

static int method_get_page_history(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	uint32_t n_max;
	int r = sd_bus_message_read(message, "u", &n_max);

	return r < 0 ? r
		     : pl_dbus_reply_json(message, pl_describe_page_history(face->control, n_max));
}

static int method_get_clips(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return pl_dbus_reply_json(message, pl_describe_clips(face->control));
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

/** A method with one text, an id or a definition, and no answer. */
typedef int (*text_verb_t)(struct pl_dbus_call *call, const char *text, sd_bus_error *error);

static int call_with_text(sd_bus_message *message, void *userdata, sd_bus_error *error,
			  text_verb_t verb)
{
	struct pl_dbus_call call;
	const char *text;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &text);
	if (r < 0)
		return r;
	r = verb(&call, text, error);
	/* What could not even be read is named already. */
	return sd_bus_error_is_set(error) ? r : pl_dbus_call_end(&call, r, NULL);
}

static int add_stream(struct pl_dbus_call *call, const char *text, sd_bus_error *error)
{
	struct pl_stream_def stream;
	int r = read_definition(text, error, read_stream, &stream);

	if (r < 0)
		return r;
	r = pl_control_add_stream(call->control, &call->actor, &stream, &call->error);
	explicit_bzero(stream.secret, sizeof(stream.secret));
	return r;
}

static int add_page(struct pl_dbus_call *call, const char *text, sd_bus_error *error)
{
	struct pl_page_def page;
	int r = read_definition(text, error, read_page, &page);

	return r < 0 ? r : pl_control_add_page(call->control, &call->actor, &page, &call->error);
}

static int remove_stream(struct pl_dbus_call *call, const char *id, sd_bus_error *error)
{
	return pl_control_remove_stream(call->control, &call->actor, id, &call->error);
}

static int remove_page(struct pl_dbus_call *call, const char *id, sd_bus_error *error)
{
	return pl_control_remove_page(call->control, &call->actor, id, &call->error);
}

static int remove_clip(struct pl_dbus_call *call, const char *name, sd_bus_error *error)
{
	return pl_control_remove_clip(call->control, &call->actor, name, &call->error);
}

static int method_remove_clip(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_with_text(message, userdata, error, remove_clip);
}

static int method_add_stream(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_with_text(message, userdata, error, add_stream);
}

static int method_remove_stream(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_with_text(message, userdata, error, remove_stream);
}

static int method_add_page(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_with_text(message, userdata, error, add_page);
}

static int method_remove_page(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_with_text(message, userdata, error, remove_page);
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
	SD_BUS_METHOD_WITH_ARGS("GetClips", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
				method_get_clips, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("RemoveClip", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_remove_clip, PL_DBUS_OPEN),
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
