/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dtls.h"
#include "peer-ice.h"
#include "rtp.h"
#include "srtp.h"
#include "stun.h"

/** RFC 7675 5.1. */
#define CONSENT_TIMEOUT_NS 30000000000u
#define CONNECT_TIMEOUT_NS 30000000000u
/** When consent seems to be over, for what has come meanwhile: it may be us who were asleep. */
#define DOUBT_NS 1000000000u
/** Before a flight goes out again; RFC 9147 5.8.2 advises it where round trips are short. */
#define RESEND_FIRST_NS 100000000u
#define RESEND_LAST_NS 1600000000u

/** RFC 7983 7. */
enum kind {
	KIND_NONE,
	KIND_STUN,
	KIND_DTLS,
	KIND_RTP,
};

struct pl_peer {
	struct pl_peer_config config;
	struct pl_ice ice;
	struct pl_dtls *dtls; /**< from CONNECTING */
	struct pl_srtp *srtp; /**< from CONNECTED */
	enum pl_peer_state state;
	int reason;
	uint64_t begin_nsec, first_nsec, connect_ns, last_nsec;
	uint32_t flight; /**< that the timer runs for */
	uint64_t resend_nsec, resend_interval_ns;
	uint32_t n_switched; /**< before CONNECTED */
	uint64_t doubt_nsec; /**< until then a check may still come; 0: no doubt */
	uint64_t n_received, n_refused, n_sent;
};

static enum kind kind_of(const uint8_t *data, size_t size)
{
	if (size == 0 || size > PL_PEER_DATAGRAM_MAX)
		return KIND_NONE;
	if (data[0] <= 3)
		return KIND_STUN;
	if (data[0] >= 20 && data[0] <= 63)
		return KIND_DTLS;
	if (data[0] >= 128 && data[0] <= 191)
		return KIND_RTP;
	return KIND_NONE;
}

int pl_peer_new(const struct pl_peer_config *config, uint64_t now_nsec, struct pl_peer **ret_peer)
{
	struct pl_peer *peer = calloc(1, sizeof(*peer));
	int r;

	if (!peer)
		return -ENOMEM;
	peer->config = *config;
	peer->config.remote_ufrag = peer->config.remote_pwd = NULL;
	if (peer->config.connect_timeout_ns == 0)
		peer->config.connect_timeout_ns = CONNECT_TIMEOUT_NS;
	if (peer->config.consent_timeout_ns == 0)
		peer->config.consent_timeout_ns = CONSENT_TIMEOUT_NS;
	peer->begin_nsec = now_nsec;
	r = pl_ice_init(&peer->ice, config->remote_ufrag, config->remote_pwd);
	if (r < 0) {
		free(peer);
		return r;
	}
	*ret_peer = peer;
	return 0;
}

struct pl_peer *pl_peer_free(struct pl_peer *peer)
{
	if (peer) {
		pl_srtp_free(peer->srtp);
		pl_dtls_free(peer->dtls);
		pl_ice_done(&peer->ice);
	}
	free(peer);
	return NULL;
}

const char *pl_peer_ufrag(const struct pl_peer *peer)
{
	return peer->ice.names.ufrag;
}

const char *pl_peer_pwd(const struct pl_peer *peer)
{
	return peer->ice.names.pwd;
}

const char *pl_peer_remote_ufrag(const struct pl_peer *peer)
{
	return peer->ice.names.remote_ufrag;
}

bool pl_peer_is_called(const struct pl_peer *peer, const char *username, size_t size)
{
	return pl_ice_is_called(&peer->ice, username, size);
}

int pl_peer_restart(struct pl_peer *peer, const char *remote_ufrag, const char *remote_pwd)
{
	if (peer->state == PL_PEER_LOST)
		return -ENOTCONN;
	return pl_ice_restart(&peer->ice, remote_ufrag, remote_pwd);
}

/* --- states --------------------------------------------------------------------------------- */

static void become(struct pl_peer *peer, enum pl_peer_state state)
{
	peer->state = state;
	if (peer->config.handlers.on_state)
		peer->config.handlers.on_state(peer->config.userdata, state);
}

static void lose(struct pl_peer *peer, int reason)
{
	if (peer->state == PL_PEER_LOST)
		return;
	peer->reason = reason;
	become(peer, PL_PEER_LOST);
}

static void send_by(struct pl_peer *peer, const struct pl_net_path *path, const uint8_t *data,
		    size_t size)
{
	peer->n_sent++;
	if (peer->config.handlers.on_send)
		peer->config.handlers.on_send(peer->config.userdata, path, data, size);
}

static void on_dtls_send(void *userdata, const uint8_t *data, size_t size)
{
	struct pl_peer *peer = userdata;

	if (peer->ice.in_use)
		send_by(peer, &peer->ice.in_use->path, data, size);
}

/** What the handshake has come to, after whatever may have moved it. */
static void look_at_dtls(struct pl_peer *peer, uint64_t now_nsec)
{
	int r = 0;

	switch (pl_dtls_state(peer->dtls)) {
	case PL_DTLS_HANDSHAKE:
		if (pl_dtls_flight(peer->dtls) != peer->flight) {
			peer->flight = pl_dtls_flight(peer->dtls);
			peer->resend_interval_ns = RESEND_FIRST_NS;
			peer->resend_nsec = now_nsec + peer->resend_interval_ns;
		}
		break;
	case PL_DTLS_DONE:
		if (peer->state != PL_PEER_CONNECTING)
			break;
		r = pl_dtls_make_srtp(peer->dtls, &peer->srtp);
		if (r < 0) {
			lose(peer, -EPROTO);
			break;
		}
		peer->connect_ns = now_nsec - peer->first_nsec;
		peer->n_switched = peer->ice.n_switched;
		become(peer, PL_PEER_CONNECTED);
		break;
	case PL_DTLS_CLOSED:
		lose(peer, -ECONNRESET);
		break;
	case PL_DTLS_FAILED:
		lose(peer, pl_dtls_reason(peer->dtls));
		break;
	}
}

/** The first valid request: there is somebody to shake hands with. */
static void begin_dtls(struct pl_peer *peer, uint64_t now_nsec)
{
	struct pl_dtls_config config = {
		.identity = peer->config.identity,
		.role = peer->config.role,
		.on_send = on_dtls_send,
		.userdata = peer,
	};

	memcpy(config.fingerprint, peer->config.remote_fingerprint, sizeof(config.fingerprint));
	/* without memory the next request tries again */
	if (pl_dtls_new(&config, &peer->dtls) < 0)
		return;
	peer->first_nsec = now_nsec;
	become(peer, PL_PEER_CONNECTING);
	pl_dtls_start(peer->dtls);
	look_at_dtls(peer, now_nsec);
}

/* --- in ------------------------------------------------------------------------------------- */

static int receive_stun(struct pl_peer *peer, const struct pl_net_path *path, const uint8_t *data,
			size_t size, uint64_t now_nsec)
{
	uint8_t answer[PL_STUN_MESSAGE_MAX];
	size_t answer_size;
	int r = pl_ice_receive(&peer->ice, path, data, size, now_nsec, answer, &answer_size);

	if (answer_size > 0)
		send_by(peer, path, answer, answer_size);
	if (r <= 0)
		return r;
	peer->doubt_nsec = 0;
	if (peer->state == PL_PEER_WAITING)
		begin_dtls(peer, now_nsec);
	return r;
}

static int receive_dtls(struct pl_peer *peer, const uint8_t *data, size_t size, uint64_t now_nsec)
{
	int r = pl_dtls_receive(peer->dtls, data, size);

	look_at_dtls(peer, now_nsec);
	return r;
}

static int receive_rtp(struct pl_peer *peer, uint8_t *data, size_t size, uint64_t now_nsec)
{
	const struct pl_peer_handlers *handlers = &peer->config.handlers;
	bool is_rtcp = pl_rtp_is_rtcp(data, size);
	int n;

	if (!peer->srtp)
		return -ENOTCONN;
	n = is_rtcp ? pl_srtp_unprotect_rtcp(peer->srtp, data, size)
		    : pl_srtp_unprotect(peer->srtp, data, size);
	if (n < 0)
		return n;
	if (is_rtcp && handlers->on_rtcp)
		handlers->on_rtcp(peer->config.userdata, data, (size_t)n, now_nsec);
	else if (!is_rtcp && handlers->on_rtp)
		handlers->on_rtp(peer->config.userdata, data, (size_t)n, now_nsec);
	return 0;
}

static int receive(struct pl_peer *peer, const struct pl_net_path *path, uint8_t *data, size_t size,
		   uint64_t now_nsec)
{
	enum kind kind = kind_of(data, size);

	if (peer->state == PL_PEER_LOST)
		return -ENOTCONN;
	if (kind == KIND_STUN)
		return receive_stun(peer, path, data, size, now_nsec);
	if (kind == KIND_NONE)
		return -EBADMSG;
	if (peer->state == PL_PEER_WAITING)
		return -ENOTCONN;
	if (!pl_ice_has_path(&peer->ice, path, now_nsec, peer->config.consent_timeout_ns))
		return -EPERM;
	if (kind == KIND_DTLS)
		return receive_dtls(peer, data, size, now_nsec);
	return receive_rtp(peer, data, size, now_nsec);
}

int pl_peer_receive(struct pl_peer *peer, const struct pl_net_path *path, uint8_t *data,
		    size_t size, uint64_t now_nsec)
{
	bool is_dtls = kind_of(data, size) == KIND_DTLS;
	int r = receive(peer, path, data, size, now_nsec);

	if (r < 0) {
		peer->n_refused++;
		return r;
	}
	peer->n_received++;
	/* whether a record was authentic is OpenSSL's secret */
	if (!is_dtls)
		peer->last_nsec = now_nsec;
	return r;
}

/* --- time ----------------------------------------------------------------------------------- */

static bool is_resending(const struct pl_peer *peer)
{
	return peer->state == PL_PEER_CONNECTING && peer->flight > 0;
}

uint64_t pl_peer_deadline(const struct pl_peer *peer)
{
	uint64_t deadline = peer->begin_nsec + peer->config.connect_timeout_ns;

	switch (peer->state) {
	case PL_PEER_WAITING:
		break;
	case PL_PEER_CONNECTING:
		if (is_resending(peer) && peer->resend_nsec < deadline)
			deadline = peer->resend_nsec;
		break;
	case PL_PEER_CONNECTED:
		deadline = peer->doubt_nsec;
		if (deadline == 0)
			deadline = peer->ice.in_use->checked_nsec + peer->config.consent_timeout_ns;
		break;
	case PL_PEER_LOST:
		deadline = UINT64_MAX;
		break;
	}
	return deadline;
}

void pl_peer_tick(struct pl_peer *peer, uint64_t now_nsec)
{
	if (now_nsec < pl_peer_deadline(peer))
		return;
	if (peer->state == PL_PEER_CONNECTED && peer->doubt_nsec == 0) {
		peer->doubt_nsec = now_nsec + DOUBT_NS;
	} else if (peer->state == PL_PEER_CONNECTED) {
		lose(peer, -EHOSTUNREACH);
	} else if (now_nsec >= peer->begin_nsec + peer->config.connect_timeout_ns) {
		int reason = peer->dtls ? pl_dtls_reason(peer->dtls) : 0;

		lose(peer, reason ? reason : -ETIMEDOUT);
	} else {
		peer->resend_interval_ns *= 2;
		if (peer->resend_interval_ns > RESEND_LAST_NS)
			peer->resend_interval_ns = RESEND_LAST_NS;
		peer->resend_nsec = now_nsec + peer->resend_interval_ns;
		pl_dtls_resend(peer->dtls);
		look_at_dtls(peer, now_nsec);
	}
}

/* --- out ------------------------------------------------------------------------------------ */

static int send_protected(struct pl_peer *peer, uint8_t *packet, int size)
{
	if (size < 0)
		return size;
	send_by(peer, &peer->ice.in_use->path, packet, (size_t)size);
	return 0;
}

int pl_peer_send_rtp(struct pl_peer *peer, uint8_t *packet, size_t size, size_t capacity)
{
	if (peer->state != PL_PEER_CONNECTED)
		return -ENOTCONN;
	return send_protected(peer, packet, pl_srtp_protect(peer->srtp, packet, size, capacity));
}

int pl_peer_send_rtcp(struct pl_peer *peer, uint8_t *packet, size_t size, size_t capacity)
{
	if (peer->state != PL_PEER_CONNECTED)
		return -ENOTCONN;
	return send_protected(peer, packet,
			      pl_srtp_protect_rtcp(peer->srtp, packet, size, capacity));
}

void pl_peer_close(struct pl_peer *peer)
{
	if (peer->state == PL_PEER_LOST)
		return;
	if (peer->dtls)
		pl_dtls_close(peer->dtls);
	lose(peer, -ECANCELED);
}

void pl_peer_status(const struct pl_peer *peer, struct pl_peer_status *ret_status)
{
	struct pl_peer_status status = {
		.state = peer->state,
		.reason = peer->reason,
		.connect_ns = peer->connect_ns,
		.last_nsec = peer->last_nsec,
		.n_received = peer->n_received,
		.n_refused = peer->n_refused,
		.n_sent = peer->n_sent,
	};

	if (peer->ice.in_use)
		status.path = peer->ice.in_use->path;
	if (peer->state == PL_PEER_CONNECTED) {
		status.cipher = pl_srtp_profile_name(pl_dtls_profile(peer->dtls));
		status.dtls = pl_dtls_version(peer->dtls);
		status.n_paths_switched = peer->ice.n_switched - peer->n_switched;
	}
	*ret_status = status;
}
