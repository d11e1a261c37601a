/* SPDX-License-Identifier: MIT */
#include "engine-devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>

/** A node or a device of the graph that may be, or be part of, a sound card. */
struct object {
	struct spa_list link;
	struct engine_devices *devices;
	uint32_t id;
	bool is_node;
	struct pw_proxy *proxy;
	struct spa_hook proxy_listener, object_listener;
	struct pw_properties *props; /* NULL: not here yet */

	/* of a node */
	uint32_t n_inputs, n_outputs;
	uint32_t rate_hz;
	enum pw_node_state state;
};

struct engine_devices {
	void (*on_changed)(void *userdata);
	void *userdata;
	sd_event_source *update; /* looks at all of them once after any number of changes */

	struct pw_registry *registry; /* NULL: no server */
	struct spa_hook registry_listener;
	struct spa_list objects;

	struct pl_device *list;
	size_t n_list;
};

static void update_later(struct engine_devices *devices)
{
	sd_event_source_set_enabled(devices->update, SD_EVENT_ONESHOT);
}

/* --- the list ------------------------------------------------------------------- */

static const struct spa_dict *props_of_device(const struct engine_devices *devices,
					      const struct object *node)
{
	const char *text = pw_properties_get(node->props, PW_KEY_DEVICE_ID);
	const struct object *object;
	uint32_t id;

	if (!text || !spa_atou32(text, &id, 10))
		return NULL;
	spa_list_for_each (object, &devices->objects, link)
		if (object->id == id && !object->is_node && object->props)
			return &object->props->dict;
	return NULL;
}

static bool read_object(const struct engine_devices *devices, const struct object *object,
			struct pl_device *ret_device)
{
	if (!object->is_node || !object->props ||
	    !engine_device_read(&object->props->dict, props_of_device(devices, object), ret_device))
		return false;
	ret_device->n_ports =
		ret_device->direction == PL_CAPTURE ? object->n_outputs : object->n_inputs;
	ret_device->rate_hz = object->rate_hz;
	ret_device->state = object->state == PW_NODE_STATE_ERROR     ? PL_DEVICE_ERROR
			    : object->state == PW_NODE_STATE_RUNNING ? PL_DEVICE_RUNNING
								     : PL_DEVICE_IDLE;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct pl_device *x = a, *y = b;
	int r = strcmp(x->card, y->card);

	if (r == 0)
		r = (int)x->direction - (int)y->direction;
	if (r == 0)
		r = strcmp(x->path, y->path);
	return r ? r : strcmp(x->serial, y->serial);
}

/** Fields only: what pads a struct may differ. */
static bool lists_equal(const struct pl_device *a, const struct pl_device *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (compare(&a[i], &b[i]) != 0 || a[i].n_ports != b[i].n_ports ||
		    a[i].rate_hz != b[i].rate_hz || a[i].state != b[i].state ||
		    strcmp(a[i].description, b[i].description) != 0)
			return false;
	return true;
}

/** Without memory the old list stays until the next change. */
static void update_now(struct engine_devices *devices)
{
	const struct object *object;
	struct pl_device *list;
	size_t n = 0;

	spa_list_for_each (object, &devices->objects, link)
		n++;
	list = calloc(n ? n : 1, sizeof(*list));
	if (!list)
		return;
	n = 0;
	spa_list_for_each (object, &devices->objects, link)
		n += read_object(devices, object, &list[n]);
	qsort(list, n, sizeof(*list), compare);
	if (n == devices->n_list && lists_equal(list, devices->list, n)) {
		free(list);
		return;
	}
	free(devices->list);
	devices->list = list;
	devices->n_list = n;
	devices->on_changed(devices->userdata);
}

static int on_update(sd_event_source *source, void *userdata)
{
	update_now(userdata);
	return 0;
}

size_t engine_devices_get(struct engine_devices *devices, const struct pl_device **ret_devices)
{
	*ret_devices = devices->list;
	return devices->n_list;
}

/* --- what the server tells --------------------------------------------------------- */

static void object_free(struct object *object)
{
	spa_list_remove(&object->link);
	spa_hook_remove(&object->object_listener);
	spa_hook_remove(&object->proxy_listener);
	pw_proxy_destroy(object->proxy);
	pw_properties_free(object->props);
	free(object);
}

static void take_props(struct object *object, const struct spa_dict *props)
{
	struct pw_properties *copy = pw_properties_new_dict(props);

	if (!copy)
		return;
	pw_properties_free(object->props);
	object->props = copy;
}

static void on_node_info(void *userdata, const struct pw_node_info *info)
{
	struct object *object = userdata;

	if (info->props && (!object->props || (info->change_mask & PW_NODE_CHANGE_MASK_PROPS)))
		take_props(object, info->props);
	object->n_inputs = info->n_input_ports;
	object->n_outputs = info->n_output_ports;
	object->state = info->state;
	/* A closed card has no rate, and says no more about it; an open one is asked. */
	if (info->state < PW_NODE_STATE_IDLE)
		object->rate_hz = 0;
	else if (object->rate_hz == 0 || (info->change_mask & PW_NODE_CHANGE_MASK_PARAMS))
		pw_node_enum_params((struct pw_node *)object->proxy, 0, SPA_PARAM_Format, 0, 1,
				    NULL);
	update_later(object->devices);
}

static void on_node_param(void *userdata, int seq, uint32_t id, uint32_t index, uint32_t next,
			  const struct spa_pod *param)
{
	struct object *object = userdata;
	struct spa_audio_info_raw info = {0};
	uint32_t type, subtype;

	if (id != SPA_PARAM_Format || !param || spa_format_parse(param, &type, &subtype) < 0 ||
	    type != SPA_MEDIA_TYPE_audio || subtype != SPA_MEDIA_SUBTYPE_raw ||
	    spa_format_audio_raw_parse(param, &info) < 0)
		return;
	object->rate_hz = info.rate;
	update_later(object->devices);
}

static const struct pw_node_events node_events = {
	PW_VERSION_NODE_EVENTS,
	.info = on_node_info,
	.param = on_node_param,
};

static void on_device_info(void *userdata, const struct pw_device_info *info)
{
	struct object *object = userdata;

	if (info->props && (!object->props || (info->change_mask & PW_DEVICE_CHANGE_MASK_PROPS)))
		take_props(object, info->props);
	update_later(object->devices);
}

static const struct pw_device_events device_events = {
	PW_VERSION_DEVICE_EVENTS,
	.info = on_device_info,
};

/* The object goes when the registry says so. */
static const struct pw_proxy_events proxy_events = {
	PW_VERSION_PROXY_EVENTS,
};

static bool may_be_card(const char *type, const struct spa_dict *props, bool *ret_is_node)
{
	const char *class = props ? spa_dict_lookup(props, PW_KEY_MEDIA_CLASS) : NULL;

	*ret_is_node = strcmp(type, PW_TYPE_INTERFACE_Node) == 0;
	if (!class)
		return false;
	if (*ret_is_node)
		return strcmp(class, "Audio/Source") == 0 || strcmp(class, "Audio/Sink") == 0;
	return strcmp(type, PW_TYPE_INTERFACE_Device) == 0 && strcmp(class, "Audio/Device") == 0;
}

static void on_global(void *userdata, uint32_t id, uint32_t permissions, const char *type,
		      uint32_t version, const struct spa_dict *props)
{
	struct engine_devices *devices = userdata;
	struct pw_proxy *proxy;
	struct object *object;
	bool is_node;

	if (!may_be_card(type, props, &is_node))
		return;
	object = calloc(1, sizeof(*object));
	if (!object)
		return;
	proxy = pw_registry_bind(devices->registry, id, type,
				 is_node ? PW_VERSION_NODE : PW_VERSION_DEVICE, 0);
	if (!proxy) {
		free(object);
		return;
	}
	object->devices = devices;
	object->id = id;
	object->is_node = is_node;
	object->proxy = proxy;
	object->state = PW_NODE_STATE_SUSPENDED;
	spa_list_append(&devices->objects, &object->link);
	pw_proxy_add_listener(proxy, &object->proxy_listener, &proxy_events, object);
	pw_proxy_add_object_listener(proxy, &object->object_listener,
				     is_node ? (const void *)&node_events : &device_events, object);
}

static void on_global_remove(void *userdata, uint32_t id)
{
	struct engine_devices *devices = userdata;
	struct object *object;

	spa_list_for_each (object, &devices->objects, link) {
		if (object->id != id)
			continue;
		object_free(object);
		update_later(devices);
		return;
	}
}

static const struct pw_registry_events registry_events = {
	PW_VERSION_REGISTRY_EVENTS,
	.global = on_global,
	.global_remove = on_global_remove,
};

void engine_devices_attach(struct engine_devices *devices, struct pw_registry *registry)
{
	devices->registry = registry;
	pw_registry_add_listener(registry, &devices->registry_listener, &registry_events, devices);
}

void engine_devices_detach(struct engine_devices *devices)
{
	struct object *object;

	if (!devices || !devices->registry)
		return;
	spa_hook_remove(&devices->registry_listener);
	devices->registry = NULL;
	spa_list_consume(object, &devices->objects, link) object_free(object);
	update_later(devices);
}

/* --- life --------------------------------------------------------------------------- */

int engine_devices_new(sd_event *event, void (*on_changed)(void *userdata), void *userdata,
		       struct engine_devices **ret_devices)
{
	struct engine_devices *devices;
	int r;

	devices = calloc(1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	devices->on_changed = on_changed;
	devices->userdata = userdata;
	spa_list_init(&devices->objects);
	r = sd_event_add_defer(event, &devices->update, on_update, devices);
	if (r >= 0)
		r = sd_event_source_set_enabled(devices->update, SD_EVENT_OFF);
	if (r < 0) {
		engine_devices_free(devices);
		return r;
	}
	*ret_devices = devices;
	return 0;
}

struct engine_devices *engine_devices_free(struct engine_devices *devices)
{
	if (!devices)
		return NULL;
	if (devices->update)
		engine_devices_detach(devices);
	sd_event_source_disable_unref(devices->update);
	free(devices->list);
	free(devices);
	return NULL;
}
