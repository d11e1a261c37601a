/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <string.h>

#include "claims.h"

/** org.partyline.Partyline1.Tablet; what each member means: dbus/org.partyline.Partyline1.Tablet.xml */

static const struct pl_tablet *tablet_of(const struct pl_dbus_object *object)
{
	return &pl_control_model(object->face->control)->tablet[object->id - 1];
}

/* --- properties ------------------------------------------------------------- */

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
	char buffer[PL_NAME_MAX];

	return sd_bus_message_append(
		reply, "s",
		pl_dbus_shown_name(tablet_of(object)->name, "Tablet", object->id, buffer));
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
	r = pl_control_set_tablet_name(call.control, &call.actor, object->id, name, &call.error);
	return pl_dbus_call_result(&call, r);
}

static const struct mute {
	const char *property;
	size_t mask; /* in struct pl_model */
	int (*set)(struct pl_control *control, const struct pl_actor *actor, uint32_t tablet_id,
		   bool mute, struct pl_error *ret_error);
} mutes[] = {
	{"Muted", offsetof(struct pl_model, tablet_mute), pl_control_set_tablet_mute},
	{"TalkMuted", offsetof(struct pl_model, talk_mute), pl_control_set_talk_mute},
	{"ListenMuted", offsetof(struct pl_model, listen_mute), pl_control_set_listen_mute},
};

/** @param property  one of the table */
static const struct mute *find_mute(const char *property)
{
	const struct mute *mute = mutes;

	while (strcmp(mute->property, property) != 0)
		mute++;
	return mute;
}

static int get_mute(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	const char *model = (const char *)pl_control_model(object->face->control);
	const uint64_t *mask = (const uint64_t *)(model + find_mute(property)->mask);

	return sd_bus_message_append(reply, "b", (*mask & pl_dbus_bit(object->id)) != 0);
}

static int set_mute(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	int mute, r;

	r = pl_dbus_call_begin(&call, object->face, value, error, "b", &mute);
	if (r < 0)
		return r;
	r = find_mute(property)->set(call.control, &call.actor, object->id, mute, &call.error);
	return pl_dbus_call_result(&call, r);
}

static int get_mode(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", pl_talk_mode_name(tablet_of(userdata)->mode));
}

static int set_mode(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	enum pl_talk_mode mode;
	const char *word;
	int r;

	r = pl_dbus_call_begin(&call, object->face, value, error, "s", &word);
	if (r < 0)
		return r;
	if (pl_talk_mode_from_name(word, &mode) < 0)
		return sd_bus_error_setf(
			error, PL_DBUS_ERROR_INVALID_ARGUMENT,
			"mode is one of open, momentary, latch and vox, not \"%.32s\"", word);
	r = pl_control_set_mode(call.control, &call.actor, object->id, mode, &call.error);
	return pl_dbus_call_result(&call, r);
}

static int get_sidetone_db(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *reply, void *userdata,
			   sd_bus_error *error)
{
	return sd_bus_message_append(reply, "d", pl_dbus_gain_to_db(tablet_of(userdata)->sidetone));
}

static int set_sidetone_db(sd_bus *bus, const char *path, const char *interface,
			   const char *property, sd_bus_message *value, void *userdata,
			   sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	double gain_db;
	int r;

	r = pl_dbus_call_begin(&call, object->face, value, error, "d", &gain_db);
	if (r < 0)
		return r;
	r = pl_control_set_sidetone(call.control, &call.actor, object->id,
				    pl_dbus_gain_from_db(gain_db), &call.error);
	return pl_dbus_call_result(&call, r);
}

static int get_keys(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return pl_dbus_append_ids(reply, tablet_of(userdata)->keys);
}

static int get_talking(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_meters_data meters;

	pl_control_read_meters(object->face->control, &meters);
	return pl_dbus_append_ids(reply, meters.talking[object->id - 1]);
}

static int get_level_db(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_meters_data meters;
	const struct pl_meters_point *point = &meters.tablet_listen[object->id - 1];

	pl_control_read_meters(object->face->control, &meters);
	if (strncmp(property, "Talk", 4) == 0)
		point = &meters.tablet_talk[object->id - 1];
	return sd_bus_message_append(reply, "d", pl_dbus_point_db(point, property));
}

/* --- talk keys ---------------------------------------------------------------- */

static int method_press_key(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	uint32_t channel_id, priority;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, "uu", &channel_id, &priority);
	if (r < 0)
		return r;
	r = pl_control_press_key(call.control, &call.actor, object->id, channel_id, priority,
				 &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_release_key(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	uint32_t channel_id;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, "u", &channel_id);
	if (r < 0)
		return r;
	r = pl_control_release_key(call.control, &call.actor, object->id, channel_id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

static int method_toggle_key(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	uint32_t channel_id, priority;
	bool is_down;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, "uu", &channel_id, &priority);
	if (r < 0)
		return r;
	is_down = channel_id >= 1 && channel_id <= PL_CHANNELS_MAX &&
		  (tablet_of(object)->keys & pl_dbus_bit(channel_id));
	r = is_down ? pl_control_release_key(call.control, &call.actor, object->id, channel_id,
					     &call.error)
		    : pl_control_press_key(call.control, &call.actor, object->id, channel_id,
					   priority, &call.error);
	return pl_dbus_call_end(&call, r, "b", !is_down);
}

static int method_release_all(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, NULL);
	if (r < 0)
		return r;
	r = pl_control_release_all(call.control, &call.actor, object->id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

/* --- who sits at it --------------------------------------------------------- */

static int get_claim(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_claim_info claim = {0};

	pl_control_get_claim(object->face->control, object->id, &claim);
	return sd_bus_message_append(reply, "(ssbt)", claim.label, claim.peer, (int)claim.present,
				     claim.since_usec);
}

static int method_release_claim(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	struct pl_dbus_call call;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, NULL);
	if (r < 0)
		return r;
	r = pl_control_release_claim(call.control, &call.actor, object->id, &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

const sd_bus_vtable pl_dbus_tablet_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Id", "u", get_id, 0, PL_DBUS_CONST),
	SD_BUS_WRITABLE_PROPERTY("Name", "s", get_name, set_name, 0, PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("Muted", "b", get_mute, set_mute, 0, PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("TalkMuted", "b", get_mute, set_mute, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("ListenMuted", "b", get_mute, set_mute, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("Mode", "s", get_mode, set_mode, 0, PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_WRITABLE_PROPERTY("SidetoneDb", "d", get_sidetone_db, set_sidetone_db, 0,
				 PL_DBUS_EMITS | PL_DBUS_OPEN),
	SD_BUS_PROPERTY("Keys", "au", get_keys, 0, PL_DBUS_EMITS),
	SD_BUS_PROPERTY("Talking", "au", get_talking, 0, 0),
	SD_BUS_PROPERTY("TalkVuDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("TalkPeakDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("ListenVuDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("ListenPeakDb", "d", get_level_db, 0, 0),
	SD_BUS_PROPERTY("Claim", "(ssbt)", get_claim, 0, PL_DBUS_EMITS),
	PL_DBUS_BINDING_MEMBERS,
	SD_BUS_METHOD_WITH_ARGS("PressKey", SD_BUS_ARGS("u", channel, "u", priority),
				SD_BUS_NO_RESULT, method_press_key, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("ReleaseKey", SD_BUS_ARGS("u", channel), SD_BUS_NO_RESULT,
				method_release_key, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("ToggleKey", SD_BUS_ARGS("u", channel, "u", priority),
				SD_BUS_RESULT("b", down), method_toggle_key, PL_DBUS_OPEN),
	SD_BUS_METHOD("ReleaseAll", NULL, NULL, method_release_all, PL_DBUS_OPEN),
	SD_BUS_METHOD("ReleaseClaim", NULL, NULL, method_release_claim, PL_DBUS_OPEN),
	SD_BUS_VTABLE_END,
};
