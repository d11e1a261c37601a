/* SPDX-License-Identifier: MIT */
#ifndef PL_ECHOSTREAM_LINK_H
#define PL_ECHOSTREAM_LINK_H

#include "echostream-message.h"

/**
 * What is said when on the WebSocket of one server, for all of its channels. Pure: time comes in
 * with each call (microseconds of CLOCK_MONOTONIC), what is to be done comes out of
 * pl_echo_link_next(). Thread: one at a time.
 *
 * Times of the older system (seed fact 1.2): connect for every channel every 10 s, 0.5 s of rest
 * after the WebSocket has opened and 0.1 s between messages; a transmission waits for neither. A
 * lost connection is tried again after 1 s, doubled each time up to 60 s, each spread by up to a
 * fifth, so that a server that restarts is not met by all of its clients at once; back to 1 s once
 * the server has told where the audio goes.
 */
#define PL_ECHO_MEMBERS_MAX 64u
#define PL_ECHO_REST_USEC UINT64_C(500000)
#define PL_ECHO_PACE_USEC UINT64_C(100000)
#define PL_ECHO_KEEP_ALIVE_USEC UINT64_C(10000000)
#define PL_ECHO_RETRY_MIN_USEC UINT64_C(1000000)
#define PL_ECHO_RETRY_MAX_USEC UINT64_C(60000000)

struct pl_echo_link;

enum pl_echo_link_state {
	PL_ECHO_LINK_WAITING, /**< for its time to connect, or for a channel */
	PL_ECHO_LINK_CONNECTING,
	PL_ECHO_LINK_OPEN,
};

enum pl_echo_action {
	PL_ECHO_DO_NOTHING, /**< until pl_echo_link_deadline(), or until something happens */
	PL_ECHO_DO_CONNECT, /**< connect; pl_echo_link_opened() or _closed() follows */
	PL_ECHO_DO_SEND,    /**< the text */
};

/** @param seed  of the spread. @return 0 or -ENOMEM */
int pl_echo_link_new(uint64_t seed, struct pl_echo_link **ret_link);
struct pl_echo_link *pl_echo_link_free(struct pl_echo_link *link);

/** @return a member, 0..PL_ECHO_MEMBERS_MAX - 1, -ENOSPC, or -EINVAL: a text that is too long */
int pl_echo_link_join(struct pl_echo_link *link, const struct pl_echo_identity *identity,
		      uint64_t now_usec);
/** A transmission of it that is told of is told to have ended first. */
void pl_echo_link_leave(struct pl_echo_link *link, int member);
void pl_echo_link_transmit(struct pl_echo_link *link, int member, bool transmit);

/* What has happened to the WebSocket. */
void pl_echo_link_opened(struct pl_echo_link *link, uint64_t now_usec);
void pl_echo_link_closed(struct pl_echo_link *link, uint64_t now_usec);

#define PL_ECHO_CHANGED_CONFIG 1u
#define PL_ECHO_CHANGED_USERS 2u
/**
 * @param ret_reason  on -EINVAL, at least 128 bytes
 * @return what has changed by it, or as pl_echo_message_read(); then it is as if it had not come
 */
int pl_echo_link_message(struct pl_echo_link *link, const char *text, size_t size, char *ret_reason,
			 size_t reason_size);

/**
 * Call until there is nothing to do. What it says is taken as done.
 *
 * @param time_s      CLOCK_REALTIME, seconds, for the text
 * @param ret_text    PL_ECHO_WRITE_MAX bytes
 * @param ret_length  of the text
 */
enum pl_echo_action pl_echo_link_next(struct pl_echo_link *link, uint64_t now_usec, uint64_t time_s,
				      char *ret_text, size_t *ret_length);
/** When there is something to do again unless anything happens; UINT64_MAX: not by itself. */
uint64_t pl_echo_link_deadline(const struct pl_echo_link *link);

enum pl_echo_link_state pl_echo_link_state(const struct pl_echo_link *link);
/** Borrowed; NULL as long as the server has told nothing. */
const struct pl_echo_config *pl_echo_link_config(const struct pl_echo_link *link);
uint32_t pl_echo_link_users(const struct pl_echo_link *link, int member);

#endif
