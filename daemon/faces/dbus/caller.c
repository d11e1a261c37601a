/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <grp.h>
#include <string.h>

uint32_t pl_dbus_operate_gid(void)
{
	struct group storage, *group = NULL;
	char buffer[16384];

	if (getgrnam_r(PL_DBUS_OPERATE_GROUP, &storage, buffer, sizeof(buffer), &group) != 0 ||
	    !group)
		return UINT32_MAX;
	return group->gr_gid;
}

int pl_dbus_actor_from_message(struct pl_face_dbus *face, sd_bus_message *message,
			       struct pl_actor *ret_actor, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message);
	enum pl_role role = PL_ROLE_ADMIN;

	if (face->options.bus == PL_DBUS_SYSTEM) {
		if (!sender)
			return -EACCES;
		role = pl_dbus_callers_role(face->callers, sender);
	}
	*ret_actor = (struct pl_actor){.face = "dbus", .name = sender ? sender : "", .role = role};
	return 0;
}

/** control.h: a row of the uplink is a channel and its cells are tablets, of the downlink the reverse. */
static const char *name_of_missing(const char *field)
{
	const char *row = field[0] ? strchr(field + 1, '/') : NULL;
	bool is_cell = row && strchr(row + 1, '/');

	if (strcmp(field, "/id") == 0 || strcmp(field, "/message_id") == 0)
		return PL_DBUS_ERROR_NO_SUCH_ID;
	if (strcmp(field, "/tablet_id") == 0 || (strncmp(field, "/uplink/", 8) == 0 && is_cell) ||
	    (strncmp(field, "/downlink/", 10) == 0 && !is_cell))
		return PL_DBUS_ERROR_NO_SUCH_TABLET;
	return PL_DBUS_ERROR_NO_SUCH_CHANNEL;
}

/** Control speaks of linear gains, this face of dB. */
static const char *message_of(const struct pl_error *verb_error, int r)
{
	const char *field = verb_error->field;

	if (r == -EINVAL &&
	    (strcmp(field, "/gain") == 0 || strcmp(field, "/gain_db") == 0 ||
	     strncmp(field, "/uplink/", 8) == 0 || strncmp(field, "/downlink/", 10) == 0))
		return "a gain is at most +20 dB; -240 and below is off";
	if (r == -EINVAL && strcmp(field, "/sidetone") == 0)
		return "a sidetone is at most 0 dB; -240 and below is off";
	return verb_error->message[0] ? verb_error->message : strerror(-r);
}

int pl_dbus_result(int r, const struct pl_error *verb_error, sd_bus_error *error)
{
	const char *name;

	if (r >= 0)
		return r;

	switch (r) {
	case -EINVAL:
		name = PL_DBUS_ERROR_INVALID_ARGUMENT;
		break;
	case -ENOENT:
		name = name_of_missing(verb_error->field);
		break;
	case -EEXIST:
		name = PL_DBUS_ERROR_EXISTS;
		break;
	case -EROFS:
		name = PL_DBUS_ERROR_CONFIGURED;
		break;
	case -EBUSY:
		name = PL_DBUS_ERROR_BUSY;
		break;
	case -EPERM:
		name = PL_DBUS_ERROR_NOT_PERMITTED;
		break;
	case -EIO:
	case -ENOSPC:
	case -ENOMEM:
		name = PL_DBUS_ERROR_STATE_NOT_KEPT;
		break;
	default:
		return sd_bus_error_set_errnof(error, r, "%s", message_of(verb_error, r));
	}
	return sd_bus_error_set(error, name, message_of(verb_error, r));
}
