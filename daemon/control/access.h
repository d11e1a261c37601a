/* SPDX-License-Identifier: MIT */
#ifndef PL_ACCESS_H
#define PL_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "control.h"

/**
 * Who comes in from the network, and what is written down about it: what control needs from
 * the keeper of tokens and certificates, and the verbs around it.
 *
 * Thread: the daemon's one loop.
 */

/** Bytes of a token's name, with the final NUL. */
#define PL_TOKEN_NAME_SIZE PL_NAME_MAX
/** Bytes of a token or of a session's cookie, with the final NUL. */
#define PL_SECRET_SIZE 128u
#define PL_TOKENS_MAX 256u

/** What may be shown of a token. */
struct pl_token_info {
	char name[PL_TOKEN_NAME_SIZE];
	enum pl_role role;
	uint64_t created_s; /**< seconds since 1970 */
	uint64_t expires_s; /**< seconds since 1970; 0: never */
};

/** What a caller shows at the door. */
struct pl_credential {
	uint8_t address[16]; /**< IPv6, or IPv4 mapped into it */
	const char *token;   /**< NULL: none */
	const char *session; /**< a session's cookie; NULL: none. Not looked at with a token */
};

/** Whose credential it is. */
struct pl_identity {
	uint64_t id; /**< of the token; never given twice */
	char name[PL_TOKEN_NAME_SIZE];
	enum pl_role role;
	uint64_t expires_s; /**< of the token; 0: never */
};

/** The server's certificate, as the faces use and show it. Borrowed until the loop turns. */
struct pl_certificate {
	uint64_t serial;       /**< changes with the certificate; 0: there is none */
	const char *chain_pem; /**< the server's certificate and what it hangs on */
	const char *key_pem;
	const char *ca_pem;      /**< "" for given certificates */
	const char *fingerprint; /**< SHA-256 of the server's, "AB:CD:…" */
	const char *ca_fingerprint;
	const char *subject_names; /**< "intercom, intercom.local, 10.0.0.7" */
	uint64_t not_before_s, not_after_s;
	bool is_given; /**< from files of the configuration */
};

/** Keeper of tokens and certificates. Implemented by daemon/auth; tests bring their own. */
struct pl_access_ops {
	/**
	 * @param now_s        seconds since 1970
	 * @param ret_retry_s  on -EAGAIN: seconds to wait
	 * @return 0, -EACCES for a wrong or expired one, -EAGAIN after too many wrong ones
	 */
	int (*authenticate)(void *access, const struct pl_credential *credential, uint64_t now_s,
			    struct pl_identity *ret_identity, uint32_t *ret_retry_s);
	/** Whether the token is still there and has not expired. */
	bool (*is_valid)(void *access, uint64_t id, uint64_t now_s);
	/** @return 0, -EEXIST, -ENOSPC, -EIO when it cannot be kept (then it is not there) */
	int (*add_token)(void *access, const struct pl_token_info *info,
			 char ret_token[PL_SECRET_SIZE]);
	/** @return 0, -ENOENT, -EIO */
	int (*remove_token)(void *access, const char *name);
	/** Oldest first. @return number written */
	size_t (*list_tokens)(void *access, struct pl_token_info *ret_infos, size_t n_max);
	/** @param ret_expires_s  of the session, not after the token's */
	int (*open_session)(void *access, const struct pl_identity *identity, uint64_t now_s,
			    char ret_session[PL_SECRET_SIZE], uint64_t *ret_expires_s);
	/** @return false when there is none: TLS has not been needed so far */
	bool (*get_certificate)(void *access, struct pl_certificate *ret_certificate);
};

/** @param access  borrowed; outlives the control. Without it nobody has a token */
void pl_control_set_access(struct pl_control *control, const struct pl_access_ops *ops,
			   void *access);

/* --- at the door: for faces, before there is an actor ------------------------------------ */

int pl_control_authenticate(struct pl_control *control, const struct pl_credential *credential,
			    struct pl_identity *ret_identity, uint32_t *ret_retry_s);
bool pl_control_identity_is_valid(struct pl_control *control, const struct pl_identity *identity);
int pl_control_open_session(struct pl_control *control, const struct pl_identity *identity,
			    char ret_session[PL_SECRET_SIZE], uint64_t *ret_expires_s);
/** @return false when there is none */
bool pl_control_get_certificate(struct pl_control *control, struct pl_certificate *ret_certificate);
/** {"fingerprint","ca_fingerprint","names","not_before","not_after","given"}; NULL: none */
struct json_object *pl_describe_certificate(struct pl_control *control);

/* --- verbs. Role: admin. pl_error.field: /name /role /expires ------------------------------ */

/** "view", "operate", "admin". */
const char *pl_role_name(enum pl_role role);
/** @return 0 or -EINVAL */
int pl_role_from_name(const char *name, enum pl_role *ret_role);

/**
 * A new token.
 *
 * @param name       1..63 bytes of UTF-8 without control characters, not yet in use (else -EEXIST)
 * @param expires_s  seconds since 1970; 0: never. Must be in the future
 * @param ret_token  the only time that it is shown
 */
int pl_control_add_token(struct pl_control *control, const struct pl_actor *actor, const char *name,
			 enum pl_role role, uint64_t expires_s, char ret_token[PL_SECRET_SIZE],
			 struct pl_error *ret_error);
/** Ends its sessions and streams as well. -ENOENT (field /name): there is none of this name. */
int pl_control_remove_token(struct pl_control *control, const struct pl_actor *actor,
			    const char *name, struct pl_error *ret_error);
/** @return number written, or -EPERM */
int pl_control_list_tokens(struct pl_control *control, const struct pl_actor *actor,
			   struct pl_token_info ret_infos[PL_TOKENS_MAX],
			   struct pl_error *ret_error);

/* --- what is written down --------------------------------------------------------------------- */

/** One refused call, or one call that needs the role admin. */
struct pl_audit {
	const struct pl_actor *actor;
	const char *verb;   /**< "add_token", "POST /matrix" */
	int result;         /**< 0 done, or the negative errno */
	const char *detail; /**< one sentence, "" for none; never a token */
};

typedef void (*pl_audit_h)(void *userdata, const struct pl_audit *audit);

void pl_control_set_audit(struct pl_control *control, pl_audit_h on_audit, void *userdata);
/** For faces: what they refuse themselves. */
void pl_control_audit(struct pl_control *control, const struct pl_audit *audit);

#endif
