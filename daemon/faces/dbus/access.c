/* SPDX-License-Identifier: MIT */
#include "face-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"

/** org.partyline.Partyline1.Access; what each member means: dbus/org.partyline.Partyline1.Access.xml */

#define cleanup_message __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message

static int refuse_role(sd_bus_error *error)
{
	return sd_bus_error_set(error, PL_DBUS_ERROR_INVALID_ARGUMENT,
				"a role is \"view\", \"operate\" or \"admin\"");
}

static int method_add_token(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	char token[PL_SECRET_SIZE] = "";
	const char *name, *role_name;
	struct pl_dbus_call call;
	enum pl_role role;
	uint64_t expires_s;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "sst", &name, &role_name,
			       &expires_s);
	if (r < 0)
		return r;
	if (pl_role_from_name(role_name, &role) < 0)
		return refuse_role(error);
	r = pl_control_add_token(call.control, &call.actor, name, role, expires_s, token,
				 &call.error);
	r = pl_dbus_call_end(&call, r, "s", token);
	explicit_bzero(token, sizeof(token));
	return r;
}

static int method_remove_token(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_dbus_call call;
	const char *name;
	int r;

	r = pl_dbus_call_begin(&call, userdata, message, error, "s", &name);
	if (r < 0)
		return r;
	r = pl_control_remove_token(call.control, &call.actor, name, &call.error);
	if (r == -ENOENT)
		return sd_bus_error_set(error, PL_DBUS_ERROR_INVALID_ARGUMENT, call.error.message);
	return pl_dbus_call_end(&call, r, NULL);
}

static int append_tokens(sd_bus_message *reply, const struct pl_token_info *infos, int n)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sstt)");

	for (int i = 0; r >= 0 && i < n; i++)
		r = sd_bus_message_append(reply, "(sstt)", infos[i].name,
					  pl_role_name(infos[i].role), infos[i].created_s,
					  infos[i].expires_s);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_list_tokens(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	cleanup_message *reply = NULL;
	struct pl_token_info *infos;
	struct pl_dbus_call call;
	int n, r;

	r = pl_dbus_call_begin(&call, userdata, message, error, NULL);
	if (r < 0)
		return r;
	infos = calloc(PL_TOKENS_MAX, sizeof(*infos));
	if (!infos)
		return -ENOMEM;
	n = pl_control_list_tokens(call.control, &call.actor, infos, &call.error);
	r = pl_dbus_call_result(&call, n);
	if (r >= 0)
		r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_tokens(reply, infos, n);
	free(infos);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_get_certificate(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct pl_face_dbus *face = userdata;
	struct pl_certificate c;

	if (!pl_control_get_certificate(face->control, &c))
		c = (struct pl_certificate){
			.subject_names = "", .fingerprint = "", .ca_fingerprint = "", .ca_pem = ""};
	return sd_bus_reply_method_return(message, "sssttbs", c.subject_names, c.fingerprint,
					  c.ca_fingerprint, c.not_before_s, c.not_after_s,
					  (int)c.is_given, c.ca_pem);
}

const sd_bus_vtable pl_dbus_access_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("AddToken", SD_BUS_ARGS("s", name, "s", role, "t", expires_s),
				SD_BUS_RESULT("s", token), method_add_token, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("RemoveToken", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_remove_token, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("ListTokens", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sstt)", tokens),
				method_list_tokens, PL_DBUS_OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetCertificate", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("s", names, "s", fingerprint, "s", ca_fingerprint,
					      "t", not_before_s, "t", not_after_s, "b", given, "s",
					      ca_pem),
				method_get_certificate, PL_DBUS_OPEN),
	SD_BUS_VTABLE_END,
};
