/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <stdlib.h>

#include "json-strict.h"

static const char *const state_names[] = {
	[PL_DEVICE_IDLE] = "idle",
	[PL_DEVICE_RUNNING] = "running",
	[PL_DEVICE_ERROR] = "error",
	[PL_DEVICE_MISSING] = "missing",
};

const char *pl_device_state_name(enum pl_device_state state)
{
	return state_names[state];
}

unsigned pl_device_names(const struct pl_device *device, const char *ret_names[3])
{
	const char *const all[] = {device->card, device->path, device->serial};
	unsigned n = 0;

	for (unsigned i = 0; i < 3; i++)
		if (all[i][0])
			ret_names[n++] = all[i];
	return n;
}

struct json_object *pl_describe_binding(const struct pl_binding *binding)
{
	struct json_object *o;

	if (!pl_binding_is_set(binding))
		return NULL;
	o = json_object_new_object();
	if (!o)
		return NULL;
	if (pl_json_add(o, "device", json_object_new_string(binding->device)) < 0 ||
	    pl_json_add(o, "port", json_object_new_int64(binding->port)) < 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

/** Adds to an array and takes the value. */
static int append(struct json_object *array, struct json_object *value)
{
	if (!value)
		return -1;
	if (json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return -1;
	}
	return 0;
}

static struct json_object *describe_use(const struct pl_device_use *use)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	if (pl_json_add(o, "kind",
			json_object_new_string(use->endpoint.is_tablet ? "tablet" : "channel")) <
		    0 ||
	    pl_json_add(o, "id", json_object_new_int64(use->endpoint.id)) < 0 ||
	    pl_json_add(o, "port", json_object_new_int64(use->port)) < 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

static struct json_object *describe_entry(const struct pl_device_entry *entry)
{
	const struct pl_device *device = &entry->device;
	struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array(), *bound = json_object_new_array();
	const char *name[3];
	unsigned n_names = pl_device_names(device, name);
	int r = o && names && bound ? 0 : -1;

	for (unsigned i = 0; r == 0 && i < n_names; i++)
		r = append(names, json_object_new_string(name[i]));
	for (uint32_t i = 0; r == 0 && i < entry->n_uses; i++)
		r = append(bound, describe_use(&entry->uses[i]));
	if (r == 0)
		r = pl_json_add(o, "direction",
				json_object_new_string(pl_direction_name(device->direction)));
	if (r == 0)
		r = pl_json_add(o, "names", json_object_get(names));
	if (r == 0)
		r = pl_json_add(o, "description", json_object_new_string(device->description));
	if (r == 0)
		r = pl_json_add(o, "ports", json_object_new_int64(device->n_ports));
	if (r == 0)
		r = pl_json_add(o, "rate_hz", json_object_new_int64(device->rate_hz));
	if (r == 0)
		r = pl_json_add(o, "state",
				json_object_new_string(pl_device_state_name(device->state)));
	if (r == 0)
		r = pl_json_add(o, "bound", json_object_get(bound));
	json_object_put(names);
	json_object_put(bound);
	if (r == 0)
		return o;
	json_object_put(o);
	return NULL;
}

struct json_object *pl_describe_devices(struct pl_control *control)
{
	struct json_object *o = json_object_new_object(), *devices = json_object_new_array();
	struct pl_device_list *list = NULL;
	int r = o && devices ? pl_control_list_devices(control, &list) : -1;

	for (size_t i = 0; r == 0 && i < list->n_entries; i++)
		r = append(devices, describe_entry(&list->entries[i]));
	free(list);
	if (r == 0)
		r = pl_json_add(o, "devices", json_object_get(devices));
	json_object_put(devices);
	if (r == 0)
		return o;
	json_object_put(o);
	return NULL;
}
