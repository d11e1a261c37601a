/* SPDX-License-Identifier: MIT */
#include "s3-request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#define CONNECT_TIMEOUT_S 15L
/** Slower than a byte a second for this long is dead. */
#define STALL_S 30L
/** An encoded key may be three times as long. */
#define PATH_MAX_BYTES 4096u

/* --- where ------------------------------------------------------------------------------- */

int pl_s3_place_find(const struct pl_s3_def *def, struct pl_s3_place *ret_place)
{
	char endpoint[PL_URL_MAX + 64], bucket[3 * sizeof(def->bucket)];
	const char *host, *path;
	size_t n_scheme, n_host;

	if (def->endpoint[0])
		snprintf(endpoint, sizeof(endpoint), "%s", def->endpoint);
	else
		snprintf(endpoint, sizeof(endpoint), "https://s3.%s.amazonaws.com", def->region);
	n_scheme = strncmp(endpoint, "https://", 8) == 0  ? 5
		   : strncmp(endpoint, "http://", 7) == 0 ? 4
							  : 0;
	host = endpoint + n_scheme + 3;
	n_host = n_scheme ? strcspn(host, "/") : 0;
	if (n_host == 0 || strpbrk(endpoint, "?#@ ") || !def->bucket[0])
		return -EINVAL;
	path = host + n_host;
	while (path[0] && path[strlen(path) - 1] == '/')
		endpoint[strlen(endpoint) - 1] = '\0';
	pl_uri_encode(def->bucket, false, bucket, sizeof(bucket));
	snprintf(ret_place->scheme, sizeof(ret_place->scheme), "%.*s", (int)n_scheme, endpoint);
	if (def->path_style) {
		snprintf(ret_place->host, sizeof(ret_place->host), "%.*s", (int)n_host, host);
		snprintf(ret_place->root, sizeof(ret_place->root), "%s/%s/", path, bucket);
	} else {
		snprintf(ret_place->host, sizeof(ret_place->host), "%s.%.*s", bucket, (int)n_host,
			 host);
		snprintf(ret_place->root, sizeof(ret_place->root), "%s/", path);
	}
	return 0;
}

static int write_path(const struct pl_s3_place *place, const char *key, char *ret_path, size_t size)
{
	size_t n = (size_t)snprintf(ret_path, size, "%s", place->root);

	if (n >= size || n + pl_uri_encode(key, true, ret_path + n, size - n) >= size)
		return -ENOSPC;
	return 0;
}

int pl_s3_presign(const struct pl_s3_def *def, const struct pl_s3_place *place, const char *key,
		  time_t now, char *ret_url, size_t size)
{
	const struct pl_sigv4 keys = {def->region, def->access_key, def->secret_key};
	struct pl_sigv4_request request = {.host = place->host};
	char path[PATH_MAX_BYTES];

	if (write_path(place, key, path, sizeof(path)) < 0)
		return -ENOSPC;
	request.path = path;
	return pl_sigv4_presign(&keys, &request, place->scheme, def->presign_s, now, ret_url, size);
}

/* --- body ---------------------------------------------------------------------------------- */

struct body {
	const struct pl_s3_request *request;
	uint64_t position;
};

static uint64_t body_size(const struct pl_s3_request *request)
{
	return request->body ? request->body_size : request->file ? request->size : 0;
}

static size_t read_body(struct body *body, char *data, size_t size)
{
	const struct pl_s3_request *request = body->request;
	uint64_t rest = body_size(request) - body->position;
	size_t n = size < rest ? size : (size_t)rest;

	if (request->body)
		memcpy(data, request->body + body->position, n);
	else if (n > 0)
		n = fread(data, 1, n, request->file);
	body->position += n;
	return n;
}

static int rewind_body(struct body *body, uint64_t position)
{
	body->position = position;
	if (body->request->body || !body->request->file)
		return 0;
	return fseeko(body->request->file, (off_t)(body->request->offset + position), SEEK_SET) < 0
		       ? -errno
		       : 0;
}

static int hash_body(const struct pl_s3_request *request, char ret_hex[PL_SHA256_HEX])
{
	struct body body = {.request = request};
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int n_hash = 0;
	char data[16384];
	EVP_MD_CTX *md;
	int r;

	r = rewind_body(&body, 0);
	if (r < 0)
		return r;
	md = EVP_MD_CTX_new();
	if (!md)
		return -ENOMEM;
	r = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
	while (r == 0 && body.position < body_size(request)) {
		size_t n = read_body(&body, data, sizeof(data));

		if (n == 0 || EVP_DigestUpdate(md, data, n) != 1)
			r = -EIO;
	}
	if (r == 0 && EVP_DigestFinal_ex(md, hash, &n_hash) != 1)
		r = -EIO;
	EVP_MD_CTX_free(md);
	for (unsigned int i = 0; r == 0 && i < n_hash; i++)
		snprintf(ret_hex + 2 * (size_t)i, 3, "%02x", hash[i]);
	return r;
}

static size_t on_read(char *data, size_t size, size_t n, void *userdata)
{
	struct body *body = userdata;
	size_t taken = read_body(body, data, size * n);

	/* a file that has become shorter must not leave the server waiting */
	if (taken == 0 && body->position < body_size(body->request))
		return CURL_READFUNC_ABORT;
	return taken;
}

static int on_seek(void *userdata, curl_off_t offset, int origin)
{
	if (origin != SEEK_SET || rewind_body(userdata, (uint64_t)offset) < 0)
		return CURL_SEEKFUNC_FAIL;
	return CURL_SEEKFUNC_OK;
}

/* --- answer --------------------------------------------------------------------------------- */

static size_t on_write(char *data, size_t size, size_t n, void *userdata)
{
	struct pl_s3_answer *answer = userdata;
	size_t room = sizeof(answer->text) - 1 - answer->text_size;
	size_t taken = size * n < room ? size * n : room;

	memcpy(answer->text + answer->text_size, data, taken);
	answer->text_size += taken;
	answer->text[answer->text_size] = '\0';
	return size * n;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
	struct pl_s3_answer *answer = userdata;
	size_t length = size * n;

	if (length > 5 && strncasecmp(data, "etag:", 5) == 0) {
		const char *from = data + 5, *to = data + length;

		while (from < to && (*from == ' ' || *from == '\t'))
			from++;
		while (to > from && strchr(" \t\r\n", to[-1]))
			to--;
		snprintf(answer->etag, sizeof(answer->etag), "%.*s", (int)(to - from), from);
	} else if (length > 15 && strncasecmp(data, "content-length:", 15) == 0) {
		char number[24];

		snprintf(number, sizeof(number), "%.*s", (int)(length - 15), data + 15);
		answer->length = strtoull(number, NULL, 10);
	}
	return length;
}

int pl_s3_element(const char *xml, const char *name, char *ret_text, size_t size)
{
	char open[64], close[64];
	const char *from, *to;

	snprintf(open, sizeof(open), "<%s>", name);
	snprintf(close, sizeof(close), "</%s>", name);
	from = strstr(xml, open);
	to = from ? strstr(from, close) : NULL;
	if (!to || (size_t)(to - from) - strlen(open) >= size)
		return -ENOENT;
	from += strlen(open);
	snprintf(ret_text, size, "%.*s", (int)(to - from), from);
	/* the one entity that our values (upload ids, ETags, messages) are seen with */
	for (char *p = ret_text; (p = strstr(p, "&quot;"));) {
		*p++ = '"';
		memmove(p, p + 5, strlen(p + 5) + 1);
	}
	return 0;
}

static int judge(const struct pl_s3_def *def, const struct pl_s3_place *place,
		 struct pl_s3_answer *answer)
{
	char code[64] = "", message[128] = "";

	/* completing a multipart upload may fail behind a 200 */
	if (answer->status >= 200 && answer->status < 300 && !strstr(answer->text, "<Error>"))
		return 0;
	pl_s3_element(answer->text, "Code", code, sizeof(code));
	pl_s3_element(answer->text, "Message", message, sizeof(message));
	snprintf(answer->trouble, sizeof(answer->trouble), "%.100s refuses (%ld%s%s): %s",
		 place->host, answer->status, code[0] ? " " : "", code,
		 message[0]              ? message
		 : answer->status == 404 ? "no such bucket; see s3.bucket in the configuration"
		 : answer->status == 403
			 ? "see s3.access_key and s3.secret_key in the configuration"
			 : "no reason given");
	if (answer->status == 401 || answer->status == 403)
		return -EACCES;
	if (answer->status == 404)
		return -ENOENT;
	return answer->status >= 500 || answer->status == 429 || answer->status == 200 ? -EAGAIN
										       : -EINVAL;
}

/* --- request --------------------------------------------------------------------------------- */

/** @return NULL without memory */
static struct curl_slist *make_headers(const char *sha256, const char *date,
				       const char *authorization)
{
	char text[PL_SIGV4_HEADER_MAX + 32];
	struct curl_slist *list = NULL, *longer;
	const struct {
		const char *name, *value;
	} headers[] = {
		{"x-amz-content-sha256", sha256},
		{"x-amz-date", date},
		{"Authorization", authorization},
		{"Content-Type", "application/octet-stream"},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		snprintf(text, sizeof(text), "%s: %s", headers[i].name, headers[i].value);
		longer = curl_slist_append(list, text);
		if (!longer) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

static void set_options(CURL *curl, const struct pl_s3_def *def, const char *url,
			struct curl_slist *headers, struct body *body, struct pl_s3_answer *answer)
{
	const struct pl_s3_request *request = body->request;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	if (def->ca_file[0])
		curl_easy_setopt(curl, CURLOPT_CAINFO, def->ca_file);
	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
		return;
	}
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_size(request));
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, body);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, body);
}

int pl_s3_perform(CURL *curl, const struct pl_s3_def *def, const struct pl_s3_place *place,
		  const struct pl_s3_request *request, curl_xferinfo_callback on_progress,
		  void *userdata, struct pl_s3_answer *ret_answer)
{
	const struct pl_sigv4 keys = {def->region, def->access_key, def->secret_key};
	char path[PATH_MAX_BYTES], url[PATH_MAX_BYTES + 2 * PL_URL_MAX], sha256[PL_SHA256_HEX],
		date[17];
	char authorization[PL_SIGV4_HEADER_MAX], reason[CURL_ERROR_SIZE] = "";
	struct body body = {.request = request};
	struct curl_slist *headers;
	CURLcode code;
	int r;

	memset(ret_answer, 0, sizeof(*ret_answer));
	r = write_path(place, request->key, path, sizeof(path));
	if (r == 0)
		r = hash_body(request, sha256);
	if (r == 0)
		r = rewind_body(&body, 0);
	if (r == 0)
		r = pl_sigv4_header(&keys,
				    &(struct pl_sigv4_request){request->method, place->host, path,
							       request->query, sha256},
				    time(NULL), date, authorization);
	if (r < 0) {
		snprintf(ret_answer->trouble, sizeof(ret_answer->trouble),
			 "the clip cannot be read: %s", strerror(-r));
		return -EIO;
	}
	headers = make_headers(sha256, date, authorization);
	if (!headers)
		return -ENOMEM;
	snprintf(url, sizeof(url), "%s://%s%s%s%.900s", place->scheme, place->host, path,
		 request->query[0] ? "?" : "", request->query);
	set_options(curl, def, url, headers, &body, ret_answer);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, userdata);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, on_progress ? 0L : 1L);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
	curl_easy_reset(curl); /* nothing of ours stays in it */
	curl_slist_free_all(headers);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return -ECANCELED;
	/* a refusal often comes before all is sent */
	if (code != CURLE_OK && ret_answer->status < 300) {
		snprintf(ret_answer->trouble, sizeof(ret_answer->trouble),
			 "%.90s does not answer: %.110s; it is tried again", place->host,
			 reason[0] ? reason : curl_easy_strerror(code));
		return -EIO;
	}
	return judge(def, place, ret_answer);
}
