/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "fuzz.h"

/*
 * A connection of a true browser, and between its datagrams those of the input. The first byte says
 * from whom: somebody without keys, from the browser's address (0) or another (1), who is not heard;
 * or the browser itself, with RTP (2), RTCP (3) or attributes of a check (4) that nobody expects,
 * which does no harm. Then the browser's own packet is heard.
 */

static struct browser browser;
static uint16_t sequence;

static void set_up(void)
{
	static struct pl_identity *identity;

	if (identity)
		return;
	if (pl_identity_new(1800000000u, &identity) < 0)
		abort();
	browser.profiles = "SRTP_AEAD_AES_128_GCM";
	browser_open(&browser, identity);
	if (!browser_connect(&browser))
		abort();
}

static void check_alive(void)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8)));
	uint32_t n_rtp = browser.n_rtp;
	size_t n = browser_make_rtp(&browser, ++sequence, packet);

	browser.n_out = 0;
	if (browser_send_from(&browser, &browser.path, packet, n) != 0 ||
	    browser.n_rtp != n_rtp + 1 || browser.n_states != 2)
		abort();
}

static void send_as_nobody(const struct pl_net_path *path, const uint8_t *data, size_t size)
{
	uint32_t n_rtp = browser.n_rtp, n_rtcp = browser.n_rtcp;
	int r = browser_send_from(&browser, path, data, size);

	/* of DTLS only OpenSSL knows whether it was of use */
	if ((r >= 0 && (data[0] < 20 || data[0] > 63)) || browser.n_rtp != n_rtp ||
	    browser.n_rtcp != n_rtcp)
		abort();
	/* a check without the password may be told that it is wrong */
	if (browser.n_out > 1 ||
	    (browser.n_out == 1 && memcmp(browser.out[0].data, "\x01\x11", 2) != 0))
		abort();
}

/** It arrives as it was sent, or it is none. */
static void send_media(const uint8_t *data, size_t size, bool is_rtcp)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8)));
	uint32_t n = browser.n_rtp + browser.n_rtcp;
	int r;

	if (size < 12 || size > 1400)
		return;
	memcpy(packet, data, size);
	packet[0] = (uint8_t)(0x80 | (packet[0] & 0x3f));
	packet[1] = is_rtcp ? 200 + packet[1] % 5 : packet[1] & 0x7f;
	/* the browser's own SSRC stays for check_alive(), and is not forgotten for too many others:
	 * PL_SRTP_SOURCES_MAX */
	memcpy(packet + (is_rtcp ? 4 : 8), "\x11\0\0", 3);
	packet[is_rtcp ? 7 : 11] &= 31;
	r = is_rtcp ? pl_srtp_protect_rtcp(browser.srtp, packet, size, sizeof(packet))
		    : pl_srtp_protect(browser.srtp, packet, size, sizeof(packet));
	if (r < 0)
		return;
	r = browser_send_from(&browser, &browser.path, packet, (size_t)r);
	if (r == 0 && (browser.n_rtp + browser.n_rtcp != n + 1 || browser.packet_size != size ||
		       memcmp(browser.packet + 12, data + 12, size - 12) != 0))
		abort();
}

static void send_check(const uint8_t *data, size_t size)
{
	uint8_t check[DATAGRAM_MAX];
	char username[600];

	if (size > 800)
		return;
	snprintf(username, sizeof(username), "%s:%s", pl_peer_ufrag(browser.peer), browser.ufrag);
	browser_send_from(
		&browser, &browser.path, check,
		make_check(username, pl_peer_pwd(browser.peer), data, size / 4 * 4, check));
	if (browser.n_out > 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_net_path stranger = make_path(99, 99);
	uint8_t who;

	set_up();
	if (size < 2 || size > 2000)
		return 0;
	who = *data++ % 5;
	size--;
	/* consent is not what this is about */
	if (browser_send_check(&browser, true) != 1)
		abort();
	browser.n_sent = browser.n_out = 0;
	if (who < 2)
		send_as_nobody(who ? &stranger : &browser.path, data, size);
	else if (who < 4)
		send_media(data, size, who == 3);
	else
		send_check(data, size);
	check_alive();
	return 0;
}
