/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The id in PREFIX/ID: decimal, no sign, no leading zero. @return 0 for anything else */
static uint32_t id_from_path(const char *path, const char *prefix)
{
	size_t n_prefix = strlen(prefix);
	uint32_t id = 0;

	if (strncmp(path, prefix, n_prefix) != 0 || path[n_prefix] != '/' ||
	    path[n_prefix + 1] == '0')
		return 0;
	for (const char *p = path + n_prefix + 1; *p; p++) {
		if (*p < '0' || *p > '9' || id > PL_TABLETS_MAX + PL_CHANNELS_MAX)
			return 0;
		id = id * 10 + (uint32_t)(*p - '0');
	}
	return id;
}

static int find_tablet(sd_bus *bus, const char *path, const char *interface, void *userdata,
		       void **ret_found, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	uint32_t id = id_from_path(path, PL_DBUS_TABLET_PREFIX);

	if (id == 0 || id > pl_control_model(face->control)->n_tablets)
		return 0;
	*ret_found = &face->tablet[id - 1];
	return 1;
}

static int find_channel(sd_bus *bus, const char *path, const char *interface, void *userdata,
			void **ret_found, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	uint32_t id = id_from_path(path, PL_DBUS_CHANNEL_PREFIX);

	if (id == 0 || id > pl_control_model(face->control)->n_channels)
		return 0;
	*ret_found = &face->channel[id - 1];
	return 1;
}

/** PREFIX/1 … PREFIX/n; sd-bus frees the array and its strings. */
static int enumerate(const char *prefix, uint32_t n_objects, char ***ret_nodes)
{
	char **nodes = calloc(n_objects + 1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_objects; i++) {
		if (asprintf(&nodes[i], "%s/%u", prefix, i + 1) < 0) {
			while (i-- > 0)
				free(nodes[i]);
			free(nodes);
			return -ENOMEM;
		}
	}
	*ret_nodes = nodes;
	return 0;
}

static int enumerate_tablets(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
			     sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return enumerate(PL_DBUS_TABLET_PREFIX, pl_control_model(face->control)->n_tablets,
			 ret_nodes);
}

static int enumerate_channels(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
			      sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;

	return enumerate(PL_DBUS_CHANNEL_PREFIX, pl_control_model(face->control)->n_channels,
			 ret_nodes);
}

int pl_dbus_objects_add(struct pl_face_dbus *face, sd_bus *bus)
{
	int r;

	for (uint32_t i = 0; i < PL_TABLETS_MAX; i++)
		face->tablet[i] =
			(struct pl_dbus_object){.face = face, .is_tablet = true, .id = i + 1};
	for (uint32_t i = 0; i < PL_CHANNELS_MAX; i++)
		face->channel[i] = (struct pl_dbus_object){.face = face, .id = i + 1};

	r = sd_bus_add_object_manager(bus, NULL, PL_DBUS_PATH);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PL_DBUS_PATH, PL_DBUS_MANAGER_INTERFACE,
					     pl_dbus_manager_vtable, face);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PL_DBUS_PATH, PL_DBUS_MATRIX_INTERFACE,
					     pl_dbus_matrix_vtable, face);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PL_DBUS_PATH, PL_DBUS_GATEWAY_INTERFACE,
					     pl_dbus_gateway_vtable, face);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, PL_DBUS_PATH, PL_DBUS_ACCESS_INTERFACE,
					     pl_dbus_access_vtable, face);
	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus, NULL, PL_DBUS_TABLET_PREFIX,
					       PL_DBUS_TABLET_INTERFACE, pl_dbus_tablet_vtable,
					       find_tablet, face);
	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus, NULL, PL_DBUS_CHANNEL_PREFIX,
					       PL_DBUS_CHANNEL_INTERFACE, pl_dbus_channel_vtable,
					       find_channel, face);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, PL_DBUS_TABLET_PREFIX, enumerate_tablets,
					       face);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus, NULL, PL_DBUS_CHANNEL_PREFIX,
					       enumerate_channels, face);
	return r;
}
