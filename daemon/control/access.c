/* SPDX-License-Identifier: MIT */
#include "access.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "control-internal.h"

/* Tokens, sessions, certificates, and the audit of whatever needs permission. */

static const char *const role_names[] = {
	[PL_ROLE_VIEW] = "view",
	[PL_ROLE_OPERATE] = "operate",
	[PL_ROLE_ADMIN] = "admin",
};

const char *pl_role_name(enum pl_role role)
{
	return role_names[role];
}

int pl_role_from_name(const char *name, enum pl_role *ret_role)
{
	for (unsigned i = 0; i < sizeof(role_names) / sizeof(role_names[0]); i++) {
		if (strcmp(role_names[i], name) == 0) {
			*ret_role = (enum pl_role)i;
			return 0;
		}
	}
	return -EINVAL;
}

static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > 0 ? (uint64_t)now.tv_sec : 0;
}

void pl_control_set_access(struct pl_control *control, const struct pl_access_ops *ops,
			   void *access)
{
	control->access_ops = ops;
	control->access = access;
}

/* --- audit --------------------------------------------------------------------------- */

void pl_control_set_audit(struct pl_control *control, pl_audit_h on_audit, void *userdata)
{
	control->on_audit = on_audit;
	control->audit_userdata = userdata;
}

void pl_control_audit(struct pl_control *control, const struct pl_audit *audit)
{
	if (control->on_audit)
		control->on_audit(control->audit_userdata, audit);
}

void control_audit_verb(struct pl_control *control, const struct pl_actor *actor,
			const char *function, int r, const struct pl_error *error)
{
	static const char prefix[] = "pl_control_";
	struct pl_audit audit = {
		.actor = actor,
		.verb = function,
		.result = r < 0 ? r : 0,
		.detail = r < 0 && error ? error->message : "",
	};

	if (strncmp(function, prefix, sizeof(prefix) - 1) == 0)
		audit.verb += sizeof(prefix) - 1;
	pl_control_audit(control, &audit);
}

/* --- at the door ----------------------------------------------------------------------- */

int pl_control_authenticate(struct pl_control *control, const struct pl_credential *credential,
			    struct pl_identity *ret_identity, uint32_t *ret_retry_s)
{
	*ret_retry_s = 0;
	if (!control->access_ops)
		return -EACCES;
	return control->access_ops->authenticate(control->access, credential, now_s(), ret_identity,
						 ret_retry_s);
}

bool pl_control_identity_is_valid(struct pl_control *control, const struct pl_identity *identity)
{
	return control->access_ops &&
	       control->access_ops->is_valid(control->access, identity->id, now_s());
}

int pl_control_open_session(struct pl_control *control, const struct pl_identity *identity,
			    char ret_session[PL_SECRET_SIZE], uint64_t *ret_expires_s)
{
	if (!control->access_ops)
		return -EACCES;
	return control->access_ops->open_session(control->access, identity, now_s(), ret_session,
						 ret_expires_s);
}

bool pl_control_get_certificate(struct pl_control *control, struct pl_certificate *ret_certificate)
{
	return control->access_ops &&
	       control->access_ops->get_certificate(control->access, ret_certificate);
}

struct json_object *pl_describe_certificate(struct pl_control *control)
{
	struct pl_certificate c;
	struct json_object *tree;

	if (!pl_control_get_certificate(control, &c))
		return NULL;
	tree = json_object_new_object();
	if (!tree)
		return NULL;
	json_object_object_add(tree, "fingerprint", json_object_new_string(c.fingerprint));
	json_object_object_add(tree, "ca_fingerprint",
			       c.is_given ? NULL : json_object_new_string(c.ca_fingerprint));
	json_object_object_add(tree, "names", json_object_new_string(c.subject_names));
	json_object_object_add(tree, "not_before", json_object_new_int64((int64_t)c.not_before_s));
	json_object_object_add(tree, "not_after", json_object_new_int64((int64_t)c.not_after_s));
	json_object_object_add(tree, "given", json_object_new_boolean(c.is_given));
	return tree;
}

/* --- verbs ------------------------------------------------------------------------------- */

static int check_name(const char *name, struct pl_error *ret_error)
{
	if (name[0] && strlen(name) < PL_TOKEN_NAME_SIZE && pl_name_is_valid(name))
		return 0;
	return error_set(ret_error, -EINVAL, "/name",
			 "a token's name is 1 to %u bytes of UTF-8 text without control characters",
			 PL_TOKEN_NAME_SIZE - 1);
}

static int check_access(struct pl_control *control, struct pl_error *ret_error)
{
	if (control->access_ops)
		return 0;
	return error_set(ret_error, -EIO, "", "this daemon keeps no tokens");
}

static int add_token(struct pl_control *control, const char *name, enum pl_role role,
		     uint64_t expires_s, char ret_token[PL_SECRET_SIZE], struct pl_error *ret_error)
{
	struct pl_token_info info = {.role = role, .created_s = now_s(), .expires_s = expires_s};
	int r;

	r = check_access(control, ret_error);
	if (r == 0)
		r = check_name(name, ret_error);
	if (r < 0)
		return r;
	if (expires_s != 0 && expires_s <= info.created_s)
		return error_set(ret_error, -EINVAL, "/expires",
				 "a token expires in the future, not in the past");
	memcpy(info.name, name, strlen(name));
	r = control->access_ops->add_token(control->access, &info, ret_token);
	if (r == -EEXIST)
		return error_set(
			ret_error, -EINVAL, "/name",
			"there is a token \"%s\" already; remove it first, or give another "
			"name",
			name);
	if (r == -ENOSPC)
		return error_set(ret_error, -EINVAL, "",
				 "there are %u tokens already; remove one first", PL_TOKENS_MAX);
	if (r < 0)
		return error_set(ret_error, -EIO, "", "the token could not be kept: %s",
				 strerror(-r));
	return 0;
}

int pl_control_add_token(struct pl_control *control, const struct pl_actor *actor, const char *name,
			 enum pl_role role, uint64_t expires_s, char ret_token[PL_SECRET_SIZE],
			 struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = add_token(control, name, role, expires_s, ret_token, ret_error);
	return control_audited(control, actor, r, ret_error);
}

static int remove_token(struct pl_control *control, const char *name, struct pl_error *ret_error)
{
	int r;

	r = check_access(control, ret_error);
	if (r < 0)
		return r;
	r = control->access_ops->remove_token(control->access, name);
	if (r == -ENOENT)
		return error_set(ret_error, -ENOENT, "/name", "there is no token of this name");
	if (r < 0)
		return error_set(ret_error, -EIO, "", "the tokens could not be kept: %s",
				 strerror(-r));
	return 0;
}

int pl_control_remove_token(struct pl_control *control, const struct pl_actor *actor,
			    const char *name, struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = remove_token(control, name, ret_error);
	return control_audited(control, actor, r, ret_error);
}

int pl_control_list_tokens(struct pl_control *control, const struct pl_actor *actor,
			   struct pl_token_info ret_infos[PL_TOKENS_MAX],
			   struct pl_error *ret_error)
{
	int r;

	r = control_begin(control, actor, PL_ROLE_ADMIN, ret_error);
	if (r == 0)
		r = check_access(control, ret_error);
	if (r == 0)
		r = (int)control->access_ops->list_tokens(control->access, ret_infos,
							  PL_TOKENS_MAX);
	return control_audited(control, actor, r, ret_error);
}
