/* SPDX-License-Identifier: MIT */
#ifndef PL_S3_REQUEST_H
#define PL_S3_REQUEST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <curl/curl.h>

#include "gateway-def.h"
#include "sigv4.h"

/** One signed request to an S3 server, and the little that is read of its answers. */

/** Of an answer that is looked at; ours are some hundred bytes. */
#define PL_S3_ANSWER_MAX 16384u

/** Where a bucket is: the parts of its URLs. */
struct pl_s3_place {
	char scheme[8];
	char host[PL_URL_MAX];       /**< with the port, and with the bucket in host style */
	char root[PL_URL_MAX + 256]; /**< path before the key, ends with "/" */
};

/** @return 0, or -EINVAL when the endpoint is no http:// or https:// URL, or has a query */
int pl_s3_place_find(const struct pl_s3_def *def, struct pl_s3_place *ret_place);
/** A URL to fetch an object without the key. @return 0 or -ENOSPC */
int pl_s3_presign(const struct pl_s3_def *def, const struct pl_s3_place *place, const char *key,
		  time_t now, char *ret_url, size_t size);

struct pl_s3_request {
	const char *method;
	const char *key;   /**< of the object, not encoded */
	const char *query; /**< see struct pl_sigv4_request */
	const char *body;  /**< in memory; NULL: from `file` */
	size_t body_size;
	FILE *file; /**< NULL: no body */
	uint64_t offset, size;
};

struct pl_s3_answer {
	long status; /**< of HTTP */
	char etag[128];
	uint64_t length; /**< Content-Length */
	char text[PL_S3_ANSWER_MAX];
	size_t text_size;
	char trouble[256]; /**< for people, without a full stop; "" when all is well */
};

/**
 * Thread: any, one at a time per curl handle; waits for the network.
 *
 * @param on_progress  CURLOPT_XFERINFOFUNCTION: another value than 0 breaks off
 * @return 0 for a status of 2xx; -ECANCELED broken off; -EIO no answer, or the file cannot be read;
 *         -EACCES 401, 403; -ENOENT 404; -EAGAIN 5xx, 429; -EINVAL any other
 */
int pl_s3_perform(CURL *curl, const struct pl_s3_def *def, const struct pl_s3_place *place,
		  const struct pl_s3_request *request, curl_xferinfo_callback on_progress,
		  void *userdata, struct pl_s3_answer *ret_answer);

/** The text of the first element of that name, without entities. @return 0 or -ENOENT */
int pl_s3_element(const char *xml, const char *name, char *ret_text, size_t size);

#endif
