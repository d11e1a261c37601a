/* SPDX-License-Identifier: MIT */
#include "stun.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bytes.h"

#define HEADER_SIZE 20u
#define COOKIE 0x2112a442u
#define INTEGRITY_SIZE 20u
#define FINGERPRINT_XOR 0x5354554eu

/* RFC 8489 18.3.1, RFC 8445 16.1 */
enum {
	MAPPED_ADDRESS = 0x0001,
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	UNKNOWN_ATTRIBUTES = 0x000a,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	/** From here on an attribute may be unknown. */
	OPTIONAL = 0x8000,
	FINGERPRINT = 0x8028,
	ICE_CONTROLLED = 0x8029,
};

/** CRC-32 of ITU-T V.42, four bits at a time; RFC 8489 14.7. */
static uint32_t crc32_of(const uint8_t *data, size_t size)
{
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
					   0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
					   0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
					   0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < size; i++) {
		crc = table[(crc ^ data[i]) & 0xf] ^ crc >> 4;
		crc = table[(crc ^ data[i] >> 4) & 0xf] ^ crc >> 4;
	}
	return ~crc;
}

bool pl_stun_is(const uint8_t *data, size_t size)
{
	return size >= HEADER_SIZE && size <= PL_STUN_MESSAGE_MAX && data[0] < 4 && size % 4 == 0 &&
	       get_u16(data + 2) == size - HEADER_SIZE && get_u32(data + 4) == COOKIE;
}

static void take_attribute(struct pl_stun_message *message, uint16_t type, const uint8_t *value,
			   size_t size)
{
	switch (type) {
	case USERNAME:
		message->username = (const char *)value;
		message->username_size = size;
		break;
	case USE_CANDIDATE:
		message->use_candidate = true;
		break;
	case ICE_CONTROLLED:
		message->controlled = true;
		break;
	case MAPPED_ADDRESS:
	case ERROR_CODE:
	case UNKNOWN_ATTRIBUTES:
	case XOR_MAPPED_ADDRESS:
	case PRIORITY:
		break;
	default:
		if (type < OPTIONAL && message->n_unknown < PL_STUN_UNKNOWN_MAX)
			message->unknown[message->n_unknown++] = type;
	}
}

int pl_stun_parse(const uint8_t *data, size_t size, struct pl_stun_message *ret_message)
{
	struct pl_stun_message message = {0};
	size_t at = HEADER_SIZE, n = 0;
	uint16_t type = 0;

	if (!pl_stun_is(data, size))
		return -EBADMSG;
	message.type = get_u16(data);
	memcpy(message.transaction, data + 8, sizeof(message.transaction));
	for (; at < size; at += 4 + ((n + 3) & ~(size_t)3)) {
		if (size - at < 4)
			return -EBADMSG;
		type = get_u16(data + at);
		n = get_u16(data + at + 2);
		if (n > size - at - 4)
			return -EBADMSG;
		if (type == FINGERPRINT)
			break;
		if (message.integrity_at)
			continue;
		if (type != MESSAGE_INTEGRITY)
			take_attribute(&message, type, data + at + 4, n);
		else if (n == INTEGRITY_SIZE)
			message.integrity_at = at;
		else
			return -EBADMSG;
	}
	/* the last attribute, and the only one that junk cannot have by chance */
	if (at + 8 != size || type != FINGERPRINT || n != 4 ||
	    get_u32(data + at + 4) != (crc32_of(data, at) ^ FINGERPRINT_XOR))
		return -EBADMSG;
	*ret_message = message;
	return 0;
}

/** Of what precedes the attribute, with a length in the header that ends after it. */
static bool integrity_of(const uint8_t *data, size_t at, const char *pwd,
			 uint8_t ret_mac[INTEGRITY_SIZE])
{
	uint8_t copy[PL_STUN_MESSAGE_MAX];
	unsigned n = INTEGRITY_SIZE;

	memcpy(copy, data, at);
	put_u16(copy + 2, (uint16_t)(at + 4 + INTEGRITY_SIZE - HEADER_SIZE));
	return HMAC(EVP_sha1(), pwd, (int)strlen(pwd), copy, at, ret_mac, &n) != NULL;
}

bool pl_stun_is_authentic(const uint8_t *data, const struct pl_stun_message *message,
			  const char *pwd)
{
	uint8_t mac[INTEGRITY_SIZE];

	return message->integrity_at && integrity_of(data, message->integrity_at, pwd, mac) &&
	       CRYPTO_memcmp(mac, data + message->integrity_at + 4, sizeof(mac)) == 0;
}

/* --- writing ------------------------------------------------------------------------------ */

struct writer {
	uint8_t *data;
	size_t size, capacity;
};

/** @return where its value goes, filled with zeros; NULL: no room */
static uint8_t *add(struct writer *w, uint16_t type, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;
	uint8_t *at = w->data + w->size;

	if (w->capacity - w->size < 4 + padded)
		return NULL;
	memset(at, 0, 4 + padded);
	put_u16(at, type);
	put_u16(at + 2, (uint16_t)size);
	w->size += 4 + padded;
	return at + 4;
}

static bool begin(struct writer *w, uint16_t type, const uint8_t *transaction)
{
	if (w->capacity < HEADER_SIZE)
		return false;
	put_u16(w->data, type);
	put_u16(w->data + 2, 0);
	put_u32(w->data + 4, COOKIE);
	memcpy(w->data + 8, transaction, PL_STUN_TRANSACTION_SIZE);
	w->size = HEADER_SIZE;
	return true;
}

static int finish(struct writer *w, const char *pwd)
{
	size_t at = w->size;
	uint8_t *value;

	if (pwd) {
		value = add(w, MESSAGE_INTEGRITY, INTEGRITY_SIZE);
		if (!value)
			return -ENOSPC;
		if (!integrity_of(w->data, at, pwd, value))
			return -ENOMEM;
		at = w->size;
	}
	value = add(w, FINGERPRINT, 4);
	if (!value)
		return -ENOSPC;
	put_u16(w->data + 2, (uint16_t)(w->size - HEADER_SIZE));
	put_u32(value, crc32_of(w->data, at) ^ FINGERPRINT_XOR);
	return (int)w->size;
}

int pl_stun_write_success(const uint8_t transaction[PL_STUN_TRANSACTION_SIZE],
			  const struct pl_net_address *mapped, const char *pwd, uint8_t *ret_data,
			  size_t size)
{
	struct writer w = {.data = ret_data, .capacity = size};
	size_t n = mapped->family == AF_INET6 ? 16 : 4;
	uint8_t *value;

	if (!begin(&w, PL_STUN_BINDING_SUCCESS, transaction))
		return -ENOSPC;
	value = add(&w, XOR_MAPPED_ADDRESS, 4 + n);
	if (!value)
		return -ENOSPC;
	value[1] = n == 16 ? 2 : 1;
	put_u16(value + 2, (uint16_t)(mapped->port ^ COOKIE >> 16));
	/* with the cookie, and of IPv6 the transaction: the header from there on */
	for (size_t i = 0; i < n; i++)
		value[4 + i] = mapped->byte[i] ^ w.data[4 + i];
	return finish(&w, pwd);
}

static const char *reason_of(int code)
{
	switch (code) {
	case PL_STUN_UNAUTHENTICATED:
		return "Unauthenticated";
	case PL_STUN_UNKNOWN_ATTRIBUTE:
		return "Unknown Attribute";
	case PL_STUN_ROLE_CONFLICT:
		return "Role Conflict";
	default:
		return "Bad Request";
	}
}

int pl_stun_write_error(const struct pl_stun_message *request, int code, const char *pwd,
			uint8_t *ret_data, size_t size)
{
	struct writer w = {.data = ret_data, .capacity = size};
	const char *reason = reason_of(code);
	uint8_t *value;

	if (!begin(&w, PL_STUN_BINDING_ERROR, request->transaction))
		return -ENOSPC;
	value = add(&w, ERROR_CODE, 4 + strlen(reason));
	if (!value)
		return -ENOSPC;
	value[2] = (uint8_t)(code / 100);
	value[3] = (uint8_t)(code % 100);
	memcpy(value + 4, reason, strlen(reason));
	if (code == PL_STUN_UNKNOWN_ATTRIBUTE) {
		value = add(&w, UNKNOWN_ATTRIBUTES, (size_t)2 * request->n_unknown);
		if (!value)
			return -ENOSPC;
		for (uint32_t i = 0; i < request->n_unknown; i++)
			put_u16(value + (size_t)2 * i, request->unknown[i]);
	}
	return finish(&w, pwd);
}
