/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "browser.h"
#include "pltest.h"

/* Connections that come about, and those that must not. */

#define GCM "SRTP_AEAD_AES_128_GCM"
#define CM "SRTP_AES128_CM_SHA1_80"
#define SECOND_NS UINT64_C(1000000000)

static struct pl_identity *identity(void)
{
	static struct pl_identity *one;

	if (!one && pl_identity_new(1800000000u, &one) < 0)
		abort();
	return one;
}

static struct browser *open_browser(struct browser *browser)
{
	static struct browser one;

	one = *browser;
	browser_open(&one, identity());
	return &one;
}

static struct pl_peer_status status_of(const struct browser *b)
{
	struct pl_peer_status status;

	pl_peer_status(b->peer, &status);
	return status;
}

static bool uses(const struct browser *b, const struct pl_net_path *path)
{
	struct pl_peer_status status = status_of(b);

	return pl_net_path_is_same(&status.path, path);
}

/** Packets each way, RTP and RTCP, arrive as they were and once. */
static void check_media(struct browser *b)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8))), plain[64] = {0x80, 111, 0, 9};
	uint32_t n_rtp = b->n_rtp, n_rtcp = b->n_rtcp;
	uint16_t sequence = (uint16_t)(4711 + n_rtp);
	size_t n = browser_make_rtp(b, sequence, packet);
	int size;

	PL_CHECK_INT(browser_send(b, packet, n), 0);
	PL_CHECK_INT(b->n_rtp, n_rtp + 1);
	PL_CHECK_INT(b->packet_size, 52);
	PL_CHECK_INT(b->packet[20], sequence & 0xff);
	PL_CHECK_INT(browser_send(b, packet, n), -EALREADY);
	PL_CHECK_INT(b->n_rtp, n_rtp + 1);

	memcpy(packet, "\x80\xc9\0\1\xca\xfe\0\1", 8);
	size = pl_srtp_protect_rtcp(b->srtp, packet, 8, sizeof(packet));
	PL_CHECK_INT(browser_send(b, packet, (size_t)size), 0);
	PL_CHECK_INT(b->n_rtcp, n_rtcp + 1);
	PL_CHECK(b->packet_size == 8 && memcmp(b->packet, "\x80\xc9\0\1\xca\xfe\0\1", 8) == 0);

	b->n_out = 0;
	plain[3] = (uint8_t)n_rtp;
	memcpy(packet, plain, sizeof(plain));
	PL_CHECK_INT(pl_peer_send_rtp(b->peer, packet, sizeof(plain), sizeof(packet)), 0);
	PL_CHECK_INT(b->n_out, 1);
	PL_CHECK(pl_net_path_is_same(&b->out[0].path, &b->path));
	PL_CHECK(memcmp(b->out[0].data + 12, plain + 12, 52) != 0);
	PL_CHECK_INT(pl_srtp_unprotect(b->srtp, b->out[0].data, b->out[0].size), sizeof(plain));
	PL_CHECK(memcmp(b->out[0].data, plain, sizeof(plain)) == 0);
	memcpy(packet, "\x80\xc8\0\1\xca\xfe\0\2", 8);
	PL_CHECK_INT(pl_peer_send_rtcp(b->peer, packet, 8, sizeof(packet)), 0);
	PL_CHECK_INT(pl_srtp_unprotect_rtcp(b->srtp, b->out[1].data, b->out[1].size), 8);
	b->n_out = 0;
}

static void check_connects(struct browser how, const char *cipher)
{
	struct browser *b = open_browser(&how);
	struct pl_peer_status status;

	PL_CHECK(browser_connect(b));
	status = status_of(b);
	PL_CHECK_STR(status.cipher, cipher);
	PL_CHECK_INT(status.n_refused, 0);
	PL_CHECK_INT(b->n_states, 2);
	PL_CHECK_INT(b->states[0], PL_PEER_CONNECTING);
	PL_CHECK_INT(b->states[1], PL_PEER_CONNECTED);
	PL_CHECK(memcmp(b->peer_fingerprint, pl_identity_fingerprint(identity()), 32) == 0);
	PL_CHECK(b->largest <= 1200);
	check_media(b);
	browser_close(b);
}

PL_TEST(browser_begins)
{
	check_connects((struct browser){.profiles = GCM ":" CM}, "AEAD_AES_128_GCM");
	/* ours is the order that counts */
	check_connects((struct browser){.profiles = CM ":" GCM}, "AEAD_AES_128_GCM");
	check_connects((struct browser){.profiles = CM}, "AES_CM_128_HMAC_SHA1_80");
}

PL_TEST(we_begin)
{
	check_connects((struct browser){.is_server = true, .profiles = GCM}, "AEAD_AES_128_GCM");
	check_connects((struct browser){.is_server = true, .profiles = CM},
		       "AES_CM_128_HMAC_SHA1_80");
}

PL_TEST(key_of_rsa)
{
	check_connects((struct browser){.has_rsa = true, .profiles = GCM}, "AEAD_AES_128_GCM");
	check_connects((struct browser){.has_rsa = true, .is_server = true, .profiles = GCM},
		       "AEAD_AES_128_GCM");
}

PL_TEST(fragments)
{
	check_connects((struct browser){.profiles = GCM, .mtu = 300}, "AEAD_AES_128_GCM");
	check_connects((struct browser){.is_server = true, .profiles = GCM, .mtu = 300},
		       "AEAD_AES_128_GCM");
}

/** Any one datagram may be lost. @return whether there was one with that number */
static bool check_loses(bool is_server, uint32_t nth)
{
	struct browser *b = open_browser(
		&(struct browser){.is_server = is_server, .profiles = GCM, .lose_nth = nth});
	uint32_t n_datagrams;

	if (!browser_connect(b))
		PL_FAIL_("not connected without datagram %u", nth);
	n_datagrams = b->n_datagrams;
	b->lose_nth = 0;
	if (b->srtp)
		check_media(b);
	browser_close(b);
	return nth <= n_datagrams;
}

PL_TEST(losses)
{
	uint32_t nth = 1;

	while (check_loses(false, nth))
		nth++;
	PL_CHECK(nth > 8);
	nth = 1;
	while (check_loses(true, nth))
		nth++;
	PL_CHECK(nth > 8);
}

/** Nothing that it has is ever said to be connected, and it ends in time. */
static void check_fails(struct browser how, int reason)
{
	struct browser *b = open_browser(&how);
	uint64_t begin_nsec = b->now_nsec;
	struct pl_peer_status status;

	PL_CHECK(!browser_connect(b));
	for (int i = 0; i < 100 && status_of(b).state != PL_PEER_LOST; i++)
		browser_wait(b);
	status = status_of(b);
	PL_CHECK_INT(status.state, PL_PEER_LOST);
	PL_CHECK_INT(status.reason, reason);
	PL_CHECK_INT(b->n_states, 2);
	PL_CHECK_INT(b->states[1], PL_PEER_LOST);
	PL_CHECK(b->now_nsec - begin_nsec <= 30 * SECOND_NS);
	PL_CHECK(status.n_sent < 60);
	PL_CHECK(pl_peer_deadline(b->peer) == UINT64_MAX);
	PL_CHECK_INT(browser_send_check(b, true), -ENOTCONN);
	browser_close(b);
}

PL_TEST(another_certificate)
{
	check_fails((struct browser){.profiles = GCM, .has_wrong_fingerprint = true},
		    -EKEYREJECTED);
	check_fails(
		(struct browser){.profiles = GCM, .has_wrong_fingerprint = true, .is_server = true},
		-EKEYREJECTED);
}

PL_TEST(no_cipher_in_common)
{
	check_fails((struct browser){.profiles = "SRTP_AES128_CM_SHA1_32"}, -EPROTO);
	check_fails((struct browser){.profiles = NULL}, -EPROTO);
}

PL_TEST(nobody_comes)
{
	struct browser *b = open_browser(&(struct browser){.profiles = GCM});
	uint64_t begin_nsec = b->now_nsec;

	PL_CHECK(pl_peer_deadline(b->peer) == begin_nsec + 30 * SECOND_NS);
	pl_peer_tick(b->peer, begin_nsec + 30 * SECOND_NS - 1);
	PL_CHECK_INT(status_of(b).state, PL_PEER_WAITING);
	browser_wait(b);
	PL_CHECK_INT(status_of(b).reason, -ETIMEDOUT);
	PL_CHECK_INT(b->n_datagrams, 0);
	browser_close(b);
}

/* The other end shakes no hands: the flight goes out again, each time later, and not for ever. */
PL_TEST(nobody_answers)
{
	struct browser *b = open_browser(&(struct browser){.is_server = true, .profiles = GCM});
	uint64_t begin_nsec = b->now_nsec, before_nsec = begin_nsec, gap_ns = 0;
	uint32_t n = 0;

	browser_send_check(b, true);
	while (status_of(b).state != PL_PEER_LOST) {
		b->n_out = 0;
		b->now_nsec = pl_peer_deadline(b->peer);
		PL_CHECK(b->now_nsec > before_nsec);
		PL_CHECK(b->now_nsec - before_nsec >= gap_ns ||
			 b->now_nsec == begin_nsec + 30 * SECOND_NS);
		gap_ns = b->now_nsec - before_nsec;
		before_nsec = b->now_nsec;
		pl_peer_tick(b->peer, b->now_nsec);
		n += b->n_out;
	}
	PL_CHECK_INT(status_of(b).reason, -ETIMEDOUT);
	PL_CHECK(b->now_nsec == begin_nsec + 30 * SECOND_NS);
	PL_CHECK(n > 5 && n < 30);
	browser_close(b);
}

/* Checks every 2.5 s keep it; without them it is lost after 30 s and one more, and says so to nobody. */
PL_TEST(consent)
{
	struct browser *b = open_browser(&(struct browser){.profiles = GCM});
	uint64_t last_nsec;

	PL_CHECK(browser_connect(b));
	for (int i = 0; i < 100; i++) {
		b->now_nsec += 5 * SECOND_NS / 2;
		pl_peer_tick(b->peer, b->now_nsec);
		PL_CHECK_INT(browser_send_check(b, i % 2), 1);
	}
	last_nsec = b->now_nsec;
	PL_CHECK(pl_peer_deadline(b->peer) == last_nsec + 30 * SECOND_NS);
	/* media is no consent */
	b->now_nsec += 29 * SECOND_NS;
	check_media(b);
	PL_CHECK(pl_peer_deadline(b->peer) == last_nsec + 30 * SECOND_NS);
	b->n_out = 0;
	browser_wait(b);
	PL_CHECK_INT(status_of(b).state, PL_PEER_CONNECTED);
	PL_CHECK(pl_peer_deadline(b->peer) == last_nsec + 31 * SECOND_NS);
	browser_wait(b);
	PL_CHECK_INT(status_of(b).state, PL_PEER_LOST);
	PL_CHECK_INT(status_of(b).reason, -EHOSTUNREACH);
	PL_CHECK_INT(b->n_out, 0);
	PL_CHECK_INT(pl_peer_send_rtp(b->peer, b->packet, 52, DATAGRAM_MAX), -ENOTCONN);
	browser_close(b);
}

/* Our own thread did not run for a minute: the checks of that time are heard before all is given up. */
PL_TEST(asleep)
{
	struct browser *b = open_browser(&(struct browser){.profiles = GCM});

	PL_CHECK(browser_connect(b));
	b->now_nsec += 60 * SECOND_NS;
	pl_peer_tick(b->peer, b->now_nsec);
	PL_CHECK_INT(browser_send_check(b, true), 1);
	b->now_nsec += 2 * SECOND_NS;
	pl_peer_tick(b->peer, b->now_nsec);
	PL_CHECK_INT(status_of(b).state, PL_PEER_CONNECTED);
	PL_CHECK(pl_peer_deadline(b->peer) == b->now_nsec + 28 * SECOND_NS);
	check_media(b);
	browser_close(b);
}

PL_TEST(either_end_closes)
{
	struct browser *b = open_browser(&(struct browser){.profiles = GCM});

	PL_CHECK(browser_connect(b));
	SSL_shutdown(b->ssl);
	browser_settle(b);
	PL_CHECK_INT(status_of(b).state, PL_PEER_LOST);
	PL_CHECK_INT(status_of(b).reason, -ECONNRESET);
	browser_close(b);

	b = open_browser(&(struct browser){.profiles = GCM});
	PL_CHECK(browser_connect(b));
	pl_peer_close(b->peer);
	browser_settle(b);
	PL_CHECK(b->is_closed);
	PL_CHECK_INT(status_of(b).reason, -ECANCELED);
	PL_CHECK_INT(b->n_states, 3);
	pl_peer_close(b->peer);
	PL_CHECK_INT(b->n_states, 3);
	browser_close(b);
}

/* In the middle of a word: what is nominated carries the media; what is only checked does not. */
PL_TEST(another_network)
{
	struct browser *b = open_browser(&(struct browser){.profiles = GCM});
	struct pl_net_path wifi, mobile = make_path(99, 5000);
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8)));

	PL_CHECK(browser_connect(b));
	wifi = b->path;
	b->path = mobile;
	PL_CHECK_INT(browser_send(b, packet, browser_make_rtp(b, 1, packet)), -EPERM);
	PL_CHECK_INT(browser_send_check(b, false), 1);
	PL_CHECK_INT(browser_send(b, packet, browser_make_rtp(b, 2, packet)), 0);
	PL_CHECK(uses(b, &wifi));
	PL_CHECK_INT(browser_send_check(b, true), 1);
	PL_CHECK(uses(b, &mobile));
	PL_CHECK_INT(status_of(b).n_paths_switched, 1);
	check_media(b);
	/* from the same address to another one of ours is another path as well */
	b->path.local.byte[3] = 2;
	PL_CHECK_INT(browser_send_check(b, true), 1);
	check_media(b);
	PL_CHECK_INT(status_of(b).n_paths_switched, 2);
	/* more paths than are remembered: the one in use stays */
	for (uint8_t i = 0; i < 3 * PL_PEER_PATHS_MAX; i++) {
		struct pl_net_path other = make_path(i, 6000);
		uint8_t data[DATAGRAM_MAX];

		PL_CHECK_INT(browser_send_from(b, &other, data, browser_check(b, false, data)), 1);
	}
	check_media(b);
	PL_CHECK_INT(b->n_states, 2);
	browser_close(b);
}

PL_TEST(names_that_are_none)
{
	static const char *bad[][2] = {
		{"abc", "0123456789abcdefghijkl"},
		{"abcd", "0123456789abcdefghijk"},
		{"ab:d", "0123456789abcdefghijkl"},
		{"abcd", "0123456789abcdefghijk\n"},
		{"", ""},
	};
	struct pl_peer *peer;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pl_peer_config config = {
			.identity = identity(), .remote_ufrag = bad[i][0], .remote_pwd = bad[i][1]};

		PL_CHECK_INT(pl_peer_new(&config, 1, &peer), -EINVAL);
	}
}

PL_TEST_MAIN()
