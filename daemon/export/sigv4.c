/* SPDX-License-Identifier: MIT */
#include "sigv4.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SIGNED_HEADERS "host;x-amz-content-sha256;x-amz-date"
#define DATE_FORMAT "%Y%m%dT%H%M%SZ"
/** of a canonical request: the path and query of a URL, and a few lines */
#define CANONICAL_MAX 6144u

static void write_hex(const unsigned char *bytes, size_t size, char *ret_hex)
{
	for (size_t i = 0; i < size; i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

void pl_sha256_hex(const void *data, size_t size, char ret_hex[PL_SHA256_HEX])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256(data, size, hash);
	write_hex(hash, sizeof(hash), ret_hex);
}

size_t pl_uri_encode(const char *text, bool keep_slash, char *ret_text, size_t size)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t length = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		char unit[4];
		size_t n;

		if (strchr(plain, *p) || (keep_slash && *p == '/'))
			n = (size_t)snprintf(unit, sizeof(unit), "%c", *p);
		else
			n = (size_t)snprintf(unit, sizeof(unit), "%%%02X", *p);
		for (size_t i = 0; i < n; i++, length++)
			if (length + 1 < size)
				ret_text[length] = unit[i];
	}
	if (size > 0)
		ret_text[length < size ? length : size - 1] = '\0';
	return length;
}

static void hmac(const void *key, size_t key_size, const char *text,
		 unsigned char ret_mac[SHA256_DIGEST_LENGTH])
{
	unsigned int size = SHA256_DIGEST_LENGTH;

	HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), ret_mac,
	     &size);
}

/** "20130524/us-east-1/s3/aws4_request" */
static int write_scope(const struct pl_sigv4 *keys, const char *date, char *ret_scope, size_t size)
{
	int n = snprintf(ret_scope, size, "%.8s/%s/s3/aws4_request", date, keys->region);

	return (size_t)n < size ? 0 : -ENOSPC;
}

static int sign(const struct pl_sigv4 *keys, const char *date, const char *canonical,
		char ret_signature[PL_SHA256_HEX])
{
	unsigned char key[SHA256_DIGEST_LENGTH], next[SHA256_DIGEST_LENGTH];
	char first[160], scope[128], day[9], text[320], hash[PL_SHA256_HEX];
	int n;

	if (write_scope(keys, date, scope, sizeof(scope)) < 0)
		return -ENOSPC;
	pl_sha256_hex(canonical, strlen(canonical), hash);
	n = snprintf(text, sizeof(text), ALGORITHM "\n%s\n%s\n%s", date, scope, hash);
	if ((size_t)n >= sizeof(text))
		return -ENOSPC;
	n = snprintf(first, sizeof(first), "AWS4%s", keys->secret_key);
	if ((size_t)n >= sizeof(first))
		return -ENOSPC;
	snprintf(day, sizeof(day), "%.8s", date);
	hmac(first, (size_t)n, day, key);
	hmac(key, sizeof(key), keys->region, next);
	hmac(next, sizeof(next), "s3", key);
	hmac(key, sizeof(key), "aws4_request", next);
	hmac(next, sizeof(next), text, key);
	write_hex(key, sizeof(key), ret_signature);
	return 0;
}

static void write_date(time_t now, char ret_date[17])
{
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(ret_date, 17, DATE_FORMAT, &tm);
}

int pl_sigv4_header(const struct pl_sigv4 *keys, const struct pl_sigv4_request *request, time_t now,
		    char ret_date[17], char ret_header[PL_SIGV4_HEADER_MAX])
{
	char canonical[CANONICAL_MAX], scope[128], signature[PL_SHA256_HEX];
	int n;

	write_date(now, ret_date);
	n = snprintf(
		canonical, sizeof(canonical),
		"%s\n%s\n%s\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n\n" SIGNED_HEADERS
		"\n%s",
		request->method, request->path, request->query, request->host,
		request->payload_sha256, ret_date, request->payload_sha256);
	if ((size_t)n >= sizeof(canonical) || sign(keys, ret_date, canonical, signature) < 0 ||
	    write_scope(keys, ret_date, scope, sizeof(scope)) < 0)
		return -ENOSPC;
	n = snprintf(ret_header, PL_SIGV4_HEADER_MAX,
		     ALGORITHM " Credential=%s/%s,SignedHeaders=" SIGNED_HEADERS ",Signature=%s",
		     keys->access_key, scope, signature);
	return (size_t)n < PL_SIGV4_HEADER_MAX ? 0 : -ENOSPC;
}

int pl_sigv4_presign(const struct pl_sigv4 *keys, const struct pl_sigv4_request *request,
		     const char *scheme, unsigned life_s, time_t now, char *ret_url, size_t size)
{
	char canonical[CANONICAL_MAX], query[1024], scope[128], credential[300], encoded[900];
	char date[17], signature[PL_SHA256_HEX];
	int n;

	write_date(now, date);
	if (write_scope(keys, date, scope, sizeof(scope)) < 0)
		return -ENOSPC;
	n = snprintf(credential, sizeof(credential), "%s/%s", keys->access_key, scope);
	if ((size_t)n >= sizeof(credential) ||
	    pl_uri_encode(credential, false, encoded, sizeof(encoded)) >= sizeof(encoded))
		return -ENOSPC;
	n = snprintf(query, sizeof(query),
		     "X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=%s&X-Amz-Date=%s"
		     "&X-Amz-Expires=%u&X-Amz-SignedHeaders=host",
		     encoded, date, life_s);
	if ((size_t)n >= sizeof(query))
		return -ENOSPC;
	n = snprintf(canonical, sizeof(canonical), "GET\n%s\n%s\nhost:%s\n\nhost\nUNSIGNED-PAYLOAD",
		     request->path, query, request->host);
	if ((size_t)n >= sizeof(canonical) || sign(keys, date, canonical, signature) < 0)
		return -ENOSPC;
	n = snprintf(ret_url, size, "%s://%s%s?%s&X-Amz-Signature=%s", scheme, request->host,
		     request->path, query, signature);
	return (size_t)n < size ? 0 : -ENOSPC;
}
