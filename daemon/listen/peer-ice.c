/* SPDX-License-Identifier: MIT */
#include "peer-ice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

/** An error tells little and goes to whatever address the request claims to be from. */
#define REFUSE_INTERVAL_NS 50000000u

/** ice-char of RFC 8839 5.4, 64 of them. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_ice_text(const char *text, size_t size_min, size_t size_max)
{
	size_t n = strnlen(text, size_max + 1);

	return n >= size_min && n <= size_max && strspn(text, alphabet) == n;
}

bool pl_ice_are_names(const char *ufrag, const char *pwd)
{
	return is_ice_text(ufrag, 4, 256) && is_ice_text(pwd, 22, 256);
}

static bool make_text(char *text, size_t size)
{
	if (RAND_bytes((unsigned char *)text, (int)size - 1) != 1)
		return false;
	for (size_t i = 0; i + 1 < size; i++)
		text[i] = alphabet[(uint8_t)text[i] % 64];
	text[size - 1] = '\0';
	return true;
}

static void forget_names(struct pl_ice_names *names)
{
	free(names->remote_ufrag);
	explicit_bzero(names, sizeof(*names));
}

static int make_names(const char *remote_ufrag, const char *remote_pwd,
		      struct pl_ice_names *ret_names)
{
	struct pl_ice_names names = {0};

	/* Their password would protect what we ask; a lite agent asks nothing. */
	if (!pl_ice_are_names(remote_ufrag, remote_pwd))
		return -EINVAL;
	names.remote_ufrag = strdup(remote_ufrag);
	if (!names.remote_ufrag || !make_text(names.ufrag, sizeof(names.ufrag)) ||
	    !make_text(names.pwd, sizeof(names.pwd))) {
		forget_names(&names);
		return -ENOMEM;
	}
	*ret_names = names;
	return 0;
}

int pl_ice_init(struct pl_ice *ice, const char *remote_ufrag, const char *remote_pwd)
{
	memset(ice, 0, sizeof(*ice));
	return make_names(remote_ufrag, remote_pwd, &ice->names);
}

void pl_ice_done(struct pl_ice *ice)
{
	free(ice->names.remote_ufrag);
	free(ice->former.remote_ufrag);
	explicit_bzero(ice, sizeof(*ice));
}

int pl_ice_restart(struct pl_ice *ice, const char *remote_ufrag, const char *remote_pwd)
{
	struct pl_ice_names names;
	int r = make_names(remote_ufrag, remote_pwd, &names);

	if (r < 0)
		return r;
	/* Names that came to nothing before they were replaced are of no use to anybody. */
	if (ice->former.remote_ufrag)
		forget_names(&ice->names);
	else
		ice->former = ice->names;
	ice->names = names;
	return 0;
}

static bool begins_with(const struct pl_ice_names *names, const char *username, size_t size)
{
	size_t n = strlen(names->ufrag);

	return names->remote_ufrag && size > n && username[n] == ':' &&
	       memcmp(username, names->ufrag, n) == 0;
}

bool pl_ice_is_called(const struct pl_ice *ice, const char *username, size_t size)
{
	return begins_with(&ice->names, username, size) ||
	       begins_with(&ice->former, username, size);
}

/* --- paths ---------------------------------------------------------------------------------- */

static struct pl_ice_path *find_path(const struct pl_ice *ice, const struct pl_net_path *path)
{
	for (uint32_t i = 0; i < PL_PEER_PATHS_MAX; i++)
		if (ice->paths[i].checked_nsec && pl_net_path_is_same(&ice->paths[i].path, path))
			return (struct pl_ice_path *)&ice->paths[i];
	return NULL;
}

bool pl_ice_has_path(const struct pl_ice *ice, const struct pl_net_path *path, uint64_t now_nsec,
		     uint64_t timeout_ns)
{
	const struct pl_ice_path *found = find_path(ice, path);

	return found && now_nsec - found->checked_nsec < timeout_ns;
}

/** A free place, or that of the path that was checked longest ago and is not in use. */
static struct pl_ice_path *find_place(struct pl_ice *ice)
{
	struct pl_ice_path *oldest = NULL;

	for (uint32_t i = 0; i < PL_PEER_PATHS_MAX; i++) {
		struct pl_ice_path *path = &ice->paths[i];

		if (path != ice->in_use && (!oldest || path->checked_nsec < oldest->checked_nsec))
			oldest = path;
	}
	return oldest;
}

/**
 * STUN itself knows no replay, and a full agent would check back. We cannot: somebody who has seen a
 * check could have the media sent to himself by repeating it.
 */
static bool is_replay(const struct pl_ice *ice, const struct pl_stun_message *message,
		      const struct pl_net_path *path)
{
	const struct pl_ice_path *found = find_path(ice, path);
	uint8_t place = found ? (uint8_t)(found - ice->paths + 1) : 0;

	for (uint32_t i = 0; i < PL_ICE_SEEN_MAX; i++)
		if (ice->seen[i].place && ice->seen[i].place != place &&
		    memcmp(ice->seen[i].transaction, message->transaction,
			   sizeof(message->transaction)) == 0)
			return true;
	return false;
}

static void note_path(struct pl_ice *ice, const struct pl_net_path *path,
		      const struct pl_stun_message *message, uint64_t now_nsec)
{
	struct pl_ice_path *found = find_path(ice, path);
	struct pl_ice_seen *seen = &ice->seen[ice->next_seen];
	bool nominated = message->use_candidate;

	if (!found) {
		found = find_place(ice);
		found->path = *path;
	}
	found->checked_nsec = now_nsec;
	memcpy(seen->transaction, message->transaction, sizeof(seen->transaction));
	seen->place = (uint8_t)(found - ice->paths + 1);
	ice->next_seen = (ice->next_seen + 1) % PL_ICE_SEEN_MAX;
	/* before the first nomination the latest one will do */
	if (!nominated && ice->nominated)
		return;
	if (ice->in_use && ice->in_use != found)
		ice->n_switched++;
	ice->in_use = found;
	ice->nominated = nominated;
}

/* --- checks --------------------------------------------------------------------------------- */

/** "ours:theirs", RFC 8445 7.2.2. */
static bool are_meant(const struct pl_ice_names *names, const struct pl_stun_message *message)
{
	size_t n = strlen(names->ufrag);

	return begins_with(names, message->username, message->username_size) &&
	       message->username_size == n + 1 + strlen(names->remote_ufrag) &&
	       memcmp(message->username + n + 1, names->remote_ufrag,
		      strlen(names->remote_ufrag)) == 0;
}

/** Those of ours that it was made with. @return NULL: none */
static const struct pl_ice_names *find_names(const struct pl_ice *ice, const uint8_t *data,
					     const struct pl_stun_message *message)
{
	const struct pl_ice_names *names = NULL;

	if (are_meant(&ice->names, message))
		names = &ice->names;
	else if (are_meant(&ice->former, message))
		names = &ice->former;
	return names && pl_stun_is_authentic(data, message, names->pwd) ? names : NULL;
}

/** To one who has shown no password. */
static size_t refuse(struct pl_ice *ice, const struct pl_stun_message *message, int code,
		     uint64_t now_nsec, uint8_t *ret_answer)
{
	int n;

	if (ice->refused_nsec && now_nsec - ice->refused_nsec < REFUSE_INTERVAL_NS)
		return 0;
	ice->refused_nsec = now_nsec;
	n = pl_stun_write_error(message, code, NULL, ret_answer, PL_STUN_MESSAGE_MAX);
	return n > 0 ? (size_t)n : 0;
}

int pl_ice_receive(struct pl_ice *ice, const struct pl_net_path *path, const uint8_t *data,
		   size_t size, uint64_t now_nsec, uint8_t *ret_answer, size_t *ret_answer_size)
{
	const struct pl_ice_names *names;
	struct pl_stun_message message;
	int r = pl_stun_parse(data, size, &message), code = 0;

	*ret_answer_size = 0;
	if (r < 0)
		return r;
	/* indications keep a NAT's binding; responses answer what we never ask */
	if (message.type != PL_STUN_BINDING_REQUEST)
		return -EBADMSG;
	if (!message.username || !message.integrity_at) {
		*ret_answer_size = refuse(ice, &message, PL_STUN_BAD_REQUEST, now_nsec, ret_answer);
		return -EPERM;
	}
	names = find_names(ice, data, &message);
	if (!names) {
		*ret_answer_size =
			refuse(ice, &message, PL_STUN_UNAUTHENTICATED, now_nsec, ret_answer);
		return -EPERM;
	}
	if (is_replay(ice, &message, path))
		return -EALREADY;
	if (message.n_unknown)
		code = PL_STUN_UNKNOWN_ATTRIBUTE;
	else if (message.controlled)
		code = PL_STUN_ROLE_CONFLICT; /* a lite agent cannot take the other role */
	if (code)
		r = pl_stun_write_error(&message, code, names->pwd, ret_answer,
					PL_STUN_MESSAGE_MAX);
	else
		r = pl_stun_write_success(message.transaction, &path->remote, names->pwd,
					  ret_answer, PL_STUN_MESSAGE_MAX);
	if (r < 0)
		return -EBADMSG;
	*ret_answer_size = (size_t)r;
	if (code)
		return -EPERM;
	note_path(ice, path, &message, now_nsec ? now_nsec : 1);
	if (names == &ice->names && message.use_candidate)
		forget_names(&ice->former);
	return 1;
}
