/* SPDX-License-Identifier: MIT */
#ifndef PL_SDP_H
#define PL_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway-def.h"

/**
 * Session descriptions of one Opus stream: RFC 8866, its media type's parameters RFC 7587 6.1 and
 * 7, keys RFC 4568 and RFC 7714 14. Pure; any thread.
 */

#define PL_SDP_MAX 4096u

struct pl_sdp {
	uint64_t session_id, session_version;
	char origin[PL_HOST_MAX];  /**< address of who says it */
	char name[PL_NAME_MAX];    /**< "" is written as "-" */
	char address[PL_HOST_MAX]; /**< where the stream goes: IPv4, IPv6 or a name */
	bool ipv6;
	uint8_t ttl; /**< IPv4 multicast: 1..255; else 0 */
	uint16_t port;
	uint16_t rtcp_port; /**< 0: the next one */
	uint8_t payload_type;
	bool is_opus;
	uint8_t n_channels;   /**< 1, 2: sprop-stereo */
	double ptime_ms;      /**< 0: not said */
	uint32_t bitrate_bps; /**< maxaveragebitrate; 0: not said */
	bool fec, dtx;
	enum pl_stream_way way; /**< of who says it */
	/** RTP/SAVP. The key is only written when secret_size is not 0 */
	enum pl_stream_cipher cipher;
	uint8_t secret[PL_STREAM_SECRET_MAX];
	size_t secret_size;
};

/** @return length without the NUL; -ENOSPC; -EINVAL: a text has a control character in it */
int pl_sdp_write(const struct pl_sdp *sdp, char *ret_text, size_t size);
/**
 * The first audio stream with Opus in it, else the first audio stream (is_opus is false then). Line
 * ends may be LF; unknown lines and attributes are passed over; what RFC 8866 9 cannot mean is
 * refused.
 *
 * @param size  up to PL_SDP_MAX; need not end with a NUL
 * @return 0; -EBADMSG: no session description; -ENOENT: without audio; -EOPNOTSUPP: its keys are
 *         of a kind that is not here
 */
int pl_sdp_parse(const char *text, size_t size, struct pl_sdp *ret_sdp);

#endif
