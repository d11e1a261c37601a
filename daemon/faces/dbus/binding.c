/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"

/** Sound cards: what tablets and channels have in common, and the Manager's list of them. */

static struct pl_endpoint endpoint_of(const struct pl_dbus_object *object)
{
	return (struct pl_endpoint){.is_tablet = object->is_tablet, .id = object->id};
}

int pl_dbus_get_binding(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	const struct pl_binding *binding =
		pl_model_binding(pl_control_model(object->face->control), endpoint_of(object),
				 strcmp(property, "Capture") == 0 ? PL_CAPTURE : PL_PLAYBACK);

	return sd_bus_message_append(reply, "(su)", binding->device, binding->port);
}

static int read_direction(const char *word, enum pl_direction *ret_direction, sd_bus_error *error)
{
	if (pl_direction_from_name(word, ret_direction) == 0)
		return 0;
	return sd_bus_error_setf(error, PL_DBUS_ERROR_INVALID_ARGUMENT,
				 "direction is capture or playback, not \"%.32s\"", word);
}

int pl_dbus_bind(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	enum pl_direction direction = PL_CAPTURE;
	const char *word, *device;
	struct pl_dbus_call call;
	char note[512] = "";
	uint32_t port;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, "ssu", &word, &device, &port);
	if (r >= 0)
		r = read_direction(word, &direction, error);
	if (r < 0)
		return r;
	r = pl_control_bind(call.control, &call.actor, endpoint_of(object), direction, device, port,
			    &call.error);
	if (r >= 0)
		pl_control_binding_note(call.control, endpoint_of(object), direction, note,
					sizeof(note));
	return pl_dbus_call_end(&call, r, "s", note);
}

int pl_dbus_unbind(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_object *object = userdata;
	enum pl_direction direction = PL_CAPTURE;
	struct pl_dbus_call call;
	const char *word;
	int r;

	r = pl_dbus_call_begin(&call, object->face, message, error, "s", &word);
	if (r >= 0)
		r = read_direction(word, &direction, error);
	if (r < 0)
		return r;
	r = pl_control_unbind(call.control, &call.actor, endpoint_of(object), direction,
			      &call.error);
	return pl_dbus_call_end(&call, r, NULL);
}

/* --- the Manager's --------------------------------------------------------------- */

static int append_names(sd_bus_message *reply, const struct pl_device *device)
{
	const char *names[3];
	unsigned n = pl_device_names(device, names);
	int r;

	r = sd_bus_message_open_container(reply, 'a', "s");
	for (unsigned i = 0; r >= 0 && i < n; i++)
		r = sd_bus_message_append(reply, "s", names[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_uses(sd_bus_message *reply, const struct pl_device_entry *entry)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(suu)");
	for (uint32_t i = 0; r >= 0 && i < entry->n_uses; i++)
		r = sd_bus_message_append(reply, "(suu)",
					  entry->uses[i].endpoint.is_tablet ? "tablet" : "channel",
					  entry->uses[i].endpoint.id, entry->uses[i].port);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_entry(sd_bus_message *reply, const struct pl_device_entry *entry)
{
	const struct pl_device *device = &entry->device;
	int r;

	r = sd_bus_message_open_container(reply, 'r', "sassuusa(suu)");
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", pl_direction_name(device->direction));
	if (r >= 0)
		r = append_names(reply, device);
	if (r >= 0)
		r = sd_bus_message_append(reply, "suus", device->description, device->n_ports,
					  device->rate_hz, pl_device_state_name(device->state));
	if (r >= 0)
		r = append_uses(reply, entry);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int pl_dbus_get_devices(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	struct pl_device_list *list;
	int r;

	r = pl_control_list_devices(face->control, &list);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "(sassuusa(suu))");
	for (size_t i = 0; r >= 0 && i < list->n_entries; i++)
		r = append_entry(reply, &list->entries[i]);
	free(list);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_troubles(sd_bus_message *reply, const struct pl_model *model,
			   const struct pl_device_list *list, bool is_tablet, uint32_t n)
{
	char text[512];
	int r = 0;

	for (uint32_t id = 1; r >= 0 && id <= n; id++) {
		struct pl_endpoint endpoint = {.is_tablet = is_tablet, .id = id};

		for (unsigned d = 0; r >= 0 && d < PL_DIRECTION_MAX_; d++)
			if (pl_device_list_trouble(list, model, endpoint, d, text, sizeof(text)) >
			    0)
				r = sd_bus_message_append(reply, "s", text);
	}
	return r;
}

int pl_dbus_get_binding_troubles(sd_bus *bus, const char *path, const char *interface,
				 const char *property, sd_bus_message *reply, void *userdata,
				 sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	const struct pl_model *model = pl_control_model(face->control);
	struct pl_device_list *list;
	int r;

	r = pl_control_list_devices(face->control, &list);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "s");
	if (r >= 0)
		r = append_troubles(reply, model, list, false, model->n_channels);
	if (r >= 0)
		r = append_troubles(reply, model, list, true, model->n_tablets);
	free(list);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}
