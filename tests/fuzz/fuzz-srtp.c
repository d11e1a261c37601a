/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "srtp.h"

/*
 * Datagrams of somebody without the key, at a receiver in either cipher: none gets through, and one
 * of the true sender does afterwards. The first byte says what it claims to be.
 */

static struct pl_srtp *srtp[2][2];

static void set_up(void)
{
	static const enum pl_stream_cipher ciphers[] = {PL_CIPHER_AES_256_GCM,
							PL_CIPHER_AES_128_CM};
	static const uint8_t secret[44] = {1, 2, 3};

	for (int i = 0; i < 2 && !srtp[i][1]; i++)
		for (int k = 0; k < 2; k++)
			if (pl_srtp_new(ciphers[i], secret, pl_srtp_secret_size(ciphers[i]),
					&srtp[i][k]) < 0)
				abort();
}

static void check_true(int cipher)
{
	static uint16_t sequence[2];
	uint8_t packet[64] = {0x80, 96, 0, 0, 0, 0, 0, 1, 0xfe, 0xdc, 0xba, 0x98, 7, 7, 7};
	int n;

	packet[2] = (uint8_t)(++sequence[cipher] >> 8);
	packet[3] = (uint8_t)sequence[cipher];
	n = pl_srtp_protect(srtp[cipher][0], packet, 15, sizeof(packet));
	if (n < 0 || pl_srtp_unprotect(srtp[cipher][1], packet, (size_t)n) != 15)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t packet[2048];
	int cipher, r;

	set_up();
	if (size < 1 || size > 2000)
		return 0;
	cipher = data[0] & 1;
	memcpy(packet, data + 1, size - 1);
	if (data[0] & 2)
		r = pl_srtp_unprotect_rtcp(srtp[cipher][1], packet, size - 1);
	else
		r = pl_srtp_unprotect(srtp[cipher][1], packet, size - 1);
	if (r >= 0)
		abort();
	check_true(cipher);
	return 0;
}
