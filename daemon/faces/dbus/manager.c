/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "describe.h"
#include "listen.h"

/** org.partyline.Partyline1.Manager; what each member means: dbus/org.partyline.Partyline1.Manager.xml */

#define cleanup_message __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message

/* --- properties -------------------------------------------------------------- */

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", PL_VERSION);
}

static int get_config_file(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return sd_bus_message_append(reply, "s", pl_control_config(face->control)->path);
}

static int get_size(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	const struct pl_model *model = pl_control_model(face->control);

	return sd_bus_message_append(reply, "u",
				     strcmp(property, "NTablets") == 0 ? model->n_tablets
								       : model->n_channels);
}

static int get_connected(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return sd_bus_message_append(reply, "b", pl_control_engine_is_connected(face->control));
}

static int get_trouble(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return sd_bus_message_append(reply, "s", pl_control_engine_trouble(face->control));
}

static int get_discover(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return sd_bus_message_append(reply, "s",
				     strcmp(property, "PublishedName") == 0
					     ? pl_control_published_name(face->control)
					     : pl_control_discover_trouble(face->control));
}

static int get_graph_number(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	struct pl_meters_data meters;

	pl_control_read_meters(face->control, &meters);
	if (strcmp(property, "RateHz") == 0)
		return sd_bus_message_append(reply, "u", meters.rate_hz);
	if (strcmp(property, "QuantumFrames") == 0)
		return sd_bus_message_append(reply, "u", meters.quantum);
	if (strcmp(property, "Cycles") == 0)
		return sd_bus_message_append(reply, "t", meters.n_cycles);
	if (strcmp(property, "BadSamples") == 0)
		return sd_bus_message_append(reply, "t", meters.n_bad_samples);
	return sd_bus_message_append(reply, "t", meters.n_bad_control);
}

/* --- documents ---------------------------------------------------------------- */

static int method_get_state(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return pl_dbus_reply_json(message, pl_describe_state(face->control));
}

static int method_get_health(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return pl_dbus_reply_json(message, pl_describe_health(face->control));
}

static int method_get_listeners(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	int r = pl_dbus_call_begin(&call, userdata, message, error, NULL);

	return r < 0 ? r
		     : pl_dbus_reply_json(message,
					  pl_describe_listeners(call.control, &call.actor));
}

static int method_end_listener(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	const char *id;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &id);
	if (r < 0)
		return r;
	r = pl_control_close_session(call.control, &call.actor, id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

/* --- meters --------------------------------------------------------------------- */

static int append_levels(sd_bus_message *reply, const struct pl_meters_point points[],
			 uint32_t n_points)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "{ud}");
	for (uint32_t i = 0; r >= 0 && i < n_points; i++)
		r = sd_bus_message_append(reply, "{ud}", i + 1, pl_level_db(points[i].vu));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_get_levels(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	const struct pl_model *model = pl_control_model(face->control);
	cleanup_message *reply = NULL;
	struct pl_meters_data meters;
	int r;

	pl_control_read_meters(face->control, &meters);
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_levels(reply, meters.tablet_listen, model->n_tablets);
	if (r >= 0)
		r = append_levels(reply, meters.channel_out, model->n_channels);
	if (r < 0)
		return r;
	return sd_bus_send(NULL, reply, NULL);
}

static int append_point(sd_bus_message *reply, const struct pl_meters_point *point)
{
	return sd_bus_message_append(reply, "(dddd)", pl_level_db(point->vu),
				     pl_level_db(point->rms), pl_level_db(point->peak),
				     pl_level_db(point->peak_hold));
}

static int append_meter(sd_bus_message *reply, uint32_t id, const struct pl_meters_point *in,
			const struct pl_meters_point *out, uint64_t held, uint64_t talking)
{
	int r;

	r = sd_bus_message_open_container(reply, 'r', "u(dddd)(dddd)auau");
	if (r >= 0)
		r = sd_bus_message_append(reply, "u", id);
	if (r >= 0)
		r = append_point(reply, in);
	if (r >= 0)
		r = append_point(reply, out);
	if (r >= 0)
		r = pl_dbus_append_ids(reply, held);
	if (r >= 0)
		r = pl_dbus_append_ids(reply, talking);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_meters(sd_bus_message *reply, const struct pl_model *model,
			 const struct pl_meters_data *meters)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(u(dddd)(dddd)auau)");
	for (uint32_t i = 0; r >= 0 && i < model->n_tablets; i++)
		r = append_meter(reply, i + 1, &meters->tablet_talk[i], &meters->tablet_listen[i],
				 model->tablet[i].keys, meters->talking[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(u(dddd)(dddd)auau)");
	for (uint32_t i = 0; r >= 0 && i < model->n_channels; i++)
		r = append_meter(reply, i + 1, &meters->channel_in[i], &meters->channel_out[i],
				 pl_dbus_active_tablets(model, i + 1),
				 pl_dbus_column(meters->talking, model->n_tablets, i + 1));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_get_meters(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	cleanup_message *reply = NULL;
	struct pl_meters_data meters;
	int r;

	pl_control_read_meters(face->control, &meters);
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_meters(reply, pl_control_model(face->control), &meters);
	if (r < 0)
		return r;
	return sd_bus_send(NULL, reply, NULL);
}

/* --- keys ------------------------------------------------------------------------ */

static int append_history(sd_bus_message *reply, const struct pl_key_record records[],
			  size_t n_records)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(tuubu)");
	for (size_t i = 0; r >= 0 && i < n_records; i++)
		r = sd_bus_message_append(reply, "(tuubu)", records[i].ts_usec,
					  records[i].tablet_id, records[i].channel_id,
					  (int)records[i].down, records[i].priority);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_get_key_history(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	cleanup_message *reply = NULL;
	struct pl_key_record *records;
	size_t n_records, n_skipped = 0;
	uint32_t n_max;
	int r;

	r = sd_bus_message_read(message, "u", &n_max);
	if (r < 0)
		return r;
	records = calloc(PL_KEY_HISTORY_MAX, sizeof(*records));
	if (!records)
		return -ENOMEM;
	n_records = pl_control_key_history(face->control, records, PL_KEY_HISTORY_MAX);
	if (n_max > 0 && n_records > n_max)
		n_skipped = n_records - n_max;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_history(reply, records + n_skipped, n_records - n_skipped);
	free(records);
	if (r < 0)
		return r;
	return sd_bus_send(NULL, reply, NULL);
}

static int method_release_all_keys(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, NULL);
	if (r < 0)
		return r;
	r = pl_control_release_all(call.control, &call.actor, 0, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

/* --- the whole ------------------------------------------------------------------- */

static int method_reload_config(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, NULL);
	if (r < 0)
		return r;
	r = pl_control_reload_config(call.control, &call.actor, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_reset(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, NULL);
	if (r < 0)
		return r;
	r = pl_control_reset(call.control, &call.actor, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

#define METERS "a(u(dddd)(dddd)auau)"

const sd_bus_vtable pl_dbus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, PL_DBUS_CONST),
	SD_BUS_PROPERTY("ConfigFile", "s", get_config_file, 0, PL_DBUS_CONST),
	SD_BUS_PROPERTY("NTablets", "u", get_size, 0, PL_DBUS_CONST),
	SD_BUS_PROPERTY("NChannels", "u", get_size, 0, PL_DBUS_CONST),
	SD_BUS_PROPERTY("Connected", "b", get_connected, 0, PL_DBUS_EMITS),
	SD_BUS_PROPERTY("EngineTrouble", "s", get_trouble, 0, 0),
	SD_BUS_PROPERTY("PublishedName", "s", get_discover, 0, 0),
	SD_BUS_PROPERTY("DiscoverTrouble", "s", get_discover, 0, 0),
	SD_BUS_PROPERTY("RateHz", "u", get_graph_number, 0, 0),
	SD_BUS_PROPERTY("QuantumFrames", "u", get_graph_number, 0, 0),
	SD_BUS_PROPERTY("Cycles", "t", get_graph_number, 0, 0),
	SD_BUS_PROPERTY("BadSamples", "t", get_graph_number, 0, 0),
	SD_BUS_PROPERTY("BadControlEvents", "t", get_graph_number, 0, 0),
	SD_BUS_PROPERTY("Devices", "a(sassuusa(suu))", pl_dbus_get_devices, 0, PL_DBUS_EMITS),
	SD_BUS_PROPERTY("BindingTroubles", "as", pl_dbus_get_binding_troubles, 0, PL_DBUS_EMITS),
	SD_BUS_METHOD_WITH_ARGS("GetState", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
				method_get_state, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetHealth", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
				method_get_health, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("ReadLog", SD_BUS_ARGS("u", lines, "s", level, "s", event),
				SD_BUS_RESULT("s", json), pl_dbus_read_log, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("FollowLog", SD_BUS_ARGS("u", lines, "s", level, "s", event),
				SD_BUS_RESULT("h", records), pl_dbus_follow_log, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetListeners", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json),
				method_get_listeners, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("EndListener", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT,
				method_end_listener, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetLevels", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a{ud}", tablet_vu_db, "a{ud}", channel_vu_db),
				method_get_levels, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetMeters", SD_BUS_NO_ARGS,
				SD_BUS_RESULT(METERS, tablets, METERS, channels), method_get_meters,
				PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetKeyHistory", SD_BUS_ARGS("u", n_max),
				SD_BUS_RESULT("a(tuubu)", ts_usec_tablet_channel_down_priority),
				method_get_key_history, PL_DBUS_OPEN),
	SD_BUS_METHOD("ReleaseAllKeys", NULL, NULL, method_release_all_keys, PL_DBUS_OPEN),
	SD_BUS_METHOD("ReloadConfig", NULL, NULL, method_reload_config, PL_DBUS_OPEN),
	SD_BUS_METHOD("Reset", NULL, NULL, method_reset, PL_DBUS_OPEN),
	SD_BUS_SIGNAL_WITH_ARGS("KeyChanged", SD_BUS_ARGS("u", tablet, "u", channel, "b", down), 0),
	SD_BUS_SIGNAL("ConfigReloaded", NULL, 0),
	SD_BUS_SIGNAL("ListenersChanged", NULL, 0),
	SD_BUS_VTABLE_END,
};
