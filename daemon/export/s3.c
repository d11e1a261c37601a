/* SPDX-License-Identifier: MIT */
#include "s3.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "json-strict.h"
#include "s3-request.h"
#include "thread.h"

#define RETRY_S_MIN 1u
#define RETRY_S_MAX 300u
/** How often one part is sent before the whole upload is begun anew. */
#define PART_TRIES 3u
/** S3's own bound */
#define PARTS_MAX 10000u

struct pl_s3 {
	struct pl_s3_def def;
	struct pl_s3_place place;
	struct pl_spool *spool;
	struct pl_s3_listener listener;
	pthread_t thread;
	CURL *curl; /* the thread's */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wake;  /* CLOCK_MONOTONIC: quit, woken */
	bool quit, running, woken;
	bool connected;
	char trouble[256];
	uint64_t n_sent;
};

/* --- items ------------------------------------------------------------------------------ */

char *pl_s3_item_to_text(const struct pl_s3_item *item)
{
	struct json_object *tree = json_object_new_object();
	char *text = NULL;

	if (tree &&
	    pl_json_add(tree, "message_id", json_object_new_string(item->message_id)) == 0 &&
	    pl_json_add(tree, "file", json_object_new_string(item->file)) == 0 &&
	    pl_json_add(tree, "key", json_object_new_string(item->key)) == 0)
		text = strdup(json_object_to_json_string_ext(
			tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(tree);
	return text;
}

static int take_text(struct json_object *tree, const char *name, char *ret_text, size_t size)
{
	struct json_object *value;

	if (!json_object_object_get_ex(tree, name, &value) ||
	    !json_object_is_type(value, json_type_string) ||
	    (size_t)json_object_get_string_len(value) >= size)
		return -EINVAL;
	memcpy(ret_text, json_object_get_string(value),
	       (size_t)json_object_get_string_len(value) + 1);
	return 0;
}

int pl_s3_item_from_text(const char *text, size_t size, struct pl_s3_item *ret_item)
{
	struct json_object *tree = NULL;
	struct pl_json_fault fault;
	int r;

	r = pl_json_read(text, size, &tree, &fault);
	if (r < 0)
		return r;
	if (!json_object_is_type(tree, json_type_object) ||
	    take_text(tree, "message_id", ret_item->message_id, sizeof(ret_item->message_id)) < 0 ||
	    take_text(tree, "file", ret_item->file, sizeof(ret_item->file)) < 0 ||
	    take_text(tree, "key", ret_item->key, sizeof(ret_item->key)) < 0)
		r = -EINVAL;
	json_object_put(tree);
	return r;
}

/* --- one upload; in the thread ------------------------------------------------------------ */

static bool is_quitting(struct pl_s3 *s3)
{
	bool quit;

	pthread_mutex_lock(&s3->lock);
	quit = s3->quit;
	pthread_mutex_unlock(&s3->lock);
	return quit;
}

static int on_progress(void *userdata, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	return is_quitting(userdata);
}

static int perform(struct pl_s3 *s3, const struct pl_s3_request *request,
		   struct pl_s3_answer *ret_answer)
{
	return pl_s3_perform(s3->curl, &s3->def, &s3->place, request, on_progress, s3, ret_answer);
}

static int put_whole(struct pl_s3 *s3, const struct pl_s3_item *item, FILE *file, uint64_t size,
		     struct pl_s3_answer *answer)
{
	return perform(
		s3,
		&(struct pl_s3_request){
			.method = "PUT", .key = item->key, .query = "", .file = file, .size = size},
		answer);
}

/** Parts of a multipart upload, and the document that ends it. */
struct parts {
	char upload_id[512]; /* encoded */
	uint64_t part_bytes;
	uint32_t n_parts;
	char *document;
	size_t document_size;
};

static int begin_parts(struct pl_s3 *s3, const struct pl_s3_item *item, struct parts *parts,
		       struct pl_s3_answer *answer)
{
	char upload_id[160];
	int r;

	r = perform(s3,
		    &(struct pl_s3_request){
			    .method = "POST", .key = item->key, .query = "uploads=", .body = ""},
		    answer);
	if (r < 0)
		return r;
	if (pl_s3_element(answer->text, "UploadId", upload_id, sizeof(upload_id)) < 0 ||
	    pl_uri_encode(upload_id, false, parts->upload_id, sizeof(parts->upload_id)) >=
		    sizeof(parts->upload_id)) {
		snprintf(answer->trouble, sizeof(answer->trouble),
			 "%.100s does not understand multipart uploads", s3->place.host);
		return -EINVAL;
	}
	return 0;
}

static int put_part(struct pl_s3 *s3, const struct pl_s3_item *item, FILE *file, uint64_t size,
		    const struct parts *parts, uint32_t part, struct pl_s3_answer *answer)
{
	uint64_t offset = (uint64_t)part * parts->part_bytes, rest = size - offset;
	char query[600];
	int r = -EIO;

	snprintf(query, sizeof(query), "partNumber=%" PRIu32 "&uploadId=%s", part + 1,
		 parts->upload_id);
	for (unsigned i = 0; i < PART_TRIES && (r == -EIO || r == -EAGAIN); i++)
		r = perform(s3,
			    &(struct pl_s3_request){
				    .method = "PUT",
				    .key = item->key,
				    .query = query,
				    .file = file,
				    .offset = offset,
				    .size = rest < parts->part_bytes ? rest : parts->part_bytes},
			    answer);
	return r;
}

static int send_parts(struct pl_s3 *s3, const struct pl_s3_item *item, FILE *file, uint64_t size,
		      struct parts *parts, struct pl_s3_answer *answer)
{
	FILE *document = open_memstream(&parts->document, &parts->document_size);
	int r = document ? 0 : -ENOMEM;

	if (document)
		fputs("<CompleteMultipartUpload>", document);
	for (uint32_t i = 0; r == 0 && i < parts->n_parts; i++) {
		r = put_part(s3, item, file, size, parts, i, answer);
		fprintf(document,
			"<Part><PartNumber>%" PRIu32 "</PartNumber><ETag>%s</ETag></Part>", i + 1,
			answer->etag);
	}
	if (document) {
		fputs("</CompleteMultipartUpload>", document);
		if (fclose(document) != 0 && r == 0)
			r = -ENOMEM;
	}
	return r;
}

static int put_parts(struct pl_s3 *s3, const struct pl_s3_item *item, FILE *file, uint64_t size,
		     struct pl_s3_answer *answer)
{
	struct parts parts = {.part_bytes = s3->def.part_bytes};
	char query[600];
	int r;

	while (size / parts.part_bytes >= PARTS_MAX)
		parts.part_bytes *= 2;
	parts.n_parts = (uint32_t)((size + parts.part_bytes - 1) / parts.part_bytes);
	r = begin_parts(s3, item, &parts, answer);
	if (r < 0)
		return r;
	snprintf(query, sizeof(query), "uploadId=%s", parts.upload_id);
	r = send_parts(s3, item, file, size, &parts, answer);
	if (r == 0)
		r = perform(s3,
			    &(struct pl_s3_request){.method = "POST",
						    .key = item->key,
						    .query = query,
						    .body = parts.document,
						    .body_size = parts.document_size},
			    answer);
	free(parts.document);
	if (r < 0 && r != -ECANCELED) {
		struct pl_s3_answer ignored;

		/* what lies there without an end costs its owner money */
		perform(s3,
			&(struct pl_s3_request){
				.method = "DELETE", .key = item->key, .query = query, .body = ""},
			&ignored);
	}
	return r;
}

/** That the object is there in full: what the server says now, not what it said on the way. */
static int confirm(struct pl_s3 *s3, const struct pl_s3_item *item, uint64_t size,
		   struct pl_s3_answer *answer)
{
	int r;

	r = perform(s3, &(struct pl_s3_request){.method = "HEAD", .key = item->key, .query = ""},
		    answer);
	if (r == 0 && answer->length != size) {
		snprintf(answer->trouble, sizeof(answer->trouble),
			 "%.100s has %" PRIu64 " of %" PRIu64 " bytes of %.80s", s3->place.host,
			 answer->length, size, item->key);
		r = -EAGAIN;
	}
	return r;
}

/** @return -ENODATA when the file is not there any more */
static int upload(struct pl_s3 *s3, const struct pl_s3_item *item, struct pl_s3_answer *answer)
{
	struct stat st;
	FILE *file;
	int r;

	answer->trouble[0] = '\0';
	file = fopen(item->file, "rbe");
	if (!file || fstat(fileno(file), &st) < 0) {
		r = errno == ENOENT ? -ENODATA : -EIO;
		snprintf(answer->trouble, sizeof(answer->trouble), "%.160s cannot be read: %s",
			 item->file, strerror(errno));
		if (file)
			fclose(file);
		return r;
	}
	if ((uint64_t)st.st_size > s3->def.part_bytes)
		r = put_parts(s3, item, file, (uint64_t)st.st_size, answer);
	else
		r = put_whole(s3, item, file, (uint64_t)st.st_size, answer);
	fclose(file);
	if (r == 0)
		r = confirm(s3, item, (uint64_t)st.st_size, answer);
	return r;
}

/* --- the thread --------------------------------------------------------------------------- */

static void tell(struct pl_s3 *s3, bool connected, const char *trouble, unsigned n_sent)
{
	bool changed;

	pthread_mutex_lock(&s3->lock);
	changed = s3->connected != connected || strcmp(s3->trouble, trouble) != 0 || n_sent > 0;
	s3->connected = connected;
	s3->n_sent += n_sent;
	snprintf(s3->trouble, sizeof(s3->trouble), "%s", trouble);
	pthread_mutex_unlock(&s3->lock);
	if (changed && s3->listener.on_changed)
		s3->listener.on_changed(s3->listener.userdata);
}

/**
 * @param seconds  0: until something is there
 * @return false when it is time to end
 */
static bool wait_for_work(struct pl_s3 *s3, unsigned seconds)
{
	struct timespec until;
	bool quit;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	pthread_mutex_lock(&s3->lock);
	while (!s3->quit && (seconds > 0 || !s3->woken))
		if (seconds == 0)
			pthread_cond_wait(&s3->wake, &s3->lock);
		else if (pthread_cond_timedwait(&s3->wake, &s3->lock, &until) != 0)
			break;
	s3->woken = false;
	quit = s3->quit;
	pthread_mutex_unlock(&s3->lock);
	return !quit;
}

/** One item. @return 0 when it is done with, another one may follow */
static int do_item(struct pl_s3 *s3, uint64_t id, const char *text, size_t size)
{
	struct pl_s3_answer answer;
	struct pl_s3_item item;
	int r;

	r = pl_s3_item_from_text(text, size, &item);
	if (r == -EINVAL) {
		pl_spool_remove(s3->spool, id);
		return 0;
	}
	if (r < 0)
		return r;
	r = upload(s3, &item, &answer);
	if (r == 0) {
		if (s3->listener.on_uploaded)
			s3->listener.on_uploaded(s3->listener.userdata, id, &item);
		tell(s3, true, "", 1);
	} else if (r == -ENODATA) {
		/* somebody has deleted the clip: there is nothing to wait for */
		pl_spool_remove(s3->spool, id);
		tell(s3, s3->connected, answer.trouble, 0);
		r = 0;
	} else if (r != -ECANCELED) {
		tell(s3, false, answer.trouble, 0);
	}
	return r;
}

static void *run(void *userdata)
{
	struct pl_s3 *s3 = userdata;
	unsigned retry_s = RETRY_S_MIN;
	uint64_t done_id = 0;
	bool go_on = true;

	while (go_on && !is_quitting(s3)) {
		char *text = NULL;
		size_t size;
		uint64_t id;
		int r;

		r = pl_spool_next(s3->spool, done_id, &id, &text, &size);
		if (r == -ENOENT) {
			go_on = wait_for_work(s3, 0);
			continue;
		}
		if (r == 0)
			r = do_item(s3, id, text, size);
		free(text);
		if (r == 0) {
			done_id = id;
			retry_s = RETRY_S_MIN;
			continue;
		}
		go_on = wait_for_work(s3, retry_s);
		retry_s = retry_s * 2 < RETRY_S_MAX ? retry_s * 2 : RETRY_S_MAX;
	}
	return NULL;
}

/* --- life --------------------------------------------------------------------------------- */

int pl_s3_new(const struct pl_s3_def *def, struct pl_spool *spool,
	      const struct pl_s3_listener *listener, struct pl_s3 **ret_s3)
{
	pthread_condattr_t attributes;
	struct pl_s3_place place;
	struct pl_s3 *s3;
	int r;

	r = pl_s3_place_find(def, &place);
	if (r < 0)
		return r;
	s3 = calloc(1, sizeof(*s3));
	if (!s3)
		return -ENOMEM;
	s3->def = *def;
	s3->place = place;
	s3->spool = spool;
	s3->listener = *listener;
	s3->woken = true;
	pthread_mutex_init(&s3->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s3->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	curl_global_init(CURL_GLOBAL_DEFAULT);

	s3->curl = curl_easy_init();
	r = s3->curl ? pl_thread_start("s3", run, s3, &s3->thread) : -ENOMEM;
	if (r < 0) {
		pl_s3_free(s3);
		return r;
	}
	s3->running = true;
	*ret_s3 = s3;
	return 0;
}

struct pl_s3 *pl_s3_free(struct pl_s3 *s3)
{
	if (!s3)
		return NULL;
	if (s3->running) {
		pthread_mutex_lock(&s3->lock);
		s3->quit = true;
		pthread_cond_signal(&s3->wake);
		pthread_mutex_unlock(&s3->lock);
		pthread_join(s3->thread, NULL);
	}
	if (s3->curl)
		curl_easy_cleanup(s3->curl);
	curl_global_cleanup();
	pthread_cond_destroy(&s3->wake);
	pthread_mutex_destroy(&s3->lock);
	explicit_bzero(s3->def.secret_key, sizeof(s3->def.secret_key));
	free(s3);
	return NULL;
}

void pl_s3_wake(struct pl_s3 *s3)
{
	pthread_mutex_lock(&s3->lock);
	s3->woken = true;
	pthread_cond_signal(&s3->wake);
	pthread_mutex_unlock(&s3->lock);
}

void pl_s3_status(struct pl_s3 *s3, struct pl_export_status *ret_status)
{
	pthread_mutex_lock(&s3->lock);
	ret_status->connected = s3->connected;
	ret_status->n_sent = s3->n_sent;
	snprintf(ret_status->trouble, sizeof(ret_status->trouble), "%s", s3->trouble);
	pthread_mutex_unlock(&s3->lock);
	ret_status->n_queued = pl_spool_count(s3->spool);
	ret_status->n_dropped = pl_spool_dropped(s3->spool);
}
