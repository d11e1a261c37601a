/* SPDX-License-Identifier: MIT */
#ifndef PL_SIGV4_H
#define PL_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/**
 * AWS Signature Version 4 for S3 (Amazon S3 API Reference, "Authenticating Requests: Using the
 * Authorization Header" and "Using Query Parameters"). Pure but for OpenSSL's hashes; the key pair
 * goes in, text comes out. libcurl signs headers too, but not URLs, and up to 7.88 it does not sort
 * a query; one signer for both is less to be wrong. Thread: any.
 */

/** Hexadecimal SHA-256 with its NUL. */
#define PL_SHA256_HEX 65u
#define PL_SIGV4_HEADER_MAX 512u
#define PL_PRESIGN_SECONDS_MAX 604800u

struct pl_sigv4 {
	const char *region;     /**< "us-east-1" */
	const char *access_key; /**< its id */
	const char *secret_key;
};

/** What is asked for. */
struct pl_sigv4_request {
	const char *method; /**< "PUT" */
	const char
		*host; /**< as in the Host header, with its port unless that is the scheme's own */
	const char *path;  /**< as it is sent: encoded by pl_uri_encode() once, "/bucket/key" */
	const char *query; /**< as it is sent: encoded, sorted by name, each with its "=", without
			      "?"; "" for none */
	const char *payload_sha256; /**< hexadecimal, of the body */
};

void pl_sha256_hex(const void *data, size_t size, char ret_hex[PL_SHA256_HEX]);

/**
 * RFC 3986: everything but A-Z a-z 0-9 - . _ ~ as %XX. @param keep_slash  of a path
 * @return length that it has or would have
 */
size_t pl_uri_encode(const char *text, bool keep_slash, char *ret_text, size_t size);

/**
 * The value of the Authorization header; signed are host, x-amz-content-sha256 and x-amz-date.
 *
 * @param ret_date  value of x-amz-date: "20130524T000000Z"
 * @return 0, or -ENOSPC
 */
int pl_sigv4_header(const struct pl_sigv4 *keys, const struct pl_sigv4_request *request, time_t now,
		    char ret_date[17], char ret_header[PL_SIGV4_HEADER_MAX]);

/**
 * A URL that may be fetched (GET) without the key for some time; request->query and payload are
 * not looked at.
 *
 * @param scheme    "https"
 * @param life_s    1..PL_PRESIGN_SECONDS_MAX
 * @return 0, or -ENOSPC
 */
int pl_sigv4_presign(const struct pl_sigv4 *keys, const struct pl_sigv4_request *request,
		     const char *scheme, unsigned life_s, time_t now, char *ret_url, size_t size);

#endif
