/* SPDX-License-Identifier: MIT */
#include "credential.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/** token68 of RFC 7235, without '=': our tokens, and a session's "ID.EXPIRES.MAC", have none. */
static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";

static int take(const char *text, size_t n, char *ret_value, size_t size)
{
	if (n >= size)
		return -ENOSPC;
	if (n == 0 || strspn(text, alphabet) < n)
		return -EINVAL;
	memcpy(ret_value, text, n);
	ret_value[n] = '\0';
	return 0;
}

int pl_credential_from_authorization(const char *header, char *ret_token, size_t size)
{
	static const char scheme[] = "Bearer";
	size_t n = sizeof(scheme) - 1;

	if (strncasecmp(header, scheme, n) != 0 || header[n] != ' ')
		return -EINVAL;
	header += n;
	header += strspn(header, " ");
	n = strcspn(header, " \t");
	if (header[n + strspn(header + n, " \t")] != '\0')
		return -EINVAL;
	return take(header, n, ret_token, size);
}

int pl_credential_from_cookies(const char *header, const char *name, char *ret_value, size_t size)
{
	size_t n_name = strlen(name);

	while (*header) {
		size_t n;

		header += strspn(header, " \t;");
		n = strcspn(header, ";");
		if (n > n_name && memcmp(header, name, n_name) == 0 && header[n_name] == '=') {
			header += n_name + 1;
			n -= n_name + 1;
			while (n > 0 && (header[n - 1] == ' ' || header[n - 1] == '\t'))
				n--;
			return take(header, n, ret_value, size);
		}
		header += n;
	}
	return -ENOENT;
}
