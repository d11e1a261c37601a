/* SPDX-License-Identifier: MIT */
#include "ctl.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/*
 * One meter is (u(dddd)(dddd)auau): id, two measuring points, ids with a key, ids that talk.
 * The names of the parts differ between tablets and channels.
 */
struct meter_names {
	const char *first, *second, *keys, *talking;
};

static struct json_object *describe_point(struct json_object *point)
{
	static const char *const names[] = {"vu_db", "rms_db", "peak_db", "peak_hold_db"};
	struct json_object *described = json_object_new_object();

	for (size_t i = 0; i < 4; i++)
		json_object_object_add(described, names[i],
				       json_object_get(json_object_array_get_idx(point, i)));
	return described;
}

static struct json_object *describe_meters(struct json_object *meters,
					   const struct meter_names *names)
{
	struct json_object *described = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(meters); i++) {
		struct json_object *meter = json_object_array_get_idx(meters, i);
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "id",
				       json_object_get(json_object_array_get_idx(meter, 0)));
		json_object_object_add(row, names->first,
				       describe_point(json_object_array_get_idx(meter, 1)));
		json_object_object_add(row, names->second,
				       describe_point(json_object_array_get_idx(meter, 2)));
		json_object_object_add(row, names->keys,
				       json_object_get(json_object_array_get_idx(meter, 3)));
		json_object_object_add(row, names->talking,
				       json_object_get(json_object_array_get_idx(meter, 4)));
		json_object_array_add(described, row);
	}
	return described;
}

int ctl_get_meters(struct ctl *ctl, struct json_object **ret_meters)
{
	static const struct meter_names tablet_names = {"talk", "listen", "keys", "talking"};
	static const struct meter_names channel_names = {"outside", "line", "active_tablets",
							 "talking_tablets"};
	ctl_cleanup_message *reply = NULL;
	ctl_cleanup_json *tablets = NULL;
	ctl_cleanup_json *channels = NULL;
	struct json_object *meters;
	struct timespec now;
	int code, r;

	code = ctl_call(ctl, CTL_PATH, CTL_MANAGER, "GetMeters", &reply, NULL);
	if (code != CTL_OK)
		return code;
	r = ctl_json_from_message(reply, &tablets);
	if (r >= 0)
		r = ctl_json_from_message(reply, &channels);
	if (r < 0)
		return ctl_fail(ctl, CTL_REFUSED, "meters of an unknown shape: %s", strerror(-r));

	clock_gettime(CLOCK_REALTIME, &now);
	meters = json_object_new_object();
	json_object_object_add(
		meters, "ts",
		json_object_new_double((double)now.tv_sec + (double)now.tv_nsec / 1e9));
	json_object_object_add(meters, "tablets", describe_meters(tablets, &tablet_names));
	json_object_object_add(meters, "channels", describe_meters(channels, &channel_names));
	*ret_meters = meters;
	return CTL_OK;
}
