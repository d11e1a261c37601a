/* SPDX-License-Identifier: MIT */
#ifndef PL_PEER_ICE_H
#define PL_PEER_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"
#include "stun.h"

/**
 * The lite agent of ICE, RFC 8445 2.5 and 7.3: it answers connectivity checks, remembers the paths
 * they came by and which one was nominated. It checks nothing itself and is always controlled.
 *
 * Thread: one.
 */

struct pl_ice_path {
	struct pl_net_path path;
	uint64_t checked_nsec; /**< last valid request; 0: a free place */
};

/** A request that was answered: one that is sent again from elsewhere is a replay. */
struct pl_ice_seen {
	uint8_t transaction[PL_STUN_TRANSACTION_SIZE];
	uint8_t place; /**< of its path, from 1; 0: none */
};
/** Browsers check a path every 2.5 s, and some more often at first. */
#define PL_ICE_SEEN_MAX 256u

/** 24 letters hold 144 bits, 8 of them 48 (RFC 8445 5.3 wants 128 and 24). */
#define PL_ICE_OWN_UFRAG_SIZE 9u
#define PL_ICE_OWN_PWD_SIZE 25u

/** Of one ICE session; a restart begins the next one, RFC 8445 9. */
struct pl_ice_names {
	char ufrag[PL_ICE_OWN_UFRAG_SIZE], pwd[PL_ICE_OWN_PWD_SIZE];
	char *remote_ufrag; /**< NULL: there is none */
};

struct pl_ice {
	struct pl_ice_names names;
	struct pl_ice_names
		former; /**< after a restart, until a path of the new ones is nominated */
	struct pl_ice_path paths[PL_PEER_PATHS_MAX];
	const struct pl_ice_path *in_use; /**< NULL: none so far */
	bool nominated;                   /**< what is in use */
	uint32_t n_switched;
	uint32_t next_seen; /**< of the ring below */
	struct pl_ice_seen seen[PL_ICE_SEEN_MAX];
	uint64_t refused_nsec; /**< when an error was last answered to one without the password */
};

/** Whether both are as RFC 8839 5.4 wants them. */
bool pl_ice_are_names(const char *ufrag, const char *pwd);

/** Makes ufrag and password. @return 0; -EINVAL: not by RFC 8839 5.4; -ENOMEM */
int pl_ice_init(struct pl_ice *ice, const char *remote_ufrag, const char *remote_pwd);
void pl_ice_done(struct pl_ice *ice);
/**
 * New names. What is in use stays so, and is checked by the former names, until the browser
 * nominates a path by the new ones. @return as pl_ice_init(); then nothing has changed
 */
int pl_ice_restart(struct pl_ice *ice, const char *remote_ufrag, const char *remote_pwd);
/** Whether a USERNAME begins with one of ours. */
bool pl_ice_is_called(const struct pl_ice *ice, const char *username, size_t size);

/**
 * A datagram that looks like STUN.
 *
 * @param ret_answer       PL_STUN_MESSAGE_MAX bytes
 * @param ret_answer_size  0: nothing is to be answered
 * @return 1: a valid request, its path is checked; -EPERM: no valid one; -EALREADY: one that came
 *         by another path before; -EBADMSG
 */
int pl_ice_receive(struct pl_ice *ice, const struct pl_net_path *path, const uint8_t *data,
		   size_t size, uint64_t now_nsec, uint8_t *ret_answer, size_t *ret_answer_size);
/** Whether a path was checked less than so long ago. */
bool pl_ice_has_path(const struct pl_ice *ice, const struct pl_net_path *path, uint64_t now_nsec,
		     uint64_t timeout_ns);

#endif
