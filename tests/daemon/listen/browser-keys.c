/* SPDX-License-Identifier: MIT */
#include "browser-keys.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

void must(bool ok)
{
	if (!ok)
		abort();
}

/* --- STUN, RFC 8489 5 and 14 ----------------------------------------------------------------- */

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t crc32_slow(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

static size_t append(uint8_t *data, size_t at, uint16_t type, const void *value, size_t size)
{
	put16(data + at, type);
	put16(data + at + 2, size);
	memset(data + at + 4, 0, (size + 3) / 4 * 4);
	if (size)
		memcpy(data + at + 4, value, size);
	return at + 4 + (size + 3) / 4 * 4;
}

size_t make_check(const char *username, const char *pwd, const uint8_t *attributes, size_t size,
		  uint8_t *ret_data)
{
	static uint32_t n_checks;
	uint8_t head[20] = {0,   1,   0,   0,   0x21, 0x12, 0xa4, 0x42, 'a', 'b',
			    'c', 'd', 'e', 'f', 'g',  'h',  'i',  'j',  'k', 'l'};
	static const uint8_t priority[4] = {110, 0, 30, 255};
	uint8_t mac[20], crc[4];
	unsigned n_mac = sizeof(mac);
	size_t at = sizeof(head);
	uint32_t value;

	put16(head + 18, ++n_checks);
	put16(head + 16, n_checks >> 16);
	memcpy(ret_data, head, sizeof(head));
	if (username)
		at = append(ret_data, at, 0x0006, username, strlen(username));
	at = append(ret_data, at, 0x0024, priority, sizeof(priority));
	if (size)
		memcpy(ret_data + at, attributes, size);
	at += size;
	if (pwd) {
		put16(ret_data + 2, at + 24 - 20);
		must(HMAC(EVP_sha1(), pwd, (int)strlen(pwd), ret_data, at, mac, &n_mac) != NULL);
		at = append(ret_data, at, 0x0008, mac, sizeof(mac));
	}
	put16(ret_data + 2, at + 8 - 20);
	value = htonl(crc32_slow(ret_data, at) ^ 0x5354554eu);
	memcpy(crc, &value, sizeof(crc));
	return append(ret_data, at, 0x8028, crc, sizeof(crc));
}

/* --- DTLS and keys --------------------------------------------------------------------------- */

void make_certificate(SSL_CTX *context, bool has_rsa, uint8_t ret_fingerprint[PL_FINGERPRINT_SIZE])
{
	EVP_PKEY *key = has_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	unsigned n = PL_FINGERPRINT_SIZE;

	must(key && certificate && X509_set_version(certificate, 2) == 1 &&
	     ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
	     X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) &&
	     X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) &&
	     X509_set_pubkey(certificate, key) == 1 &&
	     X509_sign(certificate, key, EVP_sha256()) > 0 &&
	     X509_digest(certificate, EVP_sha256(), ret_fingerprint, &n) == 1 &&
	     SSL_CTX_use_certificate(context, certificate) == 1 &&
	     SSL_CTX_use_PrivateKey(context, key) == 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

struct pl_srtp *make_srtp(SSL *ssl, bool is_server)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(ssl);
	uint8_t material[60], client[30], server[30];
	struct pl_srtp *srtp = NULL;
	size_t n_salt;

	if (!profile)
		return NULL;
	n_salt = profile->id == SRTP_AEAD_AES_128_GCM ? 12 : 14;
	must(SSL_export_keying_material(ssl, material, 2 * (16 + n_salt), "EXTRACTOR-dtls_srtp", 19,
					NULL, 0, 0) == 1);
	memcpy(client, material, 16);
	memcpy(server, material + 16, 16);
	memcpy(client + 16, material + 32, n_salt);
	memcpy(server + 16, material + 32 + n_salt, n_salt);
	must(pl_srtp_new_dtls(n_salt == 12 ? PL_SRTP_AES_128_GCM : PL_SRTP_AES_128_CM,
			      is_server ? server : client, is_server ? client : server, 16 + n_salt,
			      &srtp) == 0);
	return srtp;
}
