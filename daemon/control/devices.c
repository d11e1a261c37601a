/* SPDX-License-Identifier: MIT */
#include "control-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"

/* The sound cards that the engine sees, brought together with what is bound. */

#define N_ENDPOINTS_MAX (PL_TABLETS_MAX + PL_CHANNELS_MAX)

/** The i-th of all channels, then of all tablets. @return false behind the last */
static bool endpoint_at(const struct pl_model *model, uint32_t i, struct pl_endpoint *ret_endpoint)
{
	if (i < model->n_channels)
		*ret_endpoint = (struct pl_endpoint){.is_tablet = false, .id = i + 1};
	else if (i - model->n_channels < model->n_tablets)
		*ret_endpoint =
			(struct pl_endpoint){.is_tablet = true, .id = i - model->n_channels + 1};
	else
		return false;
	return true;
}

static bool has_name(const struct pl_device *device, const char *name)
{
	return strcmp(device->card, name) == 0 || strcmp(device->path, name) == 0 ||
	       strcmp(device->serial, name) == 0;
}

static void add_use(struct pl_device_entry *entry, struct pl_endpoint endpoint, uint32_t port)
{
	if (entry->n_uses < N_ENDPOINTS_MAX)
		entry->uses[entry->n_uses++] =
			(struct pl_device_use){.endpoint = endpoint, .port = port};
}

/** One that is bound and not there is known by the name it was bound by only. */
static void init_missing(struct pl_device *device, enum pl_direction direction, const char *name)
{
	char *to = device->serial;

	if (strncmp(name, PL_BINDING_BY_CARD, strlen(PL_BINDING_BY_CARD)) == 0)
		to = device->card;
	else if (strncmp(name, PL_BINDING_BY_PATH, strlen(PL_BINDING_BY_PATH)) == 0)
		to = device->path;
	device->direction = direction;
	device->state = PL_DEVICE_MISSING;
	snprintf(to, PL_DEVICE_NAME_MAX, "%s", name);
}

static void add_binding(struct pl_device_list *list, struct pl_endpoint endpoint,
			enum pl_direction direction, const struct pl_binding *binding)
{
	bool found = false;

	if (!pl_binding_is_set(binding))
		return;
	for (size_t i = 0; i < list->n_entries; i++) {
		struct pl_device_entry *entry = &list->entries[i];

		if (entry->device.direction != direction ||
		    !has_name(&entry->device, binding->device))
			continue;
		add_use(entry, endpoint, binding->port);
		found = true;
	}
	if (found)
		return;
	init_missing(&list->entries[list->n_entries].device, direction, binding->device);
	add_use(&list->entries[list->n_entries++], endpoint, binding->port);
}

int pl_control_list_devices(struct pl_control *control, struct pl_device_list **ret_list)
{
	const struct pl_model *model = &control->model;
	const struct pl_device *devices = NULL;
	struct pl_device_list *list;
	struct pl_endpoint endpoint;
	size_t n_present = 0, n_bound = 0;

	if (control->engine_ops && control->engine_ops->devices)
		n_present = control->engine_ops->devices(control->engine, &devices);
	for (uint32_t i = 0; endpoint_at(model, i, &endpoint); i++)
		for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++)
			n_bound += pl_binding_is_set(pl_model_binding(model, endpoint, d));

	/* At most every binding is to a card of its own that is not there. */
	list = calloc(1, sizeof(*list) + (n_present + n_bound) * sizeof(list->entries[0]));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n_present; i++)
		list->entries[i].device = devices[i];
	list->n_entries = n_present;
	for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++)
		for (uint32_t i = 0; endpoint_at(model, i, &endpoint); i++)
			add_binding(list, endpoint, d, pl_model_binding(model, endpoint, d));
	*ret_list = list;
	return 0;
}

/* --- in words -------------------------------------------------------------------- */

static const char *kind_of(struct pl_endpoint endpoint)
{
	return endpoint.is_tablet ? "tablet" : "channel";
}

static const char *side_of(enum pl_direction direction)
{
	return direction == PL_CAPTURE ? "captures from" : "plays to";
}

/** The first device of this name and direction. */
static const struct pl_device_entry *find_entry(const struct pl_device_list *list,
						enum pl_direction direction, const char *name)
{
	for (size_t i = 0; i < list->n_entries; i++)
		if (list->entries[i].device.direction == direction &&
		    has_name(&list->entries[i].device, name))
			return &list->entries[i];
	return NULL;
}

/** @return as snprintf() without cutting: what was written */
static size_t describe_trouble(const struct pl_device_entry *entry, struct pl_endpoint endpoint,
			       const struct pl_binding *binding, char *ret_text, size_t size)
{
	const struct pl_device *device = &entry->device;
	const char *kind = kind_of(endpoint), *side = side_of(device->direction);
	uint32_t id = endpoint.id, n_ports = device->n_ports;

	ret_text[0] = '\0';
	if (device->state == PL_DEVICE_MISSING)
		snprintf(ret_text, size,
			 "%s %u %s %s, which is not there; it is linked as soon as it is", kind, id,
			 side, binding->device);
	else if (device->state == PL_DEVICE_ERROR)
		snprintf(
			ret_text, size,
			"%s %u %s %s, which does not work; look at the log of PipeWire, or plug it "
			"in again",
			kind, id, side, binding->device);
	else if (n_ports > 0 && binding->port > n_ports)
		snprintf(ret_text, size, "%s %u %s port %u of %s, which has only %u", kind, id,
			 side, binding->port, binding->device, n_ports);
	return strlen(ret_text);
}

size_t pl_device_list_trouble(const struct pl_device_list *list, const struct pl_model *model,
			      struct pl_endpoint endpoint, enum pl_direction direction,
			      char *ret_text, size_t size)
{
	const struct pl_binding *binding = pl_model_binding(model, endpoint, direction);
	const struct pl_device_entry *entry = find_entry(list, direction, binding->device);

	ret_text[0] = '\0';
	if (!pl_binding_is_set(binding) || !entry)
		return 0;
	return describe_trouble(entry, endpoint, binding, ret_text, size);
}

static bool overlaps(uint32_t a, uint32_t b)
{
	return a == b || a == 0 || b == 0;
}

/** "channel 2, tablet 3 play to card:ID,0 too: it gets the sum of all" */
static void describe_sharing(const struct pl_device_entry *entry, struct pl_endpoint endpoint,
			     const struct pl_binding *binding, char *ret_text, size_t size)
{
	uint32_t n_others = 0;
	size_t n = 0;

	ret_text[0] = '\0';
	for (uint32_t i = 0; i < entry->n_uses; i++) {
		const struct pl_device_use *use = &entry->uses[i];

		if ((use->endpoint.is_tablet == endpoint.is_tablet &&
		     use->endpoint.id == endpoint.id) ||
		    !overlaps(use->port, binding->port) || n >= size)
			continue;
		n += (size_t)snprintf(ret_text + n, size - n, "%s%s %u", n_others ? ", " : "",
				      kind_of(use->endpoint), use->endpoint.id);
		n_others++;
	}
	if (n_others > 0 && n < size)
		snprintf(ret_text + n, size - n, " %s to %s too: it gets the sum of all",
			 n_others == 1 ? "plays" : "play", binding->device);
}

size_t pl_control_binding_note(struct pl_control *control, struct pl_endpoint endpoint,
			       enum pl_direction direction, char *ret_text, size_t size)
{
	const struct pl_binding *binding = pl_model_binding(&control->model, endpoint, direction);
	const struct pl_device_entry *entry;
	struct pl_device_list *list;

	ret_text[0] = '\0';
	if (!pl_binding_is_set(binding) || pl_control_list_devices(control, &list) < 0)
		return 0;
	entry = find_entry(list, direction, binding->device);
	if (entry && describe_trouble(entry, endpoint, binding, ret_text, size) == 0 &&
	    direction == PL_PLAYBACK)
		describe_sharing(entry, endpoint, binding, ret_text, size);
	free(list);
	return strlen(ret_text);
}
