/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"

double pl_dbus_gain_from_db(double gain_db)
{
	if (gain_db <= PL_METERS_DB_MIN)
		return 0.0;
	return pow(10.0, gain_db / 20.0);
}

double pl_dbus_gain_to_db(double gain)
{
	if (!(gain > 0.0))
		return PL_METERS_DB_MIN;
	return fmax(20.0 * log10(gain), PL_METERS_DB_MIN);
}

double pl_dbus_point_db(const struct pl_meters_point *point, const char *property)
{
	return pl_level_db(strstr(property, "Peak") ? point->peak_hold : point->vu);
}

int pl_dbus_append_ids(sd_bus_message *message, uint64_t mask)
{
	uint32_t ids[64], n_ids = 0;

	for (uint32_t id = 1; id <= 64; id++) {
		if (mask & pl_dbus_bit(id))
			ids[n_ids++] = id;
	}
	return sd_bus_message_append_array(message, 'u', ids, n_ids * sizeof(ids[0]));
}

uint64_t pl_dbus_column(const uint64_t masks[], uint32_t n_tablets, uint32_t channel_id)
{
	uint64_t column = 0;

	for (uint32_t id = 1; id <= n_tablets; id++) {
		if (masks[id - 1] & pl_dbus_bit(channel_id))
			column |= pl_dbus_bit(id);
	}
	return column;
}

uint64_t pl_dbus_active_tablets(const struct pl_model *model, uint32_t channel_id)
{
	uint64_t active = 0;

	for (uint32_t id = 1; id <= model->n_tablets; id++) {
		if (model->tablet[id - 1].keys & pl_dbus_bit(channel_id))
			active |= pl_dbus_bit(id);
	}
	return active;
}

const char *pl_dbus_shown_name(const char *name, const char *kind, uint32_t id,
			       char buffer[PL_NAME_MAX])
{
	if (name[0])
		return name;
	snprintf(buffer, PL_NAME_MAX, "%s %u", kind, id);
	return buffer;
}
