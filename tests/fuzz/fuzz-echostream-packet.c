/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "echostream-clock.h"
#include "echostream-packet.h"
#include "fuzz.h"
#include "opus-codec.h"
#include "receiver.h"

/* A datagram from the network; what can be opened is sealed and read again. And the input as what
 * somebody with the key has sealed, to where it is heard. */

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

static void hear(const uint8_t *opus, size_t size)
{
	static const struct pl_receiver_config config = {
		.n_channels = 1,
		.rate_hz = PL_OPUS_RATE_HZ,
		.jitter = {.safety = 0.5, .max_ms = 100},
	};
	static struct pl_receiver *receiver;
	static struct pl_echo_clock clock;
	static uint64_t now_nsec = 1000000000;
	int frames = pl_opus_packet_frames(opus, size);
	struct pl_echo_stamp stamp;
	float samples[480], *planes[] = {samples};

	require(receiver || pl_receiver_new(&config, &receiver) == 0);
	if (frames <= 0)
		return;
	if (pl_echo_clock_stamp(&clock, (uint32_t)frames, now_nsec, &stamp))
		pl_receiver_push_payload(receiver, stamp.sequence, stamp.timestamp, stamp.marker,
					 opus, size, now_nsec);
	/* Early, late, or after a while. */
	now_nsec += (uint64_t)opus[size - 1] * 1000000u;
	pl_receiver_pull(receiver, planes, 480, now_nsec);
	for (unsigned i = 0; i < 480; i++)
		require(samples[i] >= -4.0f && samples[i] <= 4.0f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[PL_ECHO_KEY_BYTES] = {1, 2, 3};
	static struct pl_echo_cipher *cipher;
	static struct pl_echo_packet packet;
	static uint8_t opus[PL_ECHO_OPUS_MAX];
	int n;

	hear(data, size);
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
