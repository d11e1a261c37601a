/* SPDX-License-Identifier: MIT */
#include "srtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <srtp2/srtp.h>

#include "bytes.h"

#define RTP_SIZE_MIN 12u
#define RTCP_SIZE_MIN 8u
#define WINDOW 128u
/** The counter that is tried last: at 400 packets a second, ten years. */
#define ROC_MAX 2000000u

struct pl_srtp {
	srtp_profile_t profile; /**< reserved: in the clear */
	uint8_t send_secret[PL_STREAM_SECRET_MAX], receive_secret[PL_STREAM_SECRET_MAX];
	bool searches; /**< for the counter of a sender that began before us */
	srtp_t send, receive;
	uint32_t sources[PL_SRTP_SOURCES_MAX]; /**< received ones, a ring */
	uint32_t n_sources, next_source;
	bool authentic;    /**< since a source was lost or never found, a packet was */
	uint32_t n_failed; /**< in a row */
	uint32_t searched; /**< the SSRC whose counter is looked for */
	uint32_t roc;      /**< tried next */
	uint8_t scratch[2048];
};

/** Failures in a row after which the counter is looked for: not for a forged packet or two. */
#define FAILED_MAX 8u

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
	srtp_init();
}

size_t pl_srtp_secret_size(enum pl_stream_cipher cipher)
{
	switch (cipher) {
	case PL_CIPHER_AES_256_GCM:
		return 32 + 12;
	case PL_CIPHER_AES_128_CM:
		return 16 + 14;
	case PL_CIPHER_NONE:
		break;
	}
	return 0;
}

const char *pl_srtp_suite(enum pl_stream_cipher cipher)
{
	switch (cipher) {
	case PL_CIPHER_AES_256_GCM:
		return "AEAD_AES_256_GCM";
	case PL_CIPHER_AES_128_CM:
		return "AES_CM_128_HMAC_SHA1_80";
	case PL_CIPHER_NONE:
		break;
	}
	return NULL;
}

size_t pl_srtp_profile_secret_size(enum pl_srtp_profile profile)
{
	switch (profile) {
	case PL_SRTP_AES_128_CM:
		return 16 + 14;
	case PL_SRTP_AES_128_GCM:
		return 16 + 12;
	}
	return 0;
}

const char *pl_srtp_profile_name(enum pl_srtp_profile profile)
{
	switch (profile) {
	case PL_SRTP_AES_128_CM:
		return "AES_CM_128_HMAC_SHA1_80";
	case PL_SRTP_AES_128_GCM:
		return "AEAD_AES_128_GCM";
	}
	return NULL;
}

static srtp_policy_t policy_of(struct pl_srtp *s, srtp_ssrc_type_t type, uint32_t ssrc)
{
	srtp_policy_t policy = {0};

	if (s->profile == srtp_profile_aead_aes_256_gcm) {
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
	} else if (s->profile == srtp_profile_aead_aes_128_gcm) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	} else {
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	}
	policy.ssrc.type = type;
	policy.ssrc.value = ssrc;
	policy.key = type == ssrc_any_outbound ? s->send_secret : s->receive_secret;
	policy.window_size = WINDOW;
	policy.allow_repeat_tx = 0;
	return policy;
}

static int error_of(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return 0;
	case srtp_err_status_alloc_fail:
		return -ENOMEM;
	case srtp_err_status_auth_fail:
	case srtp_err_status_cipher_fail:
	case srtp_err_status_no_ctx:
	case srtp_err_status_pkt_idx_adv:
		return -EPERM;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
	case srtp_err_status_pkt_idx_old:
		return -EALREADY;
	case srtp_err_status_key_expired:
		return -EKEYEXPIRED;
	case srtp_err_status_no_such_op:
	case srtp_err_status_algo_fail:
		return -EOPNOTSUPP;
	default:
		return -EBADMSG;
	}
}

/** @param size  of each secret; 0: in the clear */
static int srtp_new(srtp_profile_t profile, const uint8_t *send_secret,
		    const uint8_t *receive_secret, size_t size, bool searches,
		    struct pl_srtp **ret_srtp)
{
	srtp_err_status_t status = srtp_err_status_ok;
	struct pl_srtp *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->profile = profile;
	s->searches = searches;
	if (size > 0) {
		srtp_policy_t policy;

		memcpy(s->send_secret, send_secret, size);
		memcpy(s->receive_secret, receive_secret, size);
		pthread_once(&library_once, start_library);
		policy = policy_of(s, ssrc_any_outbound, 0);
		status = srtp_create(&s->send, &policy);
		policy = policy_of(s, ssrc_any_inbound, 0);
		if (status == srtp_err_status_ok)
			status = srtp_create(&s->receive, &policy);
	}
	if (status != srtp_err_status_ok) {
		int r = error_of(status);

		pl_srtp_free(s);
		return r == -EBADMSG ? -EOPNOTSUPP : r;
	}
	*ret_srtp = s;
	return 0;
}

static srtp_profile_t profile_of(enum pl_stream_cipher cipher)
{
	switch (cipher) {
	case PL_CIPHER_AES_256_GCM:
		return srtp_profile_aead_aes_256_gcm;
	case PL_CIPHER_AES_128_CM:
		return srtp_profile_aes128_cm_sha1_80;
	case PL_CIPHER_NONE:
		break;
	}
	return srtp_profile_reserved;
}

int pl_srtp_new(enum pl_stream_cipher cipher, const uint8_t *secret, size_t size,
		struct pl_srtp **ret_srtp)
{
	if (size != pl_srtp_secret_size(cipher))
		return -EINVAL;
	return srtp_new(profile_of(cipher), secret, secret, size, true, ret_srtp);
}

int pl_srtp_new_dtls(enum pl_srtp_profile profile, const uint8_t *send_secret,
		     const uint8_t *receive_secret, size_t size, struct pl_srtp **ret_srtp)
{
	if (size == 0 || size != pl_srtp_profile_secret_size(profile))
		return -EINVAL;
	return srtp_new(profile == PL_SRTP_AES_128_GCM ? srtp_profile_aead_aes_128_gcm
						       : srtp_profile_aes128_cm_sha1_80,
			send_secret, receive_secret, size, false, ret_srtp);
}

struct pl_srtp *pl_srtp_free(struct pl_srtp *srtp)
{
	if (srtp) {
		if (srtp->send)
			srtp_dealloc(srtp->send);
		if (srtp->receive)
			srtp_dealloc(srtp->receive);
		explicit_bzero(srtp, sizeof(*srtp));
	}
	free(srtp);
	return NULL;
}

static int protect(struct pl_srtp *s, uint8_t *packet, size_t size, size_t capacity,
		   size_t size_min, srtp_err_status_t (*call)(srtp_t, void *, int *))
{
	int n = (int)size, r;

	if (size < size_min || size > 65535)
		return -EINVAL;
	if (s->profile == srtp_profile_reserved)
		return n;
	if (capacity < size + PL_SRTP_TRAILER_MAX)
		return -ENOSPC;
	r = error_of(call(s->send, packet, &n));
	if (r < 0)
		return r == -EBADMSG ? -EINVAL : r;
	return n;
}

int pl_srtp_protect(struct pl_srtp *s, uint8_t *packet, size_t size, size_t capacity)
{
	return protect(s, packet, size, capacity, RTP_SIZE_MIN, srtp_protect);
}

int pl_srtp_protect_rtcp(struct pl_srtp *s, uint8_t *packet, size_t size, size_t capacity)
{
	return protect(s, packet, size, capacity, RTCP_SIZE_MIN, srtp_protect_rtcp);
}

static bool is_known(const struct pl_srtp *s, uint32_t ssrc)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		if (s->sources[i] == ssrc)
			return true;
	return false;
}

/** libsrtp2 has made a place for it; no more of them than we remember. */
static void remember(struct pl_srtp *s, uint32_t ssrc)
{
	if (is_known(s, ssrc))
		return;
	if (s->n_sources < PL_SRTP_SOURCES_MAX) {
		s->sources[s->n_sources++] = ssrc;
		return;
	}
	srtp_remove_stream(s->receive, htonl(s->sources[s->next_source]));
	s->sources[s->next_source] = ssrc;
	s->next_source = (s->next_source + 1) % PL_SRTP_SOURCES_MAX;
}

/** With one counter, in a session of its own for a source that is not known yet. */
static bool try_roc(struct pl_srtp *s, uint32_t ssrc, uint32_t roc, uint8_t *packet, int *size)
{
	bool known = is_known(s, ssrc);
	int n = *size;

	if (!known) {
		srtp_policy_t policy = policy_of(s, ssrc_specific, ssrc);

		if (srtp_add_stream(s->receive, &policy) != srtp_err_status_ok)
			return false;
	}
	memcpy(s->scratch, packet, (size_t)n);
	if (srtp_set_stream_roc(s->receive, ssrc, roc) == srtp_err_status_ok &&
	    srtp_unprotect(s->receive, s->scratch, &n) == srtp_err_status_ok) {
		memcpy(packet, s->scratch, (size_t)n);
		*size = n;
		remember(s, ssrc);
		return true;
	}
	if (!known)
		srtp_remove_stream(s->receive, htonl(ssrc));
	return false;
}

/** The sender's roll-over counter cannot be seen in a packet, but only one lets it pass. */
static bool search_roc(struct pl_srtp *s, uint32_t ssrc, uint8_t *packet, int *size)
{
	uint32_t now = 0;

	if ((size_t)*size > sizeof(s->scratch))
		return false;
	if (s->searched != ssrc) {
		s->searched = ssrc;
		s->roc = 0;
	}
	if (is_known(s, ssrc))
		srtp_get_stream_roc(s->receive, ssrc, &now);
	for (uint32_t i = 0; i < PL_SRTP_ROC_TRIES; i++) {
		/* a counter never goes back: what was heard before stays refused */
		if (try_roc(s, ssrc, now + s->roc, packet, size)) {
			s->roc = 0;
			return true;
		}
		s->roc = s->roc >= ROC_MAX ? 0 : s->roc + 1;
	}
	/* the next packet counts as usual */
	if (is_known(s, ssrc))
		srtp_set_stream_roc(s->receive, ssrc, 0);
	return false;
}

int pl_srtp_unprotect(struct pl_srtp *s, uint8_t *packet, size_t size)
{
	uint32_t ssrc;
	srtp_err_status_t status;
	int n = (int)size, r;

	if (size < RTP_SIZE_MIN || size > sizeof(s->scratch))
		return -EBADMSG;
	if (s->profile == srtp_profile_reserved)
		return n;
	ssrc = get_u32(packet + 8);
	memcpy(s->scratch, packet, size);
	status = srtp_unprotect(s->receive, packet, &n);
	r = error_of(status);
	if (r >= 0) {
		remember(s, ssrc);
		s->n_failed = 0;
		return n;
	}
	/* "too old" is what more than 32768 packets later look like */
	if (!s->searches || (r != -EPERM && status != srtp_err_status_replay_old &&
			     status != srtp_err_status_pkt_idx_old))
		return r;
	memcpy(packet, s->scratch, size);
	n = (int)size;
	/* A source that is heard fails by forgery only; one that is not may count otherwise. */
	if (is_known(s, ssrc) && ++s->n_failed <= FAILED_MAX)
		return r;
	if (!search_roc(s, ssrc, packet, &n))
		return r;
	s->n_failed = 0;
	return n;
}

int pl_srtp_unprotect_rtcp(struct pl_srtp *s, uint8_t *packet, size_t size)
{
	int n = (int)size, r;

	if (size < RTCP_SIZE_MIN || size > sizeof(s->scratch))
		return -EBADMSG;
	if (s->profile == srtp_profile_reserved)
		return n;
	r = error_of(srtp_unprotect_rtcp(s->receive, packet, &n));
	if (r < 0)
		return r;
	remember(s, get_u32(packet + 4));
	return n;
}
