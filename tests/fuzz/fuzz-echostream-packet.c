/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "echostream-clock.h"
#include "echostream-packet.h"
#include "fuzz.h"
#include "opus-codec.h"

/* A datagram from the network; what can be opened is sealed and read again. And the input as what
 * somebody with the key has sealed: it gets a time; what is heard of it is fuzz-receiver.c's. */

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void again(struct pl_echo_cipher *cipher, const struct pl_echo_packet *packet,
		  const uint8_t *opus, size_t size)
{
	static char datagram[PL_ECHO_DATAGRAM_MAX + 1];
	static uint8_t same[PL_ECHO_OPUS_MAX];
	static struct pl_echo_packet copy;
	uint8_t iv[PL_ECHO_IV_BYTES];
	int n = pl_echo_packet_write(cipher, packet->channel_id, opus, size, datagram,
				     sizeof(datagram), iv);

	require(n > 0);
	require(pl_echo_packet_read(datagram, (size_t)n, &copy) == PL_ECHO_PACKET_AUDIO);
	require(strcmp(copy.channel_id, packet->channel_id) == 0);
	require(pl_echo_packet_open(cipher, &copy, same) == (int)size);
	require(memcmp(same, opus, size) == 0);
}

static void number(const uint8_t *opus, size_t size)
{
	static struct pl_echo_clock clock;
	static uint64_t now_nsec = 1000000000;
	int frames = pl_opus_packet_frames(opus, size);
	struct pl_echo_stamp stamp;
	uint64_t before = clock.position;

	if (frames <= 0)
		return;
	require(frames <= 5760);
	if (pl_echo_clock_stamp(&clock, (uint32_t)frames, now_nsec, &stamp))
		require(clock.position >= before + (uint32_t)frames);
	/* The next one early, in time, late, or after a while. */
	now_nsec += (uint64_t)opus[size - 1] * 1000000u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[PL_ECHO_KEY_BYTES] = {1, 2, 3};
	static struct pl_echo_cipher *cipher;
	static struct pl_echo_packet packet;
	static uint8_t opus[PL_ECHO_OPUS_MAX];
	int n;

	number(data, size);
	if (!cipher)
		require(pl_echo_cipher_new(key, &cipher) == 0);
	if (pl_echo_packet_read((const char *)data, size, &packet) != PL_ECHO_PACKET_AUDIO)
		return 0;
	require(packet.sealed_size >= 28 && packet.sealed_size <= sizeof(packet.sealed));
	n = pl_echo_packet_open(cipher, &packet, opus);
	if (n > 0)
		again(cipher, &packet, opus, (size_t)n);
	return 0;
}
