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

/** Packets each way, RTP and RTCP, arrive as they were and once. */
static void check_media(struct browser *b)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8))), plain[64] = {0x80, 111, 0, 9};
	uint32_t n_rtp = b->n_rtp, n_rtcp = b->n_rtcp;
	size_t n = browser_make_rtp(b, 4711, packet);
	int size;

	PL_CHECK_INT(browser_send(b, packet, n), 0);
	PL_CHECK_INT(b->n_rtp, n_rtp + 1);
	PL_CHECK_INT(b->packet_size, 52);
	PL_CHECK_INT(b->packet[20], 4711 & 0xff);
	PL_CHECK_INT(browser_send(b, packet, n), -EALREADY);
	PL_CHECK_INT(b->n_rtp, n_rtp + 1);

	memcpy(packet, "\x80\xc9\0\1\xca\xfe\0\1", 8);
	size = pl_srtp_protect_rtcp(b->srtp, packet, 8, sizeof(packet));
	PL_CHECK_INT(browser_send(b, packet, (size_t)size), 0);
	PL_CHECK_INT(b->n_rtcp, n_rtcp + 1);
	PL_CHECK(b->packet_size == 8 && memcmp(b->packet, "\x80\xc9\0\1\xca\xfe\0\1", 8) == 0);

	b->n_out = 0;
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

PL_TEST_MAIN()
