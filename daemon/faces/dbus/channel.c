/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <string.h>

/** org.partyline.Partyline1.Channel; what each member means: dbus/org.partyline.Partyline1.Channel.xml */

static int get_id(sd_bus *bus, const char *path, const char *interface, const char *property,
		  sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;

	return sd_bus_message_append(reply, "u", object->id);
}

static int get_name(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	const struct pl_model *model = pl_control_model(object->face->control);
	char buffer[PL_NAME_MAX];

	return sd_bus_message_append(reply, "s",
				     pl_dbus_shown_name(model->channel[object->id - 1].name,
							"Channel", object->id, buffer));
}

static int get_muted(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	const struct pl_model *model = pl_control_model(object->face->control);

	return sd_bus_message_append(reply, "b",
				     (model->channel_mute & pl_dbus_bit(object->id)) != 0);
}

static int get_active_tablets(sd_bus *bus, const char *path, const char *interface,
			      const char *property, sd_bus_message *reply, void *userdata,
			      sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;

	return pl_dbus_append_ids(
		reply, pl_dbus_active_tablets(pl_control_model(object->face->control), object->id));
}

static int get_talking_tablets(sd_bus *bus, const char *path, const char *interface,
			       const char *property, sd_bus_message *reply, void *userdata,
			       sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	uint32_t n_tablets = pl_control_model(object->face->control)->n_tablets;
	struct pl_meters_data meters;

	pl_control_read_meters(object->face->control, &meters);
	return pl_dbus_append_ids(reply, pl_dbus_column(meters.talking, n_tablets, object->id));
}

static int get_level_db(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_meters_data meters;
	const struct pl_meters_point *point = &meters.channel_out[object->id - 1];

	pl_control_read_meters(object->face->control, &meters);
	if (strncmp(property, "Outside", 7) == 0)
		point = &meters.channel_in[object->id - 1];
	return sd_bus_message_append(reply, "d", pl_dbus_point_db(point, property));
}

static int set_name(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	const char *name;
	int r;

	r = pl_dbus_call_begin(&call, object->face, value, error, "s", &name);
	if (r < 0)
		return r;
	r = pl_control_set_channel_name(call.control, &call.actor, object->id, name, &call.error);
	return pl_dbus_call_result(&call, r);
}

static int set_muted(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	int mute, r;

	r = pl_dbus_call_begin(&call, object->face, value, error, "b", &mute);
	if (r < 0)
		return r;
	r = pl_control_set_channel_mute(call.control, &call.actor, object->id, mute, &call.error);
	return pl_dbus_call_result(&call, r);
}

const sd_bus_vtable pl_dbus_channel_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Id", "u", get_id, 0, PL_DBUS_CONST),
	SD_BUS_WRITABLE_PROPERTY("Name", "s", get_name, set_name, 0, PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("Muted", "b", get_muted, set_muted, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_PROPERTY("ActiveTablets", "au", get_active_tablets, 0, PL_DBUS_EMITS),
	SD_BUS_PROPERTY("TalkingTablets", "au", get_talking_tablets, 0, 0),
	SD_BUS_PROPERTY("VuDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("PeakDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("OutsideVuDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("OutsidePeakDb", "d", get_level_db, 0, 0),
	PL_DBUS_BINDING_MEMBERS,
	SD_BUS_VTABLE_END,
};
