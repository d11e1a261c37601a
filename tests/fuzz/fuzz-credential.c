/* SPDX-License-Identifier: MIT */
/** Any text as Authorization and as Cookie: what comes out is within its alphabet and its bounds. */
#include <stdlib.h>
#include <string.h>

#include "credential.h"
#include "fuzz.h"

static void check(int r, const char *value, size_t size)
{
	if (r < 0)
		return;
	if (strnlen(value, size) == size || !value[0] || strpbrk(value, " \t;,\"\r\n"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* of its own, so that a step beyond it is seen */
	char value[64];

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check(pl_credential_from_authorization(text, value, sizeof(value)), value, sizeof(value));
	check(pl_credential_from_cookies(text, PL_HTTP_COOKIE_PLAIN, value, sizeof(value)), value,
	      sizeof(value));
	check(pl_credential_from_cookies(text, PL_HTTP_COOKIE_TLS, value, sizeof(value)), value,
	      sizeof(value));
	free(text);
	return 0;
}
