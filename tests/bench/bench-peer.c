/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "browser.h"

/*
 * What a browser's connection costs: a packet of 10 ms of Opus, a check, a datagram of junk from a
 * stranger and one that claims to be the browser's, each against AES-GCM's share: the packet that is
 * protected and sent. The handshake is that of both ends.
 */

#define PACKET_SIZE 172u /**< RTP header and 10 ms at 128 kbit/s */
#define ROUNDS 50000u

static struct browser browser;
static struct pl_demux *demux;

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void give(const struct pl_net_path *path, const uint8_t *data, size_t size)
{
	uint8_t copy[DATAGRAM_MAX] __attribute__((aligned(8)));

	memcpy(copy, data, size);
	browser.n_out = 0;
	pl_demux_receive(demux, path, copy, size, browser.now_nsec, NULL);
}

static double measure_datagrams(const struct pl_net_path *path, const uint8_t *data, size_t size)
{
	double begin = now_us();

	for (uint32_t i = 0; i < ROUNDS; i++)
		give(path, data, size);
	return (now_us() - begin) / ROUNDS;
}

static double measure_packets(void)
{
	uint8_t packet[DATAGRAM_MAX] __attribute__((aligned(8))) = {0x80, 111};
	double begin = now_us();

	for (uint32_t i = 0; i < ROUNDS; i++) {
		browser.n_out = 0;
		packet[0] = 0x80;
		packet[2] = (uint8_t)(i >> 8);
		packet[3] = (uint8_t)i;
		pl_peer_send_rtp(browser.peer, packet, PACKET_SIZE, sizeof(packet));
	}
	return (now_us() - begin) / ROUNDS;
}

static double connect_once(struct pl_identity *identity)
{
	double begin;

	browser = (struct browser){.profiles = "SRTP_AEAD_AES_128_GCM"};
	browser_open(&browser, identity);
	begin = now_us();
	if (!browser_connect(&browser))
		abort();
	return now_us() - begin;
}

int main(void)
{
	enum { CONNECTIONS = 20 };
	struct pl_net_path stranger = make_path(99, 99);
	uint8_t check[DATAGRAM_MAX], junk[DATAGRAM_MAX] = {0x80, 111};
	struct pl_identity *identity;
	double connect = 0, packet;
	size_t n;

	if (pl_identity_new(1800000000u, &identity) < 0 || pl_demux_new(128, &demux) < 0)
		return 1;
	for (int i = 0; i < CONNECTIONS; i++) {
		connect += connect_once(identity) / CONNECTIONS;
		if (i + 1 < CONNECTIONS)
			browser_close(&browser);
	}
	pl_demux_add(demux, browser.peer);
	n = browser_check(&browser, true, check);
	give(&browser.path, check, n);
	packet = measure_packets();
	printf("connect, both ends    %8.1f us  %6.1f packets\n", connect, connect / packet);
	printf("packet sent           %8.2f us\n", packet);
#define PRINT(what, us)                                                                            \
	do {                                                                                       \
		double us_ = (us);                                                                 \
		printf("%-21s %8.2f us  %6.2f packets\n", what, us_, us_ / packet);                \
	} while (0)
	PRINT("check answered", measure_datagrams(&browser.path, check, n));
	check[n - 1] ^= 1;
	PRINT("check, damaged", measure_datagrams(&browser.path, check, n));
	PRINT("junk, stranger's", measure_datagrams(&stranger, junk, PACKET_SIZE));
	PRINT("junk, in its name", measure_datagrams(&browser.path, junk, PACKET_SIZE));
	memcpy(junk, "\x17\xfe\xfd\0\x01\0\0\0\0\0\x63\0\x9f", 13);
	PRINT("junk DTLS, likewise", measure_datagrams(&browser.path, junk, PACKET_SIZE));
	pl_demux_free(demux);
	browser_close(&browser);
	pl_identity_free(identity);
	return 0;
}
