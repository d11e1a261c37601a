/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer-ice.h"
#include "secure.h"
#include "stun.h"

/** RFC 7675 5.1. */
#define CONSENT_TIMEOUT_NS 30000000000u
/** When consent seems to be over, for what has come meanwhile: it may be us who were asleep. */
#define DOUBT_NS 1000000000u

struct pl_peer {
	struct pl_peer_config config;
	struct pl_ice ice;
	struct pl_secure *secure;
	uint64_t last_nsec;
	uint32_t n_switched; /**< before CONNECTED */
	uint64_t doubt_nsec; /**< until then a check may still come; 0: no doubt */
	uint64_t n_received, n_refused, n_sent;
};

/* --- what is said over the path in use ------------------------------------------------------- */

static void send_by(struct pl_peer *peer, const struct pl_net_path *path, const uint8_t *data,
		    size_t size)
{
	peer->n_sent++;
	if (peer->config.handlers.on_send)
		peer->config.handlers.on_send(peer->config.userdata, path, data, size);
}

static void on_secure_send(void *userdata, const uint8_t *data, size_t size)
{
	struct pl_peer *peer = userdata;

	if (peer->ice.in_use)
		send_by(peer, &peer->ice.in_use->path, data, size);
}

static void on_secure_state(void *userdata, enum pl_peer_state state)
{
	struct pl_peer *peer = userdata;

	if (state == PL_PEER_CONNECTED)
		peer->n_switched = peer->ice.n_switched;
	if (peer->config.handlers.on_state)
		peer->config.handlers.on_state(peer->config.userdata, state);
}

static void on_secure_rtp(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec)
{
	const struct pl_peer *peer = userdata;

	if (peer->config.handlers.on_rtp)
		peer->config.handlers.on_rtp(peer->config.userdata, packet, size, now_nsec);
}

static void on_secure_rtcp(void *userdata, uint8_t *packet, size_t size, uint64_t now_nsec)
{
	const struct pl_peer *peer = userdata;

	if (peer->config.handlers.on_rtcp)
		peer->config.handlers.on_rtcp(peer->config.userdata, packet, size, now_nsec);
}

/* --- life ------------------------------------------------------------------------------------ */

static int make_secure(struct pl_peer *peer, uint64_t now_nsec)
{
	struct pl_secure_config config = {
		.identity = peer->config.identity,
		.role = peer->config.role,
		.connect_timeout_ns = peer->config.connect_timeout_ns,
		.handlers = {.on_send = on_secure_send,
			     .on_state = on_secure_state,
			     .on_rtp = on_secure_rtp,
			     .on_rtcp = on_secure_rtcp},
		.userdata = peer,
	};

	memcpy(config.remote_fingerprint, peer->config.remote_fingerprint,
	       sizeof(config.remote_fingerprint));
	return pl_secure_new(&config, now_nsec, &peer->secure);
}

int pl_peer_new(const struct pl_peer_config *config, uint64_t now_nsec, struct pl_peer **ret_peer)
{
	struct pl_peer *peer = calloc(1, sizeof(*peer));
	int r;

	if (!peer)
		return -ENOMEM;
	peer->config = *config;
	peer->config.remote_ufrag = peer->config.remote_pwd = NULL;
	if (peer->config.consent_timeout_ns == 0)
		peer->config.consent_timeout_ns = CONSENT_TIMEOUT_NS;
	r = pl_ice_init(&peer->ice, config->remote_ufrag, config->remote_pwd);
	if (r >= 0)
		r = make_secure(peer, now_nsec);
	if (r < 0) {
		pl_peer_free(peer);
		return r;
	}
	*ret_peer = peer;
	return 0;
}

struct pl_peer *pl_peer_free(struct pl_peer *peer)
{
	if (peer) {
		pl_secure_free(peer->secure);
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
	if (pl_secure_state(peer->secure) == PL_PEER_LOST)
		return -ENOTCONN;
	return pl_ice_restart(&peer->ice, remote_ufrag, remote_pwd);
}

/* --- in ------------------------------------------------------------------------------------- */

/** RFC 7983 7. */
static bool is_stun(const uint8_t *data, size_t size)
{
	return size > 0 && size <= PL_PEER_DATAGRAM_MAX && data[0] <= 3;
}

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
	/* the first one: there is somebody to shake hands with */
	pl_secure_start(peer->secure, now_nsec);
	return r;
}

static int receive(struct pl_peer *peer, const struct pl_net_path *path, uint8_t *data, size_t size,
		   uint64_t now_nsec)
{
	enum pl_peer_state state = pl_secure_state(peer->secure);

	if (state == PL_PEER_LOST)
		return -ENOTCONN;
	if (is_stun(data, size))
		return receive_stun(peer, path, data, size, now_nsec);
	if (state != PL_PEER_WAITING &&
	    !pl_ice_has_path(&peer->ice, path, now_nsec, peer->config.consent_timeout_ns))
		return -EPERM;
	return pl_secure_receive(peer->secure, data, size, now_nsec);
}

int pl_peer_receive(struct pl_peer *peer, const struct pl_net_path *path, uint8_t *data,
		    size_t size, uint64_t now_nsec)
{
	bool was_stun = is_stun(data, size);
	int r = receive(peer, path, data, size, now_nsec);

	if (r < 0) {
		peer->n_refused++;
		return r;
	}
	peer->n_received++;
	if (was_stun)
		peer->last_nsec = now_nsec;
	return r;
}

/* --- time ----------------------------------------------------------------------------------- */

uint64_t pl_peer_deadline(const struct pl_peer *peer)
{
	if (pl_secure_state(peer->secure) != PL_PEER_CONNECTED)
		return pl_secure_deadline(peer->secure);
	if (peer->doubt_nsec > 0)
		return peer->doubt_nsec;
	return peer->ice.in_use->checked_nsec + peer->config.consent_timeout_ns;
}

void pl_peer_tick(struct pl_peer *peer, uint64_t now_nsec)
{
	if (now_nsec < pl_peer_deadline(peer))
		return;
	if (pl_secure_state(peer->secure) != PL_PEER_CONNECTED)
		pl_secure_tick(peer->secure, now_nsec);
	else if (peer->doubt_nsec == 0)
		peer->doubt_nsec = now_nsec + DOUBT_NS;
	else
		pl_secure_lose(peer->secure, -EHOSTUNREACH);
}

/* --- out ------------------------------------------------------------------------------------ */

int pl_peer_send_rtp(struct pl_peer *peer, uint8_t *packet, size_t size, size_t capacity)
{
	return pl_secure_send_rtp(peer->secure, packet, size, capacity);
}

int pl_peer_send_rtcp(struct pl_peer *peer, uint8_t *packet, size_t size, size_t capacity)
{
	return pl_secure_send_rtcp(peer->secure, packet, size, capacity);
}

void pl_peer_close(struct pl_peer *peer)
{
	pl_secure_close(peer->secure);
}

void pl_peer_status(const struct pl_peer *peer, struct pl_peer_status *ret_status)
{
	struct pl_secure_status secure;
	struct pl_peer_status status;

	pl_secure_status(peer->secure, &secure);
	status = (struct pl_peer_status){
		.state = secure.state,
		.reason = secure.reason,
		.cipher = secure.cipher,
		.dtls = secure.dtls,
		.connect_ns = secure.connect_ns,
		.last_nsec =
			secure.last_nsec > peer->last_nsec ? secure.last_nsec : peer->last_nsec,
		.n_received = peer->n_received,
		.n_refused = peer->n_refused,
		.n_sent = peer->n_sent,
	};
	if (peer->ice.in_use)
		status.path = peer->ice.in_use->path;
	if (status.state == PL_PEER_CONNECTED)
		status.n_paths_switched = peer->ice.n_switched - peer->n_switched;
	*ret_status = status;
}
