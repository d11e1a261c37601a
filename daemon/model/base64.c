/* SPDX-License-Identifier: MIT */
#include "base64.h"

#include <errno.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void pl_base64_write(const uint8_t *data, size_t n, char *ret_text)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t group = (uint32_t)data[i] << 16;

		if (i + 1 < n)
			group |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < n)
			group |= data[i + 2];
		*ret_text++ = alphabet[group >> 18];
		*ret_text++ = alphabet[(group >> 12) & 63u];
		*ret_text++ = i + 1 < n ? alphabet[(group >> 6) & 63u] : '=';
		*ret_text++ = i + 2 < n ? alphabet[group & 63u] : '=';
	}
	*ret_text = '\0';
}

int pl_base64_read(const char *text, uint8_t *ret_data, size_t size)
{
	size_t length = strlen(text), n_pad = 0, n = 0;
	uint32_t group = 0;

	while (n_pad < 2 && n_pad < length && text[length - 1 - n_pad] == '=')
		n_pad++;
	if (length % 4 != 0)
		return -EINVAL;
	if (length / 4 * 3 - n_pad > size)
		return -ENOSPC;
	for (size_t i = 0; i < length; i++) {
		const char *at = i < length - n_pad ? strchr(alphabet, text[i]) : alphabet;

		if (!at)
			return -EINVAL;
		group = group << 6 | (uint32_t)(at - alphabet);
		if (i % 4 != 3)
			continue;
		for (unsigned byte = 0; byte < 3 && n < length / 4 * 3 - n_pad; byte++)
			ret_data[n++] = (uint8_t)(group >> (16 - 8 * byte));
		/* Bits that no byte takes must be zero: one key has one text. */
		if (i + 1 == length && n_pad && (group & ((1u << 8 * n_pad) - 1u)))
			return -EINVAL;
		group = 0;
	}
	return (int)n;
}
