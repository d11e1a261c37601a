/* SPDX-License-Identifier: MIT */
#ifndef PL_STUN_H
#define PL_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net-address.h"

/**
 * The part of STUN (RFC 8489) that ICE's connectivity checks are made of (RFC 8445 7): binding
 * requests are read, their responses written. Pure; any thread.
 */

#define PL_STUN_TRANSACTION_SIZE 12u
/** Larger messages are refused; a check has about a hundred bytes. */
#define PL_STUN_MESSAGE_MAX 1280u
#define PL_STUN_UNKNOWN_MAX 8u

#define PL_STUN_BINDING_REQUEST 0x0001u
#define PL_STUN_BINDING_SUCCESS 0x0101u
#define PL_STUN_BINDING_ERROR 0x0111u

/** RFC 8489 14.8, RFC 8445 7.1.1. */
#define PL_STUN_BAD_REQUEST 400
#define PL_STUN_UNAUTHENTICATED 401
#define PL_STUN_UNKNOWN_ATTRIBUTE 420
#define PL_STUN_ROLE_CONFLICT 487

/** Points into what was parsed. */
struct pl_stun_message {
	uint16_t type;
	uint8_t transaction[PL_STUN_TRANSACTION_SIZE];
	const char *username; /**< NULL: none */
	size_t username_size;
	bool use_candidate;
	bool controlled;                       /**< the sender believes to be */
	size_t integrity_at;                   /**< of MESSAGE-INTEGRITY; 0: none */
	uint16_t unknown[PL_STUN_UNKNOWN_MAX]; /**< that must be understood, and are not */
	uint32_t n_unknown;
};

/** Whether it looks like STUN: first byte, length, magic cookie. */
bool pl_stun_is(const uint8_t *data, size_t size);

/**
 * FINGERPRINT must be there and right; MESSAGE-INTEGRITY is looked at by pl_stun_is_authentic().
 * What follows it is passed over.
 *
 * @return 0; -EBADMSG
 */
int pl_stun_parse(const uint8_t *data, size_t size, struct pl_stun_message *ret_message);
/** @param data  that the message was parsed from */
bool pl_stun_is_authentic(const uint8_t *data, const struct pl_stun_message *message,
			  const char *pwd);

/**
 * With XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT.
 *
 * @param mapped  where the request came from
 * @return bytes written, at most 80; -ENOSPC
 */
int pl_stun_write_success(const uint8_t transaction[PL_STUN_TRANSACTION_SIZE],
			  const struct pl_net_address *mapped, const char *pwd, uint8_t *ret_data,
			  size_t size);
/**
 * @param request  for its transaction, and the unknown attributes of a 420
 * @param pwd      NULL: without MESSAGE-INTEGRITY, to one who showed none
 * @return bytes written, at most 100; -ENOSPC
 */
int pl_stun_write_error(const struct pl_stun_message *request, int code, const char *pwd,
			uint8_t *ret_data, size_t size);

#endif
