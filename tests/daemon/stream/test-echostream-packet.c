/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "echostream-packet.h"
#include "pltest.h"

static const uint8_t key[PL_ECHO_KEY_BYTES] = {1, 2, 3};
static char datagram[PL_ECHO_DATAGRAM_MAX + 1];
static uint8_t iv[PL_ECHO_IV_BYTES], opus[PL_ECHO_OPUS_MAX];
static struct pl_echo_packet packet;

static int read_text(const char *text)
{
	return pl_echo_packet_read(text, strlen(text), &packet);
}

PL_TEST(there_and_back)
{
	static const uint8_t sizes[] = {1, 2, 3, 80, 160, 255};
	struct pl_echo_cipher *cipher;

	PL_CHECK_INT(pl_echo_cipher_new(key, &cipher), 0);
	for (unsigned i = 0; i < sizeof(sizes); i++) {
		uint8_t sent[255], before[PL_ECHO_IV_BYTES];
		int n;

		memcpy(before, iv, sizeof(iv));
		memset(sent, (int)i + 7, sizeof(sent));
		n = pl_echo_packet_write(cipher, "555", sent, sizes[i], datagram, sizeof(datagram),
					 iv);
		PL_CHECK(n > 0);
		PL_CHECK(memcmp(before, iv, sizeof(iv)) != 0);
		PL_CHECK_INT(pl_echo_packet_read(datagram, (size_t)n, &packet),
			     PL_ECHO_PACKET_AUDIO);
		PL_CHECK_STR(packet.channel_id, "555");
		PL_CHECK(memcmp(packet.sealed, iv, sizeof(iv)) == 0);
		PL_CHECK_INT(pl_echo_packet_open(cipher, &packet, opus), sizes[i]);
		PL_CHECK(memcmp(opus, sent, sizes[i]) == 0);
	}
	pl_echo_cipher_free(cipher);
}

/** The length that the facts compute for 320 bytes of Opus is 514. */
PL_TEST(as_long_as_the_older_systems)
{
	static const uint8_t sent[320];
	struct pl_echo_cipher *cipher;

	PL_CHECK_INT(pl_echo_cipher_new(key, &cipher), 0);
	PL_CHECK_INT(pl_echo_packet_write(cipher, "555", sent, sizeof(sent), datagram,
					  sizeof(datagram), iv),
		     509);
	PL_CHECK(strncmp(datagram, "{\"channel_id\":\"555\",\"type\":\"audio\",\"data\":\"", 43) ==
		 0);
	PL_CHECK_STR(datagram + 507, "\"}");
	pl_echo_cipher_free(cipher);
}

PL_TEST(a_channel_of_any_name)
{
	struct pl_echo_cipher *cipher;
	int n;

	PL_CHECK_INT(pl_echo_cipher_new(key, &cipher), 0);
	n = pl_echo_packet_write(cipher, "a\"\\\nb", opus, 4, datagram, sizeof(datagram), iv);
	PL_CHECK(n > 0);
	PL_CHECK_INT(pl_echo_packet_read(datagram, (size_t)n, &packet), PL_ECHO_PACKET_AUDIO);
	PL_CHECK_STR(packet.channel_id, "a\"\\\nb");
	PL_CHECK_INT(pl_echo_packet_write(cipher, "1", opus, 0, datagram, sizeof(datagram), iv),
		     -EMSGSIZE);
	PL_CHECK_INT(pl_echo_packet_write(cipher, "1", opus, 320, datagram, 400, iv), -EMSGSIZE);
	pl_echo_cipher_free(cipher);
}

PL_TEST(every_changed_bit_is_noticed)
{
	struct pl_echo_cipher *cipher, *other;
	uint8_t foreign_key[PL_ECHO_KEY_BYTES] = {1, 2, 4};
	uint8_t sent[20] = {9};
	int n;

	PL_CHECK_INT(pl_echo_cipher_new(key, &cipher), 0);
	PL_CHECK_INT(pl_echo_cipher_new(foreign_key, &other), 0);
	n = pl_echo_packet_write(cipher, "555", sent, sizeof(sent), datagram, sizeof(datagram), iv);
	PL_CHECK_INT(pl_echo_packet_read(datagram, (size_t)n, &packet), PL_ECHO_PACKET_AUDIO);
	memset(opus, 0x55, sizeof(opus));
	PL_CHECK_INT(pl_echo_packet_open(other, &packet, opus), -EBADMSG);
	for (size_t bit = 0; bit < packet.sealed_size * 8; bit++) {
		packet.sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		PL_CHECK_INT(pl_echo_packet_open(cipher, &packet, opus), -EBADMSG);
		packet.sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	PL_CHECK_INT(opus[0], 0x55);
	PL_CHECK_INT(pl_echo_packet_open(cipher, &packet, opus), sizeof(sent));
	pl_echo_cipher_free(cipher);
	pl_echo_cipher_free(other);
}

/** Every part of a datagram that was cut is said to be cut. */
PL_TEST(truncated)
{
	struct pl_echo_cipher *cipher;
	int n;

	PL_CHECK_INT(pl_echo_cipher_new(key, &cipher), 0);
	n = pl_echo_packet_write(cipher, "555", opus, 50, datagram, sizeof(datagram), iv);
	for (int i = 0; i < n; i++)
		PL_CHECK_INT(pl_echo_packet_read(datagram, (size_t)i, &packet),
			     PL_ECHO_PACKET_TRUNCATED);
	/* 27 bytes, and 28 with nothing in them */
	PL_CHECK_INT(read_text("{\"channel_id\":\"1\",\"type\":\"audio\",\"data\":"
			       "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
		     PL_ECHO_PACKET_TRUNCATED);
	PL_CHECK_INT(read_text("{\"channel_id\":\"1\",\"type\":\"audio\",\"data\":"
			       "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"}"),
		     PL_ECHO_PACKET_AUDIO);
	PL_CHECK_INT(pl_echo_packet_open(cipher, &packet, opus), -EBADMSG);
	pl_echo_cipher_free(cipher);
}

PL_TEST(oversized)
{
	static char text[PL_ECHO_DATAGRAM_MAX + 2];
	int n;

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "{\"type\":\"KEEP_ALIVE\"}", 21);
	PL_CHECK_INT(read_text(text), PL_ECHO_PACKET_OVERSIZED);
	text[PL_ECHO_DATAGRAM_MAX] = '\0';
	PL_CHECK_INT(read_text(text), PL_ECHO_PACKET_OTHER);
	n = snprintf(text, sizeof(text), "{\"channel_id\":\"1\",\"type\":\"audio\",\"data\":\"");
	memset(text + n, 'A', 5164);
	memcpy(text + n + 5164, "\"}", 3);
	PL_CHECK_INT(read_text(text), PL_ECHO_PACKET_OVERSIZED);
}

PL_TEST(malformed_and_other)
{
	PL_EXPECT(read_text(PL_ECHO_KEEP_ALIVE) == PL_ECHO_PACKET_OTHER);
	PL_EXPECT(read_text("{\"type\":\"heartbeat\",\"timestamp\":1}") == PL_ECHO_PACKET_OTHER);
	PL_EXPECT(read_text("nonsense") == PL_ECHO_PACKET_MALFORMED);
	PL_EXPECT(read_text("[1,2]") == PL_ECHO_PACKET_MALFORMED);
	PL_EXPECT(read_text("{\"channel_id\":\"1\"}") == PL_ECHO_PACKET_MALFORMED);
	PL_EXPECT(read_text("{\"channel_id\":\"1\",\"type\":\"audio\"}") ==
		  PL_ECHO_PACKET_MALFORMED);
	PL_EXPECT(read_text("{\"type\":\"audio\",\"data\":\"AAAA\"}") == PL_ECHO_PACKET_MALFORMED);
	PL_EXPECT(read_text("{\"channel_id\":\"1\",\"type\":\"audio\",\"data\":\"A*==\"}") ==
		  PL_ECHO_PACKET_MALFORMED);
	PL_EXPECT(read_text("{\"channel_id\":1,\"type\":\"audio\",\"data\":"
			    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}") ==
		  PL_ECHO_PACKET_AUDIO);
	PL_EXPECT(strcmp(packet.channel_id, "1") == 0);
}

/** The iv number n of a fixed pseudo-random row. */
static const uint8_t *iv_of(uint64_t n)
{
	static uint8_t row[PL_ECHO_IV_BYTES];
	uint64_t mixed = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	mixed ^= mixed >> 29;
	memcpy(row, &mixed, sizeof(mixed));
	return row;
}

PL_TEST(heard_before)
{
	struct pl_echo_window *window;
	uint64_t n;

	PL_CHECK_INT(pl_echo_window_new(&window), 0);
	for (n = 0; n < PL_ECHO_WINDOW_PACKETS; n++)
		PL_CHECK(pl_echo_window_add(window, iv_of(n)));
	for (n = 0; n < PL_ECHO_WINDOW_PACKETS; n++)
		PL_CHECK(!pl_echo_window_add(window, iv_of(n)));
	/* It slides: the oldest go, one for one. */
	for (; n < 3 * PL_ECHO_WINDOW_PACKETS; n++) {
		PL_CHECK(pl_echo_window_add(window, iv_of(n)));
		PL_CHECK(!pl_echo_window_add(window, iv_of(n - PL_ECHO_WINDOW_PACKETS + 1)));
	}
	PL_CHECK(pl_echo_window_add(window, iv_of(0)));
	pl_echo_window_free(window);
}

PL_TEST_MAIN()
