/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

/* The bus answers from memory; longer than this and it is ill. */
#define CREDENTIALS_TIMEOUT_USEC (2u * 1000u * 1000u)

uint32_t pl_dbus_operate_gid(void)
{
	struct group storage, *group = NULL;
	char buffer[16384];

	if (getgrnam_r(PL_DBUS_OPERATE_GROUP, &storage, buffer, sizeof(buffer), &group) != 0 ||
	    !group)
		return UINT32_MAX;
	return group->gr_gid;
}

static enum pl_role role_of(const struct pl_face_dbus *face, uint32_t uid, const uint32_t gids[],
			    size_t n_gids)
{
	if (uid == 0 || uid == geteuid())
		return PL_ROLE_ADMIN;
	for (size_t i = 0; i < n_gids; i++) {
		if (gids[i] == face->operate_gid && face->operate_gid != UINT32_MAX)
			return PL_ROLE_OPERATE;
	}
	return PL_ROLE_VIEW;
}

/** Read one entry of the bus's a{sv}: the user or the groups, and skip the rest. */
static int read_credential(sd_bus_message *reply, uint32_t *uid, const uint32_t **gids,
			   size_t *n_gids)
{
	const char *key;
	size_t n_bytes = 0;
	int r;

	r = sd_bus_message_read_basic(reply, 's', &key);
	if (r < 0)
		return r;
	if (strcmp(key, "UnixUserID") == 0)
		return sd_bus_message_read(reply, "v", "u", uid);
	if (strcmp(key, "UnixGroupIDs") != 0)
		return sd_bus_message_skip(reply, "v");

	r = sd_bus_message_enter_container(reply, 'v', "au");
	if (r < 0)
		return r;
	r = sd_bus_message_read_array(reply, 'u', (const void **)gids, &n_bytes);
	if (r < 0)
		return r;
	*n_gids = n_bytes / sizeof(uint32_t);
	return sd_bus_message_exit_container(reply);
}

/**
 * Ask the bus itself: it took user and groups from the socket when the caller connected. What
 * sd-bus would add from /proc belongs to whoever has the process id now.
 */
static int role_from_bus(struct pl_face_dbus *face, const char *sender, enum pl_role *ret_role,
			 sd_bus_error *error)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *call = NULL;
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	uint32_t uid = UINT32_MAX;
	const uint32_t *gids = NULL;
	size_t n_gids = 0;
	int r;

	r = sd_bus_message_new_method_call(face->bus, &call, "org.freedesktop.DBus",
					   "/org/freedesktop/DBus", "org.freedesktop.DBus",
					   "GetConnectionCredentials");
	if (r >= 0)
		r = sd_bus_message_append(call, "s", sender);
	if (r >= 0)
		r = sd_bus_call(face->bus, call, CREDENTIALS_TIMEOUT_USEC, error, &reply);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	if (r < 0)
		return r;

	while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = read_credential(reply, &uid, &gids, &n_gids);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;

	*ret_role = uid == UINT32_MAX ? PL_ROLE_VIEW : role_of(face, uid, gids, n_gids);
	return 0;
}

int pl_dbus_actor_from_message(struct pl_face_dbus *face, sd_bus_message *message,
			       struct pl_actor *ret_actor, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message);
	enum pl_role role = PL_ROLE_ADMIN;
	int r;

	if (face->options.bus == PL_DBUS_SYSTEM) {
		if (!sender)
			return -EACCES;
		r = role_from_bus(face, sender, &role, error);
		if (r < 0)
			return r;
	}
	*ret_actor = (struct pl_actor){.face = "dbus", .name = sender ? sender : "", .role = role};
	return 0;
}

/** control.h: a row of the uplink is a channel and its cells are tablets, of the downlink the reverse. */
static const char *name_of_missing(const char *field)
{
	const char *row = field[0] ? strchr(field + 1, '/') : NULL;
	bool is_cell = row && strchr(row + 1, '/');

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
	case -EBUSY:
		name = PL_DBUS_ERROR_BUSY;
		break;
	case -EPERM:
		name = PL_DBUS_ERROR_NOT_PERMITTED;
		break;
	case -EIO:
		name = PL_DBUS_ERROR_STATE_NOT_KEPT;
		break;
	default:
		return sd_bus_error_set_errnof(error, r, "%s", message_of(verb_error, r));
	}
	return sd_bus_error_set(error, name, message_of(verb_error, r));
}
