/* SPDX-License-Identifier: MIT */
#ifndef PL_CLAIMS_H
#define PL_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "control.h"

/**
 * Who sits at which tablet. A browser claims a tablet, and holds its talk keys through the claim:
 * the keys live as long as somebody is heard at it, and no longer. Claims are in memory only; so
 * are their keys: a daemon that comes up again has neither.
 *
 * Thread: the daemon's one loop. Time is CLOCK_MONOTONIC in microseconds and comes from the
 * caller.
 */

/** Silence of a claim's holder after which its keys are up. A bar of one second leaves room for
 * the loop. */
#define PL_CLAIM_SILENCE_USEC UINT64_C(750000)
/** How long a claim waits for its holder to come back with its secret. */
#define PL_CLAIM_KEEP_USEC UINT64_C(10000000)
/** A release that the engine refused is tried again after this. */
#define PL_CLAIM_RETRY_USEC UINT64_C(100000)
/** Bytes of a claim's secret, with the final NUL: 128 bits in hexadecimal. */
#define PL_CLAIM_SECRET_SIZE 33u
/** Bytes of where a claim came from, with the final NUL. */
#define PL_CLAIM_PEER_SIZE 64u

/** What has happened to a claim; of PL_EVENT_CLAIM. */
enum pl_claim_step {
	PL_CLAIM_TAKEN,      /**< the tablet was free */
	PL_CLAIM_TAKEN_OVER, /**< from somebody else, on demand */
	PL_CLAIM_AWAY,       /**< the connection broke; kept for PL_CLAIM_KEEP_USEC */
	PL_CLAIM_SILENT,     /**< nothing heard for PL_CLAIM_SILENCE_USEC; kept likewise */
	PL_CLAIM_BACK,       /**< heard again, or connected again */
	PL_CLAIM_LEFT,       /**< given up: free */
	PL_CLAIM_EXPIRED,    /**< nobody came back: free */
	PL_CLAIM_RELEASED,   /**< taken away by an administrator: free */
};

/** "taken", "taken_over", "away", "silent", "back", "left", "expired", "released" */
const char *pl_claim_step_name(enum pl_claim_step step);

/** What may be shown of a claim. */
struct pl_claim_info {
	char label[PL_NAME_MAX];       /**< who, in words; "" when not said */
	char peer[PL_CLAIM_PEER_SIZE]; /**< address, "" when not known */
	uint64_t since_usec;           /**< CLOCK_REALTIME */
	uint64_t session;              /**< of its holder, see struct pl_claim */
	bool present;                  /**< connected and heard */
	uint64_t keys;                 /**< held by the claim: bit (channel - 1) */
};

/** What a holder has in hand. */
struct pl_claim {
	uint32_t tablet_id;
	uint64_t session; /**< changes when the claim is taken over or resumed elsewhere; never 0 */
	char secret
		[PL_CLAIM_SECRET_SIZE]; /**< to come back with, and for the tablet's microphone */
};

struct pl_claim_request {
	uint32_t tablet_id; /**< 0: the lowest that is free and has no sound card */
	const char *label;  /**< as a tablet's name; NULL: "" or, coming back, as before */
	const char *secret; /**< of the claim to come back to; NULL: none */
	bool take_over;     /**< take it from who has it; needs a tablet_id */
};

/* --- for who sits at a tablet. pl_error.field: /tablet /label /take_over /channel ------------- */

/**
 * Claim a tablet, or come back to it. A secret that fits no claim is as none: after a restart of
 * the daemon whoever comes first has the tablet. Keys that an earlier session of the claim held
 * are released. Role: operate.
 *
 * @return 0; -EBUSY it is taken (the message says by whom), or none is free; -ENOENT no such
 *         tablet; -EINVAL; -EIO no randomness
 */
int pl_control_claim(struct pl_control *control, const struct pl_actor *actor,
		     const struct pl_claim_request *request, uint64_t now_usec,
		     struct pl_claim *ret_claim, struct pl_error *ret_error);

/**
 * As pl_control_press_key() and pl_control_release_key(), for the claim's tablet. A key that is
 * down already, by somebody else's hand, stays that one's: it survives the claim. One that
 * somebody else presses while the claim holds it becomes theirs as well.
 *
 * @return as those; -ESTALE: the claim is lost
 */
int pl_control_press_claimed_key(struct pl_control *control, const struct pl_actor *actor,
				 const struct pl_claim *claim, uint32_t channel_id,
				 uint32_t priority, struct pl_error *ret_error);
int pl_control_release_claimed_key(struct pl_control *control, const struct pl_actor *actor,
				   const struct pl_claim *claim, uint32_t channel_id,
				   struct pl_error *ret_error);

/** A sign of life of the holder. @return 0 or -ESTALE: the claim is lost */
int pl_control_claim_heard(struct pl_control *control, const struct pl_claim *claim,
			   uint64_t now_usec);
/** The holder's connection is gone: its keys are up, the claim waits. A lost claim: nothing. */
void pl_control_claim_closed(struct pl_control *control, const struct pl_actor *actor,
			     const struct pl_claim *claim, uint64_t now_usec);
/** Give it up. A lost claim: nothing. */
void pl_control_leave_claim(struct pl_control *control, const struct pl_actor *actor,
			    const struct pl_claim *claim);

/* --- for everybody --------------------------------------------------------------------------- */

/** @return false: nobody has it. @param ret_info  may be NULL */
bool pl_control_get_claim(const struct pl_control *control, uint32_t tablet_id,
			  struct pl_claim_info *ret_info);
/** Whether this is the secret of the tablet's claim, in a time that does not depend on it. */
bool pl_control_claim_has_secret(const struct pl_control *control, uint32_t tablet_id,
				 const char *secret);
/** Free a tablet, whoever has it; nobody: nothing. Role: admin. @return 0, -EPERM, -ENOENT */
int pl_control_release_claim(struct pl_control *control, const struct pl_actor *actor,
			     uint32_t tablet_id, struct pl_error *ret_error);

/**
 * For the loop: release the keys of those who are silent, free what nobody came back to. To be
 * called after what has arrived by then was read, so that a machine that stood still takes nobody
 * for silent. Wind it at each PL_EVENT_CLAIM.
 *
 * @return usec of the next time, UINT64_MAX for none
 */
uint64_t pl_control_run_claims(struct pl_control *control, uint64_t now_usec);

#endif
