/* SPDX-License-Identifier: MIT */
#include "sigv4.h"

#include <errno.h>

#include "pltest.h"

/* The worked examples of the Amazon S3 API Reference ("Signature Calculations for the
 * Authorization Header", "Authenticating Requests: Using Query Parameters"), whose key is public. */
static const struct pl_sigv4 keys = {
	.region = "us-east-1",
	.access_key = "AKIAIOSFODNN7EXAMPLE",
	.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
/** 24 May 2013, 00:00:00 UTC */
#define EXAMPLE_TIME ((time_t)1369353600)
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

PL_TEST(signs_a_header_as_the_reference_does)
{
	struct pl_sigv4_request request = {
		.method = "GET",
		.host = "examplebucket.s3.amazonaws.com",
		.path = "/",
		.query = "max-keys=2&prefix=J",
		.payload_sha256 = EMPTY_SHA256,
	};
	char date[17], header[PL_SIGV4_HEADER_MAX];

	PL_CHECK(pl_sigv4_header(&keys, &request, EXAMPLE_TIME, date, header) == 0);
	PL_CHECK(strcmp(date, "20130524T000000Z") == 0);
	PL_CHECK(strstr(header,
			"Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"));
	PL_CHECK(strstr(
		header,
		"Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
	request.query = "lifecycle=";
	PL_CHECK(pl_sigv4_header(&keys, &request, EXAMPLE_TIME, date, header) == 0);
	PL_CHECK(strstr(
		header,
		"Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

PL_TEST(signs_a_url_as_the_reference_does)
{
	const struct pl_sigv4_request request = {
		.host = "examplebucket.s3.amazonaws.com",
		.path = "/test.txt",
	};
	char url[1024];

	PL_CHECK(pl_sigv4_presign(&keys, &request, "https", 86400, EXAMPLE_TIME, url,
				  sizeof(url)) == 0);
	PL_CHECK(
		strcmp(url,
		       "https://examplebucket.s3.amazonaws.com/test.txt"
		       "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
		       "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
		       "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
		       "&X-Amz-Signature="
		       "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404") == 0);
	PL_CHECK(pl_sigv4_presign(&keys, &request, "https", 86400, EXAMPLE_TIME, url, 100) ==
		 -ENOSPC);
}

PL_TEST(encodes_what_a_url_cannot_hold)
{
	char text[32];

	PL_CHECK(pl_uri_encode("a b/ü~", true, text, sizeof(text)) == 13);
	PL_CHECK(strcmp(text, "a%20b/%C3%BC~") == 0);
	PL_CHECK(pl_uri_encode("/", false, text, sizeof(text)) == 3 && strcmp(text, "%2F") == 0);
	PL_CHECK(pl_uri_encode("%%%%", false, text, 5) == 12 && strlen(text) == 4);
}

PL_TEST(hashes)
{
	char hex[PL_SHA256_HEX];

	pl_sha256_hex("", 0, hex);
	PL_CHECK(strcmp(hex, EMPTY_SHA256) == 0);
}

PL_TEST_MAIN()
