/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "stun.h"

/*
 * A message with whatever attributes, its FINGERPRINT made right so that they are looked at: what is
 * read lies inside, nobody knows the password by chance, and our answers can be read.
 */

#define PWD "VOkJxbRl1RmTxUk/WvJxBt"

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

static void check_answer(const uint8_t *answer, int size, uint16_t type)
{
	struct pl_stun_message message;

	if (size < 0 || pl_stun_parse(answer, (size_t)size, &message) < 0 || message.type != type ||
	    !pl_stun_is_authentic(answer, &message, PWD))
		abort();
}

static void check_message(const uint8_t *data, size_t size)
{
	struct pl_net_address mapped = {.family = AF_INET6, .port = 1};
	struct pl_stun_message message;
	uint8_t answer[PL_STUN_MESSAGE_MAX];
	int n;

	if (pl_stun_parse(data, size, &message) < 0)
		return;
	if (message.n_unknown > PL_STUN_UNKNOWN_MAX || message.integrity_at + 24 > size)
		abort();
	if (message.username &&
	    ((const uint8_t *)message.username < data + 20 ||
	     (const uint8_t *)message.username + message.username_size > data + size))
		abort();
	if (pl_stun_is_authentic(data, &message, "another password, not theirs"))
		abort();
	pl_stun_is_authentic(data, &message, PWD);
	n = pl_stun_write_success(message.transaction, &mapped, PWD, answer, sizeof(answer));
	check_answer(answer, n, PL_STUN_BINDING_SUCCESS);
	n = pl_stun_write_error(&message, PL_STUN_UNKNOWN_ATTRIBUTE, PWD, answer, sizeof(answer));
	check_answer(answer, n, PL_STUN_BINDING_ERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t message[PL_STUN_MESSAGE_MAX];
	uint32_t crc;

	check_message(data, size);
	if (size < 28 || size > sizeof(message))
		return 0;
	size = size / 4 * 4;
	memcpy(message, data, size);
	message[0] &= 3;
	message[2] = (uint8_t)((size - 20) >> 8);
	message[3] = (uint8_t)(size - 20);
	memcpy(message + 4, "\x21\x12\xa4\x42", 4);
	memcpy(message + size - 8, "\x80\x28\0\4", 4);
	crc = crc32_of(message, size - 8) ^ 0x5354554eu;
	for (int i = 0; i < 4; i++)
		message[size - 4 + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
	check_message(message, size);
	return 0;
}
