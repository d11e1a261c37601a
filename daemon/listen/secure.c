/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dtls.h"
#include "rtp.h"
#include "srtp.h"

#define CONNECT_TIMEOUT_NS 30000000000u
/** Before a flight goes out again; RFC 9147 5.8.2 advises it where round trips are short. */
#define RESEND_FIRST_NS 100000000u
#define RESEND_LAST_NS 1600000000u

struct pl_secure {
	struct pl_secure_config config;
	struct pl_dtls *dtls; /**< from CONNECTING */
	struct pl_srtp *srtp; /**< from CONNECTED */
	enum pl_peer_state state;
	int reason;
	uint64_t begin_nsec, first_nsec, connect_ns, last_nsec;
	uint32_t flight; /**< that the timer runs for */
	uint64_t resend_nsec, resend_interval_ns;
};

int pl_secure_new(const struct pl_secure_config *config, uint64_t now_nsec,
		  struct pl_secure **ret_secure)
{
	struct pl_secure *secure = calloc(1, sizeof(*secure));

	if (!secure)
		return -ENOMEM;
	secure->config = *config;
	if (secure->config.connect_timeout_ns == 0)
		secure->config.connect_timeout_ns = CONNECT_TIMEOUT_NS;
	secure->begin_nsec = now_nsec;
	*ret_secure = secure;
	return 0;
}

struct pl_secure *pl_secure_free(struct pl_secure *secure)
{
	if (secure) {
		pl_srtp_free(secure->srtp);
		pl_dtls_free(secure->dtls);
	}
	free(secure);
	return NULL;
}

/* --- states --------------------------------------------------------------------------------- */

static void become(struct pl_secure *secure, enum pl_peer_state state)
{
	secure->state = state;
	if (secure->config.handlers.on_state)
		secure->config.handlers.on_state(secure->config.userdata, state);
}

void pl_secure_lose(struct pl_secure *secure, int reason)
{
	if (secure->state == PL_PEER_LOST)
		return;
	secure->reason = reason;
	become(secure, PL_PEER_LOST);
}

static void emit(void *userdata, const uint8_t *data, size_t size)
{
	const struct pl_secure *secure = userdata;

	if (secure->config.handlers.on_send)
		secure->config.handlers.on_send(secure->config.userdata, data, size);
}

/** What the handshake has come to, after whatever may have moved it. */
static void look_at_dtls(struct pl_secure *secure, uint64_t now_nsec)
{
	int r = 0;

	switch (pl_dtls_state(secure->dtls)) {
	case PL_DTLS_HANDSHAKE:
		if (pl_dtls_flight(secure->dtls) != secure->flight) {
			secure->flight = pl_dtls_flight(secure->dtls);
			secure->resend_interval_ns = RESEND_FIRST_NS;
			secure->resend_nsec = now_nsec + secure->resend_interval_ns;
		}
		break;
	case PL_DTLS_DONE:
		if (secure->state != PL_PEER_CONNECTING)
			break;
		r = pl_dtls_make_srtp(secure->dtls, &secure->srtp);
		if (r < 0) {
			pl_secure_lose(secure, -EPROTO);
			break;
		}
		secure->connect_ns = now_nsec - secure->first_nsec;
		secure->last_nsec = now_nsec;
		become(secure, PL_PEER_CONNECTED);
		break;
	case PL_DTLS_CLOSED:
		pl_secure_lose(secure, -ECONNRESET);
		break;
	case PL_DTLS_FAILED:
		pl_secure_lose(secure, pl_dtls_reason(secure->dtls));
		break;
	}
}

void pl_secure_start(struct pl_secure *secure, uint64_t now_nsec)
{
	struct pl_dtls_config config = {
		.identity = secure->config.identity,
		.role = secure->config.role,
		.on_send = emit,
		.userdata = secure,
	};

	if (secure->state != PL_PEER_WAITING)
		return;
	memcpy(config.fingerprint, secure->config.remote_fingerprint, sizeof(config.fingerprint));
	if (pl_dtls_new(&config, &secure->dtls) < 0)
		return;
	secure->first_nsec = now_nsec;
	become(secure, PL_PEER_CONNECTING);
	pl_dtls_start(secure->dtls);
	look_at_dtls(secure, now_nsec);
}

/* --- in ------------------------------------------------------------------------------------- */

static int receive_dtls(struct pl_secure *secure, const uint8_t *data, size_t size,
			uint64_t now_nsec)
{
	int r = pl_dtls_receive(secure->dtls, data, size);

	look_at_dtls(secure, now_nsec);
	return r;
}

static int receive_rtp(struct pl_secure *secure, uint8_t *data, size_t size, uint64_t now_nsec)
{
	const struct pl_secure_handlers *handlers = &secure->config.handlers;
	bool is_rtcp = pl_rtp_is_rtcp(data, size);
	int n;

	if (!secure->srtp)
		return -ENOTCONN;
	n = is_rtcp ? pl_srtp_unprotect_rtcp(secure->srtp, data, size)
		    : pl_srtp_unprotect(secure->srtp, data, size);
	if (n < 0)
		return n;
	if (is_rtcp && handlers->on_rtcp)
		handlers->on_rtcp(secure->config.userdata, data, (size_t)n, now_nsec);
	else if (!is_rtcp && handlers->on_rtp)
		handlers->on_rtp(secure->config.userdata, data, (size_t)n, now_nsec);
	return 0;
}

/** RFC 7983 7 tells them apart. */
int pl_secure_receive(struct pl_secure *secure, uint8_t *data, size_t size, uint64_t now_nsec)
{
	int r;

	if (secure->state == PL_PEER_LOST)
		return -ENOTCONN;
	if (size == 0 || size > PL_PEER_DATAGRAM_MAX || data[0] < 20 || data[0] > 191 ||
	    (data[0] > 63 && data[0] < 128))
		return -EBADMSG;
	if (secure->state == PL_PEER_WAITING)
		return -ENOTCONN;
	/* whether a record was authentic is OpenSSL's secret */
	if (data[0] <= 63)
		return receive_dtls(secure, data, size, now_nsec);
	r = receive_rtp(secure, data, size, now_nsec);
	if (r >= 0)
		secure->last_nsec = now_nsec;
	return r;
}

/* --- time ----------------------------------------------------------------------------------- */

uint64_t pl_secure_deadline(const struct pl_secure *secure)
{
	uint64_t deadline = secure->begin_nsec + secure->config.connect_timeout_ns;

	if (secure->state == PL_PEER_CONNECTED || secure->state == PL_PEER_LOST)
		return UINT64_MAX;
	if (secure->flight > 0 && secure->resend_nsec < deadline)
		deadline = secure->resend_nsec;
	return deadline;
}

void pl_secure_tick(struct pl_secure *secure, uint64_t now_nsec)
{
	if (now_nsec < pl_secure_deadline(secure))
		return;
	if (now_nsec >= secure->begin_nsec + secure->config.connect_timeout_ns) {
		int reason = secure->dtls ? pl_dtls_reason(secure->dtls) : 0;

		pl_secure_lose(secure, reason ? reason : -ETIMEDOUT);
		return;
	}
	secure->resend_interval_ns *= 2;
	if (secure->resend_interval_ns > RESEND_LAST_NS)
		secure->resend_interval_ns = RESEND_LAST_NS;
	secure->resend_nsec = now_nsec + secure->resend_interval_ns;
	pl_dtls_resend(secure->dtls);
	look_at_dtls(secure, now_nsec);
}

/* --- out ------------------------------------------------------------------------------------ */

static int send_protected(struct pl_secure *secure, const uint8_t *packet, int size)
{
	if (size < 0)
		return size;
	emit(secure, packet, (size_t)size);
	return 0;
}

int pl_secure_send_rtp(struct pl_secure *secure, uint8_t *packet, size_t size, size_t capacity)
{
	if (secure->state != PL_PEER_CONNECTED)
		return -ENOTCONN;
	return send_protected(secure, packet,
			      pl_srtp_protect(secure->srtp, packet, size, capacity));
}

int pl_secure_send_rtcp(struct pl_secure *secure, uint8_t *packet, size_t size, size_t capacity)
{
	if (secure->state != PL_PEER_CONNECTED)
		return -ENOTCONN;
	return send_protected(secure, packet,
			      pl_srtp_protect_rtcp(secure->srtp, packet, size, capacity));
}

void pl_secure_close(struct pl_secure *secure)
{
	if (secure->state == PL_PEER_LOST)
		return;
	if (secure->dtls)
		pl_dtls_close(secure->dtls);
	pl_secure_lose(secure, -ECANCELED);
}

enum pl_peer_state pl_secure_state(const struct pl_secure *secure)
{
	return secure->state;
}

void pl_secure_status(const struct pl_secure *secure, struct pl_secure_status *ret_status)
{
	struct pl_secure_status status = {
		.state = secure->state,
		.reason = secure->reason,
		.connect_ns = secure->connect_ns,
		.last_nsec = secure->last_nsec,
	};

	if (secure->state == PL_PEER_CONNECTED) {
		status.cipher = pl_srtp_profile_name(pl_dtls_profile(secure->dtls));
		status.dtls = pl_dtls_version(secure->dtls);
	}
	*ret_status = status;
}
