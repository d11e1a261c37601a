/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "pltest.h"
#include "srtp.h"

#define SSRC 0x5501a0b2u

static uint8_t secret[44];

static void fill_secret(void)
{
	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 7 + 3);
}

static size_t make_packet(uint8_t *packet, uint16_t sequence, uint32_t ssrc)
{
	const uint8_t head[] = {0x80,
				96,
				(uint8_t)(sequence >> 8),
				(uint8_t)sequence,
				0,
				0,
				1,
				0,
				(uint8_t)(ssrc >> 24),
				(uint8_t)(ssrc >> 16),
				(uint8_t)(ssrc >> 8),
				(uint8_t)ssrc};

	memcpy(packet, head, sizeof(head));
	for (uint8_t i = 0; i < 40; i++)
		packet[sizeof(head) + i] = (uint8_t)(i ^ sequence);
	return sizeof(head) + 40;
}

static void from_hex(const char *hex, uint8_t *out)
{
	for (size_t i = 0; hex[i] && hex[i + 1]; i += 2) {
		char digits[3] = {hex[i], hex[i + 1], '\0'};

		out[i / 2] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static void aes_ctr(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t iv[16],
		    const uint8_t *in, uint8_t *out, int n)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	EVP_EncryptInit_ex(context, cipher, NULL, key, iv);
	EVP_EncryptUpdate(context, out, &n, in, n);
	EVP_CIPHER_CTX_free(context);
}

/** RFC 3711 4.3.1 with libcrypto. @param salt 14 bytes */
static void derive(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *salt, uint8_t label,
		   uint8_t *out, int n)
{
	static const uint8_t zeros[64];
	uint8_t iv[16] = {0};

	memcpy(iv, salt, 14);
	iv[7] ^= label;
	aes_ctr(cipher, key, iv, zeros, out, n);
}

/* The session keys of RFC 3711 B.3, then 4.1.1 and 4.2.1 with libcrypto: the same packet. */
PL_TEST(aes_cm_128_as_rfc_3711)
{
	static const char wanted_key[] = "C61E7A93744F39EE10734AFE3FF7A087";
	static const char wanted_salt[] = "30CBBC08863D8C85D49DB34A9AE1";
	static const char wanted_auth[] = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4";
	uint8_t master[30], key[16], salt[16] = {0}, auth[20], want[20], iv[16] = {0};
	uint8_t packet[128], expected[128], mac[20];
	unsigned n_mac = sizeof(mac);
	struct pl_srtp *srtp;
	size_t n;

	from_hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6", master);
	derive(EVP_aes_128_ctr(), master, master + 16, 0, key, 16);
	derive(EVP_aes_128_ctr(), master, master + 16, 1, auth, 20);
	derive(EVP_aes_128_ctr(), master, master + 16, 2, salt, 14);
	from_hex(wanted_key, want);
	PL_CHECK(memcmp(key, want, 16) == 0);
	from_hex(wanted_salt, want);
	PL_CHECK(memcmp(salt, want, 14) == 0);
	from_hex(wanted_auth, want);
	PL_CHECK(memcmp(auth, want, 20) == 0);

	n = make_packet(packet, 0xf17b, SSRC);
	memcpy(expected, packet, n);
	memcpy(iv, salt, 14);
	for (int i = 0; i < 4; i++)
		iv[4 + i] ^= packet[8 + i];
	iv[12] ^= 0xf1;
	iv[13] ^= 0x7b;
	aes_ctr(EVP_aes_128_ctr(), key, iv, packet + 12, expected + 12, (int)n - 12);
	memset(expected + n, 0, 4); /* the roll-over counter is authenticated, not sent */
	HMAC(EVP_sha1(), auth, 20, expected, n + 4, mac, &n_mac);
	memcpy(expected + n, mac, 10);

	PL_CHECK_INT(pl_srtp_new(PL_CIPHER_AES_128_CM, master, sizeof(master), &srtp), 0);
	PL_CHECK_INT(pl_srtp_protect(srtp, packet, n, sizeof(packet)), n + 10);
	PL_CHECK(memcmp(packet, expected, n + 10) == 0);
	PL_CHECK_INT(pl_srtp_unprotect(srtp, packet, n + 10), n);
	pl_srtp_free(srtp);
}

static void gcm(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t iv[12],
		const uint8_t *aad, const uint8_t *in, int n, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size;

	EVP_EncryptInit_ex(context, cipher, NULL, key, iv);
	EVP_EncryptUpdate(context, NULL, &size, aad, 12);
	EVP_EncryptUpdate(context, out, &size, in, n);
	EVP_EncryptFinal_ex(context, out + n, &size);
	EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + n);
	EVP_CIPHER_CTX_free(context);
}

/** RFC 7714 8.1. */
static void gcm_iv(const uint8_t *salt, const uint8_t *packet, uint8_t iv[12])
{
	memcpy(iv, salt, 12);
	for (int i = 0; i < 4; i++)
		iv[2 + i] ^= packet[8 + i];
	iv[10] ^= packet[2];
	iv[11] ^= packet[3];
}

/* RFC 7714 16.2.1 holds the other implementation, RFC 6188 7.2 its keys; that one holds ours. */
PL_TEST(aes_256_gcm_as_rfc_7714)
{
	uint8_t master[48], key[32], salt[14] = {0}, want[64], iv[12], packet[128], expected[128];
	struct pl_srtp *srtp;
	size_t n;

	from_hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
		 "3b04803de51ee7c96423ab5b78d2",
		 master);
	derive(EVP_aes_256_ctr(), master, master + 32, 0, key, 32);
	from_hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4", want);
	PL_CHECK(memcmp(key, want, 32) == 0);

	from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key);
	from_hex("517569642070726f2071756f", salt);
	from_hex("8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669"
		 "736120696e20706172746573207472"
		 "6573",
		 packet);
	gcm_iv(salt, packet, iv);
	gcm(EVP_aes_256_gcm(), key, iv, packet, packet + 12, 38, expected);
	from_hex(
		"32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36"
		"dfffd6b0f9bb7878d7a76c13",
		want);
	PL_CHECK(memcmp(expected, want, 54) == 0);

	/* of 96 bits of salt the rest is 0: RFC 7714 11 */
	fill_secret();
	memset(master, 0, sizeof(master));
	memcpy(master, secret, 44);
	derive(EVP_aes_256_ctr(), master, master + 32, 0, key, 32);
	derive(EVP_aes_256_ctr(), master, master + 32, 2, salt, 12);
	n = make_packet(packet, 7, SSRC);
	gcm_iv(salt, packet, iv);
	gcm(EVP_aes_256_gcm(), key, iv, packet, packet + 12, (int)n - 12, expected);
	PL_CHECK_INT(pl_srtp_new(PL_CIPHER_AES_256_GCM, secret, 44, &srtp), 0);
	PL_CHECK_INT(pl_srtp_protect(srtp, packet, n, sizeof(packet)), n + 16);
	PL_CHECK(memcmp(packet + 12, expected, n - 12 + 16) == 0);
	PL_CHECK_INT(pl_srtp_unprotect(srtp, packet, n + 16), n);
	pl_srtp_free(srtp);
}

static const enum pl_stream_cipher ciphers[] = {PL_CIPHER_AES_256_GCM, PL_CIPHER_AES_128_CM};

static struct pl_srtp *new_srtp(enum pl_stream_cipher cipher)
{
	struct pl_srtp *srtp = NULL;

	fill_secret();
	if (pl_srtp_new(cipher, secret, pl_srtp_secret_size(cipher), &srtp) < 0)
		abort();
	return srtp;
}

PL_TEST(replays_and_forgeries)
{
	for (size_t k = 0; k < 2; k++) {
		struct pl_srtp *a = new_srtp(ciphers[k]), *b = new_srtp(ciphers[k]);
		uint8_t packet[128], copy[128];
		size_t n = make_packet(packet, 65000, SSRC);
		int size = pl_srtp_protect(a, packet, n, sizeof(packet));

		memcpy(copy, packet, sizeof(copy));
		copy[20] ^= 1;
		PL_EXPECT(pl_srtp_unprotect(b, copy, (size_t)size) == -EPERM);
		memcpy(copy, packet, sizeof(copy));
		copy[9] ^= 1; /* another SSRC */
		PL_EXPECT(pl_srtp_unprotect(b, copy, (size_t)size) == -EPERM);
		memcpy(copy, packet, sizeof(copy));
		PL_EXPECT(pl_srtp_unprotect(b, copy, (size_t)size) == (int)n);
		memcpy(copy, packet, sizeof(copy));
		PL_EXPECT(pl_srtp_unprotect(b, copy, (size_t)size) == -EALREADY);
		for (int cut = 0; cut < size; cut++) {
			memcpy(copy, packet, sizeof(copy));
			PL_EXPECT(pl_srtp_unprotect(b, copy, (size_t)cut) < 0);
		}
		PL_EXPECT(pl_srtp_protect(a, packet, n, n + 8) == -ENOSPC);
		pl_srtp_free(a);
		pl_srtp_free(b);
	}
}

/* Sequence numbers turn over three times; the peer restarts with other SSRCs, more than remembered. */
PL_TEST(roll_over_and_restarts)
{
	for (size_t k = 0; k < 2; k++) {
		struct pl_srtp *a = new_srtp(ciphers[k]), *b = new_srtp(ciphers[k]);
		uint8_t packet[128];
		unsigned n_good = 0;

		for (uint32_t i = 0; i < 200000; i += 7) {
			size_t n = make_packet(packet, (uint16_t)(65500 + i), SSRC);
			int size = pl_srtp_protect(a, packet, n, sizeof(packet));

			n_good += pl_srtp_unprotect(b, packet, (size_t)size) == (int)n;
		}
		PL_EXPECT(n_good == (200000 + 6) / 7);
		for (uint32_t ssrc = 1; ssrc <= 3 * PL_SRTP_SOURCES_MAX; ssrc++) {
			size_t n = make_packet(packet, 9, ssrc);
			int size;

			pl_srtp_free(a);
			a = new_srtp(ciphers[k]);
			size = pl_srtp_protect(a, packet, n, sizeof(packet));
			PL_EXPECT(pl_srtp_unprotect(b, packet, (size_t)size) == (int)n);
		}
		pl_srtp_free(a);
		pl_srtp_free(b);
	}
}

/* One who comes when the counter is 2, and one who heard nothing for 130000 packets. */
PL_TEST(late_comers)
{
	for (size_t k = 0; k < 2; k++) {
		struct pl_srtp *a = new_srtp(ciphers[k]), *b = new_srtp(ciphers[k]),
			       *c = new_srtp(ciphers[k]);
		uint8_t packet[128], copy[128];
		unsigned n_late = 0, n_away = 0, n_replayed = 0;

		for (uint32_t i = 0; i < 140000; i++) {
			size_t n = make_packet(packet, (uint16_t)(65500 + i), SSRC);
			int size = pl_srtp_protect(a, packet, n, sizeof(packet));

			if (i < 1000 || i >= 135000) {
				memcpy(copy, packet, sizeof(copy));
				n_away += pl_srtp_unprotect(c, copy, (size_t)size) == (int)n;
			}
			if (i >= 135000) {
				memcpy(copy, packet, sizeof(copy));
				n_late += pl_srtp_unprotect(b, copy, (size_t)size) == (int)n;
				n_replayed += pl_srtp_unprotect(b, packet, (size_t)size) >= 0;
			}
		}
		PL_EXPECT(n_late == 5000);
		PL_EXPECT(n_away >= 1000 + 5000 - 16);
		PL_EXPECT(n_replayed == 0);
		pl_srtp_free(a);
		pl_srtp_free(b);
		pl_srtp_free(c);
	}
}

PL_TEST(rtcp_too)
{
	for (size_t k = 0; k < 2; k++) {
		struct pl_srtp *a = new_srtp(ciphers[k]), *b = new_srtp(ciphers[k]);
		uint8_t packet[64] = {0x80, 201, 0, 1, 1, 2, 3, 4}, copy[64];
		int size = pl_srtp_protect_rtcp(a, packet, 8, sizeof(packet));

		PL_EXPECT(size > 8 && size <= 8 + (int)PL_SRTP_TRAILER_MAX);
		memcpy(copy, packet, sizeof(copy));
		copy[size - 1] ^= 1;
		PL_EXPECT(pl_srtp_unprotect_rtcp(b, copy, (size_t)size) < 0);
		memcpy(copy, packet, sizeof(copy));
		PL_EXPECT(pl_srtp_unprotect_rtcp(b, copy, (size_t)size) == 8);
		memcpy(copy, packet, sizeof(copy));
		PL_EXPECT(pl_srtp_unprotect_rtcp(b, copy, (size_t)size) == -EALREADY);
		pl_srtp_free(a);
		pl_srtp_free(b);
	}
}

/* RFC 7714 16.1.1 holds the other implementation; that one holds ours. */
PL_TEST(aes_128_gcm_as_rfc_7714)
{
	uint8_t master[28 + 2], key[16], salt[14] = {0}, want[64], iv[12], packet[128],
					 expected[128], other[28];
	struct pl_srtp *srtp;
	size_t n;

	from_hex("000102030405060708090a0b0c0d0e0f", key);
	from_hex("517569642070726f2071756f", salt);
	from_hex("8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669"
		 "736120696e20706172746573207472"
		 "6573",
		 packet);
	gcm_iv(salt, packet, iv);
	gcm(EVP_aes_128_gcm(), key, iv, packet, packet + 12, 38, expected);
	from_hex("f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf883"
		 "3899d7f27beb16a9152cf765ee4390cce",
		 want);
	PL_CHECK(memcmp(expected, want, 54) == 0);

	fill_secret();
	memset(master, 0, sizeof(master));
	memcpy(master, secret, 28);
	memset(other, 9, sizeof(other));
	derive(EVP_aes_128_ctr(), master, master + 16, 0, key, 16);
	derive(EVP_aes_128_ctr(), master, master + 16, 2, salt, 12);
	n = make_packet(packet, 7, SSRC);
	gcm_iv(salt, packet, iv);
	gcm(EVP_aes_128_gcm(), key, iv, packet, packet + 12, (int)n - 12, expected);
	PL_CHECK_INT(pl_srtp_new_dtls(PL_SRTP_AES_128_GCM, secret, other, 28, &srtp), 0);
	PL_CHECK_INT(pl_srtp_protect(srtp, packet, n, sizeof(packet)), n + 16);
	PL_CHECK(memcmp(packet + 12, expected, n - 12 + 16) == 0);
	/* what we send is not what we hear: each way has its key */
	PL_CHECK_INT(pl_srtp_unprotect(srtp, packet, n + 16), -EPERM);
	pl_srtp_free(srtp);
}

/* Two ends of DTLS: each way with its key, and no counter but the first is tried for junk. */
PL_TEST(keys_of_dtls)
{
	static const enum pl_srtp_profile profiles[] = {PL_SRTP_AES_128_GCM, PL_SRTP_AES_128_CM};

	for (size_t k = 0; k < 2; k++) {
		size_t size = pl_srtp_profile_secret_size(profiles[k]);
		uint8_t packet[128], copy[128];
		struct pl_srtp *a, *b;
		unsigned n_good = 0, n_late = 0;
		size_t n;
		int r;

		fill_secret();
		PL_CHECK_INT(pl_srtp_new_dtls(profiles[k], secret, secret + 7, size, &a), 0);
		PL_CHECK_INT(pl_srtp_new_dtls(profiles[k], secret + 7, secret, size, &b), 0);
		for (uint32_t i = 0; i < 140000; i += 70) {
			n = make_packet(packet, (uint16_t)(65500 + i), SSRC);
			r = pl_srtp_protect(a, packet, n, sizeof(packet));
			n_good += pl_srtp_unprotect(b, packet, (size_t)r) == (int)n;
		}
		PL_EXPECT(n_good == 140000 / 70);
		n = make_packet(packet, 1, SSRC + 1);
		r = pl_srtp_protect(b, packet, n, sizeof(packet));
		PL_EXPECT(pl_srtp_unprotect(a, packet, (size_t)r) == (int)n);
		n = make_packet(packet, 1, SSRC + 2);
		r = pl_srtp_protect_rtcp(b, packet, n, sizeof(packet));
		PL_EXPECT(pl_srtp_unprotect_rtcp(a, packet, (size_t)r) == (int)n);
		pl_srtp_free(b);

		PL_CHECK_INT(pl_srtp_new_dtls(profiles[k], secret + 7, secret, size, &b), 0);
		for (uint32_t i = 0; i < 100; i++) {
			n = make_packet(packet, (uint16_t)(65500 + 140000 + i), SSRC);
			r = pl_srtp_protect(a, packet, n, sizeof(packet));
			memcpy(copy, packet, sizeof(copy));
			n_late += pl_srtp_unprotect(b, copy, (size_t)r) >= 0;
		}
		PL_EXPECT(n_late == 0);
		pl_srtp_free(a);
		pl_srtp_free(b);
		PL_EXPECT(pl_srtp_new_dtls(profiles[k], secret, secret, size - 1, &a) == -EINVAL);
	}
	PL_CHECK_INT(pl_srtp_new_dtls((enum pl_srtp_profile)2, secret, secret, 0, NULL), -EINVAL);
	PL_CHECK_STR(pl_srtp_profile_name(PL_SRTP_AES_128_GCM), "AEAD_AES_128_GCM");
	PL_CHECK(pl_srtp_profile_name((enum pl_srtp_profile)8) == NULL);
}

PL_TEST(wrong_keys)
{
	struct pl_srtp *srtp, *none;
	uint8_t packet[64];
	size_t n = make_packet(packet, 1, SSRC);

	fill_secret();
	PL_CHECK_INT(pl_srtp_new(PL_CIPHER_AES_256_GCM, secret, 30, &srtp), -EINVAL);
	PL_CHECK_INT(pl_srtp_new(PL_CIPHER_AES_128_CM, secret, 44, &srtp), -EINVAL);
	PL_CHECK_INT(pl_srtp_new(PL_CIPHER_NONE, NULL, 0, &none), 0);
	PL_CHECK_INT(pl_srtp_protect(none, packet, n, n), n);
	PL_CHECK_INT(pl_srtp_unprotect(none, packet, n), n);
	pl_srtp_free(none);
}

PL_TEST_MAIN()
